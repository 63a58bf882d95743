//! What is served: listeners, TLS, limits, logins; the intake of pushed addresses, the TR-064 service, state and health.
//!
//! A request never waits for more than the daemon's next turn, and the daemon never waits for a client.

mod certificate;
mod connection;
mod dyndns;
#[cfg(test)]
mod fake;
mod gate;
mod inherited;
mod listen;
mod login;
mod pace;
mod places;
mod refusals;
mod request;
mod route;
mod server;
mod shared;
mod status;
mod tr064;

pub use server::Server;

use tokio::sync::oneshot;

use crate::rules::push::{Push, Taken};
use crate::rules::snapshot::Snapshot;
use crate::tr064::served::{Change, Refusal, View};

/// What the serving side asks of the daemon.
#[derive(Debug)]
pub enum Question {
    /// How everything is.
    Status(oneshot::Sender<Snapshot>),
    /// An address for names; one answer for each of them. `None`: it could not be stored.
    Push(Push, oneshot::Sender<Option<Vec<Taken>>>),
    /// The port of the TR-064 service over TLS; 0: there is none.
    SecurityPort(oneshot::Sender<u16>),
    /// What the TR-064 service can tell.
    View(oneshot::Sender<View>),
    /// A change of settings; the port of the remote access after it (0: there is none).
    Change(Change, oneshot::Sender<Result<u16, Refusal>>),
}
