//! Several sources → one [`Observed`], with hysteresis.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::{Family, Observed, Prefix};
use super::moment::Moment;

mod check;
mod interface;
mod poll;
mod reading;
mod round;
mod router;
pub mod servers;
pub mod services;

pub use check::CrossCheck;
pub use round::Round;

/// An address source as configured, in order of trust.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The machine's own interfaces, or the named one.
    Interface(Option<String>),
    /// The FRITZ!Box.
    FritzBox,
    /// Any router that speaks IGD (`UPnP` Forum, `InternetGatewayDevice:1` and `:2`).
    Upnp,
    /// The NAT in front of us, by one packet: NAT-PMP (RFC 6886) or PCP (RFC 6887).
    Pcp,
    /// The built-in echo services, with quorum.
    Web,
    /// The built-in name servers that answer with the address of who asks, with quorum.
    Dns,
    /// The built-in STUN servers (RFC 8489), with quorum.
    Stun,
    /// An echo service that the user names.
    Echo(String),
    /// An external program.
    Command(String),
    /// A fixed address.
    Static(IpAddr),
    /// A router calls us: each entry has what was pushed last for one of its names.
    Push,
}

impl Source {
    /// Is this the view of somebody outside the line? Hysteresis and quorum are for these.
    #[must_use]
    pub const fn outside(&self) -> bool {
        matches!(self, Self::Web | Self::Dns | Self::Stun | Self::Echo(_))
    }

    /// Is this the view of the router in front of us?
    #[must_use]
    pub const fn router(&self) -> bool {
        matches!(self, Self::FritzBox | Self::Upnp | Self::Pcp)
    }

    /// Is `source`, as the configuration writes it, a router? One that calls us speaks of itself as well.
    #[must_use]
    pub fn names_router(source: &str) -> bool {
        [Self::FritzBox, Self::Upnp, Self::Pcp, Self::Push].iter().any(|router| router.to_string() == source)
    }
}

impl fmt::Display for Source {
    /// As the configuration writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface(None) => f.write_str("interface"),
            Self::Interface(Some(name)) => write!(f, "interface:{name}"),
            Self::FritzBox => f.write_str("fritzbox"),
            Self::Upnp => f.write_str("upnp"),
            Self::Pcp => f.write_str("pcp"),
            Self::Web => f.write_str("web"),
            Self::Dns => f.write_str("dns"),
            Self::Stun => f.write_str("stun"),
            Self::Echo(url) => f.write_str(url),
            Self::Command(command) => write!(f, "command:{command}"),
            Self::Static(address) => write!(f, "static:{address}"),
            Self::Push => f.write_str("push"),
        }
    }
}

/// One line: a `[wan]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// "default", or the NAME of `[wan.NAME]`.
    pub name: String,
    /// The interface that leads there: what asks outside or sends goes through it. `None`: as the system routes.
    pub interface: Option<String>,
    /// Sources per family, in order of trust.
    pub sources: super::address::PerFamily<Vec<Source>>,
}

/// What a round is to find out.
#[derive(Clone, Copy, Debug)]
pub struct Aim<'a> {
    /// Whose address.
    pub line: &'a Line,
    /// Of this family.
    pub family: Family,
    /// An address that is published somewhere: leaving it needs more than one voice from outside.
    pub published: Option<IpAddr>,
    /// Nobody wants the line's own address, only those of machines behind the router: a prefix is enough.
    pub hosts_only: bool,
}

/// One question to one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Read the interfaces (all, or the named one).
    Interface(Option<String>),
    /// Ask the box.
    FritzBox,
    /// Ask the router over IGD.
    Upnp,
    /// Ask the gateway with one packet.
    Pcp,
    /// Ask this name server directly.
    Dns(&'static services::Whoami),
    /// Ask this STUN server.
    Stun(&'static services::StunServer),
    /// Ask this echo service over the family's transport.
    Echo {
        /// Address of the service.
        url: String,
    },
    /// Run this program.
    Command(String),
    /// Nothing to ask: this is the address.
    Static(IpAddr),
}

/// What a source said, unjudged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The addresses on the interfaces, of both families.
    Interface(Vec<InterfaceAddress>),
    /// What the box said about one family.
    Router(RouterReading),
    /// An echo service's page.
    Echo {
        /// HTTP status.
        status: u16,
        /// Retry-After, if it was sent and readable.
        retry_after: Option<Duration>,
        /// Body text, capped.
        body: String,
    },
    /// A name server's answer.
    Dns(DnsReading),
    /// The address that a STUN server saw (XOR-MAPPED-ADDRESS, RFC 8489 14.2).
    Mapped(IpAddr),
    /// A program's standard output, capped.
    Text(String),
    /// The configured address.
    Static(IpAddr),
}

