//! The model provider and its name servers: what is stored, what is shown, what is answered, and what the answer means.
//!
//! The meanings are written down here a second time, from the providers' rules, so that the engine is not judged by itself.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::answer::{DnsAnswer, Said, ServerAnswer};
use wanbeacon::rules::dialect::Scope;
use wanbeacon::rules::reply::{Fault, Outcome, Reply};

use super::dice::Dice;
use super::{DAY, HOUR, MINUTE, SECOND};

/// Service, name, family.
pub(crate) type Key = (String, String, Family);

/// What an answer obliges the client to, for one name and family. Spans in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Success {
        assumed: bool,
    },
    /// Success with another address.
    Mismatch,
    /// Not again before `least`; again before `most`, if all is well.
    Wait {
        least: u64,
        most: u64,
        portal: bool,
    },
    /// A wait of `least`; the second one in a row, `apart` after the first, is a lock.
    Twice {
        status: u16,
        least: u64,
        apart: u64,
        lock: Scope,
        at_once_if_new: bool,
    },
    Refused {
        probe: Option<u64>,
    },
    Removed,
    Muted,
    Lock(Scope),
    /// The program is refused: another version may try.
    LockClient,
    /// Nothing reached the provider.
    Unsent {
        least: u64,
        most: u64,
        portal: bool,
    },
}

/// A request as it arrives.
pub(crate) struct Request<'a> {
    pub(crate) service: &'a str,
    pub(crate) provider: &'a str,
    pub(crate) names: &'a [String],
    pub(crate) addresses: PerFamily<Option<IpAddr>>,
    /// The client looks at DNS afterwards, so lies come out.
    pub(crate) verified: bool,
    /// The client may ask another host of the provider.
    pub(crate) other_host: bool,
    /// The clocks of both sides agree: a date is understood.
    pub(crate) dates: bool,
}

pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// Index of the name, family, fate.
    pub(crate) fates: Vec<(usize, Family, Fate)>,
    /// The whole account is to slow down for this long.
    pub(crate) slow: Option<u64>,
    /// What the client was told may be wrong: it takes a look at DNS and a day or two to find out.
    pub(crate) lie: bool,
}

/// What every authoritative server shows without a doubt: an address, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen(pub(crate) Option<IpAddr>);

#[derive(Clone, Copy)]
struct Record {
    address: IpAddr,
    before: Option<IpAddr>,
    shown_from: u64,
}

#[derive(Default)]
pub(crate) struct Provider {
    records: BTreeMap<Key, Record>,
    /// Percent of the requests that do not simply succeed.
    pub(crate) trouble: u64,
}

/// Date of the simulation's zero, for Retry-After as a date.
pub(crate) fn http_date(wall_ms: i64) -> String {
    let since = Duration::from_millis(u64::try_from(wall_ms).unwrap_or(0));
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + since)
}

impl Provider {
    pub(crate) fn stored(&self, key: &Key) -> Option<IpAddr> {
        self.records.get(key).map(|record| record.address)
    }

    /// What the authoritative servers say, and whether that confirms `wanted` without a doubt or denies it.
    pub(crate) fn look_up(&self, key: &Key, now: u64, dice: &mut Dice) -> (DnsAnswer, Option<Seen>) {
        if self.trouble > 0 && dice.percent(10) {
            return (DnsAnswer { servers: Vec::new(), failed: Some("no name server answers".into()) }, None);
        }
        let record = self.records.get(key);
        let shown = record.and_then(|record| if record.shown_from <= now { Some(record.address) } else { record.before });
        let said = match (record, shown) {
            (None, _) => Said::NoName,
            (_, shown) => Said::Addresses(shown.into_iter().collect(), Duration::from_secs(60)),
        };
        let mut servers = vec![ServerAnswer { server: "ns1".into(), said }];
        let mut clear = true;
        if dice.percent(50) {
            let mut said = servers[0].said.clone();
            if self.trouble > 0 && dice.percent(10) {
                said = Said::Unreachable("timed out".into());
                clear = false;
            }
            servers.push(ServerAnswer { server: "ns2".into(), said });
        }
        // Beside a silent server a denial still counts, a confirmation does not.
        (DnsAnswer { servers, failed: None }, clear.then_some(Seen(shown)))
    }

