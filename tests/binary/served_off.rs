//! What was switched off through the service, and what the operator or a disk does to it afterwards.

use std::fs;
use std::net::TcpStream;

use rustix::process::Signal;

use crate::support::client::Told;
use crate::support::daemon::Daemon;
use crate::support::fake::{Answer, Fake, closed_port};
use crate::support::home::{Home, NAME, V4_NEW, custom, fixed};
use crate::support::served::{ADMIN, web};

const SECOND: &str = "nas.example.org";

/// An entry of two names with an address that never changes, and everything that is served.
fn file(url: &str, more: &str) -> String {
    let one = custom(url, "v4", &fixed(Some(V4_NEW), None));
    let two = one.replace(&format!("{NAME:?}"), &format!("[{NAME:?}, {SECOND:?}]"));
    assert_ne!(one, two, "the second name has its place");
    format!("{two}{}", web(more))
}

/// Gives a client back what it was told, but for the switch.
fn switch(daemon: &Daemon, on: &str) -> Told {
    let client = daemon.client();
    let info = client.call(ADMIN, "GetDDNSInfo", &[]);
    let kept = ["NewProviderName", "NewUpdateURL", "NewDomain", "NewUsername", "NewMode", "NewServerIPv4", "NewServerIPv6"]
        .map(|name| (name, info.result("GetDDNSInfo", name)));
    let mut arguments = vec![("NewEnabled", on), ("NewPassword", "****")];
    arguments.extend(kept.iter().map(|(name, value)| (*name, value.as_str())));
    client.call(ADMIN, "SetDDNSConfig", &arguments)
}

/// What the service and the status say of the switch.
fn switches(home: &Home, daemon: &Daemon) -> (String, Option<bool>) {
    let info = daemon.client().call(ADMIN, "GetDDNSInfo", &[]);
    (info.result("GetDDNSInfo", "NewEnabled"), home.status()["ddns"][0]["enabled"].as_bool())
}

fn off() -> (String, Option<bool>) {
    ("0".to_owned(), Some(false))
}

#[test]
fn what_was_switched_off_stays_so_wherever_the_operator_moves_it_until_it_is_switched_on() {
    let provider = Fake::start(Answer::good);
    let url = provider.v4("/up?host=<domain>&ip=<ipaddr>");
    let home = Home::new(&file(&url, ""));
    let mut daemon = home.daemon();
    daemon.says_again("answered", 2);
    assert_eq!(switch(&daemon, "0").status, 200, "{}", daemon.text());
    assert_eq!(switches(&home, &daemon), off());
    let elsewhere = file(&url.replace("127.0.0.1", "localhost"), "");
    let without_the_first = file(&url, "").replace(&format!("{NAME:?}, "), "");
    for (number, edited) in (1..).zip([&elsewhere, &without_the_first]) {
        home.configure(edited);
        daemon.signal(Signal::HUP);
        daemon.says_again("the new configuration is in force", number);
        assert_eq!(switches(&home, &daemon), off(), "{}", daemon.text());
        let checked = home.run(&["check"]).with(0);
        assert!(checked.stdout.contains("stays switched off") && checked.stdout.contains("[ddns]"), "{checked:#?}");
    }
    // Another change keeps that, and so does a restart.
    let port = closed_port().to_string();
    let remote = [("NewEnabled", "1"), ("NewPort", port.as_str()), ("NewUsername", "fern"), ("NewPassword", "Neu&geheim")];
    assert_eq!(daemon.client().call(ADMIN, "SetConfig", &remote).status, 200, "{}", daemon.text());
    assert_eq!(daemon.stop(), Some(0));
    let daemon = home.daemon();
    assert_eq!(switches(&home, &daemon), off(), "{}", daemon.text());
    provider.settle();
    assert_eq!(provider.count(), 2, "nothing was sent");
    let told = switch(&daemon, "1");
    assert_eq!((told.status, switches(&home, &daemon)), (200, ("1".to_owned(), Some(true))), "{told:?}");
    assert!(!home.run(&["check"]).with(0).stdout.contains("switched off"));
}

#[test]
fn an_overlay_that_became_unreadable_changes_nothing_at_a_reload_and_opens_nothing_at_a_start() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&file(&provider.v4("/up?host=<domain>&ip=<ipaddr>"), &format!("tls_listen = \"127.0.0.1:{}\"", closed_port())));
    let mut daemon = home.daemon();
    daemon.says_again("answered", 2);
    assert_eq!(switch(&daemon, "0").status, 200, "{}", daemon.text());
    let closed = daemon.client().call(ADMIN, "SetEnable", &[("NewEnabled", "0")]);
    let port = closed.result("SetEnable", "NewPort");
    let overlay = home.state().join("overlay.toml");
    let good = fs::read_to_string(&overlay).expect("it was stored");
    for (number, (from, to)) in
        (1..).zip([("ddns_v4", "ddns_bth"), ("mode = \"ddns_v4\"", "x = ["), ("version = 1", "version = 2"), ("[remote]", "[rem")])
    {
        assert!(good.contains(from), "{good}");
        fs::write(&overlay, good.replace(from, to)).expect("our own folder");
        daemon.signal(Signal::HUP);
        daemon.says_again("what was set before stays in force", number);
        daemon.says_again("the new configuration is in force", number);
        assert_eq!(switches(&home, &daemon), off(), "{from}: {}", daemon.text());
        assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err(), "{from}");
    }
    assert_eq!(daemon.stop(), Some(0));
    // At a start what can be read of it counts.
    for (from, to) in [("ddns_v4", "ddns_bth"), ("username = ", "username = 1 # "), ("version = 1", "version = 2")] {
        assert!(good.contains(from), "{good}");
        fs::write(&overlay, good.replace(from, to)).expect("our own folder");
        let mut daemon = home.daemon();
        assert_eq!(switches(&home, &daemon), off(), "{from}: {}", daemon.text());
        assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err(), "{from}");
        let checked = home.run(&["check"]).with(0);
        assert!(checked.stdout.contains("stays switched off"), "{checked:#?}");
        assert_eq!(daemon.stop(), Some(0));
    }
    provider.settle();
    assert_eq!(provider.count(), 2, "nothing was sent");
}
