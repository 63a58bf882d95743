//! What a router pushes: for which names it counts, how long, and against what else.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use wanbeacon::engine::Run;
use wanbeacon::engine::event::{Event, Level};
use wanbeacon::rules::address::{Family, Observed, PerFamily, Prefix};
use wanbeacon::rules::consensus::Source;
use wanbeacon::rules::domain::{Domain, Entry, HostId};
use wanbeacon::rules::moment::{Moment, RELEASED};
use wanbeacon::rules::order::Slot;
use wanbeacon::rules::push::{Push, Stored, Taken};
use wanbeacon::rules::snapshot::StatusPicture;

use super::desk::{Desk, V4_NEW, V4_NEXT, V4_OLD, V6_NEW, freedyn};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

const HOME: &str = "home.example.org";

const NOTHING: Stored = Stored { addresses: PerFamily { v4: None, v6: None }, prefix: None };
const GOOD: Taken = Taken::Good(NOTHING);
const UNCHANGED: Taken = Taken::Unchanged(NOTHING);

/// Whatever is stored because of it.
fn bare(taken: Taken) -> Taken {
    match taken {
        Taken::Good(_) => GOOD,
        Taken::Unchanged(_) => UNCHANGED,
        other => other,
    }
}

/// What is stored of a push that is answered with a word.
fn stored(addresses: &[IpAddr], prefix: Option<&str>) -> Stored {
    let push = push(HOME, addresses, prefix);
    Stored { addresses: push.addresses, prefix: push.prefix }
}

fn domain(name: &str) -> Domain {
    Domain::parse(name).expect("a name")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A router says this for one name.
fn push(name: &str, addresses: &[IpAddr], prefix: Option<&str>) -> Push {
    let of = |family| addresses.iter().copied().find(|address| Family::of(*address) == family);
    Push {
        domains: vec![domain(name)],
        addresses: PerFamily::from_fn(of),
        prefix: prefix.map(|text| Prefix::parse(text).expect("a prefix")),
    }
}

fn command() -> Source {
    Source::Command("whatismyip".into())
}

/// A desk whose line has these sources for both families.
fn with_sources(config: &str, sources: &[Source]) -> Desk {
    let mut desk = Desk::new(config);
    desk.rules.lines[0].sources = PerFamily { v4: sources.to_vec(), v6: sources.to_vec() };
    desk
}

/// One name, at a line that a router calls about, and nobody else.
fn called(mode: &str) -> Desk {
    let mut desk = with_sources(&freedyn(mode, "verify = false"), &[Source::Push]);
    desk.start();
    desk
}

/// Another entry at the same line, for this name.
fn add(desk: &mut Desk, name: &str) {
    let first = &desk.rules.entries[0];
    let entry = Entry { domains: vec![domain(name)], fingerprint: name.into(), ..(**first).clone() };
    desk.rules.entries.push(Arc::new(entry));
}

impl Desk {
    fn pushes(&mut self, push: Push) -> Vec<Taken> {
        self.takes(push).into_iter().map(bare).collect()
    }

    /// The same, with what is stored.
    fn takes(&mut self, push: Push) -> Vec<Taken> {
        let taken = self.engine().takes(&push, self.now());
        self.handle(Event::Pushed(push));
        taken
    }

    fn reload(&mut self) {
        self.handle(Event::Reconfigured(Box::new(self.rules.clone())));
    }

    fn name(&self, name: &str, family: Family) -> StatusPicture {
        let snapshot = self.engine().snapshot(self.now());
        snapshot.ddns.into_iter().find(|it| it.domain.as_str() == name).expect("the name is configured").families[family].clone()
    }

    fn told(&self, text: &str) -> usize {
        self.notices.iter().filter(|it| it.sentence().contains(text)).count()
    }
}

#[test]
fn a_pushed_address_is_that_of_the_names_it_was_pushed_for_and_of_no_other() {
    let mut desk = with_sources(&freedyn("v4", "verify = false"), &[Source::Push]);
    add(&mut desk, "shop.example.org");
    desk.start();
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [GOOD]);
    desk.pass(SECOND);
    desk.say("good");
    desk.pass(DAY);
    let names: Vec<&str> = desk.sent.iter().flat_map(|sent| sent.order.domains.iter().map(Domain::as_str)).collect();
    assert_eq!((names, desk.addresses()), (vec![HOME], vec![V4_NEW]));
    assert_eq!(desk.told("home.example.org IPv4: the router pushes 91.0.0.2"), 1, "{:?}", desk.notices);
    let shop = desk.name("shop.example.org", Family::V4);
    assert_eq!((shop.status.as_str(), shop.address), ("checking", None));
    assert_eq!(shop.reason.as_deref(), Some("nothing was pushed yet for this name"));

    desk.pushes(push("shop.example.org", &[V4_NEXT], None));
    desk.pass(SECOND * 20);
    assert_eq!(desk.addresses(), [V4_NEW, V4_NEXT]);
    assert_eq!(desk.name(HOME, Family::V4).address, Some(V4_NEW));
}

