//! Machines behind the router, by what does not change when the prefix does.

use std::fmt;
use std::net::Ipv6Addr;

/// A machine in a LAN: its interface identifier in the lower 64 bits, and above them the number of the subnet of the delegated
/// prefix that it is in (16 bits: prefixes from /48 on leave no more).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostId(pub u128);

/// What a [`HostId`] may look like, for messages.
const HOST_FORMS: &str = "expected an interface identifier such as ::1a2b:3c4d:5e6f:7788, the same behind the number of a subnet such as \
                          ::3:1a2b:3c4d:5e6f:7788, or a MAC such as 1a:2b:3c:4d:5e:6f";

impl HostId {
    /// Reads an interface identifier (`::1a2b:3c4d:5e6f:7788`: the upper 64 bits are zero), one with the number of a subnet
    /// in front (`::3:1a2b:3c4d:5e6f:7788`), or a MAC, which becomes a modified EUI-64 (RFC 4291 appendix A).
    ///
    /// # Errors
    ///
    /// Says why `text` is neither, or why no host has such an identifier (subnet-router anycast, RFC 4291 2.6.1; reserved
    /// anycast, RFC 2526).
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let id = match mac(text) {
            Some(mac) if mac[0] & 1 == 1 || mac == [0; 6] => {
                return Err("no single machine has this MAC (a group address, or zero); expected the MAC of its network card".into());
            }
            Some(mac) => u64::from_be_bytes([mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]]).into(),
            None => lower_bits(text)?,
        };
        let host = Self(id);
        let id = id as u64;
        // Zero is every router; fdff:ffff:ffff:ff80 to fdff:ffff:ffff:ffff and their universal twins are the anycast range.
        let reserved = id == 0 || id | 0x0200_0000_0000_007f == u64::MAX;
        if reserved {
            return Err(format!("no host may use this identifier (reserved for anycast); {HOST_FORMS}"));
        }
        Ok(host)
    }

    /// The number of the subnet; 0, the first one, if none was named.
    #[must_use]
    pub const fn subnet(self) -> u16 {
        (self.0 >> 64) as u16
    }

    /// Subnet and interface identifier where they stand in an address.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0 & (u128::MAX >> 48)
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Ipv6Addr::from_bits(self.bits()))
    }
}

fn mac(text: &str) -> Option<[u8; 6]> {
    let separator = if text.contains('-') { '-' } else { ':' };
    let mut bytes = [0; 6];
    let mut parts = text.split(separator);
    for byte in &mut bytes {
        let part = parts.next().filter(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

fn lower_bits(text: &str) -> Result<u128, String> {
    let address: Ipv6Addr = match text.parse() {
        Ok(address) if !text.contains('.') => address,
        _ => {
            return Err(format!("this is no interface identifier and no MAC; {HOST_FORMS}"));
        }
    };
    let bits = address.to_bits();
    if bits >> 80 != 0 {
        return Err(format!("this is a whole address, but the prefix is learned from the line; {HOST_FORMS}"));
    }
    Ok(bits)
}

#[cfg(test)]
mod tests;
