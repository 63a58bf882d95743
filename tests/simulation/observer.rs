//! Stands at the provider's door and knows the rules of conduct (`docs/behaviour.md`): which request may come, and which may not.
//!
//! Documented allowances: a failed request may be repeated after its wait (FI-147), a person's explicit update, the repair of a
//! record that DNS shows otherwise, a name of a batch that was answered as a whole, and one repetition for each crash between
//! a request and its reply, after the wait for such.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use wanbeacon::engine::Rules;
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::consensus::Source;
use wanbeacon::rules::dialect::Scope;
use wanbeacon::rules::domain::Entry;
use wanbeacon::rules::plan;
use wanbeacon::rules::push::{Push, Taken};

use super::provider::{Fate, Key, Seen};
use super::pushes::{Pushes, rank};
use super::sights::Sights;
use super::{DAY, HOUR, MINUTE, SECOND};

/// Moments are rounded to milliseconds on both sides.
const SLACK: u64 = 5;

/// Longest wait that a stored state may hold: beyond it the clock was wrong.
const LONGEST: u64 = 7 * DAY * 6 / 5;

/// What the client was told and has to remember about one name and family.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are true independently of each other")]
struct Name {
    /// The last success: address and time.
    success: Option<(IpAddr, u64)>,
    assumed: bool,
    /// DNS was seen to show something else since.
    denied: bool,
    /// The provider reported another address.
    mismatched: bool,
    /// The last request for the address that is published.
    further: Option<u64>,
    /// The last request failed for a while: it may be repeated.
    failed: bool,
    not_before: u64,
    portal: bool,
    /// By then the client should have tried again, if all is well.
    patience: u64,
    refused: Option<(IpAddr, Option<u64>)>,
    muted: Option<(u64, String)>,
    lock: Option<String>,
    unlocked: Option<u64>,
    last_manual: Option<u64>,
    worked_with: Option<String>,
    row: Option<(u16, u32, u64)>,
    /// The entry was switched off.
    off: bool,
    /// Something was heard of it (a reply, or DNS in place of one).
    heard: bool,
}

#[derive(Clone, Debug, Default)]
struct Account {
    lock: Option<String>,
    /// It is our program that is refused, in this version.
    refused_version: Option<String>,
    unlocked: Option<u64>,
    not_before: u64,
    patience: u64,
}

/// What is to be remembered.
#[derive(Clone, Default)]
struct Memory {
    names: BTreeMap<Key, Name>,
    accounts: BTreeMap<String, Account>,
    pushes: Pushes,
}

/// What only the running process has to know.
#[derive(Clone, Debug, Default)]
struct Fleeting {
    manual: bool,
    hiccup: u64,
    asked_dns: bool,
}

pub(crate) struct Observer {
    memory: Memory,
    durable: Memory,
    changed: bool,
    /// A save failed and none has succeeded since.
    unsaved: bool,
    fleeting: BTreeMap<Key, Fleeting>,
    flying: BTreeMap<u64, (String, Vec<Key>)>,
    /// Could not reach its host and may be tried at the other one, before anything else is sent.
    second_chance: Option<u64>,
    /// Answered, and the answer is not on disk yet.
    unbooked: Vec<Key>,
    rules: Rules,
    /// Every request that reached the provider, of the last hour.
    seen: BTreeMap<Key, VecDeque<u64>>,
    account_seen: BTreeMap<String, u64>,
    pub(crate) sights: Sights,
    interval: u64,
    echo: BTreeMap<String, u64>,
    pub(crate) requests: u64,
}

/// A request as the observer sees it.
pub(crate) struct Arrival<'a> {
    pub(crate) ticket: u64,
    pub(crate) entry: &'a Entry,
    /// The settings of each name: those of several entries may travel together.
    pub(crate) entries: &'a [Arc<Entry>],
    pub(crate) names: &'a [String],
    pub(crate) addresses: PerFamily<Option<IpAddr>>,
    pub(crate) fates: &'a [(usize, Family, Fate)],
    pub(crate) now: u64,
}

