//! The built-in name servers and STUN servers that tell who asks. No two in a table belong to one operator.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::services::{Question, StunServer, Whoami};
use crate::rules::address::PerFamily;

/// Name servers that answer with the address of who asks. Each is asked by its address: behind a name there would be a resolver.
///
/// The authoritative flag is expected only of servers that hold the zone themselves.
pub static WHOAMI: [Whoami; 4] = [
    // The addresses of resolver1.opendns.com. A resolver that makes the answer up: published captures of 2010 and 2023 show
    // the flags "qr rd ra".
    Whoami {
        operator: "OpenDNS",
        server: PerFamily {
            v4: Some(IpAddr::V4(Ipv4Addr::new(208, 67, 222, 222))),
            v6: Some(IpAddr::V6(Ipv6Addr::new(0x2620, 0x119, 0x35, 0, 0, 0, 0, 0x35))),
        },
        name: "myip.opendns.com.",
        question: Question::Address,
        authoritative: false,
    },
    // ns1.google.com, by the glue of the zone com. It serves the zone itself; asked elsewhere the name yields the resolver.
    Whoami {
        operator: "Google",
        server: PerFamily {
            v4: Some(IpAddr::V4(Ipv4Addr::new(216, 239, 32, 10))),
            v6: Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0x4860, 0x4802, 0x32, 0, 0, 0, 0xa))),
        },
        name: "o-o.myaddr.l.google.com.",
        question: Question::Text,
        authoritative: true,
    },
    // ns1-1.akamaitech.net, one of the name's own servers; IPv4 only. Akamai's developer blog of 2018-05-09 calls the name
    // legacy: its successor is asked through resolvers, so it is of no use here.
    Whoami {
        operator: "Akamai",
        server: PerFamily { v4: Some(IpAddr::V4(Ipv4Addr::new(193, 108, 88, 1))), v6: None },
        name: "whoami.akamai.net.",
        question: Question::Address,
        authoritative: true,
    },
    // one.one.one.one. A name in the class CHAOS (RFC 1035 3.2.4) is about the server that was reached, and in no zone.
    Whoami {
        operator: "Cloudflare",
        server: PerFamily {
            v4: Some(IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1))),
            v6: Some(IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111))),
        },
        name: "whoami.cloudflare.",
        question: Question::Chaos,
        authoritative: false,
    },
];

/// STUN servers that are open to everybody and have addresses of both families: the lists of the projects always-online-stun
/// (github.com/pradt2/always-online-stun, which probes them all the time) and P2PD (github.com/robertsdotpm/p2pd) have them as
/// answering; Cloudflare's and Google's are anycast.
pub static STUN: [StunServer; 7] = [
    stun("Cloudflare", "stun.cloudflare.com", 3478),
    stun("Google", "stun.l.google.com", 19302),
    stun("Nextcloud", "stun.nextcloud.com", 3478),
    stun("IPFire", "stun.ipfire.org", 3478),
    stun("Antisip", "stun.antisip.com", 3478),
    stun("ImproWare", "stun.imp.ch", 3478),
    stun("Hot-Chilli", "stun.hot-chilli.net", 3478),
];

const fn stun(operator: &'static str, host: &'static str, port: u16) -> StunServer {
    StunServer { operator, host, port }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rules::address::Family;

    #[test]
    fn no_two_servers_of_a_table_belong_to_one_operator() {
        assert_eq!(WHOAMI.iter().map(|server| server.operator).collect::<BTreeSet<_>>().len(), WHOAMI.len());
        assert_eq!(STUN.iter().map(|server| server.operator).collect::<BTreeSet<_>>().len(), STUN.len());
    }

    #[test]
    fn every_name_server_is_of_the_family_it_stands_under() {
        for (server, family) in WHOAMI.iter().flat_map(|server| Family::ALL.map(|family| (server, family))) {
            let Some(address) = server.server[family] else { continue };
            assert_eq!(Family::of(address), family, "{}", server.operator);
        }
    }

    #[test]
    fn a_quorum_can_be_had_over_either_family() {
        for family in Family::ALL {
            assert!(WHOAMI.iter().filter(|server| server.server[family].is_some()).count() >= 3, "{family}");
        }
    }
}
