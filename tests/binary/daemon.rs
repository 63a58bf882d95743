//! The daemon: signals, the control socket, and what survives it.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::daemon::Daemon;
use crate::support::fake::{Answer, Fake, Then};
use crate::support::fritzbox::Source;
use crate::support::home::{Home, NAME, PASSWORD, V4_NEW, V4_OLD, custom, fixed};

/// A name at `provider` that follows `echo`.
fn following(provider: &Fake, echo: &Source) -> Home {
    Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &format!("ipv4 = [{:?}]\nipv6 = []", echo.fake.v4("/"))))
}

/// A name at `provider` with an address that never changes.
fn standing(provider: &Fake) -> Home {
    Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)))
}

/// Asks for the status until the daemon has seen `address`.
fn seen(home: &Home, address: &str) -> serde_json::Value {
    let status = || home.status()["ddns"][0]["ipv4"].clone();
    (0..2000).map(|_| status()).find(|it| it["address"] == address).expect("the daemon sees the new address")
}

/// Looks again, and waits until the source has answered.
fn look_again(daemon: &Daemon, echo: &Source) {
    let looks = echo.fake.count();
    daemon.signal(Signal::USR1);
    echo.fake.wait_for(looks + 1);
    echo.fake.settle();
}

#[test]
fn it_publishes_tells_its_status_and_ends_with_0_when_asked() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider);
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = home.daemon();
        until_up(&home);
        provider.wait_for(1);
        daemon.signal(signal);
        assert_eq!(daemon.ended(), Some(0), "{signal:?}");
        home.run(&["healthcheck"]).with(1);
    }
    assert_eq!(provider.count(), 1, "a restart is no reason for a request");
    assert_eq!(home.status()["ddns"][0]["ipv4"]["published"], V4_NEW);
}

#[test]
fn sigusr1_looks_at_once_and_a_second_change_waits_for_the_spacing() {
    let provider = Fake::start(Answer::good);
    let echo = Source::echo(V4_OLD, "");
    let home = following(&provider, &echo);
    let daemon = home.daemon();
    daemon.says("answered");
    look_again(&daemon, &echo);
    assert_eq!(provider.count(), 1, "the same address is no reason for a request");
    echo.move_to(V4_NEW);
    daemon.signal(Signal::USR1);
    let it = seen(&home, V4_NEW);
    // One request a minute for one name: the change is known, and waits.
    assert_eq!((&it["published"], &it["status"]), (&V4_OLD.into(), &"new address".into()));
    assert!(it["next_attempt"].is_string(), "{it:#}");
    assert_eq!(provider.count(), 1);
}

#[test]
#[ignore = "takes a minute: the spacing of one name"]
fn a_changed_address_at_the_fritzbox_is_sent_as_soon_as_the_spacing_allows() {
    let provider = Fake::start(Answer::good);
    let fritzbox = Source::fritzbox(V4_OLD, "");
    let wan = format!("ipv4 = [\"fritzbox\"]\nipv6 = []\n[fritzbox]\naddress = \"127.0.0.1:{}\"", fritzbox.fake.port);
    let config = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &wan);
    let home = Home::new(&format!("{config}interval = \"1s\"\n"));
    let daemon = home.daemon();
    assert_eq!(provider.wait_for(1).parameter("ip").as_deref(), Some(V4_OLD));
    daemon.says("answered");
    fritzbox.move_to(V4_NEW);
    assert_eq!(provider.wait_for(2).parameter("ip").as_deref(), Some(V4_NEW));
    daemon.says_again("answered", 2);
    assert_eq!(home.status()["ddns"][0]["ipv4"]["published"], V4_NEW);
}

#[test]
fn a_changed_address_of_a_name_that_rested_is_sent_at_once() {
    let provider = Fake::start(Answer::good);
    let echo = Source::echo("192.168.178.2", "");
    let home = following(&provider, &echo);
    let daemon = home.daemon();
    daemon.says("no IPv4 address");
    assert_eq!(provider.count(), 0);
    echo.move_to(V4_NEW);
    daemon.signal(Signal::USR1);
    assert_eq!(provider.wait_for(1).parameter("ip").as_deref(), Some(V4_NEW));
    daemon.says("answered");
}

