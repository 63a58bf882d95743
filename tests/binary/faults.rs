//! Groups D (HTTP) and E (network, TLS) of the fault catalogue, over real sockets: what the provider does, and what the
//! daemon makes of it.
//!
//! Not here, because they take hours or another clock; the engine's tests have them: FI-067 (a second 404 after an hour),
//! FI-100 (a repetition after 300 s), FI-105 (a clock in 1970), FI-108 and FI-109 (links), FI-110 (ten minutes of changes).

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::daemon::Daemon;
use crate::support::dns::Dns;
use crate::support::fake::{Answer, Fake, Then, closed_port};
use crate::support::home::{Home, V4_NEW, V4_OLD, entry, fixed};
use crate::support::tls::Authority;

const CATALOGUE: &str = include_str!("../fixtures/fault-scenarios.json");

/// What the catalogue says about one scenario.
struct Scenario {
    id: String,
    stimulus: Value,
    expect: Value,
}

fn scenarios() -> BTreeMap<String, Scenario> {
    let catalogue: Value = serde_json::from_str(CATALOGUE).expect("JSON");
    let all = catalogue["scenarios"].as_array().expect("a list").iter().map(|it| {
        let id = it["id"].as_str().expect("an id").to_owned();
        (id.clone(), Scenario { id, stimulus: it["stimulus"].clone(), expect: it["expect"].clone() })
    });
    all.collect()
}

fn scenario(id: &str) -> Scenario {
    scenarios().remove(id).unwrap_or_else(|| panic!("{id} is not in the catalogue"))
}

/// An entry at the preset with this server.
fn freedyn(server: &str) -> Home {
    Home::new(&entry(&format!("provider = \"freedyn\"\nserver_ipv4 = {server:?}"), "v4", &fixed(Some(V4_NEW), None)))
}

impl Scenario {
    /// Runs the daemon until it has judged, and compares with the catalogue. `requests` counts what the provider got.
    #[track_caller]
    fn holds(&self, home: &Home, requests: impl Fn() -> usize) -> Daemon {
        let daemon = home.daemon();
        daemon.says("answered");
        let status = home.status();
        let it = &status["ddns"][0]["ipv4"];
        let context = format!("{}: {it:#}\n{}", self.id, daemon.text());
        assert_eq!(it["status"], self.expect["status"]["ipv4"], "{context}");
        let class = &home.record("record/").expect("remembered")["last_reply"]["class"];
        assert_eq!(*class, self.expect["class"], "{context}");
        let next = &self.expect["next_attempt"];
        match (next["not_before_s"].as_u64(), next["not_after_s"].as_u64()) {
            (Some(earliest), Some(latest)) => {
                let at = it["next_attempt"].as_str().unwrap_or_else(|| panic!("no next attempt: {context}"));
                let ahead = humantime::parse_rfc3339(at).expect("RFC 3339").duration_since(SystemTime::now()).unwrap_or_default();
                // The reply came some time ago.
                assert!((earliest.saturating_sub(25)..=latest).contains(&ahead.as_secs()), "{} s: {context}", ahead.as_secs());
            }
            _ => assert_eq!(it["next_attempt"], Value::Null, "{context}"),
        }
        let (least, most) = (&self.expect["requests"]["min"], &self.expect["requests"]["max"]);
        let range = least.as_u64().expect("a number")..=most.as_u64().expect("a number");
        assert!(range.contains(&(requests() as u64)), "{} requests: {context}", requests());
        daemon
    }

    /// The plain reply of the scenario.
    fn reply(&self) -> Answer {
        let body = self.stimulus["body"].as_str().expect("a body").replace("V4_NEW", V4_NEW);
        let body = if body.ends_with("(4000 characters)") { "x".repeat(4000) } else { body };
        let in_two_hours = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(7200));
        let fields: Vec<(String, String)> = self.stimulus["headers"]
            .as_object()
            .expect("headers")
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().expect("text").replace("<now+7200 as IMF-fixdate>", &in_two_hours)))
            .collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let status = self.stimulus["status"].as_u64().expect("a status");
        Answer::reply(status.try_into().expect("a status"), &fields, body)
    }
}