#[test]
fn a_router_that_repeats_itself_for_ever_has_no_effect() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(SECOND);
    desk.say("good");
    let (written, notices) = (desk.disk.clone(), desk.notices.len());
    for _ in 0..300 {
        desk.pass(Duration::from_secs(300));
        assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [UNCHANGED]);
    }
    assert_eq!((desk.sent.len(), desk.looked, desk.notices.len()), (1, 0, notices));
    assert_eq!(desk.disk, written);
}

#[test]
fn a_line_that_only_hears_is_not_looked_at_and_complains_of_nothing() {
    let mut desk = called("both");
    desk.pass(DAY);
    desk.look();
    assert_eq!((desk.looked, desk.sent.len(), desk.notices.len()), (0, 0, 0), "{:?}", desk.notices);
    for family in Family::ALL {
        let line = desk.line(family);
        assert_eq!((line.address, line.reason.as_deref()), (None, Some("nothing was pushed yet for this name")));
    }
}

#[test]
fn what_was_pushed_outlives_a_restart() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_NEW], None));
    let since = desk.line(Family::V4).since;
    desk.restart();
    desk.pass(SECOND);
    assert_eq!(desk.addresses(), [V4_NEW]);
    desk.say("good");
    desk.restart();
    desk.pass(DAY);
    assert_eq!(desk.sent.len(), 1);
    let line = desk.line(Family::V4);
    assert_eq!((line.address, line.source.as_deref(), line.since), (Some(V4_NEW), Some("push"), since));
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [UNCHANGED]);
}

#[test]
fn what_was_pushed_outlives_a_reload_and_the_absence_of_its_name() {
    let mut desk = called("v4");
    add(&mut desk, "shop.example.org");
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.reload();
    desk.pass(SECOND);
    desk.say("good");
    let home = desk.rules.entries.remove(0);
    desk.reload();
    assert_eq!(desk.pushes(push(HOME, &[V4_NEXT], None)), [Taken::Unknown]);
    desk.restart();
    assert_eq!(desk.pushes(push("strange.example.org", &[V4_OLD], None)), [Taken::Unknown]);
    assert!(!desk.disk.keys().any(|key| key.contains("strange")), "a name that nobody has leaves no trace");
    desk.rules.entries.push(home);
    desk.reload();
    desk.pass(HOUR);
    assert_eq!(desk.addresses(), [V4_NEW, V4_NEXT], "what was said last, and not what was used last");
}

#[test]
fn an_entry_with_several_names_has_what_was_pushed_last_for_any_of_them() {
    let config = freedyn("v4", "verify = false").replace("\"home.example.org\"", "[\"a.example.org\", \"b.example.org\"]");
    let mut desk = with_sources(&config, &[Source::Push]);
    desk.start();
    desk.pushes(push("a.example.org", &[V4_NEW], None));
    desk.pass(SECOND);
    desk.say("good\ngood");
    desk.pass(HOUR);
    desk.pushes(push("b.example.org", &[V4_NEXT], None));
    desk.pass(SECOND);
    assert_eq!(desk.addresses(), [V4_NEW, V4_NEXT]);
    assert!(desk.sent.iter().all(|sent| sent.order.domains.len() == 2));
}

/// Two names in one entry that only hears, and how many warnings there were of what they were pushed.
fn two_names() -> Desk {
    let config = freedyn("v4", "verify = false").replace("\"home.example.org\"", "[\"a.example.org\", \"b.example.org\"]");
    let mut desk = with_sources(&config, &[Source::Push]);
    desk.start();
    desk
}

