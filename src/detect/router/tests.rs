use crate::http::Options;
use crate::http::fake::{Answer, End};
use crate::rules::address::{PerFamily, Prefix};
use crate::rules::consensus::Lifetimes;

use crate::config::Login as Credentials;
use crate::rules::secret::Secret;

use super::fake::{BOX, FakeRouter, MINI, MINI_SCPD, challenge, results};
use super::*;

const PPP: &str = include_str!("../../../tests/fixtures/fritzbox/linksys-desc.xml");

pub(super) fn clients() -> Clients {
    Clients::new(&Options { user_agent: "wanbeacon/test".into(), ..Options::default() }).unwrap()
}

/// `[fritzbox]` with this address.
fn at(address: &str) -> FritzBox {
    FritzBox { address: Some(address.into()), ..FritzBox::default() }
}

/// Asks routers that are configured.
struct Asker {
    routers: Routers,
    clients: Clients,
}

impl Asker {
    fn of(fake: &FakeRouter) -> Self {
        Self { routers: Routers::new(&at(fake.place().as_str()), Names::new(&[]), None).unwrap(), clients: clients() }
    }

    async fn ask(&self, family: Family) -> Result<RouterReading, String> {
        self.routers.ask(&self.clients, Wanted::FritzBox, None, family).await
    }
}

fn reading(address: &str, status: &str) -> RouterReading {
    RouterReading { address: address.into(), status: status.into(), ..RouterReading::default() }
}

fn lives(preferred: u64, valid: u64) -> Lifetimes {
    Lifetimes { preferred: Duration::from_secs(preferred), valid: Duration::from_secs(valid) }
}

const ADDRESS: [(&str, &str); 4] =
    [("NewExternalIPv6Address", "2003:f:ab::10"), ("NewPrefixLength", "64"), ("NewValidLifetime", "7200"), ("NewPreferedLifetime", "1200")];

fn prefix<'a>(network: &'a str, length: &'a str) -> [(&'a str, &'a str); 4] {
    [("NewIPv6Prefix", network), ("NewPrefixLength", length), ("NewValidLifetime", "4294967295"), ("NewPreferedLifetime", "3600")]
}

#[tokio::test]
async fn a_box_tells_its_ipv4_address_and_describes_itself_once() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    let asker = Asker::of(&fake);
    assert_eq!(asker.ask(Family::V4).await, Ok(reading("91.12.34.57", "Connected")));
    fake.says("GetExternalIPAddress", &[("NewExternalIPAddress", "")]);
    assert_eq!(asker.ask(Family::V4).await, Ok(reading("", "Connected")));
    let wanted = [
        "/igddesc.xml",
        "GetExternalIPAddress",
        "/igdconnSCPD.xml",
        "GetStatusInfo",
        // Its description cannot be read: the action is tried, once.
        "/igdicfgSCPD.xml",
        "X_AVM_DE_GetDsliteStatus",
        "GetExternalIPAddress",
        "GetStatusInfo",
    ];
    assert_eq!(fake.asked(), wanted);
}

#[tokio::test]
async fn a_box_tells_its_ipv6_address_and_the_prefix_of_the_lan_with_what_is_left_of_them() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    fake.says("X_AVM_DE_GetExternalIPv6Address", &ADDRESS);
    let asker = Asker::of(&fake);
    for length in ["56", "48", "64"] {
        fake.says("X_AVM_DE_GetIPv6Prefix", &prefix("2003:e7:1:5600::", length));
        let wanted = RouterReading {
            lifetimes: Some(lives(1200, 7200)),
            prefix: Some(Prefix::parse(&format!("2003:e7:1:5600::/{length}")).unwrap()),
            prefix_lifetimes: Some(lives(3600, u32::MAX.into())),
            ..reading("2003:f:ab::10", "Connected")
        };
        assert_eq!(asker.ask(Family::V6).await, Ok(wanted));
    }
    for (network, length) in [("", "0"), ("::", "0"), ("2003:e7::", "65"), ("2003:e7::", "0")] {
        fake.says("X_AVM_DE_GetIPv6Prefix", &prefix(network, length));
        assert_eq!(asker.ask(Family::V6).await.unwrap().prefix, None, "{network}/{length}");
    }
}

