//! One round: what is sent, what is remembered, and how it ends.

use crate::support::fake::{Answer, Fake, closed_port};
use crate::support::fritzbox::Source;
use crate::support::home::{Home, NAME, PASSWORD, V4_NEW, V4_OLD, V6_NEW, custom, entry, fixed};

use base64::Engine as _;

#[test]
fn a_custom_url_is_called_once_per_family_and_not_again() {
    let provider = Fake::start(Answer::good);
    let urls = format!("{} {}", provider.v4("/up?host=<domain>&ip=<ipaddr>"), provider.v4("/up?host=<domain>&ip6=<ip6addr>"));
    let home = Home::new(&custom(&urls, "both", &fixed(Some(V4_NEW), Some(V6_NEW))));
    home.once().with(0);
    home.once().with(0);
    let requests = provider.requests();
    let sent: Vec<_> = requests.iter().map(|seen| (seen.parameter("ip"), seen.parameter("ip6"))).collect();
    assert_eq!(sent, [(Some(V4_NEW.into()), None), (None, Some(V6_NEW.into()))]);
    let login = base64::prelude::BASE64_STANDARD.encode(format!("1234567890:{PASSWORD}"));
    for seen in &requests {
        assert_eq!((seen.method.as_str(), seen.parameter("host").as_deref()), ("GET", Some(NAME)));
        assert_eq!(seen.field("authorization"), Some(format!("Basic {login}").as_str()));
        let agent = seen.field("user-agent").unwrap_or_default();
        assert!(agent.starts_with(concat!("wanbeacon/", env!("CARGO_PKG_VERSION"))), "{agent}");
        assert_eq!(seen.field("accept-encoding"), None);
    }
}

#[test]
fn a_round_prints_one_line_when_it_published_something_and_nothing_otherwise() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)));
    let quiet = ["--once", "--log-level", "warn"];
    let first = home.run(&quiet).with(0);
    assert_eq!((first.stdout.as_str(), first.stderr.as_str()), (format!("published: {NAME} {V4_NEW}\n").as_str(), ""));
    let second = home.run(&quiet).with(0);
    assert_eq!((second.stdout.as_str(), second.stderr.as_str()), ("", ""));
}

#[test]
fn freedyn_gets_both_families_at_the_configured_servers_and_nothing_twice() {
    let (v4, v6) = (Fake::start(Answer::good), Fake::start(Answer::good));
    let servers =
        format!("provider = \"freedyn\"\nserver_ipv4 = \"http://127.0.0.1:{}\"\nserver_ipv6 = \"http://[::1]:{}\"", v4.port, v6.port);
    let home = Home::new(&entry(&servers, "both", &fixed(Some(V4_NEW), Some(V6_NEW))));
    home.once().with(0);
    home.once().with(0);
    let targets = |fake: &Fake| fake.requests().into_iter().map(|seen| seen.target).collect::<Vec<_>>();
    assert_eq!(targets(&v4), [format!("/nic/update?hostname={NAME}&myip={V4_NEW}")]);
    assert_eq!(targets(&v6), [format!("/nic/update?hostname={NAME}&myip={V6_NEW}")]);
    let status = home.status();
    for family in ["ipv4", "ipv6"] {
        assert_eq!(status["ddns"][0][family]["status"], "complete", "{status:#}");
    }
}

#[test]
fn the_address_of_a_fritzbox_is_published() {
    let provider = Fake::start(Answer::good);
    let fritzbox = Source::fritzbox(V4_NEW, V6_NEW);
    let urls = format!("{} {}", provider.v4("/up?ip=<ipaddr>"), provider.v4("/up?ip6=<ip6addr>&prefix=<ip6lanprefix>"));
    let wan = format!("ipv4 = [\"fritzbox\"]\nipv6 = [\"fritzbox\"]\n[fritzbox]\naddress = \"127.0.0.1:{}\"", fritzbox.fake.port);
    let home = Home::new(&custom(&urls, "both", &wan));
    home.once().with(0);
    let mut targets: Vec<_> = provider.requests().into_iter().map(|seen| seen.target).collect();
    targets.sort();
    assert_eq!(targets, [format!("/up?ip6={V6_NEW}&prefix=2003:f:ab::/56"), format!("/up?ip={V4_NEW}")]);
    assert_eq!(home.status()["wan"][0]["ipv6"]["prefix"], "2003:f:ab::/56");
}

