//! What routers push: which names take it, and what is remembered of it.

use super::configure::about;
use super::event::Level;
use super::feeds::uses_prefix;
use super::heard::listens;
use super::{Engine, Memory, Spot, Turn, json};
use crate::rules::address::Family;
use crate::rules::domain::{Domain, Entry};
use crate::rules::moment::{Moment, Now};
use crate::rules::push::{PUSH, Push, Pushed, Taken, latest, push_key};

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
                group.entry.enabled && listens(group, spot.family)
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
            let address = !entry.mode.wants(spot.family) || (after.address, after.at) == (known.address, known.at);
            address && (!uses_prefix(entry) || (after.prefix, after.prefix_at) == (known.prefix, known.prefix_at))
        };
        let is_repeated = || Family::ALL.into_iter().all(|family| !self.is_said_anew(domain, family, push));
        if takers.iter().all(is_known) && is_repeated() { Taken::Unchanged } else { Taken::Good }
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
        let address = after.address.filter(|_| after.address != known.address && heard_by(&|entry| entry.mode.wants(family)));
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
