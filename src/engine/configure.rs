//! Settings and memory come together: at the start, and whenever the configuration changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::event::{Level, Notice};
use super::load::close_intent;
use super::{Engine, Group, Held, Rules, Sight, Spot, Turn, Wan, json};
use crate::rules::address::{Family, PerFamily};
use crate::rules::consensus::Line;
use crate::rules::dialect::Class;
use crate::rules::domain::{Domain, Entry};
use crate::rules::state::{self, Lock};

impl Engine {
    /// Builds groups and lines from `rules`; what is known of a name stays with it.
    pub(super) fn take_settings(&mut self, rules: Rules) {
        let calms = self.calms();
        let mut known = self.put_away();
        self.groups = rules
            .entries
            .iter()
            .map(|entry| Group {
                entry: Arc::clone(entry),
                names: entry.domains.iter().map(|domain| held_of(entry, domain, &mut known)).collect(),
                heard: PerFamily::default(),
            })
            .collect();
        let old = std::mem::take(&mut self.wans);
        let sights_of = |line: &Line| {
            let before = old.iter().find(|wan| (&wan.line.name, &wan.line.interface) == (&line.name, &line.interface));
            PerFamily::from_fn(|family| match before {
                Some(wan) if wan.line.sources[family] == line.sources[family] => {
                    let mut sight = wan.sights[family].clone();
                    // Nobody vouches for it any more, and it may be as old as polling was rare.
                    if wan.told[family] {
                        sight.forget();
                    }
                    sight
                }
                // Other sources, or another way out, show another address.
                _ => Sight::after(before.map(|wan| &wan.sights[family]), old.iter().any(|wan| wan.sights[family].down)),
            })
        };
        self.wans =
            rules.lines.iter().map(|line| Wan { line: line.clone(), told: PerFamily::default(), sights: sights_of(line) }).collect();
        // A round under way asked by the old settings: its answers are nobody's.
        self.looks.clear();
        self.held_back.clear();
        for sight in self.sights_mut() {
            sight.round = None;
            sight.look_again = None;
            sight.last_round = None;
            sight.checking = None;
        }
        // Before the memory was read, what it holds of a name is not known here, and must not be covered up.
        if self.awake {
            self.attic.extend(known.into_iter().map(|(key, held)| (key, json(&held.record))));
        }
        self.rules = rules;
        self.hear_anew(&calms);
    }

    fn put_away(&mut self) -> BTreeMap<String, Held> {
        let mut known = BTreeMap::new();
        for Group { entry, names, heard: _ } in std::mem::take(&mut self.groups) {
            for (domain, families) in entry.domains.iter().zip(names) {
                for (family, held) in [(Family::V4, families.v4), (Family::V6, families.v6)] {
                    if let Some(mut held) = held {
                        // The reply still comes, and is booked by name.
                        held.flight = None;
                        known.insert(state::record_key(&entry, domain, family), held);
                    }
                }
            }
        }
        known
    }

    /// New settings while running.
    pub(super) fn reconfigured(&mut self, rules: Rules, turn: &mut Turn) {
        let before: Vec<String> = self.keys().map(|(key, _)| key).collect();
        self.take_settings(rules);
        self.load(turn.now);
        self.note_families_that_left(&before, turn);
        self.adopt_flights();
        self.review(turn);
        self.look_now(turn.now);
    }

    /// The first right moment, or the clock was set.
    pub(super) fn wake_memory(&mut self, step_ms: i64, turn: &mut Turn) {
        if !self.awake {
            self.awake = true;
            self.load(turn.now);
            self.review(turn);
            for push in std::mem::take(&mut self.pushes.early) {
                // Which of them is the last one counts.
                turn.now = turn.now.plus(Duration::from_millis(1));
                self.pushed(&push, turn);
            }
        } else if step_ms != 0 {
            self.shift(step_ms);
            turn.tell(Notice::new(Level::Notice, format!("the clock was set by {} s; waits go on as they were", step_ms / 1000)));
        }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (String, Spot)> + '_ {
        self.spots().map(|spot| {
            let entry = &self.groups[spot.entry].entry;
            (state::record_key(entry, &entry.domains[spot.name], spot.family), spot)
        })
    }

    /// Flights go on under the settings they were sent with; the names they settle are found again by name.
    fn adopt_flights(&mut self) {
        let places: BTreeMap<String, Spot> = self.keys().collect();
        let mut flights = std::mem::take(&mut self.flights);
        for (ticket, flight) in &mut flights {
            let keys = flight.order.domains.iter().flat_map(|domain| {
                flight.order.families().map(|family| state::record_key(&flight.entry, domain, family)).collect::<Vec<_>>()
            });
            flight.spots = keys.filter_map(|key| places.get(&key).copied()).collect();
            for spot in flight.spots.clone() {
                if let Some(held) = self.held_mut(spot) {
                    held.flight = Some(*ticket);
                }
            }
        }
        self.flights = flights;
        self.questions.clear();
        for spot in self.spots().collect::<Vec<_>>() {
            if let Some(held) = self.held_mut(spot) {
                held.question = None;
                if held.memory == super::Question::Asking {
                    held.memory = super::Question::NotAsked;
                }
            }
        }
    }