#[test]
fn a_broken_configuration_is_reported_and_the_old_one_stays_in_force() {
    let provider = Fake::start(Answer::good);
    let echo = Source::echo(V4_NEW, "");
    let home = following(&provider, &echo);
    let mut daemon = home.daemon();
    daemon.says("answered");
    home.configure("[[ddns]]\nprovider = \"nobody\"\n");
    daemon.signal(Signal::HUP);
    daemon.says("ddns[0].provider");
    daemon.says("the old configuration stays in force");
    look_again(&daemon, &echo);
    assert_eq!(home.status()["ddns"][0]["domain"], NAME);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_new_name_in_the_configuration_is_served_after_sighup() {
    let provider = Fake::start(Answer::good);
    let home = standing(&provider);
    let daemon = home.daemon();
    daemon.says("answered");
    let url = provider.v4("/up?host=<domain>&ip=<ipaddr>");
    home.configure(&custom(&url, "v4", &fixed(Some(V4_NEW), None)).replace(NAME, "second.example.org"));
    daemon.signal(Signal::HUP);
    assert_eq!(provider.wait_for(2).parameter("host").as_deref(), Some("second.example.org"));
}

#[test]
fn a_refused_login_stays_locked_over_restarts_without_a_request_or_a_look() {
    let provider = Fake::start(|_| Answer::ok("badauth"));
    let echo = Source::echo(V4_NEW, "");
    let home = following(&provider, &echo);
    let mut daemon = home.daemon();
    daemon.says("answered \"badauth\"");
    // Answered after the event is dealt with: the lock is on disk.
    home.run(&["status"]).with(77);
    daemon.kill();
    let looks = echo.fake.count();
    for _ in 0..2 {
        let mut daemon = home.daemon_with(&["--log-level", "debug"]);
        until_up(&home);
        let status = home.status();
        assert_eq!(status["ddns"][0]["ipv4"]["locked"]["code"], "badauth", "{status:#}");
        daemon.signal(Signal::USR1);
        home.run(&["healthcheck"]).with(0);
        home.run(&["status"]).with(77);
        assert_eq!(daemon.stop(), Some(0));
    }
    assert_eq!((provider.count(), echo.fake.count()), (1, looks), "neither the provider nor the sources are asked");
}

/// Asks a daemon that was just started until it answers.
fn until_up(home: &Home) {
    let up = (0..2000).any(|_| home.run(&["healthcheck"]).code == Some(0));
    assert!(up, "the daemon never answered");
}

#[test]
fn a_changed_password_opens_the_lock_on_sighup() {
    let provider = Fake::start(|seen| {
        let login = seen.field("authorization").unwrap_or_default();
        if login == "Basic MTIzNDU2Nzg5MDpyaWdodA==" { Answer::good(seen) } else { Answer::ok("badauth") }
    });
    let echo = Source::echo(V4_NEW, "");
    let home = following(&provider, &echo);
    let daemon = home.daemon();
    daemon.says("answered \"badauth\"");
    // The same settings again open nothing.
    daemon.signal(Signal::HUP);
    daemon.says("the new configuration is in force");
    home.run(&["status"]).with(77);
    let config = std::fs::read_to_string(home.config_file()).expect("our own file");
    home.configure(&config.replace(PASSWORD, "right"));
    daemon.signal(Signal::HUP);
    daemon.says_again("the new configuration is in force", 2);
    // Spacing applies to a name that was just tried; the lock is what is open.
    let status = home.status();
    assert_eq!(status["ddns"][0]["ipv4"]["locked"], serde_json::Value::Null, "{status:#}");
    assert_eq!(provider.count(), 1);
}

#[test]
fn a_lock_is_opened_by_hand_and_then_nothing_is_locked() {
    let provider = Fake::start(|_| Answer::ok("nohost"));
    let home = standing(&provider);
    let daemon = home.daemon();
    daemon.says("answered \"nohost\"");
    home.run(&["unlock", "other.example.org"]).with(64);
    home.run(&["status"]).with(77);
    let ended = home.run(&["unlock", NAME]).with(0);
    assert!(ended.stdout.contains("opened"), "{}", ended.stdout);
    let status = home.status();
    assert_eq!(status["ddns"][0]["ipv4"]["locked"], serde_json::Value::Null, "{status:#}");
    assert!(home.run(&["unlock"]).with(0).stdout.contains("nothing is locked"));
}

#[test]
fn an_update_by_hand_is_refused_the_second_time_within_five_minutes() {
    let provider = Fake::start(Answer::good);
    let echo = Source::echo("192.168.178.2", "");
    let home = following(&provider, &echo);
    let daemon = home.daemon();
    daemon.says("no IPv4 address");
    home.run(&["update", "other.example.org"]).with(64);
    // The wish is kept until there is something to send, and is used up by that.
    let first = home.run(&["update"]).with(0);
    assert!(!first.stdout.contains("5 minutes"), "{first:#?}");
    echo.move_to(V4_NEW);
    daemon.signal(Signal::USR1);
    daemon.says("answered");
    let second = home.run(&["update", NAME]);
    assert!(second.stdout.contains("less than 5 minutes ago"), "{second:#?}");
    assert_eq!(provider.count(), 1);
}

#[test]
fn it_ends_at_once_while_nothing_is_under_way_and_soon_while_a_request_is() {
    let provider = Fake::start(|_| Answer::raw("", Then::Hang));
    let home = standing(&provider);
    let mut daemon = home.daemon();
    provider.wait_for(1);
    assert_eq!(daemon.stop(), Some(0));
    // Whether the request arrived is not known: the next process waits.
    home.once().with(75);
    assert_eq!(provider.count(), 1);
}

#[test]
fn a_reply_that_comes_while_it_ends_is_still_booked() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    let provider = Fake::start(move |seen| {
        let _ = receiver.lock().map(|receiver| receiver.recv_timeout(Duration::from_secs(30)));
        Answer::good(seen)
    });
    let home = standing(&provider);
    let mut daemon = home.daemon();
    provider.wait_for(1);
    daemon.signal(Signal::TERM);
    sender.send(()).expect("the provider waits");
    assert_eq!(daemon.ended(), Some(0));
    home.once().with(0);
    assert_eq!(provider.count(), 1);
}

#[test]
fn the_control_socket_and_the_state_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let provider = Fake::start(Answer::good);
    let home = standing(&provider);
    let daemon = home.daemon();
    daemon.says("answered");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(home.state()), 0o700);
    for file in ["state", "lock", "control.sock"] {
        assert_eq!(mode(&home.state().join(file)), 0o600, "{file}");
    }
}
