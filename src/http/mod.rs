//! HTTP within limits: time, size, redirects, one address family, no proxy.

mod body;
#[cfg(test)]
pub(crate) mod fake;
mod fault;
mod redirect;
mod request;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderValue, LOCATION};
use reqwest::{Client, Response};
use rustls::client::danger::ServerCertVerifier;

use crate::resolve::Names;
use crate::rules::address::Family;
use crate::rules::order::Prepared;
use crate::rules::reply::{BODY_LIMIT, Fault, Reply};

use body::Coding;
use redirect::{Hops, Next};
use request::Request;

/// What the clients need to know.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `[daemon] ca_file`: additional roots (PEM).
    pub ca_file: Option<PathBuf>,
    /// The environment's `SSL_CERT_FILE`: additional roots as well.
    pub ssl_cert_file: Option<PathBuf>,
    /// User-Agent of every request.
    pub user_agent: String,
    /// Name servers to use instead of the system's.
    pub resolver: Vec<SocketAddr>,
}

/// Limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Lookup, connection and TLS together. Shorter than `total`, or a slow connection counts as ambiguous.
    pub connect: Duration,
    /// Everything, redirects and body included.
    pub total: Duration,
    /// Longest body in bytes, after decoding.
    pub body: usize,
}

impl Default for Limits {
    /// 10 s, 60 s, 64 KiB.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(60), body: BODY_LIMIT }
    }
}

/// The HTTP clients, one per address family. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    shared: Arc<Shared>,
}

struct Shared {
    tls: rustls::ClientConfig,
    agent: HeaderValue,
    names: Names,
    /// What a prepared request may follow.
    hops: Hops,
    /// Built when first needed; as many as there are kinds in use.
    built: Mutex<Vec<(Kind, Client)>>,
}

/// What sets clients apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kind {
    only: Option<Family>,
    via: Option<String>,
    connect: Duration,
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