/// The provider gives `answer` to everything.
#[track_caller]
fn answers(id: &str, answer: Answer) {
    let provider = Fake::start(move |_| answer.clone());
    let home = freedyn(&provider.v4(""));
    scenario(id).holds(&home, || provider.count());
}

#[test]
fn plain_replies_of_the_http_layer_get_their_class_status_and_wait() {
    let mut count = 0;
    for (id, scenario) in scenarios() {
        let number: u32 = id.trim_start_matches("FI-").parse().expect("a number");
        if (64..=95).contains(&number) && scenario.stimulus["kind"] == "http_reply" {
            answers(&id, scenario.reply());
            count += 1;
        }
    }
    assert!(count >= 10, "the catalogue has lost its replies: {count} are left");
}

#[test]
fn a_move_to_https_on_the_same_host_is_followed_once() {
    let authority = Authority::new();
    let secure = Fake::start_tls(authority.server("localhost", 4000), Answer::good);
    let target = secure.named("https", "");
    let plain = Fake::start(move |seen| Answer::redirect(301, &format!("{target}{}", seen.target)));
    let scenario = scenario("FI-076");
    let home = freedyn(&plain.named("http", ""));
    authority.write_to(&home.path().join("ca.pem"));
    let config = std::fs::read_to_string(home.config_file()).expect("our own file");
    home.configure(&format!("{config}ca_file = \"ca.pem\"\n"));
    let daemon = scenario.holds(&home, || plain.count() + secure.count());
    assert!(secure.requests()[0].field("authorization").is_some(), "the login goes out again over TLS");
    daemon.says("moved to https");
}

#[test]
fn an_endless_redirect_ends() {
    answers("FI-079", Answer::redirect(302, "/nic/update?again=1"));
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn a_compressed_reply_is_understood_and_a_bomb_is_not_unpacked() {
    let coded = [("Content-Encoding", "gzip")];
    answers("FI-086", Answer::reply(200, &coded, gzipped(format!("good {V4_NEW}").as_bytes())));
    // 64 members of 16 MiB are one stream of 1 GiB.
    let bomb = gzipped(&vec![b'x'; 16 << 20]).repeat(64);
    answers("FI-087", Answer::reply(200, &coded, bomb));
}

#[test]
fn a_success_before_ten_megabytes_of_filler_is_none() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\ngood {V4_NEW}\n");
    answers("FI-088", Answer::raw(head, Then::Flood(10 << 20)));
}

#[test]
fn broken_framing_and_a_torn_word_are_no_answer() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    answers("FI-090", Answer::raw(format!("{head}nonsense\r\ngood {V4_NEW}\r\n0\r\n\r\n"), Then::Close));
    answers("FI-102", Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\ngoo", Then::Reset));
}

#[test]
fn a_request_says_who_asks_and_carries_the_password_in_its_header_alone() {
    let provider = Fake::start(Answer::good);
    let home = freedyn(&provider.v4(""));
    scenario("FI-095").holds(&home, || provider.count());
    let seen = &provider.requests()[0];
    let agent = seen.field("user-agent").unwrap_or_default();
    assert!(agent.starts_with("wanbeacon/") && agent.contains("https://"), "{agent}");
    assert!(seen.field("authorization").is_some() && seen.body.is_empty(), "{seen:?}");
    assert_eq!(seen.target, "/nic/update?hostname=home.example.org&myip=91.12.34.57");
}

#[test]
fn a_name_that_cannot_be_looked_up_is_a_broken_line() {
    let dns = Dns::start(0);
    dns.zone.change(|zone| zone.broken = true);
    let home = freedyn("http://dyn.example.org:1");
    let config = std::fs::read_to_string(home.config_file()).expect("our own file");
    home.configure(&format!("{config}resolver = [\"{}\"]\n", dns.address));
    scenario("FI-096").holds(&home, || 0);
    assert!(dns.zone.lock().asked.iter().any(|question| question.starts_with("dyn.example.org")), "it was asked");
}

#[test]
fn a_refused_connection_is_tried_again_soon() {
    let home = freedyn(&format!("http://127.0.0.1:{}", closed_port()));
    scenario("FI-097").holds(&home, || 0);
}

