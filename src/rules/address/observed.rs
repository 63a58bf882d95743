//! What was observed of a line, and what names may show because of it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Prefix, publishable};
use crate::rules::consensus::Source;
use crate::rules::domain::HostId;

/// One address that is fit to be published, and how we came by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The address; it has passed the publish guard.
    pub address: IpAddr,
    /// Who said so: a source as the configuration writes it (`interface:eth0`, `fritzbox`, `web`).
    pub source: String,
    /// The prefix of the LAN, where a source knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
    /// A standing warning: the address is right, but something about the line is not (carrier NAT …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// The prefix of a LAN whose line shows no address of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lan {
    /// The prefix, delegated or on-link.
    pub prefix: Prefix,
    /// Who said so, as in [`Sighting`].
    pub source: String,
    /// Why there is no address.
    pub reason: String,
}

/// What a line's address of one family is known to be. "Not known" is a value, never a guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// There is no line of this family: no link, no route, the router says 0.0.0.0.
    Absent(String),
    /// There may be an address, but none that may be published or that we are sure of; with the reason.
    Unavailable(String),
    /// No address of the line itself, but a prefix: enough for the machines behind the router. IPv6 only.
    Prefix(Lan),
    /// This address.
    Known(Sighting),
}

impl Observed {
    /// The line's own address, if it is known.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Known(sighting) => Some(sighting.address),
            Self::Absent(_) | Self::Unavailable(_) | Self::Prefix(_) => None,
        }
    }

    /// Who said so, as in [`Sighting`]; of nothing, nobody.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Known(sighting) => Some(&sighting.source),
            Self::Prefix(lan) => Some(&lan.source),
            Self::Absent(_) | Self::Unavailable(_) => None,
        }
    }

    /// The prefix of the LAN, if a source knows it.
    #[must_use]
    pub const fn prefix(&self) -> Option<Prefix> {
        match self {
            Self::Known(sighting) => sighting.prefix,
            Self::Prefix(lan) => Some(lan.prefix),
            Self::Absent(_) | Self::Unavailable(_) => None,
        }
    }

    /// The address to publish: the line's own, or that of the machine `host` behind it (IPv6; of IPv4 there is one for all).
    ///
    /// # Errors
    ///
    /// Why there is none: nothing is known, no prefix, one that leaves no room for the host, or a result that must not be
    /// published.
    pub fn publish(&self, host: Option<HostId>) -> Result<IpAddr, String> {
        let (prefix, host) = match (self, host) {
            (Self::Absent(why) | Self::Unavailable(why), _) => return Err(why.clone()),
            (Self::Known(Sighting { address: IpAddr::V6(_), prefix, .. }), Some(host)) => {
                (prefix.or_else(|| self.beside_us()).ok_or("the router does not tell the prefix of its LAN")?, host)
            }
            (Self::Known(sighting), _) => return Ok(sighting.address),
            (Self::Prefix(lan), Some(host)) => (lan.prefix, host),
            (Self::Prefix(Lan { prefix, source, reason }), None) => {
                return Err(format!(
                    "prefix only: {source} has {prefix} for its LAN and no address of its own ({reason}); enough for entries with ipv6_host"
                ));
            }
        };
        let address = IpAddr::V6(prefix.with_host(host)?);
        publishable(address).map(|()| address).map_err(|rejected| rejected.to_string())
    }

    /// The network of an address that is this machine's: its LAN is a /64 (RFC 4291 2.5.1). A router's own address is often
    /// outside of the LAN behind it.
    fn beside_us(&self) -> Option<Prefix> {
        match self {
            Self::Known(Sighting { address: IpAddr::V6(own), source, .. }) if !Source::names_router(source) => Some(Prefix::new(*own, 64)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
