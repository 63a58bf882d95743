#![expect(clippy::unnecessary_wraps, reason = "answers have the type that questions get")]

use super::super::{InterfaceAddress, RouterReading};
use super::*;
use crate::rules::address::{PerFamily, Prefix};

const NEW: &str = "91.12.34.57";
const START: Moment = Moment(1_800_000_000_000);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn interface(address: &str) -> Result<Reading, ProbeFault> {
    let address = Some(ip(address));
    Ok(Reading::Interface(vec![InterfaceAddress {
        interface: "eth0".into(),
        address,
        prefix_length: 64,
        up: true,
        ..InterfaceAddress::default()
    }]))
}

fn router_says(address: &str, status: &str) -> Result<Reading, ProbeFault> {
    let prefix = Prefix::parse("2003:e7:1:5600::/56").ok();
    Ok(Reading::Router(RouterReading { address: address.into(), status: status.into(), prefix, ..RouterReading::default() }))
}

fn echo(body: &str) -> Result<Reading, ProbeFault> {
    Ok(Reading::Echo { status: 200, retry_after: None, body: body.into() })
}

fn failed() -> Result<Reading, ProbeFault> {
    Err(ProbeFault::Failed("time-out".into()))
}

fn named() -> Source {
    Source::Echo("http://127.0.0.1/".into())
}

/// Runs a whole round; `answers` are handed in one after another. Gives the result, the reports and what was asked.
fn run(
    sources: &[Source],
    family: Family,
    thorough: bool,
    answers: Vec<Result<Reading, ProbeFault>>,
) -> (Observed, Vec<SourceReport>, Vec<Probe>) {
    run_for(false, sources, family, thorough, answers)
}

fn line(sources: &[Source], family: Family) -> Line {
    let sources = PerFamily::from_fn(|it| if it == family { sources.to_vec() } else { Vec::new() });
    Line { name: "default".into(), interface: None, sources }
}

fn run_for(
    hosts_only: bool,
    sources: &[Source],
    family: Family,
    thorough: bool,
    answers: Vec<Result<Reading, ProbeFault>>,
) -> (Observed, Vec<SourceReport>, Vec<Probe>) {
    let mut services = Services::new();
    let begin = if thorough { Round::survey } else { Round::start };
    let line = line(sources, family);
    let aim = Aim { line: &line, family, published: None, hosts_only };
    let (mut round, mut step) = begin(aim, &mut services, START);
    let mut answers = answers.into_iter();
    let mut waiting = std::collections::VecDeque::new();
    let mut asked = Vec::new();
    loop {
        match step {
            Step::Done(observed) => {
                assert!(answers.next().is_none(), "not every answer was asked for");
                return (observed, round.reports(), asked);
            }
            Step::Ask(questions) => {
                for (number, probe) in questions {
                    waiting.push_back(number);
                    asked.push(probe);
                }
            }
            Step::Wait => {}
        }
        let number = waiting.pop_front().expect("a round that waits has questions under way");
        let answer = answers.next().expect("the round asks no more than was expected");
        step = round.answer(number, answer, &mut services, START);
    }
}

fn sighting(observed: &Observed) -> &Sighting {
    match observed {
        Observed::Known(sighting) => sighting,
        other => panic!("{other:?}"),
    }
}

const USUAL: [Source; 3] = [Source::Interface(None), Source::FritzBox, Source::Web];

#[test]
fn a_local_source_is_conclusive_alone() {
    let (observed, reports, asked) = run(&USUAL, Family::V4, false, vec![interface(NEW)]);
    let seen = sighting(&observed);
    assert_eq!((seen.address, seen.source.as_str(), seen.prefix), (ip(NEW), "interface", None));
    assert_eq!(asked, [Probe::Interface(None)]);
    assert_eq!(reports, [SourceReport { source: "interface".into(), address: Some(ip(NEW)), rejected: None }]);
}

#[test]
fn behind_nat_the_router_is_asked_and_the_reason_is_kept() {
    let (observed, reports, _) = run(&USUAL, Family::V4, false, vec![interface("192.168.178.20"), router_says(NEW, "Connected")]);
    assert_eq!(sighting(&observed).source, "fritzbox");
    assert_eq!(reports[0].address, Some(ip("192.168.178.20")));
    assert!(reports[0].rejected.as_ref().unwrap().contains("RFC 1918"));
    assert_eq!(reports[1].rejected, None);
}

#[test]
fn the_prefix_of_the_lan_comes_along() {
    let (observed, ..) = run(&USUAL, Family::V6, false, vec![interface("2003:f:ab::10")]);
    assert_eq!(sighting(&observed).prefix, Prefix::parse("2003:f:ab::/64").ok());
    let (observed, ..) = run(&USUAL, Family::V6, false, vec![interface("fd00::1"), router_says("2003:f:ab::10", "Connected")]);
    assert_eq!(sighting(&observed).prefix, Prefix::parse("2003:e7:1:5600::/56").ok());
}

