//! What a line names: addresses, a host, a record type.

use std::net::{IpAddr, Ipv4Addr};

use super::super::address::Family;
use super::super::domain::Domain;

/// The addresses in `text`, separated by blanks or commas; an IPv4 address in IPv6 clothes counts as IPv4.
pub(super) fn addresses(text: &str) -> Vec<IpAddr> {
    tokens(text).filter_map(|token| token.split('/').next()?.parse::<IpAddr>().ok()).map(|address| address.to_canonical()).collect()
}

/// The words in `text` that look like host names.
pub(super) fn hosts(text: &str) -> impl Iterator<Item = Domain> + '_ {
    tokens(text)
        .filter(|token| token.contains('.') && token.contains(char::is_alphabetic) && token.parse::<IpAddr>().is_err())
        .filter_map(|token| Domain::parse(token.trim_end_matches(':')).ok())
}

/// The record type in `text`, written as DNS writes it.
pub(super) fn record_type(text: &str) -> Option<Family> {
    tokens(text).find_map(|token| Family::ALL.into_iter().find(|family| family.record_type() == token))
}

/// The family of `addresses`, if they are all of one.
pub(super) fn family(addresses: &[IpAddr]) -> Option<Family> {
    let (first, rest) = addresses.split_first()?;
    let family = Family::of(*first);
    rest.iter().all(|address| Family::of(*address) == family).then_some(family)
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t', ',', ';', '|', '='])
        .map(|token| token.trim_matches(['"', '\'', '(', ')', '[', ']', '<', '>']).trim_end_matches('.'))
        .filter(|token| !token.is_empty())
}

/// Could a server have seen or stored this address on the open internet? Coarser than the publish guard: an
/// address outside of it is noise in a reply, not a statement (`dyndns2.md` 3.2, rule 10).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || v4.is_multicast()
                || v4.octets()[0] == 0
                || v4.octets()[0] >= 240
                || is_shared(v4))
        }
        // 2000::/3 is all that is given out (RFC 4291); 2001:db8::/32 is for documents (RFC 3849).
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000 && v6.segments()[..2] != [0x2001, 0x0db8],
    }
}

/// 100.64.0.0/10: between a carrier and its customers (RFC 6598).
fn is_shared(v4: Ipv4Addr) -> bool {
    v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64
}
