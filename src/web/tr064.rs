//! The HTTP side of the TR-064 service: files, logins, actions.

mod control;
mod identity;
mod login;

use hyper::{Method, StatusCode};

pub(crate) use login::Logins;

use super::request::{Call, Reply, reply, wrong_method};
use super::shared::Shared;
use crate::tr064::served::{description, scpd, services};

/// Answers a request for a path of the service; `None`: it is none.
pub(super) async fn serve(call: &Call, shared: &Shared) -> Option<Reply> {
    if let Some(service) = services::by_control(&call.path) {
        return Some(control::answer(call, shared, service).await);
    }
    // Files are for everybody, as on a box: clients read them before they log in.
    let text = if call.path == description::PATH {
        description::tr64desc(&identity::device())
    } else {
        scpd::scpd(services::by_scpd(&call.path)?)
    };
    let reads = call.method == Method::GET || call.method == Method::HEAD;
    Some(if reads { reply(StatusCode::OK, "text/xml", text) } else { wrong_method("GET, HEAD") })
}

#[cfg(test)]
mod tests;
