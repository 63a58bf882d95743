//! Everything that listens, as one value.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::Question;
use super::certificate::{Identity, identity};
use super::listen::{Door, House};
use super::places::Places;
use super::shared::Shared;
use crate::config::{Listener, Web};
use crate::rules::fingerprint::Fingerprint;

/// What answers that are on their way get when the daemon stops.
const ENDING: Duration = Duration::from_secs(1);

/// The served side. Dropping it closes every socket; [`end`](Self::end) lets open answers through first.
pub struct Server {
    house: House,
    /// Hears nothing, and ends when no connection is left.
    alive: mpsc::Receiver<Infallible>,
    doors: Vec<Door>,
    folder: Option<PathBuf>,
    identity: Option<Identity>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("listening", &self.doors.iter().map(Door::address).collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Server {
    /// Opens what `settings` say. `folder` keeps the certificate of the TLS listeners. What clients want of the daemon goes
    /// to `questions`. What cannot be opened is told in the log and tried again. Needs the runtime.
    #[must_use]
    pub fn start(settings: &Web, folder: Option<&Path>, questions: mpsc::Sender<Question>) -> Self {
        let (sender, alive) = mpsc::channel(1);
        let shared = Arc::new(Shared::new(settings.clone(), questions));
        let house = House { shared, places: Arc::new(Places::default()), alive: sender };
        let mut server = Self { house, alive, doors: Vec::new(), folder: folder.map(Path::to_owned), identity: None };
        server.open(settings);
        server
    }

    /// From now on these settings are in force: sockets that stay are not touched, others are closed and opened. Connections
    /// that are being answered are finished. A certificate that was replaced is taken into use. Returns what could not be opened, in words; the log has it already.
    pub fn follow(&mut self, settings: &Web) -> Vec<String> {
        self.house.shared.follow(settings.clone());
        self.refresh();
        self.open(settings)
    }

    /// A pair of files that was replaced is in use from the next handshake on.
    fn refresh(&self) {
        let (Some(identity), Some(folder)) = (&self.identity, &self.folder) else { return };
        match identity.refresh(folder) {
            Ok(true) => tell(identity),
            Ok(false) => {}
            Err(why) => tracing::warn!("{why}; the certificate in use stays"),
        }
    }

    fn open(&mut self, settings: &Web) -> Vec<String> {
        let wanted = settings.listeners();
        // One that could not be opened is tried again at once.
        self.doors.retain(|door| door.address().is_some() && wanted.iter().any(|listener| place(listener) == place(&door.listener)));
        let mut problems = Vec::new();
        for listener in wanted {
            if let Some(door) = self.doors.iter_mut().find(|door| place(&door.listener) == place(&listener)) {
                door.listener = listener;
                continue;
            }
            let tls = match listener.tls.then(|| self.acceptor(settings)).transpose() {
                Ok(tls) => tls,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            let (door, problem) = Door::open(listener, tls, self.house.clone());
            self.doors.push(door);
            problems.extend(problem);
        }
        for problem in &problems {
            tracing::warn!("{problem}");
        }
        problems
    }

    fn acceptor(&mut self, settings: &Web) -> Result<TlsAcceptor, String> {
        if self.identity.is_none() {
            let addresses: Vec<IpAddr> = settings.listeners().iter().map(|listener| listener.address.ip()).collect();
            let identity = identity(self.folder.as_deref(), &addresses)?;
            tell(&identity);
            self.identity = Some(identity);
        }
        let tls = self.identity.as_ref().map(|identity| Arc::clone(&identity.tls));
        tls.map(TlsAcceptor::from).ok_or_else(|| "there is no certificate".to_owned())
    }

    /// The port of the web's own TLS listener, once it is open.
    #[must_use]
    pub fn tls_port(&self) -> Option<u16> {
        self.port(|listener| listener.tls && listener.web)
    }

    /// The port of the TLS listener that serves TR-064, once it is open.
    #[must_use]
    pub fn security_port(&self) -> Option<u16> {
        self.port(|listener| listener.tls && listener.tr064)
    }

    fn port(&self, is_it: impl Fn(&Listener) -> bool) -> Option<u16> {
        self.doors.iter().filter(|door| is_it(&door.listener)).find_map(Door::address).map(|address| address.port())
    }

    /// Of the certificate, once TLS was served.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.identity.as_ref().map(Identity::fingerprint)
    }

    /// Stops: no new clients from this moment on; answers that are on their way have a second.
    pub async fn end(self) {
        let Self { house, mut alive, doors, .. } = self;
        drop(doors);
        let House { places, alive: ours, .. } = house;
        drop(ours);
        if timeout(ENDING, alive.recv()).await.is_err() {
            places.clear();
        }
    }
}

fn tell(identity: &Identity) {
    tracing::info!("the certificate of the web listener has the SHA-256 fingerprint {}", identity.fingerprint());
}

/// What makes two listeners the same socket.
fn place(listener: &Listener) -> (std::net::SocketAddr, bool) {
    (listener.address, listener.tls)
}

#[cfg(test)]
mod tests;
