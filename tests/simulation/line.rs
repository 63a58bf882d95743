//! The model line: what the sources see of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wanbeacon::rules::address::{Family, PerFamily, Prefix};
use wanbeacon::rules::consensus::{DnsReading, InterfaceAddress, Lifetimes, Probe, ProbeFault, Reading, RouterReading};

use super::dice::Dice;
use super::sights::Told;

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

/// How a router speaks of what it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Honest,
    /// There is another router in front of it.
    Private,
    /// There is the carrier's NAT in front of it.
    Carrier,
    /// It is connected, and says nothing more.
    Empty,
    /// A prefix and no address of its own.
    PrefixOnly,
    /// The address is right, and it is many people's.
    DsLite,
    /// What it says has been over for a while.
    Over,
    Silent,
}

const MOODS: [Mood; 9] =
    [Mood::Honest, Mood::Honest, Mood::Private, Mood::Carrier, Mood::Empty, Mood::PrefixOnly, Mood::DsLite, Mood::Over, Mood::Silent];

#[expect(clippy::struct_excessive_bools, reason = "facts that are true independently of each other")]
pub(crate) struct Line {
    /// Routers, as they speak.
    pub(crate) router: PerFamily<Mood>,
    /// What is seen outside instead of what the line shows.
    pub(crate) elsewhere: PerFamily<Option<IpAddr>>,
    /// This machine has no public IPv4 address of its own.
    pub(crate) behind: bool,
    /// Port 53 is intercepted.
    pub(crate) intercepted: bool,
    /// IPv6 addresses are in the first subnet of what is delegated.
    pub(crate) novel: bool,
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

/// An address that the line has not had.
fn fresh_one(family: Family, novel: bool, dice: &mut Dice) -> IpAddr {
    match public(family, dice) {
        IpAddr::V6(address) if novel => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !(0xff << 64))),
        address => address,
    }
}

