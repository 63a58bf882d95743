//! Spacing, budget, back-off, spread. The numbers are listed in `docs/behaviour.md`, "Timers"; random numbers are handed in.

use std::time::Duration;

use super::moment::Moment;
use super::reply::Wait;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Least time between two requests for one name and family.
pub const SPACING: Duration = MINUTE;
/// Requests in a burst before the budget counts one by one.
pub const BURST: u32 = 5;
/// After the burst the budget grows by one request in this time. 5 + 6 = at most 11 an hour (invariant 3).
pub const REFILL: Duration = Duration::from_secs(600);
/// Changes that come less than this after another one are in quick succession …
pub const QUIET: Duration = Duration::from_secs(600);
/// … and wait this long for the next one.
pub const DEBOUNCE: Duration = Duration::from_secs(10);
/// How long a request for both families waits for the missing one: after a reconnect IPv6 follows within a minute.
pub const TOGETHER_GRACE: Duration = Duration::from_secs(120);
/// Sources that are proven to tell of changes are polled so many times more rarely: that only catches what was not told.
pub const RARELY: u32 = 6;
/// A person may ask for an update, or open a lock, this often.
pub const MANUAL: Duration = Duration::from_secs(300);
/// First repair of a record that DNS shows otherwise; counted from the provider's success.
pub const FIRST_REPAIR: Duration = HOUR;
/// Later repairs.
pub const NEXT_REPAIR: Duration = DAY;
/// A refresh is spread over this long behind its date, so that not all clients come at once.
pub const REFRESH_SPREAD: Duration = DAY;
/// A sibling endpoint that helped is preferred for this long.
pub const PREFERENCE: Duration = DAY;
/// A full disk is tried again after this long.
pub const STORAGE_RETRY: Duration = Duration::from_secs(300);
/// A single try after a batch that could not be mapped comes no sooner.
pub const SPLIT: Duration = Duration::from_secs(300);
/// After a start with an open intent: the request may have gone out.
pub const AMBIGUOUS: Wait = Wait { first: Duration::from_secs(300), cap: Duration::from_secs(7200), given: false };
/// While the clock is not set.
pub const CLOCK_RETRY: Duration = Duration::from_secs(30);
/// No legal wait is longer: seven days (the cap of Retry-After) and the spread. A stored wait beyond it comes from a wrong clock.
pub const LONGEST_WAIT: Duration = Duration::from_secs(7 * 86_400 * 6 / 5);

/// `span` plus 0 to 20 %, never less than `span`.
#[must_use]
pub fn spread(span: Duration, random: u64) -> Duration {
    span + fraction(span / 5, random)
}

/// A share of `span`, between nothing and all of it.
#[must_use]
pub fn fraction(span: Duration, random: u64) -> Duration {
    let ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(if ms == 0 { 0 } else { random % (ms + 1) })
}

/// The wait after the `count`-th failure in a row (1 = the first): doubled, capped, spread.
#[must_use]
pub fn backoff(wait: &Wait, count: u32, random: u64) -> Duration {
    let doubled = if wait.given {
        wait.first
    } else {
        // backon yields the plain doubling series; the spread is ours, because it must never shorten a wait.
        use backon::BackoffBuilder as _;
        let mut series = backon::ExponentialBuilder::new()
            .with_min_delay(wait.first)
            .with_max_delay(wait.cap.max(wait.first))
            .with_factor(2.0)
            .without_max_times()
            .build();
        let nth = usize::try_from(count.saturating_sub(1).min(32)).unwrap_or(0);
        series.nth(nth).unwrap_or(wait.cap)
    };
    spread(doubled, random)
}

/// A leaky bucket, kept as the moment when it will be whole again (`full_at`); `None` = it is.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    burst: u32,
    refill: Duration,
}

/// Requests for one name and family: five at once, then one per ten minutes.
pub const REQUESTS: Budget = Budget { burst: BURST, refill: REFILL };

/// Looks at one line and family because somebody told of a change: a reconnect tells a dozen times, and whoever floods us
/// with news does not make us ask others as fast.
pub const LOOKS: Budget = Budget { burst: 20, refill: Duration::from_secs(10) };

impl Budget {
    /// When the next one is allowed.
    #[must_use]
    pub fn allows_at(self, full_at: Option<Moment>) -> Option<Moment> {
        full_at.map(|full| full.minus(self.refill * (self.burst - 1)))
    }

    /// The latest moment at which a budget that is spent at `now` is full again.
    #[must_use]
    pub fn longest(self, now: Moment) -> Moment {
        now.plus(self.refill * self.burst)
    }

    /// The budget after one more at `now`.
    #[must_use]
    pub fn spent(self, full_at: Option<Moment>, now: Moment) -> Moment {
        full_at.map_or(now, |full| full.max(now)).plus(self.refill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_up_to_its_cap_and_is_never_shortened() {
        let wait = Wait { first: Duration::from_secs(1800), cap: Duration::from_secs(21_600), given: false };
        for (count, at_least) in [(1, 1800), (2, 3600), (3, 7200), (4, 14_400), (5, 21_600), (6, 21_600), (1000, 21_600)] {
            for random in [0, 1, 17, u64::MAX] {
                let span = backoff(&wait, count, random).as_secs_f64();
                assert!((f64::from(at_least)..=f64::from(at_least) * 1.2).contains(&span), "{count}: {span}");
            }
        }
    }

    #[test]
    fn a_wait_that_the_provider_names_does_not_double() {
        let wait = Wait { first: Duration::from_secs(100), cap: DAY, given: true };
        assert_eq!(backoff(&wait, 7, 0), Duration::from_secs(100));
    }

    #[test]
    fn eleven_requests_fit_into_any_hour() {
        let (mut full, mut sent, mut now) = (None, Vec::new(), Moment(0));
        while now < Moment(0).plus(HOUR * 6) {
            if REQUESTS.allows_at(full).is_none_or(|at| now >= at) {
                full = Some(REQUESTS.spent(full, now));
                sent.push(now);
            }
            now = now.plus(Duration::from_secs(60));
        }
        let busiest = sent.iter().map(|&from| sent.iter().filter(|&&at| at >= from && at < from.plus(HOUR)).count()).max();
        assert!(busiest <= Some(11), "{busiest:?} requests in one hour");
        assert_eq!(sent.iter().take_while(|&&at| at < Moment(0).plus(REFILL)).count(), 5, "the burst is used at once");
    }
}