#[tokio::test]
async fn a_prefix_that_could_not_be_read_is_not_taken_for_none() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    fake.says("X_AVM_DE_GetExternalIPv6Address", &ADDRESS);
    let asker = Asker::of(&fake);
    for (network, length) in [("2003:e7::", "soon"), ("91.12.34.0", "24"), ("nowhere", "56"), ("2003:e7::", "-1")] {
        fake.says("X_AVM_DE_GetIPv6Prefix", &prefix(network, length));
        assert!(asker.ask(Family::V6).await.unwrap_err().contains("is not a prefix"), "{network}/{length}");
    }
    fake.set("X_AVM_DE_GetIPv6Prefix", Answer::raw("", End::Reset));
    assert!(asker.ask(Family::V6).await.is_err());
}

#[tokio::test]
async fn a_router_that_lists_no_ipv6_actions_is_not_asked_for_them() {
    let fake = FakeRouter::start("127.0.0.1:0", &[("/rootDesc.xml", MINI), ("/WANIPCn.xml", MINI_SCPD)]).await;
    assert!(Asker::of(&fake).ask(Family::V6).await.unwrap_err().contains("not a FRITZ!Box"));
    assert_eq!(fake.asked(), ["/igddesc.xml", "/igd2desc.xml", "/rootDesc.xml", "/WANIPCn.xml"]);
}

#[tokio::test]
async fn a_router_that_lists_nothing_is_asked_once_for_what_it_may_know() {
    let fake = FakeRouter::start("127.0.0.1:0", &[("/igddesc.xml", BOX)]).await;
    fake.says("GetExternalIPAddress", &[("NewExternalIPAddress", "91.12.34.57")]);
    let asker = Asker::of(&fake);
    for _ in 0..2 {
        assert!(asker.ask(Family::V6).await.unwrap_err().contains("not a FRITZ!Box"));
        // One that does not tell its state is taken at its word.
        assert_eq!(asker.ask(Family::V4).await, Ok(reading("91.12.34.57", "")));
    }
    for what in ["/igddesc.xml", "/igdconnSCPD.xml", "X_AVM_DE_GetExternalIPv6Address", "GetStatusInfo", "X_AVM_DE_GetDsliteStatus"] {
        assert_eq!(fake.count(what), 1, "{what}");
    }
}

#[tokio::test]
async fn a_box_behind_a_tunnel_says_so() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    let asker = Asker::of(&fake);
    for (said, meant) in [("1", Some(true)), ("0", Some(false)), ("perhaps", None)] {
        fake.says("X_AVM_DE_GetDsliteStatus", &[("NewX_AVM_DE_DsliteStatus", said)]);
        assert_eq!(asker.ask(Family::V4).await.unwrap().ds_lite, meant);
    }
}

#[tokio::test]
async fn what_one_source_learned_of_the_router_the_other_one_uses() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    let asker = Asker::of(&fake);
    for wanted in [Wanted::FritzBox, Wanted::Any] {
        asker.routers.ask(&asker.clients, wanted, None, Family::V4).await.unwrap();
        asker.routers.eventing(&asker.clients, wanted, None).await.unwrap();
    }
    assert_eq!(fake.count("/igddesc.xml"), 1);
}

#[tokio::test]
async fn recorded_answers_of_miniupnpd_are_read() {
    let fake = FakeRouter::start("127.0.0.1:0", &[("/rootDesc.xml", MINI), ("/WANIPCn.xml", MINI_SCPD)]).await;
    fake.set("GetExternalIPAddress", Answer::ok(include_str!("../../../tests/fixtures/fritzbox/miniupnpd-external.xml")));
    fake.set("GetStatusInfo", Answer::ok(include_str!("../../../tests/fixtures/fritzbox/miniupnpd-status.xml")));
    assert_eq!(Asker::of(&fake).ask(Family::V4).await, Ok(reading("93.184.215.14", "Connected")));
}