impl Observer {
    pub(crate) fn new(rules: Rules, interval: u64) -> Self {
        Self {
            memory: Memory::default(),
            durable: Memory::default(),
            changed: false,
            unsaved: false,
            fleeting: BTreeMap::new(),
            flying: BTreeMap::new(),
            second_chance: None,
            unbooked: Vec::new(),
            rules,
            seen: BTreeMap::new(),
            account_seen: BTreeMap::new(),
            sights: Sights::default(),
            interval,
            echo: BTreeMap::new(),
            requests: 0,
        }
    }

    // ---- what the client learns

    /// The machine slept, or another box is asked: what was seen is not known any more.
    pub(crate) fn resumed(&mut self, up: PerFamily<bool>) {
        for (family, up) in up.iter() {
            if *up {
                self.sights.forget_all(family);
            }
        }
    }

    /// Is every line looked at as often as it should be?
    ///
    /// # Errors
    ///
    /// The rule that was broken.
    pub(crate) fn watch(&mut self, up: Option<PerFamily<bool>>, now: u64) -> Result<(), String> {
        let names = &self.memory.names;
        for line in &self.rules.lines {
            for family in Family::ALL {
                let open = |entry: &Entry| {
                    let free = |key: &Key| names.get(key).is_none_or(|name| name.lock.is_none() && name.muted.is_none());
                    let account = self.memory.accounts.get(&entry.account);
                    account.is_none_or(|it| it.lock.is_none())
                        && entry.domains.iter().any(|it| free(&(entry.service.clone(), it.as_str().to_owned(), family)))
                };
                let mut entries = self.rules.entries.iter().filter(|it| it.enabled && it.wan == line.name && it.mode.wants(family));
                let pushed = |it: &Entry| self.memory.pushes.suffices(line, it, family);
                let wanted = up.is_some_and(|up| up[family]) && entries.any(|it| open(it) && !pushed(it));
                self.sights.watch(line, family, wanted, self.interval, now)?;
            }
        }
        Ok(())
    }

    /// Link events: what was seen over a lost link is not known any more; faults of the network are over.
    pub(crate) fn link(&mut self, up: PerFamily<bool>) {
        for (family, up) in up.iter() {
            if *up {
                for (_, fleeting) in self.fleeting.iter_mut().filter(|(key, _)| key.2 == family) {
                    fleeting.hiccup = 0;
                }
                for (_, name) in self.memory.names.iter_mut().filter(|(key, name)| key.2 == family && name.portal) {
                    name.not_before = 0;
                    name.portal = false;
                    self.changed = true;
                }
            } else {
                self.sights.forget_all(family);
            }
        }
    }

    /// A question to an echo service: the built-in ones rest for ten minutes.
    ///
    /// # Errors
    ///
    /// The rule that was broken.
    pub(crate) fn echo(&mut self, url: &str, via: Option<&str>, family: Family, now: u64) -> Result<(), String> {
        if url.contains("echo.example.net") {
            return Ok(());
        }
        let last = self.echo.insert(format!("{url} {via:?} {family}"), now);
        match last.filter(|last| now + SLACK < last + 10 * MINUTE) {
            Some(last) => Err(format!("9: {url} is asked again after {} s", (now - last) / SECOND)),
            None => Ok(()),
        }
    }

    /// The client got an answer from DNS: `shown` if it was a clear one.
    pub(crate) fn dns(&mut self, key: &Key, shown: Option<Seen>, wanted: Option<IpAddr>, denied: bool, now: u64) {
        self.fleeting.entry(key.clone()).or_default().asked_dns = true;
        let entry = keys(&self.rules, false).find(|(_, it)| it == key).map(|(at, _)| at);
        // In whatever is seen of the line just now the client may have found its address.
        let seen = |shown| entry.is_some_and(|at| self.supports(&self.rules.entries[at], key.2, shown, now).is_ok());
        let adopted = matches!(shown, Some(Seen(Some(shown))) if seen(shown));
        let name = self.memory.names.entry(key.clone()).or_default();
        if adopted && !name.heard {
            name.heard = true;
            self.changed = true;
        }
        if name.mismatched
            && let (Some(at), Some(Seen(Some(shown))), Some((claimed, _))) = (entry, shown, name.success)
            && shown == claimed
        {
            name.mismatched = false;
            name.worked_with = Some(self.rules.entries[at].fingerprint.clone());
            self.changed = true;
        }
        if denied {
            name.denied = true;
            self.changed = true;
        }
        // In place of a lost memory: what DNS shows is as good as published.
        if let Some(Seen(Some(shown))) = shown
            && wanted == Some(shown)
            && name.success.is_none()
        {
            name.success = Some((shown, now));
            name.further = None;
            name.heard = true;
            self.changed = true;
        }
    }

