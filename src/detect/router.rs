//! The router's own view of the line: IGD without login, at the FRITZ!Box with its IPv6 actions.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::{interface, words};
use crate::http::Clients;
use crate::resolve::Names;
use crate::rules::address::{Family, Prefix};
use crate::rules::consensus::RouterReading;
use crate::tr064::client::{CallError, Connection, Router};
use crate::tr064::soap::{INVALID_ACTION, SoapFault};

/// All of one question.
const LIMIT: Duration = Duration::from_secs(5);

/// Of that, how long a router is looked for.
const SEARCH: Duration = Duration::from_secs(3);

/// The port of IGD (and TR-064) at a FRITZ!Box.
const PORT: u16 = 49000;

/// The box's name on its own LAN.
const NAME: &str = "fritz.box";

/// How long that name is looked up: the LAN's own resolver knows it at once.
const LOOKUP: Duration = Duration::from_secs(1);

/// How long a network without a router that answers is left alone, if none was configured.
const PATIENCE: Duration = Duration::from_secs(240);

/// Where routers are, and what is known of the last one.
#[derive(Debug)]
pub(super) struct Routers {
    configured: Option<Url>,
    names: Names,
    known: Mutex<Known>,
    limit: Duration,
}

#[derive(Clone, Debug, Default)]
enum Known {
    #[default]
    Nothing,
    Router(Arc<Described>),
    /// Nobody answered; why, at this gateway, and when.
    Nobody {
        why: String,
        gateway: Option<Ipv4Addr>,
        since: Instant,
    },
}

#[derive(Debug)]
struct Described {
    /// The place that was asked for it: another gateway is another network.
    place: Url,
    router: Router,
    /// It does not know the IPv6 actions.
    lacks_ipv6: AtomicBool,
}

impl Routers {
    pub(super) fn new(configured: Option<&str>, names: Names) -> Result<Self, String> {
        Ok(Self { configured: configured.map(place).transpose()?, names, known: Mutex::default(), limit: LIMIT })
    }

    /// What the router says about `family`.
    pub(super) async fn ask(&self, clients: &Clients, family: Family) -> Result<RouterReading, String> {
        let run = Box::pin(self.run(clients, family));
        let late = || format!("the router did not answer within {:?}", self.limit);
        tokio::time::timeout(self.limit, run).await.unwrap_or_else(|_| Err(late()))
    }

    async fn run(&self, clients: &Clients, family: Family) -> Result<RouterReading, String> {
        let described = self.router(clients).await?;
        let result = described.read(clients, family).await;
        // Another firmware may have other addresses; what refuses one action is still the same router.
        if matches!(result, Err(CallError::Http(_) | CallError::Malformed(_))) {
            *self.known.lock().await = Known::Nothing;
        }
        result.map_err(|error| explain(&error))
    }

    /// The router, described once.
    async fn router(&self, clients: &Clients) -> Result<Arc<Described>, String> {
        // A failure to ask the kernel leaves the name.
        let gateway = if self.configured.is_none() { interface::default_gateway().await.unwrap_or(None) } else { None };
        // Held while the description is read: the question for the other family waits for it instead of repeating it.
        let mut known = self.known.lock().await;
        match &*known {
            Known::Router(described) if self.still(&described.place, gateway) => return Ok(Arc::clone(described)),
            Known::Nobody { why, gateway: then, since } if *then == gateway && since.elapsed() < PATIENCE => return Err(why.clone()),
            _ => {}
        }
        let late = || Err(format!("no router answers within {SEARCH:?}"));
        let found = tokio::time::timeout(SEARCH, self.find(clients, gateway)).await.unwrap_or_else(|_| late());
        *known = match &found {
            Ok(described) => Known::Router(Arc::clone(described)),
            Err(why) if self.configured.is_none() => Known::Nobody { why: why.clone(), gateway, since: Instant::now() },
            Err(_) => Known::Nothing,
        };
        found
    }

    /// Is `place` where we would look first today, or found by name?
    fn still(&self, place: &Url, gateway: Option<Ipv4Addr>) -> bool {
        self.configured.as_ref() == Some(place) || gateway.is_some_and(|gateway| *place == at(gateway)) || place.host_str() == Some(NAME)
    }

