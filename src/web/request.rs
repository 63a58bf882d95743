//! One request, read whole, and the answer to it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, RETRY_AFTER, SERVER,
};
use hyper::{Method, Request, Response, StatusCode};

/// Longest body in bytes: the longest request of the TR-064 service has three kilobytes.
const LONGEST_BODY: usize = 64 * 1024;

/// What a client wants. Size and time were limited before it came to be.
#[derive(Clone)]
pub(crate) struct Call {
    /// Of HTTP.
    pub(crate) method: Method,
    /// Path of the target, not decoded.
    pub(crate) path: String,
    /// Behind the question mark, not decoded; may be empty.
    pub(crate) query: String,
    /// Header fields. `Host` is there at most once, and is that of the target if the target names one.
    pub(crate) headers: HeaderMap,
    /// May be empty.
    pub(crate) body: Bytes,
    /// Who is connected; IPv4 as IPv4, whatever the socket is.
    pub(crate) peer: IpAddr,
    /// Nobody on the way can read along.
    pub(crate) tls: bool,
}

impl fmt::Debug for Call {
    /// Without query, fields and body: each of them may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut call = f.debug_struct("Call");
        call.field("method", &self.method).field("path", &self.path).field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// What it gets.
pub(crate) type Reply = Response<Full<Bytes>>;

/// Reads a request whole. How long that takes is limited elsewhere.
///
/// # Errors
///
/// The answer to one that is too long or broken; what is left of it was not read.
pub(super) async fn read(request: Request<Incoming>, peer: IpAddr, tls: bool) -> Result<Call, Box<Reply>> {
    let (mut head, body) = request.into_parts();
    if head.headers.get_all(HOST).iter().nth(1).is_some() {
        return Err(Box::new(last(error(StatusCode::BAD_REQUEST, "The request has two Host fields."))));
    }
    // RFC 9112 3.2.2: the authority of an absolute target takes the place of the field.
    if let Some(authority) = head.uri.authority().and_then(|it| HeaderValue::from_str(it.as_str()).ok()) {
        head.headers.insert(HOST, authority);
    }
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LONGEST_BODY as u64) {
        return Err(Box::new(too_long()));
    }
    let body = Limited::new(body, LONGEST_BODY).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return Box::new(too_long());
        }
        Box::new(last(self::error(StatusCode::BAD_REQUEST, "The body of the request is broken.")))
    })?;
    Ok(Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
        peer,
        tls,
    })
}

fn too_long() -> Reply {
    last(error(StatusCode::PAYLOAD_TOO_LARGE, "The body of the request is too long."))
}

/// An answer after which the connection ends.
fn last(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

/// A browser says that the page of another site makes it ask. What is not a browser says nothing of the kind.
///
/// Over plain http browsers leave `Sec-Fetch-Site` out (they write it for trustworthy origins only), and `Origin` with GET.
pub(crate) fn is_foreign(call: &Call) -> bool {
    let host = call.headers.get(HOST).map(HeaderValue::as_bytes);
    let is_ours = |origin: &HeaderValue| {
        let origin = origin.as_bytes();
        let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
        authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
    };
    let mut sites = call.headers.get_all(HeaderName::from_static("sec-fetch-site")).iter();
    sites.any(|site| site != "same-origin" && site != "none") || !call.headers.get_all(ORIGIN).iter().all(is_ours)
}

/// An answer of this type (`text/plain` …) and text. Never to be kept by a cache.
pub(crate) fn reply(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(text.into()));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(hyper::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// A page that says what went wrong, in the only form that TR-064 clients understand: exactly this type and this beginning, and,
/// as a box's own pages are, not well-formed as XML. From a page that is, `SOAP::Lite` takes an answer without
/// results.
/// `sentence` is ours; text from outside has no place in it.
pub(crate) fn error(status: StatusCode, sentence: &str) -> Reply {
    let page = format!("<HTML><HEAD><TITLE>{status}</TITLE></HEAD><BODY><H1>{status}</H1><HR>{sentence}</BODY></HTML>\n");
    reply(status, "text/html", page)
}

/// 405: this path takes other methods.
pub(crate) fn wrong_method(allowed: &'static str) -> Reply {
    let mut reply = error(StatusCode::METHOD_NOT_ALLOWED, "This path does not take this method.");
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    reply
}

/// Tells a client that is refused for now when to come back; whole seconds, rounded up.
pub(crate) fn retry_after(mut reply: Reply, wait: Duration) -> Reply {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
    reply
}

/// The page for a client that came too often without a valid login.
pub(crate) fn held_up(wait: Duration) -> Box<Reply> {
    let reply = error(StatusCode::SERVICE_UNAVAILABLE, "There were too many requests without a valid login.");
    Box::new(retry_after(reply, wait))
}

/// What every answer carries, whoever wrote it.
pub(super) fn finished(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("wanbeacon"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_said_is_not_shown_where_it_may_hold_a_password() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Basic geheim"));
        let (query, body) = ("password=geheim".to_owned(), Bytes::from_static(b"geheim"));
        let peer = std::net::Ipv4Addr::LOCALHOST.into();
        let call = Call { method: Method::GET, path: "/nic/update".into(), query, headers, body, peer, tls: false };
        let shown = format!("{call:?}");
        assert!(shown.contains("/nic/update") && !shown.contains("geheim"), "{shown}");
    }

    #[test]
    fn a_page_of_another_site_is_told_by_what_the_browser_says_of_it() {
        let foreign = |fields: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let (query, body) = (String::new(), Bytes::new());
            let peer = std::net::Ipv4Addr::LOCALHOST.into();
            is_foreign(&Call { method: Method::POST, path: "/".into(), query, headers, body, peer, tls: false })
        };
        let host = ("host", "Nas.test:8245");
        assert!(!foreign(&[]) && !foreign(&[host]));
        for ours in ["http://nas.test:8245", "https://NAS.test:8245"] {
            assert!(!foreign(&[host, ("origin", ours)]), "{ours}");
            assert!(foreign(&[("origin", ours)]), "nobody knows what is ours");
            assert!(foreign(&[host, ("origin", ours), ("origin", "null")]));
        }
        for other in ["http://evil.test", "http://nas.test", "http://nas.test:8245.evil.test", "null", "", "nas.test:8245"] {
            assert!(foreign(&[host, ("origin", other)]), "{other}");
        }
        for (site, is_so) in [("none", false), ("same-origin", false), ("same-site", true), ("cross-site", true), ("", true)] {
            assert_eq!(foreign(&[host, ("sec-fetch-site", site)]), is_so, "{site}");
            assert!(foreign(&[host, ("origin", "http://evil.test"), ("sec-fetch-site", site)]), "{site}");
        }
    }

    #[test]
    fn the_time_to_come_back_is_rounded_up_to_whole_seconds() {
        for (wait, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (10_000, "10")] {
            let reply = retry_after(error(StatusCode::SERVICE_UNAVAILABLE, ""), Duration::from_millis(wait));
            assert_eq!(reply.headers()[RETRY_AFTER], seconds);
        }
    }
}
