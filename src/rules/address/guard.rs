//! What may never be published: the special-purpose registries of IANA (RFC 6890) and what else leads to no single machine.

use std::fmt;
use std::net::IpAddr;

/// Why an address must not be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The address.
    pub address: IpAddr,
    /// The rule that forbids it.
    pub rule: &'static Rule,
}

/// One rule of the guard: a range and why it is not for the public.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The range as it is usually written.
    pub range: &'static str,
    /// What the range is.
    pub what: &'static str,
    /// The document that says so.
    pub reference: &'static str,
    network: u128,
    length: u8,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { range, what, reference, .. } = self.rule;
        write!(f, "{} must not be published: {what} ({range}, {reference})", self.address)
    }
}

impl std::error::Error for Rejected {}

impl Rule {
    const fn v4(network: [u8; 4], length: u8, range: &'static str, what: &'static str, reference: &'static str) -> Self {
        Self { range, what, reference, network: u32::from_be_bytes(network) as u128, length: length + 96 }
    }

    const fn v6(network: [u16; 8], length: u8, range: &'static str, what: &'static str, reference: &'static str) -> Self {
        let mut bits = 0;
        let mut group = 0;
        // No iterators in constants.
        while group < network.len() {
            bits = bits << 16 | network[group] as u128;
            group += 1;
        }
        Self { range, what, reference, network: bits, length }
    }

    const fn covers(&self, bits: u128) -> bool {
        self.length == 0 || (bits ^ self.network) >> (128 - self.length) == 0
    }
}

/// IPv4, the special before the general.
static V4: [Rule; 26] = [
    Rule::v4([0, 0, 0, 0], 32, "0.0.0.0", "means \"not connected\"", "RFC 1122"),
    Rule::v4([0, 0, 0, 0], 8, "0.0.0.0/8", "this network", "RFC 791, RFC 1122"),
    Rule::v4([1, 1, 1, 1], 32, "1.1.1.1", "a provider reads it as \"the address you see\"", "easyDNS"),
    Rule::v4([10, 0, 0, 0], 8, "10.0.0.0/8", "private", "RFC 1918"),
    Rule::v4([172, 16, 0, 0], 12, "172.16.0.0/12", "private", "RFC 1918"),
    Rule::v4([192, 168, 0, 0], 16, "192.168.0.0/16", "private", "RFC 1918"),
    CARRIER_NAT,
    Rule::v4([127, 0, 0, 0], 8, "127.0.0.0/8", "loopback", "RFC 1122"),
    Rule::v4([169, 254, 0, 0], 16, "169.254.0.0/16", "link-local", "RFC 3927"),
    Rule::v4([192, 0, 0, 0], 29, "192.0.0.0/29", "DS-Lite and 464XLAT", "RFC 6333, RFC 7335"),
    Rule::v4([192, 0, 0, 8], 32, "192.0.0.8", "dummy address", "RFC 7600"),
    Rule::v4([192, 0, 0, 9], 32, "192.0.0.9", "PCP anycast", "RFC 7723"),
    Rule::v4([192, 0, 0, 10], 32, "192.0.0.10", "TURN anycast", "RFC 8155"),
    Rule::v4([192, 0, 0, 170], 31, "192.0.0.170/31", "NAT64 discovery", "RFC 7050, RFC 8880"),
    Rule::v4([192, 0, 0, 0], 24, "192.0.0.0/24", "protocol assignments", "RFC 6890"),
    Rule::v4([192, 0, 2, 0], 24, "192.0.2.0/24", "documentation", "RFC 5737"),
    Rule::v4([198, 51, 100, 0], 24, "198.51.100.0/24", "documentation", "RFC 5737"),
    Rule::v4([203, 0, 113, 0], 24, "203.0.113.0/24", "documentation", "RFC 5737"),
    Rule::v4([192, 31, 196, 0], 24, "192.31.196.0/24", "AS112", "RFC 7535"),
    Rule::v4([192, 175, 48, 0], 24, "192.175.48.0/24", "AS112", "RFC 7534"),
    Rule::v4([192, 52, 193, 0], 24, "192.52.193.0/24", "multicast tunnels (AMT)", "RFC 7450"),
    Rule::v4([192, 88, 99, 0], 24, "192.88.99.0/24", "former 6to4 anycast", "RFC 7526"),
    Rule::v4([198, 18, 0, 0], 15, "198.18.0.0/15", "benchmarking", "RFC 2544"),
    Rule::v4([224, 0, 0, 0], 4, "224.0.0.0/4", "multicast", "RFC 5771"),
    Rule::v4([255, 255, 255, 255], 32, "255.255.255.255", "broadcast", "RFC 919, RFC 8190"),
    Rule::v4([240, 0, 0, 0], 4, "240.0.0.0/4", "reserved", "RFC 1112"),
];