#[test]
fn two_sites_in_one_entry_share_what_came_last_and_that_is_said() {
    let mut desk = two_names();
    desk.pushes(push("a.example.org", &[V4_OLD], None));
    desk.pass(SECOND);
    desk.say("good\ngood");
    desk.pass(HOUR);
    assert_eq!(desk.takes(push("b.example.org", &[V4_NEW], None)), [Taken::Good(stored(&[V4_NEW], None))]);
    desk.pass(SECOND);
    desk.say("good\ngood");
    for name in ["a.example.org", "b.example.org"] {
        let reason = desk.name(name, Family::V4).reason.expect("that is to be known");
        for part in [&format!("{V4_OLD} for a.example.org"), &format!("{V4_NEW} for b.example.org"), "an entry of its own"] {
            assert!(reason.contains(part), "{reason}");
        }
    }
    let written = desk.disk.clone();
    for _ in 0..300 {
        desk.pass(Duration::from_secs(300));
        assert_eq!(desk.takes(push("a.example.org", &[V4_OLD], None)), [Taken::Unchanged(stored(&[V4_NEW], None))]);
        assert_eq!(desk.takes(push("b.example.org", &[V4_NEW], None)), [Taken::Unchanged(stored(&[V4_NEW], None))]);
    }
    assert_eq!((desk.addresses(), desk.disk == written), (vec![V4_OLD, V4_NEW], true), "the provider is left in peace");
    let warnings = desk.notices.iter().filter(|it| it.level == Level::Warning && it.text.contains("pushed different addresses"));
    assert_eq!(warnings.count(), 1, "{:?}", desk.notices);
    desk.pushes(push("a.example.org", &[V4_NEW], None));
    assert_eq!(desk.name("a.example.org", Family::V4).reason, None, "now they agree");
}

#[test]
fn a_router_that_calls_once_per_name_is_no_second_site() {
    let mut desk = two_names();
    for address in [V4_OLD, V4_NEW, V4_NEXT] {
        for name in ["a.example.org", "b.example.org"] {
            desk.pushes(push(name, &[address], None));
            desk.pass(SECOND * 5);
        }
        desk.say("good\ngood");
        desk.pass(DAY);
    }
    assert_eq!(desk.told("pushed different addresses"), 0, "{:?}", desk.notices);
    // It fell silent of one of them.
    desk.pushes(push("a.example.org", &[V4_OLD], None));
    desk.pass(DAY);
    assert_eq!(desk.told("pushed different addresses"), 1, "without another call");
}

#[test]
fn what_an_entry_has_no_use_for_is_not_called_taken() {
    let mut desk = called("v4");
    let (first, later) = (ip("2003:e7:1:2:3::44"), ip("2003:e7:1:2:3::45"));
    let prefix = Some("2003:e7:1::/56");
    assert_eq!(desk.takes(push(HOME, &[V4_NEW, first], prefix)), [Taken::Good(stored(&[V4_NEW], None))]);
    assert_eq!(desk.takes(push(HOME, &[V4_NEW, later], prefix)), [Taken::Unchanged(stored(&[V4_NEW], None))]);
    assert_eq!(desk.takes(push(HOME, &[later], prefix)), [Taken::NoRecord]);

    let mut desk = with_sources(&freedyn("both", "verify = false\nipv6_host = \"::1:2:3:4\""), &[Source::Push]);
    desk.start();
    assert_eq!(desk.takes(push(HOME, &[first], None)), [Taken::NoRecord]);
    assert_eq!(desk.takes(push(HOME, &[V4_NEW, first], None)), [Taken::Good(stored(&[V4_NEW], None))]);
    assert_eq!(desk.takes(push(HOME, &[V4_NEW, first], prefix)), [Taken::Good(stored(&[V4_NEW], prefix))]);
    assert_eq!(desk.takes(push(HOME, &[V4_NEW, later], prefix)), [Taken::Unchanged(stored(&[V4_NEW], prefix))]);
}

#[test]
fn of_two_entries_with_a_name_one_that_has_what_was_pushed_is_enough() {
    let mut desk = two_names();
    add(&mut desk, "a.example.org");
    desk.reload();
    desk.pushes(push("a.example.org", &[V4_OLD], None));
    desk.pass(SECOND);
    desk.pushes(push("b.example.org", &[V4_NEW], None));
    assert_eq!(desk.takes(push("a.example.org", &[V4_OLD], None)), [Taken::Unchanged(stored(&[V4_OLD], None))]);
}

#[test]
fn a_change_rests_briefly_after_a_quiet_spell_and_longer_in_quick_succession() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(Duration::from_millis(499));
    assert_eq!(desk.sent.len(), 0);
    desk.pass(Duration::from_millis(1));
    assert_eq!(desk.addresses(), [V4_OLD]);
    desk.say("good");
    desk.pass(HOUR);
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(Duration::from_millis(200));
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(DAY);
    assert_eq!(desk.sent.len(), 1, "it came back while it settled");
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(SECOND);
    desk.say("good");
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(SECOND * 5);
    desk.pushes(push(HOME, &[V4_NEXT], None));
    desk.pass(SECOND * 50);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW], "at most one request a minute");
    desk.pass(SECOND * 10);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW, V4_NEXT]);
}

