//! Settings that clients change, settings that the operator changes meanwhile, and storage that fails.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use rustix::process::Signal;

use crate::storage::{NOBODY, is_root};
use crate::support::client::{Client, Login, basic, rest};
use crate::support::daemon::Daemon;
use crate::support::fake::{Answer, Fake, closed_port};
use crate::support::home::{Home, NAME, V4_NEW, custom, fixed};
use crate::support::served::{ADMIN, PHONE, PUSHED, ROUTER, serving, web};
use crate::support::skipped;

const OTHER: &str = "other.example.org";

/// The password that is set over SOAP.
const NEW: &str = "Neu&geheim <1> \u{e4}";

/// A user name that a TOML file has to quote.
const ODD: &str = "we\"ird\\'''#\u{20ac}";

/// The arguments of `SetDDNSConfig` for a service of one's own.
fn settings<'a>(url: &'a str, domain: &'a str) -> [(&'static str, &'a str); 9] {
    [
        ("NewEnabled", "1"),
        ("NewProviderName", "Benutzerdefiniert"),
        ("NewUpdateURL", url),
        ("NewDomain", domain),
        ("NewUsername", ODD),
        ("NewMode", "ddns_v4"),
        ("NewServerIPv4", ""),
        ("NewServerIPv6", ""),
        ("NewPassword", NEW),
    ]
}

/// A name with an address that never changes, and everything that is served.
fn standing(provider: &Fake, more: &str) -> Home {
    Home::new(&format!("{}{}", custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)), web(more)))
}

fn overlay(home: &Home) -> std::path::PathBuf {
    home.state().join("overlay.toml")
}

#[test]
fn what_is_set_applies_at_once_survives_a_restart_and_leaves_the_operators_file_alone() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider, "");
    let before = fs::read(home.config_file()).expect("our own file");
    let mut daemon = home.daemon();
    daemon.says("answered");
    let url = provider.v4("/other?host=<domain>&ip=<ipaddr>");
    let told = daemon.client().call(ADMIN, "SetDDNSConfig", &settings(&url, OTHER));
    assert_eq!((told.status, told.fault()), (200, None), "{told:?}\n{}", daemon.text());
    let seen = provider.wait_for(2);
    assert_eq!((seen.parameter("host").as_deref(), seen.parameter("ip").as_deref()), (Some(OTHER), Some(V4_NEW)));
    let login = basic((ODD, NEW));
    assert_eq!(seen.field("authorization"), Some(login.as_str()));
    daemon.says_again("answered", 2);
    let mode = fs::metadata(overlay(&home)).expect("it was stored").permissions().mode();
    assert_eq!((mode & 0o777, fs::read(home.config_file()).expect("our own file")), (0o600, before.clone()));

    let checked = home.run(&["check"]).with(0);
    for change in [format!("{NAME}: names {OTHER} instead of {NAME}"), format!("{NAME}: another password")] {
        assert!(checked.stdout.contains(&format!("overlay.toml: {change}")), "{change}: {checked:#?}");
    }
    assert!(!checked.stdout.contains(NEW), "{checked:#?}");
    for _ in 0..2 {
        assert_eq!(daemon.stop(), Some(0));
        daemon = home.daemon();
        let info = daemon.client().call(ADMIN, "GetDDNSInfo", &[]);
        let shown = ["NewDomain", "NewUpdateURL", "NewUsername", "NewMode", "NewStatusIPv4"].map(|name| info.result("GetDDNSInfo", name));
        assert_eq!(shown, [OTHER, &url, ODD, "ddns_v4", "complete"].map(str::to_owned));
        let status = home.status();
        assert_eq!((status["ddns"][0]["domain"].as_str(), status["ddns"][1].is_null()), (Some(OTHER), true), "{status:#}");
    }
    assert_eq!(provider.count(), 2);
    assert_eq!(fs::read(home.config_file()).expect("our own file"), before);
}

