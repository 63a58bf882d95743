//! The HTTP side of the TR-064 service: files, logins, actions.

use super::request::{Call, Reply};
use super::shared::Shared;

/// Answers a request for a path of the service; `None`: it is none.
pub(super) async fn serve(_call: &Call, _shared: &Shared) -> Option<Reply> {
    None
}
