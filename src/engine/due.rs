//! What is due: which requests could go out now, which ones later, and when.

use std::net::IpAddr;
use std::sync::Arc;

use super::feeds::sends_prefix;
use super::{Engine, Held, Memory, Question, Run, Spot};
use crate::rules::address::{Family, Observed, PerFamily, Prefix};
use crate::rules::dialect::Class;
use crate::rules::domain::Entry;
use crate::rules::moment::Moment;
use crate::rules::order::{self, Endpoint, Order, Slot};
use crate::rules::plan::{self, Due, Missing, View, Why};
use crate::rules::schedule;
use crate::rules::state::AccountState;

/// Longest request target (path and query) in bytes: longer ones are refused by servers in the field.
const TARGET_LIMIT: usize = 4000;

/// One request that could go out now.
pub(super) struct Batch {
    pub(super) entry: usize,
    pub(super) slot: Slot,
    /// Entry and name, for names of one address may travel together whoever's they are.
    pub(super) names: Vec<(usize, usize)>,
    pub(super) addresses: PerFamily<Option<IpAddr>>,
    pub(super) why: Why,
}

impl Engine {
    /// When the account may be asked again after its last request.
    pub(super) fn account_free_at(&self, entry: usize) -> Option<Moment> {
        let entry = &self.groups[entry].entry;
        Some(self.accounts.get(&entry.account)?.last_sent?.plus(entry.spacing))
    }

    /// Names that fit into one request wait for each other's answer from DNS.
    pub(super) fn asks_dns_first(&self, entry: usize) -> bool {
        let group = &self.groups[entry];
        let asking = |families: &PerFamily<Option<Held>>| {
            families.iter().any(|(_, held)| held.as_ref().is_some_and(|held| held.memory == Question::Asking))
        };
        group.entry.batch > 1 && group.names.iter().any(asking)
    }

    /// The first request of this entry that is due now, with the names of other entries that may travel in it.
    pub(super) fn batch(&self, entry: usize, now: Moment) -> Option<Batch> {
        let settings = &self.groups[entry].entry;
        let limit = self.accounts.get(&settings.account).and_then(|it| it.batch_limit).unwrap_or(usize::MAX).min(settings.batch);
        let mut own = self.ready(entry, now).into_iter();
        let (slot, name, why, addresses) = own.next()?;
        let mut batch = Batch { entry, slot, names: vec![(entry, name)], addresses, why };
        for (_, name, why, _) in own.filter(|(it, ..)| *it == slot).take(limit.saturating_sub(1)) {
            batch.names.push((entry, name));
            batch.why = batch.why.min(why);
        }
        self.take_along(&mut batch, limit, now);
        while batch.names.len() > 1 && order::target_length(settings, &self.order(&batch)) > TARGET_LIMIT {
            batch.names.pop();
        }
        // The provider sees the order of the configuration.
        batch.names.sort_unstable();
        Some(batch)
    }

    /// Names of other entries that are due with the same addresses fill up the request.
    fn take_along(&self, batch: &mut Batch, limit: usize, now: Moment) {
        let settings = Arc::clone(&self.groups[batch.entry].entry);
        for (entry, group) in self.groups.iter().enumerate() {
            if batch.names.len() >= limit {
                return;
            }
            if entry == batch.entry || !group.entry.travels_with(&settings) || self.asks_dns_first(entry) {
                continue;
            }
            for (slot, name, why, addresses) in self.ready(entry, now) {
                let same = addresses == batch.addresses && self.prefix_in(entry, slot) == self.prefix_in(batch.entry, slot);
                let twice = batch.names.iter().any(|&(other, it)| self.groups[other].entry.domains[it] == group.entry.domains[name]);
                if batch.names.len() < limit && slot == batch.slot && same && !twice {
                    batch.names.push((entry, name));
                    batch.why = batch.why.min(why);
                }
            }
        }
    }

    /// Every name of the entry that is due now, with the URL it needs: the least recently tried first, so that one name
    /// which always fails cannot starve the others.
    pub(super) fn ready(&self, entry: usize, now: Moment) -> Vec<(Slot, usize, Why, PerFamily<Option<IpAddr>>)> {
        let group = &self.groups[entry];
        let mut ready = Vec::new();
        for name in 0..group.names.len() {
            for (slot, due, addresses) in self.dues(entry, name, now) {
                if let Due::Now(why) = due {
                    ready.push((slot, name, why, addresses));
                }
            }
        }
        let tried = |slot: &Slot, name: usize| match slot {
            Slot::Single(family) => group.names[name][*family].as_ref().and_then(|held| held.record.last_sent),
            Slot::Together => group.names[name].iter().filter_map(|(_, held)| held.as_ref()?.record.last_sent).max(),
        };
        ready.sort_by_key(|(slot, name, _, _)| (*slot == Slot::Single(Family::V6), tried(slot, *name)));
        ready
    }

