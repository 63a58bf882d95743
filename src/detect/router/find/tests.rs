use tokio::net::UdpSocket;

use super::super::Wanted;
use super::super::fake::{BOX, FakeRouter, MINI};
use super::super::tests::clients;
use super::*;
use crate::http::fake::{Answer, End};
use crate::resolve::fake::{FakeDns, Zone, address};

/// A network: who is the gateway, who answers a search with which description, and who has the box's name and an address of its
/// factory.
#[derive(Default)]
struct Network<'a> {
    gateway: Option<&'a FakeRouter>,
    announced: &'a [(&'a FakeRouter, &'a str)],
    named: Option<&'a str>,
    factory: Vec<Ipv4Addr>,
    /// Everybody is in one LAN: nobody is reached through the gateway.
    beside: bool,
    port: Option<u16>,
}

fn v4(fake: &FakeRouter) -> Ipv4Addr {
    match fake.address.ip() {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

impl Network<'_> {
    async fn look(self) -> Found {
        let records = self.named.map(|it| address("fritz.box.", it)).into_iter().collect();
        let dns = FakeDns::start("127.0.0.1:0", Zone::new(records)).await;
        let scene = Scene {
            way_out: self.gateway.map_or(WayOut::None, |fake| WayOut::Gateway(v4(fake))),
            ways: self.gateway.filter(|_| !self.beside).map(|fake| Ways::through(v4(fake))).unwrap_or_default(),
            factory: self.factory,
            sources: vec![Ipv4Addr::LOCALHOST],
            group: lan(self.announced).await,
            port: self.port.or(self.gateway.map(|fake| fake.address.port())).unwrap_or(1),
        };
        let names = Names::new(&[dns.address]);
        Seeker { clients: &clients(), names: &names, via: None, deadline: Instant::now() + SEARCH }.find(&scene).await
    }
}

fn chosen(found: &Found, wanted: Wanted) -> Result<Candidate, Missing> {
    found.choose(wanted).map(|index| found.candidates[index].clone())
}

async fn find(wanted: Wanted, gateway: Option<&FakeRouter>, announced: &[(&FakeRouter, &str)]) -> Result<Candidate, Missing> {
    chosen(&Network { gateway, announced, ..Network::default() }.look().await, wanted)
}

/// Every router answers a search from its own address, as on a LAN.
async fn lan(announced: &[(&FakeRouter, &str)]) -> SocketAddr {
    let group = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = group.local_addr().unwrap();
    let mut routers = Vec::new();
    for (fake, path) in announced {
        let socket = UdpSocket::bind(SocketAddr::new(fake.address.ip(), 0)).await.unwrap();
        routers.push((socket, format!("http://{}{path}", fake.address)));
    }
    tokio::spawn(async move {
        let mut datagram = [0; 2048];
        while let Ok((length, from)) = group.recv_from(&mut datagram).await {
            let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
            let target = text.lines().find_map(|line| line.strip_prefix("ST: ")).unwrap_or_default();
            for (socket, location) in &routers {
                // Announcements of TR-064 are of another description.
                if target.contains("dslforum") == location.contains("tr64") {
                    let answer = format!("HTTP/1.1 200 OK\r\nST: {target}\r\nLOCATION: {location}\r\n\r\n");
                    let _gone = socket.send_to(answer.as_bytes(), from).await;
                }
            }
        }
    });
    address
}

async fn mini(at: &str, udn: &str) -> FakeRouter {
    let page = MINI.replacen("11111111-2222-3333-4444-555555555555", udn, 1);
    FakeRouter::start(at, &[("/desc.xml", &page)]).await
}

#[tokio::test]
async fn a_box_that_is_the_gateway_is_found_without_a_search() {
    let fake = FakeRouter::fritz_box("127.0.0.1:0").await;
    let found = find(Wanted::FritzBox, Some(&fake), &[]).await.unwrap();
    assert_eq!((found.place, found.router.model.as_str()), (fake.place(), "FRITZ!Box 7590"));
}

#[tokio::test]
async fn any_other_router_is_found_by_a_search() {
    let fake = mini("127.0.0.1:0", "a").await;
    let found = find(Wanted::Any, Some(&fake), &[(&fake, "/desc.xml")]).await.unwrap();
    assert_eq!((found.place, found.router.fritz_box), (fake.place(), false));
    assert!(find(Wanted::Any, None, &[(&fake, "/desc.xml")]).await.is_ok());
}

#[tokio::test]
async fn of_several_routers_the_gateway_counts_and_without_a_gateway_none() {
    let (one, other) = (mini("127.0.0.2:0", "a").await, mini("127.0.0.3:0", "b").await);
    let both = [(&one, "/desc.xml"), (&other, "/desc.xml")];
    assert_eq!(find(Wanted::Any, Some(&other), &both).await.unwrap().place, other.place());
    let problem = find(Wanted::Any, None, &both).await.unwrap_err().why;
    assert!(problem.contains("several routers") && problem.contains("127.0.0.2") && problem.contains("127.0.0.3"), "{problem}");
    // The same router with two addresses is one.
    let again = mini("127.0.0.4:0", "a").await;
    assert!(find(Wanted::Any, None, &[(&one, "/desc.xml"), (&again, "/desc.xml")]).await.is_ok());
}

#[tokio::test]
async fn a_gateway_that_is_no_fritz_box_is_named_and_a_box_beside_it_is_not_taken() {
    let fake = mini("127.0.0.2:0", "a").await;
    let fritz = FakeRouter::start(&format!("127.0.0.3:{}", fake.address.port()), &[("/igddesc.xml", BOX)]).await;
    let found = Network {
        gateway: Some(&fake),
        announced: &[(&fake, "/desc.xml"), (&fritz, "/igddesc.xml")],
        named: Some("127.0.0.3"),
        factory: vec![v4(&fritz)],
        port: None,
        beside: false,
    };
    let found = found.look().await;
    assert_eq!(chosen(&found, Wanted::Any).unwrap().place, fake.place());
    let missing = chosen(&found, Wanted::FritzBox).unwrap_err();
    for part in ["Debian router", "127.0.0.2", "not a FRITZ!Box", "\"upnp\"", "[fritzbox] address"] {
        assert!(missing.why.contains(part), "{part}: {}", missing.why);
    }
    assert_eq!(missing.closed, []);
}

#[tokio::test]
async fn who_answers_a_search_beside_a_silent_gateway_is_named_and_not_asked() {
    let silent = FakeRouter::start("127.0.0.2:0", &[]).await;
    let fritz = FakeRouter::fritz_box("127.0.0.3:0").await;
    let found = Network { gateway: Some(&silent), announced: &[(&fritz, "/igddesc.xml")], ..Network::default() }.look().await;
    for wanted in [Wanted::FritzBox, Wanted::Any] {
        let why = chosen(&found, wanted).unwrap_err().why;
        assert!(why.contains("127.0.0.3 answers as a router and is not the gateway"), "{why}");
    }
    assert_eq!(fritz.asked(), [""; 0]);
}

#[tokio::test]
async fn behind_a_silent_gateway_the_name_of_the_box_counts_before_its_factory_address() {
    let named = FakeRouter::fritz_box("127.0.0.3:0").await;
    let port = named.address.port();
    let silent = FakeRouter::start(&format!("127.0.0.2:{port}"), &[]).await;
    let upstream = FakeRouter::fritz_box(&format!("127.0.0.4:{port}")).await;
    for (name, expected) in [(Some("127.0.0.3"), &named), (None, &upstream)] {
        let network = Network { gateway: Some(&silent), named: name, factory: vec![v4(&upstream)], ..Network::default() };
        let candidate = chosen(&network.look().await, Wanted::FritzBox).unwrap();
        assert_eq!((&candidate.place, candidate.lasts()), (&expected.place(), false));
    }
    let gateway = Network { gateway: Some(&named), ..Network::default() };
    assert!(chosen(&gateway.look().await, Wanted::FritzBox).unwrap().lasts());
}

#[tokio::test]
async fn a_box_beside_a_silent_gateway_is_not_asked_because_of_its_name() {
    let named = FakeRouter::fritz_box("127.0.0.3:0").await;
    let silent = FakeRouter::start(&format!("127.0.0.2:{}", named.address.port()), &[]).await;
    let found = Network { gateway: Some(&silent), named: Some("127.0.0.3"), beside: true, ..Network::default() }.look().await;
    let why = chosen(&found, Wanted::FritzBox).unwrap_err().why;
    assert!(why.contains("127.0.0.3 answers as a router and is not the gateway"), "{why}");
    assert_eq!(named.asked(), [""; 0]);
}

#[tokio::test]
async fn without_a_gateway_the_only_box_that_answers_is_taken_for_a_while() {
    let (fritz, other) = (FakeRouter::fritz_box("127.0.0.2:0").await, mini("127.0.0.3:0", "b").await);
    let candidate = find(Wanted::FritzBox, None, &[(&fritz, "/igddesc.xml"), (&other, "/desc.xml")]).await.unwrap();
    assert_eq!((&candidate.place, candidate.lasts()), (&fritz.place(), false));
    let problem = find(Wanted::FritzBox, None, &[(&other, "/desc.xml")]).await.unwrap_err().why;
    assert!(problem.contains("no FRITZ!Box was found") && problem.contains("Debian router"), "{problem}");
}

#[tokio::test]
async fn a_neighbour_that_never_ends_does_not_hide_the_router() {
    let good = mini("127.0.0.2:0", "a").await;
    let bad = FakeRouter::start("127.0.0.3:0", &[]).await;
    bad.set("/desc.xml", Answer::raw("HTTP/1.1 200 OK\r\n\r\n<root>", End::Dribble));
    let found = find(Wanted::Any, None, &[(&bad, "/desc.xml"), (&good, "/desc.xml")]).await.unwrap();
    assert_eq!(found.place, good.place());
}

#[tokio::test]
async fn a_box_that_is_closed_without_login_is_remembered_for_one() {
    let fake = FakeRouter::start("127.0.0.2:0", &[]).await;
    let missing = find(Wanted::FritzBox, Some(&fake), &[(&fake, "/tr64desc.xml")]).await.unwrap_err();
    assert!(missing.why.contains("HTTP 404"), "{}", missing.why);
    assert_eq!(missing.closed, [fake.place()]);
    // Who only answers a search gets no login.
    assert_eq!(find(Wanted::FritzBox, None, &[(&fake, "/tr64desc.xml")]).await.unwrap_err().closed, []);
}

/// Nobody is there to be asked.
async fn nowhere(way_out: WayOut) -> String {
    let dns = FakeDns::start("127.0.0.1:0", Zone::new(vec![])).await;
    let scene = Scene { way_out, ways: Ways::default(), factory: Vec::new(), sources: Vec::new(), group: ssdp::GROUP, port: 1 };
    let names = Names::new(&[dns.address]);
    let seeker = Seeker { clients: &clients(), names: &names, via: None, deadline: Instant::now() + SEARCH };
    seeker.find(&scene).await.choose(Wanted::Any).unwrap_err().why
}

#[tokio::test]
async fn a_gateway_in_the_internet_is_not_asked() {
    assert!(nowhere(WayOut::Gateway(Ipv4Addr::new(203, 0, 113, 1))).await.contains("not in a private network"));
}

#[tokio::test]
async fn a_machine_that_dials_in_by_itself_has_no_router() {
    assert!(nowhere(WayOut::Itself).await.contains("the line ends at this machine"));
    assert!(nowhere(WayOut::None).await.contains("there is no default gateway"));
}
