#![expect(clippy::unnecessary_wraps, reason = "answers have the type that questions get")]

use std::time::Duration;

use super::super::servers::{STUN, WHOAMI};
use super::super::services::{BUILT_IN, REST};
use super::super::{DnsReading, Line};
use super::*;
use crate::rules::address::PerFamily;

const NEW: &str = "91.12.34.57";
const NEXT: &str = "91.12.34.58";
const START: Moment = Moment(1_800_000_000_000);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn page(body: &str) -> Result<Reading, ProbeFault> {
    Ok(Reading::Echo { status: 200, retry_after: None, body: body.into() })
}

fn status(status: u16, retry_after: Option<u64>) -> Result<Reading, ProbeFault> {
    Ok(Reading::Echo { status, retry_after: retry_after.map(Duration::from_secs), body: String::new() })
}

fn failed() -> Result<Reading, ProbeFault> {
    Err(ProbeFault::Failed("time-out".into()))
}

fn echoes(count: usize) -> Vec<Source> {
    (0..count).map(|n| Source::Echo(format!("http://127.0.0.1:{n}/"))).collect()
}

/// A poll and everything it asked so far.
struct Play {
    poll: Poll,
    turn: Turn,
    records: Services,
    now: Moment,
    asked: Vec<(usize, String)>,
}

impl Play {
    fn new(sources: &[Source], published: Option<&str>, records: Services, now: Moment) -> Self {
        Self::on(None, Manner::Brief, sources, published, records, now)
    }

    fn on(interface: Option<&str>, manner: Manner, sources: &[Source], published: Option<&str>, records: Services, now: Moment) -> Self {
        let mut records = records;
        let line = Line { name: "default".into(), interface: interface.map(str::to_owned), sources: PerFamily::default() };
        let published = published.map(ip);
        let family = published.map_or(Family::V4, Family::of);
        let aim = Aim { line: &line, family, published, hosts_only: false };
        let mut poll = Poll::new(sources, aim, manner, &records, now);
        let turn = poll.begin(&mut records, now);
        let mut play = Self { poll, turn: Turn::Wait, records, now, asked: Vec::new() };
        play.take(turn);
        play
    }

    fn take(&mut self, turn: Turn) {
        if let Turn::Ask(questions) = &turn {
            for (index, probe) in questions {
                let name = match probe {
                    Probe::Echo { url } => url.clone(),
                    Probe::Dns(whoami) => whoami.operator.to_owned(),
                    Probe::Stun(server) => server.operator.to_owned(),
                    other => panic!("{other:?}"),
                };
                self.asked.push((*index, name));
            }
        }
        self.turn = turn;
    }

    /// Answers the question that was put as number `nth`.
    fn say(&mut self, nth: usize, result: Result<Reading, ProbeFault>) -> &Turn {
        let index = self.asked[nth].0;
        let turn = self.poll.answer(index, result, &mut self.records, self.now);
        self.take(turn);
        &self.turn
    }

    fn record(&self, nth: usize) -> &super::super::ServiceRecord {
        &self.records[&self.asked[nth].1]
    }

    fn agreed(&self) -> Option<IpAddr> {
        match self.turn {
            Turn::Agreed(address, _) => Some(address),
            _ => None,
        }
    }
}

fn web(published: Option<&str>, records: Services, now: Moment) -> Play {
    Play::new(&[Source::Web], published, records, now)
}

#[test]
fn three_independent_services_are_asked_and_two_equal_answers_settle_it() {
    let mut play = web(None, Services::new(), START);
    assert_eq!(play.asked.len(), 3);
    assert!(play.asked.iter().all(|(_, url)| url.starts_with("https://")));
    assert_eq!(*play.say(0, page(NEW)), Turn::Wait);
    assert_eq!(*play.say(2, page(NEW)), Turn::Agreed(ip(NEW), "web".into()));
}

#[test]
fn a_dissenting_service_is_noted_even_when_its_answer_comes_late() {
    for order in [[0, 1, 2], [0, 2, 1]] {
        let mut play = web(None, Services::new(), START);
        for nth in order {
            play.say(nth, page(if nth == 2 { NEXT } else { NEW }));
        }
        assert_eq!(play.poll.agreed, Some(ip(NEW)));
        assert_eq!((play.record(0).dissents, play.record(2).dissents), (0, 1));
    }
}

#[test]
fn three_different_answers_are_no_answer() {
    let mut play = web(None, Services::new(), START);
    for (nth, address) in [NEW, NEXT, "91.12.34.59"].into_iter().enumerate() {
        play.say(nth, page(address));
    }
    assert!(matches!(&play.turn, Turn::Undecided(why) if why.contains("do not agree")), "{:?}", play.turn);
}