#[test]
fn a_change_that_is_not_possible_changes_nothing() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider, "");
    let daemon = home.daemon();
    let client = daemon.client();
    daemon.says("answered");
    let url = provider.v4("/other?ip=<ipaddr>");
    let with = |name: &'static str, value: &'static str| {
        settings(&url, OTHER).map(|(known, kept)| if known == name { (known, value) } else { (known, kept) }).to_vec()
    };
    for (arguments, code) in [
        (with("NewEnabled", "perhaps"), 402),
        (with("NewMode", "ddns_v5"), 402),
        (with("NewProviderName", "Nobody"), 402),
        (with("NewUpdateURL", "ddns.example.org"), 402),
        (with("NewUpdateURL", "http://a.example.org/?<bogus>"), 402),
        (with("NewUpdateURL", "http://a.example.org/ http://b.example.org/ http://c.example.org/"), 402),
        (with("NewMode", "ddns_v6"), 402),
        (with("NewDomain", "a..example.org"), 402),
        (with("NewUsername", "two\nlines"), 402),
        // Another host does not get the password of the last one.
        (
            settings("http://127.0.0.2:1/u?ip=<ipaddr>", OTHER)
                .map(|(name, value)| (name, if name == "NewPassword" { "****" } else { value }))
                .to_vec(),
            402,
        ),
        (settings(&url, OTHER)[1..].to_vec(), 402),
        ([&settings(&url, OTHER)[..], &[("NewBogus", "1")]].concat(), 402),
    ] {
        let told = client.call(ADMIN, "SetDDNSConfig", &arguments);
        assert_eq!(told.fault(), Some(code), "{arguments:?}: {told:?}");
    }
    for (port, name, code) in [("0", "fern", 402), ("65536", "fern", 402), ("x", "fern", 402), ("8443", PHONE.0, 820), ("8443", "", 820)] {
        let arguments = [("NewEnabled", "1"), ("NewPort", port), ("NewUsername", name), ("NewPassword", NEW)];
        assert_eq!(client.call(ADMIN, "SetConfig", &arguments).fault(), Some(code), "{port} {name}");
    }
    assert_eq!(client.call(ADMIN, "SetLetsEncryptEnable", &[("NewLetsEncryptEnabled", "1")]).fault(), Some(501));
    assert_eq!(client.call(ADMIN, "SetNothing", &[]).fault(), Some(401));
    assert!(!overlay(&home).exists());
    assert_eq!((home.status()["ddns"][0]["domain"].as_str(), provider.count()), (Some(NAME), 1));
}

#[test]
fn a_name_that_another_entry_has_is_the_clients_mistake_and_no_fault_of_the_file() {
    let provider = Fake::start(Answer::good);
    let url = provider.v4("/up?ip=<ipaddr>");
    let entry = custom(&url, "v4", "").split("[wan]").next().expect("the entry comes first").replace(NAME, OTHER);
    let home = standing(&provider, "");
    let before = fs::read_to_string(home.config_file()).expect("our own file");
    home.configure(&format!("{before}{entry}"));
    let daemon = home.daemon();
    let told = daemon.client().call(ADMIN, "SetDDNSConfig", &settings(&url, OTHER));
    assert_eq!(told.fault(), Some(402), "{told:?}");
    assert!(told.body.contains("NewDomain: ") && told.body.contains(OTHER), "{told:?}");
    assert!(!daemon.text().contains("ERROR") && !overlay(&home).exists(), "{}", daemon.text());
}

#[test]
fn a_password_that_was_replaced_does_not_come_back_when_the_user_is_renamed() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider, "tls_listen = \"127.0.0.1:0\"");
    let mut daemon = home.daemon();
    let port = closed_port().to_string();
    let set = |daemon: &Daemon, by: Login, (name, password): Login| {
        let arguments = [("NewEnabled", "1"), ("NewPort", port.as_str()), ("NewUsername", name), ("NewPassword", password)];
        let told = daemon.client().call(by, "SetConfig", &arguments);
        (told.status, told.fault())
    };
    let lists = |daemon: &Daemon, by: Login| daemon.client().call(by, "GetDDNSProviders", &[]).status;
    let (replaced, renamed) = ((ADMIN.0, "Neu&geheim"), ("boss", "Chef&geheim"));
    assert_eq!(set(&daemon, ADMIN, replaced), (200, None), "{}", daemon.text());
    assert_eq!((lists(&daemon, ADMIN), lists(&daemon, replaced)), (401, 200));
    assert_eq!(set(&daemon, replaced, renamed), (200, None), "{}", daemon.text());
    for restarted in [false, true] {
        if restarted {
            assert_eq!(daemon.stop(), Some(0));
            daemon = home.daemon();
        }
        assert_eq!([ADMIN, replaced, renamed].map(|login| lists(&daemon, login)), [401, 401, 200], "{}", daemon.text());
    }
    let checked = home.run(&["check"]).with(0);
    assert!(checked.stdout.contains("overlay.toml: user \"admin\": "), "{checked:#?}");
    assert_eq!(set(&daemon, renamed, (ADMIN.0, "****")), (500, Some(820)), "the old password stays gone");
    assert_eq!(set(&daemon, renamed, replaced), (200, None));
    assert_eq!([ADMIN, replaced, renamed].map(|login| lists(&daemon, login)), [401, 200, 401]);
}

