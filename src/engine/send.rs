//! Requests: what is due goes out, and what comes back is booked.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::configure::about;
use super::event::{Action, Level, Notice, Ticket};
use super::{Engine, Flight, Held, Memory, Question, Run, Spot, Turn};
use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::booking::{self, Reach, Sent};
use crate::rules::dialect::{Class, Scope};
use crate::rules::domain::{Domain, Entry};
use crate::rules::moment::Moment;
use crate::rules::order::{self, Endpoint, Order, Slot};
use crate::rules::plan::{self, Due, Missing, View, Why};
use crate::rules::reply::{self, Asked, Fault, Judgement, Outcome, Verdict};
use crate::rules::schedule;
use crate::rules::state::{AccountState, Intent, Lock, Preference, Record, Waiting};

/// Longest request target (path and query) in bytes: longer ones are refused by servers in the field (`dyndns2.md` 2.3).
const TARGET_LIMIT: usize = 4000;

/// One request that could go out now.
struct Batch {
    entry: usize,
    slot: Slot,
    names: Vec<usize>,
    addresses: PerFamily<Option<IpAddr>>,
    why: Why,
}

impl Engine {
    /// Sends at most one request per account: the first that is due.
    pub(super) fn send(&mut self, turn: &mut Turn) {
        self.tell_held_back(turn);
        if self.run == Run::Once && self.memory == Memory::Unwritable {
            return;
        }
        let mut busy: BTreeSet<String> = self.flights.values().map(|flight| flight.entry.account.clone()).collect();
        for entry in 0..self.groups.len() {
            let account = self.groups[entry].entry.account.clone();
            if busy.contains(&account) || self.account_free_at(entry).is_some_and(|at| at > turn.now) || self.asks_dns_first(entry) {
                continue;
            }
            if let Some(batch) = self.batch(entry, turn.now) {
                self.launch(batch, turn);
                busy.insert(account);
            }
        }
    }

    /// Names that fit into one request wait for each other's answer from DNS.
    fn asks_dns_first(&self, entry: usize) -> bool {
        let group = &self.groups[entry];
        let asking = |families: &PerFamily<Option<Held>>| {
            families.iter().any(|(_, held)| held.as_ref().is_some_and(|held| held.memory == Question::Asking))
        };
        group.entry.batch > 1 && group.names.iter().any(asking)
    }

    /// When the account may be asked again after its last request.
    fn account_free_at(&self, entry: usize) -> Option<Moment> {
        let entry = &self.groups[entry].entry;
        Some(self.accounts.get(&entry.account)?.last_sent?.plus(entry.spacing))
    }

    /// The first request of this entry that is due now.
    fn batch(&self, entry: usize, now: Moment) -> Option<Batch> {
        let group = &self.groups[entry];
        let limit = self.accounts.get(&group.entry.account).and_then(|it| it.batch_limit).unwrap_or(usize::MAX).min(group.entry.batch);
        let mut batch: Option<Batch> = None;
        for (slot, name, why, addresses) in self.ready(entry, now) {
            match &mut batch {
                None => batch = Some(Batch { entry, slot, names: vec![name], addresses, why }),
                Some(it) if it.slot == slot && it.names.len() < limit => {
                    it.names.push(name);
                    it.why = it.why.min(why);
                }
                Some(_) => {}
            }
        }
        let mut batch = batch?;
        while batch.names.len() > 1 && order::target_length(&group.entry, &self.order(&batch)) > TARGET_LIMIT {
            batch.names.pop();
        }
        // The provider sees the order of the configuration.
        batch.names.sort_unstable();
        Some(batch)
    }