    pub(crate) fn wants_update(&mut self, now: u64) {
        for (_, key) in keys(&self.rules, true) {
            let last = self.memory.names.get(&key).and_then(|name| name.last_manual);
            if last.is_none_or(|last| last + 300 * SECOND <= now + SLACK) {
                self.fleeting.entry(key).or_default().manual = true;
            }
        }
    }

    pub(crate) fn unlock(&mut self, now: u64) {
        let all: Vec<(usize, Key)> = keys(&self.rules, false).collect();
        self.unlock_keys(&all, now);
    }

    fn unlock_keys(&mut self, all: &[(usize, Key)], now: u64) {
        let recently = |at: Option<u64>| at.is_some_and(|at| now < at + 300 * SECOND && at < now);
        for (entry, key) in all {
            let account = self.memory.accounts.entry(self.rules.entries[*entry].account.clone()).or_default();
            let mut opened = false;
            if account.lock.is_some() && !recently(account.unlocked) {
                (account.lock, account.refused_version) = (None, None);
                account.unlocked = Some(now);
                opened = true;
            }
            let name = self.memory.names.entry(key.clone()).or_default();
            if (name.lock.is_some() || name.muted.is_some()) && !recently(name.unlocked) {
                name.lock = None;
                // A person wants it tried again.
                name.failed |= name.muted.take().is_some();
                opened = true;
            }
            if opened {
                (name.row, name.unlocked) = (None, Some(now));
            }
        }
        self.changed = true;
    }

    /// New settings, at a moment that the process knows of: without a clock it can note nothing, not even that an entry was
    /// switched off meanwhile.
    pub(crate) fn settings(&mut self, rules: Rules, known_at: Option<u64>) {
        self.sights.settings(&self.rules, &rules);
        self.rules = rules;
        if let Some(now) = known_at {
            self.review(now);
        }
    }

    /// Locks of other settings are open.
    fn review(&mut self, now: u64) {
        let rules = &self.rules;
        let mut switched = Vec::new();
        for (at, key) in keys(rules, false) {
            let entry = &rules.entries[at];
            let name = self.memory.names.entry(key.clone()).or_default();
            if std::mem::replace(&mut name.off, !entry.enabled) && entry.enabled {
                switched.push((at, key));
            }
            name.lock = name.lock.take().filter(|fingerprint| *fingerprint == entry.fingerprint);
            name.muted = name.muted.take().filter(|(_, fingerprint)| *fingerprint == entry.fingerprint);
        }
        for (id, account) in &mut self.memory.accounts {
            let mut current = rules.entries.iter().filter(|entry| entry.account == *id).peekable();
            let other_version = account.refused_version.as_ref().is_some_and(|version| *version != rules.version);
            let known = current.peek().is_some();
            if known && (other_version || current.all(|entry| Some(&entry.fingerprint) != account.lock.as_ref())) {
                (account.lock, account.refused_version) = (None, None);
            }
        }
        self.unlock_keys(&switched, now);
        self.changed = true;
    }

    // ---- requests

