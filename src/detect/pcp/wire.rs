//! NAT-PMP (RFC 6886) and PCP (RFC 6887): what is asked of a gateway and what it answers. PURE.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::rules::address::Family;

/// NAT-PMP: which address do you have outside? (RFC 6886 3.2.) Changes nothing at the gateway.
pub const PUBLIC_ADDRESS: [u8; 2] = [0, 0];

/// The version that RFC 6887 describes.
const PCP: u8 = 2;

/// Marks a response, in the place of the operation.
const RESPONSE: u8 = 0x80;

const MAP: u8 = 1;
const UDP: u8 = 17;

/// Result of a gateway that does not speak this version, in both protocols.
const OTHER_VERSION: u16 = 1;

/// Lengths: header, and header with what MAP adds (RFC 6887 7.1, 11.1); longest message (7).
const HEADER: usize = 24;
const MAPPED: usize = 60;
const LONGEST: usize = 1100;

/// Why a gateway does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It does not speak this version; perhaps another one.
    Version,
    /// Anything else, in words.
    Other(String),
}

/// Reads the answer to [`PUBLIC_ADDRESS`]; `None` if it is none. The seconds since the gateway started are left unread: nothing of
/// an earlier answer is kept that they could make void.
///
/// # Errors
///
/// Says why the gateway does not tell.
pub fn public_address(bytes: &[u8]) -> Option<Result<Ipv4Addr, Refusal>> {
    let [version, operation, high, low, rest @ ..] = bytes else {
        return None;
    };
    let result = u16::from_be_bytes([*high, *low]);
    // A gateway that only speaks PCP may answer in its own version, and RFC 6886 3.5 once had the operation without the mark
    // (erratum 3618). The result stands in the same place.
    if result == OTHER_VERSION && rest.len() >= 4 && (*version != 0 || matches!(*operation, 0 | RESPONSE)) {
        return Some(Err(Refusal::Version));
    }
    if (*version, *operation) != (0, RESPONSE) {
        return None;
    }
    match (result, rest) {
        (0, [_, _, _, _, a, b, c, d]) => Some(Ok(Ipv4Addr::new(*a, *b, *c, *d))),
        (0, _) => None,
        (result, _) => Some(Err(Refusal::Other(refusal(&NAT_PMP_RESULTS, result)))),
    }
}

/// A mapping of one of our own UDP ports, which is the way to be told the address by PCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Known to us and the gateway only: who has it may change the mapping.
    pub nonce: [u8; 12],
    /// Our address, as the gateway sees it.
    pub client: Ipv4Addr,
    /// Our port.
    pub port: u16,
}

impl Mapping {
    /// Asks for the mapping for `lifetime` seconds; 0 ends it (RFC 6887 15.1).
    #[must_use]
    pub fn request(&self, lifetime: u32) -> [u8; MAPPED] {
        let mut message = [0; MAPPED];
        message[..2].copy_from_slice(&[PCP, MAP]);
        message[4..8].copy_from_slice(&lifetime.to_be_bytes());
        message[8..24].copy_from_slice(&self.client.to_ipv6_mapped().octets());
        message[24..36].copy_from_slice(&self.nonce);
        message[36] = UDP;
        message[40..42].copy_from_slice(&self.port.to_be_bytes());
        // No wish for a port outside (0), nor for an address of IPv4 (::ffff:0.0.0.0).
        message[44..].copy_from_slice(&Ipv4Addr::UNSPECIFIED.to_ipv6_mapped().octets());
        message
    }

    /// Reads the answer to the request: the gateway's address outside. `None` if it is none.
    ///
    /// # Errors
    ///
    /// Says why the gateway refuses.
    pub fn read(&self, bytes: &[u8]) -> Option<Result<Ipv4Addr, String>> {
        let sound = bytes.len() >= HEADER && bytes.len() <= LONGEST && bytes.len().is_multiple_of(4);
        if !sound || bytes[1] != RESPONSE | MAP {
            return None;
        }
        let result = u16::from(bytes[3]);
        // A refusal may come in the gateway's own version and without a copy of the request.
        if result != 0 {
            let ours = bytes.len() < MAPPED || self.is_in(bytes);
            return ours.then(|| Err(refusal(&PCP_RESULTS, result)));
        }
        if bytes[0] != PCP || bytes.len() < MAPPED || !self.is_in(bytes) {
            return None;
        }
        let outside: [u8; 16] = bytes[44..MAPPED].try_into().ok()?;
        Some(match Ipv6Addr::from(outside).to_canonical() {
            IpAddr::V4(address) => Ok(address),
            IpAddr::V6(address) => Err(format!("the gateway maps to {address}, which is not an {} address", Family::V4)),
        })
    }

    /// Does a message of full length speak of this mapping?
    fn is_in(&self, bytes: &[u8]) -> bool {
        bytes[24..36] == self.nonce && bytes[36] == UDP && bytes[40..42] == self.port.to_be_bytes()
    }
}

/// Results of NAT-PMP from 1 on (RFC 6886 3.5).
const NAT_PMP_RESULTS: [&str; 5] = [
    "the gateway speaks another version (unsupported version)",
    "the gateway does not allow it (not authorized): NAT-PMP is switched off there, or not for this machine",
    "the gateway has no address outside yet (network failure)",
    "the gateway has no room for it now (out of resources)",
    "the gateway does not know this question (unsupported opcode)",
];

/// Results of PCP from 1 on (RFC 6887 7.4).
const PCP_RESULTS: [&str; 13] = [
    "the gateway speaks neither NAT-PMP nor version 2 of PCP (unsupported version)",
    "the gateway does not allow it (not authorized): PCP is switched off there, or not for this machine",
    "the gateway takes the request for malformed",
    "the gateway makes no mappings (unsupported opcode)",
    "the gateway does not know an option (unsupported option)",
    "the gateway takes an option for malformed",
    "the gateway has no address outside yet (network failure)",
    "the gateway has no room for a mapping now (no resources)",
    "the gateway does not map UDP (unsupported protocol)",
    "this machine has as many mappings as the gateway allows (quota exceeded)",
    "the gateway cannot give a port outside (cannot provide external)",
    "another NAT stands between this machine and the gateway (address mismatch)",
    "the gateway cannot map for so many (excessive remote peers)",
];

/// A result in words.
fn refusal(known: &[&str], result: u16) -> String {
    let words = usize::from(result).checked_sub(1).and_then(|at| known.get(at));
    words.map_or_else(|| format!("the gateway refuses with the result {result}"), |words| (*words).to_owned())
}

#[cfg(test)]
mod tests;