    /// What is due for one name, per request it needs.
    pub(super) fn dues(&self, entry: usize, name: usize, now: Moment) -> Vec<(Slot, Due, PerFamily<Option<IpAddr>>)> {
        let group = &self.groups[entry];
        let wanted = PerFamily::from_fn(|family| self.wanted(entry, family));
        if !plan::is_combined(&group.entry) {
            let due = |family: Family| {
                group.names[name][family].as_ref()?;
                let addresses = PerFamily::from_fn(|it| wanted[it].filter(|_| it == family));
                let slot = Slot::Single(family);
                Some((slot, self.complete(entry, slot, self.due(entry, name, slot, wanted, now)), addresses))
            };
            return Family::ALL.into_iter().filter_map(due).collect();
        }
        let (slot, due) = match plan::together(&group.entry, wanted, self.grace_until(name, entry), now) {
            Missing::Nothing => (Slot::Together, self.complete(entry, Slot::Together, self.due(entry, name, Slot::Together, wanted, now))),
            Missing::Drop(family) => {
                let slot = Slot::Single(family);
                (slot, self.complete(entry, slot, self.due(entry, name, slot, wanted, now)))
            }
            Missing::Grace(at) => match self.due(entry, name, Slot::Single(present(wanted)), wanted, now) {
                Due::Now(_) => (Slot::Together, Due::At(at, "waiting for the other family".into())),
                other => (Slot::Together, other),
            },
            Missing::Hold(why) => (Slot::Together, Due::Never(why)),
        };
        vec![(slot, due, wanted)]
    }

    /// A request that carries the prefix of the LAN is not due without one.
    fn complete(&self, entry: usize, slot: Slot, due: Due) -> Due {
        match (self.prefix_in(entry, slot), due) {
            (Err(why), Due::Now(_) | Due::At(..)) => Due::Never(why),
            (_, due) => due,
        }
    }

    /// The prefix of the LAN that a request of this kind carries, if it carries one.
    ///
    /// # Errors
    ///
    /// It should, and the prefix is not known.
    pub(super) fn prefix_in(&self, entry: usize, slot: Slot) -> Result<Option<Prefix>, String> {
        if !sends_prefix(&self.groups[entry].entry, slot) {
            return Ok(None);
        }
        let known = self.basis(entry, Family::V6).and_then(|basis| basis.observed?.prefix());
        known.map(Some).ok_or_else(|| "the prefix of the LAN is not known yet".to_owned())
    }

    /// The kind of request that would settle this spot just now.
    fn slot_of(&self, Spot { entry, family, .. }: Spot) -> Slot {
        let both = || Family::ALL.into_iter().all(|family| self.wanted(entry, family).is_some());
        if plan::is_combined(&self.groups[entry].entry) && both() { Slot::Together } else { Slot::Single(family) }
    }

    /// Is the address published, with another prefix than the one that is known now?
    pub(super) fn has_new_prefix(&self, spot: Spot) -> bool {
        let prefix = self.prefix_in(spot.entry, self.slot_of(spot)).ok().flatten();
        let facts = prefix.and_then(|_| Some((&self.held(spot)?.record, self.wanted(spot.entry, spot.family)?)));
        facts.is_some_and(|(record, wanted)| plan::has_new_prefix(&self.groups[spot.entry].entry, record, wanted, prefix))
    }

    /// Names were published before anybody kept the prefix that went along, or by somebody else: the one that is seen first with
    /// the published address counts as that.
    pub(super) fn note_prefixes(&mut self) {
        for spot in self.spots().collect::<Vec<_>>() {
            let Some(prefix) = self.prefix_in(spot.entry, self.slot_of(spot)).ok().flatten() else {
                continue;
            };
            let wanted = self.wanted(spot.entry, spot.family);
            let published =
                |held: &Held| held.record.published.as_ref().is_some_and(|it| it.prefix.is_none() && Some(it.address) == wanted);
            if self.held(spot).is_some_and(published)
                && let Some(it) = self.held_mut(spot).and_then(|held| held.record.published.as_mut())
            {
                it.prefix = Some(prefix);
            }
        }
    }