    /// A request arrives (or would, had the network not failed).
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub(crate) fn arrival(&mut self, it: &Arrival<'_>) -> Result<(), String> {
        let now = it.now;
        if let Some(given_up) = self.second_chance.take().filter(|ticket| *ticket != it.ticket) {
            self.flying.remove(&given_up);
        }
        let reached = !it.fates.iter().any(|(_, _, fate)| matches!(fate, Fate::Unsent { .. }));
        let keys: Vec<(usize, Key)> =
            it.fates.iter().map(|(name, family, _)| (*name, (it.entry.service.clone(), it.names[*name].clone(), *family))).collect();
        let in_force = |entry: &Arc<Entry>| entry.enabled && self.rules.entries.contains(entry);
        if !it.entries.iter().all(in_force) || !it.entries.iter().any(|entry| **entry == *it.entry) {
            return Err("a request of an entry that is switched off or gone".into());
        }
        let other = self.flying.iter().find(|(ticket, (account, _))| **ticket != it.ticket && *account == it.entry.account);
        if other.is_some() {
            return Err("6: two requests in flight for one account".into());
        }
        if let Some(account) = self.memory.accounts.get(&it.entry.account) {
            if account.lock.is_some() {
                return Err("2: the account is locked".into());
            }
            if now + SLACK < account.not_before {
                return Err(format!("10: the account is to slow down for {} s more", (account.not_before - now) / SECOND));
            }
        }
        let spacing = u64::try_from(it.entry.spacing.as_millis()).expect("a short span");
        let last = self.account_seen.get(&it.entry.account);
        if let Some(last) = last.filter(|last| now + SLACK < **last + spacing) {
            return Err(format!("the account was asked {} ms ago, the spacing is {spacing} ms", now - last));
        }
        self.addresses(it)?;
        for (at, name) in it.names.iter().enumerate() {
            let its: Vec<&Key> = keys.iter().filter(|(index, _)| *index == at).map(|(_, key)| key).collect();
            self.gates(&its, now, reached)?;
            // The same request through the other host has the same reason.
            if self.flying.contains_key(&it.ticket) {
                continue;
            }
            self.reasons(&its, it, reached).map_err(|problem| format!("{problem} ({name})"))?;
        }
        self.flying.insert(it.ticket, (it.entry.account.clone(), keys.iter().map(|(_, key)| key.clone()).collect()));
        for (_, key) in &keys {
            let fleeting = self.fleeting.entry(key.clone()).or_default();
            if std::mem::take(&mut fleeting.manual) {
                self.memory.names.entry(key.clone()).or_default().last_manual = Some(now);
                self.changed = true;
            }
            if reached {
                self.seen.entry(key.clone()).or_default().push_back(now);
            }
        }
        if reached {
            self.requests += 1;
            self.account_seen.insert(it.entry.account.clone(), now);
        }
        Ok(())
    }

    /// Is this the second try of a request, at the other host?
    pub(crate) fn is_second(&self, ticket: u64) -> bool {
        self.flying.contains_key(&ticket)
    }

    /// 5: only an address that is seen now.
    fn addresses(&self, it: &Arrival<'_>) -> Result<(), String> {
        for (family, address) in it.addresses.iter() {
            let Some(address) = address else { continue };
            for entry in it.entries {
                self.supports(entry, family, *address, it.now)?;
            }
        }
        Ok(())
    }

    /// Is this what the line shows, or what was pushed last for this entry and no other? What is pushed counts alone where it
    /// comes first.
    fn supports(&self, entry: &Entry, family: Family, sent: IpAddr, now: u64) -> Result<(), String> {
        let pushed = self.memory.pushes.gives(entry, family);
        let by_the_line = || self.sights.supports(&self.rules, entry, family, sent, now);
        match (rank(&self.rules, entry, family), pushed) {
            (Some(0), Some(pushed)) if pushed == sent => Ok(()),
            (Some(1..), Some(_)) if self.memory.pushes.knows(entry, family, sent) => Ok(()),
            (Some(0), Some(pushed)) => Err(format!("5: {sent} is sent, and {pushed} was pushed")),
            _ => by_the_line(),
        }
    }

    /// The address that was pushed for this entry.
    pub(crate) fn pushed_for(&self, entry: &Entry, family: Family) -> Option<IpAddr> {
        self.memory.pushes.gives(entry, family)
    }

    /// Has its line no other source than what is pushed?
    pub(crate) fn only_hears(&self, entry: &Entry, family: Family) -> bool {
        self.rules.lines.iter().any(|line| line.name == entry.wan && line.sources[family] == [Source::Push])
    }

    /// A router was answered.
    ///
    /// # Errors
    ///
    /// The rule that was broken.
    pub(crate) fn takes(&self, push: &Push, taken: &[Taken]) -> Result<(), String> {
        self.memory.pushes.check(&self.rules, push, taken)
    }

    /// A router pushed; is it news?
    pub(crate) fn pushed(&mut self, push: &Push, taken: &[Taken]) -> bool {
        let changed = self.memory.pushes.pushed(&self.rules, push, taken, self.sights.turns);
        self.changed |= changed;
        changed
    }

