//! Is the address that a source near by tells seen outside as well? Asked once a day; what is published does not depend on it.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Line, Source};
use crate::rules::address::{Family, Observed, Prefix, Sighting};
use crate::rules::moment::Moment;

/// What is remembered of the checks of one family of a line. Survives restarts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossCheck {
    /// Not before this.
    pub next: Moment,
    /// The address near by that the last check with a result was about.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// What at least two operators outside said instead of it.
    #[serde(default)]
    pub seen: Option<IpAddr>,
}

impl CrossCheck {
    /// Least time between two checks.
    pub const EVERY: Duration = Duration::from_secs(24 * 3600);

    /// A check without a result is repeated after this.
    pub const AGAIN: Duration = Duration::from_secs(4 * 3600);

    /// A check begins: the next one is early only if this one has no result.
    #[must_use]
    pub fn begun(before: Option<&Self>, now: Moment) -> Self {
        Self { next: now.plus(Self::AGAIN), address: before.and_then(|it| it.address), seen: before.and_then(|it| it.seen) }
    }

    /// Can what `near` says be checked on this line: a local source has decided, and outside sources stand behind it?
    #[must_use]
    pub fn applies(line: &Line, near: &Sighting) -> bool {
        let sources = &line.sources[Family::of(near.address)];
        let Some(at) = sources.iter().position(|source| source.to_string() == near.source) else {
            return false;
        };
        let local = matches!(sources[at], Source::Interface(_)) || sources[at].router();
        local && sources[at..].iter().any(Source::outside) && (near.address.is_ipv4() || home(near).is_some())
    }

    /// Books what was seen outside; `None` if nobody knows. `true`: it contradicts, and did not before.
    pub fn ended(&mut self, near: &Sighting, outside: &Observed, now: Moment) -> bool {
        let Some(seen) = outside.address() else {
            return false;
        };
        let before = self.warning(near).is_some();
        self.next = now.plus(Self::EVERY);
        self.address = Some(near.address);
        self.seen = Some(seen).filter(|seen| !is_at_home(near, *seen));
        self.seen.is_some() && !before
    }

    /// The standing warning, as long as `near` is what was checked.
    #[must_use]
    pub fn warning(&self, near: &Sighting) -> Option<String> {
        let seen = self.seen.filter(|_| self.address == Some(near.address))?;
        let Sighting { address, source, .. } = near;
        Some(format!(
            "{source} says {address}, outside is seen {seen}: a second NAT, a VPN or a proxy is in between, and connections to {address} may \
             not arrive here"
        ))
    }
}

/// Where other addresses of the same line are at home (IPv6): outside is seen this machine, at an address of its own choice
/// (RFC 8981), and not the router. `None`: only the same address will do.
pub(super) fn home(near: &Sighting) -> Option<Prefix> {
    let IpAddr::V6(own) = near.address else {
        return None;
    };
    near.prefix.or_else(|| (!Source::names_router(&near.source)).then(|| Prefix::new(own, 64)))
}

fn is_at_home(near: &Sighting, seen: IpAddr) -> bool {
    let inside = |prefix: Prefix| matches!(seen, IpAddr::V6(seen) if prefix.contains(seen));
    seen == near.address || home(near).is_some_and(inside)
}

#[cfg(test)]
mod tests;
