//! Where a router may be.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use url::Url;

use crate::resolve::Names;

/// The port of IGD (and TR-064) at a FRITZ!Box.
pub(super) const PORT: u16 = 49000;

/// Addresses that a FRITZ!Box has when it comes out of its package, and always.
pub(super) const FACTORY: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 168, 178, 1), Ipv4Addr::new(169, 254, 1, 1)];

/// The box's name on its own LAN.
pub(super) const NAME: &str = "fritz.box";

/// Most addresses that a message names.
const SHOWN: usize = 4;

/// How long that name is looked up: the LAN's own resolver knows it at once. One that is configured has twice as long.
pub(super) const LOOKUP: Duration = Duration::from_secs(1);

/// Reads `[fritzbox] address`.
pub(super) fn place(text: &str) -> Result<Url, String> {
    let wrong =
        |why: &str| format!("{text:?} is not the address of a router ({why}); 192.168.178.1, fritz.box or http://HOST:PORT was expected");
    let text = text.trim();
    let bare = match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("http://[{address}]"),
        _ if text.contains("://") => text.to_owned(),
        _ => format!("http://{text}"),
    };
    let mut url = Url::parse(&bare).map_err(|error| wrong(&error.to_string()))?;
    if url.scheme() != "http" {
        return Err(wrong("IGD is spoken over http"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("more than host and port"));
    }
    // Port 80 is the box's web page; whoever writes it means it.
    if url.port().is_none() && !bare.trim_end_matches('/').ends_with(":80") {
        url.set_port(Some(PORT)).map_err(|()| wrong("no host"))?;
    }
    Ok(url)
}

/// Does a name lead to the own network? A box names its public IPv6 address as well: where there is IPv4, that decides.
fn is_near(found: &[IpAddr]) -> bool {
    let v4 = || found.iter().filter(|address| address.is_ipv4());
    if v4().next().is_some() { v4().all(|address| near(*address)) } else { found.iter().all(|address| near(*address)) }
}

/// `place` with its name replaced by the address that is behind it. What is written as an address is taken as it is; a name may
/// lead anywhere, and the router is near.
///
/// # Errors
///
/// Says where the name leads instead, or why it leads nowhere.
pub(super) async fn locate(names: &Names, place: &Url) -> Result<Url, String> {
    if address_of(place).is_some() {
        return Ok(place.clone());
    }
    let host = place.host_str().unwrap_or_default();
    let remedy = "write the router's IP address as [fritzbox] address";
    let found = tokio::time::timeout(LOOKUP * 2, names.addresses(host, None)).await;
    let found = found.unwrap_or_else(|_| Err(format!("failed to look up {host:?}: no answer within {:?}", LOOKUP * 2)));
    let found = found.map_err(|why| format!("{why}; {remedy}"))?;
    if !is_near(&found) {
        let all: Vec<String> = found.iter().take(SHOWN).map(ToString::to_string).collect();
        return Err(format!("{host:?} leads to {}, which is not in a private network; {remedy}", all.join(", ")));
    }
    let address = usable(&found).ok_or_else(|| format!("{host:?} leads to addresses that are valid on one link only; {remedy}"))?;
    let mut located = place.clone();
    located.set_ip_host(address).map_err(|()| format!("{host:?} cannot be replaced by an address; {remedy}"))?;
    Ok(located)
}

/// IPv4 first, as a callback is likelier to come through over it. An address that is valid on one link only is of no use without
/// the link.
fn usable(found: &[IpAddr]) -> Option<IpAddr> {
    found.iter().filter(|address| !matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())).min().copied()
}

/// The place of a box with this address.
pub(super) fn at(address: IpAddr, port: u16) -> Url {
    let host = std::net::SocketAddr::new(address, port);
    Url::parse(&format!("http://{host}/")).expect("an address and a port are a host")
}

/// The address that `url` names, if it does not name a host.
pub(super) fn address_of(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        url::Host::Ipv4(address) => Some(address.into()),
        url::Host::Ipv6(address) => Some(address.into()),
        url::Host::Domain(_) => None,
    }
}

/// Is `address` on this machine or in a network that is not the internet?
pub(super) fn near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}

