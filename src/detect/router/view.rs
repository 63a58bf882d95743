//! Everything that a router tells about the line without login, for people.

use std::net::IpAddr;

use serde::Serialize;
use url::Url;

use super::read::{Igd, Service, Values, lifetimes, prefix, text};
use crate::http::Clients;
use crate::rules::address::PerFamily;
use crate::rules::consensus::Lifetimes;
use crate::tr064::client::CallError;

/// What a router tells about the line without login. `None` is what it does not tell. Texts are the router's, unjudged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WanView {
    /// Model name; may be empty.
    pub model: String,
    /// Where it is: scheme, host and port.
    pub place: String,
    /// ConnectionStatus.
    pub status: Option<String>,
    /// Why the connection failed last, in the router's words.
    pub last_error: Option<String>,
    /// How long the line has been connected, in seconds.
    pub uptime: Option<u64>,
    /// External addresses.
    pub address: PerFamily<Option<String>>,
    /// What is left of the IPv6 address.
    pub lifetimes: Option<Remaining>,
    /// The prefix for the LAN, such as `2003:e7::/56`.
    pub prefix: Option<String>,
    /// What is left of the prefix.
    pub prefix_lifetimes: Option<Remaining>,
    /// Name servers that the line's provider names.
    pub dns: PerFamily<Vec<IpAddr>>,
    /// IPv4 goes through a DS-Lite tunnel (RFC 6333).
    pub ds_lite: Option<bool>,
}

/// What is left, in seconds; 4294967295 is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Remaining {
    /// For new connections.
    pub preferred: u64,
    /// At all.
    pub valid: u64,
}

impl From<Lifetimes> for Remaining {
    fn from(Lifetimes { preferred, valid }: Lifetimes) -> Self {
        Self { preferred: preferred.as_secs(), valid: valid.as_secs() }
    }
}

/// Asks for everything. What one action refuses is left out.
pub(super) async fn view(igd: &Igd, place: &Url, clients: &Clients) -> Result<WanView, CallError> {
    let service = igd.connection();
    let v4 = told(service.call(clients, "GetExternalIPAddress").await.map(Some))?;
    let state = told(service.offer(clients, "GetStatusInfo").await)?;
    let v6 = told(service.offer(clients, "X_AVM_DE_GetExternalIPv6Address").await)?;
    let prefix = prefix(service, clients).await?;
    let dns = PerFamily {
        v4: servers(service, clients, "X_AVM_DE_GetDNSServer", "NewIPv4DNSServer").await?,
        v6: servers(service, clients, "X_AVM_DE_GetIPv6DNSServer", "NewIPv6DNSServer").await?,
    };
    let word = |name: &str| state.as_ref().map(|state| text(state, name)).filter(|text| !text.is_empty());
    let address = |found: &Option<Values>, name: &str| found.as_ref().map(|found| text(found, name)).filter(|text| !text.is_empty());
    Ok(WanView {
        model: igd.model.clone(),
        place: place.to_string(),
        status: word("NewConnectionStatus"),
        last_error: word("NewLastConnectionError").filter(|error| error != "ERROR_NONE"),
        uptime: word("NewUptime").and_then(|uptime| uptime.parse().ok()),
        address: PerFamily { v4: address(&v4, "NewExternalIPAddress"), v6: address(&v6, "NewExternalIPv6Address") },
        lifetimes: v6.as_ref().and_then(lifetimes).map(Remaining::from),
        prefix: prefix.map(|(prefix, _)| prefix.to_string()),
        prefix_lifetimes: prefix.and_then(|(_, lifetimes)| lifetimes).map(Remaining::from),
        dns,
        ds_lite: igd.ds_lite(clients).await,
    })
}

/// A refusal is nothing told; everything else is a failure.
fn told(result: Result<Option<Values>, CallError>) -> Result<Option<Values>, CallError> {
    match result {
        Err(CallError::Refused(_)) => Ok(None),
        result => result,
    }
}

async fn servers(service: &Service, clients: &Clients, action: &'static str, name: &str) -> Result<Vec<IpAddr>, CallError> {
    let found = told(service.offer(clients, action).await)?.unwrap_or_default();
    let addresses = ["1", "2"].iter().filter_map(|number| found.get(&format!("{name}{number}"))?.parse::<IpAddr>().ok());
    Ok(addresses.filter(|address| !address.is_unspecified()).collect())
}
