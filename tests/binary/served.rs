//! Pushed addresses end to end, and what listens where.

use std::fs;
use std::net::TcpListener;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::support::client::{Client, REMOTE};
use crate::support::daemon::Daemon;
use crate::support::fake::{Answer, Fake};
use crate::support::home::{Home, NAME, V4_NEW, V4_NEXT, V4_OLD, V6_NEW, custom, fixed};
use crate::support::served::{PUSHED, ROUTER, serving, web};

const SECOND: &str = "second.example.org";

/// Pushes `address` for the name that most tests keep; status and body of the answer.
#[track_caller]
fn push(client: Client, address: &str) -> (u16, String) {
    let told = client.push(ROUTER, &format!("hostname={NAME}&myip={address}"));
    (told.status, told.body)
}

fn good(addresses: &str) -> (u16, String) {
    (200, format!("good {addresses}"))
}

fn unchanged(addresses: &str) -> (u16, String) {
    (200, format!("nochg {addresses}"))
}

/// A name that wants both families in one request, both of them pushed.
fn together(provider: &Fake) -> Home {
    let url = provider.v4("/up?ip=<ipaddr>&ip6=<ip6addr>");
    Home::new(&format!("{}{}", custom(&url, "together", PUSHED), web("")))
}

#[test]
fn a_push_becomes_one_request_and_its_repetitions_none() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let daemon = home.daemon();
    let client = daemon.client();
    assert_eq!(push(client, V4_NEW), good(V4_NEW));
    assert_eq!(provider.wait_for(1).parameter("ip").as_deref(), Some(V4_NEW));
    daemon.says("answered");
    for _ in 0..5 {
        assert_eq!(push(client, V4_NEW), unchanged(V4_NEW));
    }
    let status = home.status();
    assert_eq!(status["ddns"][0]["ipv4"]["published"], V4_NEW, "{status:#}");
    assert_eq!((&status["wan"][0]["ipv4"]["address"], &status["wan"][0]["ipv4"]["source"]), (&V4_NEW.into(), &"push".into()), "{status:#}");
    provider.settle();
    assert_eq!(provider.count(), 1);
}

#[test]
fn the_address_of_the_connection_is_not_taken_where_it_is_no_public_one() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let daemon = home.daemon();
    let told = daemon.client().push(ROUTER, &format!("hostname={NAME}"));
    assert_eq!(told.pair(), (400, "dnserr_int"));
    assert_eq!(home.status()["ddns"][0]["ipv4"]["address"], Value::Null);
    assert_eq!(provider.count(), 0);
}

#[test]
fn two_calls_one_for_each_family_are_one_request_where_both_belong_together() {
    let provider = Fake::start(Answer::good);
    let home = together(&provider);
    let daemon = home.daemon();
    let client = daemon.client();
    assert_eq!(push(client, V4_NEW), good(V4_NEW));
    // The first family alone is held back.
    assert_eq!(home.status()["ddns"][0]["ipv4"]["address"], V4_NEW);
    assert_eq!(provider.count(), 0);
    assert_eq!(push(client, V6_NEW), good(V6_NEW));
    let seen = provider.wait_for(1);
    assert_eq!((seen.parameter("ip").as_deref(), seen.parameter("ip6").as_deref()), (Some(V4_NEW), Some(V6_NEW)));
    daemon.says("answered");
    assert_eq!((push(client, V4_NEW), push(client, V6_NEW)), (unchanged(V4_NEW), unchanged(V6_NEW)));
    provider.settle();
    assert_eq!(provider.count(), 1);
}

#[test]
fn what_was_taken_survives_a_kill_right_after_the_answer() {
    let provider = Fake::start(Answer::good);
    let home = together(&provider);
    for (address, other) in [(V4_OLD, "2003:f:ab::9"), (V4_NEW, V6_NEW)] {
        let mut daemon = home.daemon();
        let before = provider.count();
        assert_eq!(push(daemon.client(), address), good(address));
        daemon.kill();
        let mut daemon = home.daemon();
        let client = daemon.client();
        assert_eq!(push(client, address), unchanged(address), "the answer is given when it is stored");
        if before == 0 {
            assert_eq!(provider.count(), 0);
            assert_eq!(push(client, other), good(other));
            let seen = provider.wait_for(1);
            assert_eq!((seen.parameter("ip").as_deref(), seen.parameter("ip6").as_deref()), (Some(address), Some(other)));
            daemon.says("answered");
            home.status();
        }
        daemon.kill();
    }
    assert_eq!(provider.count(), 1, "the second change waits for the spacing");
}

