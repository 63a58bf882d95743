use std::time::Duration;

use crate::resolve::fake::{FakeDns, Otherwise, Zone, address, alias, name, ns};

use super::*;

fn domain() -> Domain {
    Domain::parse("home.example.test").expect("a name")
}

/// A recursive server that knows the delegation of `example.test` to the given addresses, and `more`.
async fn recursive(servers: &[&str], more: Vec<hickory_resolver::proto::rr::Record>) -> FakeDns {
    let mut records = more;
    for (index, server) in servers.iter().enumerate() {
        let host = format!("ns{index}.example.test.");
        records.push(ns("example.test.", &host));
        records.push(address(&host, server));
    }
    FakeDns::start("127.0.0.1:0", Zone { authoritative: false, ..Zone::new(records) }).await
}

fn verifier(recursive: &FakeDns, server: &FakeDns) -> Verifier {
    Verifier::new(&[recursive.address]).with_port(server.address.port())
}

/// Asks one authoritative server with `zone`.
async fn said(zone: Zone) -> (Said, FakeDns) {
    let server = FakeDns::start("127.0.0.1:0", zone).await;
    let answer = verifier(&recursive(&["127.0.0.1"], vec![]).await, &server).ask(&domain(), Family::V4).await;
    assert_eq!((answer.failed, answer.servers.len()), (None, 1));
    (answer.servers.into_iter().next().expect("one").said, server)
}

fn shows(addresses: &[&str]) -> Said {
    Said::Addresses(addresses.iter().map(|a| a.parse().expect("an address")).collect(), Duration::from_secs(60))
}

#[tokio::test]
async fn the_record_is_read_with_its_time_to_live() {
    let (said, server) = said(Zone::new(vec![address("home.example.test.", "192.0.2.1")])).await;
    assert_eq!(said, shows(&["192.0.2.1"]));
    assert_eq!(*server.asked.lock().expect("not poisoned"), [(name("home.example.test."), RecordType::A)]);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_from_one_without_the_type() {
    assert_eq!(said(Zone::new(vec![])).await.0, Said::NoName);
    let only_v6 = Zone::new(vec![address("home.example.test.", "2001:db8::1")]);
    assert_eq!(said(only_v6).await.0, Said::Addresses(vec![], Duration::ZERO));
}

#[tokio::test]
async fn an_answer_without_authority_is_intercepted() {
    let zone = Zone { authoritative: false, ..Zone::new(vec![address("home.example.test.", "192.0.2.1")]) };
    assert_eq!(said(zone).await.0, Said::Intercepted);
}

#[tokio::test]
async fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let zone = Zone { truncated: true, ..Zone::new(vec![address("home.example.test.", "192.0.2.1")]) };
    let (said, server) = said(zone).await;
    assert_eq!(said, shows(&["192.0.2.1"]));
    assert_eq!(server.asked.lock().expect("not poisoned").len(), 2);
}

#[tokio::test]
async fn a_server_that_fails_is_unreachable_with_its_word() {
    let zone = Zone { otherwise: Otherwise::Fail, ..Zone::new(vec![]) };
    let Said::Unreachable(why) = said(zone).await.0 else { panic!("the server fails") };
    assert!(why.contains("the server answers"), "{why}");
}

#[tokio::test]
async fn a_silent_server_is_unreachable() {
    let server = FakeDns::start("127.0.0.1:0", Zone { otherwise: Otherwise::Silence, ..Zone::new(vec![]) }).await;
    let verifier = verifier(&recursive(&["127.0.0.1"], vec![]).await, &server);
    let zone = verifier.zone_of(&name("home.example.test.")).await.expect("the recursive server knows it");
    verifier.names.addresses("ns0.example.test.", None).await.expect("the recursive server knows it");
    // What the recursive server said is cached: from here on only the silent server is waited for.
    tokio::time::pause();
    let heard = verifier.ask_server(&zone.servers[0], &name("home.example.test."), &zone.top, RecordType::A).await;
    assert_eq!(heard, Err("no answer within 3 s".into()));
}

