//! Addresses that a router pushes for names, and what becomes of them.

use std::fmt::Display;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::address::{Family, Lan, Observed, PerFamily, Prefix, Sighting, publishable};
use super::consensus::Source;
use super::domain::Domain;
use super::moment::Moment;

/// What a router says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// For these names, in the order of the request; at least one.
    pub domains: Vec<Domain>,
    /// The addresses, each of its family; all of them have passed the publish guard.
    pub addresses: PerFamily<Option<IpAddr>>,
    /// The IPv6 prefix of the LAN behind the router.
    pub prefix: Option<Prefix>,
}

/// What is remembered of it: one name, one family. Survives restarts, for routers push changes only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pushed {
    /// The address.
    pub address: Option<IpAddr>,
    /// When it was pushed first.
    pub at: Option<Moment>,
    /// The prefix of the LAN (IPv6 only).
    pub prefix: Option<Prefix>,
    /// When that was pushed first.
    pub prefix_at: Option<Moment>,
}

/// What a push means for one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Something of it is news.
    Good(Stored),
    /// It is known, or what another name of the entry was pushed later counts.
    Unchanged(Stored),
    /// No entry with this name has a use for any part of it: its line has no source `push` for the family, it does not want the
    /// family, or it is for a machine behind the router and the prefix is missing.
    NoRecord,
    /// No entry has this name.
    Unknown,
    /// The name, or its account, is locked at the provider: a person must act. The address is remembered.
    Locked,
    /// The provider refuses this very address.
    Refused(IpAddr),
}

/// What the entries with a name have after a push, of those parts of it that they have a use for. What the names of one entry are
/// pushed is the entry's: it may be what came later for another name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The addresses, each of its family.
    pub addresses: PerFamily<Option<IpAddr>>,
    /// The prefix of the LAN.
    pub prefix: Option<Prefix>,
}

/// Names of one entry were pushed different things, and have what came last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// When that came.
    pub since: Moment,
    /// Which name was pushed what, and the remedy.
    pub text: String,
}

/// What the keys of pushed addresses in the state begin with.
pub const PUSH: &str = "push/";

/// The key of what routers pushed for a name ([`Pushed`]).
#[must_use]
pub fn push_key(domain: &Domain, family: Family) -> String {
    format!("{PUSH}{domain}/{}", family.key())
}

/// Why a name has no pushed address.
pub const NOTHING_YET: &str = "nothing was pushed yet for this name";

/// Why what was pushed does not count for now.
pub const OVERTAKEN: &str = "a source that is trusted more gave an address later";

/// Why a line has no pushed address of its own although its names have some.
pub const EACH_ITS_OWN: &str = "each entry has the address that was pushed last for one of its names";

impl Push {
    /// The prefix, if `family` is the one that has some.
    #[must_use]
    pub fn prefix_of(&self, family: Family) -> Option<Prefix> {
        self.prefix.filter(|_| family == Family::V6)
    }

    /// Does it say anything of `family`?
    #[must_use]
    pub fn names(&self, family: Family) -> bool {
        self.addresses[family].is_some() || self.prefix_of(family).is_some()
    }
}

impl Pushed {
    /// What is known after `push` has said this of `family`. What it does not name stands: a router that calls once per family
    /// tells the prefix of its LAN in one of the calls only.
    #[must_use]
    pub fn after(&self, push: &Push, family: Family, now: Moment) -> Self {
        let mut known = self.clone();
        if let Some(address) = push.addresses[family].filter(|it| known.address != Some(*it)) {
            (known.address, known.at) = (Some(address), Some(now));
        }
        if let Some(prefix) = push.prefix_of(family).filter(|it| known.prefix != Some(*it)) {
            (known.prefix, known.prefix_at) = (Some(prefix), Some(now));
        }
        known
    }

    /// The same where a trusted source has overtaken what is known, and says nothing any more: what is repeated is said now.
    #[must_use]
    pub fn after_anew(&self, push: &Push, family: Family, now: Moment) -> Self {
        let mut known = self.after(push, family, now);
        if push.addresses[family].is_some() {
            known.at = Some(now);
        }
        if push.prefix_of(family).is_some() {
            known.prefix_at = Some(now);
        }
        known
    }

    /// Without what must not be published (any more): it was written by whoever wrote the state.
    #[must_use]
    pub fn guarded(self, family: Family) -> Self {
        let fit = |address: &IpAddr| Family::of(*address) == family && publishable(*address).is_ok();
        Self { address: self.address.filter(fit), prefix: self.prefix.filter(|_| family == Family::V6), ..self }
    }
}

/// Of what was pushed for the names of one entry, what came last, and when; `machine`: the entry is for one behind the router,
/// which lives by the prefix.
#[must_use]
pub fn latest<'a, I: Iterator<Item = &'a Pushed> + Clone>(names: I, machine: bool) -> (Observed, Option<Moment>) {
    let address = names.clone().filter_map(|it| Some((it.at, it.address?))).max_by_key(|(at, _)| *at);
    let prefix = names.filter_map(|it| Some((it.prefix_at, it.prefix?))).max_by_key(|(at, _)| *at);
    let source = Source::Push.to_string();
    let observed = match (address, prefix) {
        (Some((_, address)), prefix) => {
            Observed::Known(Sighting { address, source, prefix: prefix.map(|(_, prefix)| prefix), warning: None })
        }
        (None, Some((_, prefix))) => Observed::Prefix(Lan { prefix, source, reason: "no address was pushed".to_owned() }),
        (None, None) => Observed::Unavailable(NOTHING_YET.to_owned()),
    };
    let (address, prefix) = (address.and_then(|(at, _)| at), prefix.and_then(|(at, _)| at));
    let since = if is_dated_by_prefix(&observed, machine) { prefix } else { address };
    (observed, since)
}

