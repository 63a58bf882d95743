//! One request as it goes out: checked, and with its secrets marked.

use std::net::IpAddr;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::rules::address::Family;
use crate::rules::order::Prepared;
use crate::rules::reply::Fault;

/// One request on its way; redirects change it.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) only: Option<Family>,
    pub(super) via: Option<String>,
}

impl Request {
    /// Without credentials.
    pub(super) fn get(url: &str, only: Option<Family>, via: Option<&str>) -> Result<Self, Fault> {
        Ok(Self { method: Method::GET, url: parse(url)?, headers: HeaderMap::new(), body: None, only, via: via.map(str::to_owned) })
    }

    pub(super) fn from_prepared(prepared: &Prepared) -> Result<Self, Fault> {
        let mut url = parse(prepared.url.expose())?;
        let method = Method::from_bytes(prepared.method.as_bytes())
            .map_err(|_| Fault::Unsendable(format!("{:?} is not an HTTP method", prepared.method)))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &prepared.headers {
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Fault::Unsendable(format!("{name:?} is not the name of a header field")))?;
            headers.append(key, sensitive(value.expose().as_bytes(), name)?);
        }
        let in_url = take_credentials(&mut url);
        let basic = prepared.basic.as_ref().map(|(user, password)| [user.as_bytes(), b":", password.expose().as_bytes()].concat());
        if let Some(credentials) = basic.or(in_url) {
            let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
            headers.insert(AUTHORIZATION, sensitive(value.as_bytes(), "Authorization")?);
        }
        let body = prepared.body.as_ref().map(|body| body.expose().as_bytes().to_vec());
        Ok(Self { method, url, headers, body, only: prepared.only, via: prepared.via.clone() })
    }

    /// As a redirect changes it.
    pub(super) fn become_get(&mut self, url: Url) {
        self.url = url;
        self.method = Method::GET;
        self.body = None;
    }

    /// An address in the URL is not looked up, so the resolver cannot keep it to one family.
    pub(super) fn check_family(&self) -> Result<(), Fault> {
        let address = match self.url.host() {
            Some(url::Host::Ipv4(address)) => IpAddr::V4(address),
            Some(url::Host::Ipv6(address)) => IpAddr::V6(address).to_canonical(),
            _ => return Ok(()),
        };
        match self.only {
            Some(only) if only != Family::of(address) => Err(Fault::Unsendable(format!(
                "the request must go over {only}, but its URL names {address}; a host name or an {only} address was expected"
            ))),
            _ => Ok(()),
        }
    }
}

/// Takes `user:password@` out of `url`: as a header field, credentials survive a redirect that does not repeat them.
fn take_credentials(url: &mut Url) -> Option<Vec<u8>> {
    let user: Vec<u8> = percent_decode_str(url.username()).collect();
    let password: Option<Vec<u8>> = url.password().map(|password| percent_decode_str(password).collect());
    if user.is_empty() && password.is_none() {
        return None;
    }
    // Only a URL without a host refuses this; http and https have one.
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some([user, b":".to_vec(), password.unwrap_or_default()].concat())
}

/// A header value that no `Debug` shows.
fn sensitive(value: &[u8], name: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_bytes(value)
        .map_err(|_| Fault::Unsendable(format!("the value of the header field {name:?} holds a control character")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn parse(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).map_err(|error| Fault::Unsendable(format!("the URL cannot be used: {error}")))?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(Fault::Unsendable(format!("the URL has the scheme {:?}; http or https was expected", url.scheme())))
    }
}
