//! The router's own view of the line: IGD without login, at the FRITZ!Box with its IPv6 actions.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::Instant;
use url::Url;

use super::interface::Ways;
use super::words;
use crate::http::Clients;
use crate::resolve::Names;
use crate::rules::address::{Family, PerFamily};
use crate::rules::consensus::{Probe, RouterReading};
use crate::tr064::client::{CallError, Router};
use crate::tr064::soap::{INVALID_ACTION, SoapFault};

#[cfg(test)]
mod fake;
mod find;
mod place;
mod read;
mod search;
mod view;

use find::{Candidate, Missing, SEARCH, Scene, Seeker};
use read::Igd;
pub use view::{Remaining, WanView};

/// All of one question.
const LIMIT: Duration = Duration::from_secs(5);

/// All of a look at everything, which is a dozen questions.
const VIEW_LIMIT: Duration = Duration::from_secs(20);

/// How long a network without a router that answers is left alone, if none was configured.
const PATIENCE: Duration = Duration::from_secs(240);

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    /// One of AVM's.
    FritzBox,
    /// Any router that speaks IGD.
    Any,
}

impl Wanted {
    /// What `probe` asks.
    pub(super) fn by(probe: &Probe) -> Self {
        if *probe == Probe::FritzBox { Self::FritzBox } else { Self::Any }
    }

    fn accepts(self, router: &Router) -> bool {
        self == Self::Any || router.fritz_box
    }
}

/// Where to subscribe to a router's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eventing {
    /// eventSubURL of the WAN connection: absolute, on the router, its host an address.
    pub url: Url,
    /// The router: nobody else may call.
    pub peer: IpAddr,
    /// This machine's address as the router sees it, for the callback; `None` if the kernel has no way there.
    pub local: Option<IpAddr>,
    /// For which families the router says that it tells when the address changes.
    pub evented: PerFamily<bool>,
}

/// What is known for one kind of router and one interface.
type Cell = Arc<tokio::sync::Mutex<Known>>;

/// Where routers are, and what is known of the last ones.
#[derive(Debug)]
pub(super) struct Routers {
    configured: Option<Url>,
    names: Names,
    /// By interface; there are as many as lines.
    known: Mutex<BTreeMap<(Wanted, Option<String>), Cell>>,
    limit: Duration,
}

/// What is known, and with which gateway: another gateway is another network.
#[derive(Debug, Default)]
enum Known {
    #[default]
    Nothing,
    Router {
        described: Arc<Described>,
        gateway: Option<Ipv4Addr>,
    },
    /// Nobody answered; why, and when.
    Nobody {
        why: String,
        gateway: Option<Ipv4Addr>,
        since: Instant,
    },
}

#[derive(Debug)]
struct Described {
    place: Url,
    igd: Igd,
}

impl Routers {
    pub(super) fn new(configured: Option<&str>, names: Names) -> Result<Self, String> {
        let configured = configured.map(place::place).transpose()?;
        Ok(Self { configured, names, known: Mutex::default(), limit: LIMIT })
    }

    /// What the router says about `family`.
    pub(super) async fn ask(&self, clients: &Clients, wanted: Wanted, via: Option<&str>, family: Family) -> Result<RouterReading, String> {
        let run = self.with(clients, wanted, via, async |described: &Described| described.igd.read(clients, family).await);
        within(self.limit, run).await
    }

    /// Everything that the box tells.
    pub(super) async fn view(&self, clients: &Clients, via: Option<&str>) -> Result<WanView, String> {
        let run = self.with(clients, Wanted::FritzBox, via, async |described: &Described| {
            // This finds the connection in use, if there are several.
            let _address = described.igd.read(clients, Family::V4).await;
            view::view(&described.igd, &described.place, clients).await
        });
        within(VIEW_LIMIT, run).await
    }

    /// Where the box is.
    pub(super) async fn place(&self, clients: &Clients, via: Option<&str>) -> Result<Url, String> {
        if let Some(place) = &self.configured {
            return Ok(place.clone());
        }
        within(self.limit, async { Ok(self.router(clients, Wanted::FritzBox, via).await?.place.clone()) }).await
    }

