//! The outer guard: one request per provider host and spacing, whatever the engine thinks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::rules::reply::Fault;

/// Longest wait beside one spacing. Who waits longer comes back later by the schedule, where an operator sees it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets requests to one host through at their spacing.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    clock: DefaultClock,
    /// By spacing, because a limiter has one quota for all of its hosts.
    limiters: Mutex<HashMap<Duration, Arc<DefaultKeyedRateLimiter<String>>>>,
}

impl Throttle {
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
            Arc::clone(limiters.entry(spacing).or_insert_with(|| Arc::new(RateLimiter::keyed(quota))))
        };
        limiter.check_key(&host.to_owned()).err().map(|denied| denied.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACING: Duration = Duration::from_secs(3600);

    #[test]
    fn the_second_request_to_a_host_waits_for_the_spacing() {
        let throttle = Throttle::default();
        assert_eq!(throttle.claim("a.example", SPACING), None);
        let wait = throttle.claim("a.example", SPACING).expect("the spacing is an hour");
        assert!(wait <= SPACING && !wait.is_zero(), "{wait:?}");
    }

    #[test]
    fn another_host_does_not_wait() {
        let throttle = Throttle::default();
        assert_eq!(throttle.claim("a.example", SPACING), None);
        assert_eq!(throttle.claim("b.example", SPACING), None);
    }

    #[test]
    fn no_spacing_means_no_wait() {
        let throttle = Throttle::default();
        assert!((0..100).all(|_| throttle.claim("a.example", Duration::ZERO).is_none()));
    }

    #[tokio::test]
    async fn a_wait_beyond_patience_is_refused_at_once() {
        let throttle = Throttle::default();
        assert_eq!(throttle.claim("a.example", SPACING), None);
        let patience = Duration::ZERO;
        let refused = throttle.turn_within("a.example", SPACING, patience).await;
        assert!(matches!(refused, Err(Fault::Connect(_))), "{refused:?}");
    }
}
