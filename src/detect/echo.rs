//! HTTP echo services: a GET over the wanted family, without proxy and without redirects.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use tokio::net::UdpSocket;
use url::{Host, Url};

use crate::http::{Clients, Limits};
use crate::rules::address::{Family, publishable};
use crate::rules::consensus::{ProbeFault, Reading};
use crate::rules::reply::{Fault, Reply};

/// An address fits into one line; pages in the manner of Dyn's `CheckIP` into one kilobyte.
const LIMITS: Limits = Limits { connect: Duration::from_secs(10), total: Duration::from_secs(20), body: 16 * 1024 };

/// Asks `url` over `family`.
pub(super) async fn ask(clients: &Clients, url: &str, family: Family, via: Option<&str>) -> Result<Reading, ProbeFault> {
    match clients.get(url, Some(family), via, &LIMITS).await {
        Ok(reply) if reply.oversized => Err(ProbeFault::Failed(format!("the page is longer than {} bytes", LIMITS.body))),
        Ok(Reply { unknown_encoding: Some(coding), .. }) => {
            Err(ProbeFault::Failed(format!("the page is coded as {coding:?}, which cannot be undone")))
        }
        Ok(reply) => Ok(Reading::Echo {
            status: reply.status,
            retry_after: retry_after(&reply),
            body: String::from_utf8_lossy(&reply.body).into_owned(),
        }),
        Err(fault) if may_lack_route(&fault) && far(url) && !has_route(family).await => {
            Err(ProbeFault::NoRoute(format!("this machine has no {family} route to the internet")))
        }
        Err(fault @ Fault::Redirect { other_host: true, .. }) => Err(ProbeFault::Portal(fault.to_string())),
        Err(fault) => Err(ProbeFault::Failed(fault.to_string())),
    }
}

/// Retry-After as seconds or as a date (RFC 9110 10.2.3).
fn retry_after(reply: &Reply) -> Option<Duration> {
    let (_, value) = reply.headers.iter().find(|(name, _)| name == "retry-after")?;
    let value = value.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).ok(),
    }
}

/// Nothing was sent, and nobody refused.
fn may_lack_route(fault: &Fault) -> bool {
    match fault {
        Fault::Lookup(_) => true,
        Fault::Connect(text) => !text.contains("refused"),
        _ => false,
    }
}

/// Is the service somewhere behind the line? Of one that is near a failure says nothing about the line.
fn far(url: &str) -> bool {
    match Url::parse(url).as_ref().map(Url::host) {
        Ok(Some(Host::Ipv4(address))) => publishable(IpAddr::V4(address)).is_ok(),
        Ok(Some(Host::Ipv6(address))) => publishable(IpAddr::V6(address)).is_ok(),
        Ok(Some(Host::Domain(name))) => name != "localhost",
        _ => false,
    }
}

/// Does the kernel know a way to the internet? Connecting a UDP socket sends nothing.
pub(super) async fn has_route(family: Family) -> bool {
    // Two root name servers: as far away as it gets.
    let (here, afar) = match family {
        Family::V4 => (IpAddr::from(Ipv4Addr::UNSPECIFIED), IpAddr::from([198, 41, 0, 4])),
        Family::V6 => (IpAddr::from(Ipv6Addr::UNSPECIFIED), IpAddr::from([0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30])),
    };
    match UdpSocket::bind(SocketAddr::new(here, 0)).await {
        Ok(socket) => socket.connect(SocketAddr::new(afar, 53)).await.is_ok(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests;