#[test]
fn two_calls_one_per_family_travel_together() {
    let mut desk = called("together");
    for (v4, v6) in [(V4_OLD, V6_NEW), (V4_NEW, ip("2003:e7::9"))] {
        desk.pushes(push(HOME, &[v4], None));
        desk.pass(Duration::from_millis(300));
        desk.pushes(push(HOME, &[v6], None));
        desk.pass(SECOND);
        assert_eq!(desk.sent.last().map(|sent| sent.order.slot), Some(Slot::Together));
        desk.say("good\ngood");
        desk.pass(HOUR);
    }
    assert_eq!(desk.addresses(), [V4_OLD, V6_NEW, V4_NEW, ip("2003:e7::9")]);
}

#[test]
fn the_first_call_waits_two_minutes_for_the_one_of_the_other_family() {
    let mut desk = called("together");
    desk.pass(DAY);
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(SECOND * 100);
    assert_eq!(desk.sent.len(), 0);
    desk.pushes(push(HOME, &[V6_NEW], None));
    desk.pass(SECOND);
    assert_eq!(desk.addresses(), [V4_OLD, V6_NEW]);
}

#[test]
fn a_source_that_is_trusted_more_counts_as_long_as_it_knows() {
    let mut desk = with_sources(&freedyn("v4", "verify = false"), &[command(), Source::Push]);
    desk.start();
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [GOOD]);
    desk.pass(SECOND);
    desk.say("good");
    desk.pass(HOUR);
    assert_eq!((desk.addresses(), desk.line(Family::V4).address), (vec![V4_OLD], Some(V4_OLD)));
    // What was pushed before the line was seen is older than that: a single failure must not bring it back.
    desk.see(None);
    desk.pass(HOUR);
    assert_eq!((desk.sent.len(), desk.name(HOME, Family::V4).address), (1, None));
    assert_eq!(desk.line(Family::V4).source, None);
    desk.restart();
    desk.pass(HOUR);
    assert_eq!((desk.sent.len(), desk.name(HOME, Family::V4).address), (1, None), "after a restart as well");
    let notices = desk.notices.len();
    desk.pushes(push(HOME, &[V4_NEW], None));
    assert_eq!(desk.sent.len(), 1, "to fall back is a change, and rests as one");
    desk.pass(SECOND * 20);
    assert_eq!((desk.addresses(), desk.line(Family::V4).source.as_deref()), (vec![V4_OLD, V4_NEW], Some("push")));
    desk.say("good");
    desk.pass(HOUR);
    assert!(!desk.notices[notices..].iter().any(|it| it.text.contains("no IPv4 address")), "nobody misses it: {:?}", desk.notices);
    desk.see(Some(V4_NEXT));
    desk.pass(SECOND);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW, V4_NEXT]);
}

#[test]
fn a_push_stands_in_for_a_source_that_is_trusted_more_and_never_knew_or_knew_earlier_only() {
    let mut desk = with_sources(&freedyn("v4", "verify = false"), &[command(), Source::Push]);
    desk.shown.v4 = None;
    desk.start();
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(SECOND * 20);
    assert_eq!(desk.addresses(), [V4_OLD], "the line never gave one");
    desk.say("good");
    desk.pass(HOUR);
    desk.see(Some(V4_NEW));
    desk.pass(SECOND * 20);
    desk.say("good");
    desk.pass(HOUR);
    desk.pushes(push(HOME, &[V4_NEXT], None));
    desk.see(None);
    desk.pass(SECOND * 20);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW, V4_NEXT], "it is younger than what the line gave");
    desk.say("good");
    desk.restart();
    desk.pass(HOUR);
    assert_eq!((desk.sent.len(), desk.name(HOME, Family::V4).address), (3, Some(V4_NEXT)));
}

#[test]
fn what_a_router_repeats_while_the_line_says_nothing_is_news_once() {
    let mut desk = with_sources(&freedyn("v4", "verify = false"), &[command(), Source::Push]);
    desk.start();
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(SECOND);
    desk.say("good");
    desk.pass(HOUR);
    let written = desk.disk.clone();
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [UNCHANGED]);
    assert_eq!(desk.disk, written, "the line counts, and what is overtaken is not written again and again");
    desk.see(None);
    let (_, sources) = desk.engine().reports()[0].1.v4.clone();
    let pushed = sources.iter().find(|it| it.source == "push").expect("it is a source");
    assert_eq!((pushed.address, pushed.rejected.as_deref()), (Some(V4_NEW), Some("a source that is trusted more gave an address later")));
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [GOOD], "it says so now");
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [UNCHANGED]);
    desk.pass(SECOND * 20);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
}

