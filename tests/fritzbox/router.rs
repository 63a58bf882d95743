//! The line as the router tells it without login: what can be believed is known, and nothing else is published.

use std::time::Duration;

use wanbeacon::config::FritzBox;
use wanbeacon::detect::Detectors;
use wanbeacon::http::{Clients, Options};
use wanbeacon::resolve::Names;
use wanbeacon::rules::address::{Family, Observed, PerFamily, Prefix};
use wanbeacon::rules::consensus::{self, Aim, Lifetimes, Probe, Reading, Round, RouterReading, Services, Source, Step};
use wanbeacon::rules::moment::Moment;

use crate::double::line::Line;
use crate::double::odd::{Oddity, On};
use crate::double::{Double, Igd};
use crate::rig::{broken, endless, hurried};
use crate::stranger::IGD;

struct Home {
    double: Double,
    detectors: Detectors,
}

impl Home {
    async fn new() -> Self {
        let double = Double::start().await;
        let clients = Clients::new(&Options { user_agent: "wanbeacon/test".into(), ..Options::default() }).expect("no files");
        let settings = FritzBox { address: Some(double.http.to_string()), ..FritzBox::default() };
        let detectors = Detectors::new(clients, &settings, Names::new(&[]), None).expect("an address");
        Self { double, detectors }
    }

    fn odd(&self, on: On, oddity: Oddity) {
        self.double.change(|state| state.odd.add(on, oddity));
    }

    fn line(&self, change: impl FnOnce(&mut Line)) {
        self.double.change(|state| change(&mut state.line));
    }

    /// What the router says, unjudged; a refusal is short and in one line.
    async fn ask(&self, family: Family) -> Result<RouterReading, String> {
        match self.detectors.ask(&Probe::FritzBox, family, None).await {
            Ok(Reading::Router(reading)) => Ok(reading),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => {
                let text = format!("{fault:?}");
                assert!(text.chars().count() < 500, "{text}");
                Err(text)
            }
        }
    }

    /// What is known of the line after one round with the router alone.
    async fn observe(&self, family: Family) -> Observed {
        let mut services = Services::default();
        let now = Moment(1_800_000_000_000);
        let line = consensus::Line { name: "default".into(), interface: None, sources: PerFamily::from_fn(|_| vec![Source::FritzBox]) };
        let aim = Aim { line: &line, family, published: None, hosts_only: false };
        let (mut round, mut step) = Round::start(aim, &mut services, now);
        loop {
            step = match step {
                Step::Ask(questions) => {
                    let [(number, probe)] = &questions[..] else { panic!("{questions:?}") };
                    let answer = self.detectors.ask(probe, family, None).await;
                    round.answer(*number, answer, &mut services, now)
                }
                Step::Done(observed) => return observed,
                Step::Wait => panic!("one question, one answer"),
            };
        }
    }

    /// Nothing is known, for this reason.
    async fn nothing(&self, family: Family) -> String {
        match self.observe(family).await {
            Observed::Known(sighting) => panic!("{sighting:?} of {:?}", self.double.change(|state| state.line.clone())),
            Observed::Prefix(lan) => panic!("{lan:?}"),
            Observed::Absent(why) | Observed::Unavailable(why) => {
                assert!(!why.is_empty() && !why.contains('\n') && why.chars().count() < 500, "{why:?}");
                why
            }
        }
    }
}

fn known(observed: &Observed) -> String {
    observed.address().unwrap_or_else(|| panic!("{observed:?}")).to_string()
}

#[tokio::test]
async fn a_box_tells_address_prefix_and_lifetimes_without_login() {
    let home = Home::new().await;
    let v4 = RouterReading { address: "91.12.34.57".into(), status: "Connected".into(), ds_lite: Some(false), ..RouterReading::default() };
    assert_eq!(home.ask(Family::V4).await, Ok(v4));
    let lifetimes = Some(Lifetimes { preferred: Duration::from_secs(3600), valid: Duration::from_secs(7200) });
    let v6 = RouterReading {
        address: "2003:f:ab::10".into(),
        lifetimes,
        status: "Connected".into(),
        prefix: Some(Prefix::parse("2003:e7:1:5600::/56").unwrap()),
        prefix_lifetimes: lifetimes,
        ds_lite: None,
    };
    assert_eq!(home.ask(Family::V6).await, Ok(v6));
    let asked = home.double.asked();
    assert!(asked.iter().all(|request| !request.authorized() && !request.secure));
    let descriptions = asked.iter().filter(|request| request.method == "GET").count();
    assert_eq!(descriptions, 3, "device, connection and link, once each: {:?}", home.double.brief());
}

