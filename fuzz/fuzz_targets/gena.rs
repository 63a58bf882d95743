//! Whatever is sent to the place where a router's events are awaited: an event, an answer, or the wish for more that has an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::tr064::gena::{Answer, BODY, Grant, HEAD, Incoming, Ledger, read};

const SID: &str = "uuid:e2a1c6a0-1dd2-11b2-9a6f-c3f0a1b2c3d4";

fuzz_target!(|input: (&[u8], Vec<(u32, &str)>, &str)| {
    let (bytes, events, timeout) = input;
    settled(bytes);

    let mut ledger = Ledger::default();
    for (seq, text) in events {
        let body = format!("<e:propertyset xmlns:e=\"e\"><e:property>{text}</e:property></e:propertyset>");
        let message = format!(
            "NOTIFY /event HTTP/1.1\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\nSID: {SID}\r\nSEQ: {seq}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        match settled(message.as_bytes()) {
            Incoming::Notify { seq: read, properties } => {
                assert_eq!(read, seq);
                let Ok(properties) = properties else { continue };
                assert!(properties.values().all(|value| value.chars().count() <= 128));
                let begun = ledger.has_begun();
                ledger.take(seq, properties);
                assert!(ledger.has_begun() || (seq != 0 && !begun));
            }
            Incoming::Refused(answer) => assert!(answer == Answer::BadRequest && body.len() > BODY),
            Incoming::More => panic!("a whole message is enough"),
        }
    }

    let fields = [("sid".to_owned(), timeout.to_owned()), ("timeout".to_owned(), timeout.to_owned())];
    let grant = Grant::read(&fields);
    assert!((60..=86_400).contains(&grant.lives.as_secs()));
    assert!(grant.sid.is_none_or(|sid| sid.bytes().all(|byte| byte.is_ascii_graphic())));
});

/// What is decided stays decided when more comes, and it does not go on for ever.
fn settled(bytes: &[u8]) -> Incoming {
    let whole = read(bytes, "/event", SID);
    if whole == Incoming::More {
        assert!(bytes.len() < HEAD + BODY, "{} bytes and no end", bytes.len());
    } else {
        let more = [bytes, b"more"].concat();
        assert_eq!(read(&more, "/event", SID), whole);
    }
    whole
}
