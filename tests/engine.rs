//! The engine, event by event, with made-up times.

#[path = "engine/addresses.rs"]
mod addresses;
#[path = "engine/desk.rs"]
mod desk;
#[path = "engine/prefixes.rs"]
mod prefixes;
#[path = "engine/pushes.rs"]
mod pushes;

use std::sync::Arc;
use std::time::Duration;

use desk::{Desk, V4_NEW, V4_NEXT, V4_OLD, V6_NEW, freedyn, rules};
use wanbeacon::engine::Run;
use wanbeacon::engine::event::{Action, Event, RouterNews};
use wanbeacon::rules::address::{Family, PerFamily};
use wanbeacon::rules::consensus::{Line, Probe, Source};
use wanbeacon::rules::domain::{Domain, Entry, HostId};
use wanbeacon::rules::moment::{Moment, RELEASED};
use wanbeacon::rules::order::{Endpoint, Slot};
use wanbeacon::rules::reply::{Fault, Outcome, Reply};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

const HOUR: Duration = seconds(3600);

/// A desk whose one name has `V4_OLD` at the provider, confirmed, for an hour.
fn settled(config: &str) -> Desk {
    let mut desk = Desk::new(config);
    desk.dns.v4 = Some(V4_OLD);
    desk.start();
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 0, "DNS shows it already");
    desk.dns.v4 = None;
    desk
}

#[test]
fn the_first_change_after_a_quiet_spell_is_sent_once_it_has_settled() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.see(Some(V4_NEW));
    assert_eq!(desk.sent.len(), 0, "not at once");
    desk.pass(Duration::from_millis(499));
    assert_eq!(desk.sent.len(), 0);
    desk.pass(Duration::from_millis(1));
    assert_eq!(desk.addresses(), [V4_NEW]);
}

#[test]
fn changes_in_quick_succession_are_debounced_and_spaced() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.see(Some(V4_NEW));
    desk.pass(seconds(1));
    desk.say("good");
    desk.see(Some(V4_OLD));
    desk.pass(seconds(5));
    desk.see(Some(V4_NEXT));
    desk.pass(seconds(50));
    assert_eq!(desk.addresses(), [V4_NEW], "at most one request a minute");
    desk.pass(seconds(10));
    assert_eq!(desk.addresses(), [V4_NEW, V4_NEXT], "the address in between was never sent");
}

#[test]
fn an_address_that_comes_back_after_a_request_without_an_answer_is_verified_and_repaired() {
    let unanswered = |desk: &mut Desk| desk.answer(Outcome::Failed(Fault::Ambiguous("timed out".into())));
    for end in [unanswered, Desk::restart] {
        let mut desk = settled(&freedyn("v4", ""));
        desk.see(Some(V4_NEW));
        desk.pass(seconds(1));
        desk.dns.v4 = Some(V4_NEW);
        desk.shown.v4 = Some(V4_OLD);
        end(&mut desk);
        desk.look();
        desk.pass(HOUR * 3);
        assert_eq!(desk.addresses(), [V4_NEW, V4_OLD], "it was carried out, as DNS shows");
    }
}

#[test]
fn an_address_that_comes_back_while_it_settles_costs_nothing() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.see(Some(V4_NEW));
    desk.pass(Duration::from_millis(200));
    desk.see(Some(V4_OLD));
    desk.pass(days(1));
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn the_intent_is_saved_before_the_request_is_sent() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.see(Some(V4_NEW));
    desk.pass(seconds(1));
    let save = desk.last.iter().position(|action| {
        matches!(action, Action::Save(writes) if writes.iter().any(|write| write.value.as_ref().is_some_and(|it| it.contains("\"intent\":{"))))
    });
    let send = desk.last.iter().position(|action| matches!(action, Action::Send { .. }));
    assert!(save.is_some() && save < send, "{:?}", desk.last);
}

#[test]
fn a_reply_to_an_old_ticket_books_the_address_that_was_sent() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.see(Some(V4_NEW));
    desk.pass(seconds(1));
    desk.see(Some(V4_NEXT));
    desk.say("good");
    assert_eq!(desk.picture(Family::V4).published, Some(V4_NEW));
    desk.pass(seconds(90));
    assert_eq!(desk.addresses(), [V4_NEW, V4_NEXT]);
}

#[test]
fn badauth_locks_the_account_and_the_other_family_is_not_tried() {
    let mut desk = Desk::new(&freedyn("both", ""));
    desk.shown.v6 = Some(V6_NEW);
    desk.start();
    desk.pass(seconds(1));
    assert_eq!(desk.addresses(), [V4_OLD], "one request per account at a time");
    desk.say("badauth");
    desk.see(Some(V4_NEW));
    desk.pass(days(30));
    assert_eq!(desk.sent.len(), 1);
    for family in Family::ALL {
        assert_eq!(desk.picture(family).status, "account-disabled");
    }
}

#[test]
fn a_lock_survives_the_restart_and_no_source_is_asked() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("abuse");
    desk.restart();
    let looked = desk.looked;
    desk.pass(days(2));
    assert_eq!((desk.sent.len(), desk.looked), (1, looked));
    assert_eq!(desk.picture(Family::V4).locked.map(|lock| lock.code), Some("abuse".to_owned()));
}

