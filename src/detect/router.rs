//! The router's own view of the line: IGD without login; where a FRITZ!Box is silent about that, TR-064 with one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::interface::Ways;
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
mod known;
mod login;
mod place;
mod read;
mod search;
mod view;

pub use eventing::Eventing;
use find::{Found, Missing, Rank, SEARCH, Scene, Seeker, WayOut};
use known::{Described, Known, PATIENCE, RELAPSE, Way};
use login::{Account, SWITCH};
pub use view::{Remaining, WanView};

/// All of one question.
const LIMIT: Duration = Duration::from_secs(5);

/// All of a look at everything, which is a dozen questions.
const VIEW_LIMIT: Duration = Duration::from_secs(20);

/// What a login may take more: TLS, and answers that the box holds back.
const LOGIN_LIMIT: Duration = Duration::from_secs(15);

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    const fn other(self) -> Self {
        match self {
            Self::FritzBox => Self::Any,
            Self::Any => Self::FritzBox,
        }
    }

    const fn accepts(self, router: &Router) -> bool {
        matches!(self, Self::Any) || router.fritz_box
    }
}

/// What is known behind one interface.
type Cell = Arc<tokio::sync::Mutex<Known>>;

/// Where routers are, and what is known of the last ones.
#[derive(Debug)]
pub(super) struct Routers {
    configured: Option<Url>,
    names: Names,
    account: Option<Account>,
    /// By interface; there are as many as lines.
    known: Mutex<BTreeMap<Option<String>, Cell>>,
    limit: Duration,
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

    /// Where the box is; the host is an address.
    pub(super) async fn place(&self, clients: &Clients, via: Option<&str>) -> Result<Url, String> {
        within(self.limit, async {
            match &self.configured {
                Some(place) => place::locate(&self.names, place).await,
                None => Ok(self.router(clients, Wanted::FritzBox, via).await?.place.clone()),
            }
        })
        .await
    }

    /// Where the router tells of changes.
    pub(super) async fn eventing(&self, clients: &Clients, wanted: Wanted, via: Option<&str>) -> Result<Eventing, String> {
        let run = self.with(clients, wanted, via, async |described: &Described| match &described.way {
            Way::Igd(igd) => igd.settle(clients).await.map(|()| Eventing::of(igd.connection())),
            Way::Login(_) => Ok(Err(format!("with a login the box does not tell of changes; {SWITCH}"))),
        });
        within(self.limit, run).await?
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
            self.cell(via).lock().await.forget();
        }
        result.map_err(|error| explain(&error))
    }

    fn cell(&self, via: Option<&str>) -> Cell {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(via.map(str::to_owned)).or_default())
    }

    /// The router, described once.
    async fn router(&self, clients: &Clients, wanted: Wanted, via: Option<&str>) -> Result<Arc<Described>, String> {
        let ways = match &self.configured {
            Some(_) => Ways::default(),
            None => Ways::read(via).await.map_err(|why| format!("no router is looked for: {why}; set [fritzbox] address"))?,
        };
        let cell = self.cell(via);
        // Held while the description is read: the other questions wait for it instead of repeating it.
        let mut known = cell.lock().await;
        let mut answer = if let Some(answer) = known.take(wanted, ways.way_out()) {
            answer
        } else {
            let found = self.look(clients, &ways, via).await;
            known.learn(wanted, ways.way_out(), found, self.configured.is_none())
        };
        let closed = std::mem::take(&mut answer.closed);
        if let (Wanted::FritzBox, Err(why), Some(account)) = (wanted, &answer.result, &self.account)
            && !closed.is_empty()
        {
            answer.result = log_in(account, clients, via, Missing { why: why.clone(), closed }).await.map(Arc::new);
            answer.until = match &answer.result {
                Ok(_) => Some(Instant::now() + RELAPSE),
                // A box that refuses a login is not asked again at once.
                Err(_) => answer.until.max(Some(Instant::now() + PATIENCE)),
            };
        }
        let result = answer.result.clone();
        known.put(wanted, answer);
        result
    }

    /// Looks for routers of every kind.
    async fn look(&self, clients: &Clients, ways: &Ways, via: Option<&str>) -> Found {
        let seeker = Seeker { clients, names: &self.names, via, deadline: Instant::now() + SEARCH };
        let Some(configured) = &self.configured else {
            return seeker.find(&Scene::read(ways, via).await).await;
        };
        match place::locate(&self.names, configured).await {
            Ok(place) => {
                let rank = if place == *configured { Rank::Configured } else { Rank::Meant };
                seeker.open_at(Found::new(WayOut::None), place, rank).await
            }
            Err(why) => Found::problem(why),
        }
    }
}

/// The last way, at the places where a box should be: the gateway, or what the user names.
async fn log_in(account: &Account, clients: &Clients, via: Option<&str>, missing: Missing) -> Result<Described, String> {
    let mut why = missing.why;
    for place in missing.closed {
        match account.open(clients, &place, via).await {
            Ok(login) => return Ok(Described { place, way: Way::Login(login) }),
            Err(problem) => why = format!("{why}; with the login: {problem}"),
        }
    }
    Err(why)
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
        CallError::Http(fault) => fault.to_string(),
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
