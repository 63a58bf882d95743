//! What one router says, from its description and the descriptions of its services: nothing is assumed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::http::Clients;
use crate::rules::address::{Family, Prefix, parse_strict, publishable};
use crate::rules::consensus::{Lifetimes, RouterReading};
use crate::tr064::client::{CallError, Connection, Router};
use crate::tr064::scpd::Scpd;
use crate::tr064::soap::{INVALID_ACTION, SoapFault};

/// What an action gives, by name.
pub(super) type Values = BTreeMap<String, String>;

/// Longest text of a router that is kept, in characters: addresses and words of a state are shorter.
const TEXT: usize = 64;

/// How long a side fact is waited for.
const ASIDE: Duration = Duration::from_secs(1);

/// A router that is asked without login.
#[derive(Debug)]
pub(super) struct Igd {
    pub(super) model: String,
    connections: Vec<Service>,
    pub(super) common: Option<Service>,
    /// The connection that was in use when it was asked last.
    active: AtomicUsize,
}

/// A service with what it can do.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) connection: Connection,
    /// `None` if it cannot be read.
    scpd: OnceCell<Option<Scpd>>,
    /// Actions that it did not know.
    unknown: Mutex<BTreeSet<&'static str>>,
}

/// How likely a connection is to be the one in use; what comes first weighs more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Or it does not tell.
    connected: bool,
    /// It has an address that may be published; a telephone's or an old line's has not.
    public: bool,
    /// It has some address, or a prefix for the LAN.
    any: bool,
}

impl Rank {
    fn of(reading: &RouterReading, family: Family) -> Self {
        let status = reading.status.trim();
        let address = parse_strict(&reading.address, family).ok().filter(|address| !address.is_unspecified());
        Self {
            connected: status.is_empty() || status.eq_ignore_ascii_case("Connected"),
            public: address.is_some_and(|address| publishable(address).is_ok()),
            any: address.is_some() || reading.prefix.is_some(),
        }
    }
}

impl From<Router> for Igd {
    fn from(router: Router) -> Self {
        Self {
            model: router.model,
            connections: router.connections.into_iter().map(Service::from).collect(),
            common: router.common.map(Service::from),
            active: AtomicUsize::new(0),
        }
    }
}

impl From<Connection> for Service {
    fn from(connection: Connection) -> Self {
        Self { connection, scpd: OnceCell::new(), unknown: Mutex::default() }
    }
}

impl Service {
    /// What every service of its kind can do.
    pub(super) async fn call(&self, clients: &Clients, action: &str) -> Result<Values, CallError> {
        self.connection.call(clients, action).await
    }

