//! The vocabulary of `persist`, read against the JSON records.
//!
//! Facts (`next_attempt`, `lock{…}`) must be on disk at one of the instants that were sampled: when the expected class was
//! announced, when the status was compared, when a process ended, and at the end. What must not change ("unchanged", "kept",
//! "nothing") must hold at all of them. What cannot be read is a failure: "unknown vocabulary".

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use wanbeacon::engine::event::Notice;
use wanbeacon::rules::address::Family;
use wanbeacon::rules::consensus::ServiceRecord;
use wanbeacon::rules::dialect::Scope;
use wanbeacon::rules::moment::Moment;
use wanbeacon::rules::state::{AccountState, LineRecord, Lock, Record};
use wanbeacon::rules::write::Write;

use crate::phrases;
use crate::play::Played;
use crate::rig::{Records, Sample, is_loud};

/// Name and family of a record.
pub(crate) type Key = (String, Family);

pub(crate) type Verdict = Result<(), String>;

fn parsed<T: DeserializeOwned>(records: &Records, prefix: &str) -> BTreeMap<String, T> {
    let inside = records.iter().filter_map(|(key, text)| Some((key.strip_prefix(prefix)?.to_owned(), serde_json::from_str(text).ok()?)));
    inside.collect()
}

/// The records of names, by name and family.
pub(crate) fn records(records: &Records) -> BTreeMap<Key, Record> {
    let key = |text: &str| {
        let (rest, family) = text.rsplit_once('/')?;
        let family = Family::ALL.into_iter().find(|it| it.key() == family)?;
        Some((rest.rsplit('/').next()?.to_owned(), family))
    };
    parsed::<Record>(records, "record/").into_iter().filter_map(|(text, record)| Some((key(&text)?, record))).collect()
}

fn accounts(records: &Records) -> Vec<AccountState> {
    parsed(records, "account/").into_values().collect()
}

pub(crate) fn services(records: &Records) -> Vec<ServiceRecord> {
    parsed(records, "echo/").into_values().collect()
}

pub(crate) fn lines(records: &Records) -> Vec<LineRecord> {
    parsed(records, "line/").into_values().collect()
}

pub(crate) fn ok(holds: bool, why: impl Into<String>) -> Verdict {
    if holds { Ok(()) } else { Err(why.into()) }
}

impl Played<'_> {
    pub(crate) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.rig.log.samples.iter().filter(|sample| sample.at_ms >= self.start_ms && sample.at_ms <= self.end_ms)
    }

    /// What the operator was told in the window.
    pub(crate) fn notices(&self) -> impl Iterator<Item = &(u64, Notice)> + Clone {
        self.rig.log.notices.iter().filter(|(at, _)| (self.start_ms..=self.end_ms).contains(at))
    }

    /// What was written from this boot time on.
    pub(crate) fn writes(&self, from_ms: u64) -> impl Iterator<Item = &Write> {
        self.rig.log.saves.iter().filter(move |(at, _)| *at >= from_ms).flat_map(|(_, batch)| batch)
    }

    pub(crate) fn last(&self) -> &Sample {
        self.samples().last().unwrap_or(self.before)
    }

    /// At one instant at least.
    pub(crate) fn once(&self, mut holds: impl FnMut(&Sample) -> bool) -> Verdict {
        ok(self.samples().any(&mut holds), format!("never; at the end {}", shown(&self.last().records)))
    }

    /// At every instant.
    pub(crate) fn always(&self, mut holds: impl FnMut(&Sample) -> bool) -> Verdict {
        match self.samples().find(|sample| !holds(sample)) {
            None => Ok(()),
            Some(sample) => Err(format!("at {}: {}, before {}", sample.now, shown(&sample.records), shown(&self.before.records))),
        }
    }

    pub(crate) fn once_in_a_record(&self, mut holds: impl FnMut(&Key, &Record, &Sample) -> bool) -> Verdict {
        self.once(|sample| records(&sample.records).iter().any(|(key, record)| holds(key, record, sample)))
    }

    pub(crate) fn start(&self) -> Moment {
        self.before.now
    }

    /// The names of the configuration, in its order.
    fn names(&self) -> Vec<String> {
        self.rig.settings.entries.iter().flat_map(|entry| entry.domains.iter().map(ToString::to_string)).collect()
    }

    fn wanted(&self) -> Vec<Family> {
        Family::ALL.into_iter().filter(|family| self.rig.settings.entries.iter().any(|entry| entry.mode.wants(*family))).collect()
    }

    /// The families that the line has at the end, of those that are wanted.
    fn present(&self) -> Vec<Family> {
        self.wanted().into_iter().filter(|family| self.last().wan[*family].is_some()).collect()
    }

    /// Names whose published address is `address` of the family at `sample`.
    fn holders(&self, sample: &Sample, family: Family, address: Option<IpAddr>) -> Vec<String> {
        let records = records(&sample.records);
        let published = |name: &String| records.get(&(name.clone(), family))?.published.as_ref().map(|it| it.address);
        self.names().into_iter().filter(|name| address.is_some() && published(name) == address).collect()
    }

    fn all_hold(&self, sample: &Sample, family: Family, address: Option<IpAddr>) -> bool {
        self.holders(sample, family, address) == self.names()
    }
}