/// What a line gave overtook what was pushed; then it knows nothing, and a router repeats a part of what it said before, again
/// and again: so often that is news.
fn times_that_is_news(keys: &str, addresses: &[IpAddr], prefix: Option<&str>) -> usize {
    let mut desk = with_sources(&freedyn("v6", keys), &[command(), Source::Push]);
    desk.start();
    desk.pushes(push(HOME, &[V6_NEW], Some("2003:e7:0:7700::/56")));
    desk.pass(HOUR);
    desk.shown.v6 = Some(ip("2003:e7:1::1"));
    desk.look();
    desk.pass(HOUR);
    desk.shown.v6 = None;
    desk.look();
    desk.pass(HOUR);
    let mut news = 0;
    for _ in 0..5 {
        let written = desk.disk.clone();
        let taken = desk.pushes(push(HOME, addresses, prefix));
        assert_eq!(taken == [GOOD], desk.disk != written, "what is answered is what happens: {taken:?}");
        news += usize::from(taken == [GOOD]);
        desk.pass(HOUR);
    }
    news
}

#[test]
fn a_router_repeats_in_vain_what_an_entry_does_not_go_by() {
    let (host, prefix) = ("verify = false\nipv6_host = \"::1a2b:3c4d:5e6f:7788\"", Some("2003:e7:0:7700::/56"));
    assert_eq!(times_that_is_news(host, &[V6_NEW], None), 0, "a machine behind the router goes by the prefix");
    assert_eq!(times_that_is_news(host, &[], prefix), 1);
    assert_eq!(times_that_is_news(host, &[V6_NEW], prefix), 1);
    assert_eq!(times_that_is_news("verify = false", &[], prefix), 0, "and this one by its address");
    assert_eq!(times_that_is_news("verify = false", &[V6_NEW], None), 1);
    assert_eq!(times_that_is_news("verify = false", &[V6_NEW], prefix), 1);
}

#[test]
fn nothing_is_sent_before_a_source_that_is_trusted_more_was_asked() {
    let mut desk = with_sources(&freedyn("v4", "verify = false"), &[command(), Source::Push]);
    desk.slow = Some(Vec::new());
    desk.start();
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(HOUR);
    assert_eq!((desk.sent.len(), desk.name(HOME, Family::V4).address), (0, None));
    desk.say_at_last();
    desk.pass(SECOND);
    assert_eq!(desk.addresses(), [V4_OLD]);
}

#[test]
fn a_source_that_is_trusted_less_counts_until_something_is_pushed_and_then_rests() {
    let mut desk = with_sources(&freedyn("v4", "verify = false"), &[Source::Push, command()]);
    add(&mut desk, "shop.example.org");
    desk.start();
    desk.pass(SECOND);
    desk.say("good\ngood");
    desk.pass(HOUR);
    assert!(desk.looked > 2);
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(SECOND);
    desk.say("good");
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
    let looked = desk.looked;
    desk.pass(HOUR);
    assert!(desk.looked > looked, "the other name needs it");
    desk.pushes(push("shop.example.org", &[V4_NEXT], None));
    let looked = desk.looked;
    desk.pass(DAY);
    assert_eq!(desk.looked, looked, "nobody needs it");
    assert_eq!(desk.line(Family::V4).reason.as_deref(), Some("each entry has the address that was pushed last for one of its names"));
    desk.pushes(push("shop.example.org", &[V4_NEW], None));
    assert_eq!(desk.line(Family::V4).address, Some(V4_NEW));
}

#[test]
fn machines_behind_the_router_have_its_prefix_and_never_the_network_of_its_address() {
    let host = "ipv6_host = \"::1:2:3:4\"\nverify = false";
    let mut desk = with_sources(&freedyn("v6", host), &[Source::Push]);
    desk.start();
    assert_eq!(desk.pushes(push(HOME, &[ip("2003:e7:ff::1")], None)), [Taken::NoRecord], "it has no use for it");
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 0);
    assert_eq!(desk.name(HOME, Family::V6).reason.as_deref(), Some("the router does not tell the prefix of its LAN"));
    assert_eq!(desk.pushes(push(HOME, &[], Some("2003:e7:1:5600::/56"))), [GOOD]);
    desk.pass(SECOND * 20);
    assert_eq!(desk.addresses(), [ip("2003:e7:1:5600:1:2:3:4")]);
    desk.say("good");
    assert_eq!(desk.told("IPv6: the router pushes the prefix 2003:e7:1:5600::/56"), 1, "{:?}", desk.notices);
    desk.pass(HOUR);
    assert_eq!(desk.pushes(push(HOME, &[ip("2003:e7:ff::1")], Some("2003:e7:1:5600::/56"))), [UNCHANGED]);
}

