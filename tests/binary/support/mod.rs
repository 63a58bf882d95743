//! What the tests stand on: the built program in a folder of its own, and loopback counterparts.

pub(crate) mod client;
pub(crate) mod daemon;
pub(crate) mod dns;
pub(crate) mod fake;
pub(crate) mod fritzbox;
pub(crate) mod home;
pub(crate) mod namespace;
pub(crate) mod served;
pub(crate) mod tls;

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Longest wait for anything: far above what a busy machine needs, so that only a defect reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A value that somebody may wait for.
#[derive(Debug, Default)]
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until `fits`; false if it never did.
    pub(crate) fn wait(&self, mut fits: impl FnMut(&T) -> bool) -> bool {
        let until = Instant::now() + PATIENCE * 2;
        let mut value = self.lock();
        while !fits(&value) {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return false;
            };
            value = self.changed.wait_timeout(value, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        true
    }
}

/// Says why a test did nothing.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Says what a person may want to know of a test that passed.
#[expect(clippy::print_stderr, reason = "seeds and measurements are shown with --nocapture and beside a failure")]
pub(crate) fn told(what: &str) {
    eprintln!("{what}");
}