#[test]
fn a_request_that_was_dated_by_a_clock_ahead_holds_the_next_one_back_for_minutes_only() {
    let mut desk = Desk::new(&freedyn("v4", "verify = false"));
    desk.wall = desk.wall.plus(days(3));
    desk.start();
    desk.pass(seconds(1));
    desk.say("good");
    desk.wall = desk.wall.minus(days(3));
    desk.shown.v4 = Some(V4_NEW);
    desk.restart();
    // An exhausted budget at most.
    desk.pass(seconds(11 * 60));
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
}

#[test]
fn a_reload_before_the_clock_is_set_forgets_no_lock() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("notfqdn");
    let right = std::mem::replace(&mut desk.wall, Moment(0));
    desk.restart();
    for mode in ["v6", "v4"] {
        desk.handle(Event::Reconfigured(Box::new(rules(&freedyn(mode, "")))));
    }
    desk.wall = right;
    desk.pass(days(1));
    assert_eq!(desk.sent.len(), 1);
    assert_eq!(desk.picture(Family::V4).locked.map(|lock| lock.code), Some("notfqdn".to_owned()));
}

#[test]
fn a_lock_is_opened_by_a_person_once_in_five_minutes() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("abuse");
    desk.unlock();
    desk.pass(seconds(61));
    desk.say("abuse");
    assert_eq!(desk.sent.len(), 2);
    desk.unlock();
    desk.pass(seconds(200));
    assert_eq!(desk.sent.len(), 2, "the provider refused again; the lock stays");
    desk.pass(seconds(100));
    desk.unlock();
    desk.pass(seconds(61));
    assert_eq!(desk.sent.len(), 3);
}

#[test]
fn an_opened_lock_sends_what_the_line_shows_now_and_not_what_it_showed_when_it_closed() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("abuse");
    desk.pass(HOUR);
    desk.shown.v4 = Some(V4_NEW);
    desk.pass(HOUR);
    desk.unlock();
    desk.pass(HOUR);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
}

#[test]
fn an_update_on_request_looks_at_the_line_first() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.shown.v4 = Some(V4_NEW);
    desk.handle(Event::Update { domain: None });
    desk.pass(HOUR);
    assert_eq!(desk.addresses(), [V4_NEW]);
    desk.dns.v4 = Some(V4_NEW);
    desk.say("good");
    desk.pass(HOUR);
    desk.handle(Event::Update { domain: None });
    assert_eq!(desk.addresses(), [V4_NEW, V4_NEW], "an unchanged address is sent as well");
}

#[test]
fn after_a_long_sleep_the_line_is_looked_at_before_anything_is_sent() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("911");
    desk.shown.v4 = Some(V4_NEW);
    desk.sleep(8 * HOUR);
    desk.pass(HOUR);
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
}

#[test]
fn a_request_for_both_families_waits_two_minutes_for_the_missing_one() {
    let mut desk = Desk::new(&freedyn("together", ""));
    desk.start();
    desk.pass(seconds(60));
    assert_eq!(desk.sent.len(), 0);
    desk.shown.v6 = Some(V6_NEW);
    desk.look();
    desk.pass(seconds(1));
    assert_eq!(desk.sent.last().map(|sent| sent.order.slot), Some(Slot::Together));
    assert_eq!(desk.addresses(), [V4_OLD, V6_NEW]);

    let mut alone = Desk::new(&freedyn("together", ""));
    alone.start();
    alone.pass(seconds(119));
    assert_eq!(alone.sent.len(), 0);
    alone.pass(seconds(2));
    assert_eq!(alone.sent.last().map(|sent| sent.order.slot), Some(Slot::Single(Family::V4)));
}

#[test]
fn more_names_than_fit_into_a_request_are_sent_in_batches_with_a_pause() {
    let names: Vec<String> = (0..25).map(|number| format!("\"n{number}.example.org\"")).collect();
    let mut desk = Desk::new(&freedyn("v4", "").replace("\"home.example.org\"", &format!("[{}]", names.join(", "))));
    desk.start();
    desk.pass(seconds(1));
    assert_eq!(desk.sent.iter().map(|sent| sent.order.domains.len()).collect::<Vec<_>>(), [20]);
    desk.say(&["good"; 20].join("\n"));
    desk.pass(seconds(3));
    assert_eq!(desk.sent.len(), 1, "5 s between batches");
    desk.pass(seconds(2));
    assert_eq!(desk.sent.iter().map(|sent| sent.order.domains.len()).collect::<Vec<_>>(), [20, 5]);
}

#[test]
fn the_other_host_is_asked_once_if_the_own_one_cannot_be_reached() {
    let mut desk = Desk::new(&freedyn("both", ""));
    desk.start();
    desk.pass(seconds(1));
    let refused = || Outcome::Failed(Fault::Connect("refused".into()));
    desk.answer(refused());
    let endpoints = |desk: &Desk| desk.sent.iter().map(|sent| sent.order.endpoint).collect::<Vec<_>>();
    assert_eq!(endpoints(&desk), [Endpoint::Own, Endpoint::Sibling]);
    desk.answer(refused());
    desk.pass(seconds(29));
    assert_eq!(desk.sent.len(), 2);
    desk.pass(seconds(10));
    assert_eq!(endpoints(&desk), [Endpoint::Own, Endpoint::Sibling, Endpoint::Own]);
}

