use super::fake::{FakeDns, Otherwise, Zone, address, alias, ns};
use super::*;

async fn names(zone: Zone) -> (Names, FakeDns) {
    let fake = FakeDns::start("127.0.0.1:0", zone).await;
    (Names::new(&[fake.address]), fake)
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

#[tokio::test]
async fn both_families_are_found_and_ipv6_comes_first() {
    let (names, _fake) = names(Zone::new(vec![address("a.test.", "192.0.2.1"), address("a.test.", "2001:db8::1")])).await;
    assert_eq!(names.addresses("a.test", None).await, Ok(addresses(&["2001:db8::1", "192.0.2.1"])));
    assert_eq!(names.addresses("a.test", Some(Family::V4)).await, Ok(addresses(&["192.0.2.1"])));
}

#[tokio::test]
async fn an_ipv4_mapped_address_is_no_ipv6_address() {
    let (names, _fake) = names(Zone::new(vec![address("a.test.", "::ffff:192.0.2.1")])).await;
    let refused = names.addresses("a.test", Some(Family::V6)).await;
    assert_eq!(refused, Err("failed to look up \"a.test\": the name has no IPv6 address".into()));
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_to_be_so() {
    let (names, _fake) = names(Zone::new(vec![])).await;
    assert_eq!(names.addresses("a.test", None).await, Err("failed to look up \"a.test\": there is no such name".into()));
}

#[tokio::test]
async fn a_failing_name_server_is_no_statement_about_the_name() {
    let (names, _fake) = names(Zone { otherwise: Otherwise::Fail, ..Zone::new(vec![]) }).await;
    let refused = names.addresses("a.test", None).await.expect_err("the server fails");
    assert!(!refused.contains("no such name"), "{refused}");
    assert!(names.zone_servers(&fake::name("a.test.")).await.is_err());
}

#[tokio::test]
async fn localhost_is_this_machine_over_both_families_without_a_question() {
    let (names, fake) = names(Zone::new(vec![])).await;
    assert_eq!(names.addresses("localhost", None).await, Ok(addresses(&["::1", "127.0.0.1"])));
    assert!(fake.asked.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn the_servers_behind_an_alias_are_not_those_of_the_name() {
    let zone = Zone::new(vec![ns("b.test.", "ns.b.test."), alias("a.test.", "b.test.")]);
    let (names, _fake) = names(zone).await;
    assert_eq!(names.zone_servers(&fake::name("a.test.")).await, Ok(ZoneServers::NoZone));
    let served = ZoneServers::Served(vec![fake::name("ns.b.test.")]);
    assert_eq!(names.zone_servers(&fake::name("b.test.")).await, Ok(served));
}
