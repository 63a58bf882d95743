//! Calls actions of a router without login.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::description::{Description, Service};
pub use super::fault::CallError;
use super::soap;
use crate::http::{Clients, Limits};
use crate::rules::order::Prepared;
use crate::rules::reply::{Fault, Reply};
use crate::rules::secret::Secret;

/// A router is near: what takes longer is not there.
pub const LIMITS: Limits = Limits { connect: Duration::from_secs(2), total: Duration::from_secs(4), body: 64 * 1024 };

/// Where descriptions are, the newer standard last.
const PATHS: [&str; 2] = ["/igddesc.xml", "/igd2desc.xml"];

/// A router that describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// Model name; may be empty.
    pub model: String,
    /// Connections to the outside, the likelier first; at least one.
    pub connections: Vec<Connection>,
}

/// A WAN connection service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Service type.
    pub kind: String,
    /// Where its actions are called.
    pub control: Url,
}

impl Router {
    /// Reads the IGD description of the router at `base` (scheme, host, port).
    ///
    /// # Errors
    ///
    /// Says why there is no connection service that can be asked without login.
    pub async fn open(clients: &Clients, base: &Url) -> Result<Self, CallError> {
        let mut problem = CallError::Malformed("no description was asked for".into());
        for path in PATHS {
            match Self::describe(clients, base, path).await {
                Ok(router) => return Ok(router),
                // Nobody is there: the other path will not help.
                Err(error @ CallError::Http(Fault::Connect(_) | Fault::Lookup(_))) => return Err(error),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    async fn describe(clients: &Clients, base: &Url, path: &str) -> Result<Self, CallError> {
        let address = base.join(path).map_err(|error| CallError::Malformed(format!("{path}: {error}")))?;
        let reply = clients.get(address.as_str(), None, None, &LIMITS).await.map_err(CallError::Http)?;
        if reply.status != 200 {
            return Err(CallError::Malformed(format!("{path}: HTTP {}; is UPnP switched on in the router?", reply.status)));
        }
        let description = text(&reply)
            .and_then(|text| Description::parse(&text))
            .map_err(|why| CallError::Malformed(format!("{path}: {why}; is UPnP switched on in the router?")))?;
        let connections: Vec<Connection> = description
            .wan_connections()
            .filter_map(|service| Connection::locate(service, &address, description.base.as_deref()))
            .collect();
        if connections.is_empty() {
            return Err(CallError::Malformed(format!("{path}: the device has no WAN connection service")));
        }
        Ok(Self { model: description.model, connections })
    }
}

impl Connection {
    /// A control address on another host is nothing that a router has a reason to name.
    fn locate(service: &Service, description: &Url, base: Option<&str>) -> Option<Self> {
        let base = base.and_then(|base| Url::parse(base).ok()).filter(|base| base.host() == description.host());
        let control = base.as_ref().unwrap_or(description).join(&service.control).ok()?;
        let near = control.host() == description.host() && control.scheme() == "http";
        near.then(|| Self { kind: service.kind.clone(), control })
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
            via: None,
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
    Ok(String::from_utf8_lossy(&reply.body).into_owned())
}