#[test]
fn the_other_host_is_not_asked_with_an_address_that_the_line_has_lost() {
    let mut desk = Desk::new(&freedyn("both", ""));
    desk.start();
    desk.pass(seconds(1));
    desk.see(Some(V4_NEW));
    desk.answer(Outcome::Failed(Fault::Connect("refused".into())));
    desk.pass(seconds(60));
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
}

#[test]
fn the_pause_between_batches_counts_from_the_request_to_the_other_host() {
    let mut desk = Desk::new(&freedyn("both", ""));
    desk.shown.v6 = Some(V6_NEW);
    desk.start();
    desk.pass(seconds(1));
    desk.pass(seconds(4));
    desk.answer(Outcome::Failed(Fault::Connect("refused".into())));
    desk.say("good");
    desk.pass(seconds(4));
    assert_eq!(desk.addresses(), [V4_OLD, V4_OLD]);
    desk.pass(seconds(1));
    assert_eq!(desk.addresses(), [V4_OLD, V4_OLD, V6_NEW]);
}

#[test]
fn a_lost_memory_asks_dns_before_anything_is_sent() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.dns.v4 = Some(V4_OLD);
    desk.start();
    desk.pass(days(1));
    assert_eq!((desk.sent.len(), desk.asked), (0, 1));
    assert_eq!(desk.picture(Family::V4).status, "complete");
}

#[test]
fn a_single_round_finishes_after_the_reply_and_one_look_at_dns() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.run = Run::Once;
    desk.start();
    assert!(!desk.finished, "the reply is waited for");
    desk.dns.v4 = Some(V4_OLD);
    desk.say("good");
    desk.pass(seconds(10));
    assert!(desk.finished);
    assert_eq!(desk.addresses(), [V4_OLD]);
}

#[test]
fn stopping_waits_for_the_reply_in_the_air() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    desk.look();
    desk.handle(Event::Stop);
    desk.pass(HOUR);
    assert!(!desk.finished, "and nothing else is done meanwhile");
    desk.say("good");
    assert!(desk.finished);
}

#[test]
fn stopping_works_while_the_clock_is_not_set() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.wall = Moment(0);
    desk.start();
    desk.handle(Event::Stop);
    assert!(desk.finished);
}

#[test]
fn a_wait_takes_as_long_as_it_takes_whatever_the_clock_does() {
    for step in [-86_400_000, 86_400_000] {
        let mut desk = Desk::new(&freedyn("v4", ""));
        desk.start();
        desk.pass(seconds(1));
        desk.say("911");
        desk.wall = desk.wall.shifted(step);
        desk.pass(seconds(29 * 60));
        assert_eq!(desk.sent.len(), 1, "step of {step} ms");
        desk.pass(seconds(10 * 60));
        assert_eq!(desk.sent.len(), 2, "step of {step} ms");
    }
}

#[test]
fn nothing_happens_before_the_clock_is_set() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.wall = Moment(0);
    desk.start();
    desk.pass(HOUR);
    assert_eq!((desk.sent.len(), desk.looked, desk.asked, desk.disk.len()), (0, 0, 0, 0));
    desk.wall = RELEASED.plus(days(3));
    desk.pass(seconds(60));
    assert_eq!(desk.addresses(), [V4_OLD]);
}

#[test]
fn a_full_disk_holds_the_request_for_five_minutes() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.disk_full = true;
    desk.start();
    desk.pass(seconds(299));
    assert_eq!(desk.sent.len(), 0);
    desk.disk_full = false;
    desk.pass(seconds(10));
    assert_eq!(desk.addresses(), [V4_OLD]);
}