    /// Every name of the entry that is due now, with the URL it needs: the least recently tried first, so that one name
    /// which always fails cannot starve the others.
    fn ready(&self, entry: usize, now: Moment) -> Vec<(Slot, usize, Why, PerFamily<Option<IpAddr>>)> {
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
        let wanted = PerFamily::from_fn(|family| self.wanted(&group.entry, family));
        if !plan::is_combined(&group.entry) {
            let due = |family: Family| {
                group.names[name][family].as_ref()?;
                let addresses = PerFamily::from_fn(|it| wanted[it].filter(|_| it == family));
                Some((Slot::Single(family), self.due(entry, name, &[family], wanted, now), addresses))
            };
            return Family::ALL.into_iter().filter_map(due).collect();
        }
        let (slot, due) = match plan::together(&group.entry, wanted, self.grace_until(&group.entry, name, entry), now) {
            Missing::Nothing => (Slot::Together, self.due(entry, name, &Family::ALL, wanted, now)),
            Missing::Drop(family) => (Slot::Single(family), self.due(entry, name, &[family], wanted, now)),
            Missing::Grace(at) => match self.due(entry, name, &[present(wanted)], wanted, now) {
                Due::Now(_) => (Slot::Together, Due::At(at, "waiting for the other family".into())),
                other => (Slot::Together, other),
            },
            Missing::Hold(why) => (Slot::Together, Due::Never(why)),
        };
        vec![(slot, due, wanted)]
    }