    fn store(&mut self, request: &Request<'_>, name: usize, family: Family, now: u64, dice: &mut Dice) {
        let Some(address) = request.addresses[family] else {
            return;
        };
        let lag = match dice.below(20) {
            0 => dice.between(HOUR, 3 * HOUR),
            1..6 => dice.between(MINUTE, 12 * MINUTE),
            _ => dice.between(0, 20 * SECOND),
        };
        let key = (request.service.to_owned(), request.names[name].clone(), family);
        let before = self.records.get(&key).map(|record| if record.shown_from <= now { Some(record.address) } else { record.before });
        if before == Some(Some(address)) {
            return;
        }
        self.records.insert(key, Record { address, before: before.flatten(), shown_from: now + lag });
    }

    /// A request arrives.
    pub(crate) fn answer(&mut self, request: &Request<'_>, wall_ms: i64, now: u64, dice: &mut Dice) -> Answer {
        if self.trouble > 0 && dice.percent(self.trouble) {
            match dice.below(10) {
                0..2 => self.silent(request, now, dice),
                2..5 => self.status(request, wall_ms, now, dice),
                5..7 if request.names.len() > 1 && request.provider != "desec" => self.mixed(request, now, dice),
                _ => self.word(request, now, dice),
            }
        } else {
            self.served(request, now, dice)
        }
    }

    /// Everything is done and said as it should be, in one of the forms that occur.
    fn served(&mut self, request: &Request<'_>, now: u64, dice: &mut Dice) -> Answer {
        let families = families(request);
        let lie = self.trouble > 0 && request.verified && dice.percent(5);
        let one_line = request.names.len() > 1 && self.trouble > 0 && dice.percent(20);
        let forgotten = (one_line && request.verified && dice.percent(20)).then(|| dice.below(request.names.len() as u64));
        let mut lines = Vec::new();
        let per_family = dice.percent(30);
        let told = dice.percent(60);
        for name in 0..request.names.len() {
            let mut changed = Vec::new();
            for &family in &families {
                let key = (request.service.to_owned(), request.names[name].clone(), family);
                changed.push(self.stored(&key) != request.addresses[family]);
                if !lie && forgotten != Some(name as u64) {
                    self.store(request, name, family, now, dice);
                }
            }
            let texts: Vec<String> = families.iter().filter_map(|family| Some(request.addresses[*family]?.to_string())).collect();
            let word = |changed| if changed { "good" } else { "nochg" };
            if per_family {
                lines.extend(changed.iter().zip(&texts).map(|(changed, text)| format!("{} {text}", word(*changed))));
            } else {
                let tail = if told { format!(" {}", texts.join(if dice.percent(50) { "," } else { " " })) } else { String::new() };
                lines.push(format!("{}{tail}", word(changed.contains(&true))));
            }
        }
        let assumed = one_line && request.provider != "desec";
        let body = match request.provider {
            "duckdns" => "OK\n\n\nUPDATED".to_owned(),
            "desec" => "good".to_owned(),
            _ if one_line => dice.pick(&["good", "GOOD\r\n", "nochg"]).to_string(),
            _ => lines.join(if dice.percent(20) { "\r\n" } else { "\n" }) + dice.pick(&["", "\n", "\n\n"]),
        };
        let lie = lie || forgotten.is_some();
        Answer { lie, ..all(request, reply(200, &body), Fate::Success { assumed: assumed || (lie && request.names.len() > 1) }) }
    }

