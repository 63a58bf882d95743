//! Replies come back: what they change for their names, and how far that reaches.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::event::{Level, Notice, Ticket};
use super::feeds::sends_prefix;
use super::send::has_sibling;
use super::{Engine, Flight, Held, Question, Run, Spot, Turn};
use crate::rules::address::{Family, Prefix};
use crate::rules::booking::{self, Reach, Sent};
use crate::rules::dialect::{Class, Scope};
use crate::rules::domain::{Domain, Entry};
use crate::rules::moment::Moment;
use crate::rules::order::{self, Endpoint};
use crate::rules::reply::{self, Asked, Fault, Judgement, Outcome, Verdict};
use crate::rules::schedule;
use crate::rules::state::{self, Lock, Preference, Record, Waiting};

impl Engine {
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
                other_endpoint: has_sibling(&flight.entry, &flight.order) && !flight.tried_other && self.is_still_wanted(&flight),
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

    /// Would the same request be made now? A second try must not carry an old address or old settings, nor delay a stop.
    fn is_still_wanted(&self, flight: &Flight) -> bool {
        let in_force = |entry: &Entry| self.groups.iter().any(|it| it.entry.enabled && it.entry.fingerprint == entry.fingerprint);
        let (slot, prefix) = (flight.order.slot, flight.prefix());
        let shown = |spot: &Spot| {
            let address = self.wanted(spot.entry, spot.family) == flight.order.addresses[spot.family];
            address && self.prefix_in(spot.entry, slot).is_ok_and(|it| it == prefix)
        };
        // A name that left has no spot any more.
        let complete = flight.spots.len() == flight.before.len();
        !self.stopping && complete && flight.entries.iter().all(|entry| in_force(entry)) && flight.spots.iter().all(shown)
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
            let entry = &flight.entries[*index];
            let sent = Sent {
                entry,
                address,
                prefix: flight.prefix(),
                alone: flight.order.domains.len() == 1,
                nothing_sent,
                version: &version,
                now: turn.now,
                random: turn.draw(),
            };
            let domain = &flight.order.domains[*index];
            let spot = flight
                .spots
                .iter()
                .copied()
                .find(|spot| spot.family == *family && self.groups[spot.entry].entry.domains.get(spot.name) == Some(domain));
            let run = self.run;
            let key = state::record_key(entry, domain, *family);
            // The name left the configuration meanwhile: its locks and waits still count for those it reaches.
            let mut gone = Held::default();
            let held = match spot {
                Some(spot) => self.held_mut(spot).unwrap_or(&mut gone),
                None => &mut gone,
            };
            let record = &mut held.record;
            let mut reach = booking::book(record, verdict, &sent);
            if nothing_sent && let Some((_, before)) = flight.before.iter().find(|(it, _)| *it == key) {
                // Nobody heard of it: it costs neither spacing nor budget.
                record.last_sent = before.last_sent;
                record.budget_full_at = before.budget_full_at;
                record.repairs = before.repairs;
            }
            if nothing_sent && held.memory == Question::Answered {
                // The name servers may know by the next try.
                held.memory = Question::NotAsked;
            }
            let record = &mut held.record;
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
                self.hold_others(flight, *family, &wait, nothing_sent, turn.now);
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

    /// The provider has a fault: the other names of its entries and this family that wait for their turn wait as long.
    fn hold_others(&mut self, flight: &Flight, family: Family, wait: &Waiting, nothing_sent: bool, now: Moment) {
        if wait.class == Class::RateLimited {
            let account = self.account_mut(&flight.entry.account);
            account.slow_until = account.slow_until.max(Some(wait.until));
        }
        let entries: BTreeSet<usize> = flight.spots.iter().map(|spot| spot.entry).collect();
        let others: Vec<Spot> = self
            .spots()
            .filter(|spot| spot.family == family && entries.contains(&spot.entry) && !flight.spots.contains(spot))
            .filter(|spot| {
                self.held(*spot).is_some_and(|held| {
                    let wanted = self.wanted(spot.entry, family);
                    held.record.published.as_ref().map(|it| it.address) != wanted || self.has_new_prefix(*spot)
                })
            })
            .collect();
        for spot in others {
            let Some(held) = self.held_mut(spot) else {
                continue;
            };
            let place = if nothing_sent { &mut held.record.hiccup } else { &mut held.record.wait };
            if place.as_ref().is_none_or(|it| it.until < wait.until) {
                // A link event ends the wait after a portal, but not one that it covers up.
                let covers = place.as_ref().is_some_and(|it| !it.portal && it.until > now);
                *place = Some(Waiting { portal: wait.portal && !covers, ..wait.clone() });
            }
        }
    }
}

impl Flight {
    /// The prefix of the LAN that it carries.
    fn prefix(&self) -> Option<Prefix> {
        self.order.lan_prefix.filter(|_| sends_prefix(&self.entry, self.order.slot))
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
        let _ = write!(text, "; next attempt at {}", wait.until);
    }
    if reach.class.is_lock() {
        text.push_str("; nothing more is sent until the configuration changes or `wanbeacon unlock` is called");
    }
    Notice { level, domain: Some(domain.clone()), family: Some(family), class: Some(reach.class), text }
}