    /// Locks, waits, spacing and budget of one name.
    fn gates(&mut self, its: &[&Key], now: u64, reached: bool) -> Result<(), String> {
        for key in its {
            let name = self.memory.names.entry((*key).clone()).or_default();
            if name.lock.is_some() {
                return Err(format!("2: {} is locked", key.1));
            }
            if now + SLACK < name.not_before {
                return Err(format!("10: {} {} is to wait {} s more", key.1, key.2, (name.not_before - now) / SECOND));
            }
            let fleeting = self.fleeting.entry((*key).clone()).or_default();
            if now + SLACK < fleeting.hiccup {
                return Err(format!("{} is tried {} s too early after a fault of the network", key.1, (fleeting.hiccup - now) / SECOND));
            }
            let seen = self.seen.entry((*key).clone()).or_default();
            while seen.front().is_some_and(|at| at + HOUR <= now) {
                seen.pop_front();
            }
            if !reached {
                continue;
            }
            if seen.len() >= 11 {
                return Err(format!("3: more than eleven requests in an hour for {}", key.1));
            }
            if let Some(last) = seen.back().filter(|last| now + SLACK < **last + MINUTE) {
                return Err(format!("{} was sent {} s ago", key.1, (now - last) / SECOND));
            }
        }
        Ok(())
    }

    /// 1, 4: is there a reason for this name?
    fn reasons(&mut self, its: &[&Key], it: &Arrival<'_>, reached: bool) -> Result<(), String> {
        let mut problems = Vec::new();
        let mut found = false;
        let mut news = false;
        for key in its {
            let address = it.addresses[key.2].expect("a fate has an address");
            match self.reason(key, address, it) {
                Ok(new) => {
                    found = true;
                    news |= new;
                }
                Err(why) => problems.push(why),
            }
        }
        if !found {
            return Err(problems.join("; "));
        }
        if !news && reached {
            for key in its {
                let name = self.memory.names.entry((*key).clone()).or_default();
                name.further = Some(it.now);
                self.changed = true;
            }
        }
        Ok(())
    }

    /// `true`: the address is new, or the last request failed; `false`: it is one more for a published address.
    fn reason(&self, key: &Key, address: IpAddr, it: &Arrival<'_>) -> Result<bool, String> {
        let (name, fleeting) = (&self.memory.names[key], &self.fleeting[key]);
        let now = it.now;
        if fleeting.manual {
            // A person's update comes on top.
            return Ok(true);
        }
        let refresh = it.entry.refresh.map(|span| u64::try_from(span.as_millis()).expect("a short span"));
        if let Some((since, _)) = &name.muted {
            return match refresh {
                Some(refresh) if now + SLACK >= since + refresh => Ok(true),
                _ => Err(format!("{} {} is not set up at the provider", key.1, key.2)),
            };
        }
        if let Some((refused, probe)) = name.refused
            && refused == address
        {
            return match probe {
                Some(probe) if now + SLACK >= probe => Ok(true),
                _ => Err(format!("{address} is refused by the provider")),
            };
        }
        let Some((_, at)) = name.success.filter(|(published, _)| *published == address) else {
            if !name.heard && it.entry.verify && !fleeting.asked_dns {
                return Err("4: nothing is remembered, and DNS was not asked".into());
            }
            return Ok(true);
        };
        if name.failed {
            return Ok(true);
        }
        if refresh.is_some_and(|refresh| now + SLACK >= at + refresh) {
            return Ok(false);
        }
        let rested = name.further.is_none_or(|further| now + SLACK >= further + DAY);
        let repair = name.denied && now + SLACK >= at + if name.assumed { 15 * MINUTE } else { HOUR };
        let unseen = !it.entry.verify && name.denied && now + SLACK >= at + HOUR;
        if rested && (repair || unseen) {
            return Ok(false);
        }
        Err(format!(
            "1: {address} is the published one since {} s (last further request {:?} s ago, DNS {})",
            now.saturating_sub(at) / SECOND,
            name.further.map(|further| now.saturating_sub(further) / SECOND),
            if name.denied { "showed another" } else { "had no objection" }
        ))
    }

    // ---- replies

