//! What a router says of the line → what it means.

use std::net::IpAddr;

use super::reading::{Outcome, Unused, guarded};
use super::{Lifetimes, RouterReading};
use crate::rules::address::{Family, Prefix, carrier_nat, parse_strict, publishable};

/// States in which a router has no connection (`UPnP` `WANIPConnection:1`, 2.2.4; anything else counts as connected).
const NOT_CONNECTED: [&str; 6] = ["Unconfigured", "Connecting", "Authenticating", "PendingDisconnect", "Disconnecting", "Disconnected"];

/// What a router's words mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) outcome: Outcome,
    /// For an address that is published nevertheless: what is wrong with the line.
    pub(super) warning: Option<String>,
    /// The prefix behind it, if that may be used.
    pub(super) prefix: Option<Prefix>,
}

impl From<Outcome> for Heard {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, warning: None, prefix: None }
    }
}

/// Judges what a router says about `family`.
pub(super) fn router(reading: &RouterReading, family: Family) -> Heard {
    let heard = address(reading, family);
    // A router that is not connected may still show what it had.
    if family == Family::V4 || matches!(heard.outcome, Outcome::Absent(_)) {
        return heard;
    }
    match prefix(reading) {
        Ok(prefix) => Heard { prefix, ..heard },
        Err(why) => Heard { outcome: heard.outcome.and_also(&why), ..heard },
    }
}

fn address(reading: &RouterReading, family: Family) -> Heard {
    let connected = !NOT_CONNECTED.iter().any(|state| reading.status.trim().eq_ignore_ascii_case(state));
    if reading.address.trim().is_empty() {
        return nothing(connected, reading, family);
    }
    let address = match parse_strict(&reading.address, family) {
        Ok(address) => address,
        Err(why) => return Outcome::Unsure(Unused::because(why)).into(),
    };
    let unused = |why: String| Unused { address: Some(address), why };
    // RFC 1122 and RFC 4291: the unspecified address is how a router says "none".
    if address.is_unspecified() {
        if connected && family == Family::V6 && reading.prefix.is_some() {
            return Outcome::Unsure(unused(format!("the router says {address}: no address of its own"))).into();
        }
        return Outcome::Absent(unused(format!("the router says {address}: not connected"))).into();
    }
    match guarded(address) {
        // The status is that of the IPv4 connection: IPv6 may live without it.
        Ok(_) if !connected && family == Family::V4 => {
            Outcome::Absent(unused(format!("the router is {:?}; its address is an old one", reading.status.trim()))).into()
        }
        Ok(address) => match reading.lifetimes.and_then(over) {
            Some(why) => Outcome::Unsure(unused(format!("the router's address is {why}"))).into(),
            None => Heard {
                outcome: Outcome::Known { address, prefix: None },
                warning: (family == Family::V4 && reading.ds_lite == Some(true)).then(|| DS_LITE.to_owned()),
                prefix: None,
            },
        },
        Err(refused) => Heard {
            outcome: Outcome::Unsure(refused),
            warning: (family == Family::V4).then(|| in_front(address, reading.ds_lite)),
            prefix: None,
        },
    }
}

/// What stands between a router with this address and the internet.
fn in_front(address: IpAddr, ds_lite: Option<bool>) -> String {
    if ds_lite == Some(true) {
        DS_LITE.to_owned()
    } else if carrier_nat(address) {
        format!("carrier NAT: the router's own address is {address}; connections from outside do not arrive over IPv4, use IPv6")
    } else {
        format!(
            "second NAT: the router's own address is {address}; connections from outside arrive over IPv4 only if the router in front \
             of it forwards them"
        )
    }
}

/// RFC 6333: the public address is the carrier's, shared by many lines.
const DS_LITE: &str = "DS-Lite: the IPv4 address is shared by many lines of the carrier; connections from outside do not arrive over \
                       IPv4, use IPv6";

/// An empty address.
fn nothing(connected: bool, reading: &RouterReading, family: Family) -> Heard {
    if !connected {
        let why = format!("the router is {:?} and has no {family} address", reading.status.trim());
        return Outcome::Absent(Unused::because(why)).into();
    }
    let unused = Unused::because(format!("the router is connected and has no {family} address"));
    match family {
        // Some routers hide a private address, as miniupnpd does.
        Family::V4 => {
            let warning = match reading.ds_lite {
                Some(true) => DS_LITE,
                Some(false) | None => {
                    "carrier NAT, DS-Lite or a second router: the router has no public IPv4 address of its own; connections from \
                     outside will hardly arrive over IPv4, use IPv6"
                }
            };
            Heard { outcome: Outcome::Silent(unused), warning: Some(warning.into()), prefix: None }
        }
        // A prefix without an address of its own is a line all the same.
        Family::V6 if reading.prefix.is_some() => Outcome::Unsure(unused).into(),
        Family::V6 => Outcome::Silent(unused).into(),
    }
}

/// The delegated prefix, or why it is not used.
fn prefix(reading: &RouterReading) -> Result<Option<Prefix>, String> {
    let Some(prefix) = reading.prefix else {
        return Ok(None);
    };
    if let Some(why) = reading.prefix_lifetimes.and_then(over) {
        return Err(format!("the router's prefix {prefix} is {why}"));
    }
    // The first machine in it stands for all.
    let first = std::net::Ipv6Addr::from_bits(prefix.network.to_bits() | 1);
    match publishable(first.into()) {
        Ok(()) => Ok(Some(prefix)),
        Err(rejected) => Err(format!("the router's prefix {prefix} is not for the public ({})", rejected.rule.what)),
    }
}

/// May something with these lifetimes not be used for new connections any more (RFC 4862 5.5.4)?
fn over(lifetimes: Lifetimes) -> Option<&'static str> {
    if lifetimes.valid.is_zero() {
        Some("not valid any more (RFC 4862)")
    } else if lifetimes.preferred.is_zero() {
        Some("deprecated (RFC 4862)")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
