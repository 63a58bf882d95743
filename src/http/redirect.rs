//! Where a redirect may lead: never to another host, another port or a lower scheme.

use reqwest::{StatusCode, Url};

use crate::rules::reply::Fault;

/// Most redirects within one origin.
const SAME_ORIGIN: u8 = 3;

/// How many redirects are still allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hops {
    same: u8,
    upgrade: bool,
}

/// What to do with a redirect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Follow: the same origin.
    Same(Url),
    /// Follow: the same host, now over TLS.
    Upgraded(Url),
    /// Do not follow.
    Refused(Fault),
}

impl Hops {
    /// Follow nothing.
    pub(super) const fn none() -> Self {
        Self { same: 0, upgrade: false }
    }

    /// Follow as far as credentials may go.
    pub(super) const fn allowed() -> Self {
        Self { same: SAME_ORIGIN, upgrade: true }
    }

    /// Decides on a redirect from `from` to `location`.
    pub(super) fn next(&mut self, from: &Url, location: Option<&[u8]>) -> Next {
        let target = location.and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| from.join(text).ok());
        let Some(to) = target else {
            return refused("(none)".into(), false);
        };
        if from.host() != to.host() {
            return refused(shown(&to), true);
        }
        if from.origin() == to.origin() && self.same > 0 {
            self.same -= 1;
            return Next::Same(to);
        }
        // The port changes with the scheme; TLS proves that it is the same host.
        if self.upgrade && from.scheme() == "http" && to.scheme() == "https" {
            self.upgrade = false;
            return Next::Upgraded(to);
        }
        refused(shown(&to), false)
    }
}

/// Statuses that send a client elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Redirects within one origin that keep method and body (RFC 9110 15.4.8, 15.4.9).
pub(super) fn keeps_method(status: StatusCode) -> bool {
    matches!(status.as_u16(), 307 | 308)
}

/// `url` without user, query and fragment.
pub(super) fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(none)");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}{}", url.scheme(), url.path()),
        None => format!("{}://{host}{}", url.scheme(), url.path()),
    }
}

fn refused(to: String, other_host: bool) -> Next {
    Next::Refused(Fault::Redirect { to, other_host })
}
