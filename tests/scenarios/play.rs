//! One row from beginning to end: what differs from what it expects.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use wanbeacon::rules::address::Family;
use wanbeacon::rules::dialect::Class;
use wanbeacon::rules::moment::Moment;
use wanbeacon::rules::snapshot::{LockPicture, Snapshot};
use wanbeacon::rules::state::Record;

use crate::catalogue::Scenario;
use crate::conduct;
use crate::line::Line;
use crate::persist;
use crate::rig::{Records, Rig, Sample, aggregated, name};
use crate::setting::Wishes;
use crate::stage::{self, Window};

/// After the row: so long nothing may be sent by a new process that has no next attempt.
const AFTERWARDS: Duration = Duration::from_secs(3600);

/// Everything that a row left behind, for the comparison with what must be on disk.
pub(crate) struct Played<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) rig: &'a Rig,
    pub(crate) before: &'a Sample,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    /// From what waits are counted.
    pub(crate) event_ms: u64,
}

/// Plays `scenario`; an empty list: as expected.
pub(crate) fn play(scenario: &Scenario) -> Vec<String> {
    catch_unwind(AssertUnwindSafe(|| played(scenario))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        vec![format!("panic: {}", text.unwrap_or("without words"))]
    })
}

fn played(scenario: &Scenario) -> Vec<String> {
    let wishes = Wishes::of(scenario);
    let settings = match wishes.settings() {
        Ok(settings) => settings,
        Err(problems) => return refused(scenario, &problems),
    };
    let seed = scenario.id.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let extra = std::env::var("WANBEACON_SEED").ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let mut rig = Rig::new(settings, Line::new(scenario.pair("wan")), seed.wrapping_add(extra << 32));
    if let Err(why) = stage::prepare(&mut rig, scenario) {
        return vec![why];
    }
    let before = rig.sample();
    rig.log.samples.clear();
    rig.log.replies.clear();
    rig.watched = Some(scenario.expect.class.clone());
    let window = match stage::stimulate(&mut rig, scenario, &wishes) {
        Ok(window) => window,
        Err(why) => return vec![why],
    };
    let mut wrong = compare(&mut rig, scenario, &before, &window);
    wrong.extend(again(&mut rig));
    conduct::review(&mut rig);
    wrong.append(&mut rig.log.breaches);
    wrong
}

/// The configuration was refused: nothing ever runs.
fn refused(scenario: &Scenario, problems: &str) -> Vec<String> {
    let expect = &scenario.expect;
    let mut wrong = Vec::new();
    if expect.class != "BlockedConfig" || expect.status.ipv4 != "undefined" || expect.status.ipv6 != "undefined" {
        wrong.push(format!("the configuration is refused: {problems}"));
    }
    if expect.requests.min > 0 {
        wrong.push(format!("0 requests, expected {} or more", expect.requests.min));
    }
    if expect.persist.iter().any(|text| text != "nothing") {
        wrong.push(format!("nothing is stored by a configuration that is refused, expected {:?}", expect.persist));
    }
    wrong
}