    /// Nothing comes back, or nothing went out.
    fn silent(&mut self, request: &Request<'_>, now: u64, dice: &mut Dice) -> Answer {
        let failed = Outcome::Failed;
        match dice.below(7) {
            0 => all(request, failed(Fault::Lookup("no such host".into())), unsent(30 * SECOND, HOUR)),
            1 | 2 => {
                let least = if request.other_host { 0 } else { 30 * SECOND };
                all(request, failed(Fault::Connect("refused".into())), unsent(least, HOUR))
            }
            3 => {
                let wrong_name = dice.percent(50);
                let fault = Fault::Tls { text: "bad certificate".into(), wrong_name };
                let fate = Fate::Unsent { least: 10 * MINUTE, most: 6 * HOUR, portal: wrong_name };
                all(request, failed(fault), fate)
            }
            4 => {
                let other_host = dice.percent(50);
                let fault = Fault::Redirect { to: "http://portal.example/".into(), other_host };
                all(request, failed(fault), Fate::Wait { least: 10 * MINUTE, most: 6 * HOUR, portal: other_host })
            }
            _ => {
                if dice.percent(50) {
                    for name in 0..request.names.len() {
                        for family in families(request) {
                            self.store(request, name, family, now, dice);
                        }
                    }
                }
                all(request, failed(Fault::Ambiguous("timed out".into())), wait(5 * MINUTE, 2 * HOUR))
            }
        }
    }

    /// An HTTP status without a word.
    fn status(&mut self, request: &Request<'_>, wall_ms: i64, now: u64, dice: &mut Dice) -> Answer {
        let desec = request.provider == "desec";
        let many = request.names.len() > 1;
        let split = wait(5 * MINUTE, 2 * HOUR);
        let twice = |status, least, apart, lock, at_once_if_new| Fate::Twice { status, least, apart, lock, at_once_if_new };
        let status = dice.pick(&[200, 200, 400, 401, 402, 403, 404, 405, 407, 408, 409, 413, 429, 429, 429, 451, 500, 502, 503, 503, 511]);
        let fate = match status {
            200 => return odd_page(request, dice),
            400 if desec => Fate::Lock(Scope::Entry),
            401 | 403 if desec => Fate::Lock(Scope::Account),
            404 if desec => {
                if many {
                    split
                } else {
                    Fate::Lock(Scope::Domain)
                }
            }
            400 | 404 => twice(status, HOUR, 0, Scope::Entry, false),
            401 => twice(status, 6 * HOUR, 0, Scope::Account, true),
            403 => twice(status, 6 * HOUR, DAY, Scope::Account, false),
            402 | 451 => Fate::Lock(Scope::Account),
            407 => wait(10 * MINUTE, HOUR),
            408 => {
                if dice.percent(50) {
                    self.store(request, 0, families(request)[0], now, dice);
                }
                wait(5 * MINUTE, 2 * HOUR)
            }
            413 if many => split,
            405 | 409 | 413 => Fate::Lock(Scope::Entry),
            511 => Fate::Wait { least: 10 * MINUTE, most: HOUR, portal: true },
            _ => return self::busy(request, status, wall_ms, dice),
        };
        all(request, reply(status, ""), fate)
    }

    /// One word for the whole request.
    fn word(&mut self, request: &Request<'_>, now: u64, dice: &mut Dice) -> Answer {
        if request.provider == "duckdns" {
            return match dice.below(3) {
                0 => all(request, reply(200, "KO"), Fate::Lock(Scope::Account)),
                _ => all(request, reply(200, "zorg"), wait(HOUR, DAY)),
            };
        }
        let word = dice.pick(&WORDS);
        if word == "deleted" {
            for name in request.names {
                for family in families(request) {
                    self.records.remove(&(request.service.to_owned(), name.clone(), family));
                }
            }
        }
        if word == "good 91.255.255.1" {
            // It took the address of somebody else.
            if request.addresses.v4.is_none() || request.names.len() > 1 {
                return self.served(request, now, dice);
            }
            let fates = families(request)
                .into_iter()
                .map(|family| (0, family, if family == Family::V4 { Fate::Mismatch } else { Fate::Success { assumed: true } }));
            let fates = fates.collect();
            return Answer { outcome: reply(200, word), fates, slow: None, lie: true };
        }
        let fate = meaning(word, request.provider, request.names.len(), families(request).len());
        let lie = matches!(fate, Fate::Success { .. });
        Answer { slow: (word == "toosoon").then_some(HOUR), lie, ..all(request, reply(200, word), fate) }
    }

