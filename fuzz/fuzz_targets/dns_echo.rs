//! Whatever comes from a name server that was asked who asks: a few records, a reason, or not an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::detect::dns::wire::{Asked, Heard};
use wanbeacon::rules::address::Family;
use wanbeacon::rules::consensus::servers::WHOAMI;

fuzz_target!(|input: (u8, bool, u16, u16, &[u8])| {
    let (which, v6, id, counts, bytes) = input;
    let whoami = &WHOAMI[usize::from(which) % WHOAMI.len()];
    let asked = Asked::new(whoami, if v6 { Family::V6 } else { Family::V4 }, id).expect("the table is right");
    let question = asked.bytes().expect("a question can be written");
    assert_eq!(asked.read(&question), None, "our own question is no answer");
    // As it came, and after the head of an answer that belongs to the question.
    let mut fitting = question;
    fitting[2] |= 0x80;
    fitting[6..8].copy_from_slice(&counts.to_be_bytes());
    fitting.extend(bytes);
    for message in [bytes, &fitting] {
        let Some(heard) = asked.read(message) else { continue };
        assert_eq!(message[..2], id.to_be_bytes());
        match heard {
            Heard::Answer(Ok(reading)) => {
                assert!(reading.records.len() <= 4 && !reading.intercepted);
                assert!(reading.records.iter().all(|record| record.chars().count() <= 200));
            }
            Heard::Answer(Err(why)) => assert!(!why.is_empty()),
            Heard::Truncated => assert_ne!(message[2] & 2, 0),
        }
    }
});
