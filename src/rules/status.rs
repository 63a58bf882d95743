//! The status of one name and family: derived from the facts, never stored.
//!
//! ```text
//!              address seen          due: intent saved, sent
//! checking ───────────────▶ new address ─────────────────▶ updating
//!    ▲  │                       ▲   ▲                        │ │ │
//!    │  │ = published           │   └── wait, refused address┘ │ │ Blocked*
//!    │  ▼                       │                              │ ▼
//!    │ complete ◀──confirmed── verifying ◀──────accepted───────┘ account-disabled
//!    │  ▲                       │ deadline                        │ unlock, changed
//!    │  └───── late answer ── updated ── repair ──▶ updating      │ settings
//!    └────────────────────────────────────────────────────────────┘
//! no line or a captive portal: internet-not-connected · switched off or not set up: offline · not in the mode: undefined
//! ```
//!
//! The words are explained in the README, "Status words".

use std::net::IpAddr;

use super::address::{Family, Observed};
use super::domain::Entry;
use super::moment::Moment;
use super::state::{Lock, Record};

/// The values of `StatusIPv4` and `StatusIPv6` (`X_AVM-DE_RemoteAccess` v12). The order is their priority: of several names
/// the first one shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Switched off, or not set up at the provider.
    Offline,
    /// Not in the mode; nothing evaluated yet.
    Undefined,
    /// Locked until somebody acts.
    AccountDisabled,
    /// A request is in flight.
    Updating,
    /// No line of this family, or a captive portal.
    InternetNotConnected,
    /// The address is not known yet.
    Checking,
    /// The address differs from the published one and is not on its way.
    NewAddress,
    /// Accepted; the authoritative servers are being asked.
    Verifying,
    /// Accepted; not confirmed.
    Updated,
    /// Confirmed, or accepted with verification switched off.
    Complete,
}

impl Status {
    /// The word of the service document; IPv4 and IPv6 spell one of them differently there.
    #[must_use]
    pub const fn word(self, family: Family) -> &'static str {
        match (self, family) {
            (Self::Offline, _) => "offline",
            (Self::Undefined, _) => "undefined",
            (Self::AccountDisabled, _) => "account-disabled",
            (Self::Updating, _) => "updating",
            (Self::InternetNotConnected, _) => "internet-not-connected",
            (Self::Checking, _) => "checking",
            (Self::NewAddress, Family::V4) => "new address",
            (Self::NewAddress, Family::V6) => "new-address",
            (Self::Verifying, _) => "verifying",
            (Self::Updated, _) => "updated",
            (Self::Complete, _) => "complete",
        }
    }
}

/// The facts behind one status.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub struct Facts<'a> {
    /// The settings.
    pub entry: &'a Entry,
    /// What is remembered; `None`: the family is not in the mode.
    pub record: Option<&'a Record>,
    /// The account's lock.
    pub account_lock: Option<&'a Lock>,
    /// A request is in flight.
    pub in_flight: bool,
    /// The name servers are asked what they show, because nothing is remembered.
    pub asking_memory: bool,
    /// What the line shows; `None`: nothing yet.
    pub observed: Option<&'a Observed>,
    /// The address that should be published.
    pub wanted: Option<IpAddr>,
    /// The address is published, and another prefix of the LAN is to be sent with it.
    pub other_prefix: bool,
    /// The state folder should hold what we know, and cannot.
    pub forgetful: bool,
    /// Now.
    pub now: Moment,
}

/// The status that these facts amount to.
#[must_use]
pub fn status(facts: &Facts<'_>) -> Status {
    if !facts.entry.enabled {
        return Status::Offline;
    }
    let Some(record) = facts.record else {
        return Status::Undefined;
    };
    if record.muted.is_some() {
        Status::Offline
    } else if facts.account_lock.is_some() || record.lock.is_some() {
        Status::AccountDisabled
    } else if facts.in_flight {
        Status::Updating
    } else {
        match (facts.observed, facts.wanted) {
            (Some(Observed::Absent(_)), _) => Status::InternetNotConnected,
            (Some(_), Some(wanted)) => by_address(facts, record, wanted),
            _ => Status::Checking,
        }
    }
}

fn by_address(facts: &Facts<'_>, record: &Record, wanted: IpAddr) -> Status {
    let published = record.published.as_ref().is_some_and(|it| it.address == wanted);
    let claimed = record.claim.as_ref().is_some_and(|it| it.address == wanted);
    if (!published && !claimed) || facts.other_prefix {
        return if cut_off(record, facts.now) {
            Status::InternetNotConnected
        } else if facts.asking_memory {
            Status::Checking
        } else {
            Status::NewAddress
        };
    }
    let running = record.verification.as_ref().filter(|it| it.address == wanted);
    match running {
        Some(verification) if !verification.over => Status::Verifying,
        Some(_) => Status::Updated,
        None if claimed || facts.forgetful => Status::Updated,
        None if facts.entry.verify && record.verified_at.is_none() => Status::Verifying,
        None => Status::Complete,
    }
}

/// Somebody else answers for the provider, or its name cannot be looked up: as good as no line.
fn cut_off(record: &Record, now: Moment) -> bool {
    let open = |wait: &Option<super::state::Waiting>| wait.as_ref().is_some_and(|it| it.until > now && (it.portal || it.code == LOOKUP));
    open(&record.wait) || open(&record.hiccup)
}

/// The code of a fault in which the provider's name could not be resolved.
pub const LOOKUP: &str = "lookup";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_spells_new_address_in_two_ways() {
        assert_eq!(Status::NewAddress.word(Family::V4), "new address");
        assert_eq!(Status::NewAddress.word(Family::V6), "new-address");
    }

    #[test]
    fn of_several_names_the_one_that_needs_somebody_shows() {
        let shown = [Status::Complete, Status::AccountDisabled, Status::Verifying].into_iter().min();
        assert_eq!(shown, Some(Status::AccountDisabled));
    }
}