    /// The reply to `ticket` reached the client.
    pub(crate) fn reply(&mut self, it: &Arrival<'_>, slow: Option<u64>, lie: bool) {
        if it.fates.iter().all(|(_, _, fate)| matches!(fate, Fate::Unsent { least: 0, .. })) {
            self.second_chance = Some(it.ticket);
        } else {
            self.unbooked.extend(self.flying.remove(&it.ticket).into_iter().flat_map(|(_, keys)| keys));
        }
        self.changed = true;
        let now = it.now;
        for (at, family, fate) in it.fates {
            let key: Key = (it.entry.service.clone(), it.names[*at].clone(), *family);
            let address = it.addresses[*family].expect("a fate has an address");
            self.book(&key, address, *fate, &it.entries[*at], now);
            if lie {
                self.memory.names.entry(key).or_default().patience = now + 4 * DAY;
            }
        }
        if let Some(slow) = slow {
            let account = self.memory.accounts.entry(it.entry.account.clone()).or_default();
            account.not_before = account.not_before.max(now + slow);
        }
        // The others of the account may be held back as long.
        let longest = it.fates.iter().map(|(_, _, fate)| patience(*fate)).max().unwrap_or(0);
        if slow.is_some() {
            let account = self.memory.accounts.entry(it.entry.account.clone()).or_default();
            account.patience = account.patience.max(now + longest);
        }
        if longest > 0 {
            for (_, key) in keys(&self.rules, false).filter(|(at, _)| self.rules.entries[*at].service == it.entry.service) {
                let name = self.memory.names.entry(key).or_default();
                name.patience = name.patience.max(now + longest);
                // What is held back is not asked for first: it is known to be unsettled.
                name.heard = true;
            }
        }
    }

    fn book(&mut self, key: &Key, address: IpAddr, fate: Fate, entry: &Entry, now: u64) {
        let fleeting = self.fleeting.entry(key.clone()).or_default();
        let name = self.memory.names.entry(key.clone()).or_default();
        name.heard = true;
        if !matches!(fate, Fate::Unsent { .. } | Fate::Twice { .. }) {
            name.row = None;
        }
        if !matches!(fate, Fate::Unsent { .. }) {
            // The request had to wait for its end: whatever the clock does, that wait does not begin anew.
            (name.not_before, name.portal) = (0, false);
        }
        if matches!(fate, Fate::Refused { .. } | Fate::Removed | Fate::Mismatch) {
            // It is set up after all.
            name.muted = None;
        }
        let mut lock = None;
        match fate {
            Fate::Success { assumed } => {
                let same = name.success.is_some_and(|(published, _)| published == address);
                if !same {
                    name.further = None;
                }
                name.success = Some((address, now));
                (name.assumed, name.denied, name.failed, name.refused) = (assumed, false, false, None);
                name.worked_with = Some(entry.fingerprint.clone());
                name.muted = None;
                (fleeting.hiccup, name.mismatched) = (0, false);
            }
            Fate::Mismatch => {
                if name.success.is_none_or(|(published, _)| published != address) {
                    name.further = None;
                }
                name.success = Some((address, now));
                // Only DNS can tell now; the reply itself is a doubt.
                name.mismatched = true;
                (name.assumed, name.denied, name.failed, name.refused) = (false, true, false, None);
            }
            Fate::Wait { least, portal, .. } => {
                (name.not_before, name.portal, name.failed) = (now + least, portal, true);
            }
            Fate::Twice { status, least, apart, lock: scope, at_once_if_new } => {
                (name.not_before, name.failed) = (now + least, true);
                let new = name.worked_with.as_ref() != Some(&entry.fingerprint);
                let (count, first) = match name.row {
                    Some((last, count, first)) if last == status => (count + 1, first),
                    _ => (1, now),
                };
                name.row = Some((status, count, first));
                if (at_once_if_new && new) || (count >= 2 && now >= first + apart) {
                    // The lock stands in place of the wait.
                    name.not_before = 0;
                    lock = Some(scope);
                }
            }
            Fate::Refused { probe } => {
                name.refused = Some((address, probe.map(|span| now + span)));
                name.failed = false;
                name.patience = name.patience.max(now + probe.unwrap_or(0) * 6 / 5);
            }
            Fate::Removed => {
                (name.success, name.failed) = (None, false);
                name.refused = Some((address, None));
            }
            Fate::Muted => {
                // There is no record, and none is published.
                (name.success, name.failed) = (None, false);
                name.muted = Some((now, entry.fingerprint.clone()));
            }
            Fate::Lock(scope) => lock = Some(scope),
            Fate::LockClient => {
                name.failed = true;
                lock = Some(Scope::Account);
                let account = self.memory.accounts.entry(entry.account.clone()).or_default();
                account.refused_version = Some(self.rules.version.clone());
            }
            Fate::Unsent { least, .. } => fleeting.hiccup = now + least,
        }
        if let Some(scope) = lock {
            // Whoever opens it wants it tried again.
            name.failed = true;
            self.lock(key, scope, entry);
        }
    }

