//! What goes to the box and comes back: description, calls.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use url::{Position, Url};

use crate::http::{Clients, Limits};
use crate::rules::order::Prepared;
use crate::rules::reply::{Fault, Reply};
use crate::rules::secret::Secret;
use crate::tr064::description::{Description, Service};
use crate::tr064::fault::CallError;
use crate::tr064::login::{ROUNDS, Signer, Step};
use crate::tr064::soap;
use crate::tr064::trust::Pin;
use crate::tr064::xml::{self, short};

/// A box is near, but slow: it stores settings before it answers, and delays the answer to a wrong login.
const LIMITS: Limits = Limits { connect: Duration::from_secs(4), total: Duration::from_secs(15), body: 256 * 1024 };

/// Where TR-064 is described.
const DESCRIPTION: &str = "/tr64desc.xml";

/// The way to one box.
#[derive(Debug)]
pub(super) struct Wire {
    clients: Clients,
    root: Url,
    /// The interface that every request goes through.
    via: Option<String>,
    pub(super) pin: Arc<Pin>,
}

/// What the box says of itself.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) model: String,
    pub(super) version: Option<String>,
    services: Vec<Service>,
}

impl Described {
    /// The service whose type ends in `name`.
    pub(super) fn find(&self, name: &str) -> Option<&Service> {
        let fits = |kind: &str| kind.strip_suffix(name).is_some_and(|start| start.is_empty() || start.ends_with(':'));
        self.services.iter().find(|service| fits(&service.kind))
    }

    pub(super) fn service(&self, name: &str) -> Result<&Service, CallError> {
        self.find(name).ok_or_else(|| CallError::Missing { service: name.to_owned() })
    }
}

impl Wire {
    pub(super) fn new(clients: &Clients, place: &Url, via: Option<&str>, pin: Pin) -> Self {
        let pin = Arc::new(pin);
        Self { clients: clients.trusting(pin.clone()), root: place.clone(), via: via.map(str::to_owned), pin }
    }

    pub(super) fn secured(&self) -> bool {
        self.root.scheme() == "https"
    }

    /// Goes on over TLS at `port` of the same host.
    pub(super) fn secure(&mut self, port: u16) -> Result<(), CallError> {
        let changed = self.root.set_scheme("https").and_then(|()| self.root.set_port(Some(port)));
        changed.map_err(|()| CallError::Malformed(format!("{:?} cannot be reached over TLS", self.root.as_str())))
    }

