//! The one place where the time is read and the dice are thrown, and the alarm that counts suspend.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;

use crate::rules::moment::{Moment, Now, millis};

/// The clocks of this machine.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicU64>,
    skipped: Arc<Notify>,
}

impl Clock {
    /// What the clocks and dice show.
    #[must_use]
    pub fn now(&self) -> Now {
        let ahead = Duration::from_millis(self.ahead_ms.load(Ordering::Relaxed));
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { boot: boot_time() + ahead, wall: Moment(millis(wall + ahead)), random: fastrand::u64(..) }
    }

    /// Lets `span` pass in no time: for demonstrations.
    pub fn skip(&self, span: Duration) {
        self.ahead_ms.fetch_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.skipped.notify_one();
    }
}

fn boot_time() -> Duration {
    let now = rustix::time::clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// The shortest time that an alarm is set for.
const SHORTEST: Duration = Duration::from_millis(1);

/// Rings at a boot time; time that the machine slept counts (`timerfd_create(2)`).
#[derive(Debug)]
pub struct Alarm {
    clock: Clock,
    timer: AsyncFd<OwnedFd>,
    at: Option<Duration>,
    /// It has rung, and nobody has heard it yet.
    rung: bool,
}

impl Alarm {
    /// An alarm that is not set.
    ///
    /// # Errors
    ///
    /// The system has no more timers.
    pub fn new(clock: Clock) -> std::io::Result<Self> {
        let timer = rustix::time::timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        #[expect(deprecated, reason = "the successor is unsafe because of types that lie about their descriptor; an OwnedFd does not")]
        let timer = AsyncFd::new(timer)?;
        Ok(Self { clock, timer, at: None, rung: false })
    }

    /// Rings at `boot`; an earlier setting is forgotten.
    pub fn set(&mut self, boot: Duration) {
        self.rung = false;
        self.at = Some(boot);
        self.arm();
    }

    fn arm(&self) {
        let Some(at) = self.at else { return };
        let ahead = Duration::from_millis(self.clock.ahead_ms.load(Ordering::Relaxed));
        // In the past is at once, and at once is not before everybody else had a turn.
        let at = at.saturating_sub(ahead).max(boot_time() + SHORTEST);
        let value = Timespec { tv_sec: i64::try_from(at.as_secs()).unwrap_or(i64::MAX), tv_nsec: i64::from(at.subsec_nanos()) };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        if let Err(error) = rustix::time::timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::ABSTIME, &once) {
            tracing::error!("the timer cannot be set: {error}");
        }
    }

    /// Waits until it rings. May be dropped while it waits: what has rung meanwhile is heard the next time.
    pub async fn rings(&mut self) {
        while !std::mem::take(&mut self.rung) {
            tokio::select! {
                ready = self.timer.readable() => {
                    let Ok(mut ready) = ready else { return };
                    let mut expirations = [0_u8; 8];
                    let read = ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut expirations)?));
                    if matches!(read, Ok(Ok(_))) {
                        self.at = None;
                        self.rung = true;
                        // An alarm that is always due must not keep everybody else from their turn.
                        tokio::task::yield_now().await;
                    }
                }
                () = self.clock.skipped.notified() => self.arm(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn an_alarm_that_nobody_waited_out_rings_for_the_next_one() {
        let mut alarm = Alarm::new(Clock::default()).unwrap();
        alarm.set(Duration::ZERO);
        // Whoever waits has other things to do as well, and comes back.
        for _ in 0..10_000_000 {
            if alarm.rings().now_or_never().is_some() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it is lost");
    }

    #[tokio::test]
    async fn an_alarm_in_the_past_rings_at_once_and_a_skipped_hour_is_over() {
        let clock = Clock::default();
        let mut alarm = Alarm::new(clock.clone()).unwrap();
        alarm.set(Duration::ZERO);
        alarm.rings().await;
        let before = clock.now();
        alarm.set(before.boot + Duration::from_secs(3600));
        clock.skip(Duration::from_secs(3600));
        alarm.rings().await;
        let after = clock.now();
        assert!(after.boot >= before.boot + Duration::from_secs(3600));
        assert!(after.wall >= before.wall.plus(Duration::from_secs(3600)));
    }
}
