//! The addresses of a request: read, and judged whether they may be published.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;

use super::{Code, Fields, Refusal};
use crate::rules::address::{Family, PerFamily, Prefix, carrier_nat, parse_strict, publishable};

/// Lengths of a prefix that a LAN can have: no registry gave away more than a /16, and behind /64 there is no room for the
/// identifiers of interfaces (RFC 4291 2.5.1).
const LENGTHS: RangeInclusive<u8> = 16..=64;

/// What is asked to be set.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) addresses: PerFamily<Option<IpAddr>>,
    pub(super) prefix: Option<Prefix>,
}

/// One value of an address field.
enum Value {
    Address(IpAddr),
    /// FRITZ!OS writes the prefix of its LAN with the length.
    Prefix(Prefix),
}

/// What `fields` ask to be set; without any field for it, the address of `peer`. Fields that are all empty are a line that has
/// no address: that of the connection would be somebody else's (carrier NAT).
pub(super) fn asked(fields: &Fields, peer: IpAddr) -> Result<Asked, Refusal> {
    // Who wants the name taken off the air must not have it published.
    if let Some(wish) = fields.parking() {
        return Err(Refusal::about(Code::DnsErr, wish));
    }
    let mut asked = Asked::default();
    for field in fields.addresses() {
        for value in values(text(field)?) {
            asked.value(value).map_err(|code| Refusal::about(code, value))?;
        }
    }
    if let Some(field) = fields.prefix() {
        let text = text(field)?;
        prefix(text).ok_or(Code::DnsErr).and_then(|prefix| asked.prefix(prefix)).map_err(|code| Refusal::about(code, text))?;
    }
    if asked.addresses == PerFamily::default() && asked.prefix.is_none() {
        if fields.has_place() {
            return Err(Code::DnsErr.into());
        }
        asked.address(peer.to_canonical()).map_err(|code| Refusal::about(code, peer.to_canonical().to_string()))?;
    }
    Ok(asked)
}

impl Asked {
    fn value(&mut self, value: &str) -> Result<(), Code> {
        match read(value).ok_or(Code::DnsErr)? {
            Value::Address(address) => self.address(address),
            Value::Prefix(prefix) => self.prefix(prefix),
        }
    }

    fn address(&mut self, address: IpAddr) -> Result<(), Code> {
        fit(address)?;
        let before = self.addresses[Family::of(address)].replace(address);
        same(before.as_ref(), &address)
    }

    fn prefix(&mut self, prefix: Prefix) -> Result<(), Code> {
        if !LENGTHS.contains(&prefix.length) {
            return Err(Code::DnsErr);
        }
        // A machine in it stands for all; not the first one, for that of :: is the loopback.
        fit(Ipv6Addr::from_bits(prefix.network.to_bits() | 2).into())?;
        same(self.prefix.replace(prefix).as_ref(), &prefix)
    }
}

/// The same in two fields is said twice; anything else leaves open which one is meant.
fn same<T: PartialEq>(before: Option<&T>, now: &T) -> Result<(), Code> {
    if before.is_none_or(|before| before == now) { Ok(()) } else { Err(Code::DnsErr) }
}

fn fit(address: IpAddr) -> Result<(), Code> {
    match publishable(address) {
        Ok(()) => Ok(()),
        Err(_) if is_internal(address) => Err(Code::DnsErrInt),
        Err(_) => Err(Code::DnsErr),
    }
}

/// Of a network behind the line, or of the machine itself.
fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local() || carrier_nat(address),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unique_local(),
    }
}

fn text(field: &[u8]) -> Result<&str, Refusal> {
    str::from_utf8(field).map_err(|_| Refusal::about(Code::DnsErr, String::from_utf8_lossy(field)))
}

/// Dyn's third version lists the addresses of both families in one field.
fn values(field: &str) -> impl Iterator<Item = &str> {
    field.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|value| !value.is_empty())
}

/// An address, an address with the length of its network, or an IPv6 network.
fn read(value: &str) -> Option<Value> {
    let Some((network, length)) = value.split_once('/') else {
        return address(value).map(|it| Value::Address(it.to_canonical()));
    };
    let (network, length) = (address(network)?, length.parse::<u8>().ok()?);
    // Both families as 128 bits: IPv4 is at the end of them.
    let (bits, length) = match network {
        IpAddr::V4(v4) => (v4.to_ipv6_mapped(), length.checked_add(96)?),
        IpAddr::V6(v6) => (v6, length),
    };
    let prefix = Prefix::new(bits, length);
    match bits.to_canonical() {
        _ if length > 128 => None,
        address if length == 128 || prefix.network != bits => Some(Value::Address(address)),
        IpAddr::V4(_) => None,
        IpAddr::V6(_) => Some(Value::Prefix(prefix)),
    }
}

/// A prefix, with its length or without: FreeDYN's own example has none.
fn prefix(field: &str) -> Option<Prefix> {
    let (network, length) = field.split_once('/').unwrap_or((field, "64"));
    match address(network)? {
        IpAddr::V4(_) => None,
        IpAddr::V6(network) => Some(Prefix::new(network, length.parse().ok().filter(|length| *length <= 128)?)),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    parse_strict(text, if text.contains(':') { Family::V6 } else { Family::V4 }).ok()
}
