use proptest::prelude::*;

use super::*;

/// The transaction of RFC 5769.
const ID: Id = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

/// RFC 5769 2.2: SOFTWARE, XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY, FINGERPRINT.
const OVER_V4: &[u8] = b"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
    \x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20\
    \x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43\
    \x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\
    \x80\x28\x00\x04\xc0\x7d\x4c\x96";

/// RFC 5769 2.3.
const OVER_V6: &[u8] = b"\x01\x01\x00\x48\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
    \x80\x22\x00\x0b\x74\x65\x73\x74\x20\x76\x65\x63\x74\x6f\x72\x20\
    \x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9\
    \x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84\xc9\x7c\x82\x92\xc2\x75\xbf\xe3\xed\x41\
    \x80\x28\x00\x04\xc8\xfb\x0b\x4c";

/// A message of this kind in the transaction.
fn message(kind: u16, attributes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(attributes.len()).expect("short").to_be_bytes();
    [&kind.to_be_bytes()[..], &length, &COOKIE.to_be_bytes(), &ID, attributes].concat()
}

const MAPPED: &[u8] = b"\x00\x01\x00\x08\x00\x01\xa1\x47\xc0\x00\x02\x63";
const XOR_MAPPED: &[u8] = b"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";

fn why(attributes: &[u8]) -> String {
    read(&message(SUCCESS, attributes), ID, Family::V4).expect("an answer").expect_err("a bad one")
}

#[test]
fn the_request_is_a_bare_header() {
    assert_eq!(request(ID)[..8], *b"\x00\x01\x00\x00\x21\x12\xa4\x42");
    assert_eq!(request(ID)[8..], ID);
}

#[test]
fn the_sample_responses_of_rfc_5769_are_read() {
    assert_eq!(read(OVER_V4, ID, Family::V4), Some(Ok("192.0.2.1".parse().unwrap())));
    assert_eq!(read(OVER_V6, ID, Family::V6), Some(Ok("2001:db8:1234:5678:11:2233:4455:6677".parse().unwrap())));
}

#[test]
fn the_other_family_is_no_evidence() {
    let why = read(OVER_V4, ID, Family::V6).unwrap().unwrap_err();
    assert_eq!(why, "the server saw 192.0.2.1, which is not an IPv6 address");
    assert!(read(OVER_V6, ID, Family::V4).unwrap().is_err());
}

#[test]
fn what_is_not_the_answer_is_passed_over() {
    let mut other = ID;
    other[11] ^= 1;
    assert_eq!(read(OVER_V4, other, Family::V4), None, "another transaction");
    assert_eq!(read(&message(REQUEST, XOR_MAPPED), ID, Family::V4), None, "a request");
    assert_eq!(read(&message(0x0011, XOR_MAPPED), ID, Family::V4), None, "an indication");
    assert_eq!(read(&message(0x0103, XOR_MAPPED), ID, Family::V4), None, "another method");
    let mut classic = OVER_V4.to_vec();
    classic[4] = 0;
    assert_eq!(read(&classic, ID, Family::V4), None, "no magic cookie");
    assert_eq!(read(&OVER_V4[..19], ID, Family::V4), None, "half a header");
}

#[test]
fn only_the_veiled_address_is_evidence() {
    assert_eq!(why(MAPPED), "the answer has no XOR-MAPPED-ADDRESS");
    let both = message(SUCCESS, &[MAPPED, XOR_MAPPED].concat());
    assert_eq!(read(&both, ID, Family::V4), Some(Ok("192.0.2.1".parse().unwrap())));
    // RFC 8489 14: of several only the first.
    let second = b"\x00\x20\x00\x08\x00\x01\xa1\x47\x00\x00\x00\x00";
    let twice = message(SUCCESS, &[XOR_MAPPED, second].concat());
    assert_eq!(read(&twice, ID, Family::V4), Some(Ok("192.0.2.1".parse().unwrap())));
}

#[test]
fn what_is_malformed_is_told() {
    for length in HEADER..OVER_V4.len() {
        assert!(read(&OVER_V4[..length], ID, Family::V4).unwrap().is_err(), "{length}");
    }
    assert!(why(b"\x00\x20\x00\x08\x00\x01\xa1\x47").contains("truncated"));
    assert!(why(b"\x00\x20\x00\x04\x00\x01\xa1\x47").contains("malformed"));
    assert!(why(b"\x00\x20\x00\x08\x00\x02\xa1\x47\xe1\x12\xa6\x43").contains("malformed"), "four bytes of IPv6");
    assert!(why(b"\x00\x20\x00\x08\x00\x03\xa1\x47\xe1\x12\xa6\x43").contains("malformed"), "no such family");
    assert!(why(b"\x00\x20\x00\x00").contains("malformed"));
    assert!(why(b"\x80\x22\xff\xff").contains("truncated"));
}

#[test]
fn an_unknown_attribute_is_passed_over_only_if_it_is_optional() {
    let unknown = why(&[XOR_MAPPED, b"\x00\x21\x00\x01\x07\x00\x00\x00"].concat());
    assert!(unknown.contains("0x0021"), "{unknown}");
    let optional = message(SUCCESS, &[b"\x80\x2b\x00\x01\x07\x00\x00\x00", XOR_MAPPED].concat());
    assert!(read(&optional, ID, Family::V4).unwrap().is_ok());
}

#[test]
fn a_refusal_is_quoted() {
    let error = message(ERROR, b"\x00\x09\x00\x0c\x00\x00\x04\x14No\ntime!");
    assert_eq!(read(&error, ID, Family::V4).unwrap().unwrap_err(), "the server refuses with 420 \"No\\ntime!\"");
    assert_eq!(read(&message(ERROR, XOR_MAPPED), ID, Family::V4).unwrap().unwrap_err(), "the server refuses without a reason");
}

proptest! {
    #[test]
    fn no_datagram_makes_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), v6: bool) {
        let family = if v6 { Family::V6 } else { Family::V4 };
        let _any = read(&bytes, ID, family);
        if let Some(Ok(address)) = read(&message(SUCCESS, &bytes), ID, family) {
            prop_assert_eq!(Family::of(address), family);
        }
    }
}
