//! The router's own view of the line: IGD without login, at the FRITZ!Box with its IPv6 actions.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::interface::Ways;
use super::words;
use crate::config::FritzBox;
use crate::http::Clients;
use crate::resolve::Names;
use crate::rules::address::Family;
use crate::rules::consensus::{Probe, RouterReading};
use crate::rules::reply::Fault;
use crate::tr064::client::{CallError, Router};
use crate::tr064::soap::{INVALID_ACTION, SoapFault};

mod eventing;
#[cfg(test)]
mod fake;
mod find;
mod login;
mod place;
mod read;
mod search;
mod view;

pub use eventing::Eventing;
use find::{Candidate, Missing, SEARCH, Scene, Seeker};
use login::{Account, Login, SWITCH};
use read::Igd;
pub use view::{Remaining, WanView};

/// All of one question.
const LIMIT: Duration = Duration::from_secs(5);

/// All of a look at everything, which is a dozen questions.
const VIEW_LIMIT: Duration = Duration::from_secs(20);

/// What a login may take more: TLS, and answers that the box holds back.
const LOGIN_LIMIT: Duration = Duration::from_secs(15);

/// After which time a box that is asked with a login is looked at again without one.
const RELAPSE: Duration = Duration::from_secs(3600);

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

/// What is known for one kind of router and one interface.
type Cell = Arc<tokio::sync::Mutex<Known>>;

/// Where routers are, and what is known of the last ones.
#[derive(Debug)]
pub(super) struct Routers {
    configured: Option<Url>,
    names: Names,
    account: Option<Account>,
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

/// A router that can be asked.
#[derive(Debug)]
struct Described {
    place: Url,
    way: Way,
}

/// How.
#[derive(Debug)]
enum Way {
    Igd(Igd),
    Login { login: Login, since: Instant },
}

impl Described {
    async fn read(&self, clients: &Clients, family: Family) -> Result<RouterReading, CallError> {
        match &self.way {
            Way::Igd(igd) => igd.read(clients, family).await,
            Way::Login { login, .. } => login.read(family).await,
        }
    }

    async fn view(&self, clients: &Clients) -> Result<WanView, CallError> {
        match &self.way {
            Way::Igd(igd) => {
                // This finds the connection in use, if there are several.
                let _address = igd.read(clients, Family::V4).await;
                view::view(igd, &self.place, clients).await
            }
            Way::Login { login, .. } => login.view(&self.place).await,
        }
    }

    /// Somebody may have switched on what makes the login needless.
    fn fresh(&self) -> bool {
        !matches!(&self.way, Way::Login { since, .. } if since.elapsed() >= RELAPSE)
    }
}

impl Routers {
    /// `known_boxes` is where certificates of boxes are remembered.
    pub(super) fn new(settings: &FritzBox, names: Names, known_boxes: Option<PathBuf>) -> Result<Self, String> {
        let configured = settings.address.as_deref().map(place::place).transpose()?;
        let account = Account::new(settings, known_boxes);
        let limit = if account.is_some() { LIMIT + LOGIN_LIMIT } else { LIMIT };
        Ok(Self { configured, names, account, known: Mutex::default(), limit })
    }

    /// What the router says about `family`.
    pub(super) async fn ask(&self, clients: &Clients, wanted: Wanted, via: Option<&str>, family: Family) -> Result<RouterReading, String> {
        let run = self.with(clients, wanted, via, async |described: &Described| described.read(clients, family).await);
        within(self.limit, run).await
    }

    /// Everything that the box tells.
    pub(super) async fn view(&self, clients: &Clients, via: Option<&str>) -> Result<WanView, String> {
        let run = self.with(clients, Wanted::FritzBox, via, async |described: &Described| described.view(clients).await);
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
            match &self.router(clients, wanted, via).await?.way {
                Way::Igd(igd) => Eventing::of(igd.connection(), clients, &self.names, via).await,
                Way::Login { .. } => Err(format!("with a login the box does not tell of changes; {SWITCH}")),
            }
        })
        .await
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
            Known::Router { described, gateway: then } if *then == gateway && described.fresh() => return Ok(Arc::clone(described)),
            Known::Nobody { why, gateway: then, since } if *then == gateway && since.elapsed() < PATIENCE => return Err(why.clone()),
            _ => {}
        }
        let seeker = Seeker { clients, names: &self.names, wanted, via, deadline: Instant::now() + SEARCH };
        let found = match &self.configured {
            Some(place) => configured(&seeker, place).await,
            None => seeker.find(&Scene::read(&ways, via).await).await.map(Described::from),
        };
        // A box that refuses a login is not asked again at once.
        let closed = matches!(&found, Err(missing) if wanted == Wanted::FritzBox && !missing.closed.is_empty());
        let patient = self.configured.is_none() || (closed && self.account.is_some());
        let found = match (found, &self.account) {
            (Err(missing), Some(account)) if closed => log_in(account, clients, via, missing).await,
            (found, _) => found.map_err(|missing| missing.why),
        };
        let found = found.map(Arc::new);
        *known = match &found {
            Ok(described) => Known::Router { described: Arc::clone(described), gateway },
            Err(why) if patient => Known::Nobody { why: why.clone(), gateway, since: Instant::now() },
            Err(_) => Known::Nothing,
        };
        found
    }
}

/// The last way, at the places where a box should be: the gateway, or what the user names.
async fn log_in(account: &Account, clients: &Clients, via: Option<&str>, missing: Missing) -> Result<Described, String> {
    let mut why = missing.why;
    for place in missing.closed {
        match account.open(clients, &place, via).await {
            Ok(login) => return Ok(Described { place, way: Way::Login { login, since: Instant::now() } }),
            Err(problem) => why = format!("{why}; with the login: {problem}"),
        }
    }
    Err(why)
}

impl From<Candidate> for Described {
    fn from(Candidate { place, router, .. }: Candidate) -> Self {
        Self { place, way: Way::Igd(router.into()) }
    }
}

/// The router that the user names, whatever it is.
async fn configured(seeker: &Seeker<'_>, place: &Url) -> Result<Described, Missing> {
    match seeker.within(Router::open(seeker.clients, place, seeker.via)).await {
        Ok(router) => Ok(Described { place: place.clone(), way: Way::Igd(router.into()) }),
        Err(error) => Err(Missing {
            why: format!("no router answers at {place}: {}", explain(&error)),
            closed: if unreachable(&error) { Vec::new() } else { vec![place.clone()] },
        }),
    }
}

/// Nobody is there, who could let us in with a login.
const fn unreachable(error: &CallError) -> bool {
    matches!(error, CallError::Http(Fault::Connect(_) | Fault::Lookup(_)))
}

async fn within<T>(limit: Duration, run: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    // Boxed: the futures of HTTP requests are large.
    let late = || Err(format!("the router did not answer within {limit:?}"));
    tokio::time::timeout(limit, Box::pin(run)).await.unwrap_or_else(|_| late())
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