#[test]
fn a_prefix_alone_is_enough_for_machines_and_no_address_for_the_router_itself() {
    let mut desk = with_sources(&freedyn("v6", "verify = false"), &[Source::Push]);
    let host = HostId::parse("::1:2:3:4").expect("an identifier");
    add(&mut desk, "nas.example.org");
    desk.rules.entries[1] = Arc::new(Entry { ipv6_host: Some(host), ..(*desk.rules.entries[1]).clone() });
    desk.start();
    let both = Push { domains: vec![domain(HOME), domain("nas.example.org")], ..push(HOME, &[], Some("2003:e7:1:5600::/56")) };
    assert_eq!(desk.pushes(both.clone()), [Taken::NoRecord, GOOD]);
    assert_eq!(desk.pushes(both), [Taken::NoRecord, UNCHANGED]);
    desk.pass(SECOND);
    assert_eq!(desk.addresses(), [ip("2003:e7:1:5600:1:2:3:4")]);
    assert_eq!(desk.name(HOME, Family::V6).address, None);
    assert_eq!(desk.told("the prefix"), 1, "a prefix that nobody uses is no news: {:?}", desk.notices);
}

#[test]
fn a_name_takes_a_push_only_where_its_line_has_that_source() {
    let mut desk = with_sources(&freedyn("v4", "verify = false"), &[Source::Push]);
    desk.rules.lines[0].sources.v6 = vec![command()];
    add(&mut desk, "other.example.org");
    desk.rules.entries[1] = Arc::new(Entry { enabled: false, ..(*desk.rules.entries[1]).clone() });
    desk.start();
    assert_eq!(desk.pushes(push("strange.example.org", &[V4_NEW], None)), [Taken::Unknown]);
    assert_eq!(desk.pushes(push("other.example.org", &[V4_NEW], None)), [Taken::NoRecord], "it is switched off");
    assert_eq!(desk.pushes(push(HOME, &[V6_NEW], None)), [Taken::NoRecord], "it is for IPv4 only");
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW, V6_NEW], None)), [GOOD], "one of both is enough");
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW, V6_NEW], None)), [UNCHANGED]);
    desk.rules.lines[0].sources.v4 = vec![command()];
    desk.reload();
    assert_eq!(desk.pushes(push(HOME, &[V4_NEXT], None)), [Taken::NoRecord]);
    let all = Push { domains: vec![domain("strange.example.org"), domain(HOME)], ..push(HOME, &[V4_NEW], None) };
    assert_eq!(desk.engine().takes(&all, desk.now()), [Taken::Unknown, Taken::NoRecord], "one answer per name, in their order");
}

#[test]
fn what_is_not_in_use_does_not_grow_old() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(SECOND);
    desk.say("good");
    let sources = desk.rules.lines[0].sources.clone();
    desk.rules.lines[0].sources.v4 = vec![command()];
    desk.reload();
    desk.pushes(push(HOME, &[V4_NEXT], None));
    desk.rules.lines[0].sources = sources;
    desk.reload();
    desk.pass(HOUR);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEXT]);
}

#[test]
fn what_is_pushed_for_a_locked_name_goes_out_when_the_lock_is_opened() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(SECOND);
    desk.say("abuse");
    for _ in 0..2 {
        assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [Taken::Locked]);
        desk.restart();
    }
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 1);
    desk.unlock();
    desk.pass(HOUR);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
}

#[test]
fn an_address_that_the_provider_refuses_is_not_taken_and_another_one_is() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(SECOND);
    desk.say("dnserr");
    assert_eq!(desk.pushes(push(HOME, &[V4_OLD], None)), [Taken::Refused(V4_OLD)]);
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [GOOD]);
    desk.pass(HOUR);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
}

