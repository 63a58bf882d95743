//! Asks one address source and hands back what it said, unjudged ([`crate::rules::consensus`] judges).

mod command;
mod datagram;
pub mod dns;
mod echo;
pub mod interface;
pub mod pcp;
mod router;
pub mod stun;

use std::path::PathBuf;

use url::Url;

use crate::config::FritzBox;
use crate::http::Clients;
use crate::resolve::Names;
use crate::rules::address::Family;
use crate::rules::consensus::{Probe, ProbeFault, Reading};

pub use router::{Eventing, Remaining, WanView};
use router::{Routers, Wanted};

/// Every kind of address source. One is enough for all lines: what is known of the router is kept in it.
#[derive(Debug)]
pub struct Detectors {
    clients: Clients,
    routers: Routers,
    names: Names,
}

impl Detectors {
    /// `clients` are for echo services and the router; `fritzbox` is `[fritzbox]`. Without an address the
    /// router is the default gateway, else `fritz.box` as `names` finds it nearby, else a box behind the gateway; whoever answers a
    /// search only where there is no gateway.
    /// `known_boxes` is the file where certificates of boxes are remembered; `None`: for the life of the process.
    ///
    /// # Errors
    ///
    /// Says why `[fritzbox] address` names no place.
    pub fn new(clients: Clients, fritzbox: &FritzBox, names: Names, known_boxes: Option<PathBuf>) -> Result<Self, String> {
        Ok(Self { clients, routers: Routers::new(fritzbox, names.clone(), known_boxes)?, names })
    }

    /// A person asks, by a command: a login that failed in an earlier run is tried all the same, and at any box that is found.
    #[must_use]
    pub fn in_person(self) -> Self {
        Self { routers: self.routers.in_person(), ..self }
    }

    /// Asks one source about one family, through the interface `via` if one is named. Ends within 30 s, whatever the other side does.
    ///
    /// # Errors
    ///
    /// Says why the source gave no answer.
    pub async fn ask(&self, probe: &Probe, family: Family, via: Option<&str>) -> Result<Reading, ProbeFault> {
        match probe {
            Probe::Interface(_) => interface::addresses().await.map(Reading::Interface).map_err(ProbeFault::Failed),
            Probe::FritzBox | Probe::Upnp => {
                let reading = self.routers.ask(&self.clients, Wanted::by(probe), via, family).await;
                reading.map(Reading::Router).map_err(ProbeFault::Failed)
            }
            Probe::Echo { url } => echo::ask(&self.clients, url, family, via).await,
            Probe::Pcp => pcp::ask(family, via).await.map(Reading::Router),
            Probe::Dns(whoami) => dns::ask(whoami, family, via).await.map(Reading::Dns),
            Probe::Stun(server) => stun::ask(server, family, via, &self.names).await.map(Reading::Mapped),
            Probe::Command(command) => command::run(command, family).await.map(Reading::Text).map_err(ProbeFault::Failed),
            Probe::Static(address) => Ok(Reading::Static(*address)),
        }
    }

    /// Where the router that `probe` asks ([`Probe::FritzBox`] or [`Probe::Upnp`]) tells of changes by itself.
    ///
    /// # Errors
    ///
    /// Says why there is no router, or that it has no events.
    pub async fn eventing(&self, probe: &Probe, via: Option<&str>) -> Result<Eventing, String> {
        self.routers.eventing(&self.clients, Wanted::by(probe), via).await
    }

    /// Everything that the FRITZ!Box tells about the line without login.
    ///
    /// # Errors
    ///
    /// Says why there is no box, or why it does not answer.
    pub async fn wan_view(&self, via: Option<&str>) -> Result<WanView, String> {
        self.routers.view(&self.clients, via).await
    }

    /// Where the FRITZ!Box is: scheme, host and port.
    ///
    /// # Errors
    ///
    /// Says why there is none.
    pub async fn place(&self, via: Option<&str>) -> Result<Url, String> {
        self.routers.place(&self.clients, via).await
    }
}
