//! The model provider: answers as told, and stores what it says it stored.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use url::Url;
use wanbeacon::rules::address::Family;
use wanbeacon::rules::dialect::{Class, Dialect, Style};
use wanbeacon::rules::domain::{Domain, Entry};
use wanbeacon::rules::moment::Moment;
use wanbeacon::rules::order::{Order, Prepared};
use wanbeacon::rules::reply::{BODY_LIMIT, Fault, Outcome, Reply};

/// What the provider does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Stores and says so in the dialect's words.
    Good,
    /// Says this.
    Say { status: u16, headers: Vec<(String, String)>, body: String },
    /// Says this in gzip, without end, in an unknown coding …
    Raw { text: String, body: Vec<u8>, status: u16, oversized: bool, unknown_encoding: Option<String> },
    /// Sends the client elsewhere.
    Redirect { status: u16, to: String },
    /// Nothing usable comes back.
    Broken { fault: Fault, reached: bool, stores: bool, after: Duration },
    /// By the families that the request carries.
    ByFamily(Box<Act>, Box<Act>),
    /// The same, later.
    Later(Duration, Box<Act>),
}

/// What the client sees.
pub(crate) struct Answer {
    /// HTTP requests that reached the provider.
    pub(crate) reached: usize,
    pub(crate) outcome: Outcome,
    pub(crate) after: Duration,
}

/// A client gives up after this (`http_total_timeout_s`), or after this without a connection.
pub(crate) const TOTAL: Duration = Duration::from_secs(60);
pub(crate) const CONNECT: Duration = Duration::from_secs(10);

/// How long an ordinary request takes.
const QUICK: Duration = Duration::from_millis(200);

/// Most redirects in a row (`max_redirects`).
const HOPS: usize = 3;

/// The provider.
#[derive(Default)]
pub(crate) struct Provider {
    /// What it does with the next requests; the last one is repeated.
    pub(crate) acts: Vec<Act>,
    /// Hosts of its that cannot be reached.
    pub(crate) down: Vec<String>,
    /// What is stored.
    pub(crate) zone: BTreeMap<(Domain, Family), IpAddr>,
}

impl Provider {
    /// From now on these.
    pub(crate) fn script(&mut self, acts: Vec<Act>) {
        self.acts = acts;
    }

    /// One request comes in. `now` is the wall clock.
    pub(crate) fn answer(&mut self, entry: &Entry, order: &Order, prepared: &Prepared, now: Moment) -> Answer {
        if self.down.iter().any(|host| prepared.host.eq_ignore_ascii_case(host)) {
            return broken(Fault::Connect("connection refused".into()), false, QUICK);
        }
        let act = match self.acts.as_slice() {
            [] => Act::Good,
            [only] => only.clone(),
            _ => self.acts.remove(0),
        };
        self.act(&act, entry, order, prepared, now)
    }

    fn act(&mut self, act: &Act, entry: &Entry, order: &Order, prepared: &Prepared, now: Moment) -> Answer {
        match act {
            Act::Good => reply(self.serve(&entry.dialect, order)),
            Act::Say { status, headers, body } => {
                let at = now.plus(QUICK);
                let headers = headers.iter().map(|(name, value)| (name.to_lowercase(), dated(value, at))).collect();
                self.listen(order, *status, body);
                reply(Reply { status: *status, headers, body: body.clone().into_bytes(), ..Reply::default() })
            }
            Act::Raw { text, body, status, oversized, unknown_encoding } => {
                if !*oversized && unknown_encoding.is_none() {
                    self.listen(order, *status, text);
                }
                let mut body = body.clone();
                body.truncate(BODY_LIMIT);
                reply(Reply {
                    status: *status,
                    body,
                    oversized: *oversized,
                    unknown_encoding: unknown_encoding.clone(),
                    ..Reply::default()
                })
            }
            Act::Redirect { status, to } => self.redirect(*status, to, entry, order, prepared),
            Act::Broken { fault, reached, stores, after } => {
                if *stores {
                    self.store(order, |_| true, None);
                }
                broken(fault.clone(), *reached, *after)
            }
            Act::ByFamily(v4, v6) => match (order.addresses.v4, order.addresses.v6) {
                (Some(_), None) => self.act(v4, entry, order, prepared, now),
                (None, _) => self.act(v6, entry, order, prepared, now),
                (Some(_), Some(_)) => {
                    let text = |act: &Act| match act {
                        Act::Say { body, .. } => body.clone(),
                        _ => "good".into(),
                    };
                    let both = Act::Say { status: 200, headers: Vec::new(), body: format!("{}\n{}", text(v4), text(v6)) };
                    self.act(&both, entry, order, prepared, now)
                }
            },
            Act::Later(span, then) => {
                let answer = self.act(then, entry, order, prepared, now.plus(*span));
                if *span >= TOTAL {
                    return broken(Fault::Ambiguous("no complete reply within 60s".into()), true, TOTAL);
                }
                Answer { after: *span, ..answer }
            }
        }
    }

