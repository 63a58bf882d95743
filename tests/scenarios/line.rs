//! The model line, its address sources, and the name servers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::answer::{DnsAnswer, Said, ServerAnswer};
use wanbeacon::rules::consensus::{InterfaceAddress, Probe, ProbeFault, Reading, RouterReading};
use wanbeacon::rules::domain::Domain;

use crate::catalogue::Scenario;
use crate::setting::echo_url;

/// What the line is, and what its sources say of it.
pub(crate) struct Line {
    /// Its link.
    pub(crate) up: PerFamily<bool>,
    /// The addresses that it has.
    pub(crate) wan: PerFamily<Option<IpAddr>>,
    /// The interface holds the addresses itself (no router in between).
    pub(crate) own_addresses: bool,
    /// What the interfaces show instead.
    pub(crate) interface: Option<Vec<InterfaceAddress>>,
    /// What the router says instead: address and status.
    pub(crate) router: PerFamily<Option<(String, String)>>,
    /// What the echo services say instead, in turn.
    pub(crate) echoes: PerFamily<Vec<EchoSays>>,
}

/// What an echo service does.
#[derive(Clone, Debug)]
pub(crate) enum EchoSays {
    Page { status: u16, retry_after: Option<Duration>, body: String },
    NoRoute,
    Fails(String),
}

impl EchoSays {
    /// An element of `results`.
    pub(crate) fn of(text: &str, scenario: &Scenario) -> Self {
        let page = |status, body: String| Self::Page { status, retry_after: None, body };
        match text {
            "error" | "timeout" | "refused" | "unreachable" => Self::Fails(format!("failed to connect: {text}")),
            "none" | "no route" => Self::NoRoute,
            "html" => page(200, "<html><body>login</body></html>".into()),
            "empty" => page(200, String::new()),
            _ => match text.parse::<u16>() {
                Ok(status) => page(status, String::new()),
                Err(_) => page(200, scenario.words(text)),
            },
        }
    }
}

impl Line {
    pub(crate) fn new(wan: PerFamily<Option<IpAddr>>) -> Self {
        Self {
            up: PerFamily { v4: true, v6: true },
            wan,
            own_addresses: false,
            interface: None,
            router: PerFamily::default(),
            echoes: PerFamily::default(),
        }
    }

    /// Answers a probe over `family`.
    pub(crate) fn answer(&self, probe: &Probe, family: Family) -> Result<Reading, ProbeFault> {
        match probe {
            Probe::Interface(_) => Ok(Reading::Interface(self.interfaces())),
            Probe::FritzBox if !self.up[family] => Err(ProbeFault::Failed("failed to connect: network is unreachable".into())),
            Probe::FritzBox => Ok(Reading::Router(self.router(family))),
            Probe::Echo { url } => self.echo(url, family),
            Probe::Upnp | Probe::Pcp | Probe::Dns(_) | Probe::Stun(_) => Err(ProbeFault::Failed("nobody answers".into())),
            Probe::Command(_) => Err(ProbeFault::Failed("no such program".into())),
            Probe::Static(address) => Ok(Reading::Static(*address)),
        }
    }

    fn interfaces(&self) -> Vec<InterfaceAddress> {
        if !self.up.v4 && !self.up.v6 {
            return Vec::new();
        }
        if let Some(list) = &self.interface {
            return list.clone();
        }
        let mut list = vec![interface_address("192.168.178.20"), interface_address("fe80::1")];
        if self.own_addresses {
            list.extend(self.wan.iter().filter_map(|(_, address)| address.as_ref().map(|it| interface_address(&it.to_string()))));
        }
        list
    }

    fn router(&self, family: Family) -> RouterReading {
        let nothing = self.wan.iter().all(|(_, address)| address.is_none());
        let own = || {
            let status = if nothing { "Disconnected" } else { "Connected" };
            (self.wan[family].map(|it| it.to_string()).unwrap_or_default(), status.to_owned())
        };
        let (address, status) = self.router[family].clone().unwrap_or_else(own);
        RouterReading { address, status, ..RouterReading::default() }
    }

    fn echo(&self, url: &str, family: Family) -> Result<Reading, ProbeFault> {
        if !self.up[family] {
            return Err(ProbeFault::NoRoute(format!("no route for {family}")));
        }
        let says = &self.echoes[family];
        let number = (0..says.len()).find(|number| echo_url(*number) == url).or_else(|| says.len().checked_sub(1));
        let page = |status, retry_after, body: String| Ok(Reading::Echo { status, retry_after, body });
        match number.map(|number| &says[number]) {
            Some(EchoSays::Page { status, retry_after, body }) => page(*status, *retry_after, body.clone()),
            Some(EchoSays::NoRoute) => Err(ProbeFault::NoRoute(format!("no route for {family}"))),
            Some(EchoSays::Fails(why)) => Err(ProbeFault::Failed(why.clone())),
            None => match self.wan[family] {
                Some(address) => page(200, None, address.to_string()),
                None => Err(ProbeFault::NoRoute(format!("no route for {family}"))),
            },
        }
    }
}

