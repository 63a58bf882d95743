//! Addresses that a router pushes for names, and what becomes of them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::address::{PerFamily, Prefix};
use super::domain::Domain;
use super::moment::Moment;

/// What a router says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// For these names, in the order of the request; at least one.
    pub domains: Vec<Domain>,
    /// The addresses, each of its family; all of them have passed the publish guard.
    pub addresses: PerFamily<Option<IpAddr>>,
    /// The IPv6 prefix of the LAN behind the router.
    pub prefix: Option<Prefix>,
}

/// What is remembered of it: one name, one family. Survives restarts, for routers push changes only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pushed {
    /// The address.
    pub address: Option<IpAddr>,
    /// The prefix of the LAN (IPv6 only).
    pub prefix: Option<Prefix>,
    /// When it was pushed first.
    pub at: Option<Moment>,
}

/// What a push means for one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is news for the families it names.
    Good,
    /// It is known.
    Unchanged,
    /// No entry with this name follows a line whose sources of any of these families name `push`.
    NoRecord,
    /// No entry has this name.
    Unknown,
    /// The name, or its account, is locked at the provider: a person must act. The address is remembered.
    Locked,
    /// The provider refuses this very address.
    Refused(IpAddr),
}