#[test]
fn the_remote_access_is_opened_moved_and_closed_and_stays_so_over_restarts() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider, "tls_listen = \"127.0.0.1:0\"");
    let mut daemon = home.daemon();
    daemon.says("listening on https://127.0.0.1:");
    let info = |daemon: &Daemon| {
        let told = daemon.client().call(ADMIN, "GetInfo", &[]);
        ["NewEnabled", "NewPort", "NewUsername"].map(|name| told.result("GetInfo", name))
    };
    let enable = |daemon: &Daemon, on: &str| daemon.client().call(ADMIN, "SetEnable", &[("NewEnabled", on)]).result("SetEnable", "NewPort");
    let port = closed_port().to_string();
    let fern = ("fern", NEW);
    let arguments = [("NewEnabled", "1"), ("NewPort", port.as_str()), ("NewUsername", fern.0), ("NewPassword", fern.1)];
    let told = daemon.client().call(ADMIN, "SetConfig", &arguments);
    assert_eq!((told.status, told.fault()), (200, None), "{told:?}");
    daemon.says(&format!("listening on https://127.0.0.1:{port} "));
    let on = ["1", port.as_str(), "fern"].map(str::to_owned);
    let off = ["0", port.as_str(), "fern"].map(str::to_owned);
    assert_eq!(info(&daemon), on);
    assert_eq!(daemon.client().call(fern, "GetDDNSProviders", &[]).status, 200, "the user may change settings");
    let to = |port: &str| TcpStream::connect(format!("127.0.0.1:{port}"));
    for (word, expected) in [("0", &off), ("0", &off), ("1", &on)] {
        assert_eq!(enable(&daemon, word), port);
        assert_eq!((&info(&daemon), to(&port).is_ok()), (expected, word == "1"));
        assert_eq!(daemon.stop(), Some(0));
        daemon = home.daemon();
        daemon.client();
        assert_eq!(info(&daemon), *expected, "{}", daemon.text());
    }
    let checked = home.run(&["check"]).with(0);
    assert!(checked.stdout.contains("overlay.toml: user \"fern\": a further one, with the rights config"), "{checked:#?}");
    assert!(!checked.stdout.contains(NEW), "{checked:#?}");
}

#[test]
fn a_remote_access_whose_port_is_taken_is_not_opened_and_everything_stays() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider, "tls_listen = \"127.0.0.1:0\"");
    let daemon = home.daemon();
    let line = daemon.says("listening on https://127.0.0.1:");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let port = taken.local_addr().expect("bound").port().to_string();
    let arguments = [("NewEnabled", "1"), ("NewPort", port.as_str()), ("NewUsername", "fern"), ("NewPassword", NEW)];
    let told = daemon.client().call(ADMIN, "SetConfig", &arguments);
    assert_eq!(told.fault(), Some(820), "{told:?}\n{}", daemon.text());
    let info = daemon.client().call(ADMIN, "GetInfo", &[]);
    assert_eq!((info.result("GetInfo", "NewEnabled"), info.result("GetInfo", "NewUsername")), ("1".into(), ADMIN.0.into()), "{line}");
    assert_eq!(daemon.client().call(("fern", NEW), "GetInfo", &[]).status, 401, "the user was not made");
    let again = daemon.says_again("listening on https://127.0.0.1:", 2);
    assert!(!again.contains(&port), "{again}");
}

#[test]
fn a_damaged_overlay_is_told_once_and_makes_room_for_what_is_set_next() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider, "");
    fs::create_dir(home.state()).expect("our own folder");
    for (number, damage) in
        [&b"version = 1\n[ddns]\npassword = \"hunter2\""[..], b"\xff\x00hunter2", b"version = 7\n"].into_iter().enumerate()
    {
        fs::write(overlay(&home), damage).expect("our own folder");
        let mut daemon = home.daemon();
        let client = daemon.client();
        assert_eq!(client.push(ROUTER, &format!("hostname={NAME}&myip={V4_NEW}")).pair(), (200, "norecord"));
        let text = daemon.text();
        assert_eq!(text.matches("overlay.toml is not used").count(), 1, "{text}");
        let newer = damage.starts_with(b"version = 7");
        assert_eq!((text.contains("written by a newer"), text.contains("damaged")), (newer, !newer), "{text}");
        let warnings = text.lines().filter(|line| line.contains("WARN") && line.contains("overlay.toml")).count();
        // An entry that does not even say that it is on stays off, and that is told.
        assert_eq!(text.contains("stays switched off"), damage.starts_with(b"version = 1"), "{text}");
        let expected = 1 + text.matches("stays switched off").count();
        assert!(warnings == expected && !text.contains("hunter2") && !text.contains("ERROR"), "{text}");
        let checked = home.run(&["check"]).with(0);
        assert!(checked.stdout.contains("overlay.toml is not used") && !checked.stdout.contains("hunter2"), "{checked:#?}");
        assert_eq!(fs::read(overlay(&home)).expect("left alone"), damage);
        // What is set next takes its place, and it is kept under another name.
        let url = provider.v4("/other?ip=<ipaddr>");
        let told = client.call(ADMIN, "SetDDNSConfig", &settings(&url, OTHER));
        assert_eq!(told.status, 200, "{told:?}");
        let aside = home.state().join(format!("overlay.toml.damaged-{}", number + 1));
        assert_eq!(fs::read(aside).expect("set aside"), damage);
        assert_eq!(daemon.stop(), Some(0));
    }
    assert_eq!(home.status()["ddns"][0]["domain"], OTHER);
}