#[test]
fn a_pushed_address_survives_restarts_without_a_request() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let mut daemon = home.daemon();
    assert_eq!(push(daemon.client(), V4_NEW), good(V4_NEW));
    daemon.says("answered");
    // Answered after the event is dealt with: it is on disk.
    home.status();
    for kill in [false, true, false] {
        if kill {
            daemon.kill();
        } else {
            assert_eq!(daemon.stop(), Some(0));
        }
        daemon = home.daemon();
        assert_eq!(push(daemon.client(), V4_NEW), unchanged(V4_NEW), "{}", daemon.text());
        let it = home.status()["ddns"][0]["ipv4"].clone();
        assert_eq!((&it["address"], &it["published"]), (&V4_NEW.into(), &V4_NEW.into()), "{it:#}");
    }
    assert_eq!(provider.count(), 1);
}

#[test]
fn a_push_for_one_name_leaves_the_others_alone() {
    let provider = Fake::start(Answer::good);
    let url = provider.v4("/up?host=<domain>&ip=<ipaddr>");
    let second = custom(&url, "v4", "").replace(NAME, SECOND);
    let (second, _) = second.split_once("[wan]").expect("the entry comes first");
    let home = Home::new(&format!("{second}{}{}", custom(&url, "v4", PUSHED), web("")));
    let daemon = home.daemon();
    let client = daemon.client();
    let of = |name: &str| {
        let status = home.status();
        let all = status["ddns"].as_array().expect("a list").clone();
        all.into_iter().find(|it| it["domain"] == name).expect("configured")["ipv4"]["address"].clone()
    };
    assert_eq!(push(client, V4_NEW), good(V4_NEW));
    assert_eq!(provider.wait_for(1).parameter("host").as_deref(), Some(NAME));
    assert_eq!((of(NAME), of(SECOND)), (V4_NEW.into(), Value::Null));
    // Each name of one call has a line of its own.
    let told = client.push(ROUTER, &format!("hostname={SECOND},{NAME},third.example.org&myip={V4_NEXT}"));
    assert_eq!(told.pair(), (200, format!("good {V4_NEXT}\ngood {V4_NEXT}\nnotfqdn").as_str()));
    assert_eq!(provider.wait_for(2).parameter("host").as_deref(), Some(SECOND));
    assert_eq!((of(NAME), of(SECOND)), (V4_NEXT.into(), V4_NEXT.into()));
    provider.settle();
    assert_eq!(provider.count(), 2, "one request a minute for one name");
}

#[test]
fn the_log_tells_why_a_push_was_refused_once_and_no_password() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let daemon = home.daemon();
    let client = daemon.client();
    let ((name, password), encoded) = (ROUTER, "Rou%2Fter%2B4711%25");
    for (query, word) in [
        (format!("hostname={NAME}&myip=192.168.178.20"), "dnserr_int, not an address that is visible from outside (\"192.168.178.20\")"),
        (format!("hostname={NAME}&myip=tomorrow"), "dnserr, no address that can be published (\"tomorrow\")"),
        (format!("hostname={NAME}&offline=YES&myip={V4_NEW}"), "dnserr, no address that can be published (\"offline=YES\")"),
        (format!("hostname=nowhere.example.org&myip={V4_NEW}"), "for \"nowhere.example.org\": notfqdn"),
        (format!("myip={V4_NEW}"), "for \"\": nohost"),
        (format!("hostname={NAME}&myip={encoded}"), "dnserr, no address that can be published (not shown, it looks like the password)"),
        (format!("hostname={encoded}.de&myip={V4_NEW}"), "for not shown, it looks like the password: notfqdn"),
    ] {
        for _ in 0..3 {
            assert_eq!(client.push(ROUTER, &query).status, 400);
        }
        daemon.says(word);
        let text = daemon.text();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(word)).collect();
        assert!(lines.iter().all(|line| line.contains(&format!("127.0.0.1 pushes as {name:?}"))), "{text}");
        assert_eq!(lines.iter().filter(|line| line.contains("WARN")).count(), 1, "{text}");
    }
    let of_six = push(client, V6_NEW);
    assert_eq!(of_six, (200, "norecord".to_owned()));
    assert_eq!(push(client, V4_NEW), good(V4_NEW));
    let taken = format!("127.0.0.1 pushes as {name:?} for {NAME:?}: \"good {V4_NEW}\"");
    daemon.says(&taken);
    let text = daemon.text();
    assert!(text.lines().any(|line| line.contains("INFO") && line.contains(&taken)), "{text}");
    assert!(text.lines().any(|line| line.contains("INFO") && line.contains("norecord, no entry of this name has a use for it")), "{text}");
    assert!(!text.contains(password), "{text}");
}

