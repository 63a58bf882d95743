//! One family of a line: what it remembers of itself.

use std::time::Duration;

use super::parts::{Calm, Shown};
use super::{Run, Sight};
use crate::rules::address::Observed;
use crate::rules::moment::Moment;
use crate::rules::moments::Moments as _;
use crate::rules::schedule;
use crate::rules::state::{Gave, LineRecord};

impl Sight {
    pub(super) fn new() -> Self {
        Self {
            observed: None,
            remembered: None,
            calm: Calm::new(),
            since: Moment(i64::MIN),
            round: None,
            last_round: None,
            look_again: None,
            looks_full_at: None,
            next_look: Moment(i64::MIN),
            failures: 0,
            down: false,
            reports: Vec::new(),
            check: None,
            checking: None,
            gave: Gave::default(),
        }
    }

    /// Of a line that is new, or whose sources are; `before`, what the line was. That a family has no link is true of every line.
    pub(super) fn after(before: Option<&Self>, down: bool) -> Self {
        Self {
            observed: down.then(Self::unlinked),
            looks_full_at: before.and_then(|it| it.looks_full_at),
            down,
            check: before.and_then(|it| it.check.clone()),
            gave: before.map(|it| it.gave).unwrap_or_default(),
            ..Self::new()
        }
    }

    /// What is observed where there is no link.
    pub(super) fn unlinked() -> Observed {
        Observed::Absent("there is no link".to_owned())
    }

    /// What was observed, with everything that is to be warned of.
    pub(super) fn told(&self) -> Option<Observed> {
        let mut observed = self.observed.clone();
        if let Some(Observed::Known(near)) = &mut observed
            && let Some(contradiction) = self.check.as_ref().and_then(|it| it.warning(near))
        {
            near.warning = Some(near.warning.take().map_or_else(|| contradiction.clone(), |warning| format!("{warning}; {contradiction}")));
        }
        observed
    }

    /// What was seen is a memory from now on. That there is no link needs no look.
    pub(super) fn forget(&mut self) {
        if let Some(observed) = self.observed.take_if(|_| !self.down) {
            self.remembered = Some(LineRecord { observed, since: self.since, gave: self.gave });
        }
    }

    /// Somebody told of a change: look at once, but not as often as somebody tells.
    pub(super) fn stir(&mut self, now: Moment) {
        let at = schedule::LOOKS.allows_at(self.looks_full_at).map_or(now, |at| at.max(now));
        let coming = if self.round.is_some() { self.look_again } else { Some(self.next_look) };
        if coming.is_none_or(|coming| coming > at) {
            self.looks_full_at = Some(schedule::LOOKS.spent(self.looks_full_at, at));
            self.look_from(at);
        }
    }

    /// Looks from `at` on, or sooner if that is planned.
    pub(super) fn look_from(&mut self, at: Moment) {
        if self.round.is_some() {
            self.look_again = Some(self.look_again.map_or(at, |it| it.min(at)));
        } else {
            self.next_look = self.next_look.min(at);
        }
    }

    /// The clock was set.
    pub(super) fn shift(&mut self, step_ms: i64) {
        self.calm.shift(step_ms);
        let always = [&mut self.since, &mut self.next_look];
        let sometimes = [&mut self.look_again, &mut self.looks_full_at];
        let moments = always.into_iter().chain(sometimes.into_iter().flatten());
        moments.for_each(|moment| *moment = moment.shifted(step_ms));
        self.check.iter_mut().for_each(|it| it.shift(step_ms));
        self.gave.shift(step_ms);
    }

    pub(super) fn changed_to(&mut self, observed: &Observed, now: Moment) {
        // After a restart the same thing is seen again: it is as old as we remember.
        let same = self.remembered.take().filter(|it| it.observed == *observed && self.observed.is_none());
        self.since = same.map_or(now, |it| it.since);
    }
}

impl Calm {
    pub(super) const fn new() -> Self {
        Self { settled_at: Moment(i64::MIN), last_known: None, last_change: None }
    }

    /// Something is seen; `still`: and was so until now. What is new is left alone for a while: not at all in a single round,
    /// briefly after a quiet spell, longer in quick succession.
    pub(super) fn see(&mut self, shown: Shown, still: bool, run: Run, settle: Duration, now: Moment) {
        let before = self.last_known.replace(shown);
        if before == Some(shown) && still {
            return;
        }
        let quiet = self.last_change.is_none_or(|at| now.since(at) >= schedule::QUIET);
        if before.is_some_and(|known| known != shown) {
            self.last_change = Some(now);
        }
        let rest = match run {
            Run::Once | Run::Look | Run::Survey | Run::Still => Duration::ZERO,
            Run::Daemon if quiet => settle,
            Run::Daemon => schedule::DEBOUNCE,
        };
        self.settled_at = self.settled_at.max(now.plus(rest));
    }

    /// The clock was set.
    pub(super) fn shift(&mut self, step_ms: i64) {
        let moments = [&mut self.settled_at].into_iter().chain(&mut self.last_change);
        moments.for_each(|moment| *moment = moment.shifted(step_ms));
    }
}

impl Shown {
    /// What names can show of `observed`.
    pub(super) fn of(observed: &Observed) -> Option<Self> {
        let there = matches!(observed, Observed::Known(_) | Observed::Prefix(_));
        there.then(|| Self { address: observed.address(), prefix: observed.prefix() })
    }
}