#[test]
#[ignore = "takes ten seconds: the limit of a connection"]
fn a_connection_that_never_comes_about_is_given_up_after_ten_seconds() {
    // A listener whose queue is full: the kernel drops whoever knocks.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listener = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("loopback can be bound");
        socket.listen(1).expect("bound")
    });
    let address = listener.local_addr().expect("bound");
    let knock = || TcpStream::connect_timeout(&address, Duration::from_millis(500));
    let waiting: Vec<TcpStream> = (0..16).map_while(|_| knock().ok()).collect();
    assert!(waiting.len() < 16, "the queue never fills");
    let home = freedyn(&format!("http://{address}"));
    scenario("FI-098").holds(&home, || 0);
}

#[test]
#[ignore = "takes a minute: the limit of a whole request"]
fn a_provider_that_never_answers_is_given_up_after_a_minute() {
    answers("FI-099", Answer::raw("", Then::Hang));
}

#[test]
#[ignore = "takes a minute: the limit of a whole request"]
fn a_provider_that_dribbles_is_given_up_after_a_minute() {
    answers("FI-089", Answer::raw("HTTP/1.1 200 OK\r\n\r\ngood ", Then::Drip(Duration::from_secs(5))));
}

#[test]
#[ignore = "takes half a minute: a slow provider"]
fn a_slow_answer_after_31_seconds_is_waited_for() {
    let provider = Fake::start(|seen| {
        std::thread::sleep(Duration::from_secs(31));
        Answer::good(seen)
    });
    let home = freedyn(&provider.v4(""));
    scenario("FI-101").holds(&home, || provider.count());
}

#[test]
fn certificates_that_are_wrong_let_nothing_out() {
    for (id, name, last_year) in [("FI-103", "localhost", 2024), ("FI-104", "other.test", 4000)] {
        let authority = Authority::new();
        let provider = Fake::start_tls(authority.server(name, last_year), Answer::good);
        let home = freedyn(&provider.named("https", ""));
        authority.write_to(&home.path().join("ca.pem"));
        let config = std::fs::read_to_string(home.config_file()).expect("our own file");
        home.configure(&format!("{config}ca_file = \"ca.pem\"\n"));
        scenario(id).holds(&home, || provider.count());
        assert!(provider.connections() > 0, "{id}: it was tried");
    }
}

#[test]
fn the_other_endpoint_helps_where_the_address_is_in_the_request() {
    let other = Fake::start(Answer::good);
    let servers = format!(
        "provider = \"freedyn\"\nserver_ipv4 = \"http://127.0.0.1:{}\"\nserver_ipv6 = \"http://127.0.0.1:{}\"",
        closed_port(),
        other.port
    );
    let home = Home::new(&entry(&servers, "both", &fixed(Some(V4_NEW), None)));
    let daemon = home.daemon();
    daemon.says("answered");
    let it = home.status()["ddns"][0]["ipv4"].clone();
    // FI-106; the class of the reply in the end is that of the success.
    assert_eq!((&it["status"], &it["published"]), (&scenario("FI-106").expect["status"]["ipv4"], &V4_NEW.into()), "{it:#}");
    assert_eq!(other.count(), 1);
    assert_eq!(other.requests()[0].parameter("myip").as_deref(), Some(V4_NEW));
}

#[test]
fn the_other_endpoint_is_not_asked_where_it_would_set_the_other_family() {
    let other = Fake::start(Answer::good);
    let urls = format!("http://127.0.0.1:{}/nic/update?hostname=<domain> {}", closed_port(), other.v6("/nic/update?hostname=<domain>"));
    let home = Home::new(&entry(&format!("provider = \"freedyn\"\nupdate_url = {urls:?}"), "both", &fixed(Some(V4_NEW), None)));
    scenario("FI-107").holds(&home, || other.count());
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    // FI-111; nothing is ever asked through it, so there is nothing to distrust.
    let (provider, proxy) = (Fake::start(Answer::good), Fake::start(|_| Answer::ok(V4_OLD)));
    let home = freedyn(&provider.named("http", "")).with_variable("http_proxy", &proxy.v4("")).with_variable("ALL_PROXY", &proxy.v4(""));
    home.once().with(0);
    assert_eq!((proxy.connections(), provider.count()), (0, 1));
}
