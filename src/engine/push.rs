//! What routers push: which names take it, what is remembered of it, and which entries go by it.

use std::collections::{BTreeMap, BTreeSet};

use super::basis::rank_of_push;
use super::configure::about;
use super::event::Level;
use super::feeds::uses_prefix;
use super::parts::{Calm, Heard};
use super::{Engine, Group, Spot, Turn, Wan, json};
use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::consensus::{Source, SourceReport};
use crate::rules::domain::{Domain, Entry};
use crate::rules::moment::{Moment, Now};
use crate::rules::push::{NOTHING_YET, Push, Pushed, Taken, latest};
use crate::rules::state;

/// So many pushes wait for the clock to be set; the newest.
const EARLY: usize = 100;

impl Engine {
    /// What `push` means for each of its names, in their order. Nothing is changed: [`Event::Pushed`](super::event::Event)
    /// does that.
    #[must_use]
    pub fn takes(&self, push: &Push, now: Now) -> Vec<Taken> {
        let now = { self.time }.read(now).map_or(now.wall, |(moment, _)| moment);
        push.domains.iter().map(|domain| self.taken(domain, push, now)).collect()
    }

    fn taken(&self, domain: &Domain, push: &Push, now: Moment) -> Taken {
        let named: Vec<(usize, usize)> = self.named(domain).collect();
        if named.is_empty() {
            return Taken::Unknown;
        }
        let families = Family::ALL.into_iter().filter(|family| push.names(*family));
        let spots = families.flat_map(|family| named.iter().map(move |&(entry, name)| Spot { entry, name, family }));
        let takers: Vec<Spot> = spots
            .filter(|spot| {
                let group = &self.groups[spot.entry];
                group.entry.enabled && listens(group, spot.family)
            })
            .collect();
        if takers.is_empty() {
            return Taken::NoRecord;
        }
        let refused = |spot: &Spot| {
            let record = &self.held(*spot)?.record;
            let blocked = record.blocked.as_ref().filter(|it| it.probe_at.is_none_or(|at| at > now))?;
            let known = self.known(domain, spot.family).after(push, spot.family, now);
            let host = self.groups[spot.entry].entry.ipv6_host;
            let offered = latest(std::iter::once(&known), host.is_some()).0.publish(host).ok();
            offered.filter(|offered| *offered == blocked.address)
        };
        if takers.iter().all(|spot| self.is_locked(*spot)) {
            return Taken::Locked;
        }
        let shut = |spot: &Spot| self.is_locked(*spot) || refused(spot).is_some();
        if let Some(address) = takers.iter().find_map(refused).filter(|_| takers.iter().all(shut)) {
            return Taken::Refused(address);
        }
        let is_known = |spot: &Spot| {
            let (known, entry) = (self.known(domain, spot.family), &self.groups[spot.entry].entry);
            let after = known.after(push, spot.family, now);
            let address = !entry.mode.wants(spot.family) || after.address == known.address;
            address && (!uses_prefix(entry) || after.prefix == known.prefix)
        };
        if takers.iter().all(is_known) { Taken::Unchanged } else { Taken::Good }
    }

    fn is_locked(&self, spot: Spot) -> bool {
        let account = self.accounts.get(&self.groups[spot.entry].entry.account);
        account.is_some_and(|it| it.lock.is_some()) || self.held(spot).is_some_and(|held| held.record.lock.is_some())
    }

    /// The entries with this name, and where in them it is.
    fn named(&self, domain: &Domain) -> impl Iterator<Item = (usize, usize)> {
        let groups = self.groups.iter().enumerate();
        groups.filter_map(move |(entry, group)| Some((entry, group.entry.domains.iter().position(|it| it == domain)?)))
    }

    /// What is remembered for this name.
    fn known(&self, domain: &Domain, family: Family) -> Pushed {
        self.pushes.get(domain).map(|families| families[family].clone()).unwrap_or_default()
    }

    /// A router pushed addresses.
    pub(super) fn pushed(&mut self, push: &Push, turn: &mut Turn) {
        for domain in &push.domains {
            for family in Family::ALL.into_iter().filter(|family| push.names(*family)) {
                self.remember(domain, family, push, turn);
            }
        }
    }

