//! UpdateURL templates: placeholders are parsed once, checked, and expanded.
//!
//! `X_AVM-DE_RemoteAccess` v12, table 12; contract section 3; the rules FRITZ!OS follows.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::address::Prefix;

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// `<domain>`: the names, joined by comma.
    Domain,
    /// `<ipaddr>`: the IPv4 address.
    Ipv4,
    /// `<ip6addr>`: the IPv6 address.
    Ipv6,
    /// `<ip6lanprefix>`: the prefix of the LAN with its length.
    LanPrefix,
    /// `<username>`.
    Username,
    /// `<pass>` and `<passwd>`.
    Password,
    /// `<dualstack>`: 1 if the line has both families, else 0.
    Dualstack,
}

/// A text with placeholders, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {}

/// One URL with placeholders, parsed and complete with its scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlTemplate {}

/// What the placeholders are replaced by.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Names joined by comma.
    pub domain: &'a str,
    /// User name.
    pub username: &'a str,
    /// Password.
    pub password: &'a str,
    /// IPv4 address, if the request carries one.
    pub ipv4: Option<Ipv4Addr>,
    /// IPv6 address, if the request carries one.
    pub ipv6: Option<Ipv6Addr>,
    /// LAN prefix, if known.
    pub lan_prefix: Option<Prefix>,
    /// The line has both families.
    pub dualstack: bool,
}
