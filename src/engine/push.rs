//! What routers push: which names take it, and what is remembered of it.

use super::configure::about;
use super::event::Level;
use super::feeds::uses_prefix;
use super::heard::listens;
use super::{Engine, Memory, Spot, Turn, json};
use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::domain::{Domain, Entry};
use crate::rules::moment::{Moment, Now};
use crate::rules::push::{PUSH, Push, Pushed, Stored, Taken, latest, push_key};

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

    /// Is something that was pushed not on disk yet, although it should be? Whoever pushed it must not rely on us.
    #[must_use]
    pub fn has_unsaved_pushes(&self) -> bool {
        let put_away = || self.orphaned.keys().any(|key| key.starts_with(PUSH));
        self.memory == Memory::Kept && (!self.pushes.early.is_empty() || !self.pushes.touched.is_empty() || put_away())
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
                let takes = takes_address(&group.entry, spot.family, push) || takes_prefix(&group.entry, spot.family, push);
                group.entry.enabled && group.heard[spot.family].is_some() && takes
            })
            .collect();
        if takers.is_empty() {
            return Taken::NoRecord;
        }
        let refused = |spot: &Spot| {
            let record = &self.held(*spot)?.record;
            let blocked = record.blocked.as_ref().filter(|it| it.probe_at.is_none_or(|at| at > now))?;
            let known = self.after(domain, spot.family, push, now);
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
            let after = self.after(domain, spot.family, push, now);
            let address = !takes_address(entry, spot.family, push) || (after.address, after.at) == (known.address, known.at);
            let prefix = || (after.prefix, after.prefix_at) == (known.prefix, known.prefix_at);
            address && (!takes_prefix(entry, spot.family, push) || prefix()) && !self.is_said_anew(domain, spot.family, push)
        };
        let stored = self.stored(&takers, push, now);
        if takers.iter().all(is_known) { Taken::Unchanged(stored) } else { Taken::Good(stored) }
    }

    /// What `takers` have after `push`, part by part; if not all of them have the same, what was pushed is enough.
    fn stored(&self, takers: &[Spot], push: &Push, now: Moment) -> Stored {
        let having = |family: Family, takes: fn(&Entry, Family, &Push) -> bool| {
            let its = takers.iter().filter(move |spot| spot.family == family && takes(&self.groups[spot.entry].entry, family, push));
            its.map(move |spot| self.heard_after(spot.entry, family, push, now))
        };
        let addresses = |family| having(family, takes_address).filter_map(|it| it.address());
        let prefixes = having(Family::V6, takes_prefix).filter_map(|it| it.prefix());
        Stored {
            addresses: PerFamily::from_fn(|family| this_or_first(push.addresses[family], addresses(family))),
            prefix: this_or_first(push.prefix, prefixes),
        }
    }

    /// What this entry has of `family` after `push`.
    fn heard_after(&self, entry: usize, family: Family, push: &Push, now: Moment) -> Observed {
        let entry = &self.groups[entry].entry;
        let after = |domain| if push.domains.contains(domain) { self.after(domain, family, push, now) } else { self.known(domain, family) };
        let names: Vec<Pushed> = entry.domains.iter().map(after).collect();
        latest(names.iter(), entry.ipv6_host.is_some()).0
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
        self.pushes.known.get(domain).map(|families| families[family].clone()).unwrap_or_default()
    }

    /// What is known of this name after `push`.
    fn after(&self, domain: &Domain, family: Family, push: &Push, now: Moment) -> Pushed {
        let known = self.known(domain, family);
        if self.is_said_anew(domain, family, push) { known.after_anew(push, family, now) } else { known.after(push, family, now) }
    }

    /// Does some entry need `push`, which repeats what was overtaken?
    fn is_said_anew(&self, domain: &Domain, family: Family, push: &Push) -> bool {
        let overtaken = |entry| listens(&self.groups[entry], family) && self.is_overtaken(entry, family, push);
        self.named(domain).any(|(entry, _)| overtaken(entry))
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
        let after = self.after(domain, family, push, turn.now);
        if !wanted || after == known {
            return;
        }
        let heard_by = |test: &dyn Fn(&Entry) -> bool| {
            named.iter().map(|&(entry, _)| &self.groups[entry]).any(|it| it.entry.enabled && it.heard[family].is_some() && test(&it.entry))
        };
        let address = after.address.filter(|_| after.address != known.address && heard_by(&|entry| goes_by_address(entry, family)));
        let prefix = after.prefix.filter(|_| after.prefix != known.prefix && heard_by(&uses_prefix));
        let news = [address.map(|it| it.to_string()), prefix.map(|it| format!("the prefix {it}"))];
        let news: Vec<String> = news.into_iter().flatten().collect();
        if let (false, Some(&(entry, name))) = (news.is_empty(), named.first()) {
            let text = format!("the router pushes {}", news.join(" and "));
            turn.tell(about(&self.groups[entry].entry, Spot { entry, name, family }, Level::Notice, &text));
        }
        self.pushes.known.entry(domain.clone()).or_default()[family] = after;
        self.pushes.touched.insert((domain.clone(), family));
        for (entry, _) in named {
            self.hear(entry);
        }
    }

    /// The name has left the configuration. Should it come back, what it had then must not be older than what is said now.
    fn correct(&mut self, domain: &Domain, family: Family, push: &Push, now: Moment) {
        let key = push_key(domain, family);
        let Some(known) = self.attic.get(&key).and_then(|text| serde_json::from_str::<Pushed>(text).ok()) else {
            return;
        };
        let after = known.after(push, family, now);
        if after != known {
            let text = json(&after);
            self.attic.insert(key.clone(), text.clone());
            self.orphaned.insert(key, text);
        }
    }

    /// Nothing can be dated before the clock is set.
    pub(super) fn pushed_early(&mut self, push: Push) {
        self.pushes.early.retain(|it| *it != push);
        if self.pushes.early.len() == EARLY {
            self.pushes.early.remove(0);
        }
        self.pushes.early.push(push);
    }
}

/// Does this entry publish addresses of this family that are pushed? One for a machine behind the router lives by the prefix.
fn goes_by_address(entry: &Entry, family: Family) -> bool {
    entry.mode.wants(family) && (family == Family::V4 || entry.ipv6_host.is_none())
}

fn takes_address(entry: &Entry, family: Family, push: &Push) -> bool {
    push.addresses[family].is_some() && goes_by_address(entry, family)
}

fn takes_prefix(entry: &Entry, family: Family, push: &Push) -> bool {
    push.prefix_of(family).is_some() && uses_prefix(entry)
}

/// `said` if that is among `had`, or else the first of them.
fn this_or_first<T: PartialEq + Copy>(said: Option<T>, had: impl Iterator<Item = T>) -> Option<T> {
    let had: Vec<T> = had.collect();
    said.filter(|it| had.contains(it)).or(had.first().copied())
}