/// Carrier-grade NAT: shared by many lines.
const CARRIER_NAT: Rule = Rule::v4([100, 64, 0, 0], 10, "100.64.0.0/10", "carrier NAT", "RFC 6598");

/// IPv6, the special before the general.
static V6: [Rule; 26] = [
    Rule::v6([0; 8], 128, "::", "unspecified, means \"not connected\"", "RFC 4291"),
    Rule::v6([0, 0, 0, 0, 0, 0, 0, 1], 128, "::1", "loopback", "RFC 4291"),
    Rule::v6([0; 8], 96, "::/96", "IPv4-compatible", "RFC 4291"),
    Rule::v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "::ffff:0:0/96", "IPv4-mapped", "RFC 4291"),
    Rule::v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "64:ff9b::/96", "NAT64", "RFC 6052"),
    Rule::v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "64:ff9b:1::/48", "NAT64", "RFC 8215"),
    Rule::v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "100::/64", "discard", "RFC 6666"),
    Rule::v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, "100:0:0:1::/64", "dummy prefix", "RFC 9780"),
    Rule::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "2001::/32", "Teredo", "RFC 4380"),
    Rule::v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "2001:2::/48", "benchmarking", "RFC 5180"),
    Rule::v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, "2001:3::/32", "multicast tunnels (AMT)", "RFC 7450"),
    Rule::v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, "2001:4:112::/48", "AS112", "RFC 7535"),
    Rule::v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, "2001:10::/28", "ORCHID", "RFC 4843"),
    Rule::v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, "2001:20::/28", "ORCHIDv2", "RFC 7343"),
    Rule::v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, "2001:30::/28", "drone tags", "RFC 9374"),
    Rule::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "2001::/23", "protocol assignments", "RFC 2928"),
    Rule::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "2001:db8::/32", "documentation", "RFC 3849"),
    Rule::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "3fff::/20", "documentation", "RFC 9637"),
    Rule::v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "2002::/16", "6to4", "RFC 3056, RFC 7526"),
    Rule::v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "2620:4f:8000::/48", "AS112", "RFC 7534"),
    Rule::v6([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16, "3ffe::/16", "6bone, returned", "RFC 3701"),
    Rule::v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "5f00::/16", "segment routing", "RFC 9602"),
    Rule::v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "fc00::/7", "unique local", "RFC 4193"),
    Rule::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "fe80::/10", "link-local", "RFC 4291"),
    Rule::v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "fec0::/10", "site-local", "RFC 3879"),
    Rule::v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "ff00::/8", "multicast", "RFC 4291"),
];

/// The only global unicast block there is.
static GLOBAL_UNICAST: Rule = Rule::v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3, "2000::/3", "global unicast", "RFC 4291");
/// Everything else.
static OUTSIDE: Rule = Rule::v6([0; 8], 0, "outside 2000::/3", "not global unicast", "RFC 4291");
/// Interface part zero: every router on the link answers to it.
static ROUTER_ANYCAST: Rule = Rule::v6([0; 8], 128, "interface part zero", "subnet-router anycast", "RFC 4291 2.6.1");
/// The 128 highest interface identifiers in EUI-64 form.
static RESERVED_ANYCAST: Rule =
    Rule::v6([0, 0, 0, 0, 0xfdff, 0xffff, 0xffff, 0xff80], 121, "interface part fdff:ffff:ffff:ff80/121", "reserved anycast", "RFC 2526");

/// May `address` be published? Both families are judged by the tables above; what is not named there is public.
///
/// # Errors
///
/// The rule that forbids it.
pub fn publishable(address: IpAddr) -> Result<(), Rejected> {
    match broken(address) {
        Some(rule) => Err(Rejected { address, rule }),
        None => Ok(()),
    }
}

/// Is this an address of carrier-grade NAT (RFC 6598)?
#[must_use]
pub fn carrier_nat(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if CARRIER_NAT.covers(u128::from(v4.to_bits())))
}

fn broken(address: IpAddr) -> Option<&'static Rule> {
    let v6 = match address {
        IpAddr::V4(v4) => return V4.iter().find(|rule| rule.covers(u128::from(v4.to_bits()))),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    if let Some(rule) = V6.iter().find(|rule| rule.covers(v6)) {
        return Some(rule);
    }
    if !GLOBAL_UNICAST.covers(v6) {
        return Some(&OUTSIDE);
    }
    let interface_part = u128::from(v6 as u64);
    if interface_part == 0 {
        return Some(&ROUTER_ANYCAST);
    }
    RESERVED_ANYCAST.covers(interface_part).then_some(&RESERVED_ANYCAST)
}