#[test]
fn half_an_overlay_that_does_not_fit_is_no_obstacle_to_the_other_half() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider, "tls_listen = \"127.0.0.1:0\"");
    fs::create_dir(home.state()).expect("our own folder");
    // Made for another service than the one that the configuration names now.
    let moved = format!(
        "[ddns]\ninstead_of = \"{NAME}\"\nservice = \"https://old.example.org\"\nenabled = true\ndomain = [\"{OTHER}\"]\nmode = \"ddns_v4\"\n"
    );
    // Never was a possible one.
    let broken = "[ddns]\nenabled = true\ndomain = [\"a..b\"]\nmode = \"ddns_v4\"\n".to_owned();
    for ddns in [moved, broken] {
        fs::write(overlay(&home), format!("version = 1\n{ddns}")).expect("our own folder");
        let mut daemon = home.daemon();
        daemon.says("listening on https://127.0.0.1:");
        let client = daemon.client();
        assert!(daemon.text().contains("not used"), "{}", daemon.text());
        assert_eq!(client.call(ADMIN, "GetDDNSInfo", &[]).result("GetDDNSInfo", "NewDomain"), NAME);
        let told = client.call(ADMIN, "SetEnable", &[("NewEnabled", "0")]);
        assert_eq!((told.status, told.fault()), (200, None), "{told:?}\n{}", daemon.text());
        assert_eq!(client.call(ADMIN, "GetInfo", &[]).result("GetInfo", "NewEnabled"), "0");
        assert_eq!(daemon.stop(), Some(0));
        fs::remove_file(overlay(&home)).expect("our own folder");
    }
}

#[test]
fn what_is_set_where_the_file_was_edited_takes_the_file_into_use_as_it_is_now() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider, "");
    let daemon = home.daemon();
    daemon.says("answered");
    let user = "[[web.user]]\nname = \"late\"\npassword = \"comer\"\nrights = [\"config\"]\n";
    let before = fs::read_to_string(home.config_file()).expect("our own file");
    home.configure(&format!("{before}{user}"));
    let url = provider.v4("/other?ip=<ipaddr>");
    assert_eq!(daemon.client().call(ADMIN, "SetDDNSConfig", &settings(&url, OTHER)).status, 200);
    assert_eq!(daemon.client().call(("late", "comer"), "GetDDNSProviders", &[]).status, 200);
}

#[test]
fn a_folder_that_cannot_be_written_is_a_fault_for_each_who_wants_to_store_something() {
    if !is_root() {
        return skipped("needs root to run the program as somebody else");
    }
    let provider = Fake::start(Answer::good);
    let home = serving(&provider).unwritable();
    let mut command = home.command(&[]);
    command.uid(NOBODY).gid(NOBODY);
    let mut daemon = Daemon::start(command);
    let client = daemon.client();
    for _ in 0..2 {
        assert_eq!(client.push(ROUTER, &format!("hostname={NAME}&myip={V4_NEW}")).pair(), (500, "911"));
    }
    let told = client.call(ADMIN, "SetDDNSConfig", &settings("http://127.0.0.1:1/?ip=<ipaddr>", OTHER));
    assert_eq!(told.fault(), Some(820), "{told:?}");
    let status = home_status(client);
    assert_eq!((status["ddns"][0]["domain"].as_str(), status["ddns"][0]["ipv4"]["address"].as_str()), (Some(NAME), Some(V4_NEW)));
    assert_eq!(daemon.stop(), Some(0));
}

/// The status as the web listener tells it.
fn home_status(client: Client) -> serde_json::Value {
    serde_json::from_str(&client.get("/api/v1/status").body).expect("JSON")
}

