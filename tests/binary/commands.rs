//! What the commands print: for people, and for programs in the form of `docs/reference.md`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::fake::{Answer, Fake};
use crate::support::fritzbox::Source;
use crate::support::home::{Home, NAME, V4_NEW, V6_NEW, custom, fixed};

const STATUS: [&str; 7] = ["status", "address", "published", "published_at", "last_reply", "next_attempt", "locked"];

#[track_caller]
fn has(value: &Value, keys: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value:#}"));
    let missing: Vec<_> = keys.iter().filter(|key| !object.contains_key(**key)).collect();
    assert!(missing.is_empty(), "{missing:?} are missing in {value:#}");
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| humantime::parse_rfc3339(text).is_ok())
}

fn both(provider: &Fake) -> String {
    let urls = format!("{} {}", provider.v4("/up?ip=<ipaddr>"), provider.v4("/up?ip6=<ip6addr>"));
    custom(&urls, "both", &fixed(Some(V4_NEW), Some(V6_NEW)))
}

#[test]
fn status_json_has_every_field_of_the_contract_in_every_state() {
    let provider = Fake::start(|seen| if seen.parameter("ip6").is_some() { Answer::ok("abuse") } else { Answer::good(seen) });
    let home = Home::new(&both(&provider));
    let before = home.run(&["status", "--json"]).json();
    home.once().with(77);
    for status in [before, home.status()] {
        has(&status, &["version", "wan", "ddns"]);
        assert_eq!(status["version"], 1);
        has(&status["wan"][0], &["name", "ipv4", "ipv6"]);
        assert_eq!(status["wan"][0]["name"], "default");
        has(&status["ddns"][0], &["domain", "provider", "mode", "enabled", "wan", "ipv4", "ipv6"]);
        for family in ["ipv4", "ipv6"] {
            has(&status["wan"][0][family], &["address", "source", "since", "prefix", "reason"]);
            has(&status["ddns"][0][family], &STATUS);
        }
    }
    let status = home.status();
    let name = &status["ddns"][0];
    assert_eq!((&name["domain"], &name["provider"], &name["mode"]), (&NAME.into(), &"custom".into(), &"ddns_both".into()));
    // The account is locked by the refusal, and with it both families.
    assert_eq!((&name["ipv4"]["published"], &name["ipv4"]["status"]), (&V4_NEW.into(), &"account-disabled".into()));
    assert!(is_time(&name["ipv4"]["published_at"]) && is_time(&status["wan"][0]["ipv4"]["since"]), "{status:#}");
    has(&name["ipv6"]["locked"], &["since", "code", "scope", "hint"]);
    assert_eq!((&name["ipv6"]["locked"]["code"], &name["ipv6"]["locked"]["scope"]), (&"abuse".into(), &"account".into()));
    assert!(is_time(&name["ipv6"]["locked"]["since"]), "{name:#}");
}

#[test]
fn status_is_the_same_from_the_daemon_and_from_the_state() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)));
    let mut daemon = home.daemon();
    daemon.says("answered");
    let live = home.run(&["status", "--json"]).with(0).json();
    assert_eq!(daemon.stop(), Some(0));
    let stored = home.run(&["status", "--json"]).with(0).json();
    assert_eq!(live["ddns"], stored["ddns"]);
}

#[test]
fn status_for_people_names_what_is_published_and_why_it_is_as_it_is() {
    let provider = Fake::start(|seen| if seen.parameter("ip6").is_some() { Answer::ok("911") } else { Answer::good(seen) });
    let home = Home::new(&both(&provider));
    home.once().with(75);
    let text = home.run(&["status"]).with(75).stdout;
    for part in [NAME, "custom", "complete", V4_NEW, "new-address", V6_NEW, "\"911\"", "next attempt at"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours without a terminal: {text:?}");
}

#[test]
fn detect_shows_every_source_and_what_was_rejected() {
    let provider = Fake::start(Answer::good);
    let (private, public) = (Source::echo("192.168.178.20", ""), Source::echo(V4_NEW, ""));
    let wan = format!("ipv4 = [{:?}, {:?}]\nipv6 = []", private.fake.v4("/"), public.fake.v4("/"));
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &wan));
    let json = home.run(&["detect", "--json"]).json();
    has(&json, &["wan"]);
    has(&json["wan"][0], &["name", "ipv4", "ipv6"]);
    for family in ["ipv4", "ipv6"] {
        has(&json["wan"][0][family], &["address", "reason", "sources"]);
    }
    let sources = json["wan"][0]["ipv4"]["sources"].as_array().expect("a list");
    assert_eq!(sources.len(), 2, "{json:#}");
    for source in sources {
        has(source, &["source", "address", "rejected"]);
    }
    assert!(
        sources.iter().any(|it| it["address"] == "192.168.178.20" && it["rejected"].as_str().is_some_and(|why| why.contains("private")))
    );
    let text = home.run(&["detect"]).stdout;
    for part in ["192.168.178.20", "private", V4_NEW, &private.fake.v4("/")] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert_eq!(provider.count(), 0);
}