    /// As the client in `src/http` follows redirects: within the origin a few times, from http to https once, else not.
    fn redirect(&mut self, status: u16, to: &str, entry: &Entry, order: &Order, prepared: &Prepared) -> Answer {
        let https = prepared.url.expose().starts_with("https:");
        let refused = |reached, other_host| Answer {
            reached,
            outcome: Outcome::Failed(Fault::Redirect { to: format!("{to} ({status})"), other_host }),
            after: QUICK,
        };
        let lower = to.to_lowercase();
        if let (Ok(from), Ok(to)) = (Url::parse(prepared.url.expose()), Url::parse(to)) {
            let words = match (from.host() == to.host(), to.scheme()) {
                (true, scheme) if from.scheme() == scheme && from.port() != to.port() => "other port",
                (true, scheme) => return self.redirect(status, &format!("{scheme} same host"), entry, order, prepared),
                (false, _) => "other host",
            };
            return self.redirect(status, words, entry, order, prepared);
        }
        if lower == "self" || lower.contains("same url") {
            return refused(1 + HOPS, false);
        }
        if lower.contains("same host") || lower.contains("same path") {
            if lower.contains("https") && !https {
                let moved =
                    Reply { moved_to: Some(prepared.url.expose().replacen("http:", "https:", 1)), ..self.serve(&entry.dialect, order) };
                return Answer { reached: 2, ..reply(moved) };
            }
            if lower.contains("http") && !lower.contains("https") && https || lower.contains(" port") {
                return refused(1, false);
            }
            return Answer { reached: 2, ..reply(self.serve(&entry.dialect, order)) };
        }
        let downgrade = lower.starts_with("http ") || lower == "http" || lower.contains("https to http") || lower.contains("https->http");
        refused(1, !downgrade && !lower.contains(" port"))
    }

    /// Stores, and says what changed by it.
    fn serve(&mut self, dialect: &Dialect, order: &Order) -> Reply {
        let has = |domain: &Domain, address: IpAddr| self.zone.get(&(domain.clone(), Family::of(address))) == Some(&address);
        let changed: Vec<bool> = (order.domains.iter())
            .map(|domain| order.addresses.iter().any(|(_, address)| address.is_some_and(|address| !has(domain, address))))
            .collect();
        self.store(order, |_| true, None);
        good(dialect, order, &changed)
    }

    /// Stores what the reply claims, name by name.
    fn listen(&mut self, order: &Order, status: u16, body: &str) {
        if !(200..300).contains(&status) {
            return;
        }
        let said: Vec<(bool, Option<IpAddr>)> =
            body.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| (claims_success(line), public_address(line))).collect();
        if said.is_empty() && status == 204 {
            self.store(order, |_| true, None);
        } else if said.len() == order.domains.len() {
            for (at, (success, named)) in said.into_iter().enumerate() {
                if success {
                    self.store(order, |name| name == at, named);
                }
            }
        } else if said.first().is_some_and(|(success, _)| *success) {
            let named = if said.len() == 1 { said[0].1 } else { None };
            self.store(order, |_| true, named);
        }
    }

    /// Stores for the names that `which` picks; `named` is another address that the reply speaks of.
    fn store(&mut self, order: &Order, which: impl Fn(usize) -> bool, named: Option<IpAddr>) {
        let sent: Vec<IpAddr> = order.addresses.iter().filter_map(|(_, address)| *address).collect();
        for (_, domain) in order.domains.iter().enumerate().filter(|(at, _)| which(*at)) {
            for address in &sent {
                let family = Family::of(*address);
                let other = named.filter(|named| !sent.contains(named) && Family::of(*named) == family);
                self.zone.insert((domain.clone(), family), other.unwrap_or(*address));
            }
        }
    }
}

