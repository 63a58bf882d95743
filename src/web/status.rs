//! `/api/v1/status`: how everything is, as `status --json` shows it.

use std::net::IpAddr;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{FORWARDED, HOST, HeaderName, HeaderValue, VIA, WWW_AUTHENTICATE};

use super::request::{Call, Reply, error, held_up, reply, retry_after};
use super::shared::Shared;
use super::{Question, login};
use crate::rules::rights::Right;

/// How a login is asked for.
const CHALLENGE: &str = "Basic realm=\"wanbeacon\", charset=\"UTF-8\"";

/// Answers with the snapshot.
pub(super) async fn show(call: &Call, shared: &Shared) -> Reply {
    if !is_local(call)
        && let Err(refusal) = admit(call, shared)
    {
        return *refusal;
    }
    let Some(snapshot) = shared.ask(Question::Status).await else {
        let busy = error(StatusCode::SERVICE_UNAVAILABLE, "The daemon is busy or stopping.");
        return retry_after(busy, Duration::from_secs(1));
    };
    match serde_json::to_vec(&snapshot) {
        Ok(json) => reply(StatusCode::OK, "application/json", json),
        Err(problem) => {
            tracing::warn!("could not write the status as JSON: {problem}");
            error(StatusCode::INTERNAL_SERVER_ERROR, "The status could not be written.")
        }
    }
}

/// A request of this machine to this machine: no login is needed.
///
/// A name in `Host` that is not ours is a page in a browser that had its name point here; fields that a proxy adds mean that
/// the client is elsewhere.
fn is_local(call: &Call) -> bool {
    let proxied =
        |field: &HeaderName| *field == VIA || *field == FORWARDED || field == "x-real-ip" || field.as_str().starts_with("x-forwarded-");
    let host = call.headers.get(HOST).map(HeaderValue::as_bytes);
    call.peer.is_loopback() && !call.tls && host.is_none_or(is_ours) && !call.headers.keys().any(proxied)
}

/// An IP address or `localhost`, with or without a port.
fn is_ours(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    };
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok(),
    }
}

/// Any user with a right may look.
fn admit(call: &Call, shared: &Shared) -> Result<(), Box<Reply>> {
    let Some((name, password)) = login::basic(&call.headers) else {
        shared.asks(call.peer).map_err(held_up)?;
        shared.came_without(call.peer);
        return Err(Box::new(challenge()));
    };
    shared.admits(call.peer).map_err(held_up)?;
    let settings = shared.settings();
    let Some(user) = login::user(&settings.users, &name, &password) else {
        shared.failed(call.peer);
        return Err(Box::new(challenge()));
    };
    if user.rights.any(&Right::ALL) {
        return Ok(());
    }
    Err(Box::new(error(StatusCode::FORBIDDEN, "This user has no right to see this.")))
}

fn challenge() -> Reply {
    let mut reply = error(StatusCode::UNAUTHORIZED, "A user name and a password are needed.");
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    reply
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn addresses_and_localhost_are_ours_and_other_names_are_not() {
        for host in ["127.0.0.1", "127.0.0.1:8245", "[::1]", "[::1]:8245", "localhost", "LocalHost:80", "192.0.2.1:1", "::1"] {
            assert!(is_ours(host.as_bytes()), "{host}");
        }
        for host in
            ["", ":80", "evil.test", "evil.test:8245", "localhost.evil.test", "127.0.0.1.evil.test", "[127.0.0.1]", "[::1", "\u{e9}"]
        {
            assert!(!is_ours(host.as_bytes()), "{host}");
        }
        assert!(!is_ours(b"\xff"));
    }
}