/// Checks one phrase.
pub(crate) fn check(text: &str, played: &Played<'_>) -> Verdict {
    // What stands in brackets at the end is for people.
    let text = text.split(" (").next().unwrap_or(text).trim();
    if let Some(rest) = text.strip_prefix("published") {
        return published(rest, played);
    }
    if let Some((word, items)) = text.split_once('{') {
        let items: Vec<&str> = items.split('}').next().unwrap_or(items).split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
        return structure(word.trim(), &items, played);
    }
    if let Some((word, about)) = text.split_once(':') {
        return said(word.trim(), about.trim(), played);
    }
    match phrases::phrase(text, played) {
        Some(verdict) => verdict,
        None => assignment(text, played).unwrap_or_else(|| Err("unknown vocabulary".into())),
    }
}

/// Everything that begins with "published".
fn published(rest: &str, played: &Played<'_>) -> Verdict {
    let rest = rest.trim_start_matches(['=', ' ', ',']);
    let address = |text: &str| played.scenario.address(text);
    let (last, wan) = (played.last(), played.last().wan);
    let settled = |sample: &Sample, families: &[Family]| {
        !families.is_empty() && families.iter().all(|family| played.all_hold(sample, *family, wan[*family]))
    };
    let refused = || format!("{} with the line at {wan:?}", shown(&last.records));
    let kept = |sample: &Sample| addresses(&sample.records) == addresses(&played.before.records);
    match rest {
        "" | "final address" | "for all" => ok(settled(last, &played.present()), refused()),
        "both" => ok(settled(last, &Family::ALL), refused()),
        "ipv4" => ok(settled(last, &[Family::V4]), refused()),
        "ipv6" => ok(settled(last, &[Family::V6]), refused()),
        "unchanged" | "kept" => played.always(kept),
        "none" => played.always(|sample| Family::ALL.iter().all(|family| played.holders(sample, *family, wan[*family]).is_empty())),
        "for all, assumed=true until verified" => assumed(played),
        "locks and waits kept" => played.always(|sample| {
            let held = |records: &Records| (addresses(records), obstacles(records));
            held(&sample.records) == held(&played.before.records)
        }),
        _ if rest.contains(" first, then ") => {
            let (first, then) = rest.split_once(" first, then ").expect("it contains it");
            in_turn(&[address(first), address(then)], played)
        }
        _ => selected(rest, played),
    }
}

/// `for hosts 1,3`, `for 25 hosts`, `only for a`, `ipv4=…`, `V4_NEXT`.
fn selected(rest: &str, played: &Played<'_>) -> Verdict {
    let last = played.last();
    let family = *played.present().first().unwrap_or(&Family::V4);
    let names = played.names();
    let holders = |sample: &Sample| played.holders(sample, family, played.last().wan[family]);
    if let Some(list) = rest.strip_prefix("for hosts ").or_else(|| rest.strip_prefix("for host ")) {
        let picked: Option<Vec<String>> =
            list.split(',').map(|number| names.get(number.trim().parse::<usize>().ok()?.checked_sub(1)?).cloned()).collect();
        let picked = picked.ok_or("unknown vocabulary")?;
        return ok(holders(last) == picked, format!("published for {:?}, expected {picked:?}", holders(last)));
    }
    if let Some(list) = rest.strip_prefix("only for ").or_else(|| rest.strip_prefix("for ").filter(|rest| !rest.ends_with("hosts"))) {
        let labels: Vec<&str> = list.split([',', ' ']).filter(|it| !it.is_empty() && *it != "and").collect();
        let label = |name: &String| labels.contains(&name.split('.').next().unwrap_or_default());
        let picked: Vec<String> = names.iter().filter(|name| label(name)).cloned().collect();
        return played.once(|sample| !picked.is_empty() && holders(sample) == picked);
    }
    if let Some(count) = rest.strip_prefix("for ").and_then(|rest| rest.strip_suffix(" hosts")).and_then(|it| it.parse::<usize>().ok()) {
        return ok(holders(last).len() == count, format!("published for {} names", holders(last).len()));
    }
    if let Some((key, "published marked stale")) = rest.split_once(' ') {
        return stale(key, played);
    }
    let (family, text) = match rest.split_once('=') {
        Some((key, text)) => (Family::ALL.into_iter().find(|family| family.key() == key), text),
        None => (None, rest),
    };
    let address = played.scenario.address(text).ok_or("unknown vocabulary")?;
    let family = family.unwrap_or(Family::of(address));
    ok(played.all_hold(last, family, Some(address)), format!("at the end {}", shown(&last.records)))
}

