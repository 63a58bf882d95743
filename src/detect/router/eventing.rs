//! Where a router tells of changes by itself.

use std::net::IpAddr;

use url::Url;

use super::place::address_of;
use super::read::Service;

/// Where to subscribe to a router's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eventing {
    /// eventSubURL of the WAN connection: absolute, on the router, its host an address.
    pub url: Url,
    /// The router: nobody else may call.
    pub peer: IpAddr,
}

impl Eventing {
    pub(super) fn of(service: &Service) -> Result<Self, String> {
        let url = service.connection.events.clone().ok_or("the router names no address for subscriptions on itself")?;
        let peer = address_of(&url).ok_or_else(|| format!("{:?} does not name the router by its address", url.as_str()))?;
        Ok(Self { url, peer })
    }
}