#[test]
fn a_service_that_fails_is_replaced() {
    let mut play = web(None, Services::new(), START);
    play.say(0, page(NEW));
    play.say(1, failed());
    play.say(2, status(429, Some(900)));
    assert_eq!(play.asked.len(), 5);
    assert_eq!(play.record(2).rest_until, Some(START.plus(Duration::from_secs(900))));
    play.say(3, page(NEW));
    assert_eq!(play.agreed(), Some(ip(NEW)));
}

#[test]
fn services_are_kept_for_later_when_nobody_can_be_reached() {
    let mut play = web(None, Services::new(), START);
    for nth in 0..3 {
        play.say(nth, failed());
    }
    assert!(matches!(play.turn, Turn::Undecided(_)));
    assert_eq!(play.asked.len(), 3);
    assert_eq!(play.record(0).last_query, Some(START));
}

#[test]
fn without_a_route_there_is_no_line_and_no_service_was_troubled() {
    let mut play = web(None, Services::new(), START);
    for nth in 0..3 {
        play.say(nth, Err(ProbeFault::NoRoute("network is unreachable".into())));
    }
    assert_eq!(play.turn, Turn::Absent("network is unreachable".into()));
    assert_eq!(play.record(0).last_query, None);
}

#[test]
fn no_service_is_asked_twice_within_its_rest_and_young_answers_count() {
    let mut records = Services::new();
    let mut asked = Vec::new();
    for round in 0..30 {
        let now = START.plus(Duration::from_secs(20 * round));
        let mut play = web(Some(NEW), records, now);
        if !play.asked.is_empty() {
            assert_eq!(play.asked.len(), 1);
            play.say(0, page(NEW));
            asked.push(play.asked[0].1.clone());
        }
        assert_eq!(play.agreed(), Some(ip(NEW)), "round {round}");
        records = play.records;
    }
    assert_eq!(asked.len(), BUILT_IN.len());
    let again = web(Some(NEW), records, START.plus(REST));
    assert_eq!(again.asked[0].1, asked[0]);
}

#[test]
fn a_young_answer_does_not_stand_in_for_a_line_that_is_gone() {
    let mut before = web(Some(NEW), Services::new(), START);
    before.say(0, page(NEW));
    let mut after = web(Some(NEW), before.records, START.plus(Duration::from_secs(300)));
    for nth in 0..4 {
        after.say(nth, Err(ProbeFault::NoRoute("no route".into())));
    }
    assert!(matches!(after.turn, Turn::Absent(_)), "{:?}", after.turn);
}

#[test]
fn leaving_a_published_address_needs_a_second_voice() {
    let mut play = web(Some(NEW), Services::new(), START);
    assert_eq!(play.asked.len(), 1);
    play.say(0, page(NEXT));
    assert_eq!(play.asked.len(), 3);
    play.say(1, page(NEXT));
    assert_eq!(play.agreed(), Some(ip(NEXT)));
}

#[test]
fn one_wrong_voice_does_not_move_a_published_address() {
    let mut play = web(Some(NEW), Services::new(), START);
    play.say(0, page(NEXT));
    play.say(1, page(NEW));
    play.say(2, page(NEW));
    assert_eq!(play.agreed(), Some(ip(NEW)));
    assert_eq!(play.record(0).dissents, 1);
}

#[test]
fn an_answer_from_before_a_change_does_not_outvote_a_fresh_one() {
    let mut records = Services::new();
    for service in &BUILT_IN[1..] {
        let record = records.entry(service.url.v4.into()).or_default();
        (record.last_query, record.last_answer, record.answered_at) = (Some(START), Some(ip(NEW)), Some(START));
    }
    let mut play = web(Some(NEW), records, START.plus(Duration::from_secs(60)));
    play.say(0, page(NEXT));
    assert!(matches!(&play.turn, Turn::Undecided(why) if why.contains("stays published")), "{:?}", play.turn);
}

