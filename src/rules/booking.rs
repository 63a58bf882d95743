//! A verdict enters the memory: what it changes for the name it is about, and how far it reaches beyond.

use std::net::IpAddr;
use std::time::Duration;

use super::address::Prefix;
use super::answer::SCHEDULE;
use super::dialect::Class;
use super::domain::Entry;
use super::moment::{Moment, millis};
use super::reply::{Verdict, implied_scope};
use super::schedule::{self, REFRESH_SPREAD, backoff, fraction, spread};
use super::state::{BlockedAddress, Claim, LastReply, Lock, Muted, Published, Record, Streak, Verification, Waiting};

/// What the verdict is about, and when it came.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The settings that were sent.
    pub entry: &'a Entry,
    /// The address that was sent.
    pub address: IpAddr,
    /// The prefix of the LAN that the request carried.
    pub prefix: Option<Prefix>,
    /// The request was for this name alone.
    pub alone: bool,
    /// Nothing reached the provider: such back-off is not worth a write.
    pub nothing_sent: bool,
    /// The program's version, for locks.
    pub version: &'a str,
    /// Now.
    pub now: Moment,
    /// The event's random number.
    pub random: u64,
}

/// How far a verdict reaches beyond its own name and family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What it amounted to in the end (a repetition may have made it worse).
    pub class: Class,
    /// A lock and its scope.
    pub lock: Option<Lock>,
    /// Other names of the same entry and family wait as long: the provider has a fault, or wants a slower pace.
    pub wait: Option<Waiting>,
}

/// Books `verdict` on `record`.
pub fn book(record: &mut Record, verdict: &Verdict, sent: &Sent<'_>) -> Reach {
    let class = accept_open_norecord(verdict);
    let class = if class.is_success() { class } else { repeated(record, class, verdict, sent) };
    record.last_reply = Some(LastReply { at: sent.now, class, code: verdict.code.clone(), line: verdict.line.clone() });
    if class != Class::Ambiguous {
        record.intent = None;
    }
    let mut reach = Reach { class, lock: None, wait: None };
    match class {
        Class::Updated | Class::Unchanged => accepted(record, class, verdict, sent),
        Class::NotApplicable => {
            calm(record);
            // There is no record: once it is set up, every address is new.
            record.published = None;
            record.verification = None;
            record.muted = Some(Muted { since: sent.now, code: verdict.code.clone(), fingerprint: sent.entry.fingerprint.clone() });
        }
        Class::Removed => {
            record.published = None;
            block(record, verdict, sent);
        }
        Class::Mismatch => {
            calm(record);
            record.claim = Some(Claim { address: sent.address, reply_address: verdict.address, at: sent.now, prefix: sent.prefix });
            record.verification = start_verification(sent.entry, sent.address, sent.now);
        }
        Class::BlockedAddress => block(record, verdict, sent),
        Class::BlockedHost | Class::BlockedAccount | Class::BlockedClient | Class::BlockedConfig => {
            record.wait = None;
            reach.lock = Some(lock(class, verdict, sent));
        }
        _ => {
            if class == Class::Ambiguous {
                doubt(record, sent.address);
            }
            reach.wait = wait(record, class, verdict, sent);
        }
    }
    reach
}

/// `norecord` that does not say for which family or name: all are taken as accepted, DNS decides.
fn accept_open_norecord(verdict: &Verdict) -> Class {
    if verdict.class == Class::NotApplicable && verdict.assumed { Class::Unchanged } else { verdict.class }
}

/// Counts failures with the same code in a row, and applies what a repetition becomes.
fn repeated(record: &mut Record, class: Class, verdict: &Verdict, sent: &Sent<'_>) -> Class {
    let streak = if sent.nothing_sent { &mut record.hiccups } else { &mut record.streak };
    let rule = verdict.escalate.as_ref();
    let too_old = |streak: &Streak| rule.is_some_and(|rule| !rule.within.is_zero() && sent.now.since(streak.first) > rule.within);
    let current = match streak.take() {
        Some(it) if it.code == verdict.code && !too_old(&it) => Streak { count: it.count.saturating_add(1), ..it },
        _ => Streak { code: verdict.code.clone(), count: 1, first: sent.now },
    };
    let (count, age) = (current.count, sent.now.since(current.first));
    *streak = Some(current);
    let Some(rule) = rule else { return class };
    let never_worked = record.worked_with.as_deref() != Some(sent.entry.fingerprint.as_str());
    if (rule.at_once_if_never_worked && never_worked) || (count >= rule.count && age >= rule.at_least) { rule.to } else { class }
}

