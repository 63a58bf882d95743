//! What the state held: taken into use by the names, accounts, services and lines that are configured now.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::parts::Held;
use super::{Engine, json};
use crate::rules::address::Family;
use crate::rules::booking;
use crate::rules::consensus::{CrossCheck, ServiceRecord};
use crate::rules::dialect::Class;
use crate::rules::domain::Domain;
use crate::rules::moment::Moment;
use crate::rules::moments::Moments;
use crate::rules::push::{PUSH, Pushed};
use crate::rules::schedule::{self, spread};
use crate::rules::state::{self, AccountState, LineRecord, Waiting};

impl Engine {
    /// Takes from the attic what is in use now.
    pub(super) fn load(&mut self, now: Moment) {
        for (key, spot) in self.keys().collect::<Vec<_>>() {
            if let Some(mut record) = self.take_from_attic::<state::Record>(&key) {
                record.clamp(now);
                if let Some(held) = self.held_mut(spot) {
                    held.record = record;
                    held.fresh = true;
                }
            }
        }
        for account in self.groups.iter().map(|group| group.entry.account.clone()).collect::<Vec<_>>() {
            if let Some(mut it) = self.take_from_attic::<AccountState>(&state::account_key(&account)) {
                it.clamp(now);
                self.accounts.insert(account, it);
            }
        }
        self.mark = self.take_from_attic(state::CLOCK).or(self.mark);
        let same_clock = self.mark.is_some_and(|mark| self.time.is_marked(mark));
        for key in self.attic.keys().filter(|key| key.starts_with(state::ECHO)).cloned().collect::<Vec<_>>() {
            if let Some(mut it) = self.take_from_attic::<ServiceRecord>(&key) {
                it.clamp(now);
                if !same_clock {
                    // How old the answer is, nobody can tell.
                    (it.last_answer, it.answered_at) = (None, None);
                }
                self.services.insert(key[state::ECHO.len()..].to_owned(), it);
            }
        }
        let ahead = self.date_pushes(now);
        self.load_pushes(now);
        for index in 0..self.wans.len() {
            for family in Family::ALL {
                let key = state::line_key(&self.wans[index].line.name, family);
                if let Some(mut it) = self.take_from_attic::<LineRecord>(&key) {
                    it.gave.shift(-ahead);
                    it.clamp(now);
                    self.wans[index].sights[family].gave = it.gave;
                    self.wans[index].sights[family].remembered = Some(it);
                }
                let key = state::check_key(&self.wans[index].line.name, family);
                if let Some(mut it) = self.take_from_attic::<CrossCheck>(&key) {
                    it.clamp(now);
                    self.wans[index].sights[family].check = Some(it);
                }
            }
        }
    }

    /// What a clock dated that was ahead of ours: all pushes move back together, for which of them is the last one counts.
    /// By so many milliseconds.
    fn date_pushes(&mut self, now: Moment) -> i64 {
        let texts = self.attic.iter().filter(|(key, _)| key.starts_with(PUSH)).map(|(_, text)| text);
        let pushed = texts.filter_map(|text| serde_json::from_str::<Pushed>(text).ok());
        let last = pushed.flat_map(|it| [it.at, it.prefix_at]).flatten().max();
        let ahead = last.map_or(0, |last| last.0.saturating_sub(now.0).max(0));
        if ahead > 0 {
            self.shift_attic(-ahead);
        }
        ahead
    }

    /// What was pushed for names that nobody has now moves along.
    pub(super) fn shift_attic(&mut self, step_ms: i64) {
        for (key, text) in self.attic.iter_mut().filter(|(key, _)| key.starts_with(PUSH)) {
            if let Ok(mut pushed) = serde_json::from_str::<Pushed>(text) {
                pushed.shift(step_ms);
                *text = json(&pushed);
                self.orphaned.insert(key.clone(), text.clone());
            }
        }
    }

    /// What routers pushed for the names that are configured now.
    fn load_pushes(&mut self, now: Moment) {
        let keys: Vec<String> = self.attic.keys().filter(|key| key.starts_with(PUSH)).cloned().collect();
        if keys.is_empty() {
            return;
        }
        let named: BTreeSet<Domain> = self.groups.iter().flat_map(|group| group.entry.domains.iter().cloned()).collect();
        for key in keys {
            let Some((domain, family)) = key[PUSH.len()..].rsplit_once('/') else {
                continue;
            };
            let family = Family::ALL.into_iter().find(|it| it.key() == family);
            let domain = Domain::parse(domain).ok().filter(|domain| named.contains(domain));
            if let Some((domain, family)) = domain.zip(family)
                && let Some(mut pushed) = self.take_from_attic::<Pushed>(&key)
            {
                pushed.clamp(now);
                if self.orphaned.contains_key(&key) {
                    // It is not on disk yet.
                    self.written.remove(&key);
                    self.pushes.touched.insert((domain.clone(), family));
                }
                self.pushes.known.entry(domain).or_default()[family] = pushed.guarded(family);
            }
        }
        for entry in 0..self.groups.len() {
            self.hear(entry);
        }
    }

    /// An entry that cannot be read counts as lost: DNS is asked before anything is sent.
    fn take_from_attic<T: serde::de::DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let text = self.attic.remove(key)?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        self.written.insert(key.to_owned(), hasher.finish());
        serde_json::from_str(&text).ok()
    }
}

/// The process ended between the intent and the reply: whether the provider got it is not known. The end of the wait that
/// follows, if it was open.
pub(super) fn close_intent(held: &mut Held, now: Moment, random: u64) -> Option<Moment> {
    let record = &mut held.record;
    let intent = record.intent.take()?;
    booking::doubt(record, intent.address);
    // The reply was read, and it was ambiguous: its own wait counts. One that was over before the request does not.
    if record.wait.as_ref().is_some_and(|it| it.class == Class::Ambiguous && it.until > intent.at) {
        return None;
    }
    let count = match record.streak.take() {
        Some(it) if it.code == INTERRUPTED => it.count.saturating_add(1),
        _ => 1,
    };
    record.streak = Some(state::Streak { code: INTERRUPTED.to_owned(), count, first: now });
    let span = schedule::backoff(&schedule::AMBIGUOUS, count, random).max(spread(schedule::AMBIGUOUS.first, random));
    let until = now.plus(span);
    if record.wait.as_ref().is_none_or(|it| it.until < until) {
        record.wait = Some(Waiting { until, class: Class::Ambiguous, code: INTERRUPTED.to_owned(), portal: false });
    }
    record.wait.as_ref().map(|it| it.until)
}

/// The code of a request whose reply was never read.
const INTERRUPTED: &str = "interrupted";
