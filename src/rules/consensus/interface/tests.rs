use super::*;

const NEW: &str = "2003:f:ab::10";

fn on(interface: &str, address: &str, change: impl FnOnce(&mut InterfaceAddress)) -> InterfaceAddress {
    let address: IpAddr = address.parse().unwrap();
    let prefix_length = if address.is_ipv6() { 64 } else { 24 };
    let mut entry = InterfaceAddress {
        interface: interface.into(),
        address: Some(address),
        prefix_length,
        up: true,
        preferred: Some(Duration::from_secs(3600)),
        ..InterfaceAddress::default()
    };
    change(&mut entry);
    entry
}

fn plain(address: &str) -> InterfaceAddress {
    on("eth0", address, |_| {})
}

fn chosen(all: &[InterfaceAddress], named: Option<&str>, published: Option<&str>) -> Option<String> {
    let published = published.map(|text| text.parse().unwrap());
    match choose(all, named, Family::V6, published).0 {
        Outcome::Known { address, .. } => Some(address.to_string()),
        _ => None,
    }
}

#[test]
fn a_stable_address_wins_over_temporary_and_deprecated_ones() {
    let all = [
        on("eth0", "2003:f:ab::aaaa", |a| a.temporary = true),
        on("eth0", "2003:f:aa::10", |a| a.deprecated = true),
        plain(NEW),
        plain("fe80::1"),
        plain("fd00::1"),
        plain("::1"),
        plain("91.12.34.57"),
    ];
    let (outcome, passed) = choose(&all, None, Family::V6, Some("2003:f:aa::10".parse().unwrap()));
    let prefix = Prefix::parse("2003:f:ab::/64").ok();
    assert_eq!(outcome, Outcome::Known { address: NEW.parse().unwrap(), prefix });
    let whys: Vec<&str> = passed.iter().map(|unused| unused.why.as_str()).collect();
    for word in ["8981", "deprecated", "link-local", "unique local"] {
        assert!(whys.iter().any(|why| why.contains(word) && why.contains("eth0")), "{word}: {whys:?}");
    }
    assert_eq!(passed.len(), 4);
}

#[test]
fn an_address_that_is_not_verified_yet_is_waited_for() {
    for flag in [|a: &mut InterfaceAddress| a.tentative = true, |a: &mut InterfaceAddress| a.duplicated = true] {
        let (outcome, _) = choose(&[on("eth0", NEW, flag)], None, Family::V6, None);
        assert!(matches!(outcome, Outcome::Unsure(_)), "{outcome:?}");
    }
}

#[test]
fn tunnels_and_interfaces_that_are_down_are_skipped_and_a_tunnel_may_be_named() {
    let all = [on("wg0", NEW, |a| a.tunnel = true), on("eth1", "2003:f:ab::11", |a| a.up = false)];
    assert_eq!(chosen(&all, None, None), None);
    assert_eq!(chosen(&all, Some("wg0"), None).as_deref(), Some(NEW));
    assert_eq!(chosen(&all, Some("eth1"), None), None);
}

#[test]
fn a_named_interface_that_is_missing_is_a_problem_and_not_a_missing_line() {
    let (outcome, _) = choose(&[plain(NEW)], Some("eth9"), Family::V6, None);
    assert!(matches!(outcome, Outcome::Unsure(Unused { ref why, .. }) if why.contains("eth9")), "{outcome:?}");
}

#[test]
fn longest_preferred_lifetime_wins_then_the_lowest_address() {
    let short = on("eth0", "2003:f:aa::1", |a| a.preferred = Some(Duration::from_secs(600)));
    let long = plain("2003:f:ab::20");
    let same = plain(NEW);
    assert_eq!(chosen(&[short.clone(), long.clone(), same], None, None).as_deref(), Some(NEW));
    let ever = on("eth0", "2003:f:ac::1", |a| a.preferred = None);
    assert_eq!(chosen(&[short, long, ever], None, None).as_deref(), Some("2003:f:ac::1"));
}

#[test]
fn a_published_address_stays_while_its_prefix_is_advertised() {
    let published = on("eth0", "2003:f:ab::20", |a| a.preferred = Some(Duration::from_secs(3000)));
    assert_eq!(chosen(&[plain(NEW), published], None, Some("2003:f:ab::20")).as_deref(), Some("2003:f:ab::20"));
    let forgotten = on("eth0", "2003:f:aa::20", |a| a.preferred = Some(Duration::from_secs(2000)));
    assert_eq!(chosen(&[plain(NEW), forgotten], None, Some("2003:f:aa::20")).as_deref(), Some(NEW));
}

#[test]
fn a_machine_without_an_address_of_the_family_has_no_line_of_it() {
    for all in [vec![], vec![plain("91.12.34.57"), plain("fe80::1"), plain("::1")]] {
        assert!(matches!(choose(&all, None, Family::V6, None).0, Outcome::Absent(_)));
    }
    let down = on("eth0", "91.12.34.57", |a| a.up = false);
    assert!(matches!(choose(&[down], None, Family::V4, None).0, Outcome::Absent(_)));
}

#[test]
fn a_private_address_says_nothing_about_the_line() {
    let (outcome, passed) = choose(&[plain("192.168.178.20")], None, Family::V4, None);
    assert!(matches!(outcome, Outcome::Silent(ref unused) if unused.why.contains("RFC 1918")), "{outcome:?}");
    assert_eq!(passed[0].address, "192.168.178.20".parse().ok());
}

#[test]
fn an_address_without_an_on_link_prefix_gives_none() {
    let leased = on("eth0", NEW, |a| a.prefix_length = 128);
    assert!(matches!(choose(&[leased], None, Family::V6, None).0, Outcome::Known { prefix: None, .. }));
}
