//! `/nic/update`: a router pushes its address (dyndns2 in FreeDYN's dialect).

use hyper::StatusCode;

use super::request::{Call, Reply, reply};
use super::shared::Shared;

/// Answers an update.
pub(super) async fn update(_call: &Call, _shared: &Shared) -> Reply {
    reply(StatusCode::NOT_FOUND, "text/html", "<HTML></HTML>")
}
