use proptest::prelude::*;

use super::*;

fn mapping() -> Mapping {
    Mapping { nonce: *b"twelve bytes", client: Ipv4Addr::new(192, 168, 178, 20), port: 40_000 }
}

/// A gateway's answer to the mapping (RFC 6887 7.2, 11.1): 120 s, up for 7 s, port 1024 of 91.0.0.1.
fn mapped() -> Vec<u8> {
    let mut message = b"\x02\x81\x00\x00\x00\x00\x00\x78\x00\x00\x00\x07".to_vec();
    message.extend([0; 12]);
    message.extend(b"twelve bytes\x11\0\0\0\x9c\x40\x04\x00\0\0\0\0\0\0\0\0\0\0\xff\xff\x5b\0\0\x01");
    message
}

#[test]
fn a_gateway_tells_its_public_address() {
    // RFC 6886 3.2: version 0, operation 128, result 0, 60 s since its start.
    assert_eq!(public_address(b"\x00\x80\x00\x00\x00\x00\x00\x3c\x5b\x00\x00\x01"), Some(Ok(Ipv4Addr::new(91, 0, 0, 1))));
    assert_eq!(public_address(b"\x00\x80\x00\x00\x00\x00\x00\x3c\x00\x00\x00\x00"), Some(Ok(Ipv4Addr::UNSPECIFIED)));
}

#[test]
fn what_is_no_answer_to_it_is_passed_over() {
    let right = b"\x00\x80\x00\x00\x00\x00\x00\x3c\x5b\x00\x00\x01";
    for length in 0..right.len() {
        assert_eq!(public_address(&right[..length]), None, "{length}");
    }
    assert_eq!(public_address(&[&right[..], b"\x00"].concat()), None, "too long");
    assert_eq!(public_address(&PUBLIC_ADDRESS), None, "our own question");
    for (at, byte) in [(0, 2), (1, 0), (1, 0x81)] {
        let mut other = right.to_vec();
        other[at] = byte;
        assert_eq!(public_address(&other), None, "byte {at}");
    }
}

#[test]
fn a_refusal_has_words() {
    for (result, words) in
        [(2, "not authorized"), (3, "no address outside yet"), (4, "no room"), (5, "unsupported opcode"), (99, "result 99")]
    {
        let answer = [0, 0x80, 0, result, 0, 0, 0, 60, 0, 0, 0, 0];
        // With and without the field for the address.
        for answer in [&answer[..], &answer[..8]] {
            assert!(matches!(public_address(answer), Some(Err(Refusal::Other(why))) if why.contains(words)), "{result}");
        }
    }
}

#[test]
fn another_version_leads_to_pcp() {
    // RFC 6886 3.5 as it was and as corrected, and a gateway that knows PCP alone (RFC 6887 8.3, 9).
    let mut pcp = b"\x02\x80\x00\x01".to_vec();
    pcp.extend([0; 20]);
    for answer in [&b"\x00\x80\x00\x01\x00\x00\x00\x3c"[..], b"\x00\x00\x00\x01\x00\x00\x00\x3c", &pcp] {
        assert_eq!(public_address(answer), Some(Err(Refusal::Version)), "{answer:?}");
    }
}

#[test]
fn a_mapping_is_asked_for_and_ended() {
    let request = mapping().request(120);
    let mut wanted = b"\x02\x01\x00\x00\x00\x00\x00\x78\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\xa8\xb2\x14".to_vec();
    wanted.extend(b"twelve bytes\x11\0\0\0\x9c\x40\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0");
    assert_eq!(request[..], wanted);
    let end = mapping().request(0);
    assert_eq!(end[4..8], [0; 4]);
    assert_eq!(end[8..], request[8..]);
}

#[test]
fn a_mapping_tells_the_address() {
    assert_eq!(mapping().read(&mapped()), Some(Ok(Ipv4Addr::new(91, 0, 0, 1))));
    let mut six = mapped();
    six[44..].copy_from_slice(&"2003::1".parse::<Ipv6Addr>().unwrap().octets());
    assert_eq!(mapping().read(&six), Some(Err("the gateway maps to 2003::1, which is not an IPv4 address".into())));
    // Options may follow.
    assert!(mapping().read(&[mapped(), vec![0; 4]].concat()).is_some());
}

#[test]
fn another_mapping_is_passed_over() {
    let right = mapped();
    // Version, request instead of response, operation, nonce, protocol, port.
    for at in [0, 1, 24, 35, 36, 41] {
        let mut other = right.clone();
        other[at] ^= if at == 1 { 0x80 } else { 1 };
        assert_eq!(mapping().read(&other), None, "byte {at}");
    }
    for length in 0..right.len() {
        assert_eq!(mapping().read(&right[..length]), None, "{length}");
    }
    assert_eq!(mapping().read(&[right, vec![0; LONGEST]].concat()), None, "longer than any");
    assert_eq!(mapping().read(&mapping().request(120)), None, "our own question");
}

#[test]
fn a_refused_mapping_has_words() {
    for (result, words) in [
        (1, "unsupported version"),
        (2, "not authorized"),
        (7, "no address outside yet"),
        (12, "another NAT"),
        (13, "so many"),
        (14, "result 14"),
    ] {
        let mut refused = mapped();
        refused[3] = result;
        for length in [HEADER, MAPPED] {
            assert!(matches!(mapping().read(&refused[..length]), Some(Err(why)) if why.contains(words)), "{result}");
        }
        refused[30] ^= 1;
        assert_eq!(mapping().read(&refused), None, "somebody else's");
    }
}

proptest! {
    #[test]
    fn no_datagram_makes_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _any = (public_address(&bytes), mapping().read(&bytes));
        let _any = mapping().read(&[&mapped()[..24], &bytes].concat());
        let _any = public_address(&[&[0, 0x80], &bytes[..]].concat());
    }
}