/// One address on an interface with what the kernel knows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "these are the kernel's flags, one each")]
pub struct InterfaceAddress {
    /// Interface name.
    pub interface: String,
    /// The address.
    pub address: Option<IpAddr>,
    /// Length of the on-link prefix in bits.
    pub prefix_length: u8,
    /// `IFA_F_TEMPORARY`: privacy address (RFC 8981).
    pub temporary: bool,
    /// `IFA_F_DEPRECATED`: preferred lifetime is over (RFC 4862).
    pub deprecated: bool,
    /// `IFA_F_TENTATIVE` or `IFA_F_OPTIMISTIC`: duplicate address detection is not finished.
    pub tentative: bool,
    /// `IFA_F_DADFAILED`: somebody else has it.
    pub duplicated: bool,
    /// Remaining preferred lifetime; `None` = for ever.
    pub preferred: Option<Duration>,
    /// Remaining valid lifetime; `None` = for ever.
    pub valid: Option<Duration>,
    /// The interface is up and has carrier.
    pub up: bool,
    /// The interface is a tunnel or VPN (point-to-point without broadcast, no hardware address).
    pub tunnel: bool,
}

/// What a router says about one family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterReading {
    /// The external address as the router wrote it; may be empty.
    pub address: String,
    /// How long that address lives on, where the router tells (IPv6 only).
    pub lifetimes: Option<Lifetimes>,
    /// ConnectionStatus, as written; empty if the router does not tell.
    pub status: String,
    /// The delegated prefix (IPv6 only).
    pub prefix: Option<Prefix>,
    /// How long that prefix lives on.
    pub prefix_lifetimes: Option<Lifetimes>,
    /// The box says that its IPv4 goes through a DS-Lite tunnel (RFC 6333); `None` if it does not tell.
    pub ds_lite: Option<bool>,
}

/// What is left of an address or a prefix (RFC 4862 5.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// For new connections.
    pub preferred: Duration,
    /// At all.
    pub valid: Duration,
}

/// What a name server answered to the question who is asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsReading {
    /// The authoritative answer flag (RFC 1035 4.1.1).
    pub authoritative: bool,
    /// Every record of the wanted type, as text: an address, or the strings of a TXT record.
    pub records: Vec<String>,
    /// Somebody answered in the place of an address where nobody is: port 53 is intercepted.
    pub intercepted: bool,
}

/// Why a source did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeFault {
    /// There is no route or no connectivity for this family on this machine.
    NoRoute(String),
    /// Somebody else answered in the place of the one that was asked, as a captive portal does.
    Portal(String),
    /// Anything else, in words.
    Failed(String),
}

/// One source's part in a round, for `detect` and `plan`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    /// The source as configured; an echo service by its URL.
    pub source: String,
    /// The address it gave, if any.
    pub address: Option<IpAddr>,
    /// Why it was not used.
    pub rejected: Option<String>,
}

/// What is remembered of an outside service. Survives restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceRecord {
    /// Last question.
    pub last_query: Option<Moment>,
    /// Last answer: the address.
    pub last_answer: Option<IpAddr>,
    /// When that answer came.
    pub answered_at: Option<Moment>,
    /// It asked for rest, or failed: not before this.
    pub rest_until: Option<Moment>,
    /// Dissents from the quorum in a row.
    pub dissents: u32,
    /// Benched after the third dissent.
    pub benched_until: Option<Moment>,
}

/// All outside services, by [`services`]' keys: an echo service's is its URL.
pub type Services = BTreeMap<String, ServiceRecord>;

/// What a round wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask these; their answers come back by number.
    Ask(Vec<(usize, Probe)>),
    /// Answers are still under way.
    Wait,
    /// The round is over.
    Done(Observed),
}
