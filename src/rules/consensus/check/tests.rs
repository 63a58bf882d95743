use super::*;
use crate::rules::address::PerFamily;

const START: Moment = Moment(1_800_000_000_000);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn near(address: &str, source: &str, prefix: Option<&str>) -> Sighting {
    let prefix = prefix.map(|text| Prefix::parse(text).unwrap());
    Sighting { address: ip(address), source: source.into(), prefix, warning: None }
}

fn seen(address: &str) -> Observed {
    Observed::Known(near(address, "web", None))
}

fn line(sources: &[Source]) -> Line {
    Line { name: "default".into(), interface: None, sources: PerFamily::from_fn(|_| sources.to_vec()) }
}

#[test]
fn only_a_local_source_with_others_outside_behind_it_is_checked() {
    let usual = line(&[Source::Interface(None), Source::FritzBox, Source::Web]);
    for source in ["interface", "fritzbox"] {
        assert!(CrossCheck::applies(&usual, &near("91.12.34.57", source, None)), "{source}");
    }
    assert!(!CrossCheck::applies(&usual, &near("91.12.34.57", "web", None)));
    assert!(!CrossCheck::applies(&line(&[Source::Web, Source::FritzBox]), &near("91.12.34.57", "fritzbox", None)));
    assert!(!CrossCheck::applies(&line(&[Source::FritzBox]), &near("91.12.34.57", "fritzbox", None)));
    // Outside sees this machine and not the router: without the prefix of the LAN there is nothing to compare.
    assert!(!CrossCheck::applies(&usual, &near("2003:f:ab::10", "fritzbox", None)));
    assert!(CrossCheck::applies(&usual, &near("2003:f:ab::10", "fritzbox", Some("2003:e7:1:5600::/56"))));
}

#[test]
fn a_contradiction_is_told_once_and_warned_of_until_a_check_agrees_or_the_address_changes() {
    let router = near("91.12.34.57", "fritzbox", None);
    let mut check = CrossCheck::begun(None, START);
    assert_eq!((check.next, check.warning(&router)), (START.plus(CrossCheck::AGAIN), None));
    assert!(check.ended(&router, &seen("91.12.34.99"), START));
    assert_eq!(check.next, START.plus(CrossCheck::EVERY));
    let warning = check.warning(&router).unwrap();
    assert!(warning.contains("fritzbox says 91.12.34.57") && warning.contains("91.12.34.99"), "{warning}");
    assert_eq!(check.warning(&near("91.12.34.58", "fritzbox", None)), None);

    let mut again = CrossCheck::begun(Some(&check), check.next);
    assert!(again.warning(&router).is_some(), "it stands while the next check is under way");
    assert!(!again.ended(&router, &seen("91.12.34.99"), check.next), "it was told already");
    assert!(!again.ended(&router, &Observed::Unavailable("no answer".into()), check.next));
    assert!(again.warning(&router).is_some());
    assert!(!again.ended(&router, &seen("91.12.34.57"), check.next));
    assert_eq!(again.warning(&router), None);
}

#[test]
fn a_check_without_a_result_is_repeated_after_hours() {
    let mut check = CrossCheck::begun(None, START);
    assert!(!check.ended(&near("91.12.34.57", "fritzbox", None), &Observed::Unavailable("no answer".into()), START));
    assert_eq!(check.next, START.plus(CrossCheck::AGAIN));
}

#[test]
fn another_ipv6_address_of_the_same_lan_agrees() {
    for (here, other, agrees) in [
        (near("2003:f:ab::10", "fritzbox", Some("2003:e7:1:5600::/56")), "2003:e7:1:56aa::1", true),
        (near("2003:f:ab::10", "fritzbox", Some("2003:e7:1:5600::/56")), "2003:f:ab::11", false),
        (near("2003:f:ab::10", "interface", Some("2003:f:ab::/64")), "2003:f:ab::aaaa", true),
        (near("2003:f:ab::10", "interface", None), "2003:f:ab::aaaa", true),
        (near("2003:f:ab::10", "interface", Some("2003:f:ab::/64")), "2003:f:ac::10", false),
    ] {
        let mut check = CrossCheck::begun(None, START);
        assert_eq!(check.ended(&here, &seen(other), START), !agrees, "{other}");
    }
}
