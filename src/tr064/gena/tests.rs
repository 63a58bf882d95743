use proptest::prelude::*;

use super::*;

const PATH: &str = "/0123456789abcdef";
const OURS: &str = "uuid:b0a1";

/// As miniupnpd writes it.
fn body(variables: &[(&str, &str)]) -> String {
    let property = |(name, value): &(&str, &str)| format!("<e:property><{name}>{value}</{name}></e:property>");
    let inner = variables.iter().map(property).collect::<Vec<_>>().concat();
    format!("<e:propertyset xmlns:e=\"urn:schemas-upnp-org:event-1-0\" xmlns:s=\"urn:x\">{inner}</e:propertyset>")
}

fn message(line: &str, fields: &[(&str, &str)], body: &str) -> Vec<u8> {
    let fields = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
    format!("{line} HTTP/1.1\r\nHOST: 192.168.178.20:4000\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn notify(changes: &[(&str, &str)], body: &str) -> Incoming {
    let mut fields = vec![("NT", "upnp:event"), ("NTS", "upnp:propchange"), ("SID", OURS), ("SEQ", "7")];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.extend((!value.is_empty()).then_some((*name, *value)));
    }
    read(&message(&format!("NOTIFY {PATH}"), &fields, body), PATH, OURS)
}

fn set(variables: &[(&'static str, &str)]) -> Properties {
    variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
fn a_grant_lives_between_a_minute_and_a_day() {
    let lives = |timeout: &str| Grant::read(&[("timeout".into(), timeout.into())]).lives.as_secs();
    let table = [
        ("Second-300", 300),
        (" second-1800 ", 1800),
        ("Second-1", 60),
        ("Second-99999999", 86_400),
        ("Second-infinite", 86_400),
        ("infinite", 86_400),
        ("Second--1", 300),
        ("soon", 300),
    ];
    for (text, seconds) in table {
        assert_eq!(lives(text), seconds, "{text:?}");
    }
    assert_eq!(Grant::read(&[]), Grant { sid: None, lives: UNSAID });
}

#[test]
fn a_subscription_is_named_by_printable_text_only() {
    let sid = |text: &str| Grant::read(&[("sid".into(), text.into())]).sid;
    assert_eq!(sid(" uuid:7 "), Some("uuid:7".into()));
    for text in ["", "a b", "a\u{e4}", &"x".repeat(257)] {
        assert_eq!(sid(text), None, "{text:?}");
    }
}

#[test]
fn an_event_is_read_wherever_the_connection_pauses() {
    let fields = [("nt", "upnp:event"), ("NTS", "upnp:propchange"), ("Sid", OURS), ("SEQ", "0")];
    let text = body(&[("ConnectionStatus", "Connected"), ("ExternalIPAddress", "91.0.0.1"), ("SystemUpdateID", "1")]);
    let bytes = message(&format!("NOTIFY {PATH}"), &fields, &text);
    for length in 0..bytes.len() {
        assert_eq!(read(&bytes[..length], PATH, OURS), Incoming::More, "{length}");
    }
    let properties = Ok(set(&[("ConnectionStatus", "Connected"), ("ExternalIPAddress", "91.0.0.1")]));
    assert_eq!(read(&bytes, PATH, OURS), Incoming::Notify { seq: 0, properties });
}

#[test]
fn what_is_not_ours_is_refused_by_name() {
    let text = body(&[]);
    let table: [(&[(&str, &str)], Answer); 10] = [
        (&[("SID", "")], Answer::PreconditionFailed),
        (&[("SID", "uuid:other")], Answer::PreconditionFailed),
        (&[("NT", "upnp:rootdevice")], Answer::PreconditionFailed),
        (&[("NTS", "ssdp:alive")], Answer::PreconditionFailed),
        (&[("NT", "")], Answer::BadRequest),
        (&[("NTS", "")], Answer::BadRequest),
        (&[("SEQ", "")], Answer::BadRequest),
        (&[("SEQ", "+1")], Answer::BadRequest),
        (&[("SEQ", "4294967296")], Answer::BadRequest),
        // A second one beside the true length.
        (&[("Content-Length", "1")], Answer::BadRequest),
    ];
    for (changes, answer) in table {
        assert_eq!(notify(changes, &text), Incoming::Refused(answer), "{changes:?}");
    }
    let refused = |line: &str| read(&message(line, &[], ""), PATH, OURS);
    assert_eq!(refused(&format!("GET {PATH}")), Incoming::Refused(Answer::MethodNotAllowed));
    assert_eq!(refused("NOTIFY /"), Incoming::Refused(Answer::NotFound));
    assert_eq!(read(b"\x16\x03\x01\x02", PATH, OURS), Incoming::Refused(Answer::BadRequest), "TLS");
}

#[test]
fn what_is_too_long_is_refused_before_it_has_arrived() {
    let endless = format!("NOTIFY {PATH} HTTP/1.1\r\nX: {}", "x".repeat(HEAD));
    assert_eq!(read(endless.as_bytes(), PATH, OURS), Incoming::Refused(Answer::BadRequest));
    let announced = |length: usize| {
        let head = format!(
            "NOTIFY {PATH} HTTP/1.1\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\nSID: {OURS}\r\nSEQ: 1\r\nContent-Length: {length}\r\n\r\n"
        );
        read(head.as_bytes(), PATH, OURS)
    };
    assert_eq!(announced(BODY), Incoming::More);
    assert_eq!(announced(BODY + 1), Incoming::Refused(Answer::BadRequest));
}

#[test]
fn a_body_that_is_no_property_set_is_an_event_all_the_same() {
    for text in ["", "<html/>", "<\u{1b}[2J/>", "<e:propertyset", "<!DOCTYPE a [<!ENTITY b \"c\">]><propertyset/>"] {
        let Incoming::Notify { seq: 7, properties: Err(why) } = notify(&[], text) else { panic!("{text:?}") };
        assert!(!why.contains(char::is_control), "{why:?}");
    }
}

#[test]
fn the_first_event_proves_the_families() {
    let first = |variables: &[(&'static str, &str)]| Ledger::default().take(0, set(variables));
    assert_eq!(first(&[(V4, "0.0.0.0"), ("ConnectionStatus", "")]), Told::First(PerFamily { v4: true, v6: false }));
    assert_eq!(first(&[(V6, "")]), Told::First(PerFamily { v4: false, v6: true }));
    assert_eq!(first(&[]), Told::First(PerFamily { v4: false, v6: false }));
}

#[test]
fn the_same_values_again_are_no_change() {
    let mut ledger = Ledger::default();
    ledger.take(0, set(&[(V4, "91.0.0.1"), ("ConnectionStatus", "Connected")]));
    assert_eq!(ledger.take(1, set(&[(V4, "91.0.0.1")])), Told::Nothing);
    assert_eq!(ledger.take(2, set(&[])), Told::Nothing);
    assert_eq!(ledger.take(3, set(&[("ConnectionStatus", "Dis\u{7}")])), Told::Changed("ConnectionStatus is \"Dis\\u{7}\"".into()));
    assert_eq!(ledger.take(4, set(&[(V6, "2003::1")])), Told::Changed("ExternalIPv6Address is \"2003::1\"".into()));
    assert_eq!(ledger.take(5, set(&[(V6, "2003::1"), (V4, "91.0.0.1")])), Told::Nothing);
}

#[test]
fn a_number_out_of_its_place_is_a_gap() {
    let at = |last: Option<u32>| Ledger { last, values: Properties::new() };
    for (last, seq) in [(None, 1), (Some(0), 0), (Some(0), 2), (Some(7), 7), (Some(7), 6), (Some(u32::MAX), 0)] {
        assert!(matches!(at(last).take(seq, Properties::new()), Told::Gap(_)), "{seq} after {last:?}");
    }
    assert_eq!(at(Some(u32::MAX)).take(1, Properties::new()), Told::Nothing, "the numbers begin again at 1");
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes: Vec<u8>) {
        let _ = read(&bytes, PATH, OURS);
    }

    #[test]
    fn no_body_breaks_the_reader(text in "\\PC{0,200}") {
        let _ = properties(&text);
    }
}