    fn lock(&mut self, origin: &Key, scope: Scope, entry: &Entry) {
        let fingerprint = entry.fingerprint.clone();
        if scope == Scope::Account {
            // It is the login that was refused: where that is as it was, other changes of its entries have come too early to open it.
            let mut current = self.rules.entries.iter().filter(|it| it.account == entry.account).map(|it| &it.fingerprint);
            let same = current.clone().any(|it| *it == fingerprint);
            let fingerprint = current.next().filter(|_| !same).cloned().unwrap_or(fingerprint);
            self.memory.accounts.entry(entry.account.clone()).or_default().lock = Some(fingerprint);
            return;
        }
        for domain in &entry.domains {
            for family in Family::ALL.into_iter().filter(|family| entry.mode.wants(*family)) {
                let key: Key = (entry.service.clone(), domain.as_str().to_owned(), family);
                let reached = match scope {
                    Scope::Family => key == *origin,
                    Scope::Domain => key.1 == origin.1,
                    Scope::Entry | Scope::Account => true,
                };
                // A lock of settings that are not in force any more is none.
                let current = self.rules.entries.iter().any(|it| it.fingerprint == fingerprint);
                if reached && current {
                    self.memory.names.entry(key).or_default().lock = Some(fingerprint.clone());
                }
            }
        }
    }

    /// The requests with these tickets were not sent after all.
    pub(crate) fn not_sent(&mut self, tickets: &[u64]) {
        for ticket in tickets {
            self.flying.remove(ticket);
        }
    }

    // ---- the client's memory

    /// A save succeeded, or there was nothing to save.
    pub(crate) fn saved(&mut self, by_a_save: bool) {
        if by_a_save {
            self.unsaved = false;
        }
        if !self.unsaved {
            self.sights.saved();
        }
        if !self.unsaved && std::mem::take(&mut self.changed) {
            self.durable = self.memory.clone();
            self.unbooked.clear();
        }
    }

    pub(crate) fn save_failed(&mut self) {
        self.unsaved = true;
        self.changed = true;
    }

    /// The process is gone: what was not saved is forgotten, and what was in flight may have arrived.
    pub(crate) fn down(&mut self) {
        self.memory = self.durable.clone();
        self.memory.pushes.down();
        if self.unsaved {
            // It could not write down whom it asked.
            self.echo.clear();
            self.sights.forget_checks();
        }
        (self.changed, self.unsaved) = (false, false);
        self.fleeting.clear();
        self.sights.down();
        let open = std::mem::take(&mut self.flying).into_values().flat_map(|(_, keys)| keys);
        for key in open.chain(std::mem::take(&mut self.unbooked)) {
            let name = self.memory.names.entry(key).or_default();
            (name.failed, name.heard, name.row) = (true, true, None);
            // The moment of the start is added when it is known.
            name.not_before = u64::MAX;
        }
        self.durable = self.memory.clone();
    }

    /// The process is up again, and its clock is right. The wall clock moved by `step` while it was not looking.
    pub(crate) fn up(&mut self, now: u64, step: i64) {
        if step != 0 {
            // By the clock alone nobody can say how long ago a question was.
            self.echo.clear();
            self.sights.forget_checks();
        }
        // Nor how long ago a request was, if the clock was behind: all that is known is its date.
        self.account_seen.values_mut().for_each(|at| *at = at.saturating_add_signed(-step.max(0)));
        for memory in [&mut self.memory, &mut self.durable] {
            memory.shift(step, now);
            for name in memory.names.values_mut().filter(|name| name.not_before == u64::MAX) {
                name.not_before = now + 300 * SECOND;
                name.patience = name.patience.max(now + 2 * HOUR * 6 / 5);
            }
        }
        self.review(now);
    }

