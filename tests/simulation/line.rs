//! The model line: what the sources see of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wanbeacon::rules::address::{Family, PerFamily, Prefix};
use wanbeacon::rules::consensus::{DnsReading, InterfaceAddress, Probe, ProbeFault, Reading, RouterReading};

use super::dice::Dice;

/// What one family of the line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Public(IpAddr),
    /// Private, carrier NAT, documentation …: nothing that may be published.
    Junk(IpAddr),
    Nothing,
    /// The sources fail.
    Silence,
}

pub(crate) struct Line {
    pub(crate) up: PerFamily<bool>,
    pub(crate) shown: PerFamily<Shown>,
    /// Echo services fail now and then.
    pub(crate) flaky: bool,
    /// Addresses that the line had before, to come back to.
    past: PerFamily<Vec<IpAddr>>,
}

const JUNK_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(192, 168, 178, 20),
    Ipv4Addr::new(100, 72, 3, 2),
    Ipv4Addr::new(10, 0, 0, 7),
    Ipv4Addr::new(169, 254, 7, 7),
    Ipv4Addr::new(198, 51, 100, 7),
    Ipv4Addr::LOCALHOST,
];
const JUNK_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfe80, 0, 0, 0, 1, 2, 3, 4),
    Ipv6Addr::new(0xfd00, 0, 0, 0, 1, 2, 3, 4),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 1, 2, 3, 4),
    Ipv6Addr::LOCALHOST,
];

pub(crate) fn public(family: Family, dice: &mut Dice) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(0x5B00_0000 + u32::try_from(dice.between(1, 0x00FF_FFFF)).expect("24 bits"))),
        Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(0x2003_00E7 << 96 | u128::from(dice.below(1 << 32)) << 64 | 0x1111_2222_3333_4444)),
    }
}

impl Line {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let shown = PerFamily::from_fn(|family| Shown::Public(public(family, dice)));
        Self { up: PerFamily { v4: true, v6: true }, shown, flaky: true, past: PerFamily { v4: Vec::new(), v6: Vec::new() } }
    }

    /// Another address, mostly a good one.
    pub(crate) fn change(&mut self, family: Family, dice: &mut Dice) {
        if let Shown::Public(address) = self.shown[family] {
            self.past[family].push(address);
        }
        self.shown[family] = match dice.below(20) {
            0 | 1 => Shown::Junk(match family {
                Family::V4 => IpAddr::V4(dice.pick(&JUNK_V4)),
                Family::V6 => IpAddr::V6(dice.pick(&JUNK_V6)),
            }),
            2 => Shown::Nothing,
            3 => Shown::Silence,
            4..8 if !self.past[family].is_empty() => Shown::Public(dice.pick(&self.past[family])),
            _ => Shown::Public(public(family, dice)),
        };
    }

    pub(crate) fn heal(&mut self, family: Family, fresh: bool, dice: &mut Dice) {
        self.up[family] = true;
        if fresh || !matches!(self.shown[family], Shown::Public(_)) {
            self.shown[family] = Shown::Public(public(family, dice));
        }
    }

    /// The address that may be published now.
    pub(crate) fn address(&self, family: Family) -> Option<IpAddr> {
        match self.shown[family] {
            Shown::Public(address) if self.up[family] => Some(address),
            _ => None,
        }
    }

    /// What a source answers, and the address that it told.
    pub(crate) fn read(&self, probe: &Probe, family: Family, dice: &mut Dice) -> (Result<Reading, ProbeFault>, Option<IpAddr>) {
        let shown = self.shown[family];
        if !self.up[family] && !matches!(probe, Probe::Interface(_)) {
            return (Err(ProbeFault::NoRoute("no route".into())), None);
        }
        if shown == Shown::Silence {
            return (Err(ProbeFault::Failed("no answer".into())), None);
        }
        match probe {
            Probe::Interface(_) => (Ok(Reading::Interface(self.interface())), self.address(family)),
            Probe::Command(_) => (Ok(Reading::Text(text(shown))), self.address(family)),
            Probe::FritzBox | Probe::Upnp | Probe::Pcp => {
                let status = if self.up[family] { "Connected" } else { "Disconnected" };
                let prefix = match shown {
                    Shown::Public(IpAddr::V6(address)) => Some(Prefix::new(address, 56)),
                    _ => None,
                };
                (
                    Ok(Reading::Router(RouterReading { address: text(shown), status: status.into(), prefix, ..RouterReading::default() })),
                    self.address(family),
                )
            }
            Probe::Echo { .. } => {
                let page = |status, body| Ok(Reading::Echo { status, retry_after: None, body });
                match dice.below(40) {
                    _ if !self.flaky => (page(200, text(shown)), self.address(family)),
                    0 => (page(503, "busy".into()), None),
                    1 => (Err(ProbeFault::Failed("timed out".into())), None),
                    _ => (page(200, text(shown)), self.address(family)),
                }
            }
            Probe::Dns(_) => {
                let records = vec![text(shown)];
                (Ok(Reading::Dns(DnsReading { authoritative: true, records, intercepted: false })), self.address(family))
            }
            Probe::Stun(_) => match self.address(family) {
                Some(address) => (Ok(Reading::Mapped(address)), Some(address)),
                None => (Err(ProbeFault::Failed("no answer".into())), None),
            },
            Probe::Static(address) => (Ok(Reading::Static(*address)), None),
        }
    }

    fn interface(&self) -> Vec<InterfaceAddress> {
        let families = Family::ALL.into_iter().filter(|family| self.up[*family]);
        let addresses = families.filter_map(|family| match self.shown[family] {
            Shown::Public(address) | Shown::Junk(address) => Some(address),
            Shown::Nothing | Shown::Silence => None,
        });
        addresses
            .map(|address| InterfaceAddress {
                interface: "ppp0".into(),
                address: Some(address),
                prefix_length: if address.is_ipv4() { 32 } else { 64 },
                up: true,
                ..InterfaceAddress::default()
            })
            .collect()
    }
}

fn text(shown: Shown) -> String {
    match shown {
        Shown::Public(address) | Shown::Junk(address) => address.to_string(),
        Shown::Nothing | Shown::Silence => String::new(),
    }
}
