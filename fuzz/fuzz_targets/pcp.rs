//! Whatever comes from a gateway, in both of its protocols: its address, a reason, or not an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::detect::pcp::wire::{Mapping, PUBLIC_ADDRESS, Refusal, public_address};

fuzz_target!(|input: ([u8; 12], [u8; 4], u16, &[u8])| {
    let (nonce, client, port, bytes) = input;
    match public_address(bytes) {
        Some(Ok(address)) => assert_eq!(bytes[8..], address.octets()),
        Some(Err(Refusal::Other(why))) => assert!(!why.is_empty()),
        Some(Err(Refusal::Version)) | None => {}
    }
    assert_eq!(public_address(&PUBLIC_ADDRESS), None, "our own question is no answer");

    let mapping = Mapping { nonce, client: client.into(), port };
    let request = mapping.request(120);
    assert_eq!(mapping.read(&request), None, "our own question is no answer");
    // As it came, and as the end of an answer that belongs to the request.
    let mut fitting = request;
    fitting[1] |= 0x80;
    for (at, byte) in bytes.iter().take(16).enumerate() {
        fitting[44 + at] = *byte;
    }
    assert!(mapping.read(&fitting).is_some());
    for message in [bytes, &fitting] {
        if let Some(Ok(address)) = mapping.read(message) {
            assert_eq!(message[56..60], address.octets());
            assert_eq!(message[24..36], nonce);
        }
    }
});
