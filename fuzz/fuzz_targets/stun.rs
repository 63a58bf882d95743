//! Whatever comes from a STUN server: an address of the family that was asked over, a reason, or not an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::detect::stun::wire::{Id, read, request};
use wanbeacon::rules::address::Family;

fuzz_target!(|input: (bool, Id, u16, &[u8])| {
    let (v6, id, kind, bytes) = input;
    let family = if v6 { Family::V6 } else { Family::V4 };
    assert_eq!(read(&request(id), id, family), None, "our own question is no answer");
    // As it came, and as the attributes of an answer that belongs to the question.
    let mut fitting = request(id).to_vec();
    fitting[..2].copy_from_slice(&(if kind % 4 == 0 { 0x0111_u16 } else { 0x0101 }).to_be_bytes());
    fitting[2..4].copy_from_slice(&(bytes.len() as u16).to_be_bytes());
    fitting.extend(bytes);
    assert!(read(&fitting, id, family).is_some());
    for message in [bytes, &fitting] {
        match read(message, id, family) {
            Some(Ok(address)) => {
                assert_eq!(Family::of(address), family);
                let mut other = id;
                other[0] ^= 1;
                assert_eq!(read(message, other, family), None, "another transaction");
            }
            Some(Err(why)) => assert!(why.chars().count() < 400 && !why.chars().any(char::is_control), "{why:?}"),
            None => {}
        }
    }
});