#[test]
fn a_service_that_dissents_three_times_in_a_row_is_benched_for_a_day() {
    let liar = BUILT_IN[0].url.v4;
    let mut records = Services::new();
    let mut now = START;
    for _ in 0..3 {
        let mut play = web(None, records, now);
        // The others have to be asked as early as the liar, or the rotation passes it by.
        for nth in 0..3 {
            let answer = if play.asked[nth].1 == liar { NEXT } else { NEW };
            play.say(nth, page(answer));
        }
        records = play.records;
        now = now.plus(REST);
        records.iter_mut().filter(|(url, _)| *url != liar).for_each(|(_, record)| record.last_query = Some(now.minus(REST)));
        records.get_mut(liar).unwrap().last_query = None;
    }
    assert_eq!(records[liar].benched_until, Some(now.minus(REST).plus(Duration::from_secs(86_400))));
    assert!(web(None, records, now).asked.iter().all(|(_, url)| url != liar));
}

#[test]
fn a_server_error_rests_a_built_in_service_for_at_least_ten_minutes() {
    for (code, retry_after, rest) in [(429, None, 600), (503, Some(5), 600), (500, Some(3600), 3600), (429, Some(10_000_000), 86_400)] {
        let mut play = web(None, Services::new(), START);
        play.say(0, status(code, retry_after));
        assert_eq!(play.record(0).rest_until, Some(START.plus(Duration::from_secs(rest))), "{code} {retry_after:?}");
    }
}

#[test]
fn a_single_service_that_the_user_names_is_enough_and_asked_when_needed() {
    let mut records = Services::new();
    for _ in 0..3 {
        let mut play = Play::new(&echoes(1), None, records, START);
        assert_eq!(*play.say(0, page(NEW)), Turn::Agreed(ip(NEW), "http://127.0.0.1:0/".into()));
        records = play.records;
    }
}

#[test]
fn a_single_service_repeats_a_new_address_before_it_is_believed() {
    let mut play = Play::new(&echoes(1), Some(NEW), Services::new(), START);
    assert!(matches!(play.say(0, page(NEXT)), Turn::Ask(_)));
    assert_eq!(*play.say(1, page(NEXT)), Turn::Agreed(ip(NEXT), "http://127.0.0.1:0/".into()));

    for second in [page("91.12.34.59"), failed()] {
        let mut play = Play::new(&echoes(1), Some(NEW), Services::new(), START);
        play.say(0, page(NEXT));
        assert!(matches!(play.say(1, second), Turn::Undecided(_)), "{:?}", play.turn);
    }

    let mut play = Play::new(&echoes(1), Some(NEW), Services::new(), START);
    play.say(0, page(NEXT));
    play.say(1, page(NEW));
    assert_eq!(play.agreed(), Some(ip(NEW)));
}

#[test]
fn several_services_that_the_user_names_must_agree() {
    let mut play = Play::new(&echoes(3), None, Services::new(), START);
    play.say(0, page(NEW));
    play.say(1, failed());
    play.say(2, failed());
    assert!(matches!(&play.turn, Turn::Undecided(why) if why.contains("two must agree")), "{:?}", play.turn);

    let mut play = Play::new(&echoes(3), None, Services::new(), START);
    play.say(0, page(NEXT));
    play.say(1, page(NEW));
    play.say(2, page(NEW));
    assert_eq!(play.agreed(), Some(ip(NEW)));
}

#[test]
fn a_named_service_that_fails_is_backed_by_the_web() {
    let mut sources = echoes(1);
    sources.push(Source::Web);
    let mut play = Play::new(&sources, None, Services::new(), START);
    play.say(0, failed());
    play.say(1, page(NEW));
    play.say(2, page(NEW));
    assert_eq!(play.turn, Turn::Agreed(ip(NEW), "web".into()));
}

#[test]
fn a_named_service_rests_when_it_says_so_and_its_young_answer_counts() {
    let mut play = Play::new(&echoes(1), None, Services::new(), START);
    play.say(0, page(NEW));
    let later = START.plus(Duration::from_secs(300));
    let mut play = Play::new(&echoes(1), Some(NEW), play.records, later);
    play.say(0, status(429, None));
    assert!(matches!(play.turn, Turn::Undecided(_)));
    let play = Play::new(&echoes(1), Some(NEW), play.records, later.plus(Duration::from_secs(60)));
    assert!(play.asked.is_empty());
    assert_eq!(play.agreed(), Some(ip(NEW)));
    let play = Play::new(&echoes(1), Some(NEW), play.records, START.plus(REST));
    assert!(matches!(play.turn, Turn::Undecided(_)), "an answer older than the rest counted");
}

#[test]
fn a_server_error_of_a_named_service_does_not_silence_it() {
    let mut play = Play::new(&echoes(1), None, Services::new(), START);
    play.say(0, status(500, None));
    let play = Play::new(&echoes(1), None, play.records, START.plus(Duration::from_secs(30)));
    assert_eq!(play.asked.len(), 1);
}

