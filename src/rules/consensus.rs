//! Several sources → one [`Observed`], with hysteresis.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::{Observed, Prefix};
use super::moment::Moment;

mod interface;
mod poll;
mod reading;
mod round;
pub mod services;

pub use round::Round;

/// An address source as configured, in order of trust.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The machine's own interfaces, or the named one.
    Interface(Option<String>),
    /// The FRITZ!Box (IGD, without login).
    FritzBox,
    /// The built-in echo services, with quorum.
    Web,
    /// An echo service that the user names.
    Echo(String),
    /// An external program.
    Command(String),
    /// A fixed address.
    Static(IpAddr),
}

impl Source {
    /// Is this the view of somebody outside the line? Hysteresis and quorum are for these.
    #[must_use]
    pub const fn outside(&self) -> bool {
        matches!(self, Self::Web | Self::Echo(_))
    }
}

impl fmt::Display for Source {
    /// As the configuration writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface(None) => f.write_str("interface"),
            Self::Interface(Some(name)) => write!(f, "interface:{name}"),
            Self::FritzBox => f.write_str("fritzbox"),
            Self::Web => f.write_str("web"),
            Self::Echo(url) => f.write_str(url),
            Self::Command(command) => write!(f, "command:{command}"),
            Self::Static(address) => write!(f, "static:{address}"),
        }
    }
}

/// One line: a `[wan]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// "default", or the NAME of `[wan.NAME]`.
    pub name: String,
    /// Sources per family, in order of trust.
    pub sources: super::address::PerFamily<Vec<Source>>,
}

/// One question to one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Read the interfaces (all, or the named one).
    Interface(Option<String>),
    /// Ask the box.
    FritzBox,
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

/// What the box says about one family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterReading {
    /// The external address as the box wrote it; may be empty.
    pub address: String,
    /// ConnectionStatus, as written.
    pub status: String,
    /// The delegated prefix (IPv6 only).
    pub prefix: Option<Prefix>,
}

/// Why a source did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeFault {
    /// There is no route or no connectivity for this family on this machine.
    NoRoute(String),
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

/// What is remembered of an echo service. Survives restarts.
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

/// All echo services, by URL.
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
