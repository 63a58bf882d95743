//! Requests that carry the prefix of the LAN: none goes out without it, and another one is a change.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use wanbeacon::engine::event::Event;
use wanbeacon::rules::address::{Family, PerFamily, Prefix};
use wanbeacon::rules::consensus::{RouterReading, Source};
use wanbeacon::rules::domain::{Domain, Entry, Mode};
use wanbeacon::rules::order::prepare;
use wanbeacon::rules::push::{Push, Stored, Taken};
use wanbeacon::rules::template::{Text, parse_update_url};

use super::desk::{Desk, V6_NEW};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

const OLD: &str = "2003:e7:1:5600::/56";
const NEW: &str = "2003:e7:1:7800::/56";

fn prefix(text: &str) -> Prefix {
    Prefix::parse(text).expect("a prefix")
}

/// One name whose URL has address and prefix, with these sources for both families.
fn desk(sources: &[Source]) -> Desk {
    let mut desk = Desk::new(
        "[[ddns]]\nupdate_url = \"https://dyn.example.net/nic/update?hostname=<domain>&myip=<ip6addr>&lan=<ip6lanprefix>\"\n\
         domain = \"home.example.org\"\nusername = \"me\"\npassword = \"secret\"\nmode = \"v6\"\nverify = false\n\
         [wan]\nipv4 = [\"command:whatismyip\"]\nipv6 = [\"command:whatismyip\"]\n",
    );
    desk.rules.lines[0].sources = PerFamily { v4: sources.to_vec(), v6: sources.to_vec() };
    desk.start();
    desk
}

fn push(desk: &mut Desk, address: Option<IpAddr>, lan: Option<&str>) -> Taken {
    let addresses = PerFamily { v4: None, v6: address };
    let domains = vec![Domain::parse("home.example.org").expect("a name")];
    let push = Push { domains, addresses, prefix: lan.map(prefix) };
    let taken = desk.engine().takes(&push, desk.now());
    desk.handle(Event::Pushed(push));
    taken.into_iter().next().expect("one answer per name")
}

fn stored(address: Option<IpAddr>, lan: Option<&str>) -> Stored {
    Stored { addresses: PerFamily { v4: None, v6: address }, prefix: lan.map(prefix) }
}

/// What the provider was sent: every request can be built.
fn urls(desk: &Desk) -> Vec<String> {
    let prepared = desk.sent.iter().map(|sent| prepare(&desk.rules.entries[0], &sent.order).expect("the request can be built"));
    prepared.map(|it| it.url.expose().rsplit_once("myip=").expect("the URL has an address").1.to_owned()).collect()
}

fn router(lan: Option<&str>) -> RouterReading {
    let prefix = lan.map(prefix);
    RouterReading { address: V6_NEW.to_string(), status: "Connected".into(), prefix, ..RouterReading::default() }
}

#[test]
fn a_request_that_carries_the_prefix_waits_until_it_was_pushed() {
    let mut desk = desk(&[Source::Push]);
    assert_eq!(push(&mut desk, Some(V6_NEW), None), Taken::Good(stored(Some(V6_NEW), None)));
    desk.pass(DAY);
    assert_eq!(desk.sent.len(), 0);
    let picture = desk.picture(Family::V6);
    assert_eq!((picture.status.as_str(), picture.reason.as_deref()), ("new-address", Some("the prefix of the LAN is not known yet")));
    assert_eq!(push(&mut desk, None, Some(OLD)), Taken::Good(stored(None, Some(OLD))));
    desk.pass(SECOND * 20);
    assert_eq!(urls(&desk), [format!("{V6_NEW}&lan={OLD}")]);
    desk.say("good");
    assert_eq!(desk.picture(Family::V6).status, "complete");
}

#[test]
fn a_router_that_tells_no_prefix_locks_nothing() {
    let mut desk = desk(&[Source::FritzBox]);
    desk.shown.v6 = Some(V6_NEW);
    desk.pass(DAY);
    assert_eq!(desk.sent.len(), 0);
    desk.router.v6 = Some(router(Some(OLD)));
    desk.look();
    desk.pass(SECOND * 20);
    assert_eq!(urls(&desk), [format!("{V6_NEW}&lan={OLD}")]);
}