#[test]
fn without_a_state_folder_by_choice_pushes_are_taken_and_settings_are_not() {
    let provider = Fake::start(Answer::good);
    let config = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", PUSHED);
    let home = Home::new(&format!("{config}state_dir = \"none\"\n{}", web(""))).with_state(Path::new("none"));
    let daemon = home.daemon();
    let client = daemon.client();
    assert_eq!(client.push(ROUTER, &format!("hostname={NAME}&myip={V4_NEW}")).pair(), (200, format!("good {V4_NEW}").as_str()));
    provider.wait_for(1);
    let told = client.call(ADMIN, "SetDDNSConfig", &settings("http://127.0.0.1:1/?ip=<ipaddr>", OTHER));
    assert!(told.fault() == Some(820) && told.body.contains("no state folder"), "{told:?}");
    assert_eq!(home_status(client)["ddns"][0]["domain"], NAME);
}

/// A push whose head is at the daemon, and whose body is still to come.
fn in_flight(to: SocketAddr) -> TcpStream {
    let mut stream = Client::new(to).connect();
    let head = format!(
        "POST /nic/update?hostname={NAME} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 16\r\nExpect: 100-continue\r\n\r\n",
        basic(ROUTER)
    );
    stream.write_all(head.as_bytes()).expect("the daemon reads");
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).expect("the daemon wants the body");
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[test]
fn other_settings_leave_listeners_that_stay_alone_and_requests_are_answered() {
    let provider = Fake::start(Answer::good);
    let entry = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", PUSHED);
    let moved = |more: &str| web("").replace("[web.dyndns]", &format!("[web.dyndns]\n{more}"));
    let home = Home::new(&format!("{entry}{}", moved("")));
    let mut daemon = home.daemon();
    let (address, client) = (daemon.listens(1), daemon.client());
    let mut kept = client.connect();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").expect("the daemon reads");
    let (mut byte, mut head) = ([0], Vec::new());
    while !head.ends_with(b"ok") {
        kept.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    let mut push = in_flight(address);

    // The intake has a listener of its own now, and another user is there.
    let user = "[[web.user]]\nname = \"late\"\npassword = \"comer\"\nrights = [\"config\"]\n";
    home.configure(&format!("{entry}{}{user}", moved("listen = \"127.0.0.2:0\"")));
    daemon.signal(Signal::HUP);
    daemon.says("the new configuration is in force");
    let second = daemon.listens(2);
    assert_eq!(second.ip().to_string(), "127.0.0.2");
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").expect("it is still open");
    assert!(rest(kept).ends_with("ok"));
    assert_eq!(client.call(("late", "comer"), "GetDDNSProviders", &[]).status, 200);
    // What was under way came in where the intake is no more; it gets an answer nevertheless.
    push.write_all(b"myip=91.12.34.57").expect("it is still open");
    assert!(rest(push).starts_with("HTTP/1.1 404 "));
    let told = Client::new(second).push(ROUTER, &format!("hostname={NAME}&myip={V4_NEW}"));
    assert_eq!(told.pair(), (200, format!("good {V4_NEW}").as_str()));

    // A listener that goes finishes what it has begun, and takes nobody else.
    let mut push = in_flight(second);
    home.configure(&format!("{entry}{}", moved("")));
    daemon.signal(Signal::HUP);
    daemon.says_again("the new configuration is in force", 2);
    assert!(TcpStream::connect(second).is_err(), "it is closed");
    push.write_all(b"myip=91.12.34.57").expect("it is still open");
    assert!(rest(push).starts_with("HTTP/1.1 404 "));

    // A request that nothing of this concerns is answered as if nothing had happened.
    let mut push = in_flight(address);
    home.configure(&format!("{entry}{}{user}", moved("")));
    daemon.signal(Signal::HUP);
    daemon.says_again("the new configuration is in force", 3);
    push.write_all(b"myip=91.12.34.57").expect("it is still open");
    assert!(rest(push).ends_with("\r\n\r\nnochg 91.12.34.57"));
    assert_eq!(daemon.text().matches("listening on http://127.0.0.1:").count(), 1, "{}", daemon.text());
    assert_eq!((daemon.stop(), provider.count()), (Some(0), 1));
}

#[test]
fn a_daemon_that_stops_waits_for_no_client() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let mut daemon = home.daemon();
    let push = in_flight(daemon.listens(1));
    let idle = daemon.client().connect();
    // What never comes is not waited for.
    assert_eq!(daemon.stop(), Some(0));
    assert!(!rest(push).contains("good") && rest(idle).is_empty());
    assert_eq!(provider.count(), 0);
}
