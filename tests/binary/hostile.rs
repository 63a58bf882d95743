//! Counterparts that mean harm, or might as well.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::fake::{Answer, Fake, Then};
use crate::support::fritzbox::Source;
use crate::support::home::{Home, V4_NEW, V4_OLD, custom, fixed, peak_memory};
use crate::support::told;

/// Most memory that any reply may cost, in KiB.
const MOST: u64 = 40 * 1024;

const PORTAL: &str = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>good morning, please log in</body></html>";

fn home(provider: &Fake) -> Home {
    Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)))
}

#[test]
fn a_portal_that_answers_everything_with_a_page_is_no_success_and_gives_no_address() {
    let portal = Fake::start(|_| Answer::reply(200, &[("Content-Type", "text/html")], PORTAL));
    let sent = home(&portal);
    sent.once().with(75);
    assert_eq!(sent.status()["ddns"][0]["ipv4"]["published"], serde_json::Value::Null);
    sent.once().with(75);
    assert_eq!(portal.count(), 1, "the wait holds");

    let asked = Home::new(&custom(&portal.v4("/up?ip=<ipaddr>"), "v4", &format!("ipv4 = [{:?}]\nipv6 = []", portal.v4("/ip"))));
    asked.once().with(69);
    assert_eq!(portal.requests().iter().filter(|seen| seen.target.starts_with("/up")).count(), 1, "no address, no request");
}

#[test]
fn a_redirect_to_a_stranger_is_not_followed_and_the_stranger_sees_no_login() {
    for status in [301, 302, 303, 307, 308] {
        let stranger = Fake::start(Answer::good);
        let elsewhere = stranger.named("http", "/login");
        let portal = Fake::start(move |_| Answer::redirect(status, &elsewhere));
        let home = home(&portal);
        let ended = home.once().with(75);
        assert!(ended.stderr.contains("redirect"), "{}", ended.stderr);
        assert_eq!((portal.count(), stranger.connections()), (1, 0), "{status}");
        assert_eq!(home.status()["ddns"][0]["ipv4"]["status"], "internet-not-connected", "somebody else answers for the provider");
    }
}

#[test]
fn an_echo_that_redirects_gives_no_address() {
    let provider = Fake::start(Answer::good);
    let stranger = Source::echo(V4_NEW, "");
    let elsewhere = stranger.fake.v4("/");
    let echo = Fake::start(move |_| Answer::redirect(302, &elsewhere));
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &format!("ipv4 = [{:?}]\nipv6 = []", echo.v4("/"))));
    home.once().with(69);
    assert_eq!((provider.count(), stranger.fake.connections()), (0, 0));
}

#[test]
fn a_proxy_of_the_environment_sees_neither_the_login_nor_the_question_for_the_address() {
    let (provider, proxy) = (Fake::start(Answer::good), Fake::start(|_| Answer::ok(V4_OLD)));
    let echo = Source::echo(V4_NEW, "");
    let url = provider.named("http", "/up?ip=<ipaddr>");
    let mut home = Home::new(&custom(&url, "v4", &format!("ipv4 = [{:?}]\nipv6 = []", echo.fake.named("http", "/"))));
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        home = home.with_variable(name, &proxy.v4("/"));
    }
    home.once().with(0);
    assert_eq!((proxy.connections(), provider.count()), (0, 1));
    assert_eq!(provider.requests()[0].parameter("ip").as_deref(), Some(V4_NEW));
}

#[test]
fn a_reply_of_a_hundred_megabytes_costs_no_memory_and_is_no_success() {
    const LENGTH: usize = 100 << 20;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\ngood {V4_NEW}\n");
    let provider = Fake::start(move |_| Answer::raw(head.clone(), Then::Flood(LENGTH)));
    let home = home(&provider);
    let mut daemon = home.daemon();
    daemon.says("next attempt at");
    let peak = peak_memory(daemon.pid()).expect("the daemon runs");
    told(&format!("peak memory after a reply of 100 MB: {peak} KiB"));
    assert!(peak < MOST, "{peak} KiB");
    assert_eq!(home.status()["ddns"][0]["ipv4"]["published"], serde_json::Value::Null);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn an_echo_of_a_hundred_megabytes_costs_no_memory_and_gives_no_address() {
    const LENGTH: usize = 100 << 20;
    let provider = Fake::start(Answer::good);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n{V4_NEW}\n");
    let echo = Fake::start(move |_| Answer::raw(head.clone(), Then::Flood(LENGTH)));
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &format!("ipv4 = [{:?}]\nipv6 = []", echo.v4("/"))));
    let daemon = home.daemon();
    daemon.says("no IPv4 address");
    let peak = peak_memory(daemon.pid()).expect("the daemon runs");
    assert!(peak < MOST, "{peak} KiB");
    assert_eq!(provider.count(), 0);
}

#[test]
fn a_round_with_one_name_needs_little_memory() {
    let (held, release) = std::sync::mpsc::channel::<()>();
    let release = std::sync::Mutex::new(release);
    let provider = Fake::start(move |seen| {
        // The round waits for its reply while it is measured.
        let _ = release.lock().map(|release| release.recv());
        Answer::good(seen)
    });
    let home = home(&provider);
    let mut round = home.daemon_with(&["--once"]);
    provider.wait_for(1);
    let peak = peak_memory(round.pid()).expect("the round runs");
    drop(held);
    assert_eq!(round.ended(), Some(0));
    told(&format!("peak memory of a round: {peak} KiB"));
    assert!(peak < MOST, "{peak} KiB");
}

#[test]
#[ignore = "takes a minute: the limit of a whole request"]
fn a_reply_that_dribbles_for_ever_ends_after_a_minute_and_holds_nobody_up_meanwhile() {
    let head = "HTTP/1.1 200 OK\r\n\r\ngood ";
    let provider = Fake::start(move |_| Answer::raw(head, Then::Drip(Duration::from_millis(500))));
    let home = home(&provider);
    let mut daemon = home.daemon();
    provider.wait_for(1);
    home.run(&["healthcheck"]).with(0);
    assert_eq!(home.status()["ddns"][0]["ipv4"]["status"], "updating");
    daemon.says("next attempt at");
    // Whoever gets an answer after the line was said finds it on disk as well.
    home.run(&["healthcheck"]).with(0);
    assert_eq!(home.record("record/").expect("remembered")["last_reply"]["class"], "Ambiguous");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended(), Some(0));
    assert_eq!(provider.count(), 1);
}