    /// These were about to be sent when the process died: the intent may be on disk.
    pub(crate) fn intended(&mut self, keys: impl Iterator<Item = Key>) {
        for key in keys {
            self.durable.names.entry(key).or_default().heard = true;
        }
    }

    /// Everything is forgotten: the state folder is lost, or there never was one.
    pub(crate) fn forget(&mut self) {
        self.memory = Memory::default();
        self.durable = Memory::default();
        self.seen.clear();
        self.account_seen.clear();
        self.echo.clear();
        self.sights.forget_checks();
    }

    /// Is there a reason why this name does not show its address, at the end of a good day?
    pub(crate) fn excuse(&self, entry: &Entry, key: &Key, address: IpAddr, now: u64) -> Option<&'static str> {
        let account = self.memory.accounts.get(&entry.account);
        if account.is_some_and(|account| account.patience + HOUR > now) {
            return Some("the account is to slow down");
        }
        let name = self.memory.names.get(key)?;
        if account.is_some_and(|account| account.lock.is_some()) {
            return Some("the account is locked");
        }
        if name.lock.is_some() {
            return Some("locked");
        }
        // One request carries both, and a refusal of either keeps it back.
        let sibling = (key.0.clone(), key.1.clone(), key.2.other());
        if plan::is_combined(entry) && self.memory.names.get(&sibling).is_some_and(|name| name.lock.is_some()) {
            return Some("its other family is locked");
        }
        if name.muted.is_some() {
            return Some("not set up");
        }
        if name.refused.is_some_and(|(refused, _)| refused == address) {
            return Some("refused");
        }
        (name.patience + HOUR > now).then_some("waiting")
    }

    pub(crate) fn published(&self, key: &Key) -> Option<IpAddr> {
        self.memory.names.get(key)?.success.map(|(address, _)| address)
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }
}

impl Memory {
    fn shift(&mut self, step: i64, now: u64) {
        let moved = |at: &mut u64| {
            if *at != u64::MAX && *at != 0 {
                *at = at.saturating_add_signed(-step).min(now + LONGEST);
            }
        };
        for name in self.names.values_mut() {
            moved(&mut name.not_before);
            moved(&mut name.patience);
            name.unlocked.iter_mut().for_each(moved);
            // What was done is past, whatever the clock said when it was noted.
            let done = [&mut name.further, &mut name.last_manual].into_iter().flatten();
            for at in done.chain(name.success.as_mut().map(|it| &mut it.1)) {
                moved(at);
                *at = (*at).min(now);
            }
            let times = [name.muted.as_mut().map(|it| &mut it.0), name.row.as_mut().map(|it| &mut it.2)].into_iter().flatten();
            times.chain(name.refused.as_mut().and_then(|it| it.1.as_mut())).for_each(moved);
        }
        for account in self.accounts.values_mut() {
            moved(&mut account.not_before);
            moved(&mut account.patience);
            account.unlocked.iter_mut().for_each(moved);
        }
    }
}

fn patience(fate: Fate) -> u64 {
    match fate {
        Fate::Wait { least, most, .. } | Fate::Unsent { least, most, .. } => least.max(most) * 6 / 5,
        Fate::Twice { least, .. } => least * 6 / 5,
        Fate::Mismatch => 4 * DAY,
        _ => 0,
    }
}

/// Index of the entry, key of the name and family; of the enabled entries only, if asked for.
pub(crate) fn keys(rules: &Rules, enabled: bool) -> impl Iterator<Item = (usize, Key)> + '_ {
    let entries = rules.entries.iter().enumerate().filter(move |(_, entry)| entry.enabled || !enabled);
    entries.flat_map(|(at, entry)| {
        entry.domains.iter().flat_map(move |domain| {
            let families = Family::ALL.into_iter().filter(|family| entry.mode.wants(*family));
            families.map(move |family| (at, (entry.service.clone(), domain.as_str().to_owned(), family)))
        })
    })
}
