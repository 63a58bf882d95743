//! The box with a login (TR-064), where it says nothing without one. It has no action for IPv6.

use std::collections::BTreeMap;
use std::mem;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::place;
use super::read::{Values, text};
use super::view::WanView;
use crate::config::{self, FritzBox};
use crate::http::Clients;
use crate::rules::address::{Family, PerFamily};
use crate::rules::consensus::RouterReading;
use crate::rules::reply::Fault;
use crate::tr064::attempts::{Attempts, REST};
use crate::tr064::client::CallError;
use crate::tr064::session::{self, Session, Trust};

/// The switch that makes a login needless, in the words of the box's user interface.
pub(super) const SWITCH: &str =
    "switch on \"Transmit status information over UPnP\" in the FRITZ!Box (Home Network > Network > Network Settings)";

/// How to log in, and whether that was refused.
#[derive(Debug)]
pub(super) struct Account {
    login: config::Login,
    trust: Trust,
    attempts: Attempts,
    /// Somebody waits for the answer, and may try what a run before could not.
    in_person: bool,
    /// Why the login is not tried again, by the name of the box, and until when; `None`: for as long as these settings are in
    /// force. Held while the login is tried.
    refused: Mutex<BTreeMap<String, (String, Option<Instant>)>>,
}

/// A box that has let us in.
#[derive(Debug)]
pub(super) struct Login {
    session: Session,
    service: String,
    /// A question was not answered as it should: maybe the login is wrong by now. Held while it is asked.
    doubtful: Mutex<bool>,
}

impl super::Routers {
    /// A person asks.
    pub(in crate::detect) fn in_person(self) -> Self {
        Self { account: self.account.map(Account::in_person), ..self }
    }
}

impl Account {
    /// `None` without a login. `known_boxes` is where certificates are remembered.
    pub(super) fn new(settings: &FritzBox, known_boxes: Option<PathBuf>) -> Option<Self> {
        let place = settings.address.as_deref().and_then(|address| place::place(address).ok());
        let meant = place.is_some_and(|place| place::address_of(&place).is_some());
        let attempts = Attempts::beside(known_boxes.as_deref());
        let trust = match settings.fingerprint {
            Some(fingerprint) => Trust::Pinned(fingerprint),
            None if meant => Trust::FirstUse { file: known_boxes },
            // Whatever network this machine is in has a gateway, and maybe a box of the same name.
            None => Trust::Known { file: known_boxes },
        };
        Some(Self { login: settings.login.clone()?, trust, attempts, in_person: false, refused: Mutex::default() })
    }

    /// A person asks: what failed in another run is tried again, and a box that was never seen may be the one that is meant.
    fn in_person(self) -> Self {
        let trust = match self.trust {
            Trust::Known { file } => Trust::FirstUse { file },
            other => other,
        };
        Self { in_person: true, trust, ..self }
    }

    /// Logs in at the box at `place`, through the interface `via`.
    pub(super) async fn open(&self, clients: &Clients, place: &Url, via: Option<&str>) -> Result<Login, String> {
        let name = session::name(place, via).map_err(|error| error.to_string())?;
        let mut refused = self.refused.lock().await;
        if let Some(why) = self.barred(&refused, &name) {
            return Err(why);
        }
        let session = match Session::open(clients, place, via, Some(self.login.clone()), self.trust.clone()).await {
            Ok(session) => session,
            Err(error) if error != CallError::Throttled => return Err(error.to_string()),
            Err(error) => {
                self.attempts.note(&name, &self.login, SystemTime::now());
                return Err(remember(&mut refused, name, &error));
            }
        };
        // Before the login is sent: whoever is late hears no refusal, and a box lets people wait for one.
        self.attempts.note(&name, &self.login, SystemTime::now());
        refused.insert(name.clone(), ("the box did not answer the login in time".to_owned() + LATER, Some(Instant::now() + REST)));
        match enter(session).await {
            Err(error) if tried(&error) => Err(remember(&mut refused, name, &error)),
            other => {
                refused.remove(&name);
                self.attempts.lift(&name, &self.login);
                other.map_err(|error| error.to_string())
            }
        }
    }