/// One reply for all: assumed at first, and not any more once DNS has shown it.
fn assumed(played: &Played<'_>) -> Verdict {
    let state = |sample: &Sample, assumed: bool| {
        let records = records(&sample.records);
        let fits = |record: &Record| {
            record.published.as_ref().is_some_and(|it| it.assumed == assumed) && (assumed || record.verified_at.is_some())
        };
        !records.is_empty() && records.values().all(fits)
    };
    played.once(|sample| state(sample, true))?;
    ok(state(played.last(), false), format!("at the end {}", shown(&played.last().records)))
}

/// Published one after the other, in the order of the saves.
fn in_turn(expected: &[Option<IpAddr>], played: &Played<'_>) -> Verdict {
    let written = played
        .writes(played.start_ms)
        .filter(|write| write.key.starts_with("record/"))
        .filter_map(|write| serde_json::from_str::<Record>(write.value.as_ref()?).ok());
    let mut found: Vec<Option<IpAddr>> = written.map(|record| record.published.map(|it| it.address)).collect();
    found.dedup();
    // The first ones still hold what was published before.
    ok(found.ends_with(expected), format!("published one after the other: {found:?}"))
}

pub(crate) fn stale(key: &str, played: &Played<'_>) -> Verdict {
    let before = records(&played.before.records);
    let is_kept = |key: &Key, record: &Record| before.get(key).is_some_and(|it| it.published == record.published);
    played.once_in_a_record(|(name, family), record, _| {
        family.key() == key && record.stale && record.published.is_some() && is_kept(&(name.clone(), *family), record)
    })
}

/// `lock{…}`, `muted{…}`, `blocked_address{…}`, `intent{…}`.
fn structure(word: &str, items: &[&str], played: &Played<'_>) -> Verdict {
    match word {
        "lock" => lock(items, played),
        "muted" => played.once_in_a_record(|key, record, _| {
            let Some(muted) = &record.muted else { return false };
            items.iter().all(|item| match item.split_once('=') {
                Some(("family", family)) => key.1.key() == family,
                Some(("code", code)) => muted.code == code,
                _ => *item == "host" || *item == "time",
            })
        }),
        "blocked_address" | "blocked" => played.once_in_a_record(|_, record, _| {
            let Some(blocked) = &record.blocked else { return false };
            items.iter().all(|item| match item.split_once('=') {
                Some(("code", code)) => blocked.code == code,
                Some(_) => false,
                None if *item == "probe_at" => blocked.probe_at.is_some(),
                None => played.scenario.address(item) == Some(blocked.address),
            })
        }),
        // "stays open until resolved": as long as nothing else is known.
        "intent" => played.once_in_a_record(|key, record, sample| {
            record.intent.as_ref().is_some_and(|it| Some(it.address) == sample.wan[key.1] && it.at >= played.start())
        }),
        _ => Err("unknown vocabulary".into()),
    }
}