#[test]
fn a_refresh_comes_once_after_its_time() {
    let mut desk = Desk::new(&freedyn("v4", "refresh = \"28d\""));
    desk.start();
    desk.pass(seconds(1));
    desk.dns.v4 = Some(V4_OLD);
    desk.say("good");
    desk.pass(days(28).saturating_sub(HOUR));
    assert_eq!(desk.sent.len(), 1);
    desk.pass(days(1) + HOUR);
    assert_eq!(desk.sent.len(), 2);
    desk.say("nochg");
    desk.pass(days(27));
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn a_refresh_that_is_answered_doubtfully_is_followed_by_no_other_request_within_a_day() {
    let mut desk = Desk::new(&freedyn("v4", "verify = false\nrefresh = \"3d\""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("good");
    desk.pass(days(4));
    assert_eq!(desk.sent.len(), 2);
    desk.say("good 91.255.255.1");
    desk.pass(days(1).saturating_sub(HOUR));
    assert_eq!(desk.sent.len(), 2, "the refresh was the one of this day");
    desk.pass(HOUR * 2);
    assert_eq!(desk.sent.len(), 3);
}

#[test]
fn a_record_that_dns_shows_otherwise_is_repaired_after_an_hour_and_then_once_a_day() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.dns.v4 = Some(V4_NEXT);
    desk.start();
    desk.pass(seconds(1));
    desk.say("good");
    desk.pass(seconds(3590));
    assert_eq!(desk.sent.len(), 1);
    desk.pass(seconds(20 * 60));
    assert_eq!(desk.sent.len(), 2);
    desk.say("nochg");
    desk.pass(days(1));
    assert_eq!(desk.sent.len(), 2);
    desk.pass(seconds(6 * 3600));
    assert_eq!(desk.sent.len(), 3);
}

#[test]
fn a_name_that_its_batch_left_out_is_sent_alone_once_and_then_once_a_day() {
    let mut desk = Desk::new(&freedyn("v4", "").replace("\"home.example.org\"", "[\"a.example.org\", \"b.example.org\"]"));
    desk.start();
    desk.pass(seconds(1));
    desk.say("good");
    desk.pass(HOUR);
    assert_eq!(desk.sent.iter().map(|sent| sent.order.domains.len()).collect::<Vec<_>>(), [2, 1]);
    desk.say("nochg");
    desk.pass(seconds(60));
    assert_eq!(desk.sent.iter().map(|sent| sent.order.domains.len()).collect::<Vec<_>>(), [2, 1, 1]);
    desk.say("nochg");
    desk.pass(days(1).saturating_sub(HOUR));
    assert_eq!(desk.sent.len(), 3);
}

#[test]
fn a_family_that_the_reply_is_silent_about_is_repaired_after_an_hour_and_not_before() {
    let mut desk = Desk::new(&freedyn("together", ""));
    desk.shown.v6 = Some(V6_NEW);
    desk.start();
    desk.pass(seconds(1));
    desk.dns.v4 = Some(V4_OLD);
    desk.say(&format!("good {V4_OLD}"));
    desk.pass(seconds(3590));
    assert_eq!(desk.sent.len(), 1);
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn one_request_with_both_addresses_is_the_repair_of_both() {
    let mut desk = Desk::new(&freedyn("together", ""));
    desk.shown.v6 = Some(V6_NEW);
    desk.start();
    desk.pass(seconds(1));
    desk.say("good");
    desk.pass(HOUR + seconds(20 * 60));
    assert_eq!(desk.sent.len(), 2);
    desk.say("nochg");
    desk.pass(days(1).saturating_sub(HOUR));
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn an_address_that_is_refused_is_not_repaired_although_it_was_published() {
    let mut desk = Desk::new(&freedyn("v4", "refresh = \"3d\""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("good");
    desk.pass(seconds(600));
    desk.handle(Event::Update { domain: None });
    desk.say("dnserr");
    desk.pass(days(5));
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn a_doubtful_success_is_not_refreshed_because_another_address_was_published_long_ago() {
    let mut desk = Desk::new(&freedyn("v4", "refresh = \"3d\""));
    desk.start();
    desk.pass(seconds(1));
    desk.dns.v4 = Some(V4_OLD);
    desk.say("good");
    desk.pass(days(2));
    desk.see(Some(V4_NEW));
    desk.pass(seconds(1));
    desk.say("911");
    desk.pass(days(2));
    let sent = desk.sent.len();
    desk.say("good 91.255.255.1");
    desk.pass(seconds(3590));
    assert_eq!(desk.sent.len(), sent);
}

#[test]
fn a_doubtful_success_is_repaired_after_an_hour_and_then_once_a_day() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("good 91.255.255.1");
    desk.pass(HOUR + seconds(20 * 60));
    assert_eq!(desk.sent.len(), 2);
    desk.say("good");
    desk.pass(days(1).saturating_sub(HOUR));
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn a_refresh_that_meets_a_doubtful_success_is_not_repeated_every_minute() {
    let mut desk = Desk::new(&freedyn("v4", "refresh = \"3d\""));
    desk.start();
    desk.pass(seconds(1));
    desk.dns.v4 = Some(V4_OLD);
    desk.say("good");
    desk.pass(days(4) + HOUR);
    assert_eq!(desk.sent.len(), 2);
    desk.say("good 91.255.255.1");
    desk.pass(days(1));
    assert_eq!(desk.sent.len(), 2, "DNS shows the right address");
}

#[test]
fn a_name_of_a_batch_that_was_repaired_alone_is_not_tried_alone_once_more() {
    let mut desk = Desk::new(&freedyn("v4", "").replace("\"home.example.org\"", "[\"a.example.org\", \"b.example.org\"]"));
    desk.start();
    desk.pass(seconds(1));
    desk.dns_fails = true;
    desk.say("good");
    desk.pass(seconds(1200));
    desk.dns_fails = false;
    desk.pass(HOUR);
    desk.say("good 91.255.255.1");
    desk.pass(seconds(60));
    desk.say("good 91.255.255.1");
    assert_eq!(desk.sent.iter().map(|sent| sent.order.domains.len()).collect::<Vec<_>>(), [2, 1, 1], "the repairs of both");
    desk.pass(seconds(3300));
    assert_eq!(desk.sent.len(), 3);
}

#[test]
fn a_muted_family_is_looked_at_before_it_is_offered_again() {
    let mut desk = Desk::new(&freedyn("v4", "refresh = \"3d\""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("norecord");
    desk.shown.v4 = Some(V4_NEW);
    let looked = desk.looked;
    desk.pass(seconds(71 * 3600));
    assert_eq!(desk.looked, looked, "nobody wants to know");
    desk.pass(days(1));
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
}

#[test]
fn an_update_on_request_offers_a_muted_family_what_the_line_shows_now() {
    let mut desk = Desk::new(&freedyn("v4", "verify = false"));
    desk.start();
    desk.pass(seconds(1));
    desk.say("norecord");
    desk.shown.v4 = Some(V4_NEW);
    desk.pass(days(1));
    desk.handle(Event::Update { domain: None });
    desk.pass(seconds(1));
    assert_eq!(desk.addresses(), [V4_OLD, V4_NEW]);
    desk.say("norecord");
    let looked = desk.looked;
    desk.pass(days(1));
    assert_eq!((desk.sent.len(), desk.looked), (2, looked), "once");
}

#[test]
fn norecord_mutes_the_family_and_is_no_fault() {
    let mut desk = Desk::new(&freedyn("both", ""));
    desk.shown.v6 = Some(V6_NEW);
    desk.start();
    desk.pass(seconds(1));
    desk.dns.v4 = Some(V4_OLD);
    desk.say("good");
    desk.pass(seconds(10));
    desk.say("norecord");
    desk.pass(days(1));
    assert_eq!(desk.addresses(), [V4_OLD, V6_NEW]);
    assert_eq!(desk.picture(Family::V6).status, "offline");
    assert!(!desk.engine().snapshot(desk.now()).outcome().locked);
}

#[test]
fn an_echo_service_rests_across_a_restart() {
    let mut desk = Desk::new(&freedyn("v4", "").replace("command:whatismyip", "web"));
    desk.start();
    let looked = desk.looked;
    assert!(looked > 0);
    desk.restart();
    assert!(desk.urls.iter().all(|url| desk.urls.iter().filter(|other| *other == url).count() == 1), "{:?}", desk.urls);
}

#[test]
fn a_process_that_dies_after_every_request_sends_one_in_five_minutes() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    for round in 1..4 {
        assert_eq!(desk.sent.len(), round);
        desk.restart();
        desk.pass(seconds(299));
        assert_eq!(desk.sent.len(), round, "the open intent forces a wait");
        desk.pass(seconds(600));
    }
}

#[test]
fn a_family_that_is_set_up_again_is_refreshed_once_and_not_over_and_over() {
    let mut desk = Desk::new(&freedyn("v4", "refresh = \"3d\""));
    desk.start();
    desk.pass(seconds(1));
    desk.say("norecord");
    desk.pass(days(3) + HOUR);
    assert_eq!(desk.sent.len(), 2);
    desk.dns.v4 = Some(V4_OLD);
    desk.say("good");
    desk.pass(days(1));
    assert_eq!(desk.sent.len(), 2);
    assert_eq!(desk.picture(Family::V4).status, "complete");
}

#[test]
fn an_engine_without_entries_rests() {
    let mut desk =
        Desk::new("[[ddns]]\nprovider = \"freedyn\"\ndomain = \"home.example.org\"\nusername = \"1\"\npassword = \"2\"\nenabled = false");
    desk.start();
    desk.pass(days(1));
    assert_eq!((desk.looked, desk.sent.len()), (0, 0));
}

#[test]
fn an_answer_whose_age_nobody_can_tell_is_no_evidence() {
    let mut desk = Desk::new(&freedyn("v4", "").replace("command:whatismyip", "web"));
    desk.start();
    assert_eq!(desk.picture(Family::V4).address, Some(V4_OLD));
    desk.shown.v4 = None;
    desk.restart();
    assert_eq!(desk.picture(Family::V4).address, Some(V4_OLD), "seconds later the answers of resting services count");
    // A day passes, and the clock is put back by as much: by the clock the answers are seconds old.
    desk.boot += days(1);
    desk.wall = desk.wall.minus(days(1));
    desk.restart();
    assert_eq!(desk.picture(Family::V4).address, None);
}

#[test]
fn a_single_round_goes_on_with_the_verification_that_an_earlier_one_began() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.run = Run::Once;
    desk.start();
    desk.say("good");
    assert_eq!(desk.picture(Family::V4).status, "verifying", "the name servers do not show it yet");
    desk.dns.v4 = Some(V4_OLD);
    desk.boot += seconds(300);
    desk.restart();
    assert_eq!(desk.picture(Family::V4).status, "complete");
    assert_eq!(desk.sent.len(), 1);
}

#[test]
fn a_folder_that_turns_read_only_after_a_full_disk_leaves_nothing_that_is_always_due() {
    let mut desk = Desk::new(&freedyn("v4", "verify = false"));
    desk.disk_full = true;
    desk.start();
    desk.handle(Event::Unsaved { full: false, tickets: Vec::new() });
    desk.pass(seconds(1));
    assert_eq!(desk.addresses(), [V4_OLD], "it goes on without a memory");
    desk.say("good");
    desk.pass(days(1));
    desk.disk_full = false;
    desk.handle(Event::Writable);
    assert!(desk.disk.keys().any(|key| key.starts_with("record/")), "what is known is written as soon as it can be");
}

#[test]
fn what_the_provider_has_no_record_for_is_offered_again_once_in_five_minutes() {
    let mut desk = Desk::new(&freedyn("v4", "verify = false"));
    desk.start();
    desk.pass(seconds(1));
    desk.say("norecord");
    desk.pass(seconds(61));
    desk.unlock();
    desk.pass(seconds(61));
    desk.say("norecord");
    desk.pass(seconds(61));
    desk.unlock();
    desk.pass(seconds(61));
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn what_the_provider_has_no_record_for_any_more_does_not_count_as_published() {
    let change = |desk: &mut Desk| {
        desk.rules.entries[0] = Arc::new(Entry { fingerprint: "other".into(), ..(*desk.rules.entries[0]).clone() });
        desk.handle(Event::Reconfigured(Box::new(desk.rules.clone())));
    };
    for open in [Desk::unlock, change] {
        let mut desk = Desk::new(&freedyn("v4", "verify = false"));
        desk.start();
        desk.pass(seconds(1));
        desk.say("good");
        desk.pass(HOUR);
        desk.handle(Event::Update { domain: None });
        desk.pass(seconds(1));
        desk.say("norecord");
        let picture = desk.picture(Family::V4);
        assert_eq!((picture.status.as_str(), picture.published), ("offline", None));
        desk.pass(days(1));
        assert_eq!(desk.sent.len(), 2);
        open(&mut desk);
        desk.pass(seconds(61));
        assert_eq!(desk.sent.len(), 3, "it is offered again, as one that was never published");
    }
}

#[test]
fn a_provider_that_was_never_reached_is_not_asked_before_the_name_servers() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    assert_eq!(desk.sent.len(), 1);
    desk.answer(Outcome::Failed(Fault::Lookup("no name server answers".into())));
    desk.dns.v4 = Some(V4_OLD);
    desk.pass(seconds(60));
    assert_eq!(desk.sent.len(), 1, "DNS shows it already");
    assert_eq!(desk.picture(Family::V4).status, "complete");
}

#[test]
fn an_address_that_is_gone_by_now_is_not_offered_to_the_other_endpoint() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    desk.start();
    desk.pass(seconds(1));
    assert_eq!(desk.sent.len(), 1);
    desk.handle(Event::LinkChanged(PerFamily { v4: false, v6: false }));
    desk.answer(Outcome::Failed(Fault::Connect("refused".into())));
    assert_eq!(desk.sent.len(), 1);
}

/// How often is asked where nobody tells of changes.
const INTERVAL: Duration = seconds(300);

/// A desk whose FRITZ!Box shows both families, as DNS does.
fn beside_a_router() -> Desk {
    let mut desk = Desk::new(&freedyn("both", "").replace("command:whatismyip", "fritzbox"));
    desk.shown.v6 = Some(V6_NEW);
    desk.dns = desk.shown;
    desk.start();
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 0, "DNS shows it already");
    desk
}

fn router(news: RouterNews) -> Event {
    Event::Router { via: None, news }
}

/// How often sources are asked in `span`.
fn looks(desk: &mut Desk, span: Duration) -> usize {
    let looked = desk.looked;
    desk.pass(span);
    desk.looked - looked
}

#[test]
fn where_the_router_tells_polling_is_six_times_rarer() {
    let mut desk = beside_a_router();
    let looked = desk.looked;
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: true })));
    assert_eq!(desk.looked - looked, 2, "its first event may be younger than what was read");
    assert_eq!(looks(&mut desk, INTERVAL * 5 + seconds(299)), 0);
    assert_eq!(looks(&mut desk, INTERVAL), 2);
    assert_eq!(looks(&mut desk, INTERVAL * 6), 2);
}

#[test]
fn a_family_that_the_router_does_not_tell_is_polled_as_before() {
    let mut desk = beside_a_router();
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: false })));
    desk.pass(INTERVAL);
    assert_eq!(looks(&mut desk, INTERVAL * 6), 7, "IPv6 six times, IPv4 once");
}