#[test]
fn every_word_of_the_protocol_is_said_for_its_cause() {
    let provider = Fake::start(|seen| match seen.parameter("hostname").unwrap_or_default().split('.').next() {
        Some("locked") => Answer::ok("nohost"),
        Some("refused") => Answer::ok("dnserr_lock"),
        _ => Answer::good(seen),
    });
    let entries = ["home", "locked", "refused", "fixed"].map(|name| {
        let wan = if name == "fixed" { "fixed" } else { "default" };
        format!(
            "[[ddns]]\nprovider = \"freedyn\"\nserver_ipv4 = {:?}\ndomain = \"{name}.example.org\"\nusername = \"1234567890\"\n\
             password = \"geheim\"\nmode = \"v4\"\nverify = false\nwan = \"{wan}\"\n",
            provider.v4("")
        )
    });
    let lines = format!("[wan.default]\n{PUSHED}\n[wan.fixed]\n{}\n[daemon]\nsettle = \"0s\"\n", fixed(Some(V4_OLD), None));
    let home = Home::new(&format!("{}{lines}{}", entries.concat(), web("")));
    let daemon = home.daemon();
    let client = daemon.client();
    daemon.says("answered \"good");
    let push = |query: &str| {
        let told = client.push(ROUTER, query);
        (told.status, told.body)
    };
    for (name, answer) in [("locked", "nohost"), ("refused", "dnserr_lock")] {
        assert_eq!(push(&format!("hostname={name}.example.org&myip={V4_NEW}")), good(V4_NEW));
        daemon.says(&format!("answered \"{answer}\""));
        // Answered after the event is dealt with.
        home.status();
    }
    let many = vec![NAME; 21].join(",");
    for (query, status, words) in [
        (format!("hostname={NAME}&myip={V4_NEW}"), 200, format!("good {V4_NEW}")),
        (format!("hostname={NAME}&myip={V4_NEW}"), 200, format!("nochg {V4_NEW}")),
        (format!("hostname=fixed.example.org&myip={V4_NEW}"), 200, "norecord".into()),
        (format!("hostname={NAME}&myip={V6_NEW}"), 200, "norecord".into()),
        (format!("hostname={NAME}&myip={V4_NEW}&user=router&password=wrong"), 401, "badauth".into()),
        (format!("hostname=nowhere.example.org&myip={V4_NEW}"), 400, "notfqdn".into()),
        (format!("myip={V4_NEW}"), 400, "nohost".into()),
        (format!("hostname={many}&myip={V4_NEW}"), 400, "numhost".into()),
        (format!("hostname=locked.example.org&myip={V4_NEXT}"), 403, "abuse".into()),
        (format!("hostname={NAME}&myip=tomorrow"), 400, "dnserr".into()),
        (format!("hostname={NAME}&myip=&myip2="), 400, "dnserr".into()),
        (format!("hostname={NAME}&myip=192.168.178.20"), 400, "dnserr_int".into()),
        (format!("hostname=refused.example.org&myip={V4_NEW}"), 400, "dnserr_lock".into()),
        (format!("updateall=1&myip={V4_NEW}"), 400, "upallisdeprecated".into()),
    ] {
        assert_eq!(push(&query), (status, words), "{query}\n{}", daemon.text());
    }
    let told = client.ask("PUT", &format!("/nic/update?hostname={NAME}"), &[], "");
    assert_eq!(told.pair(), (405, "badagent"));
    // 911 needs a folder that cannot be written: see the tests of settings.
}

#[test]
fn a_lock_at_the_provider_is_told_to_the_router_and_sends_nothing() {
    let provider = Fake::start(|_| Answer::ok("nohost"));
    let home = serving(&provider);
    let daemon = home.daemon();
    let client = daemon.client();
    assert_eq!(push(client, V4_NEW), good(V4_NEW));
    daemon.says("answered \"nohost\"");
    home.run(&["status"]).with(77);
    assert_eq!(push(client, V4_NEXT), (403, "abuse".to_owned()));
    assert_eq!(home.status()["ddns"][0]["ipv4"]["address"], V4_NEXT, "it is remembered for the day the lock is opened");
    assert_eq!(provider.count(), 1);
}

#[test]
fn without_services_state_and_health_are_told_and_nothing_else() {
    let provider = Fake::start(Answer::good);
    let config = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None));
    let home = Home::new(&format!("{config}[web]\nlisten = \"127.0.0.1:0\"\n"));
    let daemon = home.daemon();
    let client = daemon.client();
    daemon.says("answered");
    assert_eq!(client.get("/healthz").pair(), (200, "ok"));
    let told = client.get("/api/v1/status");
    let status: Value = serde_json::from_str(&told.body).expect("JSON");
    assert_eq!((told.status, told.field("content-type"), status), (200, Some("application/json"), home.status()));
    let login = [("Authorization", "Basic cm91dGVyOngK")];
    for (method, target) in [
        ("GET", "/nic/update?hostname=home.example.org&myip=91.12.34.58"),
        ("GET", "/v3/update?hostname=home.example.org&myip=91.12.34.58"),
        ("GET", "/tr64desc.xml"),
        ("GET", "/x_remoteSCPD.xml"),
        ("POST", REMOTE),
        ("GET", "/api/v1/status/"),
        ("GET", "//healthz"),
        ("GET", "/../etc/passwd"),
    ] {
        let told = client.ask(method, target, &login, "");
        assert_eq!(told.status, 404, "{target}: {told:?}");
    }
    assert_eq!(provider.count(), 1);
}

