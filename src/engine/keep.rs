//! What goes to disk: only what differs from what is there.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::event::{Level, Notice, Ticket};
use super::parts::Turn;
use super::{Engine, Memory};
use crate::rules::moments::Moments;
use crate::rules::push::{PUSH, Pushed, push_key};
use crate::rules::schedule;
use crate::rules::state::{self, LineRecord};
use crate::rules::write::Write;

impl Engine {
    /// What differs from what was written last.
    pub(super) fn writes(&mut self) -> Vec<Write> {
        let mut writes: Vec<(String, String)> = std::mem::take(&mut self.orphaned).into_iter().collect();
        for spot in std::mem::take(&mut self.touched) {
            let Some(group) = self.groups.get(spot.entry) else {
                continue;
            };
            let Some(held) = self.held(spot) else {
                continue;
            };
            let key = state::record_key(&group.entry, &group.entry.domains[spot.name], spot.family);
            writes.push((key, json(&held.record)));
        }
        for (domain, family) in std::mem::take(&mut self.pushes.touched) {
            if let Some(families) = self.pushes.known.get(&domain) {
                writes.push((push_key(&domain, family), json(&families[family])));
            }
        }
        writes.extend(self.accounts.iter().map(|(id, account)| (state::account_key(id), json(account))));
        writes.extend(self.services.iter().map(|(url, service)| (state::echo_key(url), json(service))));
        for wan in &self.wans {
            for (family, sight) in wan.sights.iter() {
                if let Some(observed) = &sight.observed {
                    let record = LineRecord { observed: observed.clone(), since: sight.since, gave: sight.gave };
                    writes.push((state::line_key(&wan.line.name, family), json(&record)));
                }
                if let Some(check) = &sight.check {
                    writes.push((state::check_key(&wan.line.name, family), json(check)));
                }
            }
        }
        writes.retain(|(key, value)| {
            let mut hasher = DefaultHasher::new();
            value.hash(&mut hasher);
            let hash = hasher.finish();
            self.written.insert(key.clone(), hash) != Some(hash)
        });
        if !writes.is_empty() && self.mark.is_none_or(|mark| !self.time.is_marked(mark)) {
            self.mark = Some(self.time.mark());
            writes.push((state::CLOCK.to_owned(), self.time.mark().to_string()));
        }
        writes.into_iter().map(|(key, value)| Write { key, value: Some(value) }).collect()
    }

    /// The clock was set: every remembered moment moves along, and is written again.
    pub(super) fn shift(&mut self, step_ms: i64) {
        for spot in self.spots().collect::<Vec<_>>() {
            if let Some(held) = self.held_mut(spot) {
                held.record.shift(step_ms);
            }
        }
        self.accounts.values_mut().for_each(|it| it.shift(step_ms));
        self.services.values_mut().for_each(|it| it.shift(step_ms));
        self.pushes.known.values_mut().flat_map(|it| [&mut it.v4, &mut it.v6]).for_each(|it| it.shift(step_ms));
        self.shift_attic(step_ms);
        self.touch_pushes();
        for entry in 0..self.groups.len() {
            let heard = &mut self.groups[entry].heard;
            [&mut heard.v4, &mut heard.v6].into_iter().flatten().for_each(|it| it.calm.shift(step_ms));
            self.hear(entry);
        }
        self.sights_mut().for_each(|sight| sight.shift(step_ms));
        // What is taken back to if the request proves to have reached nobody.
        let before = self.flights.values_mut().flat_map(|flight| &mut flight.before);
        before.for_each(|(_, record)| record.shift(step_ms));
        self.storage_until = self.storage_until.map(|it| it.shifted(step_ms));
    }

    /// Whatever was pushed is compared with what was written.
    fn touch_pushes(&mut self) {
        for (domain, families) in &self.pushes.known {
            let some = families.iter().filter(|(_, pushed)| **pushed != Pushed::default());
            self.pushes.touched.extend(some.map(|(family, _)| (domain.clone(), family)));
        }
        let of_nobody = self.attic.iter().filter(|(key, _)| key.starts_with(PUSH));
        self.orphaned.extend(of_nobody.map(|(key, text)| (key.clone(), text.clone())));
    }

    /// The state folder can be written, after all: everything that is known goes there.
    pub(super) fn writable(&mut self, turn: &mut Turn) {
        self.memory = Memory::Kept;
        self.storage_until = None;
        self.written.clear();
        self.touched.extend(self.spots().collect::<Vec<_>>());
        self.touch_pushes();
        turn.tell(Notice::new(Level::Notice, "the state folder can be written again"));
    }

    /// The state could not be written, and the requests with these tickets were not sent.
    pub(super) fn unsaved(&mut self, full: bool, tickets: &[Ticket], turn: &mut Turn) {
        for ticket in tickets {
            let Some(flight) = self.flights.remove(ticket) else {
                continue;
            };
            for (spot, (_, record)) in flight.spots.into_iter().zip(flight.before) {
                if let Some(held) = self.held_mut(spot) {
                    held.flight = None;
                    held.record = record;
                }
            }
        }
        // Nothing of what was to be written is on disk.
        self.touched.extend(self.spots().collect::<Vec<_>>());
        self.touch_pushes();
        self.written.clear();
        if full {
            self.storage_until = Some(turn.now.plus(schedule::STORAGE_RETRY));
        } else {
            self.storage_until = None;
            if std::mem::replace(&mut self.memory, Memory::Unwritable) == Memory::Kept {
                turn.tell(Notice::new(
                    Level::Error,
                    "the state folder cannot be written; DNS is the memory from now on: one request per change, none after a refusal",
                ));
            }
        }
    }
}

/// `value` as JSON without what equals its default: nulls, `false` and zero.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    use serde_json::Value;
    let mut value = serde_json::to_value(value).expect("plain data without maps of odd keys becomes JSON");
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, it| !matches!(it, Value::Null | Value::Bool(false)) && it.as_u64() != Some(0));
    }
    value.to_string()
}