    /// Where the router tells of changes.
    pub(super) async fn eventing(&self, clients: &Clients, wanted: Wanted, via: Option<&str>) -> Result<Eventing, String> {
        within(self.limit, async {
            let described = self.router(clients, wanted, via).await?;
            let service = described.igd.connection();
            let mut url = service.connection.events.clone().ok_or("the router names no address for subscriptions on itself")?;
            let peer = self.address(&url).await?;
            url.set_ip_host(peer).map_err(|()| format!("{url} has no host that an address could replace"))?;
            let local = local(SocketAddr::new(peer, url.port_or_known_default().unwrap_or(place::PORT)), via).await;
            Ok(Eventing { url, peer, local, evented: service.evented(clients).await })
        })
        .await
    }

    /// The address behind a name that was configured.
    async fn address(&self, url: &Url) -> Result<IpAddr, String> {
        if let Some(address) = place::address_of(url) {
            return Ok(address);
        }
        let host = url.host_str().unwrap_or_default();
        let found = self.names.addresses(host, None).await.map_err(|error| format!("{host} could not be resolved: {error}"))?;
        found.first().copied().ok_or_else(|| format!("{host} has no address"))
    }

    /// Asks the router that is known, or the one that is found. One that fails is described again next time.
    async fn with<T>(
        &self,
        clients: &Clients,
        wanted: Wanted,
        via: Option<&str>,
        ask: impl AsyncFnOnce(&Described) -> Result<T, CallError>,
    ) -> Result<T, String> {
        let described = self.router(clients, wanted, via).await?;
        let result = ask(&described).await;
        // Another firmware may have other addresses; what refuses one action is still the same router.
        if matches!(result, Err(CallError::Http(_) | CallError::Malformed(_))) {
            *self.cell(wanted, via).lock().await = Known::Nothing;
        }
        result.map_err(|error| explain(&error))
    }

    fn cell(&self, wanted: Wanted, via: Option<&str>) -> Cell {
        // What is configured is taken as it is: there is nothing to tell apart.
        let wanted = if self.configured.is_some() { Wanted::Any } else { wanted };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((wanted, via.map(str::to_owned))).or_default())
    }

    /// The router, described once.
    async fn router(&self, clients: &Clients, wanted: Wanted, via: Option<&str>) -> Result<Arc<Described>, String> {
        // A failure to ask the kernel leaves the name.
        let ways = if self.configured.is_none() { Ways::read(via).await.unwrap_or_default() } else { Ways::default() };
        let gateway = ways.gateway();
        let cell = self.cell(wanted, via);
        // Held while the description is read: the question for the other family waits for it instead of repeating it.
        let mut known = cell.lock().await;
        match &*known {
            Known::Router { described, gateway: then } if *then == gateway => return Ok(Arc::clone(described)),
            Known::Nobody { why, gateway: then, since } if *then == gateway && since.elapsed() < PATIENCE => return Err(why.clone()),
            _ => {}
        }
        let seeker = Seeker { clients, names: &self.names, wanted, via, deadline: Instant::now() + SEARCH };
        let found = match &self.configured {
            Some(place) => configured(&seeker, place).await,
            None => seeker.find(&Scene::read(&ways, via).await).await.map(Described::from),
        };
        let found = found.map(Arc::new).map_err(|missing| missing.why);
        *known = match &found {
            Ok(described) => Known::Router { described: Arc::clone(described), gateway },
            Err(why) if self.configured.is_none() => Known::Nobody { why: why.clone(), gateway, since: Instant::now() },
            Err(_) => Known::Nothing,
        };
        found
    }
}

impl From<Candidate> for Described {
    fn from(Candidate { place, router, .. }: Candidate) -> Self {
        Self { place, igd: router.into() }
    }
}

/// The router that the user names, whatever it is.
async fn configured(seeker: &Seeker<'_>, place: &Url) -> Result<Described, Missing> {
    match seeker.within(Router::open(seeker.clients, place, seeker.via)).await {
        Ok(router) => Ok(Described { place: place.clone(), igd: router.into() }),
        Err(error) => Err(Missing { why: format!("no router answers at {place}: {}", explain(&error)), closed: vec![place.clone()] }),
    }
}

async fn within<T>(limit: Duration, run: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    // Boxed: the futures of HTTP requests are large.
    let late = || Err(format!("the router did not answer within {limit:?}"));
    tokio::time::timeout(limit, Box::pin(run)).await.unwrap_or_else(|_| late())
}

/// Our address on the way to `peer`. Connecting a UDP socket sends nothing.
async fn local(peer: SocketAddr, via: Option<&str>) -> Option<IpAddr> {
    let any: SocketAddr = match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await.ok()?;
    if let Some(via) = via {
        socket.bind_device(Some(via.as_bytes())).ok()?;
    }
    socket.connect(peer).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
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

#[cfg(test)]
mod tests;
