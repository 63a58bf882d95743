use super::*;

fn host() -> Option<HostId> {
    HostId::parse("::1a2b:3c4d:5e6f:7788").ok()
}

fn known(address: &str, source: &str, prefix: Option<&str>) -> Observed {
    let prefix = prefix.map(|text| Prefix::parse(text).unwrap());
    Observed::Known(Sighting { address: address.parse().unwrap(), source: source.into(), prefix, warning: None })
}

fn lan(prefix: &str) -> Observed {
    Observed::Prefix(Lan { prefix: Prefix::parse(prefix).unwrap(), source: "fritzbox".into(), reason: "it has none".into() })
}

#[test]
fn the_prefix_of_the_lan_and_not_the_address_of_the_router_places_a_host() {
    let router = known("2003:f:ab::10", "fritzbox", Some("2003:e7:1:5600::/56"));
    assert_eq!(router.publish(host()), Ok("2003:e7:1:5600:1a2b:3c4d:5e6f:7788".parse().unwrap()));
    assert_eq!(router.publish(None), Ok("2003:f:ab::10".parse().unwrap()));
}

#[test]
fn a_router_that_tells_no_prefix_places_nobody_and_this_machine_is_in_its_own_lan() {
    for router in ["fritzbox", "upnp", "pcp"] {
        assert!(known("2003:f:ab::10", router, None).publish(host()).unwrap_err().contains("prefix"));
    }
    assert_eq!(known("2003:f:ab::10", "web", None).publish(host()), Ok("2003:f:ab:0:1a2b:3c4d:5e6f:7788".parse().unwrap()));
}

#[test]
fn a_prefix_alone_is_enough_for_a_host_and_for_nobody_else() {
    let seen = lan("2003:e7:1:5600::/56");
    assert_eq!(seen.publish(host()), Ok("2003:e7:1:5600:1a2b:3c4d:5e6f:7788".parse().unwrap()));
    assert!(seen.publish(None).unwrap_err().contains("ipv6_host"));
    assert_eq!((seen.address(), seen.prefix()), (None, Prefix::parse("2003:e7:1:5600::/56").ok()));
}

#[test]
fn what_the_guard_refuses_is_published_for_no_host() {
    for prefix in ["2001:db8::/48", "fd00::/64"] {
        assert!(lan(prefix).publish(host()).unwrap_err().contains("must not be published"));
    }
}

#[test]
fn ipv4_is_the_same_for_every_machine() {
    assert_eq!(known("91.12.34.57", "fritzbox", None).publish(host()), Ok("91.12.34.57".parse().unwrap()));
}

#[test]
fn what_an_earlier_version_wrote_is_read() {
    let written = r#"{"known":{"address":"91.12.34.57","source":"web"}}"#;
    assert_eq!(serde_json::from_str::<Observed>(written).unwrap(), known("91.12.34.57", "web", None));
    for observed in [lan("2003:e7:1:5600::/56"), Observed::Absent("no link".into())] {
        let text = serde_json::to_string(&observed).unwrap();
        assert_eq!(serde_json::from_str::<Observed>(&text).unwrap(), observed, "{text}");
    }
}