#[test]
fn an_address_from_another_source_is_polled_as_before() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: true })));
    assert_eq!(looks(&mut desk, INTERVAL * 6), 6);
}

#[test]
fn a_router_that_tells_no_more_is_asked_at_once_and_polled_again() {
    let mut desk = beside_a_router();
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: true })));
    desk.pass(INTERVAL);
    let looked = desk.looked;
    desk.handle(router(RouterNews::Lost));
    assert_eq!(desk.looked - looked, 2);
    assert_eq!(looks(&mut desk, INTERVAL), 2);
}

#[test]
fn new_settings_have_to_be_proven_anew() {
    let mut desk = beside_a_router();
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: true })));
    let rules = desk.rules.clone();
    desk.handle(Event::Reconfigured(Box::new(rules)));
    assert_eq!(looks(&mut desk, INTERVAL), 2);
}

#[test]
fn a_change_makes_only_the_lines_behind_that_router_look() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    let lines = [
        ("one", Source::FritzBox, Some("eth1")),
        ("two", Source::FritzBox, None),
        ("three", Source::Command("whatismyip".into()), Some("eth1")),
    ];
    let entry = desk.rules.entries.remove(0);
    desk.rules.lines.clear();
    for (name, source, interface) in lines {
        let domains = vec![Domain::parse(&format!("{name}.example.org")).unwrap()];
        desk.rules.entries.push(Arc::new(Entry { wan: name.into(), domains, ..(*entry).clone() }));
        let sources = PerFamily { v4: vec![source], v6: Vec::new() };
        desk.rules.lines.push(Line { name: name.into(), interface: interface.map(str::to_owned), sources });
    }
    desk.dns.v4 = Some(V4_OLD);
    desk.start();
    desk.pass(seconds(60));
    desk.probes.clear();
    desk.handle(Event::Router { via: Some("eth1".into()), news: RouterNews::Changed });
    assert_eq!(desk.probes, [(Some("eth1".into()), Probe::FritzBox)]);
    desk.handle(Event::Router { via: Some("eth2".into()), news: RouterNews::Changed });
    assert_eq!(desk.probes.len(), 1, "nobody's");
    desk.handle(router(RouterNews::Changed));
    assert_eq!(desk.probes[1..], [(None, Probe::FritzBox)]);
}

