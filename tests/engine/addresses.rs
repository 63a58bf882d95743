//! What a line shows, what is seen of it outside, and the machines behind it.

use std::net::IpAddr;
use std::time::Duration;

use wanbeacon::engine::Run;
use wanbeacon::engine::event::{Event, Level};
use wanbeacon::rules::address::{Family, PerFamily, Prefix};
use wanbeacon::rules::consensus::RouterReading;
use wanbeacon::rules::domain::Domain;

use super::desk::{Desk, V4_NEW, V4_NEXT, V4_OLD, freedyn, rules};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A box with this address and prefix.
fn router(address: &str, prefix: Option<&str>) -> RouterReading {
    let prefix = prefix.map(|text| Prefix::parse(text).expect("a prefix"));
    RouterReading { address: address.into(), status: "Connected".into(), prefix, ..RouterReading::default() }
}

/// A line whose box says `V4_OLD`, which DNS shows; outside is seen the same.
fn behind_a_box() -> Desk {
    let config = freedyn("v4", "").replace("ipv4 = [\"command:whatismyip\"]", "ipv4 = [\"fritzbox\", \"web\"]");
    let mut desk = Desk::new(&config);
    desk.router.v4 = Some(router(&V4_OLD.to_string(), None));
    desk.dns.v4 = Some(V4_OLD);
    desk
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn what_the_box_says_is_looked_at_from_outside_once_a_day_and_not_once_per_start() {
    let mut desk = behind_a_box();
    desk.start();
    for _ in 0..3 {
        assert_eq!(desk.urls.len(), 1, "one voice that agrees is enough");
        desk.pass(7 * HOUR);
        desk.restart();
    }
    desk.pass(4 * HOUR);
    assert_eq!(desk.urls.len(), 2);
    assert_eq!((desk.line(Family::V4).reason, desk.sent.len()), (None, 0));
}

#[test]
fn a_box_that_is_contradicted_outside_is_believed_and_warned_of() {
    let mut desk = behind_a_box();
    desk.router.v4 = Some(router(&V4_NEW.to_string(), None));
    desk.shown.v4 = Some(V4_NEXT);
    desk.start();
    desk.pass(MINUTE);
    desk.dns.v4 = Some(V4_NEW);
    desk.say("good");
    assert_eq!(desk.addresses(), [V4_NEW]);
    let reason = desk.line(Family::V4).reason.expect("a warning");
    assert!(reason.contains(&V4_NEW.to_string()) && reason.contains(&V4_NEXT.to_string()), "{reason}");
    desk.restart();
    desk.pass(48 * HOUR);
    assert!(desk.line(Family::V4).reason.is_some(), "it stands");
    let told = desk.notices.iter().filter(|notice| notice.text.contains("outside is seen"));
    assert_eq!(told.clone().count(), 1, "{:?}", desk.notices);
    assert!(told.clone().all(|notice| notice.level == Level::Warning));

    desk.shown.v4 = Some(V4_NEW);
    desk.pass(25 * HOUR);
    assert_eq!(desk.line(Family::V4).reason, None);
    assert_eq!(desk.addresses(), [V4_NEW]);
}

#[test]
fn another_address_of_the_box_ends_the_warning() {
    let mut desk = behind_a_box();
    desk.shown.v4 = Some(V4_NEXT);
    desk.start();
    assert!(desk.line(Family::V4).reason.is_some());
    desk.router.v4 = Some(router(&V4_NEW.to_string(), None));
    desk.look();
    assert_eq!(desk.line(Family::V4).reason, None);
}

#[test]
fn a_check_that_nobody_answers_is_repeated_silently_after_hours() {
    let mut desk = behind_a_box();
    desk.shown.v4 = None;
    desk.start();
    let first = desk.urls.len();
    assert!(first > 0);
    desk.pass(3 * HOUR);
    assert_eq!(desk.urls.len(), first);
    desk.pass(2 * HOUR);
    assert!(desk.urls.len() > first);
    assert!(desk.notices.iter().all(|notice| notice.level < Level::Warning), "{:?}", desk.notices);
    assert_eq!(desk.line(Family::V4).reason, None);
}

#[test]
fn single_rounds_look_from_outside_once_a_day_together() {
    let mut desk = behind_a_box();
    desk.run = Run::Once;
    for _ in 0..20 {
        desk.finished = false;
        desk.start();
        desk.pass(10 * MINUTE);
        assert!(desk.finished);
    }
    assert_eq!(desk.urls.len(), 1);
}

/// Two machines behind a box, and one name for the line itself.
fn machines() -> Desk {
    let entry = |name: &str, keys: &str| {
        format!(
            "[[ddns]]\nprovider = \"freedyn\"\ndomain = \"{name}.example.org\"\nusername = \"1234567890\"\npassword = \"secret\"\n\
             mode = \"v6\"\nverify = false\n{keys}\n"
        )
    };
    let config = entry("nas", "ipv6_host = \"::1a2b:3c4d:5e6f:7788\"")
        + &entry("cam", "ipv6_host = \"::3:0:0:0:42\"")
        + &entry("home", "")
        + "[wan]\nipv6 = [\"fritzbox\"]\n";
    Desk::new(&config)
}

fn answer_all(desk: &mut Desk) {
    for _ in 0..5 {
        let before = desk.sent.len();
        desk.pass(MINUTE);
        if desk.sent.len() == before {
            return;
        }
        desk.say("good");
    }
}

#[test]
fn machines_are_published_from_a_prefix_alone_and_the_line_itself_is_not() {
    let mut desk = machines();
    desk.router.v6 = Some(router("", Some("2003:e7:1:5600::/56")));
    desk.start();
    desk.pass(Duration::from_secs(1));
    desk.say("good");
    answer_all(&mut desk);
    assert_eq!(desk.addresses(), [ip("2003:e7:1:5600:1a2b:3c4d:5e6f:7788"), ip("2003:e7:1:5603::42")]);
    let line = desk.line(Family::V6);
    assert_eq!((line.address, line.prefix.as_deref(), line.source.as_deref()), (None, Some("2003:e7:1:5600::/56"), Some("fritzbox")));
    assert!(line.reason.is_some_and(|why| why.starts_with("prefix only")));
    let snapshot = desk.engine().snapshot(desk.now());
    let home = &snapshot.ddns[2].families.v6;
    assert_eq!((home.status.as_str(), home.address), ("checking", None));
    assert!(home.reason.as_ref().is_some_and(|why| why.contains("ipv6_host")), "{home:?}");

    // Across a restart as well.
    let sent = desk.sent.len();
    desk.restart();
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), sent);

    desk.router.v6 = Some(router("", Some("2003:e7:2:5600::/56")));
    desk.look();
    desk.pass(MINUTE);
    desk.say("good");
    answer_all(&mut desk);
    assert_eq!(desk.addresses()[sent..], [ip("2003:e7:2:5600:1a2b:3c4d:5e6f:7788"), ip("2003:e7:2:5603::42")]);
}

