//! DNS answers against what we sent → confirmed, stale, unknown (`docs/behaviour.md`, "Verification").

use std::collections::BTreeSet;
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

/// When the authoritative servers are asked, counted from the provider's success.
pub const SCHEDULE: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
    Duration::from_secs(300),
    Duration::from_secs(600),
];

/// Verification does not give up before this, however short the time to live is: secondaries lag for minutes
/// (Dynu's description of its protocol speaks of them).
pub const SHORTEST_DEADLINE: Duration = Duration::from_secs(900);

/// Verification gives up after this, however long the time to live is: a day is the pace of repairs.
pub const LONGEST_DEADLINE: Duration = Duration::from_secs(24 * 3600);

/// How long after the success verification may take, for a record with this time to live.
#[must_use]
pub fn deadline(ttl: Duration) -> Duration {
    ttl.saturating_mul(2).clamp(SHORTEST_DEADLINE, LONGEST_DEADLINE)
}

/// Compares `answer` with the address that should be there.
///
/// A server that cannot be reached beside others that confirm makes the finding [`Finding::Partly`]; beside
/// others that all show something else it changes nothing.
#[must_use]
pub fn compare(answer: &DnsAnswer, wanted: IpAddr) -> Finding {
    if let Some(reason) = &answer.failed {
        return Finding::Unknown(reason.clone());
    }
    if let Some(server) = answer.servers.iter().find(|server| server.said == Said::Intercepted) {
        return Finding::Unknown(format!("{:?} answered without authority; something on the way answers DNS in its place", server.server));
    }
    let mut shown = BTreeSet::new();
    let mut longest = Duration::ZERO;
    let (mut confirming, mut lagging, mut silent) = (0, Vec::new(), Vec::new());
    for ServerAnswer { server, said } in &answer.servers {
        match said {
            Said::Unreachable(why) => silent.push(format!("{server:?}: {why}")),
            Said::Addresses(addresses, ttl) => {
                shown.extend(addresses);
                if !addresses.is_empty() {
                    longest = longest.max(*ttl);
                }
                if addresses.contains(&wanted) {
                    confirming += 1;
                } else {
                    lagging.push(format!("{server:?}"));
                }
            }
            // Intercepted was answered above.
            Said::NoName | Said::Intercepted => lagging.push(format!("{server:?}")),
        }
    }
    match (confirming, lagging.is_empty(), silent.is_empty()) {
        (0, true, true) => Finding::Unknown("no authoritative server is known".into()),
        (0, true, false) => Finding::Unknown(format!("no authoritative server answered ({})", silent.join(", "))),
        (0, false, _) => Finding::Stale { shown: shown.into_iter().collect(), ttl: longest },
        (_, true, true) => Finding::Confirmed { extra: shown.into_iter().filter(|address| *address != wanted).collect() },
        (_, false, _) => Finding::Partly(format!("not yet at {}", lagging.join(", "))),
        (_, true, false) => Finding::Partly(format!("no answer from {}", silent.join(", "))),
    }
}

#[cfg(test)]
mod tests;
