//! IPv6 prefixes, and the addresses of machines in them.

use std::fmt;
use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

use super::quoted;
use crate::rules::domain::HostId;

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

    /// The address of the machine `host` in this network: the bits of the prefix, the host's subnet behind them (the first
    /// one if it names none), the interface identifier at the end.
    ///
    /// # Errors
    ///
    /// A prefix longer than 64 bits leaves no room for an interface identifier (RFC 4291 2.5.1), and a subnet may be more
    /// than the bits between the prefix and the identifier can hold.
    pub fn with_host(self, host: HostId) -> Result<Ipv6Addr, String> {
        let Some(room) = 64_u8.checked_sub(self.length) else {
            return Err(format!("the prefix {self} is longer than /64; it has no room for an interface identifier"));
        };
        let subnet = host.subnet();
        if room < 64 && u64::from(subnet) >> room != 0 {
            return Err(match room {
                0 => format!("{host} names subnet {subnet:x}, but the prefix {self} has no bits for subnets; leave the subnet out"),
                _ => format!("{host} names subnet {subnet:x}, but the prefix {self} has room for subnets 0 to {:x}", (1_u64 << room) - 1),
            });
        }
        Ok(Ipv6Addr::from_bits(self.network.to_bits() | host.bits()))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

#[cfg(test)]
mod tests;
