//! What routers push.

use super::{Engine, Turn};
use crate::rules::moment::Now;
use crate::rules::push::{Push, Taken};

impl Engine {
    /// What `push` means for each of its names, in their order. Nothing is changed: [`Event::Pushed`](super::event::Event)
    /// does that.
    #[must_use]
    pub fn takes(&self, push: &Push, _now: Now) -> Vec<Taken> {
        push.domains.iter().map(|_| Taken::Unknown).collect()
    }

    pub(super) fn pushed(&mut self, _push: &Push, _turn: &mut Turn) {}
}