#[test]
fn another_prefix_is_a_change_and_one_that_is_unknown_is_none() {
    let mut desk = desk(&[Source::Push]);
    push(&mut desk, Some(V6_NEW), Some(OLD));
    desk.pass(SECOND);
    desk.say("good");
    desk.pass(HOUR);
    assert_eq!(push(&mut desk, None, Some(NEW)), Taken::Good(stored(None, Some(NEW))));
    assert_eq!(desk.picture(Family::V6).status, "new-address");
    desk.pass(SECOND);
    assert_eq!(urls(&desk), [format!("{V6_NEW}&lan={OLD}"), format!("{V6_NEW}&lan={NEW}")]);
    desk.say("nochg");
    assert_eq!(desk.picture(Family::V6).status, "complete");
    assert!(desk.notices.iter().any(|it| it.text.contains("the prefix of the LAN is new")), "{:?}", desk.notices);
    assert_eq!(push(&mut desk, Some(V6_NEW), Some(NEW)), Taken::Unchanged(stored(Some(V6_NEW), Some(NEW))));
    desk.restart();
    desk.pass(DAY);
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn another_prefix_that_a_router_shows_is_a_change_as_well() {
    let mut desk = desk(&[Source::FritzBox]);
    desk.router.v6 = Some(router(Some(OLD)));
    desk.look();
    desk.pass(SECOND * 20);
    desk.say("good");
    for lan in [None, Some(OLD), Some(NEW)] {
        desk.pass(HOUR);
        desk.router.v6 = Some(router(lan));
        desk.look();
    }
    desk.pass(HOUR);
    assert_eq!(urls(&desk), [format!("{V6_NEW}&lan={OLD}"), format!("{V6_NEW}&lan={NEW}")]);
}

#[test]
fn prefixes_in_quick_succession_are_paced_like_any_change() {
    let mut desk = desk(&[Source::Push]);
    for number in 0..100 {
        push(&mut desk, Some(V6_NEW), Some(&format!("2003:e7:1:{number:02x}00::/56")));
        let before = desk.sent.len();
        desk.pass(SECOND * 20);
        if desk.sent.len() > before {
            desk.say("good");
        }
    }
    assert!((2..=12).contains(&desk.sent.len()), "{} requests in half an hour", desk.sent.len());
}

#[test]
fn what_was_published_before_prefixes_were_kept_is_not_sent_again_and_the_next_change_is() {
    let mut desk = desk(&[Source::Push]);
    push(&mut desk, Some(V6_NEW), Some(OLD));
    desk.pass(SECOND);
    desk.say("good");
    let record = desk.disk.iter_mut().find(|(key, _)| key.starts_with("record/")).expect("there is a record").1;
    let mut older: serde_json::Value = serde_json::from_str(record).expect("it is JSON");
    older["published"].as_object_mut().expect("it is published").remove("prefix").expect("the prefix is kept");
    *record = older.to_string();
    desk.restart();
    desk.pass(DAY);
    assert_eq!(desk.sent.len(), 1);
    desk.restart();
    push(&mut desk, None, Some(NEW));
    desk.pass(SECOND * 20);
    assert_eq!(urls(&desk), [format!("{V6_NEW}&lan={OLD}"), format!("{V6_NEW}&lan={NEW}")]);
}

#[test]
fn names_with_different_prefixes_do_not_travel_together() {
    let mut desk = desk(&[Source::Push]);
    let first = Entry { batch: 5, ..(*desk.rules.entries[0]).clone() };
    let names = ["home.example.org", "shop.example.org"].map(|name| Domain::parse(name).expect("a name"));
    let entries = names.iter().map(|name| Arc::new(Entry { domains: vec![name.clone()], ..first.clone() }));
    desk.rules.entries = entries.collect();
    desk.handle(Event::Reconfigured(Box::new(desk.rules.clone())));
    for (name, lan) in names.iter().zip([OLD, NEW]) {
        let addresses = PerFamily { v4: None, v6: Some(V6_NEW) };
        desk.handle(Event::Pushed(Push { domains: vec![name.clone()], addresses, prefix: Some(prefix(lan)) }));
    }
    desk.pass(SECOND);
    desk.say("good");
    desk.pass(SECOND * 20);
    assert_eq!(urls(&desk), [format!("{V6_NEW}&lan={OLD}"), format!("{V6_NEW}&lan={NEW}")]);
    assert!(desk.sent.iter().all(|sent| sent.order.domains.len() == 1));
}

#[test]
fn a_prefix_beside_an_ipv4_address_is_looked_for() {
    let mut desk = desk(&[Source::FritzBox]);
    let text = Text::parse("<ip6lanprefix>").expect("a placeholder");
    let mut entry = Entry { mode: Mode::V4, ..(*desk.rules.entries[0]).clone() };
    let url = "https://dyn.example.net/nic/update?hostname=<domain>&myip=<ipaddr>";
    entry.sending.single.v4 = parse_update_url(url).expect("a URL").pop();
    entry.sending.headers = vec![("X-Lan".into(), text)];
    desk.rules.entries[0] = Arc::new(entry);
    desk.router.v6 = Some(router(Some(OLD)));
    desk.handle(Event::Reconfigured(Box::new(desk.rules.clone())));
    desk.pass(SECOND * 20);
    let sent = desk.sent.last().expect("a request was sent");
    assert_eq!(sent.order.lan_prefix, Some(prefix(OLD)));
}