    /// Reads the description.
    pub(super) async fn describe(&self) -> Result<Described, CallError> {
        let url = self.at(DESCRIPTION)?;
        let reply = self.settle(self.clients.get(url.as_str(), None, self.via.as_deref(), &LIMITS).await)?;
        let text = text(&reply)?;
        let content_type = reply.headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str());
        let page = content_type.to_ascii_lowercase().starts_with("text/html") || begins_as_page(&text);
        match reply.status {
            200 if !page => {}
            // With access for programs switched off there is an error page.
            200 | 403 | 404 => return Err(CallError::AccessOff),
            503 => return Err(CallError::Throttled),
            status => return Err(CallError::Status { path: DESCRIPTION.into(), status }),
        }
        let malformed = |why: String| CallError::Malformed(format!("{DESCRIPTION}: {why}"));
        let description = Description::parse(&text).map_err(malformed)?;
        Ok(Described { model: description.model, version: version(&text), services: description.services })
    }

    /// Calls `action` as often as `signer` has to answer a challenge. `blocks` go into the SOAP header.
    pub(super) async fn call(
        &self,
        signer: &mut Signer,
        blocks: &[&str],
        service: &Service,
        action: &str,
        arguments: &[(&str, &str)],
    ) -> Result<BTreeMap<String, String>, CallError> {
        let url = self.at(&service.control)?;
        signer.begin();
        for _ in 0..ROUNDS {
            let signature = signer.sign(&url[Position::BeforePath..Position::AfterQuery], &random()?)?;
            let blocks: Vec<&str> = signature.block.as_deref().into_iter().chain(blocks.iter().copied()).collect();
            let body = soap::request_with(&blocks, &service.kind, action, arguments);
            let named = format!("\"{}#{action}\"", service.kind);
            let prepared = Prepared { via: self.via.clone(), ..prepare(&url, &named, body, signature.authorization) };
            let reply = self.settle(self.clients.send(&prepared, &LIMITS).await)?;
            if reply.status == 503 {
                return Err(CallError::Throttled);
            }
            let text = text(&reply)?;
            if signer.judge(&reply, &text)? == Step::Again {
                continue;
            }
            // A fault comes with HTTP 500.
            if !matches!(reply.status, 200 | 500) {
                return Err(CallError::Status { path: url.path().to_owned(), status: reply.status });
            }
            let malformed = |why: String| CallError::Malformed(format!("{action}: {why} (HTTP {})", reply.status));
            return soap::reply(&text, action).map_err(malformed)?.map_err(CallError::Refused);
        }
        Err(CallError::Malformed(format!("{action}: the box asks for the login again and again without refusing it")))
    }

    /// Says what was wrong with a certificate, and remembers a good one.
    pub(super) fn vouch(&self) -> Result<(), CallError> {
        self.pin.vouch()
    }

    fn settle(&self, reply: Result<Reply, Fault>) -> Result<Reply, CallError> {
        match reply {
            Ok(reply) if self.secured() => self.pin.confirm().map(|()| reply),
            Ok(reply) => Ok(reply),
            Err(fault) => Err(self.pin.problem().unwrap_or(CallError::Http(fault))),
        }
    }

    /// The address for what the description names: always here, whatever scheme and port it says.
    fn at(&self, named: &str) -> Result<Url, CallError> {
        let wrong = |why: &str| CallError::Malformed(format!("the box names the address {:?}: {why}", short(named)));
        let found = self.root.join(named).map_err(|error| wrong(&error.to_string()))?;
        if found.host() != self.root.host() {
            return Err(wrong("another host, where nothing is sent"));
        }
        let mut url = self.root.clone();
        url.set_path(found.path());
        url.set_query(found.query());
        Ok(url)
    }
}

fn prepare(url: &Url, action: &str, body: String, authorization: Option<Secret>) -> Prepared {
    let header = |name: &str, value: &str| (name.to_owned(), Secret::new(value.to_owned()));
    let mut headers = vec![header("Content-Type", "text/xml; charset=\"utf-8\""), header("SOAPAction", action)];
    headers.extend(authorization.map(|value| ("Authorization".to_owned(), value)));
    Prepared {
        method: "POST".into(),
        url: Secret::new(url.to_string()),
        shown: url.to_string(),
        host: url.host_str().unwrap_or_default().to_owned(),
        headers,
        body: Some(Secret::new(body)),
        basic: None,
        only: None,
        via: None,
        secrets: Vec::new(),
    }
}

/// The client's nonce: 128 random bits.
fn random() -> Result<String, CallError> {
    let mut bytes = [0; 16];
    let filled = ring::default_provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| CallError::Http(Fault::Unsendable("the system has no random numbers".into())))?;
    let mut text = String::new();
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    Ok(text)
}

fn text(reply: &Reply) -> Result<String, CallError> {
    if reply.oversized {
        return Err(CallError::Malformed(format!("the answer is longer than {} bytes", LIMITS.body)));
    }
    Ok(String::from_utf8_lossy(&reply.body).into_owned())
}

fn begins_as_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(14).collect::<String>().to_ascii_lowercase();
    start.starts_with("<html") || start.starts_with("<!doctype html")
}

/// `systemVersion` stands beside the device.
fn version(text: &str) -> Option<String> {
    let root = xml::parse(text).ok()?;
    let shown = short(&root.child("systemVersion")?.child("Display")?.text);
    (!shown.is_empty()).then_some(shown)
}