    /// Why the login is not tried.
    fn barred(&self, refused: &BTreeMap<String, (String, Option<Instant>)>, name: &str) -> Option<String> {
        let here = refused.get(name).filter(|(_, until)| until.is_none_or(|until| Instant::now() < until));
        here.map(|(why, _)| why.clone()).or_else(|| {
            let rest = self.attempts.rest(name, &self.login, SystemTime::now()).filter(|_| !self.in_person)?;
            let rest = humantime::format_duration(Duration::from_secs(rest.as_secs()));
            Some(format!(
                "the login was tried before, and the box did not accept or not answer it; it is tried again in {rest}, or at once if \
                 [fritzbox] username or password is changed, or by `wanbeacon fritzbox wan`"
            ))
        })
    }
}

/// Ends a reason.
const LATER: &str = "; the login is not tried again for an hour";

/// Keeps the reason, and gives it.
fn remember(refused: &mut BTreeMap<String, (String, Option<Instant>)>, name: String, error: &CallError) -> String {
    let (words, until) = match error {
        CallError::Unauthorized { .. } => ("; the login is not tried again before the settings are read again", None),
        _ => (LATER, Some(Instant::now() + REST)),
    };
    let why = format!("{error}{words}");
    refused.insert(name, (why.clone(), until));
    why
}

/// May the box have seen the login?
const fn tried(error: &CallError) -> bool {
    !matches!(error, CallError::Http(Fault::Connect(_) | Fault::Lookup(_) | Fault::Tls { .. }) | CallError::Certificate(_))
}

async fn enter(session: Session) -> Result<Login, CallError> {
    let service = session.wan_service().await?;
    // The service may be told without login; this is not.
    session.call(&service, "GetStatusInfo", &[]).await?;
    session.vouch()?;
    Ok(Login { session, service, doubtful: Mutex::default() })
}

impl Login {
    pub(super) async fn read(&self, family: Family) -> Result<RouterReading, CallError> {
        if family == Family::V6 {
            return Err(CallError::NotTold(format!("TR-064 tells no IPv6 address; {SWITCH}")));
        }
        let (address, state) = self.ask().await?;
        Ok(RouterReading {
            address: text(&address, "NewExternalIPAddress"),
            status: text(&state, "NewConnectionStatus"),
            ..RouterReading::default()
        })
    }

    pub(super) async fn view(&self, place: &Url) -> Result<WanView, CallError> {
        let (address, state) = self.ask().await?;
        let word = |found: &Values, name: &str| Some(text(found, name)).filter(|text| !text.is_empty());
        Ok(WanView {
            model: self.session.model().to_owned(),
            place: place.to_string(),
            status: word(&state, "NewConnectionStatus"),
            last_error: word(&state, "NewLastConnectionError").filter(|error| error != "ERROR_NONE"),
            uptime: word(&state, "NewUptime").and_then(|uptime| uptime.parse().ok()),
            address: PerFamily { v4: word(&address, "NewExternalIPAddress"), v6: None },
            ..WanView::default()
        })
    }

    async fn ask(&self) -> Result<(Values, Values), CallError> {
        let mut doubtful = self.doubtful.lock().await;
        // Not in this session: a new one is an attempt that is counted.
        if mem::replace(&mut *doubtful, true) {
            return Err(CallError::Http(Fault::Ambiguous("the box did not answer the question before this one".into())));
        }
        let answers = async {
            let address = self.session.call(&self.service, "GetExternalIPAddress", &[]).await?;
            Ok((address, self.session.call(&self.service, "GetStatusInfo", &[]).await?))
        };
        let answers = answers.await;
        *doubtful = matches!(answers, Err(CallError::Throttled));
        answers
    }
}

#[cfg(test)]
mod tests;
