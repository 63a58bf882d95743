use std::time::Duration;

use super::*;

fn box_says(address: &str, status: &str, family: Family) -> (Outcome, Option<String>) {
    router(&RouterReading { address: address.into(), status: status.into(), ..RouterReading::default() }, family)
}

#[test]
fn a_public_address_of_a_connected_box_is_known() {
    for status in ["Connected", "", "Up"] {
        let (outcome, warning) = box_says("91.12.34.57", status, Family::V4);
        assert!(matches!(outcome, Outcome::Known { .. }) && warning.is_none(), "{status:?}: {outcome:?}");
    }
    let prefix = Prefix::parse("2003:e7:1:5600::/56").ok();
    let reading = RouterReading { address: "2003:f:ab::10".into(), status: "Connected".into(), prefix, ..RouterReading::default() };
    assert!(matches!(router(&reading, Family::V6).0, Outcome::Known { prefix: seen, .. } if seen == prefix));
}

#[test]
fn a_box_without_a_connection_says_that_there_is_no_line() {
    let cases = [
        ("0.0.0.0", "Connected", Family::V4),
        ("0.0.0.0", "Disconnected", Family::V4),
        ("", "Disconnected", Family::V4),
        ("", "Connecting", Family::V4),
        ("91.12.34.57", "Disconnected", Family::V4),
        ("::", "Connected", Family::V6),
        ("", "Disconnected", Family::V6),
    ];
    for (address, status, family) in cases {
        let (outcome, warning) = box_says(address, status, family);
        assert!(matches!(outcome, Outcome::Absent(_)) && warning.is_none(), "{address:?} {status}: {outcome:?}");
    }
}

#[test]
fn ipv6_of_a_box_does_not_depend_on_the_state_of_its_ipv4_connection() {
    assert!(matches!(box_says("2003:f:ab::10", "Disconnected", Family::V6).0, Outcome::Known { .. }));
}

#[test]
fn a_box_behind_another_nat_gives_a_warning_for_what_others_see() {
    for (address, word) in [("100.64.3.4", "carrier NAT"), ("192.168.1.2", "second NAT"), ("", "carrier NAT")] {
        let (outcome, warning) = box_says(address, "Connected", Family::V4);
        assert!(!matches!(outcome, Outcome::Known { .. } | Outcome::Absent(_)), "{outcome:?}");
        assert!(warning.unwrap().starts_with(word), "{address:?}");
    }
}

#[test]
fn nonsense_from_a_box_is_reported_quoted() {
    let (Outcome::Unsure(unused), None) = box_says("91.12.34\u{7}", "Connected", Family::V4) else {
        panic!("nonsense was taken for an answer");
    };
    assert!(unused.why.contains("\\u{7}"), "{}", unused.why);
}
