//! STUN servers (RFC 8489): one packet there, and one back with the address that it came from.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::datagram::{connect, exchange, random};
use super::echo::has_route;
use crate::resolve::Names;
use crate::rules::address::Family;
use crate::rules::consensus::ProbeFault;
use crate::rules::consensus::services::StunServer;

pub mod wire;

/// Waits after each of the four packets (RFC 8489 6.2.1: 500 ms at first, then twice as long each time; it goes on to seven, which
/// takes 40 s).
const PAUSES: [Duration; 4] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Asks `server` over `family`.
pub(super) async fn ask(server: &StunServer, family: Family, via: Option<&str>, names: &Names) -> Result<IpAddr, ProbeFault> {
    let address = match names.addresses(server.host, Some(family)).await {
        // Never empty; the other addresses are other doors of the same house.
        Ok(addresses) => addresses.into_iter().next(),
        Err(_) if !has_route(family).await => {
            return Err(ProbeFault::NoRoute(format!("this machine has no {family} route to the internet")));
        }
        Err(why) => return Err(ProbeFault::Failed(why)),
    };
    match address {
        Some(address) => ask_at(SocketAddr::new(address, server.port), family, via).await,
        None => Err(ProbeFault::Failed(format!("{:?} has no {family} address", server.host))),
    }
}

async fn ask_at(server: SocketAddr, family: Family, via: Option<&str>) -> Result<IpAddr, ProbeFault> {
    let id = random()?;
    let socket = connect(server, via).await?;
    exchange(&socket, &wire::request(id), &PAUSES, |bytes| wire::read(bytes, id, family)).await?.map_err(ProbeFault::Failed)
}

#[cfg(test)]
mod tests;