impl Line {
    pub(crate) fn new(novel: bool, dice: &mut Dice) -> Self {
        let shown = PerFamily::from_fn(|family| Shown::Public(fresh_one(family, novel, dice)));
        Self {
            router: PerFamily { v4: Mood::Honest, v6: Mood::Honest },
            elsewhere: PerFamily::default(),
            behind: false,
            intercepted: false,
            novel,
            up: PerFamily { v4: true, v6: true },
            shown,
            flaky: true,
            past: PerFamily { v4: Vec::new(), v6: Vec::new() },
        }
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
            _ => Shown::Public(fresh_one(family, self.novel, dice)),
        };
    }

    pub(crate) fn heal(&mut self, family: Family, fresh: bool, dice: &mut Dice) {
        self.up[family] = true;
        if fresh || !matches!(self.shown[family], Shown::Public(_)) {
            self.shown[family] = Shown::Public(fresh_one(family, self.novel, dice));
        }
        self.router[family] = Mood::Honest;
        self.elsewhere[family] = None;
        self.behind = false;
        self.intercepted = false;
    }

    /// Whoever is asked speaks otherwise of the same line; what, for the trace.
    pub(crate) fn moods(&mut self, dice: &mut Dice) -> String {
        let family = if dice.percent(50) { Family::V4 } else { Family::V6 };
        match dice.below(10) {
            0..6 => self.router[family] = dice.pick(&MOODS),
            6 | 7 => self.elsewhere[family] = dice.percent(50).then(|| public(family, dice)),
            8 => self.behind = !self.behind,
            _ => self.intercepted = !self.intercepted,
        }
        format!("{:?}, elsewhere {:?}, behind {}, intercepted {}", self.router, self.elsewhere, self.behind, self.intercepted)
    }

    /// What is delegated to the line.
    pub(crate) fn prefix(&self) -> Option<Prefix> {
        match self.shown.v6 {
            Shown::Public(IpAddr::V6(address)) if self.up.v6 => Some(Prefix::new(address, 56)),
            _ => None,
        }
    }

    /// The address that may be published now.
    pub(crate) fn address(&self, family: Family) -> Option<IpAddr> {
        match self.shown[family] {
            Shown::Public(address) if self.up[family] => Some(address),
            _ => None,
        }
    }

    /// What a source answers, and what that amounts to.
    pub(crate) fn read(&self, probe: &Probe, family: Family, dice: &mut Dice) -> (Result<Reading, ProbeFault>, Told) {
        let shown = self.shown[family];
        let nothing = Told::default();
        if !self.up[family] && !matches!(probe, Probe::Interface(_)) {
            return (Err(ProbeFault::NoRoute("no route".into())), nothing);
        }
        if shown == Shown::Silence {
            return (Err(ProbeFault::Failed("no answer".into())), nothing);
        }
        let own = Told { address: self.address(family), prefix: None };
        match probe {
            Probe::Interface(named) => {
                let address = own.address.filter(|_| family == Family::V6 || !self.behind);
                let prefix = match address {
                    Some(IpAddr::V6(v6)) => Some(Prefix::new(v6, 64)),
                    _ => None,
                };
                (Ok(Reading::Interface(self.interface(named.as_deref()))), Told { address, prefix })
            }
            Probe::Command(_) => (Ok(Reading::Text(text(shown))), own),
            Probe::FritzBox | Probe::Upnp | Probe::Pcp => self.router(family),
            Probe::Echo { .. } | Probe::Dns(_) | Probe::Stun(_) => self.outside(probe, family, dice),
            Probe::Static(address) => (Ok(Reading::Static(*address)), nothing),
        }
    }

    /// What a router says.
    fn router(&self, family: Family) -> (Result<Reading, ProbeFault>, Told) {
        let shown = text(self.shown[family]);
        let prefix = self.prefix().filter(|_| family == Family::V6);
        let own = Told { address: self.address(family), prefix };
        let says = |address: String, prefix| RouterReading { address, status: "Connected".into(), prefix, ..RouterReading::default() };
        let over = Lifetimes { preferred: std::time::Duration::ZERO, valid: std::time::Duration::from_secs(60) };
        let only = Told { address: None, prefix };
        let (reading, told) = match (self.router[family], family) {
            (Mood::Honest | Mood::Carrier, Family::V6) | (Mood::Honest, Family::V4) => (says(shown, prefix), own),
            (Mood::Private, Family::V4) => (says("192.168.178.2".into(), None), Told::default()),
            (Mood::Private, Family::V6) => (says("fd00::7".into(), prefix), only),
            (Mood::Carrier | Mood::Over, Family::V4) => (says("100.72.3.2".into(), None), Told::default()),
            (Mood::Empty, _) => (says(String::new(), None), Told::default()),
            (Mood::PrefixOnly, _) => (says(String::new(), prefix), only),
            (Mood::DsLite, _) => (RouterReading { ds_lite: Some(true), ..says(shown, prefix) }, own),
            (Mood::Over, Family::V6) => {
                let reading = RouterReading { lifetimes: Some(over), prefix_lifetimes: Some(over), ..says(shown, prefix) };
                (reading, Told::default())
            }
            (Mood::Silent, _) => return (Err(ProbeFault::Failed("the router does not answer".into())), Told::default()),
        };
        (Ok(Reading::Router(reading)), told)
    }

    /// What somebody outside sees.
    fn outside(&self, probe: &Probe, family: Family, dice: &mut Dice) -> (Result<Reading, ProbeFault>, Told) {
        let elsewhere = self.elsewhere[family].filter(|_| self.address(family).is_some());
        let shown = elsewhere.map_or(self.shown[family], Shown::Public);
        let seen = Told { address: elsewhere.or(self.address(family)), prefix: None };
        let luck = if self.flaky { dice.below(40) } else { 40 };
        let failed = || (Err(ProbeFault::Failed("timed out".into())), Told::default());
        match probe {
            _ if luck == 1 => failed(),
            Probe::Echo { .. } if luck == 0 => (Ok(Reading::Echo { status: 503, retry_after: None, body: "busy".into() }), Told::default()),
            Probe::Echo { .. } => (Ok(Reading::Echo { status: 200, retry_after: None, body: text(shown) }), seen),
            Probe::Dns(_) => {
                let reading = DnsReading { authoritative: luck != 0, records: vec![text(shown)], intercepted: self.intercepted };
                let told = if self.intercepted { Told::default() } else { seen };
                (Ok(Reading::Dns(reading)), told)
            }
            _ => match seen.address {
                Some(address) => (Ok(Reading::Mapped(address)), seen),
                None => failed(),
            },
        }
    }

    fn interface(&self, named: Option<&str>) -> Vec<InterfaceAddress> {
        let families = Family::ALL.into_iter().filter(|family| self.up[*family]);
        let addresses = families.filter_map(|family| match self.shown[family] {
            Shown::Public(IpAddr::V4(_)) if self.behind => Some(IpAddr::V4(JUNK_V4[0])),
            Shown::Public(address) | Shown::Junk(address) => Some(address),
            Shown::Nothing | Shown::Silence => None,
        });
        addresses
            .map(|address| InterfaceAddress {
                interface: named.unwrap_or("ppp0").into(),
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
