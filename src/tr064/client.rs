//! Calls actions of a router without login.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::description::{Description, Service};
pub use super::fault::CallError;
use super::scpd::Scpd;
use super::soap;
use crate::http::{Clients, Limits};
use crate::rules::order::Prepared;
use crate::rules::reply::{Fault, Reply};
use crate::rules::secret::Secret;

/// A router is near: what takes longer is not there.
pub const LIMITS: Limits = Limits { connect: Duration::from_secs(2), total: Duration::from_secs(4), body: 64 * 1024 };

/// Where descriptions are at a FRITZ!Box, the newer standard last, and at miniupnpd.
const PATHS: [&str; 3] = ["/igddesc.xml", "/igd2desc.xml", "/rootDesc.xml"];

/// Most connections that are looked at, and longest text that is kept of a device's name, in characters.
const CONNECTIONS: usize = 4;
const NAME: usize = 60;

/// A router that describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// Model name; may be empty.
    pub model: String,
    /// Unique device name; may be empty.
    pub udn: String,
    /// It says that it is one of AVM's.
    pub fritz_box: bool,
    /// Connections to the outside, the likelier first; at least one.
    pub connections: Vec<Connection>,
    /// What they have in common.
    pub common: Option<Connection>,
}

/// A service that is asked without login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Service type.
    pub kind: String,
    /// Where its actions are called.
    pub control: Url,
    /// Where its events are subscribed.
    pub events: Option<Url>,
    /// Where it says what it can do.
    pub scpd: Option<Url>,
    /// The interface that requests go through.
    pub via: Option<String>,
}

impl Router {
    /// Reads the IGD description of the router at `base` (scheme, host, port), through the interface `via`.
    ///
    /// # Errors
    ///
    /// Says why there is no connection service that can be asked without login.
    pub async fn open(clients: &Clients, base: &Url, via: Option<&str>) -> Result<Self, CallError> {
        let mut problem = None;
        for path in PATHS {
            let location = base.join(path).map_err(|error| CallError::Malformed(format!("{path}: {error}")))?;
            match Self::describe(clients, &location, via).await {
                Ok(router) => return Ok(router),
                // Nobody is there: the other path will not help.
                Err(error @ CallError::Http(Fault::Connect(_) | Fault::Lookup(_))) => return Err(error),
                // The first path is where a box has it.
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        Err(problem.unwrap_or_else(|| CallError::Malformed("no description was asked for".into())))
    }

    /// Reads the description at `location`.
    ///
    /// # Errors
    ///
    /// As [`Router::open`].
    pub async fn describe(clients: &Clients, location: &Url, via: Option<&str>) -> Result<Self, CallError> {
        let path = location.path();
        let reply = clients.get(location.as_str(), None, via, &LIMITS).await.map_err(CallError::Http)?;
        if reply.status != 200 {
            return Err(CallError::Status { path: path.to_owned(), status: reply.status });
        }
        let description = text(&reply)
            .and_then(|text| Description::parse(&text))
            .map_err(|why| CallError::Malformed(format!("{path}: {why}; is UPnP switched on in the router?")))?;
        let base = description.base.as_deref();
        let locate = |service| Connection::locate(service, location, base, via);
        let connections: Vec<Connection> = description.wan_connections().filter_map(locate).take(CONNECTIONS).collect();
        if connections.is_empty() {
            return Err(CallError::Malformed(format!("{path}: the device has no WAN connection service")));
        }
        Ok(Self {
            fritz_box: description.is_fritz_box(),
            common: description.wan_common().and_then(locate),
            model: description.model.chars().take(NAME).collect(),
            udn: description.udn.chars().take(NAME).collect(),
            connections,
        })
    }
}

impl Connection {
    /// A control address on another host is nothing that a router has a reason to name.
    fn locate(service: &Service, description: &Url, base: Option<&str>, via: Option<&str>) -> Option<Self> {
        let base = base.and_then(|base| Url::parse(base).ok()).filter(|base| base.host() == description.host());
        let base = base.as_ref().unwrap_or(description);
        let near = |path: &str| {
            let url = base.join(path).ok()?;
            (!path.is_empty() && url.host() == description.host() && url.scheme() == "http").then_some(url)
        };
        Some(Self {
            kind: service.kind.clone(),
            control: near(&service.control)?,
            events: near(&service.events),
            scpd: near(&service.scpd),
            via: via.map(str::to_owned),
        })
    }

    /// What the service says it can do.
    ///
    /// # Errors
    ///
    /// Says why that cannot be read.
    pub async fn describe(&self, clients: &Clients) -> Result<Scpd, CallError> {
        let location = self.scpd.as_ref().ok_or_else(|| CallError::Malformed("the service has no SCPDURL".into()))?;
        let reply = clients.get(location.as_str(), None, self.via.as_deref(), &LIMITS).await.map_err(CallError::Http)?;
        let malformed = |why: String| CallError::Malformed(format!("{}: {why} (HTTP {})", location.path(), reply.status));
        if reply.status != 200 {
            return Err(malformed("the router refuses".into()));
        }
        text(&reply).and_then(|text| Scpd::parse(&text)).map_err(malformed)
    }

    /// Calls `action` without arguments.
    ///
    /// # Errors
    ///
    /// Says why there are no results.
    pub async fn call(&self, clients: &Clients, action: &str) -> Result<BTreeMap<String, String>, CallError> {
        let header = |name: &str, value: String| (name.to_owned(), Secret::new(value));
        let prepared = Prepared {
            method: "POST".into(),
            url: Secret::new(self.control.to_string()),
            shown: self.control.to_string(),
            host: self.control.host_str().unwrap_or_default().to_owned(),
            headers: vec![
                header("Content-Type", "text/xml; charset=\"utf-8\"".into()),
                header("SOAPAction", format!("\"{}#{action}\"", self.kind)),
            ],
            body: Some(Secret::new(soap::request(&self.kind, action, &[]))),
            basic: None,
            only: None,
            via: self.via.clone(),
            secrets: Vec::new(),
        };
        let reply = clients.send(&prepared, &LIMITS).await.map_err(CallError::Http)?;
        let malformed = |why: String| CallError::Malformed(format!("{action}: {why} (HTTP {})", reply.status));
        // A fault comes with HTTP 500; everything else with a body is judged by what it is.
        if !matches!(reply.status, 200 | 500) {
            return Err(malformed("the router refuses".into()));
        }
        text(&reply).and_then(|text| soap::reply(&text, action)).map_err(malformed)?.map_err(CallError::Refused)
    }
}

fn text(reply: &Reply) -> Result<String, String> {
    if reply.oversized {
        return Err(format!("the answer is longer than {} bytes", LIMITS.body));
    }
    if let Some(coding) = &reply.unknown_encoding {
        return Err(format!("the answer is coded as {coding:?}, which cannot be undone"));
    }
    Ok(String::from_utf8_lossy(&reply.body).into_owned())
}
