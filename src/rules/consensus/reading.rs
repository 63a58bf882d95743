//! One reading → what it means. Strict: a text in which an address merely occurs is no answer.

use std::net::IpAddr;

use super::services::{Question, Whoami};
use super::{DnsReading, ProbeFault};
use crate::rules::address::{Family, Prefix, parse_strict, publishable, quoted};

/// What one source's reading means for the round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// This address; fit to be published.
    Known { address: IpAddr, prefix: Option<Prefix> },
    /// The source says that there is no line of this family.
    Absent(Unused),
    /// There is a line, but no address to publish.
    Unsure(Unused),
    /// The source says nothing about the line.
    Silent(Unused),
}

impl Outcome {
    /// The same with one more reason, where there is one.
    pub(super) fn and_also(self, more: &str) -> Self {
        let both = |unused: Unused| Unused { why: format!("{}; {more}", unused.why), ..unused };
        match self {
            Self::Known { .. } => self,
            Self::Absent(unused) => Self::Absent(both(unused)),
            Self::Unsure(unused) => Self::Unsure(both(unused)),
            Self::Silent(unused) => Self::Silent(both(unused)),
        }
    }
}

/// Why a reading is not used, with the address that was read, if any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unused {
    pub(super) address: Option<IpAddr>,
    pub(super) why: String,
}

impl Unused {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self { address: None, why: why.into() }
    }
}

impl From<ProbeFault> for Unused {
    fn from(fault: ProbeFault) -> Self {
        let (ProbeFault::NoRoute(why) | ProbeFault::Portal(why) | ProbeFault::Failed(why)) = fault;
        Self::because(why)
    }
}

/// The guard over a strictly read address.
pub(super) fn guarded(address: IpAddr) -> Result<IpAddr, Unused> {
    publishable(address).map(|()| address).map_err(|rejected| Unused { address: Some(address), why: rejected.to_string() })
}

/// An echo service's page → the address it saw.
pub(super) fn echo(status: u16, body: &str, family: Family) -> Result<IpAddr, Unused> {
    if status != 200 {
        return Err(Unused::because(format!("answered with HTTP {status}; 200 was expected")));
    }
    page(body, family).map_err(Unused::because).and_then(guarded)
}

/// Does this page look like that of somebody else who wants something first? RFC 6585 6 has a status for it; most portals
/// show HTML.
pub(super) fn portal(status: u16, body: &str) -> bool {
    status == 511 || (status == 200 && body.contains('<') && !body.contains(CHECKIP))
}

/// A name server's answer → the address it saw.
pub(super) fn whoami(reading: &DnsReading, asked: &Whoami, family: Family) -> Result<IpAddr, Unused> {
    if reading.intercepted {
        return Err(Unused::because("port 53 is intercepted: somebody else answers in the place of the server that is asked"));
    }
    if asked.authoritative && !reading.authoritative {
        return Err(Unused::because("the answer is not authoritative: it comes from somebody else than the server that was asked"));
    }
    // Google's server adds the subnet that a resolver told it (RFC 7871).
    let beside = |record: &&String| asked.question == Question::Text && client_subnet(record);
    let mut records = reading.records.iter().filter(|record| !beside(record));
    match (records.next(), records.next()) {
        (Some(record), None) => seen(record, family),
        (None, _) => Err(Unused::because("the answer has no record")),
        (Some(_), Some(_)) => Err(Unused::because(format!("the answer has {} records; one was expected", reading.records.len()))),
    }
}

fn client_subnet(record: &str) -> bool {
    let subnet = record.strip_prefix("edns0-client-subnet ").and_then(|rest| rest.split_once('/'));
    subnet.is_some_and(|(address, length)| address.parse::<IpAddr>().is_ok() && length.parse::<u8>().is_ok_and(|bits| bits <= 128))
}

/// A text that is one address.
pub(super) fn seen(text: &str, family: Family) -> Result<IpAddr, Unused> {
    parse_strict(text, family).map_err(Unused::because).and_then(guarded)
}

/// The words before the address on a page in the manner of Dyn's `CheckIP`.
const CHECKIP: &str = "Current IP Address:";

fn page(body: &str, family: Family) -> Result<IpAddr, String> {
    let body = body.trim_start_matches('\u{feff}').trim();
    if body.starts_with('{') {
        return json(body, family);
    }
    if let Some((_, rest)) = body.split_once(CHECKIP) {
        if rest.contains(CHECKIP) {
            return Err(format!("{CHECKIP:?} occurs more than once on the page"));
        }
        return parse_strict(rest.split('<').next().unwrap_or(rest), family);
    }
    if body.contains('<') {
        return Err(format!("the page is HTML without {CHECKIP:?}: {}", quoted(body)));
    }
    if body.contains('=') {
        return trace(body, family);
    }
    parse_strict(body, family)
}

/// Lines of `key=value`, one of them `ip=`.
fn trace(body: &str, family: Family) -> Result<IpAddr, String> {
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    let pairs: Option<Vec<(&str, &str)>> = lines.map(|line| line.split_once('=')).collect();
    let pairs = pairs.ok_or_else(|| format!("{} is neither an address nor lines of key=value", quoted(body)))?;
    let mut found = pairs.iter().filter(|(key, _)| *key == "ip");
    match (found.next(), found.next()) {
        (Some((_, value)), None) => parse_strict(value, family),
        (None, _) => Err(format!("{} has no line ip=", quoted(body))),
        (Some(_), Some(_)) => Err("the page has more than one line ip=".into()),
    }
}

/// One object with the field `ip` or `address`.
fn json(body: &str, family: Family) -> Result<IpAddr, String> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(body).map_err(|_| format!("{} is not a JSON object", quoted(body)))?;
    let mut fields = ["ip", "address"].iter().filter_map(|&field| object.get(field));
    match (fields.next(), fields.next()) {
        (Some(serde_json::Value::String(text)), None) => parse_strict(text, family),
        _ => Err("the JSON object has not exactly one text field \"ip\" or \"address\"".into()),
    }
}

/// A program's output: one address and nothing else.
pub(super) fn text(output: &str, family: Family) -> Outcome {
    match seen(output, family) {
        Ok(address) => Outcome::Known { address, prefix: None },
        Err(unused) => Outcome::Unsure(unused),
    }
}

#[cfg(test)]
mod tests;
