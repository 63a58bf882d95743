//! Which part answers which request.

use std::net::SocketAddr;

use hyper::{Method, StatusCode};

use super::request::{Call, Reply, error, reply, wrong_method};
use super::shared::Shared;
use super::{dyndns, status, tr064};

/// Answers a request that came in at `door`: its address as configured, and whether it speaks TLS.
///
/// What is served there is looked up each time: a connection outlives a change of the settings.
pub(super) async fn answer(call: &Call, door: (SocketAddr, bool), shared: &Shared) -> Reply {
    let listeners = shared.settings().listeners();
    let Some(open) = listeners.into_iter().find(|listener| (listener.address, listener.tls) == door) else {
        return nothing();
    };
    match call.path.as_str() {
        "/nic/update" | "/v3/update" if open.dyndns => dyndns::update(call, shared).await,
        "/" | "/healthz" | "/api/v1/status" if open.web => {
            if call.method != Method::GET && call.method != Method::HEAD {
                return wrong_method("GET, HEAD");
            }
            match call.path.as_str() {
                "/healthz" => reply(StatusCode::OK, "text/plain", "ok"),
                "/api/v1/status" => status::show(call, shared).await,
                _ => error(StatusCode::NOT_FOUND, "wanbeacon answers at /api/v1/status and /healthz."),
            }
        }
        _ if open.tr064 => tr064::serve(call, shared).await.unwrap_or_else(nothing),
        _ => nothing(),
    }
}

fn nothing() -> Reply {
    error(StatusCode::NOT_FOUND, "There is nothing at this path.")
}
