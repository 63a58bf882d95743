//! The machine's own addresses with everything that the kernel knows of them (netlink, `rtnetlink(7)`).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use rtnetlink::Handle;

use crate::rules::consensus::InterfaceAddress;

mod defaults;
#[cfg(test)]
pub(crate) mod fake;
mod routes;
mod watch;

pub(super) use routes::{Route, Ways};
pub use watch::Watch;

/// The kernel answers at once; this is for one that does not.
const LIMIT: Duration = Duration::from_secs(5);

/// The interfaces at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct View {
    addresses: Vec<InterfaceAddress>,
    /// An interface beside the loopback has carrier, with or without an address.
    linked: bool,
}

/// Every address on every interface, of both families.
///
/// # Errors
///
/// Says why the kernel could not be asked.
pub async fn addresses() -> Result<Vec<InterfaceAddress>, String> {
    Ok(view().await?.addresses)
}

async fn view() -> Result<View, String> {
    ask(async |handle| {
        let mut links = BTreeMap::new();
        let mut dump = handle.link().get().execute();
        while let Some(message) = dump.try_next().await? {
            links.insert(message.header.index, Link::from(&message));
        }
        let mut addresses = Vec::new();
        let mut dump = handle.address().get().execute();
        while let Some(message) = dump.try_next().await? {
            // An interface that came up between the two dumps counts from the next question on.
            if let Some(link) = links.get(&message.header.index) {
                addresses.push(entry(link, &message));
            }
        }
        Ok(View { addresses, linked: links.values().any(|link| link.up && !link.loopback) })
    })
    .await
}

/// The gateway of the best default route of IPv4, if that has one, through the interface `via` if one is named.
///
/// # Errors
///
/// Says why the kernel could not be asked.
pub(super) async fn default_gateway(via: Option<&str>) -> Result<Option<Ipv4Addr>, String> {
    Ok(Ways::read(via).await?.gateway())
}

/// One conversation with the kernel.
async fn ask<T>(talk: impl AsyncFnOnce(Handle) -> Result<T, rtnetlink::Error>) -> Result<T, String> {
    let failed =
        |error: &dyn std::fmt::Display| format!("failed to ask the kernel for its interfaces: {error}; a sandbox has to allow AF_NETLINK");
    let (connection, handle, _) = rtnetlink::new_connection().map_err(|error| failed(&error))?;
    let driver = tokio::spawn(connection);
    let result = tokio::time::timeout(LIMIT, talk(handle)).await;
    driver.abort();
    match result {
        Ok(result) => result.map_err(|error| failed(&error)),
        Err(_) => Err(failed(&"no answer")),
    }
}

/// What matters of an interface.
struct Link {
    name: String,
    up: bool,
    loopback: bool,
    tunnel: bool,
}

impl From<&LinkMessage> for Link {
    fn from(message: &LinkMessage) -> Self {
        let flags = message.header.flags;
        let mut name = String::new();
        let mut tap = false;
        for attribute in &message.attributes {
            match attribute {
                LinkAttribute::IfName(text) => name.clone_from(text),
                // A tap looks like Ethernet, and is a VPN all the same.
                LinkAttribute::LinkInfo(infos) => tap = infos.iter().any(|info| matches!(info, LinkInfo::Kind(InfoKind::Tun))),
                _ => {}
            }
        }
        let local = LinkFlags::Broadcast | LinkFlags::Loopback;
        Self {
            name,
            up: flags.contains(LinkFlags::Up | LinkFlags::LowerUp),
            loopback: flags.contains(LinkFlags::Loopback),
            tunnel: tap || !flags.intersects(local),
        }
    }
}

fn entry(link: &Link, message: &AddressMessage) -> InterfaceAddress {
    // The header has room for the first eight flags only; the attribute, where there is one, has all.
    let mut flags = AddressFlags::from_bits_retain(u32::from(message.header.flags.bits()));
    let mut entry = InterfaceAddress {
        interface: link.name.clone(),
        prefix_length: message.header.prefix_len,
        up: link.up,
        tunnel: link.tunnel,
        ..InterfaceAddress::default()
    };
    let mut local = None;
    for attribute in &message.attributes {
        match attribute {
            // On a point-to-point link this is the other end, and Local is ours.
            AddressAttribute::Address(address) => entry.address = Some(*address),
            AddressAttribute::Local(address) => local = Some(*address),
            AddressAttribute::Flags(all) => flags = *all,
            AddressAttribute::CacheInfo(times) => {
                entry.preferred = lifetime(times.ifa_preferred);
                entry.valid = lifetime(times.ifa_valid);
            }
            _ => {}
        }
    }
    entry.address = local.or(entry.address);
    // The bit of "temporary" means "secondary" with IPv4, which is no flaw.
    entry.temporary = matches!(entry.address, Some(IpAddr::V6(_))) && flags.contains(AddressFlags::Secondary);
    entry.deprecated = flags.contains(AddressFlags::Deprecated);
    entry.tentative = flags.intersects(AddressFlags::Tentative | AddressFlags::Optimistic);
    entry.duplicated = flags.contains(AddressFlags::Dadfailed);
    entry
}

/// Seconds; all bits set is for ever.
fn lifetime(seconds: u32) -> Option<Duration> {
    (seconds != u32::MAX).then(|| Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests;