#[test]
fn a_subnet_that_the_prefix_has_no_room_for_is_explained_and_not_sent() {
    let mut desk = machines();
    desk.router.v6 = Some(router("", Some("2003:e7:1:5600::/63")));
    desk.start();
    desk.pass(Duration::from_secs(1));
    desk.say("good");
    answer_all(&mut desk);
    assert_eq!(desk.addresses(), [ip("2003:e7:1:5600:1a2b:3c4d:5e6f:7788")]);
    let snapshot = desk.engine().snapshot(desk.now());
    let why = snapshot.ddns[1].families.v6.reason.clone().expect("a reason");
    assert!(why.contains("::3:0:0:0:42") && why.contains("2003:e7:1:5600::/63"), "{why}");
}

#[test]
fn the_ipv4_address_of_all_machines_is_one_request_and_each_ipv6_address_another() {
    let entry = |name: &str, host: &str| {
        format!(
            "[[ddns]]\nprovider = \"freedyn\"\ndomain = \"{name}.example.org\"\nusername = \"1234567890\"\npassword = \"secret\"\n\
             mode = \"both\"\nverify = false\nipv6_host = \"{host}\"\n"
        )
    };
    let names = ["a", "b", "c"];
    let entries: String = names.iter().zip(["::1:1", "::1:2", "::1:3"]).map(|(name, host)| entry(name, host)).collect();
    let mut desk = Desk::new(&format!("{entries}[wan]\nipv4 = [\"fritzbox\"]\nipv6 = [\"fritzbox\"]\n"));
    desk.router.v4 = Some(router(&V4_NEW.to_string(), None));
    desk.router.v6 = Some(router("", Some("2003:e7:1:5600::/56")));
    desk.start();
    desk.pass(Duration::from_secs(1));
    let first: Vec<&str> = desk.sent[0].order.domains.iter().map(Domain::as_str).collect();
    assert_eq!(first, ["a.example.org", "b.example.org", "c.example.org"]);
    // What the reply says is booked for the entry that each name belongs to.
    desk.say("good\nnohost\ngood");
    answer_all(&mut desk);
    assert_eq!(desk.addresses()[0], V4_NEW);
    assert!(desk.addresses()[1..].iter().all(IpAddr::is_ipv6), "{:?}", desk.addresses());
    let snapshot = desk.engine().snapshot(desk.now());
    let status = |at: usize| snapshot.ddns[at].families.v4.status.as_str();
    assert_eq!([status(0), status(1), status(2)], ["complete", "account-disabled", "complete"]);
    assert_eq!(desk.sent.iter().filter(|sent| sent.order.addresses.v4.is_some()).count(), 1);

    // Across a restart: the lock is that of its own settings.
    desk.restart();
    desk.pass(HOUR);
    let snapshot = desk.engine().snapshot(desk.now());
    assert_eq!(snapshot.ddns[1].families.v4.status, "account-disabled");
    assert_eq!(snapshot.ddns[0].families.v4.status, "complete");
}

