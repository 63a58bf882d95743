//! The NAT in front of us, asked by one packet: NAT-PMP (RFC 6886), or PCP (RFC 6887) where it speaks only that.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

use super::datagram::{connect, exchange, random};
use super::interface::default_gateway;
use crate::rules::address::Family;
use crate::rules::consensus::{ProbeFault, RouterReading};

pub mod wire;

use wire::{Mapping, PUBLIC_ADDRESS, Refusal};

/// The port of both protocols (RFC 6886 3.1, RFC 6887 19.1).
const PORT: u16 = 5351;

/// Waits after each of the four packets (RFC 6886 3.1: 250 ms at first, then twice as long each time; it goes on to nine, which
/// takes two minutes). The gateway is next door.
const PAUSES: [Duration; 4] = [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// Seconds that a mapping is asked for. It is ended at once; if that packet is lost it ends by itself. Gateways make two minutes
/// of anything less (RFC 6887 15).
const LIFETIME: u32 = 120;

/// Asks the gateway behind `via`, or that of the default route.
pub(super) async fn ask(family: Family, via: Option<&str>) -> Result<RouterReading, ProbeFault> {
    if family == Family::V6 {
        return Err(ProbeFault::Failed("PCP and NAT-PMP speak about IPv4 only here: with IPv6 there is no NAT to be asked".into()));
    }
    let gateway = default_gateway(via).await.map_err(ProbeFault::Failed)?;
    let Some(gateway) = gateway else {
        return Err(ProbeFault::Failed("there is no default gateway to be asked".into()));
    };
    ask_at(SocketAddr::new(gateway.into(), PORT), via).await
}

async fn ask_at(gateway: SocketAddr, via: Option<&str>) -> Result<RouterReading, ProbeFault> {
    let socket = connect(gateway, via).await?;
    let address = match exchange(&socket, &PUBLIC_ADDRESS, &PAUSES, wire::public_address).await? {
        Ok(address) => address,
        Err(Refusal::Version) => by_mapping(&socket).await?,
        Err(Refusal::Other(why)) => return Err(ProbeFault::Failed(why)),
    };
    Ok(RouterReading { address: address.to_string(), ..RouterReading::default() })
}

/// PCP tells the address only with a mapping: of the port of `socket`, which hears nobody but the gateway.
async fn by_mapping(socket: &UdpSocket) -> Result<Ipv4Addr, ProbeFault> {
    let here = socket.local_addr().map_err(|error| ProbeFault::Failed(error.to_string()))?;
    let IpAddr::V4(client) = here.ip() else {
        return Err(ProbeFault::Failed(format!("{here} is not an IPv4 address")));
    };
    let mapping = Mapping { nonce: random()?, client, port: here.port() };
    let answer = exchange(socket, &mapping.request(LIFETIME), &PAUSES, |bytes| mapping.read(bytes)).await;
    // Whatever came back: a mapping may have been made. If this packet gets lost, it ends by itself.
    let _best_effort = socket.send(&mapping.request(0)).await;
    answer?.map_err(ProbeFault::Failed)
}

#[cfg(test)]
mod tests;
