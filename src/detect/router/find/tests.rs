use tokio::net::UdpSocket;

use super::super::fake::{BOX, FakeRouter, MINI};
use super::super::tests::clients;
use super::*;
use crate::http::fake::{Answer, End};
use crate::resolve::fake::{FakeDns, Zone};

/// A network: who is the gateway, and who answers a search with which description.
async fn find(wanted: Wanted, gateway: Option<&FakeRouter>, announced: &[(&FakeRouter, &str)]) -> Result<Candidate, Missing> {
    let dns = FakeDns::start("127.0.0.1:0", Zone::new(vec![])).await;
    let scene = Scene {
        gateway: gateway.map(|fake| match fake.address.ip() {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        }),
        factory: Vec::new(),
        sources: vec![Ipv4Addr::LOCALHOST],
        group: lan(announced).await,
        port: gateway.map_or(1, |fake| fake.address.port()),
    };
    let names = Names::new(&[dns.address]);
    let seeker = Seeker { clients: &clients(), names: &names, wanted, via: None, deadline: Instant::now() + SEARCH };
    seeker.find(&scene).await
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
async fn of_several_routers_the_gateway_counts_and_without_it_none() {
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
async fn a_router_that_is_no_fritz_box_is_named_and_not_taken_for_one() {
    let fake = mini("127.0.0.2:0", "a").await;
    let problem = find(Wanted::FritzBox, Some(&fake), &[(&fake, "/desc.xml")]).await.unwrap_err().why;
    assert!(problem.contains("no FRITZ!Box") && problem.contains("Debian router") && problem.contains("upnp"), "{problem}");
    // A box elsewhere on the LAN is one.
    let fritz = FakeRouter::start("127.0.0.3:0", &[("/igddesc.xml", BOX)]).await;
    let found = find(Wanted::FritzBox, Some(&fake), &[(&fake, "/desc.xml"), (&fritz, "/igddesc.xml")]).await.unwrap();
    assert_eq!(found.place, fritz.place());
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

#[tokio::test]
async fn a_gateway_in_the_internet_is_not_asked() {
    let dns = FakeDns::start("127.0.0.1:0", Zone::new(vec![])).await;
    let gateway = Some(Ipv4Addr::new(203, 0, 113, 1));
    let scene = Scene { gateway, factory: Vec::new(), sources: Vec::new(), group: ssdp::GROUP, port: 1 };
    let names = Names::new(&[dns.address]);
    let seeker = Seeker { clients: &clients(), names: &names, wanted: Wanted::Any, via: None, deadline: Instant::now() + SEARCH };
    assert!(seeker.find(&scene).await.unwrap_err().why.contains("not in a private network"));
}