    fn note_families_that_left(&mut self, before: &[String], turn: &mut Turn) {
        let now_used: BTreeMap<String, Spot> = self.keys().collect();
        for key in before.iter().filter(|key| !now_used.contains_key(*key)) {
            let sibling = match key.rsplit_once('/') {
                Some((stem, "ipv4")) => format!("{stem}/ipv6"),
                Some((stem, _)) => format!("{stem}/ipv4"),
                None => continue,
            };
            // The whole name left: nothing to say.
            if !now_used.contains_key(&sibling) {
                continue;
            }
            let Some(mut record) = self.attic.get(key).and_then(|text| serde_json::from_str::<state::Record>(text).ok()) else {
                continue;
            };
            if record.published.is_some() && !std::mem::replace(&mut record.stale, true) {
                let text = json(&record);
                self.attic.insert(key.clone(), text.clone());
                self.orphaned.insert(key.clone(), text);
                turn.tell(Notice::new(
                    Level::Warning,
                    format!("{key} is not updated any more; its record at the provider stays as it is, delete it there if it should go"),
                ));
            }
        }
    }

    /// Opens what the new settings open, and closes what a crash left open.
    fn review(&mut self, turn: &mut Turn) {
        self.review_accounts(turn);
        for spot in self.spots().collect::<Vec<_>>() {
            let entry = Arc::clone(&self.groups[spot.entry].entry);
            let random = turn.draw();
            let version = self.rules.version.clone();
            let Some(held) = self.held_mut(spot) else {
                continue;
            };
            let closed = std::mem::take(&mut held.fresh).then(|| close_intent(held, turn.now, random)).flatten();
            let record = &mut held.record;
            if let Some(until) = closed {
                let text =
                    format!("the last request was not answered before the program ended; it is repeated at {until} if it is still needed");
                turn.tell(Notice { class: Some(Class::Ambiguous), ..about(&entry, spot, Level::Warning, &text) });
            }
            if record.last_sent.is_some() && !entry.sending.password.is_unread() {
                // Older versions did not write it down, and the password may be another one by now.
                record.account = Some(entry.account.clone());
            }
            if record.muted.as_ref().is_some_and(|it| entry.differs_from(&it.fingerprint)) {
                record.muted = None;
            }
            if record.lock.as_ref().is_some_and(|it| opens(it, std::slice::from_ref(&entry), &version)) {
                record.lock = None;
                turn.tell(about(&entry, spot, Level::Notice, "the settings changed: the lock is open"));
            }
            let switched_on = std::mem::replace(&mut record.off, !entry.enabled) && entry.enabled;
            if switched_on {
                self.unlock_spot(spot, "switched off and on", turn);
            }
        }
    }

    fn review_accounts(&mut self, turn: &mut Turn) {
        let mut entries: BTreeMap<&str, Vec<Arc<Entry>>> = BTreeMap::new();
        for group in &self.groups {
            entries.entry(&group.entry.account).or_default().push(Arc::clone(&group.entry));
        }
        for (account, it) in &mut self.accounts {
            let current = entries.get(account.as_str()).map_or(&[][..], Vec::as_slice);
            if it.lock.as_ref().is_some_and(|lock| !current.is_empty() && opens(lock, current, &self.rules.version)) {
                it.lock = None;
                turn.tell(Notice::new(Level::Notice, "the settings changed: the lock of the account is open"));
            }
        }
    }
}

fn held_of(entry: &Entry, domain: &Domain, known: &mut BTreeMap<String, Held>) -> PerFamily<Option<Held>> {
    PerFamily::from_fn(|family| {
        entry.mode.wants(family).then(|| known.remove(&state::record_key(entry, domain, family)).unwrap_or_default())
    })
}

/// A lock opens with changed settings, or, if our program was refused, with another version of it.
fn opens(lock: &Lock, entries: &[Arc<Entry>], version: &str) -> bool {
    entries.iter().all(|entry| entry.differs_from(&lock.fingerprint)) || (lock.class == Class::BlockedClient && lock.version != version)
}

/// A notice about one name and family.
pub(super) fn about(entry: &Entry, spot: Spot, level: Level, text: &str) -> Notice {
    Notice { domain: entry.domains.get(spot.name).cloned(), family: Some(spot.family), ..Notice::new(level, text) }
}
