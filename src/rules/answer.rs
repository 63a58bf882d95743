//! DNS answers against what we sent → confirmed, stale, unknown (`dyndns2.md` 5.5).

use std::net::IpAddr;
use std::time::Duration;

/// What the authoritative servers say about one name and record type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    /// One element per server asked; empty only together with `failed`.
    pub servers: Vec<ServerAnswer>,
    /// Why the servers could not be found or asked at all.
    pub failed: Option<String>,
}

/// One server's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAnswer {
    /// Name or address of the server.
    pub server: String,
    /// What it said.
    pub said: Said,
}

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Addresses, with the record's time to live. An empty set: the name exists, the type does not.
    Addresses(Vec<IpAddr>, Duration),
    /// There is no such name (NXDOMAIN).
    NoName,
    /// No answer, or an error.
    Unreachable(String),
    /// The answer lacks the authoritative flag: somebody on the way answers for the server.
    Intercepted,
}

/// What an answer means for the address that should be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Every server that the zone lists shows it.
    Confirmed {
        /// Other addresses beside it: a notice.
        extra: Vec<IpAddr>,
    },
    /// Servers disagree; some show it.
    Partly(String),
    /// Every server that answered shows something else (a definite mismatch).
    Stale {
        /// What they show; empty = nothing.
        shown: Vec<IpAddr>,
        /// Time to live of what they show.
        ttl: Duration,
    },
    /// Verification is not possible, with the reason.
    Unknown(String),
}

/// Compares `answer` with the address that should be there.
#[must_use]
pub fn compare(_answer: &DnsAnswer, _wanted: IpAddr) -> Finding {
    Finding::Unknown(String::new())
}
