//! Address families, what was observed, and what may be published.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

mod guard;
mod observed;
mod prefix;

pub use guard::{Rejected, carrier_nat, publishable};
pub use observed::{Lan, Observed, Sighting};
pub use prefix::Prefix;

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