#[test]
fn what_the_router_tells_is_found_out_and_sent() {
    let mut desk = beside_a_router();
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: true })));
    desk.pass(INTERVAL);
    desk.shown.v4 = Some(V4_NEW);
    desk.handle(router(RouterNews::Changed));
    desk.pass(seconds(1));
    assert_eq!(desk.addresses()[0], V4_NEW);
}

#[test]
fn a_line_that_leads_elsewhere_is_looked_at_before_anything_is_sent() {
    let mut desk = settled(&freedyn("v4", ""));
    let mut rules = desk.rules.clone();
    rules.lines[0].interface = Some("eth1".into());
    let domains = vec![Domain::parse("new.example.org").unwrap()];
    rules.entries.push(Arc::new(Entry { domains, ..(*rules.entries[0]).clone() }));
    desk.dns = PerFamily::default();
    desk.slow = Some(Vec::new());
    desk.handle(Event::Reconfigured(Box::new(rules)));
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 0, "what was seen was the other way's address");
}

#[test]
fn what_removed_sources_saw_is_not_sent() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.see(Some(V4_NEW));
    desk.pass(seconds(1));
    desk.answer(Outcome::Failed(Fault::Connect("refused".into())));
    let sent = desk.sent.len();
    let mut rules = desk.rules.clone();
    rules.lines[0].sources.v4 = vec![Source::FritzBox];
    desk.slow = Some(Vec::new());
    desk.handle(Event::Reconfigured(Box::new(rules)));
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), sent, "nobody of today's sources has said it");
}

