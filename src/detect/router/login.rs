//! The box with a login (TR-064), where it says nothing without one. It has no action for IPv6.

use std::path::PathBuf;

use tokio::sync::Mutex;
use url::Url;

use super::read::{Values, text};
use super::view::WanView;
use crate::config::{self, FritzBox};
use crate::http::Clients;
use crate::rules::address::{Family, PerFamily};
use crate::rules::consensus::RouterReading;
use crate::tr064::client::CallError;
use crate::tr064::session::{Session, Trust};

/// The switch that makes a login needless, in the words of the box's user interface.
pub(super) const SWITCH: &str =
    "switch on \"Transmit status information over UPnP\" in the FRITZ!Box (Home Network > Network > Network Settings)";

/// How to log in, and whether that was refused.
#[derive(Debug)]
pub(super) struct Account {
    login: config::Login,
    trust: Trust,
    /// Why the login is not tried again: the box waits longer with each try, and then locks everybody out. For as long as these
    /// settings are in force. Held while the login is tried.
    refused: Mutex<Option<String>>,
}

/// A box that has let us in.
#[derive(Debug)]
pub(super) struct Login {
    session: Session,
    service: String,
}

impl Account {
    /// `None` without a login. `known_boxes` is where certificates are remembered.
    pub(super) fn new(settings: &FritzBox, known_boxes: Option<PathBuf>) -> Option<Self> {
        let trust = match settings.fingerprint {
            Some(fingerprint) => Trust::Pinned(fingerprint),
            None => Trust::FirstUse { file: known_boxes },
        };
        Some(Self { login: settings.login.clone()?, trust, refused: Mutex::default() })
    }

    /// Logs in at the box at `place`, through the interface `via`.
    pub(super) async fn open(&self, clients: &Clients, place: &Url, via: Option<&str>) -> Result<Login, String> {
        let mut refused = self.refused.lock().await;
        if let Some(why) = &*refused {
            return Err(why.clone());
        }
        let opened = async {
            let session = Session::open(clients, place, via, Some(self.login.clone()), self.trust.clone()).await?;
            let service = session.wan_service().await?;
            // The service may be told without login; this is not.
            session.call(&service, "GetStatusInfo", &[]).await?;
            Ok(Login { session, service })
        };
        opened.await.map_err(|error: CallError| {
            if matches!(error, CallError::Unauthorized { .. }) {
                *refused = Some(format!("{error}; the login is not tried again before the settings are read again"));
            }
            error.to_string()
        })
    }
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
        let address = self.session.call(&self.service, "GetExternalIPAddress", &[]).await?;
        Ok((address, self.session.call(&self.service, "GetStatusInfo", &[]).await?))
    }
}
