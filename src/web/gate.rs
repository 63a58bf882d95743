//! Who may try to log in, and how often. PURE: the time is an argument.

use std::net::IpAddr;
use std::time::Duration;

/// What is remembered of clients that could not log in.
#[derive(Debug, Default)]
pub(crate) struct Gate {}

impl Gate {
    /// May `client` try now?
    ///
    /// # Errors
    ///
    /// How long it has to wait.
    pub(crate) fn admits(&mut self, _client: IpAddr, _now: Duration) -> Result<(), Duration> {
        Ok(())
    }

    /// It came without a login where one is needed.
    pub(crate) fn came_without(&mut self, _client: IpAddr, _now: Duration) {}

    /// Its login was wrong.
    pub(crate) fn failed(&mut self, _client: IpAddr, _now: Duration) {}
}