#[test]
fn other_sources_of_a_line_are_no_reason_to_look_from_outside_again() {
    let mut desk = behind_a_box();
    desk.start();
    assert_eq!(desk.urls.len(), 1);
    for list in ["\"interface\", \"fritzbox\", \"web\"", "\"fritzbox\", \"web\""] {
        let config = freedyn("v4", "").replace("ipv4 = [\"command:whatismyip\"]", &format!("ipv4 = [{list}]"));
        desk.rules = rules(&config);
        desk.handle(Event::Reconfigured(Box::new(desk.rules.clone())));
        desk.pass(HOUR);
    }
    assert_eq!(desk.urls.len(), 1, "{:?}", desk.urls);
    desk.pass(24 * HOUR);
    assert_eq!(desk.urls.len(), 2);
}

#[test]
fn other_sources_are_not_asked_where_there_is_no_link() {
    let mut desk = behind_a_box();
    desk.start();
    desk.handle(Event::LinkChanged(PerFamily { v4: false, v6: true }));
    let asked = desk.probes.len();
    let config = freedyn("v4", "").replace("ipv4 = [\"command:whatismyip\"]", "ipv4 = [\"upnp\"]\ninterface = \"ppp0\"");
    desk.rules = rules(&config);
    desk.handle(Event::Reconfigured(Box::new(desk.rules.clone())));
    desk.pass(24 * HOUR);
    assert_eq!(desk.probes.len(), asked);
    assert_eq!(desk.picture(Family::V4).status, "internet-not-connected");
    desk.handle(Event::LinkChanged(PerFamily { v4: true, v6: true }));
    desk.pass(MINUTE);
    assert!(desk.probes.len() > asked);
}

#[test]
fn what_was_seen_outside_before_the_machine_slept_is_no_answer_afterwards() {
    let mut desk = Desk::new(&freedyn("v4", "").replace("ipv4 = [\"command:whatismyip\"]", "ipv4 = [\"web\"]"));
    desk.dns.v4 = Some(V4_OLD);
    for event in [Event::Resumed, Event::LinkChanged(PerFamily { v4: false, v6: true })] {
        desk.shown.v4 = Some(V4_OLD);
        desk.pass(HOUR);
        desk.start();
        assert_eq!(desk.line(Family::V4).address, Some(V4_OLD));
        desk.shown.v4 = None;
        desk.handle(event);
        desk.handle(Event::LinkChanged(PerFamily { v4: true, v6: true }));
        desk.pass(MINUTE);
        assert_eq!(desk.line(Family::V4).address, None);
    }
}

#[test]
fn a_look_from_outside_is_no_voice_in_a_later_round() {
    let mut desk = behind_a_box();
    desk.shown.v4 = Some(V4_NEXT);
    desk.start();
    assert!(desk.line(Family::V4).reason.is_some(), "it contradicts");
    desk.router.v4 = Some(router("", None));
    desk.shown.v4 = None;
    desk.look();
    desk.pass(MINUTE);
    assert_eq!((desk.line(Family::V4).address, desk.sent.len()), (None, 0));
}

#[test]
fn a_look_from_outside_that_agreed_is_no_voice_either_once_the_box_has_another_one() {
    let mut desk = behind_a_box();
    desk.start();
    assert_eq!(desk.urls.len(), 1);
    desk.router.v4 = Some(router("100.72.3.2", None));
    desk.shown.v4 = Some(ip("100.72.3.2"));
    desk.look();
    desk.pass(MINUTE);
    assert_eq!(desk.line(Family::V4).address, None, "nobody sees the old one now");
}