#[tokio::test]
async fn a_change_of_the_line_is_seen_with_the_next_question() {
    let home = Home::new().await;
    assert_eq!(known(&home.observe(Family::V4).await), "91.12.34.57");
    home.line(|line| {
        line.v4 = "91.12.34.58".into();
        line.v6 = "2003:f:ac::10".into();
        line.prefix = "2003:e7:2:5600::".into();
    });
    assert_eq!(known(&home.observe(Family::V4).await), "91.12.34.58");
    let observed = home.observe(Family::V6).await;
    assert_eq!(known(&observed), "2003:f:ac::10");
    let Observed::Known(sighting) = observed else { unreachable!("it is known") };
    assert_eq!(sighting.prefix, Some(Prefix::parse("2003:e7:2:5600::/56").unwrap()));
}

#[tokio::test]
async fn ds_lite_is_told_and_has_no_address_of_its_own() {
    let home = Home::new().await;
    home.line(|line| {
        line.v4.clear();
        line.dslite = true;
    });
    let reading = home.ask(Family::V4).await.unwrap();
    assert_eq!((reading.address.as_str(), reading.status.as_str(), reading.ds_lite), ("", "Connected", Some(true)));
    home.nothing(Family::V4).await;
    assert_eq!(known(&home.observe(Family::V6).await), "2003:f:ab::10");
}

#[tokio::test]
async fn what_may_not_be_published_is_nothing_although_the_box_is_connected() {
    let home = Home::new().await;
    let v4 = [
        "",
        " ",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.178.1",
        "100.64.0.1",
        "169.254.1.1",
        "127.0.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "2003:f:ab::10",
        "::ffff:91.12.34.57",
        "91.12.34.57 91.12.34.58",
        "91.12.34.57:80",
        "91.12.34",
        "0x5b.12.34.57",
        "091.012.034.057",
        "1534861881",
        "fritz.box",
        "<b>91.12.34.57</b>",
        "91.12.34.57\u{0}",
    ];
    let padded = format!("91.12.34.57{}and more", " ".repeat(60));
    for address in v4.into_iter().chain([padded.as_str()]) {
        home.line(|line| line.v4 = address.into());
        home.nothing(Family::V4).await;
    }
    let v6 = [
        "",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "fec0::1",
        "2001:db8::1",
        "ff02::1",
        "91.12.34.57",
        "::ffff:91.12.34.57",
        "100::1",
        "2003:f:ab::10/64",
        "2003:f:ab:::10",
        "2003:f:ab::10 ::",
    ];
    for address in v6 {
        home.line(|line| line.v6 = address.into());
        // The prefix of the LAN stands beside it: hosts may be made from that.
        match home.observe(Family::V6).await {
            Observed::Known(sighting) => panic!("{address:?}: {sighting:?}"),
            Observed::Prefix(lan) => assert_eq!(lan.prefix, Prefix::parse("2003:e7:1:5600::/56").unwrap(), "{address:?}"),
            Observed::Absent(why) | Observed::Unavailable(why) => assert!(!why.is_empty(), "{address:?}"),
        }
    }
    home.line(|line| line.prefix = String::new());
    for address in v6 {
        home.line(|line| line.v6 = address.into());
        home.nothing(Family::V6).await;
    }
    home.line(|line| *line = Line::new());
    assert_eq!(known(&home.observe(Family::V4).await), "91.12.34.57");
}

#[tokio::test]
async fn an_address_of_a_box_that_is_not_connected_is_an_old_one() {
    let home = Home::new().await;
    for status in ["Unconfigured", "Connecting", "Authenticating", "PendingDisconnect", "Disconnecting", "Disconnected"] {
        home.line(|line| line.status = status.into());
        home.nothing(Family::V4).await;
    }
}

