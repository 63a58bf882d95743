use crate::http::Options;
use crate::http::fake::{Answer, End, FakeHttp};
use crate::resolve::fake::{FakeDns, Otherwise, Zone, address};

use super::*;

const BOX: &str = include_str!("../../../tests/fixtures/fritzbox/igddesc-7590.xml");
const PPP: &str = include_str!("../../../tests/fixtures/fritzbox/linksys-desc.xml");
const FAULT: &str = include_str!("../../../tests/fixtures/fritzbox/fault401.xml");

fn clients() -> Clients {
    Clients::new(&Options { user_agent: "wanbeacon/test".into(), ..Options::default() }).unwrap()
}

/// A result in the manner of a FRITZ!Box.
fn result(action: &str, values: &[(&str, &str)]) -> Answer {
    let values: Vec<String> = values.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    Answer::ok(&format!(
        "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\n<s:Body>\n\
         <u:{action}Response xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\n{}\n</u:{action}Response>\n</s:Body>\n\
         </s:Envelope>",
        values.join("\n")
    ))
}

fn external(address: &str) -> Answer {
    result("GetExternalIPAddress", &[("NewExternalIPAddress", address)])
}

fn state(status: &str) -> Answer {
    result("GetStatusInfo", &[("NewConnectionStatus", status), ("NewLastConnectionError", "ERROR_NONE"), ("NewUptime", "12")])
}

fn fault() -> Answer {
    Answer::reply("500 Internal Server Error", "", FAULT)
}

async fn serve(answers: Vec<Answer>) -> (FakeHttp, Routers) {
    let fake = FakeHttp::start("127.0.0.1:0", answers).await;
    let routers = Routers::new(Some(&fake.url("")), Names::new(&[])).unwrap();
    (fake, routers)
}

/// First lines and actions of everything that was asked.
fn asked(fake: &FakeHttp) -> Vec<String> {
    let brief = |request: &String| {
        let action =
            request.lines().find_map(|line| line.split_once('#').filter(|(name, _)| name.to_lowercase().starts_with("soapaction")));
        let line = request.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
        action.map_or(line.to_owned(), |(_, action)| format!("{line} {}", action.trim_matches('"')))
    };
    fake.requests().iter().map(brief).collect()
}

fn reading(address: &str, status: &str, prefix: Option<&str>) -> RouterReading {
    RouterReading {
        address: address.into(),
        status: status.into(),
        prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
        ..RouterReading::default()
    }
}

#[tokio::test]
async fn a_box_tells_its_ipv4_address_and_its_description_is_read_once() {
    let (fake, routers) = serve(vec![Answer::ok(BOX), external("91.12.34.57"), state("Connected"), external(""), state("Connected")]).await;
    let clients = clients();
    assert_eq!(routers.ask(&clients, Family::V4).await, Ok(reading("91.12.34.57", "Connected", None)));
    assert_eq!(routers.ask(&clients, Family::V4).await, Ok(reading("", "Connected", None)));
    let control = "POST /igdupnp/control/WANIPConn1";
    let wanted =
        ["GetExternalIPAddress", "GetStatusInfo", "GetExternalIPAddress", "GetStatusInfo"].map(|action| format!("{control} {action}"));
    let asked = asked(&fake);
    assert_eq!(asked[0], "GET /igddesc.xml");
    assert_eq!(asked[1..], wanted);
    let request = fake.requests()[1].to_ascii_lowercase();
    assert!(request.contains("content-type: text/xml; charset=\"utf-8\""), "{request}");
    assert!(!request.contains("authorization"), "{request}");
}

#[tokio::test]
async fn a_box_tells_its_ipv6_address_and_the_prefix_of_the_lan() {
    let address = [("NewExternalIPv6Address", "2003:f:ab::10"), ("NewPrefixLength", "64"), ("NewPreferedLifetime", "1200")];
    let prefix = [("NewIPv6Prefix", "2003:e7:1:5600::"), ("NewPrefixLength", "56"), ("NewValidLifetime", "7200")];
    let (_fake, routers) = serve(vec![
        Answer::ok(BOX),
        result("X_AVM_DE_GetExternalIPv6Address", &address),
        result("X_AVM_DE_GetIPv6Prefix", &prefix),
        state("Connected"),
    ])
    .await;
    let read = routers.ask(&clients(), Family::V6).await;
    assert_eq!(read, Ok(reading("2003:f:ab::10", "Connected", Some("2003:e7:1:5600::/56"))));
}

#[tokio::test]
async fn a_router_without_ipv6_actions_is_not_asked_for_them_again() {
    let (fake, routers) = serve(vec![Answer::ok(BOX), fault(), external("91.12.34.57"), fault()]).await;
    let clients = clients();
    for _ in 0..2 {
        assert!(routers.ask(&clients, Family::V6).await.unwrap_err().contains("not a FRITZ!Box"));
    }
    // A router that does not tell its state is taken at its word.
    assert_eq!(routers.ask(&clients, Family::V4).await, Ok(reading("91.12.34.57", "", None)));
    assert_eq!(fake.requests().len(), 4);
}

#[tokio::test]
async fn another_description_helps_where_the_first_is_missing() {
    let page = Answer::reply("404 Not Found", "", "<html><body>no</body></html>");
    let desc = include_str!("../../../tests/fixtures/fritzbox/miniupnpd-desc.xml");
    let recorded = [
        include_str!("../../../tests/fixtures/fritzbox/miniupnpd-external.xml"),
        include_str!("../../../tests/fixtures/fritzbox/miniupnpd-status.xml"),
    ]
    .map(Answer::ok);
    let [external, state] = recorded;
    let (fake, routers) = serve(vec![page, Answer::ok(desc), external, state]).await;
    assert_eq!(routers.ask(&clients(), Family::V4).await, Ok(reading("93.184.215.14", "Connected", None)));
    assert_eq!(asked(&fake)[..3], ["GET /igddesc.xml", "GET /igd2desc.xml", "POST /ctl/IPConn GetExternalIPAddress"]);
}

