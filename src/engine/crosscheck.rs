//! Once a day: is what a local source says seen outside as well? Nothing that is sent waits for it or depends on it.

use super::event::{Level, Notice};
use super::parts::{Checking, Looking};
use super::{Engine, Memory, Run, Turn};
use crate::rules::address::{Family, Observed, Sighting};
use crate::rules::consensus::{CrossCheck, Probe, ProbeFault, Reading, Round, Step};

impl Engine {
    /// Begins a check if one is due. It follows a look, and so wakes nobody up.
    pub(super) fn check(&mut self, wan: usize, family: Family, turn: &mut Turn) {
        // A single round without a memory would ask every time.
        let remembers = match self.run {
            Run::Daemon => true,
            Run::Once => self.memory == Memory::Kept,
            Run::Look | Run::Survey | Run::Still => false,
        };
        let sight = &self.wans[wan].sights[family];
        let Some(Observed::Known(near)) = sight.observed.clone().filter(|_| remembers) else {
            return;
        };
        let line = &self.wans[wan].line;
        if sight.check.as_ref().is_some_and(|it| it.next > turn.now) || !CrossCheck::applies(line, &near) {
            return;
        }
        let (round, step) = Round::check(line, &near, &mut self.services, turn.now);
        let sight = &mut self.wans[wan].sights[family];
        sight.check = Some(CrossCheck::begun(sight.check.as_ref(), turn.now));
        sight.checking = Some(Checking { near, round });
        self.looks.retain(|_, it| !(it.check && (it.wan, it.family) == (wan, family)));
        self.check_step(wan, family, step, turn);
    }

    /// An outside service answered.
    pub(super) fn checked(&mut self, looking: Looking, result: Result<Reading, ProbeFault>, turn: &mut Turn) {
        let Looking { wan, family, number, .. } = looking;
        if let Some(checking) = &mut self.wans[wan].sights[family].checking {
            let step = checking.round.answer(number, result, &mut self.services, turn.now);
            // It is a remark, not a voice in a later round, whatever it says.
            self.outdate(wan, family, None);
            self.check_step(wan, family, step, turn);
        }
    }

    /// A look goes on outside itself: nobody near decides any more, and both together would ask some services twice.
    pub(super) fn give_up_check(&mut self, wan: usize, family: Family) {
        self.wans[wan].sights[family].checking = None;
        self.looks.retain(|_, it| !(it.check && (it.wan, it.family) == (wan, family)));
    }

    /// Has a source of the house decided?
    pub(super) fn is_near(&self, wan: usize, sighting: &Sighting) -> bool {
        let sources = &self.wans[wan].line.sources[Family::of(sighting.address)];
        sources.iter().any(|source| !source.outside() && source.to_string() == sighting.source)
    }

    fn check_step(&mut self, wan: usize, family: Family, step: Step, turn: &mut Turn) {
        match step {
            Step::Wait => {}
            Step::Ask(probes) => self.put(wan, family, true, probes, turn),
            Step::Done(outside) => {
                let which = self.which(wan);
                self.looks.values_mut().filter(|it| it.check && (it.wan, it.family) == (wan, family)).for_each(|it| it.late = true);
                let sight = &mut self.wans[wan].sights[family];
                // Of an address that has changed meanwhile it says nothing.
                let still = |it: &&Checking| sight.observed.as_ref().and_then(Observed::address) == Some(it.near.address);
                if let (Some(checking), Some(check)) = (sight.checking.as_ref().filter(still), &mut sight.check)
                    && check.ended(&checking.near, &outside, turn.now)
                    && let Some(warning) = check.warning(&checking.near)
                {
                    turn.tell(Notice { family: Some(family), ..Notice::new(Level::Warning, which + &warning) });
                }
            }
        }
    }
}

/// Does this ask somebody outside of the house?
pub(super) const fn is_outside(probe: &Probe) -> bool {
    matches!(probe, Probe::Echo { .. } | Probe::Dns(_) | Probe::Stun(_))
}
