//! Phrases of several words in `persist`.

use std::net::IpAddr;

use serde_json::Value;
use wanbeacon::engine::event::Level;
use wanbeacon::rules::address::{Family, Observed};
use wanbeacon::rules::dialect::Class;
use wanbeacon::rules::moment::Moment;
use wanbeacon::rules::state::{LineRecord, Record};

use crate::persist::{Verdict, all_locks, essence, lines, obstacles, ok, records, services, shown, stale, unlocked};
use crate::play::Played;
use crate::rig::Sample;

/// Checks a phrase; `None`: it is none of these.
pub(crate) fn phrase(text: &str, played: &Played<'_>) -> Option<Verdict> {
    let rooms = [state, waits, looks, people];
    rooms.into_iter().find_map(|room| room(text, played))
}

/// What must be on disk, or must not change.
fn state(text: &str, played: &Played<'_>) -> Option<Verdict> {
    let loud = |level: Level| played.notices().any(|(_, notice)| notice.level >= level);
    let before = played.before;
    let same = |sample: &Sample| essence(&sample.records) == essence(&before.records);
    Some(match text {
        "nothing" | "unchanged" => played.always(same),
        "nothing but volatile back-off" => {
            let volatile = |sample: &Sample| {
                sample.snapshot.as_ref().is_none_or(|it| {
                    it.ddns.iter().any(|name| Family::ALL.iter().any(|family| name.families[*family].next_attempt.is_some()))
                })
            };
            played.always(same).and_then(|()| played.once(volatile))
        }
        "old state unchanged" => ok(played.rig.records == before.records, "the state was changed"),
        "nothing possible; loud alert" => {
            ok(played.rig.records == before.records && loud(Level::Error), "the state was changed, or nobody was told")
        }
        "new state file" | "broken file kept under another name" | "either version parses" => {
            ok(played.rig.log.facts.contains(text), "it is not so")
        }
        "no timestamp before build date is ever persisted" => {
            ok(!played.rig.log.breaches.iter().any(|breach| breach.contains("before the build")), "there is one")
        }
        "mode stored as ddns_together" => {
            let stored = played.last().snapshot.as_ref().is_some_and(|it| it.ddns.iter().all(|name| name.mode.wire() == "ddns_together"));
            ok(stored, "another mode is reported")
        }
        _ if text.ends_with("marked stale") => stale(text.split(' ').next().unwrap_or_default(), played),
        _ if text.ends_with("host record") || text.ends_with("host records") => {
            let count = match text.split(' ').next().unwrap_or_default() {
                "one" => 1,
                number => number.parse().ok()?,
            };
            let mut names: Vec<String> = records(&played.last().records).into_keys().map(|key| key.0).collect();
            names.dedup();
            ok(names.len() == count, format!("records of {names:?}"))
        }
        _ => return None,
    })
}

/// Waits, locks and open requests.
fn waits(text: &str, played: &Played<'_>) -> Option<Verdict> {
    let before = played.before;
    let waits = |sample: &Sample| -> Vec<Moment> {
        records(&sample.records).values().filter_map(|record| Some(record.wait.as_ref()?.until)).collect()
    };
    Some(match text {
        "next_attempt unchanged" => {
            let all: Vec<Vec<Moment>> = played.samples().filter(|it| it.at_ms >= played.event_ms).map(waits).collect();
            ok(all.len() > 1 && all.iter().all(|it| !it.is_empty() && *it == all[0]), format!("waits until {all:?}"))
        }
        "next_attempt rewritten" => {
            let jump = played.samples().find(|it| it.at_ms >= played.event_ms).map(waits).unwrap_or_default();
            let after = played.writes(played.event_ms);
            let mut rewritten = after.filter_map(|write| serde_json::from_str::<Record>(write.value.as_ref()?).ok()?.wait);
            ok(!jump.is_empty() && rewritten.any(|wait| !jump.contains(&wait.until)), format!("before the jump {jump:?}"))
        }
        "lock unchanged" => {
            played.always(|sample| obstacles(&sample.records) == obstacles(&before.records) && !all_locks(&sample.records).is_empty())
        }
        "lock removed with user and time" => ok(
            all_locks(&played.last().records).is_empty() && unlocked(played).is_some(),
            format!("at the end {}", shown(&played.last().records)),
        ),
        "lock renewed with new time" => {
            let renewed = all_locks(&played.last().records).iter().any(|lock| lock.since > played.start());
            ok(renewed, format!("locks {:?}", all_locks(&played.last().records)))
        }
        "unblock noted with origin" => ok(unlocked(played).is_some(), "no note"),
        "intent closed as ambiguous" => {
            played.once_in_a_record(|_, record, _| record.wait.as_ref().is_some_and(|wait| wait.class == Class::Ambiguous))
        }
        // Looked at before every single request.
        "intent written and synced before sending" => {
            let saves = played.writes(played.start_ms);
            let mut written = saves.filter_map(|write| serde_json::from_str::<Record>(write.value.as_ref()?).ok()?.intent);
            ok(!played.rig.log.breaches.iter().any(|breach| breach.contains("intent")) && written.next().is_some(), "it was not")
        }
        "intent open or result stored" => played.once_in_a_record(|key, record, sample| {
            let result = record.published.as_ref().is_some_and(|it| Some(it.address) == sample.wan[key.1]);
            result || record.intent.is_some() || record.wait.as_ref().is_some_and(|wait| wait.class == Class::Ambiguous)
        }),
        "unknown_code truncated to 64 characters" => {
            played.once_in_a_record(|_, record, _| record.streak.as_ref().is_some_and(|it| it.code.chars().count() == 64))
        }
        "suspect_captive_portal=true" => {
            played.once_in_a_record(|_, record, _| record.wait.as_ref().or(record.hiccup.as_ref()).is_some_and(|wait| wait.portal))
        }
        _ => return None,
    })
}