/// A router with a second connection, at `/ppp`; both say what is set for `PATH#ACTION`.
async fn with_two_connections() -> FakeRouter {
    let second = "<service><serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType>\
        <controlURL>/ppp</controlURL><eventSubURL>/ppp-events</eventSubURL><SCPDURL>/ppp.xml</SCPDURL></service></serviceList>";
    FakeRouter::start("127.0.0.1:0", &[("/igddesc.xml", &BOX.replacen("</serviceList>", second, 1))]).await
}

#[tokio::test]
async fn of_several_connections_the_one_with_an_address_counts() {
    let fake = with_two_connections().await;
    fake.says("GetExternalIPAddress", &[("NewExternalIPAddress", "0.0.0.0")]);
    let address = results("GetExternalIPAddress", &[("NewExternalIPAddress", "91.12.34.57")]);
    fake.set("/ppp#GetExternalIPAddress", address);
    let asker = Asker::of(&fake);
    // Even if nobody asked for an address before.
    let eventing = asker.routers.eventing(&asker.clients, Wanted::FritzBox, None).await.unwrap();
    assert_eq!(eventing.url.path(), "/ppp-events");
    assert_eq!(asker.ask(Family::V4).await, Ok(reading("91.12.34.57", "")));
    // The other one may be the one with an address when this one cannot be asked.
    fake.set("/ppp#GetExternalIPAddress", Answer::raw("", End::Reset));
    assert!(asker.ask(Family::V4).await.is_err());
    assert!(asker.routers.eventing(&asker.clients, Wanted::FritzBox, None).await.is_err());
}

#[tokio::test]
async fn of_several_connections_a_telephones_and_an_old_one_do_not_hide_the_one_in_use() {
    for (first, second, expected) in [
        (("10.1.2.3", "Connected"), ("91.12.34.57", "Connected"), 1),
        (("91.12.34.58", "Disconnected"), ("91.12.34.57", "Connected"), 1),
        (("91.12.34.57", "Connected"), ("91.12.34.58", "Connected"), 0),
        (("91.12.34.58", "Disconnected"), ("100.64.1.2", "Connected"), 1),
        (("91.12.34.58", "Disconnected"), ("", "Connected"), 1),
        (("", "Unconfigured"), ("91.12.34.58", "Disconnected"), 1),
        (("10.1.2.3", "Connected"), ("100.64.1.2", "Connected"), 0),
    ] {
        let fake = with_two_connections().await;
        for (path, (address, status)) in [("/igdupnp/control/WANIPConn1", first), ("/ppp", second)] {
            fake.set(&format!("{path}#GetExternalIPAddress"), results("GetExternalIPAddress", &[("NewExternalIPAddress", address)]));
            fake.set(&format!("{path}#GetStatusInfo"), results("GetStatusInfo", &[("NewConnectionStatus", status)]));
        }
        let asker = Asker::of(&fake);
        let (address, status) = [first, second][expected];
        assert_eq!(asker.ask(Family::V4).await, Ok(reading(address, status)), "{first:?} {second:?}");
        let eventing = asker.routers.eventing(&asker.clients, Wanted::FritzBox, None).await.unwrap();
        assert_eq!(eventing.url.path() == "/ppp-events", expected == 1, "{first:?} {second:?}");
    }
}

#[tokio::test]
async fn what_is_no_description_is_reported_with_what_to_check() {
    let broken = include_str!("../../../tests/fixtures/fritzbox/invalid.xml");
    let tr64 = include_str!("../../../tests/fixtures/fritzbox/tr64desc-7530.xml");
    let huge = format!("<root>{}</root>", "<a/>".repeat(20_000));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><root><device>&c;</device></root>";
    for (page, word) in [
        ("<html><body>UPnP is off</body></html>", "UPnP"),
        (broken, "broken XML"),
        (bomb, "DTD"),
        ("", "no XML"),
        (&huge, "longer than"),
        (tr64, "no WAN connection service"),
    ] {
        let fake = FakeRouter::start("127.0.0.1:0", &[("/igddesc.xml", page)]).await;
        let problem = Asker::of(&fake).ask(Family::V4).await.unwrap_err();
        assert!(problem.contains(word) && problem.contains("127.0.0.1"), "{problem}");
    }
}