#[tokio::test]
async fn a_prefix_that_is_none_is_not_used() {
    let home = Home::new().await;
    for (prefix, length) in [("", 56), ("::", 0), ("2003:e7:1::", 0), ("2003:e7:1::", 65), ("2003:e7:1::", 128)] {
        home.line(|line| (line.prefix, line.prefix_length) = (prefix.into(), length));
        let reading = home.ask(Family::V6).await.unwrap();
        assert_eq!((reading.address.as_str(), reading.prefix), ("2003:f:ab::10", None), "{prefix}/{length}");
    }
    // Host bits are cut; what cannot be read is not taken for "none".
    home.line(|line| (line.prefix, line.prefix_length) = ("2003:e7:1:56ff::1".into(), 56));
    assert_eq!(home.ask(Family::V6).await.unwrap().prefix, Some(Prefix::parse("2003:e7:1:5600::/56").unwrap()));
    for prefix in ["91.12.34.0", "2003:e7:1:5600::/56", "nonsense"] {
        home.line(|line| line.prefix = prefix.into());
        home.nothing(Family::V6).await;
    }
}

#[tokio::test]
async fn a_router_with_broken_descriptions_publishes_nothing() {
    for oddity in broken() {
        let home = Home::new().await;
        home.odd(On::Everything, oddity.clone());
        for family in [Family::V4, Family::V6] {
            home.nothing(family).await;
        }
        assert!(home.double.asked().len() <= 6, "{oddity:?}: {:?}", home.double.brief());
        home.double.change(|state| state.odd.clear());
        assert_eq!(known(&home.observe(Family::V4).await), "91.12.34.57", "after {oddity:?}");
    }
}

#[tokio::test]
async fn a_router_with_broken_answers_publishes_nothing() {
    let actions = [
        (Family::V4, "GetExternalIPAddress"),
        (Family::V4, "GetStatusInfo"),
        (Family::V6, "X_AVM_DE_GetExternalIPv6Address"),
        (Family::V6, "X_AVM_DE_GetIPv6Prefix"),
        (Family::V6, "GetStatusInfo"),
    ];
    for oddity in broken() {
        for (family, action) in actions {
            let home = Home::new().await;
            assert!(home.observe(family).await.address().is_some());
            home.odd(On::Action(action), oddity.clone());
            home.nothing(family).await;
            assert_eq!(home.double.brief().iter().filter(|asked| *asked == action).count(), 2, "{action} is not repeated: {oddity:?}");
            home.double.change(|state| state.odd.clear());
            assert!(home.observe(family).await.address().is_some(), "{action} after {oddity:?}");
        }
    }
}

#[tokio::test]
async fn a_router_that_never_ends_its_answer_is_left() {
    for on in [On::Everything, On::Action("GetExternalIPAddress"), On::Path("/igddesc.xml")] {
        for oddity in endless() {
            let home = Home::new().await;
            home.odd(on, oddity.clone());
            Box::pin(hurried(&home.double, home.nothing(Family::V4))).await;
        }
    }
}

#[tokio::test]
async fn a_router_that_sends_elsewhere_is_not_followed() {
    let elsewhere = Double::start().await;
    for status in [301, 302, 307, 308] {
        for target in [elsewhere.url("/igddesc.xml"), elsewhere.url(IGD.0), elsewhere.tls_url(IGD.0)] {
            let home = Home::new().await;
            home.odd(On::Everything, Oddity::Redirect(status, target.clone()));
            let why = home.nothing(Family::V4).await;
            assert!(why.contains("redirected"), "{why}");
            let home = Home::new().await;
            home.odd(On::Action("GetExternalIPAddress"), Oddity::Redirect(status, target));
            home.nothing(Family::V4).await;
        }
    }
    assert_eq!(elsewhere.brief(), [""; 0]);
}

