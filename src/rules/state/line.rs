//! What is remembered of a line.

use serde::{Deserialize, Serialize};

use crate::rules::address::Observed;
use crate::rules::moment::Moment;

/// What a line showed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRecord {
    /// What.
    pub observed: Observed,
    /// Since when.
    pub since: Moment,
    /// What it gave beside what was pushed.
    #[serde(flatten)]
    pub gave: Gave,
}

/// When a source that is trusted more than what routers push gave an address, the first time after the last push: what was
/// pushed before does not stand in for that source any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gave {
    /// That of the line.
    pub gave_address: Option<Moment>,
    /// Those of machines behind it.
    pub gave_machines: Option<Moment>,
}

impl Gave {
    /// For an entry for a machine behind the router, or for the line's own address.
    #[must_use]
    pub const fn to(&self, machine: bool) -> Option<Moment> {
        if machine { self.gave_machines } else { self.gave_address }
    }
}