#[test]
fn a_router_that_says_0_0_0_0_means_that_there_is_no_connection() {
    let (observed, ..) = run(&[Source::FritzBox], Family::V4, false, vec![router_says("0.0.0.0", "Connected")]);
    assert!(matches!(observed, Observed::Absent(ref why) if why.contains("0.0.0.0")), "{observed:?}");
    let answers = vec![router_says("0.0.0.0", "Disconnected"), failed()];
    let (observed, ..) = run(&[Source::FritzBox, named()], Family::V4, false, answers);
    assert!(matches!(observed, Observed::Absent(_)), "{observed:?}");
}

#[test]
fn another_source_may_know_better_than_a_router_that_says_no() {
    let answers = vec![router_says("0.0.0.0", "Disconnected"), echo(NEW)];
    let (observed, ..) = run(&[Source::FritzBox, named()], Family::V4, false, answers);
    assert_eq!(observed.address(), Some(ip(NEW)));
}

#[test]
fn a_public_address_behind_carrier_nat_is_published_with_a_warning() {
    for address in ["100.64.3.4", ""] {
        let answers = vec![router_says(address, "Connected"), echo(NEW)];
        let (observed, ..) = run(&[Source::FritzBox, named()], Family::V4, false, answers);
        let seen = sighting(&observed);
        assert_eq!(seen.address, ip(NEW));
        assert!(seen.warning.as_ref().unwrap().contains("carrier NAT"), "{seen:?}");
    }
}

#[test]
fn a_router_with_a_private_address_alone_is_unavailable_with_the_reason() {
    for address in ["192.168.1.2", "100.64.3.4", "192.0.2.1"] {
        let (observed, ..) = run(&[Source::FritzBox], Family::V4, false, vec![router_says(address, "Connected")]);
        assert!(matches!(observed, Observed::Unavailable(ref why) if why.contains(address)), "{observed:?}");
    }
}