#[tokio::test]
async fn what_is_no_description_is_reported_with_what_to_check() {
    let broken = include_str!("../../../tests/fixtures/fritzbox/invalid.xml");
    let tr64 = include_str!("../../../tests/fixtures/fritzbox/tr64desc-7530.xml");
    let huge = format!("<root>{}</root>", "<a/>".repeat(20_000));
    for (page, word) in [
        ("<html><body>UPnP is off</body></html>", "UPnP"),
        (broken, "broken XML"),
        ("", "no XML"),
        (&huge, "longer than"),
        (tr64, "no WAN connection service"),
    ] {
        let (_fake, routers) = serve(vec![Answer::ok(page)]).await;
        let problem = routers.ask(&clients(), Family::V4).await.unwrap_err();
        assert!(problem.contains(word) && problem.contains("127.0.0.1"), "{problem}");
    }
}

#[tokio::test]
async fn a_control_address_on_another_host_is_not_called() {
    for elsewhere in ["http://192.0.2.1/control", "https://127.0.0.1/control", "//192.0.2.1/control"] {
        let page = BOX.replace("/igdupnp/control/WANIPConn1", elsewhere);
        let (_fake, routers) = serve(vec![Answer::ok(&page)]).await;
        assert!(routers.ask(&clients(), Family::V4).await.unwrap_err().contains("no WAN connection service"), "{elsewhere}");
    }
    // URLBase names another host here as well; the control address is a path and stays on the one that was asked.
    let (fake, routers) = serve(vec![Answer::ok(PPP), external("91.12.34.57"), state("Connected")]).await;
    assert!(routers.ask(&clients(), Family::V4).await.is_ok());
    assert!(asked(&fake)[1].starts_with("POST /upnp/control/WANPPPConn1"));
}

#[tokio::test]
async fn answers_that_break_the_protocol_are_reported_and_the_description_is_read_again() {
    for answer in [Answer::ok("<html/>"), Answer::ok("<a:"), Answer::reply("404 Gone", "", ""), Answer::raw("", End::Reset)] {
        let (fake, routers) = serve(vec![Answer::ok(BOX), answer, Answer::ok(BOX), external("91.12.34.57"), state("Connected")]).await;
        let clients = clients();
        assert!(routers.ask(&clients, Family::V4).await.is_err());
        assert_eq!(routers.ask(&clients, Family::V4).await, Ok(reading("91.12.34.57", "Connected", None)));
        assert_eq!(asked(&fake)[2], "GET /igddesc.xml");
    }
}

#[tokio::test]
async fn a_router_that_never_ends_its_answer_is_given_up() {
    let dribble = Answer::raw("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<root>", End::Dribble);
    let (_fake, mut routers) = serve(vec![dribble]).await;
    routers.limit = Duration::from_millis(100);
    assert!(routers.ask(&clients(), Family::V4).await.unwrap_err().contains("did not answer within"));
}

/// Where the box is, if a name server has `zone`, and how often that was asked.
async fn named(zone: Zone) -> (Option<Url>, usize) {
    let dns = FakeDns::start("127.0.0.1:0", zone).await;
    let found = by_name(&Names::new(&[dns.address])).await;
    let asked = dns.asked.lock().unwrap().len();
    (found, asked)
}

#[tokio::test]
async fn the_name_of_the_box_is_looked_up_at_the_configured_servers_and_counts_only_nearby() {
    let near = vec![address("fritz.box.", "192.168.178.1"), address("fritz.box.", "fd00::1")];
    assert_eq!(named(Zone::new(near.clone())).await, (Some(place("fritz.box").unwrap()), 2));
    let mixed = [near, vec![address("fritz.box.", "203.0.113.1")]].concat();
    assert_eq!(named(Zone::new(mixed)).await.0, None);
    assert_eq!(named(Zone::new(vec![])).await.0, None);
}

#[tokio::test(start_paused = true)]
async fn a_silent_name_server_does_not_keep_the_search_for_the_box() {
    let begun = Instant::now();
    assert_eq!(named(Zone { otherwise: Otherwise::Silence, ..Zone::new(vec![]) }).await.0, None);
    assert_eq!(begun.elapsed().as_secs(), LOOKUP.as_secs());
}

#[test]
fn the_address_of_the_box_is_read_in_every_form() {
    for (text, url) in [
        ("192.168.178.1", "http://192.168.178.1:49000/"),
        (" fritz.box ", "http://fritz.box:49000/"),
        ("fritz.box:49001", "http://fritz.box:49001/"),
        ("http://192.168.178.1:5000", "http://192.168.178.1:5000/"),
        ("http://fritz.box/", "http://fritz.box:49000/"),
        ("http://127.0.0.1:80", "http://127.0.0.1/"),
        ("fd00::1", "http://[fd00::1]:49000/"),
        ("[fd00::1]:5000", "http://[fd00::1]:5000/"),
    ] {
        assert_eq!(place(text).unwrap().as_str(), url, "{text}");
    }
    for text in ["", "https://fritz.box", "ftp://fritz.box", "http://fritz.box/igddesc.xml", "http://user:geheim@fritz.box", "fritz box"] {
        assert!(place(text).unwrap_err().contains("fritz.box or http://HOST:PORT"), "{text:?}");
    }
}
