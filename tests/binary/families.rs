//! IPv4 and IPv6 are two ways on the wire: who detects from the connection must be asked over the right one.

use crate::support::fake::{Answer, Fake};
use crate::support::fritzbox::Source;
use crate::support::home::{Home, V4_NEW, V6_NEW, custom, fixed};

#[test]
fn a_url_without_an_address_is_called_over_each_wanted_family_and_over_no_other() {
    for (mode, expected) in [("v4", &[true][..]), ("v6", &[false]), ("both", &[true, false])] {
        let provider = Fake::start(|seen| Answer::ok(if seen.peer.is_ipv4() { "good 91.12.34.57" } else { "good 2003:f:ab::10" }));
        let home = Home::new(&custom(&provider.named("http", "/up?host=<domain>"), mode, &fixed(Some(V4_NEW), Some(V6_NEW))));
        home.once().with(0);
        let over: Vec<bool> = provider.requests().iter().map(|seen| seen.peer.is_ipv4()).collect();
        assert_eq!(over, expected, "{mode}");
    }
}

#[test]
fn of_two_urls_without_addresses_the_first_goes_over_ipv4_and_the_second_over_ipv6() {
    let provider = Fake::start(Answer::good);
    let urls = format!("{} {}", provider.named("http", "/four"), provider.named("http", "/six"));
    let home = Home::new(&custom(&urls, "both", &fixed(Some(V4_NEW), Some(V6_NEW))));
    home.once();
    let over: Vec<_> = provider.requests().iter().map(|seen| (seen.target.clone(), seen.peer.is_ipv4())).collect();
    assert_eq!(over, [("/four".to_owned(), true), ("/six".to_owned(), false)]);
}

#[test]
fn a_literal_address_of_the_other_family_is_never_called() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&custom(&provider.v6("/up?host=<domain>"), "v4", &fixed(Some(V4_NEW), None)));
    home.once();
    assert_eq!(provider.count(), 0, "the provider would have taken an IPv6 address for the IPv4 one");
}

#[test]
fn an_echo_service_is_asked_over_the_family_that_is_looked_for() {
    let provider = Fake::start(Answer::good);
    let echo = Source::echo(V4_NEW, V6_NEW);
    let url = echo.fake.named("http", "/");
    let urls = format!("{} {}", provider.v4("/up?ip=<ipaddr>"), provider.v4("/up?ip6=<ip6addr>"));
    let home = Home::new(&custom(&urls, "both", &format!("ipv4 = [{url:?}]\nipv6 = [{url:?}]")));
    home.once().with(0);
    let mut over: Vec<bool> = echo.fake.requests().iter().map(|seen| seen.peer.is_ipv4()).collect();
    over.sort_unstable();
    assert_eq!(over, [false, true]);
    assert!(echo.fake.requests().iter().all(|seen| seen.field("authorization").is_none()), "an echo gets no login");
    let mut sent: Vec<_> = provider.requests().iter().map(|seen| (seen.parameter("ip"), seen.parameter("ip6"))).collect();
    sent.sort();
    assert_eq!(sent, [(None, Some(V6_NEW.to_owned())), (Some(V4_NEW.to_owned()), None)]);
}

#[test]
fn an_echo_that_answers_with_the_other_family_is_not_believed() {
    let provider = Fake::start(Answer::good);
    let echo = Source::echo(V6_NEW, V6_NEW);
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &format!("ipv4 = [{:?}]\nipv6 = []", echo.fake.v4("/"))));
    home.once().with(69);
    assert_eq!(provider.count(), 0);
}