#[test]
fn when_every_source_fails_each_reason_is_listed() {
    let command = Source::Command("/bin/false".into());
    let (observed, reports, _) = run(&[Source::FritzBox, command, named()], Family::V4, false, vec![failed(), failed(), failed()]);
    let Observed::Unavailable(why) = observed else { panic!("{observed:?}") };
    for word in ["fritzbox: time-out", "command:/bin/false: time-out", "http://127.0.0.1/: time-out"] {
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(reports.len(), 3);
}

#[test]
fn without_an_address_and_without_a_route_there_is_no_line() {
    let no_route = || Err(ProbeFault::NoRoute("network is unreachable".into()));
    let answers = vec![interface("fe80::1"), failed(), no_route(), no_route(), no_route()];
    let (observed, ..) = run(&USUAL, Family::V6, false, answers);
    assert!(matches!(observed, Observed::Absent(_)), "{observed:?}");
}

#[test]
fn a_line_whose_services_fail_is_not_called_absent() {
    let answers = vec![interface("fe80::1"), failed(), failed(), failed(), failed()];
    let (observed, ..) = run(&USUAL, Family::V6, false, answers);
    assert!(matches!(observed, Observed::Unavailable(_)), "{observed:?}");
}

#[test]
fn an_unpublishable_answer_is_refused_wherever_it_comes_from() {
    let fixed = |text: &str| Source::Static(ip(text));
    for (source, answers) in [
        (named(), vec![echo("192.168.178.20")]),
        (Source::Command("x".into()), vec![Ok(Reading::Text("192.168.178.20".into()))]),
        (fixed("192.168.178.20"), vec![]),
        (Source::FritzBox, vec![router_says("192.168.178.20", "Connected")]),
        (Source::Interface(None), vec![interface("192.168.178.20")]),
    ] {
        let (observed, reports, _) = run(&[source], Family::V4, false, answers);
        assert!(matches!(observed, Observed::Unavailable(ref why) if why.contains("RFC 1918")), "{observed:?}");
        assert_eq!(reports[0].address, Some(ip("192.168.178.20")));
    }
}

#[test]
fn a_fixed_address_needs_no_question() {
    let (observed, _, asked) = run(&[Source::Static(ip(NEW)), Source::Web], Family::V4, false, vec![]);
    assert_eq!((observed.address(), asked.len()), (Some(ip(NEW)), 0));
    let (observed, ..) = run(&[Source::Static(ip("2003:f:ab::10"))], Family::V4, false, vec![]);
    assert!(matches!(observed, Observed::Unavailable(_)));
}

#[test]
fn a_line_without_sources_says_so() {
    let (observed, ..) = run(&[], Family::V6, false, vec![]);
    assert_eq!(observed, Observed::Unavailable("no source is configured for IPv6".into()));
}

#[test]
fn outside_sources_are_compared_in_the_place_of_the_first() {
    let second = Source::Echo("http://127.0.0.2/".into());
    let sources = [named(), Source::FritzBox, second];
    let (observed, reports, asked) = run(&sources, Family::V4, false, vec![echo(NEW), failed(), router_says("91.12.34.58", "Connected")]);
    assert_eq!(sighting(&observed).source, "fritzbox");
    assert_eq!(asked.len(), 3);
    let order: Vec<&str> = reports.iter().map(|report| report.source.as_str()).collect();
    assert_eq!(order, ["http://127.0.0.1/", "http://127.0.0.2/", "fritzbox"]);
}

#[test]
fn a_survey_asks_everybody_and_still_chooses_in_order_of_trust() {
    let sources = [Source::Interface(None), Source::FritzBox, named()];
    let answers = vec![interface(NEW), router_says("91.12.34.58", "Connected"), failed()];
    let (observed, reports, _) = run(&sources, Family::V4, true, answers);
    assert_eq!(observed.address(), Some(ip(NEW)));
    assert_eq!(reports.len(), 3);
}

#[test]
fn answers_of_the_wrong_kind_or_number_do_no_harm() {
    let (observed, ..) = run(&[Source::FritzBox], Family::V4, false, vec![echo(NEW)]);
    assert!(matches!(observed, Observed::Unavailable(_)));
    let mut services = Services::new();
    let line = line(&[Source::FritzBox], Family::V4);
    let aim = Aim { line: &line, family: Family::V4, published: None, hosts_only: false };
    let (mut round, _) = Round::start(aim, &mut services, START);
    assert_eq!(round.answer(7, failed(), &mut services, START), Step::Wait);
    assert!(matches!(round.answer(0, failed(), &mut services, START), Step::Done(_)));
    assert_eq!(round.answer(0, failed(), &mut services, START), Step::Wait);
}

#[test]
fn a_prefix_is_not_lost_because_the_router_has_no_address() {
    let prefix = Prefix::parse("2003:e7:1:5600::/56").unwrap();
    let (observed, ..) = run(&[Source::FritzBox], Family::V6, false, vec![router_says("", "Connected")]);
    assert!(matches!(&observed, Observed::Prefix(lan) if lan.prefix == prefix && lan.source == "fritzbox"), "{observed:?}");
    // Whoever wants the line's own address asks on, and the prefix comes along.
    let (observed, ..) =
        run(&[Source::FritzBox, named()], Family::V6, false, vec![router_says("", "Connected"), echo("2003:e7:1:5601::10")]);
    assert_eq!((observed.address(), observed.prefix()), (Some(ip("2003:e7:1:5601::10")), Some(prefix)));
    // Whoever wants machines behind it only does not.
    let (observed, _, asked) = run_for(true, &[Source::FritzBox, named()], Family::V6, false, vec![router_says("", "Connected")]);
    assert!(matches!(observed, Observed::Prefix(_)) && asked == [Probe::FritzBox], "{observed:?}");
}

#[test]
fn a_router_without_a_prefix_settles_nothing_for_machines_behind_it() {
    let reading = RouterReading { address: "2003:f:ab::10".into(), status: "Connected".into(), ..RouterReading::default() };
    let answers = vec![Ok(Reading::Router(reading)), echo("2003:e7:1:5601::10")];
    let (observed, ..) = run_for(true, &[Source::FritzBox, named()], Family::V6, false, answers);
    assert_eq!(observed.address(), Some(ip("2003:e7:1:5601::10")));
}

#[test]
fn the_on_link_prefix_wins_where_the_interface_decides() {
    let sources = [Source::FritzBox, Source::Interface(None)];
    let (observed, ..) = run(&sources, Family::V6, false, vec![router_says("", "Connected"), interface("2003:e7:1:5601::10")]);
    assert_eq!(observed.prefix(), Prefix::parse("2003:e7:1:5601::/64").ok());
}

#[test]
fn one_router_that_says_no_does_not_speak_for_another_that_has_something() {
    for order in [[Source::FritzBox, Source::Upnp], [Source::Upnp, Source::FritzBox]] {
        for (first, second) in [("0.0.0.0", "10.0.0.7"), ("10.0.0.7", "0.0.0.0")] {
            let answers = vec![router_says(first, "Connected"), router_says(second, "Connected")];
            let (observed, ..) = run(&order, Family::V4, false, answers);
            assert!(matches!(observed, Observed::Unavailable(_)), "{observed:?}");
        }
        let (observed, ..) = run(&order, Family::V4, false, vec![failed(), router_says("0.0.0.0", "Connected")]);
        assert!(matches!(observed, Observed::Absent(_)), "{observed:?}");
    }
}

#[test]
fn a_second_nat_and_a_hidden_address_are_warned_of_whatever_the_router_speaks() {
    for source in [Source::FritzBox, Source::Upnp, Source::Pcp] {
        for (address, word) in [("10.0.0.7", "second NAT"), ("100.64.3.4", "carrier NAT"), ("", "second router")] {
            let (observed, ..) = run(&[source.clone(), named()], Family::V4, false, vec![router_says(address, "Connected"), echo(NEW)]);
            let warning = sighting(&observed).warning.clone().unwrap();
            assert!(warning.contains(word) && warning.contains("from outside"), "{source} {address:?}: {warning}");
        }
    }
}