    /// One line per name; one of them is refused.
    fn mixed(&mut self, request: &Request<'_>, now: u64, dice: &mut Dice) -> Answer {
        let (names, families) = (request.names.len(), families(request));
        let bad = usize::try_from(dice.below(names as u64)).expect("an index fits");
        let mut answer = all(request, reply(200, ""), Fate::Success { assumed: false });
        if names > 2 && dice.percent(20) {
            // The last name has no line.
            for name in 0..names - 1 {
                for &family in &families {
                    self.store(request, name, family, now, dice);
                }
            }
            for (name, _, fate) in &mut answer.fates {
                if *name == names - 1 {
                    *fate = wait(5 * MINUTE, 2 * HOUR);
                }
            }
            answer.outcome = reply(200, &vec!["good"; names - 1].join("\n"));
            return answer;
        }
        let word = dice.pick(&["notfqdn", "nohost", "abuse", "dnserr", "dnserr_lock", "911", "norecord", "!yours", "badauth"]);
        let fate = match word {
            // The neighbours are served, so it is only this name.
            "abuse" => Fate::Lock(Scope::Domain),
            _ => meaning(word, request.provider, 1, families.len()),
        };
        let mut lines = Vec::new();
        for name in 0..names {
            if name == bad {
                lines.push(word);
                continue;
            }
            lines.push("good");
            for &family in &families {
                self.store(request, name, family, now, dice);
            }
        }
        for (_, _, its) in answer.fates.iter_mut().filter(|(name, _, _)| *name == bad) {
            *its = fate;
        }
        answer.outcome = reply(200, &lines.join("\n"));
        answer.lie = matches!(fate, Fate::Success { .. });
        answer
    }
}

const WORDS: [&str; 30] = [
    "badauth",
    "badauth2",
    "abuse",
    "badagent",
    "good 127.0.0.1",
    "good 91.255.255.1",
    "good 91.255.255.1",
    "notfqdn",
    "nohost",
    "numhost",
    "norecord",
    "dnserr",
    "dnserr",
    "dnserr_int",
    "dnserr_lock",
    "dnserr_new",
    "911",
    "911",
    "911",
    "911",
    "upallisdeprecated",
    "badip",
    "!donator",
    "!yours",
    "conflict",
    "deleted",
    "toosoon",
    "w45m",
    "zorg",
    "zorg",
];

/// What a word obliges to (`docs/behaviour.md`, "How a reply is read").
fn meaning(word: &str, provider: &str, names: usize, families: usize) -> Fate {
    let freedyn = provider == "freedyn";
    let many = names > 1;
    match word {
        "badauth" | "badauth2" | "abuse" => Fate::Lock(Scope::Account),
        "badagent" | "good 127.0.0.1" => Fate::LockClient,
        "nohost" if freedyn => Fate::Lock(Scope::Entry),
        "notfqdn" | "nohost" | "!yours" | "conflict" | "numhost" if many => wait(5 * MINUTE, 2 * HOUR),
        "numhost" | "upallisdeprecated" | "!donator" => Fate::Lock(Scope::Entry),
        "conflict" => Fate::Lock(Scope::Family),
        "notfqdn" | "nohost" | "!yours" => Fate::Lock(Scope::Domain),
        // It is left open whom it is about.
        "norecord" if families > 1 || (many && provider != "desec") => Fate::Success { assumed: true },
        "norecord" => Fate::Muted,
        "dnserr" if !freedyn => wait(30 * MINUTE, 6 * HOUR),
        "dnserr" | "dnserr_int" | "dnserr_new" | "badip" => Fate::Refused { probe: None },
        "dnserr_lock" => Fate::Refused { probe: Some(DAY) },
        "911" => wait(30 * MINUTE, 6 * HOUR),
        "deleted" => Fate::Removed,
        "w45m" => wait(45 * MINUTE, 45 * MINUTE),
        "toosoon" | "zorg" => wait(HOUR, DAY),
        other => panic!("the model has no meaning for {other:?}"),
    }
}