#[test]
fn whoever_floods_us_with_news_does_not_make_us_ask_as_fast() {
    let mut desk = beside_a_router();
    let looked = desk.looked;
    for _ in 0..600 {
        desk.handle(router(RouterNews::Changed));
        desk.pass(Duration::from_millis(100));
    }
    let looks = (desk.looked - looked) / 2;
    assert!((20..=27).contains(&looks), "{looks} looks in a minute: twenty at once, then one per ten seconds");
    desk.pass(HOUR);
    let looked = desk.looked;
    desk.handle(router(RouterNews::Changed));
    desk.pass(seconds(1));
    assert_eq!(desk.looked - looked, 2, "after a quiet spell at once again");
}

#[test]
fn a_clock_that_is_set_back_does_not_make_us_deaf_for_events() {
    let mut desk = beside_a_router();
    for _ in 0..40 {
        desk.handle(router(RouterNews::Changed));
        desk.pass(Duration::from_millis(100));
    }
    desk.wall = desk.wall.minus(HOUR * 24 * 365);
    desk.handle(Event::Resumed);
    desk.pass(seconds(120));
    let looked = desk.looked;
    desk.handle(router(RouterNews::Changed));
    desk.pass(seconds(1));
    assert_eq!(desk.looked - looked, 2, "events are heard");
    assert!(looks(&mut desk, INTERVAL) >= 2, "and so are alarms");
}

#[test]
fn a_clock_that_is_set_back_under_way_does_not_put_off_what_reached_nobody() {
    let mut desk = Desk::new(&freedyn("v4", "verify = false"));
    desk.start();
    desk.pass(seconds(1));
    desk.say("good");
    desk.pass(HOUR);
    desk.see(Some(V4_NEW));
    desk.pass(seconds(1));
    let sent = desk.sent.len();
    desk.wall = desk.wall.minus(HOUR * 8);
    desk.handle(Event::Tick);
    for _ in 0..2 {
        desk.answer(Outcome::Failed(Fault::Connect("refused".into())));
    }
    desk.pass(seconds(60));
    assert!(desk.sent.len() > sent + 1, "{:?}", desk.addresses());
}

#[test]
fn where_only_the_prefix_matters_the_router_is_polled_as_before() {
    let mut desk = beside_a_router();
    let host = HostId::parse("::1a2b:3c4d:5e6f:7788").unwrap();
    let entry = Entry { ipv6_host: Some(host), ..(*desk.rules.entries[0]).clone() };
    desk.rules.entries[0] = Arc::new(entry);
    desk.handle(Event::Reconfigured(Box::new(desk.rules.clone())));
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: true })));
    desk.pass(INTERVAL);
    assert_eq!(looks(&mut desk, INTERVAL * 6), 7, "IPv6 six times, IPv4 once");
}

#[test]
fn of_several_lines_a_notice_names_its_own() {
    let mut desk = Desk::new(&freedyn("v4", ""));
    let spare = Line { name: "spare".into(), ..desk.rules.lines[0].clone() };
    desk.rules.lines.push(spare);
    desk.start();
    desk.see(None);
    assert!(desk.notices.iter().any(|it| it.text.starts_with("line default: no IPv4 address")), "{:?}", desk.notices);
}

#[test]
fn after_sleep_nothing_is_sent_before_it_was_seen_again() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.see(Some(V4_NEW));
    desk.slow = Some(Vec::new());
    desk.handle(Event::Resumed);
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 0, "due for an hour, and unconfirmed");
    desk.say_at_last();
    desk.pass(seconds(20));
    assert_eq!(desk.addresses(), [V4_NEW]);
}

#[test]
fn after_sleep_the_same_address_sends_nothing() {
    let mut desk = settled(&freedyn("v4", ""));
    let looked = desk.looked;
    desk.handle(Event::Resumed);
    assert_eq!(desk.looked - looked, 1, "at once");
    desk.pass(days(1));
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn an_answer_from_before_the_sleep_counts_no_more() {
    let mut desk = settled(&freedyn("v4", ""));
    desk.slow = Some(Vec::new());
    desk.see(Some(V4_NEW));
    desk.shown.v4 = Some(V4_OLD);
    desk.handle(Event::Resumed);
    desk.say_at_last();
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 0, "the old one is the one that there is now");
}

