//! Address families, what was observed, and what may be published.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::domain::HostId;

mod guard;

pub use guard::{Rejected, carrier_nat, publishable};

/// An address family. IPv4 and IPv6 differ by this value, never by a second copy of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    /// IPv4, record type A.
    #[serde(rename = "ipv4")]
    V4,
    /// IPv6, record type AAAA.
    #[serde(rename = "ipv6")]
    V6,
}

impl Family {
    /// Both, in the order in which requests and reply lines name them.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// The family of `address`.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }

    /// The DNS record type that holds an address of this family.
    #[must_use]
    pub const fn record_type(self) -> &'static str {
        match self {
            Self::V4 => "A",
            Self::V6 => "AAAA",
        }
    }

    /// The key in JSON and in the configuration: `ipv4`, `ipv6`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// One value per family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PerFamily<T> {
    /// IPv4's.
    #[serde(rename = "ipv4")]
    pub v4: T,
    /// IPv6's.
    #[serde(rename = "ipv6")]
    pub v6: T,
}

impl<T> PerFamily<T> {
    /// Builds both values with `make`.
    pub fn from_fn(mut make: impl FnMut(Family) -> T) -> Self {
        Self { v4: make(Family::V4), v6: make(Family::V6) }
    }

    /// Both values as references.
    pub const fn as_ref(&self) -> PerFamily<&T> {
        PerFamily { v4: &self.v4, v6: &self.v6 }
    }

    /// Converts both values.
    pub fn map<U>(self, mut convert: impl FnMut(T) -> U) -> PerFamily<U> {
        PerFamily { v4: convert(self.v4), v6: convert(self.v6) }
    }

    /// Both values with their families.
    pub fn iter(&self) -> impl Iterator<Item = (Family, &T)> {
        [(Family::V4, &self.v4), (Family::V6, &self.v6)].into_iter()
    }
}

impl<T> std::ops::Index<Family> for PerFamily<T> {
    type Output = T;
    fn index(&self, family: Family) -> &T {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }
}

impl<T> std::ops::IndexMut<Family> for PerFamily<T> {
    fn index_mut(&mut self, family: Family) -> &mut T {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }
}

/// An IPv6 prefix: a network address (host bits zero) and its length in bits (0 to 128).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prefix {
    /// The network address; bits behind the length are zero.
    pub network: Ipv6Addr,
    /// Length in bits.
    pub length: u8,
}

impl Prefix {
    /// The network of `length` bits that `address` is in; bits behind the length are cleared, lengths over 128 count as 128.
    #[must_use]
    pub const fn new(address: Ipv6Addr, length: u8) -> Self {
        let length = if length > 128 { 128 } else { length };
        let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
        Self { network: Ipv6Addr::from_bits(address.to_bits() & mask), length }
    }

    /// Reads `ADDRESS/LENGTH`, such as `2003::/56`.
    ///
    /// # Errors
    ///
    /// Says what was read and what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{} is not an IPv6 prefix; something like 2003:e7::/56 was expected", quoted(text));
        let (address, length) = text.trim().split_once('/').ok_or_else(wrong)?;
        let address = address.parse().map_err(|_| wrong())?;
        let length = length.parse().ok().filter(|&length| length <= 128).ok_or_else(wrong)?;
        Ok(Self::new(address, length))
    }

    /// Is `address` in this network?
    #[must_use]
    pub fn contains(self, address: Ipv6Addr) -> bool {
        Self::new(address, self.length).network == self.network
    }

    /// The address of the machine `host` in this network; of a prefix shorter than 64 bits the first subnet is taken.
    ///
    /// # Errors
    ///
    /// A prefix longer than 64 bits leaves no room for an interface identifier (RFC 4291 2.5.1).
    pub fn with_host(self, host: HostId) -> Result<Ipv6Addr, String> {
        if self.length > 64 {
            return Err(format!("the prefix {self} is longer than /64; it has no room for an interface identifier"));
        }
        Ok(Ipv6Addr::from_bits(self.network.to_bits() | u128::from(host.0)))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

/// One address that is fit to be published, and how we came by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The address; it has passed the publish guard.
    pub address: IpAddr,
    /// Who said so: a source as the configuration writes it (`interface:eth0`, `fritzbox`, `web`).
    pub source: String,
    /// The prefix of the LAN, where the source knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
    /// A standing warning: the address is right, but something about the line is not (carrier NAT …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// What a line's address of one family is known to be. "Not known" is a value, never a guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// There is no line of this family: no link, no route, the router says 0.0.0.0.
    Absent(String),
    /// There may be an address, but none that may be published or that we are sure of; with the reason.
    Unavailable(String),
    /// This address.
    Known(Sighting),
}

impl Observed {
    /// The address, if it is known.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Known(sighting) => Some(sighting.address),
            Self::Absent(_) | Self::Unavailable(_) => None,
        }
    }
}

/// The address to publish: the line's own, or that of the machine with this interface identifier behind it.
///
/// # Errors
///
/// Why there is none: a prefix that leaves no room for a host, or a result that must not be published.
pub fn of_host(sighting: &Sighting, host: Option<HostId>) -> Result<IpAddr, String> {
    let (IpAddr::V6(own), Some(host)) = (sighting.address, host) else {
        return Ok(sighting.address);
    };
    let address = IpAddr::V6(sighting.prefix.unwrap_or(Prefix::new(own, 64)).with_host(host)?);
    publishable(address).map_err(|rejected| rejected.to_string())?;
    Ok(address)
}

/// Reads one address of `family` and nothing else. Blanks around it are ignored, brackets and a zone identifier are stripped;
/// leading zeros are refused, because parsers disagree on whether they mean octal.
///
/// # Errors
///
/// Says what was read and what was expected.
pub fn parse_strict(text: &str, family: Family) -> Result<IpAddr, String> {
    let trimmed = text.trim();
    let bare = trimmed.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(trimmed);
    // RFC 4007 11: only an IPv6 address has a zone.
    let bare = bare.split_once('%').map_or(bare, |(address, _)| if address.contains(':') { address } else { bare });
    match bare.parse::<IpAddr>() {
        Ok(address) if Family::of(address) == family => Ok(address),
        Ok(address) => Err(format!("{address} is an {} address; an {family} address was expected", family.other())),
        Err(_) if trimmed.is_empty() => Err(format!("nothing was said; an {family} address was expected")),
        Err(_) => Err(format!("{} is not an address; an {family} address without leading zeros was expected", quoted(trimmed))),
    }
}

/// Most characters of foreign text that a message repeats.
const QUOTE_CAP: usize = 60;

/// Foreign text for a message: quoted, control characters escaped, capped.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTE_CAP) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests;
