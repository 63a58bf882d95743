//! Searching routers by multicast (SSDP, `UPnP` Device Architecture 1.0, 1.2): what is sent, and what an answer says. PURE.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use url::{Host, Url};

/// Where searches go.
pub const GROUP: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 1900));

/// What is searched for: IGD in both versions, the box as AVM announces it, and TR-064.
pub const TARGETS: [&str; 4] = [
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:device:fritzbox:1",
    TR064,
];

/// The one that finds TR-064: it is called with a login.
const TR064: &str = "urn:dslforum-org:device:InternetGatewayDevice:1";

/// Longest answer that is read, in bytes.
pub const LONGEST: usize = 2048;

/// Somebody who says that it is a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Where the answer came from, and where the description is.
    pub address: IpAddr,
    /// The description.
    pub location: Url,
    /// It is a description of TR-064, not of IGD.
    pub tr064: bool,
}

/// A search for `target`; answers are spread over one second.
#[must_use]
pub fn search(target: &str) -> String {
    format!("M-SEARCH * HTTP/1.1\r\nHOST: {GROUP}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {target}\r\n\r\n")
}

/// Reads an answer that came from `address`. What leads to another host is nobody's business to announce.
///
/// # Errors
///
/// Says why the datagram is not an answer to a search of ours.
pub fn answer(datagram: &[u8], address: IpAddr) -> Result<Announced, String> {
    let text = std::str::from_utf8(datagram).map_err(|_| "it is not text")?;
    let mut lines = text.lines();
    let mut status = lines.next().unwrap_or_default().split(' ');
    if !status.next().is_some_and(|version| version.starts_with("HTTP/1.")) || status.next() != Some("200") {
        return Err("it is not an answer to a search".into());
    }
    let fields: Vec<(&str, &str)> = lines.take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':')).collect();
    let field = |wanted: &str| fields.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim());
    let target = field("ST").filter(|target| TARGETS.contains(target)).ok_or("it is about something that was not searched for")?;
    let location = field("LOCATION").and_then(|location| Url::parse(location).ok()).ok_or("it has no LOCATION that is a URL")?;
    let host = match location.host() {
        Some(Host::Ipv4(host)) => Some(IpAddr::V4(host)),
        Some(Host::Ipv6(host)) => Some(IpAddr::V6(host)),
        _ => None,
    };
    if location.scheme() != "http" || host != Some(address) || !location.username().is_empty() || location.password().is_some() {
        return Err("its LOCATION does not lead to who answers, over http".into());
    }
    Ok(Announced { address, location, tr064: target == TR064 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 178, 1));

    fn from_box(target: &str, location: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nLocation: {location}\r\nSERVER: FRITZ!Box 7590 UPnP/1.0 AVM FRITZ!Box 7590 154.07.57\r\n\
             CACHE-CONTROL: max-age=1800\r\nEXT:\r\nST: {target}\r\nUSN: uuid:75802409-bccb-40e7-8e6c-001122334455::{target}\r\n\r\n"
        )
    }

    #[test]
    fn a_search_has_every_field_that_the_standard_wants() {
        assert_eq!(
            search(TARGETS[0]),
            "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n\
             ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"
        );
    }

    #[test]
    fn an_answer_says_where_the_description_is() {
        let announced = answer(from_box(TARGETS[1], "http://192.168.178.1:49000/igd2desc.xml").as_bytes(), ROUTER).unwrap();
        assert_eq!((announced.location.path(), announced.location.port(), announced.tr064), ("/igd2desc.xml", Some(49000), false));
        let tr064 = answer(from_box(TR064, "http://192.168.178.1:49000/tr64desc.xml").as_bytes(), ROUTER).unwrap();
        assert!(tr064.tr064);
    }

    #[test]
    fn who_answers_announces_itself_and_nobody_else() {
        for location in [
            "http://192.168.178.2:49000/igddesc.xml",
            "http://fritz.box:49000/igddesc.xml",
            "https://192.168.178.1/igddesc.xml",
            "http://user@192.168.178.1/igddesc.xml",
            "http://[::1]/igddesc.xml",
            "file:///etc/passwd",
            "/igddesc.xml",
            "",
        ] {
            assert!(answer(from_box(TARGETS[0], location).as_bytes(), ROUTER).is_err(), "{location:?}");
        }
    }

    #[test]
    fn what_is_no_answer_to_our_search_is_dropped() {
        let good = from_box(TARGETS[0], "http://192.168.178.1:49000/igddesc.xml");
        let other = from_box("urn:schemas-upnp-org:service:WANPPPConnection:1", "http://192.168.178.1:49000/igddesc.xml");
        let notify = good.replace("HTTP/1.1 200 OK", "NOTIFY * HTTP/1.1");
        let failed = good.replace("200 OK", "500 Internal Server Error");
        // A field behind the empty line is not a field.
        let late = format!("HTTP/1.1 200 OK\r\n\r\n{good}");
        for text in [other, notify, failed, late, String::new(), "HTTP/1.1".into()] {
            assert!(answer(text.as_bytes(), ROUTER).is_err(), "{text:?}");
        }
        assert!(answer(&[0xff; 100], ROUTER).is_err());
    }
}