/// TCP sockets of a process on which it listens.
fn listening(pid: Pid) -> usize {
    let process = format!("/proc/{}", pid.as_raw_nonzero());
    let own: Vec<String> = fs::read_dir(format!("{process}/fd"))
        .expect("our own child")
        .filter_map(|fd| Some(fs::read_link(fd.ok()?.path()).ok()?.to_string_lossy().into_owned()))
        .collect();
    let tables = ["tcp", "tcp6"].map(|name| fs::read_to_string(format!("{process}/net/{name}")).unwrap_or_default());
    let sockets = tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(|line| {
        let mut columns = line.split_whitespace();
        let (state, inode) = (columns.nth(3)?, columns.nth(5)?);
        (state == "0A").then(|| format!("socket:[{inode}]"))
    });
    sockets.filter(|socket| own.contains(socket)).count()
}

#[test]
fn switched_off_it_listens_nowhere_and_a_round_never_does() {
    let provider = Fake::start(Answer::good);
    let base = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None));
    let home = Home::new(&format!("{base}{}", web("enabled = false")));
    let daemon = home.daemon();
    daemon.says("answered");
    assert_eq!(listening(daemon.pid()), 0, "{}", daemon.text());
    assert!(!daemon.text().contains("listening on"), "{}", daemon.text());
    // The same measure sees the ones that are open.
    home.configure(&format!("{base}{}", web("")));
    daemon.signal(Signal::HUP);
    daemon.client();
    assert_eq!(listening(daemon.pid()), 1, "{}", daemon.text());
    drop(daemon);
    let ended = home.run(&["--once", "--log-level", "debug"]).with(0);
    assert!(!ended.stderr.contains("listening on http"), "{}", ended.stderr);
}

#[test]
fn a_listener_that_others_reach_needs_a_user() {
    for more in [
        "[web]\nlisten = \"0.0.0.0:0\"\n",
        "[web]\nlisten = \"[::]:0\"\n",
        "[web]\nlisten = \"127.0.0.1:0\"\ntls_listen = \"0.0.0.0:0\"\n",
        "[web]\nlisten = \"[::ffff:192.0.2.1]:0\"\n",
        "[web.dyndns]\nenabled = true\nlisten = \"192.0.2.1:8245\"\n",
        "[web.tr064]\nenabled = true\ntls_listen = \"[::]:49443\"\n",
    ] {
        let home = Home::new(&format!("{}{more}", custom("http://127.0.0.1:1/up?ip=<ipaddr>", "v4", PUSHED)));
        let checked = home.run(&["check"]).with(78);
        assert!(checked.stdout.contains("other machines reach") && checked.stdout.contains("[[web.user]]"), "{more}: {checked:#?}");
        let started = home.run(&[]).with(78);
        assert!(started.stderr.contains("other machines reach"), "{more}: {started:#?}");
        assert!(!home.state().exists(), "nothing is made for a configuration that cannot be used");
    }
}

#[test]
fn a_port_that_is_taken_is_one_warning_and_everything_else_works() {
    let provider = Fake::start(Answer::good);
    let taken = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let address = taken.local_addr().expect("bound");
    let config = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None));
    let home = Home::new(&format!("{config}[web]\nlisten = \"{address}\"\n"));
    let mut daemon = home.daemon();
    provider.wait_for(1);
    daemon.says("answered");
    let warnings: Vec<String> = daemon.lines().into_iter().filter(|line| line.contains("WARN")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains(&format!("cannot listen on {address}")), "{warnings:?}\n{}", daemon.text());
    assert!(warnings[0].contains("another program listens there"), "{warnings:?}");
    home.run(&["status"]).with(0);
    // Once it is free it is taken with the next settings.
    drop(taken);
    daemon.signal(Signal::HUP);
    assert_eq!(daemon.listens(1), address);
    assert_eq!(daemon.client().get("/healthz").status, 200);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_restart_takes_the_port_of_the_last_run_at_once() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let mut daemon = home.daemon();
    let address = daemon.listens(1);
    let config = fs::read_to_string(home.config_file()).expect("our own file");
    home.configure(&config.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"{address}\"")));
    // A client that stays connected leaves the port in use for minutes.
    let _client = daemon.client().connect();
    assert_eq!(daemon.client().get("/healthz").status, 200);
    assert_eq!(daemon.stop(), Some(0));
    let mut again: Daemon = home.daemon();
    assert_eq!(again.listens(1), address, "{}", again.text());
    assert_eq!(again.stop(), Some(0));
}