/// Were the names of one entry pushed different addresses? For a `machine` behind the router it is the prefix that counts.
#[must_use]
pub fn apart<'a, I: Iterator<Item = (&'a Domain, &'a Pushed)> + Clone>(names: I, machine: bool) -> Option<Apart> {
    if machine {
        differing(names.filter_map(|(domain, it)| Some((it.prefix_at?, domain, it.prefix?))), "prefixes")
    } else {
        differing(names.filter_map(|(domain, it)| Some((it.at?, domain, it.address?))), "addresses")
    }
}

fn differing<D: Display, T: PartialEq + Display>(said: impl Iterator<Item = (Moment, D, T)> + Clone, what: &str) -> Option<Apart> {
    let (since, name, last) = said.clone().max_by_key(|(at, ..)| *at)?;
    let (_, other, before) = said.filter(|(.., it)| *it != last).max_by_key(|(at, ..)| *at)?;
    let text = format!(
        "names of this entry were pushed different {what}: {before} for {other}, and later {last} for {name}, which all of them have now; \
         each site needs an entry of its own"
    );
    Some(Apart { since, text })
}

/// Is this as old as its prefix, and not as its address? An entry for a `machine` behind the router lives by the prefix, another
/// one by the address; if that was not pushed, by what was.
#[must_use]
pub fn is_dated_by_prefix(observed: &Observed, machine: bool) -> bool {
    observed.prefix().is_some() && (machine || observed.address().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::domain::HostId;
    use crate::rules::moment::RELEASED;

    fn push(address: Option<&str>, prefix: Option<&str>) -> Push {
        Push {
            domains: Vec::new(),
            addresses: PerFamily { v4: None, v6: address.map(|text| text.parse().expect("an address")) },
            prefix: prefix.map(|text| Prefix::parse(text).expect("a prefix")),
        }
    }

    #[test]
    fn what_a_call_does_not_name_stands_and_what_it_repeats_keeps_its_age() {
        let (first, later) = (RELEASED, Moment(RELEASED.0 + 1));
        let one = Pushed::default().after(&push(Some("2003::1"), None), Family::V6, first);
        let both = one.after(&push(None, Some("2003:1::/56")), Family::V6, later);
        assert_eq!((both.address, both.at, both.prefix_at), (one.address, Some(first), Some(later)));
        assert_eq!(both.after(&push(Some("2003::1"), Some("2003:1::/56")), Family::V6, Moment(later.0 + 1)), both);
    }

    #[test]
    fn the_address_of_a_router_says_nothing_of_the_lan_behind_it() {
        let host = HostId::parse("::1:2:3:4").expect("an identifier");
        let router = Pushed::default().after(&push(Some("2003::1"), None), Family::V6, RELEASED);
        let (observed, _) = latest([&router].into_iter(), true);
        assert!(observed.publish(Some(host)).is_err(), "{observed:?}");
    }

    #[test]
    fn of_two_names_the_one_that_was_pushed_last_counts_part_by_part() {
        let (first, later) = (RELEASED, Moment(RELEASED.0 + 1));
        let a = Pushed::default().after(&push(Some("2003::1"), Some("2003:1::/56")), Family::V6, first);
        let b = Pushed::default().after(&push(Some("2003::2"), None), Family::V6, later);
        let (observed, since) = latest([&b, &a].into_iter(), false);
        assert_eq!((observed.address(), observed.prefix()), (b.address, a.prefix));
        assert_eq!(since, Some(later));
        assert_eq!(latest([&b, &a].into_iter(), true).1, Some(first));
    }

    #[test]
    fn names_of_one_entry_are_apart_if_what_it_goes_by_differs() {
        let (home, nas) = (Domain::parse("home.example.org").expect("a name"), Domain::parse("nas.example.org").expect("a name"));
        let (first, later) = (RELEASED, Moment(RELEASED.0 + 1));
        let said = |address, prefix, at| Pushed::default().after(&push(Some(address), Some(prefix)), Family::V6, at);
        let (a, b) = (said("2003::1", "2003:1::/56", first), said("2003::2", "2003:1::/56", later));
        let told = apart([(&nas, &b), (&home, &a)].into_iter(), false).expect("their addresses differ");
        assert_eq!(told.since, later);
        assert!(told.text.contains("2003::1 for home.example.org, and later 2003::2 for nas.example.org"), "{}", told.text);
        assert_eq!(apart([(&nas, &b), (&home, &a)].into_iter(), true), None, "their prefixes do not");
        assert_eq!(apart([(&nas, &b), (&home, &Pushed::default())].into_iter(), false), None, "nothing is no other address");
    }

    #[test]
    fn what_must_not_be_published_is_not_taken_from_the_disk() {
        let written = Pushed { address: Some("192.168.178.1".parse().expect("an address")), ..Pushed::default() };
        assert_eq!(written.guarded(Family::V4).address, None);
    }
}
