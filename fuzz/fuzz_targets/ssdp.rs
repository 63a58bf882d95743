//! Whatever answers a search for routers: where its own description is, or a reason.
#![no_main]

use std::net::{IpAddr, SocketAddr};

use libfuzzer_sys::fuzz_target;
use wanbeacon::tr064::ssdp::{TARGETS, answer};

fuzz_target!(|input: (bool, [u8; 16], &[u8], &str)| {
    let (v6, octets, bytes, fields) = input;
    let from = if v6 { IpAddr::from(octets) } else { IpAddr::from([octets[0], octets[1], octets[2], octets[3]]) };
    // As it came, and after the first lines of an answer.
    let inside = format!("HTTP/1.1 200 OK\r\nST: {}\r\nLOCATION: http://{}{fields}", TARGETS[0], SocketAddr::new(from, 49000));
    for datagram in [bytes, inside.as_bytes()] {
        match answer(datagram, from) {
            Ok(found) => {
                assert_eq!(found.address, from);
                let host = found.location.host_str().expect("a description has a place");
                assert_eq!(host.trim_matches(['[', ']']).parse::<IpAddr>(), Ok(from), "it announces somebody else");
                assert!(found.location.scheme() == "http" && found.location.username().is_empty() && found.location.password().is_none());
            }
            Err(why) => assert!(!why.is_empty()),
        }
    }
});