#[test]
fn of_several_entries_with_the_name_one_that_takes_it_is_enough() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(SECOND);
    desk.say("abuse");
    add(&mut desk, HOME);
    let elsewhere = Entry { account: "another".into(), service: "another".into(), ..(*desk.rules.entries[1]).clone() };
    desk.rules.entries[1] = Arc::new(elsewhere);
    desk.reload();
    desk.say("good");
    assert_eq!(desk.addresses(), [V4_OLD, V4_OLD], "what is known of the name is known to both");
    assert_eq!(desk.pushes(push(HOME, &[V4_NEW], None)), [GOOD]);
    desk.pass(HOUR);
    assert_eq!(desk.addresses(), [V4_OLD, V4_OLD, V4_NEW], "through the open one");
}

#[test]
fn a_lost_link_and_a_long_sleep_do_not_take_away_what_the_router_will_not_repeat() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_OLD], None));
    desk.pass(SECOND);
    desk.say("good");
    desk.pass(HOUR);
    desk.handle(Event::Resumed);
    desk.handle(Event::LinkChanged(PerFamily { v4: false, v6: true }));
    assert_eq!(desk.name(HOME, Family::V4).address, Some(V4_OLD), "the other family leads there");
    desk.handle(Event::LinkChanged(PerFamily { v4: false, v6: false }));
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(HOUR);
    assert_eq!((desk.sent.len(), desk.name(HOME, Family::V4).status.as_str()), (1, "internet-not-connected"));
    desk.handle(Event::LinkChanged(PerFamily { v4: true, v6: true }));
    desk.pass(SECOND * 20);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
    assert_eq!(desk.looked, 0);
}

#[test]
fn what_is_pushed_before_the_clock_is_set_is_not_lost() {
    let mut desk = with_sources(&freedyn("v4", "verify = false"), &[Source::Push]);
    desk.wall = Moment(0);
    desk.start();
    assert_eq!(desk.pushes(push(HOME, &[V4_OLD], None)), [GOOD]);
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(HOUR);
    assert_eq!((desk.sent.len(), desk.disk.len()), (0, 0));
    assert!(desk.engine().has_unsaved_pushes(), "nothing can be written yet");
    desk.wall = RELEASED.plus(DAY);
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.addresses(), [V4_NEW]);
}

#[test]
fn of_several_pushes_before_the_clock_is_set_the_last_one_counts() {
    let config = freedyn("v4", "verify = false").replace("\"home.example.org\"", "[\"a.example.org\", \"b.example.org\"]");
    for (first, last) in [("a.example.org", "b.example.org"), ("b.example.org", "a.example.org")] {
        let mut desk = with_sources(&config, &[Source::Push]);
        desk.wall = Moment(0);
        desk.start();
        desk.pushes(push(first, &[V4_OLD], None));
        desk.pushes(push(last, &[V4_NEW], None));
        desk.wall = RELEASED.plus(DAY);
        desk.pass(Duration::from_secs(60));
        assert_eq!(desk.addresses(), [V4_NEW], "{last} was the last one");
    }
}

#[test]
fn a_push_that_was_dated_by_a_wrong_clock_is_not_later_than_the_next_one() {
    let config = freedyn("v4", "verify = false").replace("\"home.example.org\"", "[\"a.example.org\", \"b.example.org\"]");
    let mut desk = with_sources(&config, &[Source::Push]);
    desk.wall = RELEASED.plus(DAY * 1000);
    desk.start();
    desk.pushes(push("a.example.org", &[V4_OLD], None));
    desk.wall = RELEASED.plus(DAY);
    desk.restart();
    desk.pass(SECOND);
    desk.pushes(push("b.example.org", &[V4_NEW], None));
    assert_eq!(desk.line(Family::V4).address, Some(V4_NEW));
    // Set while it runs, all of it moves along.
    let since = desk.line(Family::V4).since.expect("there is an address");
    desk.wall = desk.wall.plus(DAY);
    desk.handle(Event::Tick);
    assert_eq!(desk.line(Family::V4).since, Some(since.plus(DAY)));
}

#[test]
fn two_pushes_that_a_clock_ahead_has_dated_keep_their_order() {
    let config = freedyn("v4", "verify = false").replace("\"home.example.org\"", "[\"a.example.org\", \"b.example.org\"]");
    for (first, last) in [("a.example.org", "b.example.org"), ("b.example.org", "a.example.org")] {
        let mut desk = with_sources(&config, &[Source::Push]);
        desk.wall = RELEASED.plus(DAY * 1000);
        desk.start();
        desk.pushes(push(first, &[V4_OLD], None));
        desk.pass(HOUR);
        desk.pushes(push(last, &[V4_NEW], None));
        desk.wall = RELEASED.plus(DAY);
        desk.restart();
        assert_eq!(desk.line(Family::V4).address, Some(V4_NEW));
        desk.pass(HOUR);
        desk.pushes(push(first, &[V4_NEXT], None));
        desk.restart();
        assert_eq!(desk.line(Family::V4).address, Some(V4_NEXT), "what came under the right clock is the last one");
    }
}