    fn remember(&mut self, domain: &Domain, family: Family, push: &Push, turn: &mut Turn) {
        let named: Vec<(usize, usize)> = self.named(domain).collect();
        if named.is_empty() {
            self.correct(domain, family, push, turn.now);
            return;
        }
        let known = self.known(domain, family);
        // What is remembered must not grow old, whoever uses it just now.
        let wanted = known != Pushed::default() || named.iter().any(|&(entry, _)| listens(&self.groups[entry], family));
        let after = known.after(push, family, turn.now);
        if !wanted || after == known {
            return;
        }
        let heard_by = |test: &dyn Fn(&Entry) -> bool| {
            named.iter().map(|&(entry, _)| &self.groups[entry]).any(|it| it.entry.enabled && it.heard[family].is_some() && test(&it.entry))
        };
        let address = after.address.filter(|_| after.address != known.address && heard_by(&|entry| entry.mode.wants(family)));
        let prefix = after.prefix.filter(|_| after.prefix != known.prefix && heard_by(&uses_prefix));
        let news = [address.map(|it| it.to_string()), prefix.map(|it| format!("the prefix {it}"))];
        let news: Vec<String> = news.into_iter().flatten().collect();
        if let (false, Some(&(entry, name))) = (news.is_empty(), named.first()) {
            let text = format!("the router pushes {}", news.join(" and "));
            turn.tell(about(&self.groups[entry].entry, Spot { entry, name, family }, Level::Notice, &text));
        }
        self.pushes.entry(domain.clone()).or_default()[family] = after;
        self.touched_pushes.insert((domain.clone(), family));
        for (entry, _) in named {
            self.hear(entry);
        }
    }

    /// The name has left the configuration. Should it come back, what it had then must not be older than what is said now.
    fn correct(&mut self, domain: &Domain, family: Family, push: &Push, now: Moment) {
        let key = state::push_key(domain, family);
        let Some(known) = self.attic.get(&key).and_then(|text| serde_json::from_str::<Pushed>(text).ok()) else {
            return;
        };
        let after = known.after(push, family, now);
        if after != known {
            let text = json(&after);
            self.attic.insert(key.clone(), text.clone());
            self.orphaned.push((key, text));
        }
    }

    /// Nothing can be dated before the clock is set.
    pub(super) fn pushed_early(&mut self, push: Push) {
        self.early.retain(|it| *it != push);
        if self.early.len() == EARLY {
            self.early.remove(0);
        }
        self.early.push(push);
    }

    /// What was pushed for the names of this entry, where its line has such a source.
    pub(super) fn hear(&mut self, entry: usize) {
        let group = &self.groups[entry];
        let heard = PerFamily::from_fn(|family| {
            let sources = &self.wan_of(&group.entry)?.line.sources[family];
            rank_of_push(sources)?;
            let names = group.entry.domains.iter().filter_map(|domain| Some(&self.pushes.get(domain)?[family]));
            let (observed, since) = latest(names, group.entry.ipv6_host.is_some());
            let since = since.unwrap_or(Moment(i64::MIN));
            let before = group.heard[family].as_ref();
            let (calm, shows) = before.map_or((Calm::new(), false), |it| (it.calm, it.shows));
            Some(Heard { observed, since, calm, shows })
        });
        self.groups[entry].heard = heard;
    }

    /// What is known of every entry's changes, by the names.
    pub(super) fn calms(&self) -> BTreeMap<Domain, PerFamily<Option<Heard>>> {
        let groups = self.groups.iter().filter(|group| group.heard.iter().any(|(_, heard)| heard.is_some()));
        groups.flat_map(|group| group.entry.domains.iter().map(|domain| (domain.clone(), group.heard.clone()))).collect()
    }