/// The box by its name, if the LAN's resolver has it: outside, `.box` belongs to strangers.
pub(super) async fn by_name(names: &Names) -> Option<IpAddr> {
    let found = tokio::time::timeout(LOOKUP, names.addresses(NAME, None)).await.ok()?.ok()?;
    if is_near(&found) { usable(&found) } else { None }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::resolve::fake::{FakeDns, Otherwise, Zone, address};

    /// Where the box is, if a name server has `zone`, and how often that was asked.
    async fn named(zone: Zone) -> (Option<IpAddr>, usize) {
        let dns = FakeDns::start("127.0.0.1:0", zone).await;
        let found = by_name(&Names::new(&[dns.address])).await;
        let asked = dns.asked.lock().unwrap().len();
        (found, asked)
    }

    #[tokio::test]
    async fn the_name_of_the_box_is_looked_up_at_the_configured_servers_and_counts_only_nearby() {
        let near = vec![address("fritz.box.", "192.168.178.1"), address("fritz.box.", "fd00::1")];
        assert_eq!(named(Zone::new(near.clone())).await, (Some("192.168.178.1".parse().unwrap()), 2));
        let mixed = [near, vec![address("fritz.box.", "203.0.113.1")]].concat();
        assert_eq!(named(Zone::new(mixed)).await.0, None);
        assert_eq!(named(Zone::new(vec![address("fritz.box.", "fe80::1")])).await.0, None);
        assert_eq!(named(Zone::new(vec![])).await.0, None);
    }

    #[tokio::test]
    async fn a_configured_name_has_to_lead_somewhere_near_and_an_address_need_not() {
        let records =
            [("fritz.box.", "192.168.178.1"), ("near.test.", "fd00::1"), ("far.test.", "192.168.178.1"), ("far.test.", "93.184.215.14")];
        let zone = Zone::new(records.iter().map(|(name, it)| address(name, it)).collect());
        let dns = FakeDns::start("127.0.0.1:0", zone).await;
        let names = Names::new(&[dns.address]);
        for (text, expected) in [
            ("fritz.box", "http://192.168.178.1:49000/"),
            ("near.test:5000", "http://[fd00::1]:5000/"),
            ("93.184.215.14", "http://93.184.215.14:49000/"),
        ] {
            assert_eq!(locate(&names, &place(text).unwrap()).await.as_ref().map(Url::as_str), Ok(expected), "{text}");
        }
        let problem = locate(&names, &place("far.test").unwrap()).await.unwrap_err();
        assert!(problem.contains("\"far.test\"") && problem.contains("93.184.215.14") && problem.contains("IP address"), "{problem}");
        assert!(locate(&names, &place("nowhere.test").unwrap()).await.unwrap_err().contains("IP address"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_name_server_does_not_keep_the_search_for_the_box() {
        let begun = Instant::now();
        assert_eq!(named(Zone { otherwise: Otherwise::Silence, ..Zone::new(vec![]) }).await.0, None);
        assert_eq!(begun.elapsed().as_secs(), LOOKUP.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_name_server_is_named_as_the_reason_that_a_configured_name_leads_nowhere() {
        let dns = FakeDns::start("127.0.0.1:0", Zone { otherwise: Otherwise::Silence, ..Zone::new(vec![]) }).await;
        let problem = locate(&Names::new(&[dns.address]), &place("fritz.box").unwrap()).await.unwrap_err();
        assert!(problem.contains("failed to look up \"fritz.box\"") && problem.contains("IP address"), "{problem}");
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
        for text in
            ["", "https://fritz.box", "ftp://fritz.box", "http://fritz.box/igddesc.xml", "http://user:geheim@fritz.box", "fritz box"]
        {
            assert!(place(text).unwrap_err().contains("fritz.box or http://HOST:PORT"), "{text:?}");
        }
    }

    #[test]
    fn what_is_near_is_not_the_internet() {
        for text in ["192.168.178.1", "10.0.0.1", "169.254.1.1", "127.0.0.1", "fd00::1"] {
            assert!(near(text.parse().unwrap()), "{text}");
            assert_eq!(address_of(&at(text.parse().unwrap(), PORT)), text.parse().ok());
        }
        for text in ["100.64.0.1", "93.184.215.14", "2003::1", "0.0.0.0"] {
            assert!(!near(text.parse().unwrap()), "{text}");
        }
    }
}
