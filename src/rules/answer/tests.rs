use super::*;

const TTL: u64 = 60;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("tests write addresses")
}

fn shows(addresses: &[&str], ttl: u64) -> Said {
    Said::Addresses(addresses.iter().map(|text| ip(text)).collect(), Duration::from_secs(ttl))
}

fn silent() -> Said {
    Said::Unreachable("timed out".into())
}

fn find(said: Vec<Said>) -> Finding {
    let servers = said.into_iter().enumerate().map(|(number, said)| ServerAnswer { server: format!("ns{number}.example"), said }).collect();
    compare(&DnsAnswer { servers, failed: None }, ip("91.12.34.57"))
}

const NEW: &str = "91.12.34.57";
const OLD: &str = "91.12.34.56";

#[test]
fn all_servers_showing_the_address_confirm_it() {
    let finding = find(vec![shows(&[NEW], TTL), shows(&[NEW], TTL)]);
    assert_eq!(finding, Finding::Confirmed { extra: vec![] });
}

#[test]
fn an_extra_address_is_a_notice_and_is_named_once() {
    let finding = find(vec![shows(&[OLD, NEW], TTL), shows(&[NEW, OLD], TTL)]);
    assert_eq!(finding, Finding::Confirmed { extra: vec![ip(OLD)] });
}

#[test]
fn a_lagging_server_makes_the_finding_partial_and_is_named() {
    for lagging in [shows(&[OLD], TTL), shows(&[], 0), Said::NoName] {
        let Finding::Partly(text) = find(vec![shows(&[NEW], TTL), lagging]) else { panic!("not partial") };
        assert!(text.contains("ns1.example") && !text.contains("ns0.example"), "{text}");
    }
}

#[test]
fn an_unreachable_server_beside_a_confirming_one_is_partial() {
    let Finding::Partly(text) = find(vec![silent(), shows(&[NEW], TTL)]) else { panic!("not partial") };
    assert!(text.contains("ns0.example") && text.contains("timed out"), "{text}");
}

#[test]
fn something_else_everywhere_is_stale_with_the_longest_time_to_live() {
    let finding = find(vec![shows(&[OLD], 60), shows(&["91.12.34.58"], 300), silent()]);
    let shown = vec![ip(OLD), ip("91.12.34.58")];
    assert_eq!(finding, Finding::Stale { shown, ttl: Duration::from_secs(300) });
}

#[test]
fn a_missing_name_or_type_is_stale_and_shows_nothing() {
    for nothing in [Said::NoName, shows(&[], 3600)] {
        let finding = find(vec![nothing.clone(), nothing]);
        assert_eq!(finding, Finding::Stale { shown: vec![], ttl: Duration::ZERO });
    }
}

#[test]
fn nobody_reachable_is_unknown() {
    assert!(matches!(find(vec![silent(), silent()]), Finding::Unknown(text) if text.contains("timed out")));
    assert!(matches!(find(vec![]), Finding::Unknown(_)));
}

#[test]
fn an_answer_without_authority_spoils_all_the_others() {
    let finding = find(vec![shows(&[NEW], TTL), Said::Intercepted]);
    assert!(matches!(finding, Finding::Unknown(text) if text.contains("ns1.example")));
}

#[test]
fn a_failed_search_for_servers_is_unknown_with_its_reason() {
    let answer = DnsAnswer { servers: vec![], failed: Some("no NS record".into()) };
    assert_eq!(compare(&answer, ip(NEW)), Finding::Unknown("no NS record".into()));
}

#[test]
fn the_deadline_is_twice_the_time_to_live_between_fifteen_minutes_and_a_day() {
    for (ttl, expected) in [(0, 900), (60, 900), (450, 900), (451, 902), (3600, 7200), (86_400, 86_400)] {
        assert_eq!(deadline(Duration::from_secs(ttl)), Duration::from_secs(expected), "for {ttl} s");
    }
    assert_eq!(deadline(Duration::MAX), LONGEST_DEADLINE);
}

#[test]
fn the_schedule_rises_and_ends_before_the_shortest_deadline() {
    assert!(SCHEDULE.is_sorted());
    assert!(SCHEDULE[SCHEDULE.len() - 1] < SHORTEST_DEADLINE);
}