#[test]
fn a_reload_does_not_send_what_only_a_router_vouched_for() {
    let mut desk = beside_a_router();
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: true })));
    desk.pass(INTERVAL * 5);
    desk.slow = Some(Vec::new());
    let domains = vec![Domain::parse("new.example.org").unwrap()];
    let mut rules = desk.rules.clone();
    rules.entries.push(Arc::new(Entry { domains, verify: false, ..(*rules.entries[0]).clone() }));
    desk.handle(Event::Reconfigured(Box::new(rules)));
    assert_eq!(desk.sent.len(), 0);
    desk.say_at_last();
    desk.pass(seconds(20));
    assert!(!desk.sent.is_empty());
}

#[test]
fn a_reload_while_there_is_no_link_does_not_make_up_one() {
    let mut desk = beside_a_router();
    desk.handle(router(RouterNews::Proven(PerFamily { v4: true, v6: true })));
    desk.handle(Event::LinkChanged(PerFamily { v4: false, v6: false }));
    desk.handle(Event::Reconfigured(Box::new(desk.rules.clone())));
    assert_eq!(desk.picture(Family::V4).status, "internet-not-connected");
}

/// Something is due while `source` is polled rarely, and whoever told of its changes stops doing so.
fn falls_silent(source: &str, told: Event, silent: Event) {
    let mut desk = Desk::new(&freedyn("v4", "verify = false").replace("command:whatismyip", source));
    desk.start();
    desk.handle(told);
    desk.look();
    desk.pass(seconds(1));
    desk.say("911");
    assert_eq!(looks(&mut desk, INTERVAL * 5), 0, "polled rarely");
    desk.slow = Some(Vec::new());
    desk.handle(silent);
    desk.pass(HOUR);
    assert_eq!(desk.sent.len(), 1, "it was seen before the silence, and may be another one since");
    desk.say_at_last();
    desk.pass(seconds(20));
    assert_eq!(desk.sent.len(), 2);
}

#[test]
fn what_only_the_kernel_vouched_for_is_seen_again_before_it_is_sent() {
    falls_silent("interface", Event::Followed(true), Event::Followed(false));
}

#[test]
fn what_only_a_router_vouched_for_is_seen_again_before_it_is_sent() {
    let proven = |v4| router(RouterNews::Proven(PerFamily { v4, v6: true }));
    falls_silent("fritzbox", proven(true), router(RouterNews::Lost));
    falls_silent("fritzbox", proven(true), proven(false));
}

#[test]
fn a_kernel_that_tells_no_more_is_asked_at_once_and_polled_again() {
    let mut desk = Desk::new(&freedyn("v4", "").replace("command:whatismyip", "interface"));
    desk.dns = desk.shown;
    desk.start();
    desk.handle(Event::Followed(true));
    desk.look();
    desk.pass(INTERVAL);
    let looked = desk.looked;
    desk.handle(Event::Followed(false));
    assert_eq!(desk.looked - looked, 1);
    desk.handle(Event::Followed(false));
    assert_eq!(desk.looked - looked, 1, "that is known");
    assert_eq!(looks(&mut desk, INTERVAL), 1);
}

#[test]
fn the_last_of_many_events_is_looked_at_as_well() {
    let mut desk = settled(&freedyn("v4", ""));
    for _ in 0..30 {
        desk.handle(Event::LinkChanged(PerFamily { v4: true, v6: true }));
        desk.pass(Duration::from_millis(5));
    }
    desk.shown.v4 = Some(V4_NEW);
    desk.handle(Event::LinkChanged(PerFamily { v4: true, v6: true }));
    desk.pass(seconds(30));
    assert_eq!(desk.addresses(), [V4_NEW]);
}

#[test]
fn a_captive_portal_at_one_name_does_not_end_the_wait_that_the_provider_gave_to_another() {
    let mut desk = Desk::new(
        "[[ddns]]\nupdate_url = \"http://dyn.example.org/?host=<domain>&ip=<ipaddr>\"\ndomain = [\"a.example.org\", \"b.example.org\"]\n\
         mode = \"v4\"\nusername = \"me\"\npassword = \"secret\"\n[wan]\nipv4 = [\"command:whatismyip\"]\nipv6 = []\n",
    );
    desk.start();
    desk.pass(seconds(1));
    desk.say("good");
    desk.pass(seconds(30));
    let headers = vec![("retry-after".to_owned(), "300".to_owned())];
    desk.answer(Outcome::Replied(Reply { status: 503, headers, ..Reply::default() }));
    desk.see(Some(V4_NEW));
    desk.pass(seconds(90));
    desk.say("<html><body>Welcome to the hotel</body></html>");
    desk.handle(Event::LinkChanged(PerFamily { v4: false, v6: false }));
    desk.handle(Event::LinkChanged(PerFamily { v4: true, v6: true }));
    desk.pass(seconds(60));
    let names: Vec<_> = desk.sent.iter().flat_map(|sent| sent.order.domains.iter().map(|domain| domain.as_str().to_owned())).collect();
    assert_eq!(names, ["a.example.org", "b.example.org", "a.example.org", "a.example.org"]);
}