    /// Is a request due that settles these families of one name?
    pub(super) fn due(&self, entry: usize, name: usize, families: &[Family], wanted: PerFamily<Option<IpAddr>>, now: Moment) -> Due {
        let group = &self.groups[entry];
        let nothing = AccountState::default();
        let held: Vec<(Family, &Held)> =
            families.iter().filter_map(|family| Some((*family, group.names[name][*family].as_ref()?))).collect();
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
                settled_at: self.sight(&group.entry, *family).map_or(now, |sight| sight.settled_at),
                // A person wants what the line shows now.
                manual: held.manual && self.sight(&group.entry, *family).is_none_or(|sight| sight.round.is_none()),
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
    pub(super) fn grace_until(&self, entry: &Arc<Entry>, name: usize, group: usize) -> Moment {
        let known = |family| self.sight(entry, family).is_some_and(|sight| matches!(sight.observed, Some(Observed::Known(_))));
        let Some(missing) = Family::ALL.into_iter().find(|family| !known(*family)) else {
            return Moment(i64::MIN);
        };
        let since = |family| self.sight(entry, family).map_or(Moment(i64::MIN), |sight| sight.since);
        let had_it = self.groups[group].names[name][missing].as_ref().is_some_and(|held| held.record.published.is_some());
        let from = if had_it { since(missing).max(since(missing.other())) } else { since(missing) };
        from.plus(schedule::TOGETHER_GRACE)
    }

    fn order(&self, batch: &Batch) -> Order {
        let group = &self.groups[batch.entry];
        let observed = |family| self.sight(&group.entry, family).and_then(|sight| sight.observed.as_ref());
        let known = |family| matches!(observed(family), Some(Observed::Known(_)));
        let lan_prefix = match observed(Family::V6) {
            Some(Observed::Known(sighting)) => sighting.prefix,
            _ => None,
        };
        Order {
            entry: batch.entry,
            domains: batch.names.iter().map(|name| group.entry.domains[*name].clone()).collect(),
            addresses: batch.addresses,
            lan_prefix,
            dualstack: known(Family::V4) && known(Family::V6),
            slot: batch.slot,
            endpoint: Endpoint::Own,
        }
    }

    /// The intent is written down, then the request goes out.
    fn launch(&mut self, batch: Batch, turn: &mut Turn) {
        let mut order = self.order(&batch);
        let entry = Arc::clone(&self.groups[batch.entry].entry);
        if has_sibling(&entry, &order) {
            order.endpoint = self.accounts.get(&entry.account).map_or(Endpoint::Own, |it| it.preferred(turn.now));
        }
        let ticket = self.ticket();
        let families: Vec<Family> = order.families().collect();
        let spots: Vec<Spot> =
            batch.names.iter().flat_map(|&name| families.iter().map(move |&family| Spot { entry: batch.entry, name, family })).collect();
        let mut before = Vec::new();
        for &spot in &spots {
            let Some(address) = order.addresses[spot.family] else {
                continue;
            };
            let Some(held) = self.held_mut(spot) else {
                continue;
            };
            before.push((spot, held.record.clone()));
            held.flight = Some(ticket);
            let record = &mut held.record;
            record.intent = Some(Intent { address, at: turn.now });
            record.last_sent = Some(turn.now);
            record.budget_full_at = Some(schedule::budget_spent(record.budget_full_at, turn.now));
            if std::mem::take(&mut held.manual) {
                record.last_manual = Some(turn.now);
            }
            let repairs =
                record.verification.as_ref().is_some_and(|it| it.repair) || record.claim.as_ref().is_some_and(|it| it.address == address);
            if repairs {
                record.repairs = record.repairs.saturating_add(1);
            }
        }
        self.account_mut(&entry.account).last_sent = Some(turn.now);
        turn.tell(Notice::new(Level::Notice, format!("sending {} for {}: {}", shown(&order), names(&order.domains), batch.why)));
        turn.after.push(Action::Send { ticket, entry: Arc::clone(&entry), order: order.clone() });
        self.flights.insert(ticket, Flight { entry, order, spots, tried_other: false, before });
    }

    /// A provider answered, or did not.
    pub(super) fn replied(&mut self, ticket: Ticket, outcome: &Outcome, turn: &mut Turn) {
        let Some(mut flight) = self.flights.remove(&ticket) else {
            return;
        };
        let judgement = reply::judge(
            &flight.entry.dialect,
            &Asked {
                domains: &flight.order.domains,
                addresses: flight.order.addresses,
                other_endpoint: has_sibling(&flight.entry, &flight.order) && !flight.tried_other,
                now: turn.now,
            },
            outcome,
        );
        for notice in &judgement.notices {
            if !self.told.insert(notice.clone()) {
                continue;
            }
            turn.tell(Notice::new(Level::Warning, notice.clone()));
        }
        if judgement.verdicts.iter().any(|(_, _, verdict)| verdict.class == Class::TryOtherEndpoint) {
            self.try_other(ticket, &mut flight, turn);
            self.flights.insert(ticket, flight);
            return;
        }
        for spot in &flight.spots {
            if let Some(held) = self.held_mut(*spot).filter(|held| held.flight == Some(ticket)) {
                held.flight = None;
            }
        }
        self.book_account(&flight, &judgement, outcome, turn);
        self.book_names(&flight, &judgement, outcome, turn);
    }

    fn try_other(&mut self, ticket: Ticket, flight: &mut Flight, turn: &mut Turn) {
        flight.tried_other = true;
        flight.order.endpoint = match flight.order.endpoint {
            Endpoint::Own => Endpoint::Sibling,
            Endpoint::Sibling => Endpoint::Own,
        };
        // The pace counts from the request that may reach somebody.
        self.account_mut(&flight.entry.account).last_sent = Some(turn.now);
        for spot in &flight.spots {
            if let Some(held) = self.held_mut(*spot) {
                held.record.last_sent = Some(turn.now);
            }
        }
        let text = format!("the endpoint cannot be reached; trying the other one for {}", names(&flight.order.domains));
        turn.tell(Notice { class: Some(Class::TryOtherEndpoint), ..Notice::new(Level::Warning, text) });
        turn.after.push(Action::Send { ticket, entry: Arc::clone(&flight.entry), order: flight.order.clone() });
    }

    fn book_account(&mut self, flight: &Flight, judgement: &Judgement, outcome: &Outcome, turn: &Turn) {
        let account = self.account_mut(&flight.entry.account);
        if judgement.batch_limit {
            account.batch_limit = Some(1);
        }
        if matches!(outcome, Outcome::Replied(_)) {
            account.endpoint = (flight.order.endpoint == Endpoint::Sibling).then(|| Preference {
                host: order::sibling_host(&flight.entry, &flight.order).unwrap_or_default(),
                until: turn.now.plus(schedule::PREFERENCE),
            });
        }
    }

    fn book_names(&mut self, flight: &Flight, judgement: &Judgement, outcome: &Outcome, turn: &mut Turn) {
        let nothing_sent = matches!(outcome, Outcome::Failed(Fault::Lookup(_) | Fault::Connect(_) | Fault::Tls { .. }));
        let version = self.rules.version.clone();
        let served = judgement.verdicts.iter().any(|(_, _, verdict)| verdict.class.is_success());
        for (index, family, verdict) in &judgement.verdicts {
            let Some(address) = flight.order.addresses[*family] else {
                continue;
            };
            let sent = Sent { entry: &flight.entry, address, nothing_sent, version: &version, now: turn.now, random: turn.draw() };
            let domain = &flight.order.domains[*index];
            let spot = flight
                .spots
                .iter()
                .copied()
                .find(|spot| spot.family == *family && self.groups[spot.entry].entry.domains.get(spot.name) == Some(domain));
            let run = self.run;
            // The name left the configuration meanwhile: its locks and waits still count for those it reaches.
            let mut gone = Held::default();
            let held = match spot {
                Some(spot) => self.held_mut(spot).unwrap_or(&mut gone),
                None => &mut gone,
            };
            let record = &mut held.record;
            let mut reach = booking::book(record, verdict, &sent);
            if nothing_sent && let Some((_, before)) = flight.before.iter().find(|(it, _)| Some(*it) == spot) {
                // Nobody heard of it: it costs neither spacing nor budget.
                record.last_sent = before.last_sent;
                record.budget_full_at = before.budget_full_at;
            }
            turn.tell(verdict_notice(flight, domain, *family, verdict, &reach, record));
            if run == Run::Once
                && let Some(verification) = &mut record.verification
            {
                // A single round asks at once; the next one goes on where it stopped.
                verification.next = verification.next.min(turn.now);
            }
            if let Some(lock) = reach.lock.take() {
                self.put_lock(flight, spot, lock);
            }
            if let Some(wait) = reach.wait.filter(|_| !served) {
                self.hold_others(flight, *family, &wait, nothing_sent);
            }
        }
    }

    fn put_lock(&mut self, flight: &Flight, spot: Option<Spot>, lock: Lock) {
        if lock.scope == Scope::Account {
            let lock = self.for_current_settings(flight, lock);
            self.account_mut(&flight.entry.account).lock = Some(lock);
            return;
        }
        let current = |spot: &Spot| self.groups[spot.entry].entry.fingerprint == lock.fingerprint;
        // Other settings are in force by now: what was refused is not what they say.
        let Some(origin) = spot.filter(current) else { return };
        let reached = |it: &Spot| match lock.scope {
            Scope::Family => *it == origin,
            Scope::Domain => it.entry == origin.entry && it.name == origin.name,
            Scope::Entry | Scope::Account => it.entry == origin.entry,
        };
        for spot in self.spots().filter(reached).collect::<Vec<_>>() {
            if let Some(held) = self.held_mut(spot) {
                held.record.lock = Some(lock.clone());
            }
        }
    }

    /// The account and its secret are what was refused; a reload that left both alone does not open the lock.
    fn for_current_settings(&self, flight: &Flight, lock: Lock) -> Lock {
        let mut same = self.groups.iter().filter(|group| group.entry.account == flight.entry.account).map(|group| &group.entry.fingerprint);
        match same.clone().any(|it| *it == lock.fingerprint).then_some(&lock.fingerprint).or_else(|| same.next()) {
            Some(fingerprint) => Lock { fingerprint: fingerprint.clone(), ..lock },
            None => lock,
        }
    }

    /// The provider has a fault: the other names of this entry and family that wait for their turn wait as long.
    fn hold_others(&mut self, flight: &Flight, family: Family, wait: &Waiting, nothing_sent: bool) {
        if wait.class == Class::RateLimited {
            let account = self.account_mut(&flight.entry.account);
            account.slow_until = account.slow_until.max(Some(wait.until));
        }
        let Some(origin) = flight.spots.first() else {
            return;
        };
        let others: Vec<Spot> = self
            .spots()
            .filter(|spot| spot.entry == origin.entry && spot.family == family && !flight.spots.contains(spot))
            .filter(|spot| {
                self.held(*spot).is_some_and(|held| {
                    let wanted = self.wanted(&self.groups[spot.entry].entry, family);
                    held.record.published.as_ref().map(|it| it.address) != wanted
                })
            })
            .collect();
        for spot in others {
            let Some(held) = self.held_mut(spot) else {
                continue;
            };
            let place = if nothing_sent { &mut held.record.hiccup } else { &mut held.record.wait };
            if place.as_ref().is_none_or(|it| it.until < wait.until) {
                *place = Some(wait.clone());
            }
        }
    }

    /// A person asks for an update.
    pub(super) fn update(&mut self, domain: Option<&Domain>, turn: &mut Turn) {
        for spot in self.spots().collect::<Vec<_>>() {
            let entry = Arc::clone(&self.groups[spot.entry].entry);
            if domain.is_some_and(|domain| entry.domains[spot.name] != *domain) || !entry.enabled {
                continue;
            }
            let Some(held) = self.held_mut(spot) else {
                continue;
            };
            let next = held.record.last_manual.map(|at| at.plus(schedule::MANUAL));
            match next.filter(|at| *at > turn.now) {
                Some(at) => {
                    let text = format!("an update was asked for less than 5 minutes ago; the next one is possible at {at}");
                    turn.tell(about(&entry, spot, Level::Warning, &text));
                }
                None => held.manual = true,
            }
        }
        self.look_now(turn.now);
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
        && held.record.last_reply.is_none()
        && held.record.wait.is_none()
}

/// May the other family's host be asked as well? Only with an explicit address: without one it would set the wrong family.
fn has_sibling(entry: &Entry, order: &Order) -> bool {
    entry.dialect.request.sibling_endpoint && order::sibling_host(entry, order).is_some()
}

/// The family that is there while the other one is missing.
pub(super) fn present(wanted: PerFamily<Option<IpAddr>>) -> Family {
    if wanted.v4.is_some() { Family::V4 } else { Family::V6 }
}

fn shown(order: &Order) -> String {
    let addresses: Vec<String> = order.addresses.iter().filter_map(|(_, address)| Some(address.as_ref()?.to_string())).collect();
    addresses.join(" and ")
}

fn names(domains: &[Domain]) -> String {
    match domains {
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        [] => "(none)".to_owned(),
    }
}

fn verdict_notice(flight: &Flight, domain: &Domain, family: Family, verdict: &Verdict, reach: &Reach, record: &Record) -> Notice {
    let level = match reach.class {
        Class::Updated | Class::Unchanged | Class::NotApplicable => Level::Notice,
        class if class.is_lock() => Level::Error,
        _ => Level::Warning,
    };
    let mut text = format!("{} answered {:?}", flight.entry.provider, if verdict.line.is_empty() { &verdict.code } else { &verdict.line });
    if let Some(hint) = &verdict.hint {
        text.push_str(": ");
        text.push_str(hint);
    }
    if let Some(wait) = record.wait.as_ref().or(record.hiccup.as_ref()).filter(|_| !reach.class.is_success()) {
        text.push_str(&format!("; next attempt at {}", wait.until));
    }
    if reach.class.is_lock() {
        text.push_str("; nothing more is sent until the configuration changes or `wanbeacon unlock` is called");
    }
    Notice { level, domain: Some(domain.clone()), family: Some(family), class: Some(reach.class), text }
}