fn compare(rig: &mut Rig, scenario: &Scenario, before: &Sample, window: &Window) -> Vec<String> {
    let expect = &scenario.expect;
    let success = matches!(expect.class.as_str(), "Updated" | "Unchanged");
    let end_ms = window.start_ms + millis(window.lead) + expect.requests.within_s * 1000;
    let mut wrong = Vec::new();

    // The instant of comparison lies a second before the next attempt; when that is follows from the reply.
    let held_back = expect.next_attempt.not_before_s.filter(|it| !success && *it > 0);
    let event_ms = match held_back {
        Some(_) => {
            while rig.boot_ms < end_ms && event(rig, scenario, window).is_none() {
                rig.run(Duration::from_secs(1).min(Duration::from_millis(end_ms - rig.boot_ms)));
            }
            event(rig, scenario, window)
        }
        None => None,
    };
    let instant_ms = match (held_back, event_ms) {
        (Some(seconds), Some(event)) => end_ms.min(event + (seconds * 1000).saturating_sub(1000)).max(rig.boot_ms),
        _ => end_ms,
    };
    // What is told right after the event: the next look at the addresses, and everything if "not before 0" is expected.
    let at_once = expect.next_attempt.not_before_s == Some(0);
    let told = (held_back.is_some() || at_once).then(|| {
        rig.run_to(event(rig, scenario, window).unwrap_or(window.start_ms) + 1000);
        (rig.picture(), rig.wake())
    });
    rig.run_to(instant_ms);
    let settled = rig.sample();
    let wake_ms = told.as_ref().and_then(|(_, wake)| *wake).filter(|_| looks(rig, scenario, window));
    let waiting = told.map(|(sample, _)| sample).filter(|_| at_once).unwrap_or_else(|| settled.clone());
    wrong.extend(status(&settled, scenario));
    let event_ms = event(rig, scenario, window).unwrap_or(window.start_ms);
    if !success && scenario.kind() != "command" {
        wrong.extend(next_attempt(rig, scenario, &waiting, wake_ms, event_ms));
    }
    rig.run_to(end_ms);
    let last = rig.sample();
    if success || scenario.kind() == "command" {
        wrong.extend(gap(rig, scenario, &last, window, end_ms));
    }

    let reached = rig.reached(window.start_ms, end_ms);
    if reached < expect.requests.min || reached > expect.requests.max {
        wrong.push(format!("{reached} requests, expected {} to {}", expect.requests.min, expect.requests.max));
    }
    wrong.extend(class(rig, scenario, window.start_ms, end_ms));
    wrong.extend(path(rig, scenario, window.start_ms, end_ms));
    wrong.extend(silence(rig, scenario, window.start_ms, end_ms));
    let played = Played { scenario, rig, before, start_ms: window.start_ms, end_ms, event_ms };
    wrong
        .extend(expect.persist.iter().filter_map(|text| persist::check(text, &played).err().map(|why| format!("persist {text:?}: {why}"))));
    wrong
}

/// What waits are counted from: the stimulus where it says so, else the first reply, else what was announced first.
fn event(rig: &Rig, scenario: &Scenario, window: &Window) -> Option<u64> {
    if let Some(event) = window.event_ms {
        return Some(event);
    }
    if scenario.expect.class == "NoAction" {
        return Some(window.start_ms);
    }
    if scenario.expect.class == "DetectionFailed" {
        let failed = |notice: &&(u64, _)| notice.0 >= window.start_ms;
        let mut failed = rig.log.notices.iter().filter(failed).filter(|(_, notice)| notice.class == Some(Class::DetectionFailed));
        return failed.next().map(|(at, _)| *at);
    }
    rig.log.replies.iter().find(|at| **at >= window.start_ms).copied()
}

/// Is it about the line, and not about a provider's reply?
fn looks(rig: &Rig, scenario: &Scenario, window: &Window) -> bool {
    matches!(scenario.expect.class.as_str(), "DetectionFailed" | "NoAction")
        || !rig.log.requests.iter().any(|it| it.at_ms >= window.start_ms)
}

fn status(settled: &Sample, scenario: &Scenario) -> Option<String> {
    let shown = |family| settled.snapshot.as_ref().map_or_else(|| "(no process)".to_owned(), |snapshot| aggregated(snapshot, family));
    let expected = &scenario.expect.status;
    let found = [shown(Family::V4), shown(Family::V6)];
    (found[0] != expected.ipv4 || found[1] != expected.ipv6)
        .then(|| format!("status {} / {} at {}, expected {} / {}", found[0], found[1], settled.now, expected.ipv4, expected.ipv6))
}

/// The earliest next attempt that a snapshot shows.
fn shown_attempt(snapshot: &Snapshot) -> Option<Moment> {
    snapshot.ddns.iter().flat_map(|name| Family::ALL.map(|family| name.families[family].next_attempt)).flatten().min()
}