/// 200, and yet no reply of this protocol.
fn odd_page(request: &Request<'_>, dice: &mut Dice) -> Answer {
    let plain = wait(10 * MINUTE, 6 * HOUR);
    let mut page = Reply { status: 200, ..Reply::default() };
    let fate = match dice.below(4) {
        0 => plain,
        1 => {
            page.body = b"<html><body>Welcome, please log in</body></html>".into();
            Fate::Wait { least: MINUTE, most: 6 * HOUR, portal: true }
        }
        2 => {
            page.body = b"good".into();
            page.oversized = true;
            plain
        }
        _ => {
            page.body = b"good".into();
            page.unknown_encoding = Some("br".into());
            plain
        }
    };
    all(request, Outcome::Replied(page), fate)
}

/// 429 and 5xx, with and without Retry-After.
fn busy(request: &Request<'_>, status: u16, wall_ms: i64, dice: &mut Dice) -> Answer {
    let asked = dice.pick(&[1, 30, 90, 700, 5000, 40_000, 400_000, 900_000]) * SECOND;
    let header = match dice.below(3) {
        0 => None,
        1 if request.dates => {
            let at = wall_ms + i64::try_from(asked + SECOND).expect("days fit");
            Some(http_date(at))
        }
        _ => Some((asked / SECOND).to_string()),
    };
    // A date counts from when it was written: the way back takes up to a minute.
    let dated = header.as_ref().is_some_and(|value| value.contains(':'));
    let given = header.as_ref().map(|_| asked.min(7 * DAY).saturating_sub(if dated { MINUTE } else { 0 }));
    let limited = status == 429;
    let mut body = "";
    let (least, most) = match (limited, given) {
        (true, Some(given)) => (given.max(MINUTE), given.max(MINUTE) + 2 * MINUTE),
        (true, None) => (HOUR, DAY),
        (false, _) if status == 500 && dice.percent(30) => {
            body = "911";
            let known = request.provider != "duckdns";
            let own = if known { 30 * MINUTE } else { 5 * MINUTE };
            (own.max(given.unwrap_or(0)), (6 * HOUR).max(given.unwrap_or(0)))
        }
        (false, _) => ((5 * MINUTE).max(given.unwrap_or(0)), (2 * HOUR).max(given.unwrap_or(0))),
    };
    let mut page = Reply { status, body: body.into(), ..Reply::default() };
    page.headers.extend(header.map(|value| ("retry-after".to_owned(), value)));
    let answer = all(request, Outcome::Replied(page), Fate::Wait { least, most, portal: false });
    Answer { slow: limited.then_some(least), ..answer }
}

fn families(request: &Request<'_>) -> Vec<Family> {
    Family::ALL.into_iter().filter(|family| request.addresses[*family].is_some()).collect()
}

const fn wait(least: u64, most: u64) -> Fate {
    Fate::Wait { least, most, portal: false }
}

const fn unsent(least: u64, most: u64) -> Fate {
    Fate::Unsent { least, most, portal: false }
}

fn reply(status: u16, body: &str) -> Outcome {
    Outcome::Replied(Reply { status, body: body.into(), ..Reply::default() })
}

fn all(request: &Request<'_>, outcome: Outcome, fate: Fate) -> Answer {
    let fates = (0..request.names.len()).flat_map(|name| families(request).into_iter().map(move |family| (name, family, fate)));
    Answer { outcome, fates: fates.collect(), slow: None, lie: false }
}