/// A lock with everything that is asked of it, at the account or at names.
fn lock(items: &[&str], played: &Played<'_>) -> Verdict {
    let names = played.names();
    let fits = |lock: &Lock, key: Option<&Key>| {
        items.iter().all(|item| match item.split_once('=') {
            Some(("code", code)) => lock.code == code,
            Some(("class", class)) => format!("{:?}", lock.class) == class,
            Some(("scope", "account")) => lock.scope == Scope::Account && key.is_none(),
            Some(("scope", "host")) => matches!(lock.scope, Scope::Domain | Scope::Family),
            Some(("scope", scope)) => {
                let number = scope.strip_prefix("host ").and_then(|it| it.parse::<usize>().ok());
                let picked = number.and_then(|number| names.get(number.checked_sub(1)?));
                matches!(lock.scope, Scope::Domain | Scope::Family) && picked.is_some() && key.map(|it| &it.0) == picked
            }
            Some(("family", family)) => key.is_some_and(|it| it.1.key() == family) && lock.scope == Scope::Family,
            Some(_) => false,
            None => match *item {
                "host" => matches!(lock.scope, Scope::Domain | Scope::Family),
                "account" => lock.scope == Scope::Account,
                "program version" | "version" => lock.version == env!("CARGO_PKG_VERSION"),
                // The fingerprint covers the URLs with their scheme.
                "scheme" | "fingerprint" => played.rig.settings.entries.iter().any(|entry| entry.fingerprint == lock.fingerprint),
                "time" => lock.since >= played.start(),
                _ => false,
            },
        })
    };
    let one_host = items.iter().any(|item| item.starts_with("scope=host "));
    played.once(|sample| {
        let own = records(&sample.records);
        let locked = own.iter().filter(|(_, record)| record.lock.is_some()).count();
        let at_name = own.iter().any(|(key, record)| record.lock.as_ref().is_some_and(|it| fits(it, Some(key))));
        let at_account = accounts(&sample.records).iter().any(|account| account.lock.as_ref().is_some_and(|it| fits(it, None)));
        (at_name || at_account) && !(one_host && locked > played.wanted().len())
    })
}

/// "alert: …", "notice: …", "diagnostic: …": told to the operator in words like these.
fn said(word: &str, about: &str, played: &Played<'_>) -> Verdict {
    if !matches!(word, "alert" | "notice" | "diagnostic" | "warning" | "hint") {
        return Err("unknown vocabulary".into());
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "");
    let words: Vec<String> = about.split([' ', ',']).map(plain).filter(|word| word.len() >= 4).collect();
    let notices = played.notices();
    let loud = notices.filter(|(_, notice)| word == "notice" || is_loud(notice));
    let holds = |text: &str| {
        let text = plain(text);
        words.iter().filter(|word| text.contains(word.as_str())).count() * 2 > words.len()
    };
    let mut texts = loud.map(|(_, notice)| notice.text.clone());
    ok(texts.any(|text| holds(&text)), "nobody was told so")
}

/// `key=value`, or a key alone: fields of the records.
fn assignment(text: &str, played: &Played<'_>) -> Option<Verdict> {
    let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)));
    let number = |value: Option<&str>| value.and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
    if let Some(status) = key.strip_prefix("http").and_then(|rest| rest.strip_suffix("_count")) {
        let (code, count) = (format!("http{status}"), number(value)?);
        return Some(
            played
                .once_in_a_record(|_, record, _| record.streak.as_ref().is_some_and(|it| it.code == code && u64::from(it.count) == count)),
        );
    }
    Some(match key {
        "next_attempt" => played.once(|sample| {
            let later = |at: Option<Moment>| at.is_some_and(|at| at > sample.now);
            let waits = |record: &Record| {
                let probe = record.blocked.as_ref().and_then(|it| it.probe_at);
                later(record.wait.as_ref().map(|it| it.until)) || later(probe) || later(record.verification.as_ref().map(|it| it.next))
            };
            records(&sample.records).values().any(waits) || accounts(&sample.records).iter().any(|it| later(it.slow_until))
        }),
        "failure_count" => {
            let count = number(value)?;
            played.once_in_a_record(|_, record, _| record.streak.as_ref().is_some_and(|it| u64::from(it.count) == count))
        }
        "code" => played.once_in_a_record(|_, record, _| record.wait.as_ref().is_some_and(|it| Some(it.code.as_str()) == value)),
        "reply_address" => played.once_in_a_record(|_, record, _| {
            let named = match (&record.published, &record.claim) {
                (_, Some(claim)) => Some(claim.reply_address),
                (Some(published), None) => Some(published.reply_address),
                (None, None) => None,
            };
            match value {
                Some("absent") => named == Some(None),
                Some(address) => named == Some(played.scenario.address(address)) && played.scenario.address(address).is_some(),
                None => named.flatten().is_some(),
            }
        }),
        "batch_limit" => {
            let limit = number(value);
            played.once(|sample| {
                accounts(&sample.records)
                    .iter()
                    .any(|it| it.batch_limit.is_some() && (limit.is_none() || it.batch_limit.map(|it| it as u64) == limit))
            })
        }
        "assumed" => {
            let flag = value == Some("true");
            played.once_in_a_record(|_, record, _| record.published.as_ref().is_some_and(|it| it.assumed == flag))
        }
        "endpoint_preference" => {
            let host = value?.split(' ').next()?.to_owned();
            let day = Duration::from_secs(86_400);
            played.once(|sample| {
                accounts(&sample.records).iter().filter_map(|it| it.endpoint.clone()).any(|it| {
                    it.host.contains(&host)
                        && it.until > played.start()
                        && it.until <= sample.now.plus(day)
                        && it.until >= played.start().plus(day)
                })
            })
        }
        "enabled" => {
            let off = value == Some("0") || value == Some("false");
            let all = records(&played.last().records);
            ok(!all.is_empty() && all.values().all(|record| record.off == off), format!("at the end {}", shown(&played.last().records)))
        }
        "verified_at" => {
            let all = records(&played.last().records);
            let verified = |record: &Record| record.verified_at.is_some_and(|at| at >= played.start());
            ok(!all.is_empty() && all.values().any(verified), format!("at the end {}", shown(&played.last().records)))
        }
        _ => return plain_field(key, value, played),
    })
}