#[test]
fn a_push_of_a_name_that_is_away_is_not_younger_because_the_clock_was_ahead() {
    let config = freedyn("v4", "verify = false").replace("\"home.example.org\"", "[\"a.example.org\", \"b.example.org\"]");
    let mut desk = with_sources(&config, &[Source::Push]);
    desk.wall = RELEASED.plus(DAY * 1000);
    desk.start();
    desk.pushes(push("a.example.org", &[V4_OLD], None));
    let both = desk.rules.entries[0].clone();
    desk.rules.entries[0] = Arc::new(Entry { domains: vec![domain("b.example.org")], ..(*both).clone() });
    desk.reload();
    desk.wall = RELEASED.plus(DAY);
    desk.restart();
    desk.pass(HOUR);
    desk.pushes(push("b.example.org", &[V4_NEW], None));
    desk.pass(HOUR);
    desk.rules.entries[0] = both;
    desk.reload();
    assert_eq!(desk.line(Family::V4).address, Some(V4_NEW));
}

#[test]
fn whoever_pushes_is_told_nothing_good_before_it_is_on_disk() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_OLD], None));
    assert!(!desk.engine().has_unsaved_pushes());
    desk.disk_full = true;
    desk.pushes(push(HOME, &[V4_NEW], None));
    assert!(desk.engine().has_unsaved_pushes());
    desk.pass(SECOND * 100);
    desk.disk_full = false;
    desk.pushes(push(HOME, &[V4_NEW], None));
    assert!(desk.engine().has_unsaved_pushes(), "a repetition changes nothing, and nobody writes yet");
    desk.pass(SECOND * 250);
    assert!(!desk.engine().has_unsaved_pushes());
}

#[test]
fn what_was_pushed_while_the_disk_was_full_is_written_later() {
    let mut desk = called("v4");
    desk.disk_full = true;
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(SECOND * 290);
    desk.disk_full = false;
    desk.pass(SECOND * 20);
    assert!(desk.disk.keys().any(|key| key == "push/home.example.org/ipv4"), "{:?}", desk.disk.keys());
}

#[test]
fn a_single_round_sends_what_the_daemon_was_told() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.run = Run::Once;
    desk.restart();
    assert_eq!((desk.addresses(), desk.looked), (vec![V4_NEW], 0));
    desk.say("good");
    assert!(desk.finished);
}

#[test]
fn somebody_who_wants_to_see_the_sources_sees_what_was_pushed() {
    let mut desk = called("v4");
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.run = Run::Survey;
    desk.restart();
    assert!(desk.finished);
    let reports: BTreeMap<_, _> = desk.engine().reports().into_iter().collect();
    let (observed, sources) = &reports["default"].v4;
    assert_eq!(observed.as_ref().and_then(Observed::address), Some(V4_NEW));
    assert_eq!(sources.iter().map(|it| (it.source.as_str(), it.address)).collect::<Vec<_>>(), [("push", Some(V4_NEW))]);
    let (observed, sources) = &reports["default"].v6;
    assert_eq!(observed.as_ref().and_then(Observed::address), None);
    assert_eq!(sources[0].rejected.as_deref(), Some("nothing was pushed yet for this name"));
    assert_eq!(desk.looked, 0);
}

#[test]
fn a_lost_memory_asks_dns_before_a_pushed_address_is_sent() {
    let mut desk = with_sources(&freedyn("v4", ""), &[Source::Push]);
    desk.dns.v4 = Some(V4_NEW);
    desk.start();
    desk.pushes(push(HOME, &[V4_NEW], None));
    desk.pass(DAY);
    assert_eq!((desk.sent.len(), desk.asked), (0, 1));
    assert_eq!(desk.name(HOME, Family::V4).status, "complete");
}

#[test]
fn news_of_the_router_is_told_once_per_change() {
    let mut desk = called("both");
    for address in [V4_OLD, V4_OLD, V4_NEW, V4_OLD] {
        desk.pushes(push(HOME, &[address], None));
        desk.pass(HOUR);
    }
    let told = desk.notices.iter().filter(|it| it.text.starts_with("the router pushes"));
    assert_eq!(told.clone().count(), 3, "{:?}", desk.notices);
    assert!(told.clone().all(|it| it.level == Level::Notice));
}
