//! Names whose one request for both families is held back by the family that is missing: told once each time.

use std::sync::Arc;

use super::configure::about;
use super::due::present;
use super::event::{Level, Notice};
use super::{Engine, Spot, Turn};
use crate::rules::address::PerFamily;
use crate::rules::order::Slot;
use crate::rules::plan::{self, Due, Missing};

impl Engine {
    /// Tells of names that have just begun to be held back.
    pub(super) fn tell_held_back(&mut self, turn: &mut Turn) {
        for entry in 0..self.groups.len() {
            let settings = Arc::clone(&self.groups[entry].entry);
            if !plan::is_combined(&settings) {
                continue;
            }
            let wanted = PerFamily::from_fn(|family| self.wanted(entry, family));
            let family = present(wanted);
            for name in 0..self.groups[entry].names.len() {
                let spot = Spot { entry, name, family };
                let missing = plan::together(&settings, wanted, self.grace_until(name, entry), turn.now);
                let Missing::Hold(why) = missing else {
                    self.held_back.remove(&spot);
                    continue;
                };
                // What is published already is not waited for.
                let would_send =
                    wanted[family].is_some() && matches!(self.due(entry, name, Slot::Single(family), wanted, turn.now), Due::Now(_));
                if would_send && self.held_back.insert(spot) {
                    turn.tell(Notice { family: None, ..about(&settings, spot, Level::Warning, &format!("nothing is sent: {why}")) });
                }
            }
        }
    }
}