#[tokio::test]
async fn every_server_is_asked_and_a_stale_one_shows() {
    let first = FakeDns::start("127.0.0.1:0", Zone::new(vec![address("home.example.test.", "192.0.2.2")])).await;
    let at = format!("127.0.0.2:{}", first.address.port());
    let _stale = FakeDns::start(&at, Zone::new(vec![address("home.example.test.", "192.0.2.1")])).await;
    let recursive = recursive(&["127.0.0.1", "127.0.0.2"], vec![]).await;
    let answer = verifier(&recursive, &first).ask(&domain(), Family::V4).await;
    let said: Vec<(&str, &Said)> = answer.servers.iter().map(|s| (s.server.as_str(), &s.said)).collect();
    assert_eq!(said, [("ns0.example.test", &shows(&["192.0.2.2"])), ("ns1.example.test", &shows(&["192.0.2.1"]))]);
}

#[tokio::test]
async fn an_alias_is_followed_to_the_servers_of_its_target() {
    // The first server has stale knowledge of a name outside its zone; only the target's own server counts.
    let records = vec![alias("home.example.test.", "box.dyn.test."), address("box.dyn.test.", "192.0.2.1")];
    let first = FakeDns::start("127.0.0.1:0", Zone::new(records)).await;
    let at = format!("127.0.0.2:{}", first.address.port());
    let second = FakeDns::start(&at, Zone::new(vec![address("box.dyn.test.", "192.0.2.2")])).await;
    let more = vec![ns("dyn.test.", "ns.dyn.test."), address("ns.dyn.test.", "127.0.0.2")];
    let answer = verifier(&recursive(&["127.0.0.1"], more).await, &first).ask(&domain(), Family::V4).await;
    let expected = ServerAnswer { server: "ns.dyn.test".into(), said: shows(&["192.0.2.2"]) };
    assert_eq!(answer, DnsAnswer { servers: vec![expected], failed: None });
    assert_eq!(second.asked.lock().expect("not poisoned").len(), 1);
}

#[tokio::test]
async fn an_alias_inside_the_zone_needs_no_second_question() {
    let records = vec![alias("home.example.test.", "box.example.test."), address("box.example.test.", "192.0.2.1")];
    let (said, server) = said(Zone::new(records)).await;
    assert_eq!(said, shows(&["192.0.2.1"]));
    assert_eq!(server.asked.lock().expect("not poisoned").len(), 1);
}

#[tokio::test]
async fn aliases_in_a_circle_end_and_are_reported() {
    let records = vec![alias("home.example.test.", "b.example.test."), alias("b.example.test.", "home.example.test.")];
    let server = FakeDns::start("127.0.0.1:0", Zone::new(records)).await;
    let answer = verifier(&recursive(&["127.0.0.1"], vec![]).await, &server).ask(&domain(), Family::V4).await;
    assert!(answer.servers.is_empty() && answer.failed.is_some(), "{answer:?}");
}

#[tokio::test]
async fn a_server_that_is_deaf_over_one_family_is_asked_over_the_other() {
    // Nothing listens at [::1]; the server has an address of each family.
    let server = FakeDns::start("127.0.0.1:0", Zone::new(vec![address("home.example.test.", "192.0.2.1")])).await;
    let recursive = recursive(&["::1"], vec![address("ns0.example.test.", "127.0.0.1")]).await;
    let answer = verifier(&recursive, &server).ask(&domain(), Family::V4).await;
    assert_eq!(answer.servers[0].said, shows(&["192.0.2.1"]));
}

#[tokio::test]
async fn without_recursive_servers_the_failure_is_named() {
    let recursive = FakeDns::start("127.0.0.1:0", Zone { otherwise: Otherwise::Fail, ..Zone::new(vec![]) }).await;
    let answer = Verifier::new(&[recursive.address]).ask(&domain(), Family::V4).await;
    let why = answer.failed.expect("no zone can be found");
    assert!(why.starts_with("failed to find the name servers of \"home.example.test\""), "{why}");
}

#[tokio::test]
async fn what_takes_longer_than_the_limit_is_given_up() {
    let silent = || Zone { otherwise: Otherwise::Silence, ..Zone::new(vec![]) };
    let late = DnsAnswer { servers: vec![], failed: Some("the name servers of \"home.example.test\" did not answer in time".into()) };
    // Nobody tells the zone.
    let deaf = FakeDns::start("127.0.0.1:0", silent()).await;
    let limit = Duration::from_millis(50);
    assert_eq!(Verifier::new(&[deaf.address]).with_limit(limit).ask(&domain(), Family::V4).await, late);
    // The zone is known, and its server says nothing.
    let recursive = recursive(&["127.0.0.1"], vec![]).await;
    assert_eq!(verifier(&recursive, &deaf).with_limit(limit).ask(&domain(), Family::V4).await, late);
}