#[tokio::test]
async fn a_router_that_names_another_host_is_not_followed() {
    let description = include_str!("../fixtures/fritzbox/igddesc-7590.xml");
    for other in ["http://203.0.113.1/a", "//203.0.113.1/a", "https://127.0.0.1/a", "file:///etc/passwd", ""] {
        let home = Home::new().await;
        let text = description.replace("<controlURL>/igdupnp/control/WANIPConn1<", &format!("<controlURL>{other}<"));
        assert_ne!(text, description);
        home.odd(On::Path("/igddesc.xml"), Oddity::Xml(text));
        home.nothing(Family::V4).await;
        assert!(home.double.asked().iter().all(|request| request.method == "GET"), "{other}: {:?}", home.double.brief());
    }
}

#[tokio::test]
async fn a_router_that_wants_a_login_or_a_rest_gets_neither_login_nor_hurry() {
    for oddity in [Oddity::Challenge, Oddity::Page(503), Oddity::Page(200), Oddity::Page(404)] {
        for on in [On::Everything, On::Action("GetExternalIPAddress")] {
            let home = Home::new().await;
            home.odd(on, oddity.clone());
            home.nothing(Family::V4).await;
            assert!(home.double.asked().iter().all(|request| !request.authorized()));
            assert!(home.double.asked().len() <= 4, "{oddity:?}: {:?}", home.double.brief());
        }
    }
}

#[tokio::test]
async fn a_refused_action_is_told_with_its_code() {
    for (action, family) in [("GetExternalIPAddress", Family::V4), ("X_AVM_DE_GetExternalIPv6Address", Family::V6)] {
        for code in [401, 402, 501, 606] {
            let home = Home::new().await;
            home.odd(On::Action(action), Oddity::Fault(code));
            let why = home.nothing(family).await;
            let part = if code == 401 { "does not know the action".into() } else { code.to_string() };
            assert!(why.contains(&part), "{why}");
        }
    }
    // What only adds to the address may be refused.
    let home = Home::new().await;
    for action in ["X_AVM_DE_GetIPv6Prefix", "GetStatusInfo", "X_AVM_DE_GetDsliteStatus"] {
        home.odd(On::Action(action), Oddity::Fault(501));
    }
    assert_eq!(known(&home.observe(Family::V4).await), "91.12.34.57");
    assert_eq!(known(&home.observe(Family::V6).await), "2003:f:ab::10");
}

#[tokio::test]
async fn upnp_that_is_switched_off_is_named() {
    let home = Home::new().await;
    home.double.change(|state| state.igd = Igd::Off);
    let why = home.nothing(Family::V4).await;
    assert!(why.contains("UPnP"), "{why}");
    home.double.change(|state| state.igd = Igd::First);
    assert_eq!(known(&home.observe(Family::V4).await), "91.12.34.57");
}

#[tokio::test]
async fn the_second_standard_and_old_http_are_good_enough() {
    let home = Home::new().await;
    home.double.change(|state| {
        state.igd = Igd::Both;
        state.odd.add(On::Path("/igddesc.xml"), Oddity::Page(404));
        state.odd.add(On::Everything, Oddity::Old);
    });
    for (family, address) in [(Family::V4, "91.12.34.57"), (Family::V6, "2003:f:ab::10")] {
        assert_eq!(known(&home.observe(family).await), address);
    }
    assert!(home.double.asked().iter().any(|request| request.path == "/igd2upnp/control/WANIPConn1"));
}

#[tokio::test]
async fn the_view_of_the_line_and_the_way_to_its_events_are_told() {
    let home = Home::new().await;
    let view = home.detectors.wan_view(None).await.unwrap();
    assert_eq!((view.model.as_str(), view.status.as_deref(), view.uptime), ("FRITZ!Box 7590", Some("Connected"), Some(1218)));
    assert_eq!((view.address.v4.as_deref(), view.address.v6.as_deref()), (Some("91.12.34.57"), Some("2003:f:ab::10")));
    assert_eq!((view.prefix.as_deref(), view.ds_lite, view.dns.v4.len()), (Some("2003:e7:1:5600::/56"), Some(false), 2));
    let eventing = home.detectors.eventing(&Probe::FritzBox, None).await.unwrap();
    assert_eq!((eventing.url.as_str(), eventing.peer), (home.double.url(IGD.0).as_str(), home.double.http.ip()));
}