/// After a failure: the picture's next attempt, or without one the next look at the addresses.
fn next_attempt(rig: &Rig, scenario: &Scenario, settled: &Sample, wake_ms: Option<u64>, event_ms: u64) -> Option<String> {
    let next = &scenario.expect.next_attempt;
    let shown = settled.snapshot.as_ref().and_then(shown_attempt).map(|at| rig.boot_of(at));
    let wake = wake_ms.and_then(|at| i64::try_from(at).ok());
    let value = match (next.not_before_s, next.not_after_s) {
        (None, None) => {
            let none = shown.is_none() || next.trigger == "-";
            return (!none).then(|| {
                format!("next attempt in {} s, expected none", (shown.unwrap_or(0) - i64::try_from(event_ms).unwrap_or(0)) / 1000)
            });
        }
        (Some(_), None) if shown.is_none() => return None,
        _ => shown.or(wake),
    };
    between(value.map(|at| at - i64::try_from(event_ms).expect("a small number")), scenario, "next attempt")
}

/// After a success: the distance of the last two requests, or that of the only one from the stimulus.
fn gap(rig: &Rig, scenario: &Scenario, last: &Sample, window: &Window, end_ms: u64) -> Option<String> {
    let next = &scenario.expect.next_attempt;
    let signed = |ms: u64| i64::try_from(ms).expect("a small number");
    if next.not_before_s.is_none() && next.not_after_s.is_none() {
        let shown = last.snapshot.as_ref().and_then(shown_attempt).filter(|_| next.trigger != "-");
        return shown.map(|at| format!("next attempt at {at}, expected none"));
    }
    if scenario.kind() == "command" {
        let asked = persist::records(&last.records).values().filter_map(|record| record.last_manual).max();
        let free = asked.map(|at| rig.boot_of(at.plus(Duration::from_secs(300))) - signed(window.start_ms));
        return between(free, scenario, "the next manual update");
    }
    let times: Vec<u64> = rig.log.requests.iter().map(|it| it.at_ms).filter(|at| (window.start_ms..=end_ms).contains(at)).collect();
    let value = match times.as_slice() {
        [.., before, last] => Some(signed(last - before)),
        [only] => Some(signed(only - window.start_ms)),
        [] => None,
    };
    between(value, scenario, "distance of the last request")
}

fn between(value_ms: Option<i64>, scenario: &Scenario, what: &str) -> Option<String> {
    let next = &scenario.expect.next_attempt;
    let shown = |bound: Option<u64>| bound.map_or_else(|| "(none)".to_owned(), |it| it.to_string());
    let bounds = format!("expected {} to {} s", shown(next.not_before_s), shown(next.not_after_s));
    let Some(value) = value_ms else {
        return Some(format!("{what}: (none), {bounds}"));
    };
    let ms = |bound: u64| i64::try_from(bound * 1000).expect("a small number");
    let inside = next.not_before_s.is_none_or(|least| value >= ms(least)) && next.not_after_s.is_none_or(|most| value <= ms(most));
    (!inside).then(|| format!("{what}: {:.3} s, {bounds}", Duration::from_millis(value.unsigned_abs()).as_secs_f64()))
}

fn class(rig: &Rig, scenario: &Scenario, start_ms: u64, end_ms: u64) -> Option<String> {
    let inside = |at: u64| (start_ms..=end_ms).contains(&at);
    let said: Vec<String> = rig.log.notices.iter().filter(|(at, _)| inside(*at)).filter_map(|(_, notice)| name(notice.class)).collect();
    let expected = &scenario.expect.class;
    let mut shown = said.clone();
    shown.dedup();
    match expected.as_str() {
        "NoAction" => (!said.is_empty()).then(|| format!("class {shown:?}, expected none")),
        _ if !said.contains(expected) => Some(format!("class {shown:?}, expected {expected}")),
        "Updated" | "Unchanged" if !matches!(said.last().map(String::as_str), Some("Updated" | "Unchanged")) => {
            Some(format!("class {shown:?}, expected {expected} at the end"))
        }
        _ => None,
    }
}