#[test]
fn plan_says_what_a_round_would_do_and_changes_nothing() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&both(&provider));
    let plan = home.run(&["plan", "--json"]).with(0).json();
    has(&plan, &["version", "outcome", "plan"]);
    let lines = plan["plan"].as_array().expect("a list");
    let families: BTreeSet<_> = lines.iter().filter_map(|line| line["family"].as_str()).collect();
    assert_eq!(families, ["ipv4", "ipv6"].into());
    for line in lines {
        assert_eq!((&line["domain"], &line["action"]), (&NAME.into(), &"send".into()), "{plan:#}");
        assert!(line["why"].is_string() && line["address"].is_string(), "{plan:#}");
    }
    let text = home.run(&["plan"]).stdout;
    assert!(text.contains("send") && text.contains(V4_NEW) && text.contains(V6_NEW), "{text}");
    assert!(home.record("record/").is_none() && home.record("line/").is_none(), "a plan is not remembered");
    assert_eq!(provider.count(), 0);
    home.once().with(0);
    let plan = home.run(&["plan", "--json"]).with(0).json();
    assert!(plan["plan"].as_array().is_some_and(|lines| lines.iter().all(|line| line["action"] == "nothing")), "{plan:#}");
    assert_eq!(provider.count(), 2);
}

#[test]
fn check_lists_every_problem_with_its_place_and_praises_what_is_in_order() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&both(&provider));
    let ended = home.run(&["check"]).with(0);
    assert!(ended.stdout.contains("in order"), "{}", ended.stdout);
    home.configure("[[ddns]]\nprovder = \"freedyn\"\ndomain = \"not a name\"\n[daemon]\ninterval = \"soon\"\n");
    let text = home.run(&["check"]).with(78).stdout;
    for part in
        ["config.toml:2:", "provder", "provider", "config.toml:3:", "config.toml:5:", "daemon.interval", "cannot be used: 4 problems\n"]
    {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    home.configure("[daemon]\ninterval = \"soon\"\n");
    let text = home.run(&["check"]).with(78).stdout;
    assert!(text.ends_with("config.toml: cannot be used: 1 problem, 1 warning\n"), "an empty list of entries is a warning:\n{text}");
}

#[test]
fn without_a_daemon_an_update_is_a_round_of_its_own_with_the_same_limit() {
    let provider = Fake::start(Answer::good);
    let echo = Source::echo(V4_NEW, "");
    let wan = format!("ipv4 = [{:?}]\nipv6 = []", echo.fake.v4("/"));
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &wan));
    home.run(&["healthcheck"]).with(1);
    home.run(&["update"]).with(0);
    let second = home.run(&["update"]);
    assert!(format!("{}{}", second.stdout, second.stderr).contains("less than 5 minutes ago"), "{second:#?}");
    assert_eq!(provider.count(), 1);
    home.run(&["update", "other.example.org"]).with(64);
}

#[test]
fn without_a_daemon_a_lock_is_opened_in_the_state() {
    let provider = Fake::start(|_| Answer::ok("badauth"));
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)));
    home.once().with(77);
    home.run(&["unlock", "other.example.org"]).with(64);
    home.run(&["status"]).with(77);
    home.run(&["unlock", NAME]).with(0);
    assert_eq!(home.status()["ddns"][0]["ipv4"]["locked"], serde_json::Value::Null);
    assert_eq!(provider.count(), 1, "opening a lock sends nothing");
}

#[test]
fn one_entry_can_come_from_the_environment_alone() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&fixed_wan_only())
        .with_variable("WANBEACON_DDNS_UPDATE_URL", &provider.v4("/up?ip=<ipaddr>"))
        .with_variable("WANBEACON_DDNS_DOMAIN", NAME)
        .with_variable("WANBEACON_DDNS_MODE", "v4");
    home.once().with(0);
    assert_eq!(provider.requests()[0].parameter("ip").as_deref(), Some(V4_NEW));
}

fn fixed_wan_only() -> String {
    format!("[wan]\n{}\n", fixed(Some(V4_NEW), None))
}