    /// What it may be able to do; `None` if it is not. Where it does not say, it is asked once.
    pub(super) async fn offer(&self, clients: &Clients, action: &'static str) -> Result<Option<Values>, CallError> {
        let unknown = || self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown().contains(action) || self.scpd(clients).await.is_some_and(|scpd| !scpd.knows(action)) {
            return Ok(None);
        }
        match self.connection.call(clients, action).await {
            Err(CallError::Refused(SoapFault { code: INVALID_ACTION, .. })) => {
                unknown().insert(action);
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    async fn scpd(&self, clients: &Clients) -> Option<&Scpd> {
        self.scpd.get_or_init(async || self.connection.describe(clients).await.ok()).await.as_ref()
    }
}

impl Igd {
    /// The connection that counts.
    pub(super) fn connection(&self) -> &Service {
        let active = self.active.load(Ordering::Relaxed);
        self.connections.get(active).unwrap_or_else(|| self.connections.first().expect("a router has a connection"))
    }

    /// Finds the connection in use, if there are several.
    ///
    /// # Errors
    ///
    /// One of them could not be read, and it may be the one.
    pub(super) async fn settle(&self, clients: &Clients) -> Result<(), CallError> {
        if self.connections.len() > 1 {
            match self.read(clients, Family::V4).await {
                // Who refuses has been heard.
                Ok(_) | Err(CallError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The connection that is in use: connected, with an address for the public. Without one, what is most likely to be wrong.
    pub(super) async fn read(&self, clients: &Clients, family: Family) -> Result<RouterReading, CallError> {
        let mut best: Option<(Rank, usize, RouterReading)> = None;
        let mut lost = None;
        let mut refused = None;
        for (index, service) in self.connections.iter().enumerate() {
            let reading = match family {
                Family::V4 => self.read_v4(service, clients).await,
                Family::V6 => read_v6(service, clients).await,
            };
            match reading {
                Ok(reading) => {
                    let rank = Rank::of(&reading, family);
                    if best.as_ref().is_none_or(|(known, ..)| *known < rank) {
                        best = Some((rank, index, reading));
                    }
                }
                // A connection that refuses is not in use, if another one answers.
                Err(error @ CallError::Refused(_)) => refused = refused.or(Some(error)),
                Err(error) => lost = lost.or(Some(error)),
            }
            if best.as_ref().is_some_and(|(rank, ..)| rank.connected && rank.public) {
                break;
            }
        }
        match (best, lost) {
            (Some((rank, index, reading)), lost) if lost.is_none() || (rank.connected && rank.public) => {
                // A family that is nowhere says nothing about which one is in use.
                if rank.any || (rank.connected && family == Family::V4) {
                    self.active.store(index, Ordering::Relaxed);
                }
                Ok(reading)
            }
            // One that could not be read may be the one with an address: "none" would be a guess.
            (_, Some(error)) => Err(error),
            (_, None) => Err(refused.unwrap_or_else(|| CallError::Malformed("the router has no WAN connection".into()))),
        }
    }

    async fn read_v4(&self, service: &Service, clients: &Clients) -> Result<RouterReading, CallError> {
        let found = service.call(clients, "GetExternalIPAddress").await?;
        Ok(RouterReading {
            address: text(&found, "NewExternalIPAddress"),
            status: status(service, clients).await?,
            // Good to know, and not worth waiting for.
            ds_lite: tokio::time::timeout(ASIDE, self.ds_lite(clients)).await.unwrap_or(None),
            ..RouterReading::default()
        })
    }

    /// Does IPv4 go through a tunnel? `None` if that is not told.
    pub(super) async fn ds_lite(&self, clients: &Clients) -> Option<bool> {
        let found = self.common.as_ref()?.offer(clients, "X_AVM_DE_GetDsliteStatus").await.ok()??;
        match found.get("NewX_AVM_DE_DsliteStatus")?.as_str() {
            "1" | "true" | "yes" => Some(true),
            "0" | "false" | "no" => Some(false),
            _ => None,
        }
    }
}

async fn read_v6(service: &Service, clients: &Clients) -> Result<RouterReading, CallError> {
    let unknown = || CallError::Refused(SoapFault { code: INVALID_ACTION, text: "no IPv6 actions".into() });
    let found = service.offer(clients, "X_AVM_DE_GetExternalIPv6Address").await?.ok_or_else(unknown)?;
    let leased = prefix(service, clients).await?;
    Ok(RouterReading {
        address: text(&found, "NewExternalIPv6Address"),
        lifetimes: lifetimes(&found),
        status: status(service, clients).await?,
        prefix: leased.map(|(prefix, _)| prefix),
        prefix_lifetimes: leased.and_then(|(_, lifetimes)| lifetimes),
        ds_lite: None,
    })
}

/// The prefix for the LAN. One that could not be read is not "none": a host's address would be made from another one.
pub(super) async fn prefix(service: &Service, clients: &Clients) -> Result<Option<(Prefix, Option<Lifetimes>)>, CallError> {
    let found = match service.offer(clients, "X_AVM_DE_GetIPv6Prefix").await {
        Ok(Some(found)) => found,
        // There is still an address.
        Ok(None) | Err(CallError::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (network, length) = (text(&found, "NewIPv6Prefix"), text(&found, "NewPrefixLength"));
    if network.is_empty() || network == "::" {
        return Ok(None);
    }
    let malformed = || CallError::Malformed(format!("X_AVM_DE_GetIPv6Prefix: {network:?} with {length:?} bits is not a prefix"));
    let address: Ipv6Addr = network.parse().map_err(|_| malformed())?;
    let length: u8 = length.parse().map_err(|_| malformed())?;
    // A longer one has no room for a host.
    Ok((1..=64).contains(&length).then(|| (Prefix::new(address, length), lifetimes(&found))))
}

/// The state of the connection; a router that does not tell has none.
async fn status(service: &Service, clients: &Clients) -> Result<String, CallError> {
    match service.offer(clients, "GetStatusInfo").await {
        Ok(found) => Ok(found.map(|found| text(&found, "NewConnectionStatus")).unwrap_or_default()),
        Err(CallError::Refused(_)) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// One result, cut to what is read of it. A cut and a control character leave a mark: what they were part of is no address.
pub(super) fn text(found: &Values, name: &str) -> String {
    let whole = found.get(name).map(String::as_str).unwrap_or_default();
    let shown = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    let mut text: String = whole.chars().take(TEXT).map(shown).collect();
    if whole.chars().nth(TEXT).is_some() {
        text.push('…');
    }
    text
}

/// Seconds as the vendor names them, one r and all. The largest number means for ever, and is 136 years.
pub(super) fn lifetimes(found: &Values) -> Option<Lifetimes> {
    let seconds = |name: &str| found.get(name)?.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()));
    let valid = seconds("NewValidLifetime")?;
    let preferred = seconds("NewPreferedLifetime").or_else(|| seconds("NewPreferredLifetime"))?;
    Some(Lifetimes { preferred: preferred.min(valid), valid })
}