impl Clients {
    /// Reads the additional roots.
    ///
    /// # Errors
    ///
    /// Names the file of roots that cannot be used, or says that the User-Agent is not fit for a header.
    pub fn new(options: &Options) -> Result<Self, String> {
        let agent = HeaderValue::from_str(&options.user_agent)
            .map_err(|_| format!("user_agent {:?} cannot be sent; printable ASCII was expected", options.user_agent))?;
        let files = [("ca_file", &options.ca_file), ("SSL_CERT_FILE", &options.ssl_cert_file)];
        let files: Vec<_> = files.into_iter().filter_map(|(key, file)| Some((key, file.as_deref()?))).collect();
        let names = Names::new(&options.resolver);
        let shared = Shared { tls: tls::config(&files)?, agent, names, hops: Hops::allowed(), built: Mutex::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Clients with the same settings that trust whatever `verifier` accepts and nothing else, and follow no redirect.
    #[must_use]
    pub fn trusting(&self, verifier: Arc<dyn ServerCertVerifier>) -> Self {
        let shared = Shared {
            tls: tls::trusting(verifier),
            agent: self.shared.agent.clone(),
            names: self.shared.names.clone(),
            hops: Hops::none(),
            built: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Gets `url` without credentials, over one family if `only` says so and through the interface `via`. A redirect is a fault.
    ///
    /// # Errors
    ///
    /// Says why there is no reply.
    pub async fn get(&self, url: &str, only: Option<Family>, via: Option<&str>, limits: &Limits) -> Result<Reply, Fault> {
        self.run(Request::get(url, only, via)?, Hops::none(), limits).await
    }

    /// Sends `prepared`. Redirects are followed as far as its credentials may go.
    ///
    /// # Errors
    ///
    /// Says why there is no reply, and whether the request may have arrived.
    pub async fn send(&self, prepared: &Prepared, limits: &Limits) -> Result<Reply, Fault> {
        self.run(Request::from_prepared(prepared)?, self.shared.hops, limits).await
    }

    async fn run(&self, request: Request, hops: Hops, limits: &Limits) -> Result<Reply, Fault> {
        // Boxed: the future of an HTTP request is large and is held by every task that sends one.
        let run = Box::pin(self.follow(request, hops, limits));
        tokio::time::timeout(limits.total, run)
            .await
            .unwrap_or_else(|_| Err(Fault::Ambiguous(format!("no complete reply within {:?}", limits.total))))
    }

    async fn follow(&self, mut request: Request, mut hops: Hops, limits: &Limits) -> Result<Reply, Fault> {
        let mut moved_to = None;
        loop {
            let response = self.exchange(&request, limits).await?;
            if !redirect::is_redirect(response.status()) {
                return read(response, moved_to, limits.body).await;
            }
            let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
            match hops.next(&request.url, location) {
                Next::Refused(fault) => return Err(fault),
                Next::Upgraded(url) => {
                    moved_to = Some(redirect::shown(&url));
                    request.become_get(url);
                }
                Next::Same(url) if redirect::keeps_method(response.status()) => request.url = url,
                Next::Same(url) => request.become_get(url),
            }
        }
    }

    /// One request, one reply; the body is still to be read.
    async fn exchange(&self, request: &Request, limits: &Limits) -> Result<Response, Fault> {
        request.check_family()?;
        let kind = Kind { only: request.only, via: request.via.clone(), connect: limits.connect };
        let client = self.client(kind)?;
        let mut builder = client.request(request.method.clone(), request.url.clone()).headers(request.headers.clone());
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        builder.send().await.map_err(fault::from_error)
    }

    fn client(&self, kind: Kind) -> Result<Client, Fault> {
        let mut built = self.shared.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = built.iter().find(|(known, _)| *known == kind) {
            return Ok(client.clone());
        }
        let mut builder = Client::builder()
            .tls_backend_preconfigured(self.shared.tls.clone())
            .dns_resolver(OneFamily { names: self.shared.names.clone(), only: kind.only })
            .user_agent(self.shared.agent.clone())
            .connect_timeout(kind.connect)
            // A proxy of the environment would falsify what an echo sees and be handed the credentials.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            // A kept connection may belong to an address that we no longer have.
            .pool_max_idle_per_host(0)
            .http1_only();
        if let Some(interface) = &kind.via {
            builder = builder.interface(interface);
        }
        let client = builder.build().map_err(fault::from_error)?;
        built.push((kind, client.clone()));
        Ok(client)
    }
}

async fn read(mut response: Response, moved_to: Option<String>, limit: usize) -> Result<Reply, Fault> {
    let status = response.status().as_u16();
    let headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let codings: Vec<&str> = headers.iter().filter(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str()).collect();
    let coding = match Coding::of(&codings) {
        Ok(coding) => coding,
        Err(unknown) => {
            return Ok(Reply { status, headers, unknown_encoding: Some(unknown), moved_to, ..Reply::default() });
        }
    };
    let most = coding.wire_limit(limit);
    let mut wire = Vec::new();
    let mut cut = false;
    while let Some(chunk) = response.chunk().await.map_err(fault::from_error)? {
        let room = most - wire.len();
        wire.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            // The rest is not read: dropping the response closes the connection.
            cut = true;
            break;
        }
    }
    let (body, oversized) =
        coding.decode(wire, cut, limit).map_err(|error| Fault::Ambiguous(format!("the reply's {coding:?} coding is broken: {error}")))?;
    Ok(Reply { status, headers, body, oversized, unknown_encoding: None, moved_to })
}

/// Keeps connections to one family.
struct OneFamily {
    names: Names,
    only: Option<Family>,
}

impl Resolve for OneFamily {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, only) = (self.names.clone(), self.only);
        Box::pin(async move {
            let addresses = names.addresses(name.as_str(), only).await?;
            // Port 0: the URL's.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