/// A field of a record by its own name.
fn plain_field(key: &str, value: Option<&str>, played: &Played<'_>) -> Option<Verdict> {
    let known = |map: &Map<String, Value>| map.contains_key(key);
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let empty = [serde_json::to_value(Record::default()).ok()?, serde_json::to_value(AccountState::default()).ok()?];
    if !empty.into_iter().map(object).any(|map| known(&map)) {
        return None;
    }
    Some(played.once(|sample| {
        let stored = sample.records.iter().filter(|(name, _)| name.starts_with("record/") || name.starts_with("account/"));
        let mut found = stored.filter_map(|(_, text)| serde_json::from_str::<Map<String, Value>>(text).ok()?.get(key).cloned());
        found.any(|it| match value {
            None => true,
            Some(value) => it.as_str().map_or_else(|| it.to_string(), str::to_owned) == played.scenario.words(value),
        })
    }))
}

fn addresses(all: &Records) -> BTreeMap<Key, IpAddr> {
    records(all).into_iter().filter_map(|(key, record)| Some((key, record.published?.address))).collect()
}

pub(crate) fn all_locks(all: &Records) -> Vec<Lock> {
    let own = records(all).into_values().filter_map(|record| record.lock);
    own.chain(accounts(all).into_iter().filter_map(|it| it.lock)).collect()
}

/// Locks and waits, without what time changes.
pub(crate) fn obstacles(all: &Records) -> (Vec<Lock>, Vec<Moment>) {
    (all_locks(all), records(all).into_values().filter_map(|record| Some(record.wait?.until)).collect())
}

/// What matters of the state: not what was seen of the line, and not the last words of a provider.
pub(crate) fn essence(all: &Records) -> Vec<String> {
    let own = records(all).into_iter().map(|(key, it)| {
        let published = it.published.map(|it| (it.address, it.at));
        format!("{key:?} {published:?} {:?} {:?} {:?} {:?} {:?} {:?}", it.lock, it.muted, it.blocked, it.wait, it.intent, it.claim)
    });
    own.chain(accounts(all).into_iter().map(|it| format!("{:?} {:?}", it.lock, it.batch_limit))).collect()
}

/// Who opened a lock since the stimulus.
pub(crate) fn unlocked(played: &Played<'_>) -> Option<String> {
    let last = &played.last().records;
    let noted =
        records(last).into_values().filter_map(|record| record.unlocked).chain(accounts(last).into_iter().filter_map(|it| it.unlocked));
    noted.into_iter().find(|it| it.at >= played.start() && !it.by.is_empty()).map(|it| it.by)
}

/// The records of names and accounts, for a message.
pub(crate) fn shown(all: &Records) -> String {
    let own = all.iter().filter(|(key, _)| key.starts_with("record/") || key.starts_with("account/"));
    let mut text = own.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ");
    if text.len() > 1500 {
        text.truncate((0..=1500).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
        text.push('…');
    }
    text
}
