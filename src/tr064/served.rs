//! The served side of TR-064: what programs ask of us as they would ask a FRITZ!Box. PURE.

use std::time::Duration;

use super::remote_access::{DdnsConfig, RemoteConfig, RemoteInfo};
use crate::config::Served;
use crate::rules::snapshot::Snapshot;

pub mod actions;
pub mod answer;
mod authorization;
pub mod call;
pub mod challenge;
pub mod change;
pub mod description;
pub mod envelope;
pub mod nonces;
pub mod scpd;
pub mod services;
mod writing;

/// Everything that an action can tell.
#[derive(Clone, Debug)]
pub struct View {
    /// Of every name.
    pub picture: Snapshot,
    /// The entry that stands for the service.
    pub served: Served,
    /// Remote access as it is.
    pub remote: RemoteInfo,
    /// Since the daemon started.
    pub uptime: Duration,
}

/// What an action changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `SetDDNSConfig`.
    Ddns(DdnsConfig),
    /// `SetConfig`.
    Remote(RemoteConfig),
    /// `SetEnable`.
    Enable(bool),
}

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A value is not possible: `UPnP` code 402.
    Invalid(String),
    /// It could not be stored, or the user is not possible: code 820.
    Failed(String),
}