/// The way of the status, for the family that is not `undefined`. `undefined` and `updated` are passed through in no time
/// where something follows, and words that only a request brings are left out without one.
fn path(rig: &Rig, scenario: &Scenario, start_ms: u64, end_ms: u64) -> Option<String> {
    let expected: Vec<&str> = scenario.expect.status_path.as_ref()?.split(" > ").map(str::trim).collect();
    let family = if scenario.expect.status.ipv4 == "undefined" { Family::V6 } else { Family::V4 };
    let mut seen: Vec<&str> =
        rig.log.statuses.iter().filter(|(at, _)| (start_ms..=end_ms).contains(at)).map(|(_, it)| it[family].as_str()).collect();
    seen.dedup();
    let asked = rig.reached(start_ms, end_ms) > 0;
    let optional = |word: &str| matches!(word, "undefined" | "updated") || (!asked && matches!(word, "updating" | "verifying"));
    let needed: Vec<&str> = expected.iter().copied().filter(|word| !optional(word)).collect();
    // The way begins with its first necessary word.
    let from =
        (0..seen.len()).find(|from| seen[*from] == needed[0] && is_within(&needed, &seen[*from..]) && is_within(&seen[*from..], &expected));
    from.is_none().then(|| format!("status path {}, expected {}", seen.join(" > "), expected.join(" > ")))
}

/// Are all words of `some` in `all`, in this order?
fn is_within(some: &[&str], all: &[&str]) -> bool {
    let mut all = all.iter();
    some.iter().all(|word| all.any(|it| it == word))
}

/// Locked, switched off or without a link nothing is asked either.
fn silence(rig: &Rig, scenario: &Scenario, start_ms: u64, end_ms: u64) -> Option<String> {
    let status = &scenario.expect.status;
    let quiet = scenario.expect.class == "NoAction" && matches!(status.ipv4.as_str(), "offline" | "account-disabled")
        || scenario.kind() == "link" && status.ipv4 == "internet-not-connected";
    // What was under way at the stimulus may end.
    let inside = |at: u64| at > start_ms && at <= end_ms;
    let probes = rig.log.probes.iter().filter(|asking| inside(asking.at_ms)).count();
    let questions = rig.log.questions.iter().filter(|at| inside(**at)).count();
    (quiet && probes + questions > 0).then(|| format!("{probes} probes and {questions} DNS queries, expected silence"))
}

/// A new process on the same state sends nothing before the next attempt, and keeps every lock and wait.
fn again(rig: &mut Rig) -> Vec<String> {
    if !rig.is_running() {
        return vec!["no process runs at the end".into()];
    }
    let picture = rig.snapshot();
    let next = picture.as_ref().and_then(shown_attempt).and_then(|at| u64::try_from(rig.boot_of(at)).ok());
    let held = stored(&rig.records);
    let locked = locks(picture.as_ref());
    let sent = rig.reached(0, u64::MAX);
    rig.crash = None;
    rig.supervisor = None;
    rig.restart();
    let until = next.map_or(rig.boot_ms + millis(AFTERWARDS), |at| at.saturating_sub(1));
    let soon = rig.boot_ms + 5_000;
    let mut wrong = Vec::new();
    if until > soon {
        rig.run_to(soon);
        let now = rig.wall();
        for (key, wait) in held.iter().filter(|(_, wait)| **wait > now) {
            if stored(&rig.records).get(key) != Some(wait) {
                wrong.push(format!("after a restart the wait of {key} is not {wait}"));
            }
        }
        if locks(rig.snapshot().as_ref()) != locked && rig.disk_fault.is_none() {
            wrong.push("after a restart the locks are not as before".into());
        }
        rig.run_to(until);
        let more = rig.reached(0, u64::MAX) - sent;
        if more > 0 {
            wrong.push(format!("{more} more requests after a restart"));
        }
    }
    wrong
}

/// Stored waits by record.
fn stored(records: &Records) -> BTreeMap<String, Moment> {
    let wait = |record: Record| record.wait.map(|wait| wait.until);
    records.iter().filter_map(|(key, text)| Some((key.clone(), wait(serde_json::from_str(text).ok()?)?))).collect()
}

fn locks(snapshot: Option<&Snapshot>) -> Vec<Option<LockPicture>> {
    let names = snapshot.map(|snapshot| snapshot.ddns.as_slice()).unwrap_or_default();
    names.iter().flat_map(|name| Family::ALL.map(|family| name.families[family].locked.clone())).collect()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).expect("a span of this century")
}