/// An address without any special flag.
pub(crate) fn interface_address(text: &str) -> InterfaceAddress {
    InterfaceAddress {
        interface: "eth0".into(),
        address: text.parse().ok(),
        prefix_length: if text.contains(':') { 64 } else { 24 },
        up: true,
        ..InterfaceAddress::default()
    }
}

/// An address and its flags in words: `V6_NEW stable preferred`, `V6_OLD deprecated`.
pub(crate) fn flagged_address(text: &str, scenario: &Scenario) -> InterfaceAddress {
    let mut words = text.split_whitespace();
    let mut entry = interface_address(&scenario.words(words.next().unwrap_or_default()));
    for word in words {
        match word.trim_matches(',') {
            "temporary" => entry.temporary = true,
            "deprecated" => {
                entry.deprecated = true;
                entry.preferred = Some(Duration::ZERO);
            }
            "tentative" | "optimistic" => entry.tentative = true,
            "duplicated" | "dadfailed" | "failed" | "duplicate" => entry.duplicated = true,
            "down" => entry.up = false,
            "tunnel" | "vpn" => entry.tunnel = true,
            _ => {}
        }
    }
    entry
}

/// The zone's servers.
#[derive(Default)]
pub(crate) struct NameServers {
    /// What each says; empty: two that show what is stored.
    pub(crate) told: Vec<(String, String)>,
    /// What they show for names by their first label, until a request for that name alone is stored.
    pub(crate) fixed: BTreeMap<String, Option<IpAddr>>,
    /// Nothing new is shown before this (boot time).
    pub(crate) lag_until_ms: u64,
    /// From when on `told` counts (boot time): what was stored then is the new address.
    pub(crate) since_ms: u64,
    /// What was there before.
    pub(crate) old: PerFamily<Option<IpAddr>>,
    /// Time to live.
    pub(crate) ttl: Duration,
}

impl NameServers {
    /// Answers for `domain` at `now_ms`; `stored` is what the provider has.
    pub(crate) fn answer(&self, domain: &Domain, family: Family, stored: Option<IpAddr>, exists: bool, now_ms: u64) -> DnsAnswer {
        let server = |name: &str, said: Said| ServerAnswer { server: name.to_owned(), said };
        let shown = |address: Option<IpAddr>| match address {
            Some(address) => Said::Addresses(vec![address], self.ttl),
            None if exists => Said::Addresses(Vec::new(), Duration::ZERO),
            None => Said::NoName,
        };
        let label = domain.as_str().split('.').next().unwrap_or_default();
        let value = match self.fixed.get(label) {
            Some(fixed) => *fixed,
            None if now_ms < self.lag_until_ms => self.old[family],
            None => stored,
        };
        let servers = if self.told.is_empty() {
            vec![server("ns1", shown(value)), server("ns2", shown(value))]
        } else {
            let elapsed = Duration::from_millis(now_ms.saturating_sub(self.since_ms));
            self.told.iter().map(|(name, text)| server(name, self.said(text, elapsed, stored, self.old[family], &shown))).collect()
        };
        DnsAnswer { servers, failed: None }
    }

    /// The language of `authoritative`.
    fn said(
        &self,
        text: &str,
        elapsed: Duration,
        new: Option<IpAddr>,
        old: Option<IpAddr>,
        shown: &dyn Fn(Option<IpAddr>) -> Said,
    ) -> Said {
        let lower = text.to_lowercase();
        if let Some((before, until)) = lower.split_once(" until ") {
            let seconds = until.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0);
            let now = if elapsed < Duration::from_secs(seconds) { before } else { "new" };
            return self.said(now, elapsed, new, old, shown);
        }
        if let Some((after, from)) = lower.split_once(" after ") {
            let seconds = from.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0);
            let now = if elapsed < Duration::from_secs(seconds) { "old" } else { after };
            return self.said(now, elapsed, new, old, shown);
        }
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if has(&["nxdomain", "no name"]) {
            Said::NoName
        } else if has(&["intercept", "not authoritative", "without the authoritative", "no aa"]) {
            Said::Intercepted
        } else if has(&["unreachable", "timeout", "servfail", "refused", "silent", "no answer"]) {
            Said::Unreachable(text.to_owned())
        } else if has(&["empty", "nodata", "no record"]) {
            Said::Addresses(Vec::new(), Duration::ZERO)
        } else {
            let mut addresses = Vec::new();
            for word in lower.split(|c: char| c.is_whitespace() || matches!(c, ',' | '+')) {
                match word {
                    "new" | "stored" => addresses.extend(new),
                    "old" => addresses.extend(old),
                    _ => addresses.extend(word.parse::<IpAddr>().ok()),
                }
            }
            match addresses.as_slice() {
                [] => shown(new),
                _ => Said::Addresses(addresses, self.ttl),
            }
        }
    }
}

/// `authoritative` as a list of servers and what they say.
pub(crate) fn servers(value: &Value, scenario: &Scenario) -> Vec<(String, String)> {
    let text = |value: &Value| scenario.words(value.as_str().unwrap_or_default());
    match value {
        Value::String(_) => vec![("ns1".into(), text(value)), ("ns2".into(), text(value))],
        Value::Array(list) => list.iter().enumerate().map(|(n, value)| (format!("ns{}", n + 1), text(value))).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        _ => Vec::new(),
    }
}