/// The provider has the address.
fn accepted(record: &mut Record, class: Class, verdict: &Verdict, sent: &Sent<'_>) {
    let same = record.published.as_ref().is_some_and(|it| it.address == sent.address);
    if !same {
        record.verified_at = None;
    }
    // A doubtful success that was sent once more is the same address: its repairs go on counting.
    let claimed = record.claim.as_ref().is_some_and(|it| it.address == sent.address);
    if !same && !claimed {
        record.repairs = 0;
        record.verify_failures = 0;
        record.nochg_count = 0;
    }
    record.nochg_count = if class == Class::Unchanged { record.nochg_count.saturating_add(1) } else { 0 };
    // What a request does not carry stays as it was.
    let prefix = sent.prefix.or_else(|| record.published.as_ref()?.prefix);
    record.published = Some(Published {
        address: sent.address,
        at: sent.now,
        reply_address: verdict.address,
        // A name that was sent alone cannot be sent alone for a second time.
        assumed: verdict.assumed && !sent.alone,
        refresh_spread_ms: millis(fraction(REFRESH_SPREAD, sent.random)),
        prefix,
    });
    record.worked_with = Some(sent.entry.fingerprint.clone());
    record.stale = false;
    calm(record);
    // A refresh of a confirmed record is no reason for doubt.
    record.verification = if record.verified_at.is_some() { None } else { start_verification(sent.entry, sent.address, sent.now) };
}

/// No wait, no doubt, no refusal is left.
fn calm(record: &mut Record) {
    record.wait = None;
    record.hiccup = None;
    record.streak = None;
    record.hiccups = None;
    record.claim = None;
    record.blocked = None;
    record.muted = None;
}

/// A request with `address` may have been carried out: if another one is published, DNS has to confirm that once more.
pub fn doubt(record: &mut Record, address: IpAddr) {
    if record.published.as_ref().is_some_and(|it| it.address != address) {
        record.verified_at = None;
        record.verification = None;
    }
}

/// A verification that begins now, if the entry wants one.
#[must_use]
pub fn start_verification(entry: &Entry, address: IpAddr, now: Moment) -> Option<Verification> {
    entry.verify.then(|| Verification {
        address,
        since: now,
        asked: 0,
        next: now.plus(SCHEDULE[0]),
        deadline: now.plus(super::answer::deadline(Duration::ZERO)),
        stale: false,
        over: false,
        repair: false,
    })
}

fn block(record: &mut Record, verdict: &Verdict, sent: &Sent<'_>) {
    record.wait = None;
    record.verification = None;
    // A name whose address is refused is set up after all.
    record.muted = None;
    record.blocked = Some(BlockedAddress {
        address: sent.address,
        code: verdict.code.clone(),
        probe_at: verdict.probe.map(|span| sent.now.plus(spread(span, sent.random))),
    });
}

fn lock(class: Class, verdict: &Verdict, sent: &Sent<'_>) -> Lock {
    // An escalated verdict reaches as far as its new class does.
    let scope = if class == verdict.class { verdict.scope } else { implied_scope(class) };
    Lock {
        since: sent.now,
        class,
        code: verdict.code.clone(),
        line: verdict.line.clone(),
        scope,
        fingerprint: sent.entry.fingerprint.clone(),
        version: sent.version.to_owned(),
        hint: verdict.hint.clone(),
    }
}

/// Sets the wait and returns it if others of the same entry and family should wait as well.
fn wait(record: &mut Record, class: Class, verdict: &Verdict, sent: &Sent<'_>) -> Option<Waiting> {
    let rule = verdict.wait?;
    let streak = if sent.nothing_sent { &record.hiccups } else { &record.streak };
    let count = streak.as_ref().map_or(1, |it| it.count);
    let span = backoff(&rule, count, sent.random).max(if class == Class::SplitBatch { schedule::SPLIT } else { Duration::ZERO });
    let waiting = Waiting { until: sent.now.plus(span), class, code: verdict.code.clone(), portal: verdict.portal };
    if sent.nothing_sent {
        record.hiccup = Some(waiting.clone());
    } else {
        record.wait = Some(waiting.clone());
    }
    Some(waiting)
}