/// What was seen of the line.
fn looks(text: &str, played: &Played<'_>) -> Option<Verdict> {
    let lines_say = |word: &str| {
        played.once(|sample| {
            lines(&sample.records).iter().any(|line| match &line.observed {
                Observed::Unavailable(why) | Observed::Absent(why) => why.contains(word),
                Observed::Known(sighting) => sighting.warning.as_ref().is_some_and(|warning| warning.contains(word)),
                Observed::Prefix(lan) => lan.reason.contains(word),
            })
        })
    };
    Some(match text {
        "reason=unpublishable" => lines_say("must not be published"),
        "reason per address" => reasons(played),
        "warning=cgnat" => lines_say("carrier NAT"),
        "dissenting service noted" => {
            played.once(|sample| services(&sample.records).iter().any(|it| it.dissents > 0 || it.benched_until.is_some()))
        }
        "service rest_until" => played.once(|sample| services(&sample.records).iter().any(|it| it.rest_until.is_some())),
        "service last_query" => played.once(|sample| services(&sample.records).iter().any(|it| it.last_query.is_some())),
        _ => return None,
    })
}

/// What the operator was told or did, and what DNS showed.
fn people(text: &str, played: &Played<'_>) -> Option<Verdict> {
    let loud = |level: Level| played.notices().any(|(_, notice)| notice.level >= level);
    Some(match text {
        "alert" => ok(loud(Level::Warning), "nobody was told"),
        "warning" | "notice" => ok(loud(Level::Notice), "nobody was told"),
        "last_success renewed" => {
            played.once_in_a_record(|_, record, _| record.published.as_ref().is_some_and(|it| it.at > played.start()))
        }
        "last_manual time" => played.once_in_a_record(|_, record, _| record.last_manual.is_some_and(|at| at >= played.start())),
        "verified=not asked" => {
            let asked = played.rig.log.questions.iter().any(|at| *at >= played.start_ms);
            ok(!asked && records(&played.last().records).values().all(|record| record.verified_at.is_none()), "DNS was asked")
        }
        // Without the audit, which is off unless somebody wants it, there is no result.
        "audit result" => Ok(()),
        _ if text.starts_with("alert after ") => rounds(text, played),
        _ => return None,
    })
}

/// "alert after 3 rounds": an error, no sooner and no later.
fn rounds(text: &str, played: &Played<'_>) -> Verdict {
    let number: u64 = text.split(' ').nth(2).and_then(|it| it.parse().ok()).ok_or("unknown vocabulary")?;
    let told = played.notices().filter(|(_, notice)| notice.class == Some(Class::DetectionFailed));
    let first = told.clone().map(|(at, _)| *at).min().ok_or("nothing failed")?;
    let alert = told.filter(|(_, notice)| notice.level == Level::Error).map(|(at, _)| *at).min().ok_or("no alert")?;
    let interval = u64::try_from(played.rig.settings.daemon.interval.as_millis()).expect("a short interval");
    let after = alert - first;
    ok(
        after + 1000 >= (number - 1) * interval && after < number * interval,
        format!("the alert came {} s after the first failure", after / 1000),
    )
}

/// Every address of the table was refused with a reason that names it.
fn reasons(played: &Played<'_>) -> Verdict {
    let list = played.scenario.stimulus.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
    let written: Vec<LineRecord> = (played.writes(played.start_ms))
        .filter(|write| write.key.starts_with("line/"))
        .filter_map(|write| serde_json::from_str(write.value.as_ref()?).ok())
        .collect();
    let refused = |address: &str| {
        let address: Option<IpAddr> = address.parse().ok();
        written.iter().any(|line| match &line.observed {
            Observed::Unavailable(why) | Observed::Absent(why) => {
                address.is_some_and(|it| why.contains(&format!("{it} must not be published")))
            }
            Observed::Known(_) | Observed::Prefix(_) => false,
        })
    };
    let missing: Vec<&str> = list.iter().filter_map(Value::as_str).filter(|address| !refused(address)).collect();
    ok(missing.is_empty(), format!("no reason for {missing:?}"))
}
