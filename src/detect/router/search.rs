//! Searches routers by multicast. Answers come from anybody on the LAN: [`ssdp::answer`] and [`near`] say which count.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::place::near;
use crate::tr064::ssdp::{self, Announced, TARGETS};

/// How long answers are waited for: they are spread over one second.
const WAIT: Duration = Duration::from_millis(1500);

/// When the search is repeated: multicast gets lost in radio networks.
const AGAIN: Duration = Duration::from_millis(300);

/// Most answers that count, most of one router (it has a few descriptions), and most datagrams that are looked at.
const ANSWERS: usize = 8;
const DESCRIPTIONS: usize = 3;
const DATAGRAMS: usize = 100;

/// How far a search goes, in hops (the standard's default since version 1.1).
const HOPS: u32 = 2;

/// Searches at `group` from each of our addresses `from`, through the interface `via` if one is named. Ends early with an answer
/// of the `gateway`, which always counts.
pub(super) async fn search(group: SocketAddr, from: &[Ipv4Addr], via: Option<&str>, gateway: Option<Ipv4Addr>) -> Vec<Announced> {
    let gateway = gateway.map(IpAddr::V4);
    let all = join_all(from.iter().map(|&here| search_from(group, here, via, gateway))).await;
    let mut found = Vec::new();
    for announced in all.into_iter().flatten() {
        if !found.contains(&announced) {
            found.push(announced);
        }
    }
    found
}

async fn search_from(group: SocketAddr, here: Ipv4Addr, via: Option<&str>, gateway: Option<IpAddr>) -> Vec<Announced> {
    // A machine that cannot send finds nobody; that others found something is seen elsewhere.
    let Ok(socket) = open(here, via).await else { return Vec::new() };
    let mut found: Vec<Announced> = Vec::new();
    let begun = Instant::now();
    for until in [AGAIN, WAIT] {
        for target in TARGETS {
            let _lost = socket.send_to(ssdp::search(target).as_bytes(), group).await;
        }
        if collect(&socket, begun + until, gateway, &mut found).await {
            break;
        }
    }
    found
}

/// The kernel sends multicast through the interface that has the address.
async fn open(here: Ipv4Addr, via: Option<&str>) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((here, 0)).await?;
    if let Some(via) = via {
        socket.bind_device(Some(via.as_bytes()))?;
    }
    socket.set_multicast_ttl_v4(HOPS)?;
    Ok(socket)
}

/// Has the gateway answered?
async fn collect(socket: &UdpSocket, until: Instant, gateway: Option<IpAddr>, found: &mut Vec<Announced>) -> bool {
    let mut datagram = [0; ssdp::LONGEST];
    for _ in 0..DATAGRAMS {
        let Ok(received) = tokio::time::timeout_at(until, socket.recv_from(&mut datagram)).await else { return false };
        // A refusal from somewhere ends one receive, not the search.
        let Ok((length, from)) = received else { continue };
        let Ok(announced) = ssdp::answer(&datagram[..length], from.ip()) else { continue };
        let preferred = gateway == Some(announced.address);
        let more = found.iter().filter(|known| known.address == announced.address).count();
        let full = more >= DESCRIPTIONS || (found.len() >= ANSWERS && !preferred);
        if full || !near(announced.address) || found.contains(&announced) {
            continue;
        }
        let igd = !announced.tr064;
        found.push(announced);
        if preferred && igd {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers every datagram with all of `answers`, `{st}` being what is searched for.
    async fn responder(at: &str, answers: Vec<String>) -> SocketAddr {
        let socket = UdpSocket::bind(at).await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut datagram = [0; 2048];
            while let Ok((length, from)) = socket.recv_from(&mut datagram).await {
                let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
                let target = text.lines().find_map(|line| line.strip_prefix("ST: ")).unwrap_or_default();
                for answer in &answers {
                    let _gone = socket.send_to(answer.replace("{st}", target).as_bytes(), from).await;
                }
            }
        });
        address
    }

    fn ok(location: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nST: {{st}}\r\nLOCATION: {location}\r\n\r\n")
    }

    const HERE: [Ipv4Addr; 1] = [Ipv4Addr::LOCALHOST];

    #[tokio::test]
    async fn a_router_that_answers_twice_is_found_once_for_each_description() {
        let group = responder("127.0.0.1:0", vec![ok("http://127.0.0.1:5000/rootDesc.xml"); 2]).await;
        let found = search(group, &HERE, None, Some(Ipv4Addr::LOCALHOST)).await;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].location.as_str(), found[0].tr064), ("http://127.0.0.1:5000/rootDesc.xml", false));
    }

    #[tokio::test]
    async fn who_floods_the_search_fills_no_memory() {
        let mut answers: Vec<String> = (1..30).map(|port| ok(&format!("http://127.0.0.1:{port}/desc.xml"))).collect();
        answers.insert(0, "NOTIFY * HTTP/1.1\r\n\r\n".into());
        answers.insert(0, ok("http://127.0.0.9:5000/desc.xml"));
        let group = responder("127.0.0.1:0", answers).await;
        assert_eq!(search(group, &HERE, None, None).await.len(), DESCRIPTIONS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_search_that_nobody_answers_ends() {
        let begun = Instant::now();
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        assert_eq!(search(silent.local_addr().unwrap(), &HERE, None, None).await, []);
        assert_eq!(begun.elapsed(), WAIT);
    }
}