    /// Is a request due that settles what this kind of request settles for one name?
    pub(super) fn due(&self, entry: usize, name: usize, slot: Slot, wanted: PerFamily<Option<IpAddr>>, now: Moment) -> Due {
        let group = &self.groups[entry];
        let nothing = AccountState::default();
        let families = Family::ALL.into_iter().filter(|family| slot == Slot::Together || slot == Slot::Single(*family));
        let held: Vec<(Family, &Held)> = families.filter_map(|family| Some((family, group.names[name][family].as_ref()?))).collect();
        let prefix = self.prefix_in(entry, slot).ok().flatten();
        if held.iter().any(|(_, held)| held.flight.is_some()) {
            return Due::Never("a request is under way".into());
        }
        let views: Vec<View<'_>> = held
            .iter()
            .map(|(family, held)| View {
                entry: &group.entry,
                record: &held.record,
                account: self.accounts.get(&group.entry.account).unwrap_or(&nothing),
                wanted: wanted[*family],
                prefix,
                settled_at: self.basis(entry, *family).map_or(now, |basis| basis.settled_at),
                // A person wants what the line shows now.
                manual: held.manual && self.wan_of(&group.entry).is_none_or(|wan| wan.sights[*family].round.is_none()),
                storage_until: self.storage_until,
                now,
            })
            .collect();
        match plan::due(&views) {
            Due::Now(Why::NewAddress) if held.iter().any(|(_, held)| needs_memory(&group.entry, held)) => {
                Due::Never("the name servers are asked first".into())
            }
            due => due,
        }
    }

    /// Until when a request for both families waits for the missing one.
    pub(super) fn grace_until(&self, name: usize, entry: usize) -> Moment {
        let Some(missing) = Family::ALL.into_iter().find(|family| self.wanted(entry, *family).is_none()) else {
            return Moment(i64::MIN);
        };
        let group = &self.groups[entry];
        let since = |family| self.basis(entry, family).map_or(Moment(i64::MIN), |basis| basis.since);
        let had = |family: Family| group.names[name][family].as_ref().is_some_and(|held| held.record.published.is_some());
        // A router that calls once per family has just called for the first time.
        let first_call = group.heard[missing].is_some() && !had(missing.other());
        let from = if had(missing) || first_call { since(missing).max(since(missing.other())) } else { since(missing) };
        from.plus(schedule::TOGETHER_GRACE)
    }

    pub(super) fn order(&self, batch: &Batch) -> Order {
        let observed = |family| self.basis(batch.entry, family).and_then(|basis| basis.observed);
        // A prefix is a line as well.
        let known = |family| matches!(observed(family), Some(Observed::Known(_) | Observed::Prefix(_)));
        Order {
            entry: batch.entry,
            domains: batch.names.iter().map(|&(entry, name)| self.groups[entry].entry.domains[name].clone()).collect(),
            addresses: batch.addresses,
            lan_prefix: observed(Family::V6).and_then(Observed::prefix),
            dualstack: known(Family::V4) && known(Family::V6),
            slot: batch.slot,
            endpoint: Endpoint::Own,
        }
    }

    /// When the next request is due, whatever it is for.
    pub(super) fn next_send(&self, now: Moment) -> Option<Moment> {
        if self.run == Run::Once && self.memory == Memory::Unwritable {
            return None;
        }
        let mut next: Option<Moment> = None;
        for entry in 0..self.groups.len() {
            let account = &self.groups[entry].entry.account;
            if self.flights.values().any(|flight| flight.entry.account == *account) || self.asks_dns_first(entry) {
                continue;
            }
            let free_at = self.account_free_at(entry).unwrap_or(now);
            for name in 0..self.groups[entry].names.len() {
                for (_, due, _) in self.dues(entry, name, now) {
                    let at = match due {
                        Due::Now(_) => now.max(free_at),
                        Due::At(at, _) => at.max(free_at),
                        Due::Never(_) => continue,
                    };
                    next = Some(next.map_or(at, |it| it.min(at)));
                }
            }
        }
        next
    }
}

/// Nothing is remembered of this name: DNS is asked before anything is sent.
pub(super) fn needs_memory(entry: &Entry, held: &Held) -> bool {
    entry.verify
        && entry.dialect.verify
        && held.memory != Question::Answered
        && held.record.published.is_none()
        // Who was never reached cannot have said anything.
        && held.record.last_reply.as_ref().is_none_or(|it| it.class == Class::NetworkError)
        && held.record.wait.is_none()
}

/// The family that is there while the other one is missing.
pub(super) fn present(wanted: PerFamily<Option<IpAddr>>) -> Family {
    if wanted.v4.is_some() { Family::V4 } else { Family::V6 }
}
