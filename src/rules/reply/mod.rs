//! HTTP status + body + dialect → one verdict per name and family (`docs/behaviour.md`, "How a reply is read").

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::address::{Family, PerFamily};
use super::dialect::{Class, Dialect, Escalation, Scope};
use super::domain::Domain;
use super::moment::Moment;

mod body;
mod by_name;
mod display;
mod http;
mod lines;
mod markup;
mod named;
mod settle;
pub mod wait;
mod words;

pub use wait::Wait;

use body::Reading;
use lines::Mapping;
use words::Line;

/// What came back from sending one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An HTTP reply.
    Replied(Reply),
    /// No usable reply.
    Failed(Fault),
}

/// An HTTP reply, read within the limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Header fields by lower-case name.
    pub headers: Vec<(String, String)>,
    /// At most [`BODY_LIMIT`] bytes, decoded from gzip or deflate.
    pub body: Vec<u8>,
    /// The body was longer than the limit.
    pub oversized: bool,
    /// The body has a Content-Encoding that we cannot undo; its name.
    pub unknown_encoding: Option<String>,
    /// The redirect from http to https on the same host that was followed, as a hint for the operator.
    pub moved_to: Option<String>,
}

/// Longest body that is read, after decoding, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The provider's name could not be resolved: nothing was sent.
    Lookup(String),
    /// No connection (refused, unreachable, timed out): nothing was sent.
    Connect(String),
    /// TLS failed: nothing was sent.
    Tls {
        /// The library's words.
        text: String,
        /// The certificate is for another name: somebody else answers (captive portal).
        wrong_name: bool,
    },
    /// A redirect that is not followed.
    Redirect {
        /// Where it points, without query.
        to: String,
        /// Another host answers for this one: captive portal suspected.
        other_host: bool,
    },
    /// The request went out, and then: time-out, reset, broken framing.
    Ambiguous(String),
    /// The request could not be built or sent by our own rules (a URL that does not parse after expansion).
    Unsendable(String),
}

impl fmt::Display for Fault {
    /// In words, for an operator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lookup(text) => write!(f, "the name could not be resolved: {text}"),
            Self::Connect(text) => write!(f, "no connection: {text}"),
            Self::Tls { text, .. } => write!(f, "TLS failed: {text}"),
            Self::Redirect { to, other_host: true } => write!(f, "redirected to {to:?}, another host: is this a captive portal?"),
            Self::Redirect { to, other_host: false } => write!(f, "redirected to {to:?}, which is not followed"),
            Self::Ambiguous(text) | Self::Unsendable(text) => f.write_str(text),
        }
    }
}

/// The verdict on one name and family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it amounts to.
    pub class: Class,
    /// The provider's word in lower case, or `http404`, `timeout` …; at most 64 characters, printable ASCII.
    pub code: String,
    /// The line as received: escaped, without secrets, at most 200 characters; empty if there was none.
    pub line: String,
    /// How far a refusal reaches.
    pub scope: Scope,
    /// First wait and longest wait for temporary classes; `None`: no timer.
    pub wait: Option<Wait>,
    /// A blocked address may be offered again after this long.
    pub probe: Option<Duration>,
    /// What a repetition becomes.
    pub escalate: Option<Escalation>,
    /// The public address that the line names, if it is another one than was sent or the same.
    pub address: Option<IpAddr>,
    /// Said about several names or families at once: to be verified one by one (rules M2 and M6). With
    /// [`Class::NotApplicable`] it is open which of them is not set up.
    pub assumed: bool,
    /// Somebody else may have answered: captive portal.
    pub portal: bool,
    /// One sentence for the operator.
    pub hint: Option<String>,
}

/// What was sent, as far as judging needs it.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Names in the order of the request.
    pub domains: &'a [Domain],
    /// Addresses the request carries.
    pub addresses: PerFamily<Option<IpAddr>>,
    /// The sibling endpoint may still be tried.
    pub other_endpoint: bool,
    /// When the reply came, on the wall clock (Retry-After as a date).
    pub now: Moment,
}

