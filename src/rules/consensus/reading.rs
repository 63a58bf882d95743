//! One reading → what it means. Strict: a text in which an address merely occurs is no answer.

use std::net::IpAddr;

use super::{ProbeFault, RouterReading};
use crate::rules::address::{Family, Prefix, carrier_nat, parse_strict, publishable, quoted};

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
        let (ProbeFault::NoRoute(why) | ProbeFault::Failed(why)) = fault;
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
    match parse_strict(output, family).map_err(Unused::because).and_then(guarded) {
        Ok(address) => Outcome::Known { address, prefix: None },
        Err(unused) => Outcome::Unsure(unused),
    }
}

/// States in which a box has no connection (`UPnP` `WANIPConnection:1`, 2.2.4; anything else counts as connected).
const NOT_CONNECTED: [&str; 6] = ["Unconfigured", "Connecting", "Authenticating", "PendingDisconnect", "Disconnecting", "Disconnected"];

/// What a box says, and the warning that goes with an address which somebody outside sees nevertheless.
pub(super) fn router(reading: &RouterReading, family: Family) -> (Outcome, Option<String>) {
    let connected = !NOT_CONNECTED.iter().any(|state| reading.status.trim().eq_ignore_ascii_case(state));
    if reading.address.trim().is_empty() {
        return nothing(connected, reading, family);
    }
    let address = match parse_strict(&reading.address, family) {
        Ok(address) => address,
        Err(why) => return (Outcome::Unsure(Unused::because(why)), None),
    };
    // RFC 1122 and RFC 4291: the unspecified address is how a box says "none".
    if address.is_unspecified() {
        return (Outcome::Absent(Unused { address: Some(address), why: format!("the router says {address}: not connected") }), None);
    }
    match guarded(address) {
        // The status is that of the IPv4 connection: IPv6 may live without it.
        Ok(_) if !connected && family == Family::V4 => {
            let why = format!("the router is {:?}; its address is an old one", reading.status.trim());
            (Outcome::Absent(Unused { address: Some(address), why }), None)
        }
        Ok(address) => (Outcome::Known { address, prefix: reading.prefix }, None),
        Err(unused) => {
            let warning = if carrier_nat(address) {
                format!("carrier NAT: the router's own address is {address}; connections from outside will not arrive")
            } else {
                format!("second NAT: the router's own address is {address}; connections from outside arrive only if it is forwarded to")
            };
            (Outcome::Unsure(unused), Some(warning).filter(|_| family == Family::V4))
        }
    }
}

/// An empty address.
fn nothing(connected: bool, reading: &RouterReading, family: Family) -> (Outcome, Option<String>) {
    if !connected {
        let why = format!("the router is {:?} and has no {family} address", reading.status.trim());
        return (Outcome::Absent(Unused::because(why)), None);
    }
    let why = format!("the router is connected and has no {family} address");
    match family {
        Family::V4 => {
            let warning = "carrier NAT: the router has no IPv4 address of its own (DS-Lite or NAT in front of it); connections \
                           from outside will not arrive";
            (Outcome::Silent(Unused::because(why)), Some(warning.into()))
        }
        // A prefix without an address of its own is a line all the same.
        Family::V6 if reading.prefix.is_some() => (Outcome::Unsure(Unused::because(why)), None),
        Family::V6 => (Outcome::Silent(Unused::because(why)), None),
    }
}

#[cfg(test)]
mod tests;