#[test]
fn a_clock_that_was_set_back_does_not_keep_services_resting() {
    let mut records = Services::new();
    for service in &BUILT_IN {
        let record = records.entry(service.url.v4.into()).or_default();
        record.last_query = Some(START.plus(Duration::from_secs(1_000_000)));
        record.rest_until = Some(START.plus(Duration::from_secs(2_000_000)));
    }
    assert_eq!(web(None, records, START).asked.len(), 3);
}

#[test]
fn both_families_have_at_least_six_operators_with_services_of_their_own() {
    let mut seen = std::collections::BTreeSet::new();
    for service in &BUILT_IN {
        assert!(seen.insert(service.operator.to_owned()));
        for (_, url) in service.url.iter() {
            assert!(url.starts_with("https://") && seen.insert((*url).to_owned()), "{url}");
        }
    }
    assert!(BUILT_IN.len() >= 6);
}

fn mapped(address: &str) -> Result<Reading, ProbeFault> {
    Ok(Reading::Mapped(ip(address)))
}

fn whoami(records: &[&str]) -> Result<Reading, ProbeFault> {
    let records = records.iter().map(|text| (*text).to_owned()).collect();
    Ok(Reading::Dns(DnsReading { authoritative: true, records, intercepted: false }))
}

#[test]
fn name_servers_and_stun_servers_answer_in_one_poll_with_the_web() {
    let mut play = Play::new(&[Source::Dns, Source::Stun, Source::Web], None, Services::new(), START);
    assert_eq!(play.asked.len(), 3);
    play.say(0, whoami(&[NEW]));
    play.say(1, failed());
    play.say(2, failed());
    // Of name servers one is left; the next voices are those of STUN.
    assert_eq!(play.asked.len(), 5);
    play.say(3, failed());
    assert_eq!(*play.say(4, mapped(NEW)), Turn::Agreed(ip(NEW), "dns".into()));
}

#[test]
fn one_operator_is_one_voice_however_it_is_asked() {
    let named = Source::Echo("https://icanhazip.com/".into());
    let mut play = Play::new(&[named, Source::Dns, Source::Stun], None, Services::new(), START);
    let asked: Vec<&str> = play.asked.iter().map(|(_, name)| name.as_str()).collect();
    assert!(!asked.contains(&"Cloudflare"), "{asked:?}");
    play.say(0, page(NEW));
    play.say(1, failed());
    play.say(2, failed());
    for nth in 3..play.asked.len() {
        assert_ne!(play.asked[nth].1, "Cloudflare");
    }

    // The same operator is asked in another way when the first way fails.
    let two = [Source::Echo("https://icanhazip.com/".into()), Source::Echo("https://ipv4.icanhazip.com/".into())];
    let mut play = Play::new(&two, None, Services::new(), START);
    assert_eq!(play.asked.len(), 1);
    play.say(0, failed());
    assert_eq!(play.asked.len(), 2);
    play.say(1, page(NEW));
    assert!(matches!(&play.turn, Turn::Undecided(why) if why.contains("two must agree")), "{:?}", play.turn);
}

#[test]
fn resting_services_of_one_operator_are_one_voice() {
    let two = [Source::Echo("https://echo.example.net/a".into()), Source::Echo("https://echo.example.net/b".into())];
    let mut records = Services::new();
    for source in &two {
        let record = records.entry(source.to_string()).or_default();
        (record.last_answer, record.answered_at, record.rest_until) =
            (Some(ip(NEW)), Some(START), Some(START.plus(Duration::from_secs(300))));
    }
    let play = Play::new(&two, None, records, START.plus(Duration::from_secs(60)));
    assert!(play.asked.is_empty() && play.agreed().is_none(), "{:?}", play.turn);
}

#[test]
fn an_intercepted_answer_is_no_answer() {
    let mut play = Play::new(&[Source::Dns], None, Services::new(), START);
    play.say(0, whoami(&[NEW]));
    let intercepted = DnsReading { authoritative: true, records: vec![NEW.into()], intercepted: true };
    play.say(1, Ok(Reading::Dns(intercepted)));
    assert_eq!(play.agreed(), None);
    let reports: Vec<SourceReport> = play.poll.reports().collect();
    assert!(reports[1].rejected.as_ref().is_some_and(|why| why.contains("port 53 is intercepted")), "{reports:?}");
    assert!(reports[0].source.starts_with("dns:") && reports[0].source.contains('@'), "{reports:?}");
}

