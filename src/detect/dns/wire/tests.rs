use hickory_resolver::proto::rr::rdata::{A, TXT};
use proptest::prelude::*;

use super::*;
use crate::rules::consensus::servers::WHOAMI;

fn whoami(operator: &str) -> &'static Whoami {
    WHOAMI.iter().find(|whoami| whoami.operator == operator).expect("it is in the table")
}

fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(Name::from_ascii(owner).expect("a name"), 0, data)
}

fn a(last: u8) -> RData {
    RData::A(A([91, 0, 0, last].into()))
}

fn answer(asked: &Asked, records: Vec<Record>) -> Message {
    let mut answer = Message::response(asked.message.metadata.id, OpCode::Query);
    answer.add_query(asked.query.clone());
    answer.metadata.authoritative = true;
    answer.add_answers(records);
    answer
}

fn read(asked: &Asked, answer: &Message) -> Option<Heard> {
    asked.read(&answer.to_vec().expect("encodable"))
}

fn records(asked: &Asked, records: Vec<Record>) -> Vec<String> {
    match read(asked, &answer(asked, records)) {
        Some(Heard::Answer(Ok(reading))) => reading.records,
        other => panic!("an answer was expected: {other:?}"),
    }
}

#[test]
fn the_question_is_one_plain_packet() {
    let asked = Asked::new(whoami("Cloudflare"), Family::V4, 0x1234).unwrap();
    // RFC 1035 4.1: id, recursion desired, one question; the name, TXT, CHAOS.
    let wanted = [&b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"[..], b"\x06whoami\x0acloudflare\x00", b"\x00\x10\x00\x03"].concat();
    assert_eq!(asked.bytes().unwrap(), wanted);
    let asked = Asked::new(whoami("OpenDNS"), Family::V6, 1).unwrap();
    assert!(asked.bytes().unwrap().ends_with(b"\x07opendns\x03com\x00\x00\x1c\x00\x01"));
    let own = Asked::new(whoami("Akamai"), Family::V4, 1).unwrap();
    assert_eq!(own.bytes().unwrap()[2..4], [0, 0], "what is the server's own needs no recursion");
}

#[test]
fn what_belongs_to_another_question_is_no_answer() {
    let asked = Asked::new(whoami("Akamai"), Family::V4, 7).unwrap();
    let right = answer(&asked, vec![record("whoami.akamai.net.", a(1))]);
    assert!(read(&asked, &right).is_some());
    let mut other = right.clone();
    other.metadata.id = 8;
    assert_eq!(read(&asked, &other), None, "id");
    let mut other = right.clone();
    other.queries[0].query_type = RecordType::AAAA;
    assert_eq!(read(&asked, &other), None, "type");
    let mut other = right.clone();
    other.queries[0].query_class = DNSClass::CH;
    assert_eq!(read(&asked, &other), None, "class");
    let mut other = right.clone();
    other.queries[0].name = Name::from_ascii("whoami.akamai.com.").unwrap();
    assert_eq!(read(&asked, &other), None, "name");
    let mut other = right.clone();
    other.queries.clear();
    assert_eq!(read(&asked, &other), None, "no question");
    let mut other = right.clone();
    other.metadata.message_type = MessageType::Query;
    assert_eq!(read(&asked, &other), None, "a question");
    let bytes = right.to_vec().unwrap();
    assert!((0..bytes.len()).all(|length| asked.read(&bytes[..length]).is_none()), "truncated");
}

#[test]
fn only_records_that_were_asked_for_are_passed_on_and_not_more_than_four() {
    let asked = Asked::new(whoami("Akamai"), Family::V4, 7).unwrap();
    let foreign = vec![
        record("other.akamai.net.", a(1)),
        record("whoami.akamai.net.", RData::TXT(TXT::new(vec!["91.0.0.2".into()]))),
        record("whoami.akamai.net.", a(3)),
    ];
    assert_eq!(records(&asked, foreign), ["91.0.0.3"]);
    let mut chaos = record("whoami.akamai.net.", a(1));
    chaos.dns_class = DNSClass::CH;
    assert!(records(&asked, vec![chaos]).is_empty());
    let many = (0..9).map(|last| record("whoami.akamai.net.", a(last))).collect();
    assert_eq!(records(&asked, many).len(), RECORDS);
}

#[test]
fn the_strings_of_a_text_are_one_and_capped() {
    let asked = Asked::new(whoami("Google"), Family::V6, 7).unwrap();
    let txt = |strings: &[&[u8]]| record("O-O.myaddr.l.google.com.", RData::TXT(TXT::from_bytes(strings.to_vec())));
    assert_eq!(records(&asked, vec![txt(&[b"2003::1:", b"2"])]), ["2003::1:2"]);
    assert_eq!(records(&asked, vec![txt(&[b"\xff\x00"])]), ["\u{fffd}\0"]);
    assert_eq!(records(&asked, vec![txt(&[&[b'1'; 250], &[b'2'; 250]])])[0].len(), TEXT);
}

#[test]
fn flags_and_refusals_are_told() {
    let asked = Asked::new(whoami("OpenDNS"), Family::V4, 7).unwrap();
    let mut said = answer(&asked, vec![]);
    said.metadata.authoritative = false;
    assert_eq!(read(&asked, &said), Some(Heard::Answer(Ok(DnsReading::default()))));
    said.metadata.truncation = true;
    assert_eq!(read(&asked, &said), Some(Heard::Truncated));
    said.metadata.truncation = false;
    said.metadata.response_code = ResponseCode::Refused;
    assert!(matches!(read(&asked, &said), Some(Heard::Answer(Err(why))) if why.contains("Refused")));
}

proptest! {
    #[test]
    fn no_datagram_makes_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let asked = Asked::new(whoami("Google"), Family::V4, 7).unwrap();
        let _any = asked.read(&bytes);
        // After a header and a question that fit.
        let mut message = asked.bytes().unwrap();
        message[2] |= 0x80;
        message[7] = 3;
        message.extend(bytes);
        if let Some(Heard::Answer(Ok(reading))) = asked.read(&message) {
            prop_assert!(reading.records.len() <= RECORDS);
        }
    }
}