#[test]
fn a_new_address_waits_for_the_spacing_and_the_published_one_is_kept() {
    let provider = Fake::start(Answer::good);
    let echo = Source::echo(V4_OLD, "");
    let wan = format!("ipv4 = [{:?}]\nipv6 = []", echo.fake.v4("/"));
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &wan));
    home.once().with(0);
    echo.move_to(V4_NEW);
    home.once().with(75);
    assert_eq!(provider.count(), 1);
    let it = &home.status()["ddns"][0]["ipv4"];
    assert_eq!((&it["published"], &it["address"], &it["status"]), (&V4_OLD.into(), &V4_NEW.into(), &"new address".into()));
    assert!(it["next_attempt"].is_string(), "{it:#}");
}

#[test]
fn a_line_without_an_address_ends_with_69_and_nothing_is_sent() {
    let provider = Fake::start(Answer::good);
    for wan in [fixed(None, None), "ipv4 = [\"command:false\"]\nipv6 = []".to_owned()] {
        Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &wan)).once().with(69);
    }
    assert_eq!(provider.count(), 0);
}

#[test]
fn an_address_that_is_not_for_the_public_is_never_sent() {
    let provider = Fake::start(Answer::good);
    for address in ["192.168.178.20", "100.64.1.2", "127.0.0.1", "203.0.113.5", "0.0.0.0"] {
        let echo = Source::echo(address, "");
        let wan = format!("ipv4 = [{:?}]\nipv6 = []", echo.fake.v4("/"));
        let ended = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &wan)).once();
        assert_eq!(ended.code, Some(69), "{address}: {ended:#?}");
    }
    assert_eq!(provider.count(), 0);
}

#[test]
fn a_provider_that_is_not_there_ends_with_75() {
    let home = Home::new(&custom(&format!("http://127.0.0.1:{}/up?ip=<ipaddr>", closed_port()), "v4", &fixed(Some(V4_NEW), None)));
    let ended = home.once().with(75);
    assert!(ended.stderr.contains("refused"), "{}", ended.stderr);
}

#[test]
fn a_refused_login_ends_with_77_and_nobody_is_asked_again() {
    let provider = Fake::start(|_| Answer::ok("badauth"));
    let echo = Source::echo(V4_NEW, "");
    let wan = format!("ipv4 = [{:?}]\nipv6 = []", echo.fake.v4("/"));
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &wan));
    home.once().with(77);
    let looks = echo.fake.count();
    home.once().with(77);
    home.run(&["status"]).with(77);
    assert_eq!((provider.count(), echo.fake.count()), (1, looks), "a locked entry asks neither provider nor sources");
}

#[test]
fn a_configuration_that_cannot_be_used_ends_with_78_and_a_wrong_command_line_with_64() {
    let home = Home::new("[[ddns]]\nprovider = \"freedyn\"\n");
    home.once().with(78);
    home.run(&["check"]).with(78);
    home.run(&["--once", "status"]).with(64);
    home.run(&["--bogus"]).with(64);
    assert!(!home.state().exists(), "nothing is made for a configuration that cannot be used");
}

#[test]
fn a_second_instance_ends_with_75_and_says_so() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)));
    let daemon = home.daemon();
    daemon.says("answered");
    for arguments in [&["--once"][..], &[]] {
        let ended = home.run(arguments).with(75);
        assert!(ended.stderr.contains("another wanbeacon"), "{}", ended.stderr);
    }
    assert_eq!(provider.count(), 1);
}
