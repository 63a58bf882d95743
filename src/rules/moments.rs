//! Everything remembered that holds moments: one list that must miss none.

use super::consensus::{CrossCheck, ServiceRecord};
use super::moment::Moment;
use super::push::Pushed;
use super::schedule::{LONGEST_WAIT, REQUESTS};
use super::state::{AccountState, Gave, LineRecord, Record};

/// Things that hold moments: for a clock that was set, and for a state written under a wrong clock.
pub trait Moments {
    /// Calls `change` for every moment inside.
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment));

    /// The clock was set by `step_ms`.
    fn shift(&mut self, step_ms: i64) {
        self.each(&mut |moment| *moment = moment.shifted(step_ms));
    }

    /// No moment lies farther ahead than the longest legal wait.
    fn clamp(&mut self, now: Moment) {
        let latest = now.plus(LONGEST_WAIT);
        self.each(&mut |moment| *moment = (*moment).min(latest));
        self.clamp_done(now);
    }

    /// What was done is past: a clock that was ahead when it was noted must not hold back what comes next.
    fn clamp_done(&mut self, _now: Moment) {}
}

impl Moments for Record {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self {
            published,
            claim,
            intent,
            verified_at,
            verification,
            repairs: _,
            verify_failures: _,
            lock,
            muted,
            blocked,
            wait,
            hiccup,
            streak,
            hiccups,
            last_sent,
            budget_full_at,
            nochg_count: _,
            last_reply,
            worked_with: _,
            account: _,
            last_manual,
            unlocked,
            off: _,
            stale: _,
        } = self;
        let plain = [
            published.as_mut().map(|it| &mut it.at),
            claim.as_mut().map(|it| &mut it.at),
            intent.as_mut().map(|it| &mut it.at),
            verified_at.as_mut(),
            lock.as_mut().map(|it| &mut it.since),
            muted.as_mut().map(|it| &mut it.since),
            blocked.as_mut().and_then(|it| it.probe_at.as_mut()),
            wait.as_mut().map(|it| &mut it.until),
            hiccup.as_mut().map(|it| &mut it.until),
            streak.as_mut().map(|it| &mut it.first),
            hiccups.as_mut().map(|it| &mut it.first),
            last_sent.as_mut(),
            budget_full_at.as_mut(),
            last_reply.as_mut().map(|it| &mut it.at),
            last_manual.as_mut(),
            unlocked.as_mut().map(|it| &mut it.at),
        ];
        plain.into_iter().flatten().for_each(&mut *change);
        if let Some(it) = verification {
            [&mut it.since, &mut it.next, &mut it.deadline].into_iter().for_each(change);
        }
    }

    fn clamp_done(&mut self, now: Moment) {
        let done = [self.last_sent.as_mut(), self.last_manual.as_mut(), self.published.as_mut().map(|it| &mut it.at)];
        done.into_iter().flatten().for_each(|moment| *moment = (*moment).min(now));
        self.budget_full_at = self.budget_full_at.map(|it| it.min(REQUESTS.longest(now)));
    }
}

impl Moments for AccountState {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self { lock, batch_limit: _, last_sent, slow_until, endpoint, unlocked } = self;
        [
            lock.as_mut().map(|it| &mut it.since),
            last_sent.as_mut(),
            slow_until.as_mut(),
            endpoint.as_mut().map(|it| &mut it.until),
            unlocked.as_mut().map(|it| &mut it.at),
        ]
        .into_iter()
        .flatten()
        .for_each(change);
    }

    fn clamp_done(&mut self, now: Moment) {
        self.last_sent = self.last_sent.map(|it| it.min(now));
    }
}

impl Moments for ServiceRecord {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self { last_query, last_answer: _, answered_at, rest_until, dissents: _, benched_until } = self;
        [last_query, answered_at, rest_until, benched_until].into_iter().flatten().for_each(change);
    }
}

impl Moments for CrossCheck {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self { next, address: _, seen: _ } = self;
        change(next);
    }
}

impl Moments for LineRecord {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self { observed: _, since, gave } = self;
        change(since);
        gave.each(change);
    }

    /// All of it is past.
    fn clamp(&mut self, now: Moment) {
        self.each(&mut |moment| *moment = (*moment).min(now));
    }
}

impl Moments for Gave {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self { gave_address, gave_machines } = self;
        [gave_address, gave_machines].into_iter().flatten().for_each(change);
    }
}

impl Moments for Pushed {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self { address: _, at, prefix: _, prefix_at } = self;
        [at, prefix_at].into_iter().flatten().for_each(change);
    }

    /// All of it is past: what is pushed next is later.
    fn clamp(&mut self, now: Moment) {
        self.each(&mut |moment| *moment = (*moment).min(now));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::rules::dialect::Class;
    use crate::rules::moment::RELEASED;
    use crate::rules::state::Waiting;

    #[test]
    fn a_wait_written_under_a_wrong_clock_is_clamped_to_the_longest_legal_one() {
        let now = RELEASED;
        let mut record = Record {
            wait: Some(Waiting {
                until: now.plus(Duration::from_secs(365 * 86_400)),
                class: Class::RetryLater,
                code: "911".into(),
                portal: false,
            }),
            ..Record::default()
        };
        record.clamp(now);
        assert_eq!(record.wait.map(|wait| wait.until), Some(now.plus(LONGEST_WAIT)));
    }
}
