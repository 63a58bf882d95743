//! The outer guard: one request per provider host and spacing, whatever the engine thinks.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::rules::reply::Fault;

/// Longest wait beside one spacing. Who waits longer comes back later by the schedule, where an operator sees it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The time by which spacings are counted: from anywhere, never backwards.
#[derive(Clone)]
pub struct Time(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Time {
    /// The time that `shown` shows.
    pub fn new(shown: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(shown))
    }
}

impl Clock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0()
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({:?})", self.now())
    }
}

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, Time, NoOpMiddleware<Duration>>;

/// Lets requests to one host through at their spacing.
#[derive(Debug)]
pub(super) struct Throttle {
    time: Time,
    /// By spacing, because a limiter has one quota for all of its hosts.
    limiters: Mutex<HashMap<Duration, Arc<Limiter>>>,
}

impl Throttle {
    pub(super) fn new(time: Time) -> Self {
        Self { time, limiters: Mutex::default() }
    }

    /// Waits until `host` may be asked.
    pub(super) async fn turn(&self, host: &str, spacing: Duration) -> Result<(), Fault> {
        self.turn_within(host, spacing, PATIENCE.saturating_add(spacing)).await
    }

    async fn turn_within(&self, host: &str, spacing: Duration, patience: Duration) -> Result<(), Fault> {
        let mut waited = Duration::ZERO;
        while let Some(wait) = self.claim(host, spacing) {
            waited = waited.saturating_add(wait);
            if waited > patience {
                return Err(Fault::Connect(format!("too many requests to {host:?} at once: nothing was sent")));
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Takes the turn, or says how long to wait before asking again.
    fn claim(&self, host: &str, spacing: Duration) -> Option<Duration> {
        let quota = Quota::with_period(spacing)?;
        let limiter = {
            let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(
                limiters
                    .entry(spacing)
                    .or_insert_with(|| Arc::new(RateLimiter::new(quota, DefaultKeyedStateStore::default(), self.time.clone()))),
            )
        };
        limiter.check_key(&host.to_owned()).err().map(|denied| denied.wait_time_from(self.time.now()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const SPACING: Duration = Duration::from_secs(3600);

    #[test]
    fn the_second_request_to_a_host_waits_for_the_spacing() {
        let throttle = Throttle::new(Time::new(|| Duration::ZERO));
        assert_eq!(throttle.claim("a.example", SPACING), None);
        let wait = throttle.claim("a.example", SPACING).expect("the spacing is an hour");
        assert!(wait <= SPACING && !wait.is_zero(), "{wait:?}");
    }

    #[test]
    fn the_spacing_is_over_when_the_given_time_says_so() {
        let seconds = Arc::new(AtomicU64::new(0));
        let shown = Arc::clone(&seconds);
        let throttle = Throttle::new(Time::new(move || Duration::from_secs(shown.load(Ordering::Relaxed))));
        assert_eq!(throttle.claim("a.example", SPACING), None);
        seconds.store(3599, Ordering::Relaxed);
        assert_eq!(throttle.claim("a.example", SPACING), Some(Duration::from_secs(1)));
        seconds.store(3600, Ordering::Relaxed);
        assert_eq!(throttle.claim("a.example", SPACING), None);
    }

    #[test]
    fn another_host_does_not_wait() {
        let throttle = Throttle::new(Time::new(|| Duration::ZERO));
        assert_eq!(throttle.claim("a.example", SPACING), None);
        assert_eq!(throttle.claim("b.example", SPACING), None);
    }

    #[test]
    fn no_spacing_means_no_wait() {
        let throttle = Throttle::new(Time::new(|| Duration::ZERO));
        assert!((0..100).all(|_| throttle.claim("a.example", Duration::ZERO).is_none()));
    }

    #[tokio::test]
    async fn a_wait_beyond_patience_is_refused_at_once() {
        let throttle = Throttle::new(Time::new(|| Duration::ZERO));
        assert_eq!(throttle.claim("a.example", SPACING), None);
        let patience = Duration::ZERO;
        let refused = throttle.turn_within("a.example", SPACING, patience).await;
        assert!(matches!(refused, Err(Fault::Connect(_))), "{refused:?}");
    }
}
