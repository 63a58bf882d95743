use std::time::Duration;

use super::*;

fn box_says(address: &str, status: &str, family: Family) -> (Outcome, Option<String>) {
    let heard = router(&RouterReading { address: address.into(), status: status.into(), ..RouterReading::default() }, family);
    (heard.outcome, heard.warning)
}

#[test]
fn a_public_address_of_a_connected_box_is_known() {
    for status in ["Connected", "", "Up"] {
        let (outcome, warning) = box_says("91.12.34.57", status, Family::V4);
        assert!(matches!(outcome, Outcome::Known { .. }) && warning.is_none(), "{status:?}: {outcome:?}");
    }
    let prefix = Prefix::parse("2003:e7:1:5600::/56").ok();
    let reading = RouterReading { address: "2003:f:ab::10".into(), status: "Connected".into(), prefix, ..RouterReading::default() };
    let heard = router(&reading, Family::V6);
    assert!(matches!(heard.outcome, Outcome::Known { .. }) && heard.prefix == prefix, "{heard:?}");
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

fn v6(address: &str, change: impl FnOnce(&mut RouterReading)) -> Heard {
    let prefix = Prefix::parse("2003:e7:1:5600::/56").ok();
    let mut reading = RouterReading { address: address.into(), status: "Connected".into(), prefix, ..RouterReading::default() };
    change(&mut reading);
    router(&reading, Family::V6)
}

fn left(preferred: u64, valid: u64) -> Lifetimes {
    Lifetimes { preferred: Duration::from_secs(preferred), valid: Duration::from_secs(valid) }
}

#[test]
fn what_has_no_lifetime_left_is_not_used() {
    for (lifetimes, word) in [(left(0, 3600), "deprecated"), (left(0, 0), "not valid")] {
        let heard = v6("2003:f:ab::10", |it| it.lifetimes = Some(lifetimes));
        assert!(matches!(&heard.outcome, Outcome::Unsure(unused) if unused.why.contains(word)), "{heard:?}");
        assert!(heard.prefix.is_some(), "the prefix lives on");
        let heard = v6("2003:f:ab::10", |it| it.prefix_lifetimes = Some(lifetimes));
        assert!(matches!(heard.outcome, Outcome::Known { .. }) && heard.prefix.is_none(), "{heard:?}");
        let heard = v6("", |it| it.prefix_lifetimes = Some(lifetimes));
        assert!(matches!(&heard.outcome, Outcome::Unsure(unused) if unused.why.contains(word)), "{heard:?}");
    }
    assert!(matches!(v6("2003:f:ab::10", |it| it.lifetimes = Some(left(1, 1))).outcome, Outcome::Known { .. }));
}

#[test]
fn a_prefix_without_an_address_is_kept_while_the_router_is_connected() {
    for address in ["", "::", "fd00::1"] {
        let heard = v6(address, |_| {});
        assert!(matches!(heard.outcome, Outcome::Unsure(_)) && heard.prefix.is_some(), "{address:?}: {heard:?}");
    }
    for address in ["", "::"] {
        let heard = v6(address, |it| it.status = "Disconnected".into());
        assert!(matches!(heard.outcome, Outcome::Absent(_)) && heard.prefix.is_none(), "{address:?}: {heard:?}");
    }
}

#[test]
fn a_prefix_that_is_not_for_the_public_is_none() {
    let heard = v6("2003:f:ab::10", |it| it.prefix = Prefix::parse("fd00:1::/56").ok());
    assert_eq!(heard.prefix, None);
}

#[test]
fn an_address_of_the_wrong_family_is_refused() {
    assert!(matches!(box_says("2003:f:ab::10", "Connected", Family::V4).0, Outcome::Unsure(_)));
    assert!(matches!(v6("91.12.34.57", |_| {}).outcome, Outcome::Unsure(_)));
}

#[test]
fn ds_lite_is_told_as_what_it_means_for_those_who_come_from_outside() {
    for address in ["", "192.0.0.2", "91.12.34.57"] {
        let reading =
            RouterReading { address: address.into(), status: "Connected".into(), ds_lite: Some(true), ..RouterReading::default() };
        let warning = router(&reading, Family::V4).warning.unwrap();
        assert!(warning.starts_with("DS-Lite") && warning.contains("do not arrive over IPv4"), "{address:?}: {warning}");
        assert_eq!(router(&reading, Family::V6).warning, None);
    }
}