#[test]
fn what_one_line_was_told_is_not_used_for_another() {
    let mut one = Play::on(Some("ppp0"), Manner::Brief, &echoes(1), None, Services::new(), START);
    one.say(0, page(NEW));
    one.say(0, status(429, None));
    let records = one.records;
    assert!(records.keys().all(|key| key.ends_with(" via ppp0")), "{records:?}");
    let soon = START.plus(Duration::from_secs(10));
    for interface in [None, Some("ppp1")] {
        let two = Play::on(interface, Manner::Brief, &[Source::Web], None, records.clone(), soon);
        assert_eq!((two.asked.len(), two.agreed()), (3, None), "{interface:?}");
    }
}

#[test]
fn the_families_of_a_stun_server_rest_apart() {
    let mut v4 = Play::new(&[Source::Stun], Some(NEW), Services::new(), START);
    v4.say(0, mapped(NEW));
    let v6 = Play::on(None, Manner::Brief, &[Source::Stun], Some("2003:f:ab::10"), v4.records, START);
    assert_eq!(v6.asked, [(0, STUN[0].operator.to_owned())]);
}

#[test]
fn a_portal_that_answers_for_everybody_is_named() {
    let portal = || Err(ProbeFault::Portal("redirected to \"login.example\"".into()));
    let html = || Ok(Reading::Echo { status: 200, retry_after: None, body: "<html>Please log in</html>".into() });
    let mut play = web(Some(NEW), Services::new(), START);
    play.say(0, portal());
    play.say(1, html());
    play.say(2, status(511, None));
    for nth in 3..play.asked.len() {
        play.say(nth, portal());
    }
    assert!(matches!(&play.turn, Turn::Absent(why) if why.starts_with("captive portal")), "{:?}", play.turn);
    assert_eq!(play.record(2).rest_until, None, "the portal's status is not the service's");

    let mut play = web(Some(NEW), Services::new(), START);
    play.say(0, html());
    play.say(1, page(NEW));
    assert_eq!(play.agreed(), Some(ip(NEW)), "a page that was redesigned is no portal");
}

#[test]
fn who_wants_to_see_everything_hears_every_source_out() {
    let sources = [Source::Echo("https://echo.example.net/".into()), Source::Web, Source::Dns, Source::Stun];
    let mut play = Play::on(None, Manner::Thorough, &sources, None, Services::new(), START);
    assert_eq!(play.asked.len(), 10);
    for nth in 0..9 {
        let answer = match nth {
            0..4 => page(NEW),
            4..7 => whoami(&[NEXT]),
            _ => mapped(NEW),
        };
        assert_eq!(*play.say(nth, answer), Turn::Wait);
    }
    play.say(9, mapped(NEW));
    assert_eq!(play.turn, Turn::Agreed(ip(NEW), "https://echo.example.net/".into()));
    assert_eq!(play.poll.reports().filter(|report| report.rejected.is_some()).count(), 3);
}

#[test]
fn a_check_is_content_with_one_voice_and_contradicted_only_by_two() {
    let check = |published: &str, home: Option<&str>, answers: &[&str]| {
        let manner = Manner::Check(home.map(|text| Prefix::parse(text).unwrap()));
        let mut play = Play::on(None, manner, &echoes(3), Some(published), Services::new(), START);
        for (nth, answer) in answers.iter().enumerate() {
            play.say(nth, page(answer));
        }
        (play.asked.len(), play.agreed())
    };
    assert_eq!(check(NEW, None, &[NEW]), (1, Some(ip(NEW))));
    assert_eq!(check(NEW, None, &[NEXT, NEXT]), (3, Some(ip(NEXT))));
    assert_eq!(check(NEW, None, &[NEXT, NEW, "91.12.34.59"]).1, None);
    let temporary = "2003:e7:1:5600:aaaa::1";
    assert_eq!(check("2003:f:ab::10", Some("2003:e7:1:5600::/56"), &[temporary]), (1, Some(ip(temporary))));

    let manner = Manner::Check(None);
    let mut play = Play::on(None, manner, &echoes(1), Some(NEW), Services::new(), START);
    for nth in 0..play.asked.len() {
        play.say(nth, page(NEXT));
    }
    assert_eq!((play.asked.len(), play.agreed()), (1, None), "one voice alone contradicts nobody");
}

#[test]
fn the_servers_of_both_tables_have_a_place_in_the_poll() {
    let play = Play::on(None, Manner::Brief, &[Source::Dns, Source::Stun], None, Services::new(), START);
    assert_eq!(play.poll.services.len(), WHOAMI.len() + STUN.len());
}