fn reply(reply: Reply) -> Answer {
    Answer { reached: 1, outcome: Outcome::Replied(reply), after: QUICK }
}

fn broken(fault: Fault, reached: bool, after: Duration) -> Answer {
    Answer { reached: usize::from(reached), outcome: Outcome::Failed(fault), after }
}

/// The dialect's way to say that all is well: one line per name where lines stand for names. `changed`: name by name.
fn good(dialect: &Dialect, order: &Order, changed: &[bool]) -> Reply {
    let word_for = |class: Class, favourite: &str| {
        let words: Vec<&String> = dialect.words.iter().filter(|(_, meaning)| meaning.class == class).map(|(word, _)| word).collect();
        words.iter().find(|word| word.as_str() == favourite).or(words.first()).map(|word| (*word).clone())
    };
    let Some(updated) = word_for(Class::Updated, "good") else {
        let status = dialect.status.iter().find(|(_, meaning)| meaning.class.is_success()).and_then(|(status, _)| status.parse().ok());
        return Reply { status: status.unwrap_or(204), ..Reply::default() };
    };
    let unchanged = word_for(Class::Unchanged, "nochg").unwrap_or_else(|| updated.clone());
    let addresses: Vec<String> = order.addresses.iter().filter_map(|(_, address)| address.as_ref().map(ToString::to_string)).collect();
    let line = |changed: bool| format!("{} {}", if changed { &updated } else { &unchanged }, addresses.join(","));
    let any = changed.contains(&true);
    let word = if any { &updated } else { &unchanged };
    let body = match &dialect.reply.style {
        _ if word.bytes().all(|b| b.is_ascii_digit()) => format!("<SUCCESS CODE=\"{word}\" TEXT=\"ok\" ZONE=\"z.test\">"),
        Style::Lines if updated == "good" && !dialect.reply.atomic => changed.iter().map(|it| line(*it)).collect::<Vec<_>>().join("\n"),
        Style::Json(field) => format!("{{\"{field}\":\"{word}\"}}"),
        _ => line(any),
    };
    Reply { status: 200, body: body.into_bytes(), ..Reply::default() }
}

/// What providers say when they stored something: written down here on its own, not taken from the program under test.
fn claims_success(line: &str) -> bool {
    const WORDS: [&str; 14] = [
        "good",
        "nochg",
        "nochange",
        "no_change",
        "ok",
        "updated",
        "unchanged",
        "success",
        "successfully_changed",
        "noerror",
        "code = 200",
        "addresses updated",
        "addresses unchanged",
        "no update required",
    ];
    let lower = line.trim_start_matches('\u{feff}').to_lowercase();
    let page = lower.starts_with('<');
    let plain: String = if page { lower.split('<').filter_map(|part| part.rsplit('>').next()).collect() } else { lower.clone() };
    let plain = plain.trim();
    let whole = |word: &str| plain.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
    WORDS.iter().any(|word| whole(word)) || lower.contains("<success") || plain.starts_with("success|")
}

fn public_address(line: &str) -> Option<IpAddr> {
    let mut words = line.split([' ', ',', '\t']).filter_map(|word| word.parse::<IpAddr>().ok());
    words.find(|address| wanbeacon::rules::address::publishable(*address).is_ok())
}

/// `<now+7200 as IMF-fixdate>`, or the value as it is.
fn dated(value: &str, now: Moment) -> String {
    let number = |text: &str, sign: i64| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<i64>().ok().map(|seconds| sign * seconds)
    };
    let Some(rest) = value.strip_prefix("<now") else {
        return value.to_owned();
    };
    let offset =
        rest.strip_prefix('+').and_then(|rest| number(rest, 1)).or_else(|| rest.strip_prefix('-').and_then(|rest| number(rest, -1)));
    let at = now.shifted(offset.unwrap_or(0) * 1000);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0)))
}