    /// New settings: every entry has what was pushed for its names; what was pushed for names that left is put away.
    pub(super) fn hear_anew(&mut self, calms: &BTreeMap<Domain, PerFamily<Option<Heard>>>) {
        if !self.pushes.is_empty() {
            let named: BTreeSet<&Domain> = self.groups.iter().flat_map(|group| &group.entry.domains).collect();
            let left: Vec<Domain> = self.pushes.keys().filter(|domain| !named.contains(domain)).cloned().collect();
            for domain in left {
                let families = self.pushes.remove(&domain).unwrap_or_default();
                for (family, pushed) in families.iter().filter(|(_, pushed)| **pushed != Pushed::default()) {
                    let (key, text) = (state::push_key(&domain, family), json(pushed));
                    self.attic.insert(key.clone(), text.clone());
                    self.orphaned.push((key, text));
                }
            }
        }
        for entry in 0..self.groups.len() {
            let before = self.groups[entry].entry.domains.iter().find_map(|domain| calms.get(domain)).cloned();
            self.groups[entry].heard = before.unwrap_or_default();
            self.hear(entry);
        }
    }

    /// What a line shows of `family`, and since when: its own address, or the one that was pushed for all of its names.
    pub(super) fn line_shows(&self, wan: &Wan, family: Family) -> Option<(Observed, Option<Moment>)> {
        let sight = &wan.sights[family];
        let own = sight.told().map(|observed| (observed, Some(sight.since)));
        let sources = &wan.line.sources[family];
        let Some(rank) = rank_of_push(sources) else {
            return own;
        };
        let first = |who: &str| sources[..rank].iter().any(|source| source.to_string() == who);
        if self.is_offline() || sight.observed.as_ref().and_then(Observed::source).is_some_and(first) {
            return own;
        }
        match self.pushed_on(wan, family) {
            Call::Nothing if sources.len() > 1 => own,
            Call::Nothing => Some((Observed::Unavailable(NOTHING_YET.to_owned()), None)),
            Call::Several => Some((Observed::Unavailable(EACH_ITS_OWN.to_owned()), None)),
            Call::One(heard) => Some((heard.observed.clone(), Some(heard.since))),
        }
    }

    /// What was pushed for the names that follow this line.
    fn pushed_on(&self, wan: &Wan, family: Family) -> Call<'_> {
        let follows = |entry: &Entry| entry.enabled && entry.wan == wan.line.name;
        let groups = self.groups.iter().filter(|group| follows(&group.entry) && listens(group, family));
        let heard: Vec<&Heard> = groups.filter_map(|group| group.heard[family].as_ref()).filter(|it| says_something(it)).collect();
        // Who has an address speaks for those who have a prefix only.
        let Some(best) = heard.iter().max_by_key(|it| (it.observed.address().is_some(), it.observed.prefix().is_some(), it.since)) else {
            return Call::Nothing;
        };
        let differs = |it: &&Heard| match (best.observed.address(), it.observed.address()) {
            (Some(best), Some(address)) => best != address,
            (None, None) => best.observed.prefix() != it.observed.prefix(),
            _ => false,
        };
        if heard.iter().any(differs) { Call::Several } else { Call::One(best) }
    }

    /// Every source's part in what a line shows.
    pub(super) fn parts_of(&self, wan: &Wan, family: Family) -> Vec<SourceReport> {
        let mut parts = wan.sights[family].reports.clone();
        if let Some(rank) = rank_of_push(&wan.line.sources[family]) {
            let (address, rejected) = match self.pushed_on(wan, family) {
                Call::Nothing => (None, Some(NOTHING_YET.to_owned())),
                Call::Several => (None, Some(EACH_ITS_OWN.to_owned())),
                Call::One(heard) => (heard.observed.address(), heard.observed.publish(None).err()),
            };
            let at = if rank == 0 { 0 } else { parts.len() };
            parts.insert(at, SourceReport { source: Source::Push.to_string(), address, rejected });
        }
        parts
    }
}

/// What was pushed for the names of a line.
enum Call<'a> {
    Nothing,
    /// The same for all that have something.
    One(&'a Heard),
    Several,
}

/// Why a line shows no pushed address.
const EACH_ITS_OWN: &str = "each name has the address that was pushed for it";

/// Do the names of this entry take what is pushed of `family`?
fn listens(group: &Group, family: Family) -> bool {
    let Group { entry, heard, .. } = group;
    heard[family].is_some() && (entry.mode.wants(family) || (family == Family::V6 && uses_prefix(entry)))
}

/// Something was pushed.
pub(super) fn says_something(heard: &Heard) -> bool {
    matches!(heard.observed, Observed::Known(_) | Observed::Prefix(_))
}