#[tokio::test]
async fn a_description_that_is_moved_elsewhere_is_not_followed() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    for to in ["http://192.0.2.1/igddesc.xml", "/other.xml"] {
        fake.set("/igddesc.xml", Answer::redirect(302, to));
        fake.set("/other.xml", Answer::ok(BOX));
        assert!(Asker::of(&fake).ask(Family::V4).await.unwrap_err().contains("redirected"), "{to}");
    }
}

#[tokio::test]
async fn a_control_address_on_another_host_is_not_called() {
    for elsewhere in ["http://192.0.2.1/control", "https://127.0.0.1/control", "//192.0.2.1/control"] {
        let page = BOX.replace("/igdupnp/control/WANIPConn1", elsewhere);
        let fake = FakeRouter::start("127.0.0.1:0", &[("/igddesc.xml", &page)]).await;
        assert!(Asker::of(&fake).ask(Family::V4).await.unwrap_err().contains("no WAN connection service"), "{elsewhere}");
    }
    // URLBase names another host here as well; the control address is a path and stays on the one that was asked.
    let fake = FakeRouter::start("127.0.0.1:0", &[("/igddesc.xml", PPP)]).await;
    fake.says("GetExternalIPAddress", &[("NewExternalIPAddress", "91.12.34.57")]);
    assert!(Asker::of(&fake).ask(Family::V4).await.is_ok());
}

#[tokio::test]
async fn answers_that_break_the_protocol_are_reported_and_the_description_is_read_again() {
    for answer in [Answer::ok("<html/>"), Answer::ok("<a:"), Answer::reply("404 Gone", "", ""), Answer::raw("", End::Reset)] {
        let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
        fake.set("GetExternalIPAddress", answer);
        let asker = Asker::of(&fake);
        assert!(asker.ask(Family::V4).await.is_err());
        fake.says("GetExternalIPAddress", &[("NewExternalIPAddress", "91.12.34.57")]);
        assert_eq!(asker.ask(Family::V4).await, Ok(reading("91.12.34.57", "Connected")));
        assert_eq!(fake.count("/igddesc.xml"), 2);
    }
}

#[tokio::test]
async fn old_http_is_understood_and_long_words_are_cut() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    let old = format!("HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n{BOX}");
    fake.set("/igddesc.xml", Answer::raw(&old, End::Close));
    fake.says("GetStatusInfo", &[("NewConnectionStatus", &"a\tb".repeat(1000))]);
    let status = Asker::of(&fake).ask(Family::V4).await.unwrap().status;
    assert!(status.starts_with("a ba b") && status.chars().count() == 65 && status.ends_with('…'), "{status:?}");
}

#[tokio::test]
async fn a_router_that_never_ends_its_answer_is_given_up() {
    let fake = FakeRouter::start("127.0.0.1:0", &[]).await;
    fake.set("/igddesc.xml", Answer::raw("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<root>", End::Dribble));
    let mut asker = Asker::of(&fake);
    asker.routers.limit = Duration::from_millis(100);
    assert!(asker.ask(Family::V4).await.unwrap_err().contains("did not answer within"));
}

#[tokio::test]
async fn a_box_names_where_its_events_are_and_who_may_call() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    let routers = Routers::new(&at(&format!("localhost:{}", fake.address.port())), Names::new(&[]), None).unwrap();
    let eventing = routers.eventing(&clients(), Wanted::FritzBox, None).await.unwrap();
    assert_eq!(eventing.url.path(), "/igdupnp/control/WANIPConn1");
    assert_eq!(place::address_of(&eventing.url), Some(eventing.peer));
    assert!(eventing.peer.is_loopback(), "{eventing:?}");
    assert_eq!(routers.place(&clients(), None).await, Ok(fake.place()), "a name is looked up");
}

