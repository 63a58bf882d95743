//! What a line names: addresses, a host, a record type.

use std::net::IpAddr;

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
