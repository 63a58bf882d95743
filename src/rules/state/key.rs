//! Under which keys it is remembered.

use crate::rules::address::Family;
use crate::rules::domain::{Domain, Entry};

/// The key of the record of `domain` and `family` at `service`.
#[must_use]
pub fn record_key(entry: &Entry, domain: &Domain, family: Family) -> String {
    format!("record/{}/{domain}/{}", entry.service, family.key())
}

/// The key of an account.
#[must_use]
pub fn account_key(account: &str) -> String {
    format!("account/{account}")
}

/// What the keys of outside services begin with.
pub const ECHO: &str = "echo/";

/// The key of the time line's mark.
pub const CLOCK: &str = "clock";

/// The key of an outside service: by its URL, or as it is told in [`Services`](crate::rules::consensus::Services).
#[must_use]
pub fn echo_key(service: &str) -> String {
    format!("{ECHO}{service}")
}

/// The key of a line's family.
#[must_use]
pub fn line_key(line: &str, family: Family) -> String {
    format!("line/{line}/{}", family.key())
}

/// The key of a line's cross-checks.
#[must_use]
pub fn check_key(line: &str, family: Family) -> String {
    format!("check/{line}/{}", family.key())
}
