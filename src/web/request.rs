//! One request, read whole, and the answer to it.

use std::net::IpAddr;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Response, StatusCode};

/// What a client wants. Size and time were limited before it came to be.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Of HTTP.
    pub(crate) method: Method,
    /// Path of the target, not decoded.
    pub(crate) path: String,
    /// Behind the question mark, not decoded; may be empty.
    pub(crate) query: String,
    /// Header fields.
    pub(crate) headers: HeaderMap,
    /// May be empty.
    pub(crate) body: Bytes,
    /// Who is connected; IPv4 as IPv4, whatever the socket is.
    pub(crate) peer: IpAddr,
    /// Nobody on the way can read along.
    pub(crate) tls: bool,
}

/// What it gets.
pub(crate) type Reply = Response<Full<Bytes>>;

/// An answer of this type (`text/plain` …) and text. Never to be kept by a cache.
pub(crate) fn reply(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(text.into()));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(hyper::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