    async fn find(&self, clients: &Clients, gateway: Option<Ipv4Addr>) -> Result<Arc<Described>, String> {
        let mut places: Vec<Url> = self.configured.iter().cloned().chain(gateway.map(at)).collect();
        if self.configured.is_none() {
            places.extend(by_name(&self.names).await);
        }
        let mut problem = "no router was found: there is no default gateway; set [fritzbox] address".to_owned();
        for place in places {
            match Router::open(clients, &place).await {
                Ok(router) => return Ok(Arc::new(Described { place, router, lacks_ipv6: AtomicBool::new(false) })),
                Err(error) => problem = format!("no router answers at {place}: {}", explain(&error)),
            }
        }
        Err(problem)
    }
}

impl Described {
    /// The first connection that has an address; else what the first one says.
    async fn read(&self, clients: &Clients, family: Family) -> Result<RouterReading, CallError> {
        let mut first = None;
        for connection in &self.router.connections {
            let reading = match family {
                Family::V4 => read_v4(connection, clients).await,
                Family::V6 => self.read_v6(connection, clients).await,
            };
            match &reading {
                Ok(reading) if !matches!(reading.address.as_str(), "" | "0.0.0.0" | "::") => return Ok(reading.clone()),
                _ => first = first.or(Some(reading)),
            }
        }
        first.unwrap_or_else(|| Err(CallError::Malformed("the router has no WAN connection".into())))
    }

    async fn read_v6(&self, connection: &Connection, clients: &Clients) -> Result<RouterReading, CallError> {
        let unknown = || SoapFault { code: INVALID_ACTION, text: "no IPv6 actions".into() };
        if self.lacks_ipv6.load(Ordering::Relaxed) {
            return Err(CallError::Refused(unknown()));
        }
        let found = match connection.call(clients, "X_AVM_DE_GetExternalIPv6Address").await {
            Err(CallError::Refused(SoapFault { code: INVALID_ACTION, .. })) => {
                self.lacks_ipv6.store(true, Ordering::Relaxed);
                return Err(CallError::Refused(unknown()));
            }
            found => found?,
        };
        // Without a prefix there is still an address.
        let prefix = connection.call(clients, "X_AVM_DE_GetIPv6Prefix").await.ok();
        let prefix = prefix.and_then(|found| {
            let address = found.get("NewIPv6Prefix")?.parse().ok()?;
            let length = found.get("NewPrefixLength")?.parse().ok().filter(|length| (1..=64).contains(length))?;
            Some(Prefix::new(address, length))
        });
        let address = found.get("NewExternalIPv6Address").cloned().unwrap_or_default();
        Ok(RouterReading { address, status: status(connection, clients).await?, prefix, ..RouterReading::default() })
    }
}

async fn read_v4(connection: &Connection, clients: &Clients) -> Result<RouterReading, CallError> {
    let found = connection.call(clients, "GetExternalIPAddress").await?;
    let address = found.get("NewExternalIPAddress").cloned().unwrap_or_default();
    Ok(RouterReading { address, status: status(connection, clients).await?, ..RouterReading::default() })
}

/// The state of the connection; a router that does not tell has none.
async fn status(connection: &Connection, clients: &Clients) -> Result<String, CallError> {
    match connection.call(clients, "GetStatusInfo").await {
        Ok(found) => Ok(found.get("NewConnectionStatus").cloned().unwrap_or_default()),
        Err(CallError::Refused(_)) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

fn explain(error: &CallError) -> String {
    match error {
        CallError::Http(fault) => words(fault),
        CallError::Refused(SoapFault { code: INVALID_ACTION, text }) => {
            format!("the router does not know the action ({text:?}): it is not a FRITZ!Box, or too old for this")
        }
        CallError::Refused(SoapFault { code, text }) => format!("the router refuses with {code} {text:?}"),
        CallError::Malformed(why) => why.clone(),
        other => other.to_string(),
    }
}

/// Reads `[fritzbox] address`.
fn place(text: &str) -> Result<Url, String> {
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

fn at(gateway: Ipv4Addr) -> Url {
    Url::parse(&format!("http://{gateway}:{PORT}/")).expect("an address and a port are a host")
}

/// The box by its name, if the LAN's resolver has it: outside, `.box` belongs to strangers.
async fn by_name(names: &Names) -> Option<Url> {
    let found = tokio::time::timeout(LOOKUP, names.addresses(NAME, None)).await.ok()?.ok()?;
    let near = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    found.iter().all(near).then(|| Url::parse(&format!("http://{NAME}:{PORT}/")).expect("a name and a port are a host"))
}

#[cfg(test)]
mod tests;
