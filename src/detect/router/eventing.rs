//! Where a router tells of changes by itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use url::Url;

use super::place::{PORT, address_of};
use super::read::Service;
use crate::http::Clients;
use crate::resolve::Names;
use crate::rules::address::PerFamily;

/// Where to subscribe to a router's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eventing {
    /// eventSubURL of the WAN connection: absolute, on the router, its host an address.
    pub url: Url,
    /// The router: nobody else may call.
    pub peer: IpAddr,
    /// This machine's address as the router sees it, for the callback; `None` if the kernel has no way there.
    pub local: Option<IpAddr>,
    /// For which families the router says that it tells when the address changes.
    pub evented: PerFamily<bool>,
}

impl Eventing {
    pub(super) async fn of(service: &Service, clients: &Clients, names: &Names, via: Option<&str>) -> Result<Self, String> {
        let mut url = service.connection.events.clone().ok_or("the router names no address for subscriptions on itself")?;
        let peer = address(names, &url).await?;
        url.set_ip_host(peer).map_err(|()| format!("{:?} has no host that an address could replace", url.as_str()))?;
        let local = local(SocketAddr::new(peer, url.port_or_known_default().unwrap_or(PORT)), via).await;
        Ok(Self { url, peer, local, evented: service.evented(clients).await })
    }
}

/// The address behind a name that was configured.
async fn address(names: &Names, url: &Url) -> Result<IpAddr, String> {
    if let Some(address) = address_of(url) {
        return Ok(address);
    }
    let host = url.host_str().unwrap_or_default();
    let found = names.addresses(host, None).await.map_err(|error| format!("{host:?} could not be resolved: {error}"))?;
    // The lower family first, as the callback is likelier to come through over it.
    found.into_iter().min().ok_or_else(|| format!("{host:?} has no address"))
}

/// Our address on the way to `peer`. Connecting a UDP socket sends nothing.
async fn local(peer: SocketAddr, via: Option<&str>) -> Option<IpAddr> {
    let any: SocketAddr = match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await.ok()?;
    if let Some(via) = via {
        socket.bind_device(Some(via.as_bytes())).ok()?;
    }
    socket.connect(peer).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
}
