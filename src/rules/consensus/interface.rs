//! The machine's own addresses → the one to publish.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::time::Duration;

use super::InterfaceAddress;
use super::reading::{Outcome, Unused};
use crate::rules::address::{Family, Prefix, publishable};

/// A rival replaces the published address when its preferred lifetime is longer by more than this. Router advertisements
/// renew all prefixes of a living router within 600 s by default (RFC 4861 6.2.1), so a gap beyond that, with some room,
/// means that the published prefix is no longer advertised (RFC 9096).
const STALE: Duration = Duration::from_secs(900);

/// Chooses; gives back why each of the other addresses was passed over.
pub(super) fn choose(all: &[InterfaceAddress], named: Option<&str>, family: Family, published: Option<IpAddr>) -> (Outcome, Vec<Unused>) {
    let mut passed = Vec::new();
    let mut fit = Vec::new();
    for (entry, address) in of_family(all, named, family) {
        match unfit(entry, address, named.is_some()) {
            Some(why) => passed.push(Unused { address: Some(address), why: format!("{} on {}", why, entry.interface) }),
            None => fit.push((entry, address)),
        }
    }
    let Some((entry, address)) = best(&fit, published) else {
        return (none_fit(all, named, family, &passed), passed);
    };
    let others = fit.iter().filter(|&&(_, other)| other != address);
    passed.extend(others.map(|&(entry, other)| Unused {
        address: Some(other),
        why: format!("another address is preferred to this one on {}", entry.interface),
    }));
    let prefix = match address {
        IpAddr::V6(v6) if entry.prefix_length <= 64 => Some(Prefix::new(v6, entry.prefix_length)),
        _ => None,
    };
    (Outcome::Known { address, prefix }, passed)
}

/// The addresses that can matter: those that every machine has for itself do not.
fn of_family<'a>(
    all: &'a [InterfaceAddress],
    named: Option<&'a str>,
    family: Family,
) -> impl Iterator<Item = (&'a InterfaceAddress, IpAddr)> {
    all.iter()
        .filter(move |entry| named.is_none_or(|name| name == entry.interface))
        .filter_map(|entry| entry.address.map(|address| (entry, address)))
        .filter(move |(_, address)| Family::of(*address) == family && !address.is_loopback())
}

fn unfit(entry: &InterfaceAddress, address: IpAddr, named: bool) -> Option<String> {
    let rules = [
        (!entry.up, "the interface is down"),
        (entry.tunnel && !named, "a tunnel is used only if it is named as interface:NAME"),
        (entry.duplicated, "another machine has this address (RFC 4862)"),
        (entry.tentative, "duplicate address detection is not finished (RFC 4862)"),
        (entry.deprecated || entry.preferred == Some(Duration::ZERO), "deprecated (RFC 4862)"),
        (entry.temporary, "temporary (RFC 8981)"),
    ];
    // The guard first: of a private address nobody wants to hear that it is deprecated.
    let guard = publishable(address).err().map(|rejected| rejected.to_string());
    guard.or_else(|| rules.iter().find(|(broken, _)| *broken).map(|(_, why)| (*why).to_owned()))
}

/// Longest preferred lifetime, then lowest; the published one stays unless it is no longer advertised.
fn best<'a>(fit: &[(&'a InterfaceAddress, IpAddr)], published: Option<IpAddr>) -> Option<(&'a InterfaceAddress, IpAddr)> {
    let lifetime = |entry: &InterfaceAddress| entry.preferred.unwrap_or(Duration::MAX);
    let longest = *fit.iter().min_by_key(|(entry, address)| (Reverse(lifetime(entry)), *address))?;
    let kept = fit.iter().filter(|(_, address)| Some(*address) == published).max_by_key(|(entry, _)| lifetime(entry));
    match kept {
        Some(&kept) if lifetime(longest.0) <= lifetime(kept.0).saturating_add(STALE) => Some(kept),
        _ => Some(longest),
    }
}

fn none_fit(all: &[InterfaceAddress], named: Option<&str>, family: Family, passed: &[Unused]) -> Outcome {
    if let Some(name) = named.filter(|name| all.iter().all(|entry| entry.interface != *name)) {
        return Outcome::Unsure(Unused::because(format!("there is no interface {name:?} with an address")));
    }
    let usable = of_family(all, named, family).filter(|(entry, address)| entry.up && !link_local(*address));
    if usable.count() == 0 {
        return Outcome::Absent(Unused::because(format!("no interface that is up has an {family} address")));
    }
    let whys: Vec<String> = passed.iter().map(|unused| unused.why.clone()).collect();
    let why = Unused::because(whys.join("; "));
    // An address that only has to wait is a line; a private one says nothing about what is behind the router.
    if passed.iter().any(|unused| unused.address.is_some_and(|address| publishable(address).is_ok())) {
        Outcome::Unsure(why)
    } else {
        Outcome::Silent(why)
    }
}

fn link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests;