/// All verdicts on one reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Index of the name, family, verdict: one for each name and family that was asked for.
    pub verdicts: Vec<(usize, Family, Verdict)>,
    /// From now on one name per request for this account (rules M7, M8, M10, numhost).
    pub batch_limit: bool,
    /// Notices for the operator (redirect followed, unknown hosts named …).
    pub notices: Vec<String>,
}

/// How far a refusal of this class reaches where the dialect says nothing else (`docs/behaviour.md`, "How a reply is read").
#[must_use]
pub const fn implied_scope(class: Class) -> Scope {
    match class {
        Class::BlockedAccount | Class::BlockedClient => Scope::Account,
        Class::BlockedConfig => Scope::Entry,
        Class::BlockedHost => Scope::Domain,
        _ => Scope::Family,
    }
}

impl Verdict {
    /// A verdict with what its class implies.
    fn new(class: Class, code: &str) -> Self {
        Self {
            class,
            code: display::code(code),
            line: String::new(),
            scope: implied_scope(class),
            wait: wait::implied(class, code),
            probe: None,
            escalate: None,
            address: None,
            assumed: false,
            portal: false,
            hint: None,
        }
    }

    fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn with_wait(self, wait: Wait) -> Self {
        Self { wait: Some(wait), ..self }
    }
}

/// Judges what came back.
///
/// In this order: what the transport says, size and coding, the dialect's words in the body, the dialect's
/// meaning of the status, the generic meaning of the status. Every name and family that was asked for gets one
/// verdict, in the order of the request; no input panics.
#[must_use]
pub fn judge(dialect: &Dialect, asked: &Asked<'_>, outcome: &Outcome) -> Judgement {
    let mapping = Mapping::new(dialect, asked);
    match outcome {
        Outcome::Failed(fault) => mapping.whole(&Line::of(http::by_fault(fault, asked.other_endpoint))),
        Outcome::Replied(reply) => {
            let mut judgement = judge_reply(&mapping, reply);
            if reply.moved_to.is_some() {
                judgement.notices.push("the endpoint moved to https; write https in the configuration".into());
            }
            judgement
        }
    }
}

fn judge_reply(mapping: &Mapping<'_>, reply: &Reply) -> Judgement {
    let dialect = mapping.dialect;
    let retry_after = http::retry_after(reply, mapping.asked.now);
    let success = (200..300).contains(&reply.status);
    let reading = body::read(dialect, reply);
    let first_row = display::line(&body::first_row(reply));
    let heed = |mut line: Line| {
        if !success && line.verdict.class.claims_success() {
            line.verdict = http::contradiction(&line.verdict, reply.status);
        }
        line.verdict.heed(retry_after);
        line
    };
    let whole = |verdict: Verdict| mapping.whole(&heed(Line::of(Verdict { line: first_row.clone(), ..verdict })));
    match (reading, dialect.meaning_of_status(reply.status)) {
        (Reading::Lines { lines, per_line }, _) if lines.iter().any(|line| line.known) => {
            let lines: Vec<_> = lines.into_iter().map(heed).collect();
            mapping.lines(&lines, per_line)
        }
        (Reading::Foreign(foreign), _) if success && foreign.spoils_status() => whole(foreign.verdict(reply.status)),
        (_, Some(meaning)) => whole(words::by_meaning(meaning, &http::code(reply.status))),
        (Reading::Lines { lines, .. }, None) if success => mapping.whole(&heed(lines.into_iter().next().unwrap_or_else(Line::nothing))),
        (Reading::Foreign(foreign), None) if success => whole(foreign.verdict(reply.status)),
        (_, None) => whole(http::by_status(reply.status, mapping.asked.domains.len())),
    }
}

#[cfg(test)]
mod tests;
