//! Binding requests and their answers (RFC 8489). PURE.
//!
//! Written here because one message out and one attribute in are all that is needed: `stun_codec` brings a decoder framework, and
//! leaves the checks below to its caller all the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::rules::address::{Family, quoted};

/// What a transaction is known by.
pub type Id = [u8; 12];

/// In every message since RFC 5389 (section 5).
const COOKIE: u32 = 0x2112_A442;

/// Method Binding with the classes request, success and error (section 5).
const REQUEST: u16 = 0x0001;
const SUCCESS: u16 = 0x0101;
const ERROR: u16 = 0x0111;

const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// Attributes that a client has to understand and that may be passed over here (section 18.3.1). MAPPED-ADDRESS (0x0001) is one of
/// them: gateways on the way rewrite what looks like their own address, which is why the other one is veiled. Servers that
/// remember RFC 3489 add where they answer from (0x0004) and from where else they could (0x0005).
const PASSED_OVER: [u16; 12] = [0x0001, 0x0004, 0x0005, 0x0006, 0x0008, ERROR_CODE, 0x000A, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E];

/// Below this an attribute must be understood, or the whole message is of no use (section 14).
const OPTIONAL: u16 = 0x8000;

/// Length of the header.
const HEADER: usize = 20;

/// The request of a transaction: no attributes are needed.
#[must_use]
pub fn request(id: Id) -> [u8; HEADER] {
    let mut message = [0; HEADER];
    message[..2].copy_from_slice(&REQUEST.to_be_bytes());
    message[4..8].copy_from_slice(&COOKIE.to_be_bytes());
    message[8..].copy_from_slice(&id);
    message
}

/// Reads a datagram: `None` if it is not the answer to the request `id`, else the address of `family` that the server saw, or why
/// there is none in it.
#[must_use]
pub fn read(bytes: &[u8], id: Id, family: Family) -> Option<Result<IpAddr, String>> {
    let (header, body) = bytes.split_at_checked(HEADER)?;
    let kind = number(header)?;
    if header[4..8] != COOKIE.to_be_bytes() || header[8..] != id || !matches!(kind, SUCCESS | ERROR) {
        return None;
    }
    Some(whole(header, body).and_then(attributes).and_then(|attributes| {
        let find = |wanted: u16| attributes.iter().find(|(kind, _)| *kind == wanted).map(|(_, value)| *value);
        if kind == ERROR {
            return Err(refusal(find(ERROR_CODE)));
        }
        let value = find(XOR_MAPPED_ADDRESS).ok_or("the answer has no XOR-MAPPED-ADDRESS")?;
        let address = unveiled(value, id).ok_or("the XOR-MAPPED-ADDRESS is malformed")?;
        if Family::of(address) == family { Ok(address) } else { Err(format!("the server saw {address}, which is not an {family} address")) }
    }))
}

/// The attributes part, if it is as long as the header says.
fn whole<'a>(header: &[u8], body: &'a [u8]) -> Result<&'a [u8], String> {
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if length == body.len() && length.is_multiple_of(4) {
        Ok(body)
    } else {
        Err(format!("the answer has {} bytes of attributes where its header says {length}", body.len()))
    }
}

/// Type and value of each attribute (section 14).
fn attributes(mut body: &[u8]) -> Result<Vec<(u16, &[u8])>, String> {
    let mut found = Vec::new();
    while !body.is_empty() {
        let (kind, value, rest) = attribute(body).ok_or("an attribute of the answer is truncated")?;
        if kind < OPTIONAL && kind != XOR_MAPPED_ADDRESS && !PASSED_OVER.contains(&kind) {
            return Err(format!("the answer has the attribute {kind:#06x}, which must be understood and is not known"));
        }
        found.push((kind, value));
        body = rest;
    }
    Ok(found)
}

/// The first attribute and what follows it; values are padded to a multiple of four.
fn attribute(body: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (head, rest) = body.split_at_checked(4)?;
    let length = usize::from(number(&head[2..])?);
    let (padded, rest) = rest.split_at_checked(length.next_multiple_of(4))?;
    Some((number(head)?, &padded[..length], rest))
}

/// Takes the veil off an address (section 14.2); the port does not matter.
fn unveiled(value: &[u8], id: Id) -> Option<IpAddr> {
    match value {
        [_, 1, _, _, veiled @ ..] => {
            let veiled: [u8; 4] = veiled.try_into().ok()?;
            Some(Ipv4Addr::from_bits(u32::from_be_bytes(veiled) ^ COOKIE).into())
        }
        [_, 2, _, _, veiled @ ..] => {
            let veiled: [u8; 16] = veiled.try_into().ok()?;
            let mut veil = [0; 16];
            veil[..4].copy_from_slice(&COOKIE.to_be_bytes());
            veil[4..].copy_from_slice(&id);
            Some(Ipv6Addr::from_bits(u128::from_be_bytes(veiled) ^ u128::from_be_bytes(veil)).into())
        }
        _ => None,
    }
}

/// Class, number and words of an ERROR-CODE (section 14.8).
fn refusal(value: Option<&[u8]>) -> String {
    match value {
        Some([_, _, class, number, words @ ..]) => {
            let code = u32::from(class & 7) * 100 + u32::from(*number);
            format!("the server refuses with {code} {}", quoted(&String::from_utf8_lossy(words)))
        }
        _ => "the server refuses without a reason".into(),
    }
}

/// The first two bytes.
fn number(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests;