#[tokio::test]
async fn a_look_at_the_line_shows_everything_and_leaves_out_what_is_not_told() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    fake.says("X_AVM_DE_GetExternalIPv6Address", &ADDRESS);
    fake.says("X_AVM_DE_GetIPv6Prefix", &prefix("2003:e7:1:5600::", "56"));
    fake.says("X_AVM_DE_GetDNSServer", &[("NewIPv4DNSServer1", "217.237.148.22"), ("NewIPv4DNSServer2", "0.0.0.0")]);
    let asker = Asker::of(&fake);
    let view = asker.routers.view(&asker.clients, None).await.unwrap();
    let wanted = WanView {
        model: "FRITZ!Box 7590".into(),
        place: fake.place().to_string(),
        status: Some("Connected".into()),
        uptime: Some(12),
        address: PerFamily { v4: Some("91.12.34.57".into()), v6: Some("2003:f:ab::10".into()) },
        lifetimes: Some(Remaining { preferred: 1200, valid: 7200 }),
        prefix: Some("2003:e7:1:5600::/56".into()),
        prefix_lifetimes: Some(Remaining { preferred: 3600, valid: u32::MAX.into() }),
        dns: PerFamily { v4: vec!["217.237.148.22".parse().unwrap()], v6: vec![] },
        ..WanView::default()
    };
    assert_eq!(view, wanted);
}

/// A box that says nothing without login, and who has one.
async fn closed() -> (FakeRouter, Asker) {
    let tr64 = include_str!("../../../tests/fixtures/fritzbox/tr64desc-7530.xml");
    let fake = FakeRouter::start("127.0.0.1:0", &[("/tr64desc.xml", tr64)]).await;
    let login = Credentials { username: "admin".into(), password: Secret::new("gurkensalat".into()) };
    let settings = FritzBox { login: Some(login), ..at(fake.place().as_str()) };
    let routers = Routers::new(&settings, Names::new(&[]), None).unwrap();
    (fake, Asker { routers, clients: clients() })
}

#[tokio::test]
async fn a_box_that_says_nothing_without_login_tells_its_ipv4_address_with_one() {
    let (fake, asker) = closed().await;
    fake.says("GetSecurityPort", &[("NewSecurityPort", "0")]);
    fake.guard();
    fake.says("GetDefaultConnectionService", &[("NewDefaultConnectionService", "1.WANIPConnection.1")]);
    fake.says("GetExternalIPAddress", &[("NewExternalIPAddress", "91.12.34.57")]);
    fake.says("GetStatusInfo", &[("NewConnectionStatus", "Connected"), ("NewUptime", "12")]);
    assert_eq!(asker.ask(Family::V4).await, Ok(reading("91.12.34.57", "Connected")));
    let before = fake.asked().len();
    let problem = asker.ask(Family::V6).await.unwrap_err();
    assert!(problem.contains("no IPv6") && problem.contains("Transmit status information"), "{problem}");
    asker.ask(Family::V4).await.unwrap();
    // Nobody is searched, described or logged in again for it.
    assert_eq!(fake.asked().split_off(before), ["GetExternalIPAddress", "GetStatusInfo"]);
    let view = asker.routers.view(&asker.clients, None).await.unwrap();
    assert_eq!((view.uptime, view.address.v4.as_deref()), (Some(12), Some("91.12.34.57")));
    assert!(asker.routers.eventing(&asker.clients, Wanted::FritzBox, None).await.unwrap_err().contains("does not tell of changes"));
}

#[tokio::test]
async fn a_login_that_the_box_refuses_is_not_tried_again() {
    let (fake, asker) = closed().await;
    for action in ["GetDefaultConnectionService", "GetStatusInfo"] {
        fake.set(action, challenge());
    }
    let problem = asker.ask(Family::V4).await.unwrap_err();
    assert!(problem.contains("does not accept the login") && !problem.contains("gurkensalat"), "{problem}");
    let tried = fake.asked().len();
    // Not even where what is known of the box is forgotten.
    *asker.routers.cell(None).lock().await = Known::default();
    assert!(asker.ask(Family::V4).await.unwrap_err().contains("does not accept the login"));
    let more = fake.asked().split_off(tried);
    assert_eq!(more, ["/igddesc.xml", "/igd2desc.xml", "/rootDesc.xml"]);
}
