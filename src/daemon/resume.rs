//! Tells when the machine slept or somebody set the clock.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::unix::AsyncFd;

/// A timer of the wall clock that never rings: the kernel cancels it when the wall clock jumps, and coming back from sleep
/// is a jump (`timerfd_create(2)`, `TFD_TIMER_CANCEL_ON_SET`).
#[derive(Debug)]
pub(super) struct Resume {
    timer: AsyncFd<OwnedFd>,
}

impl Resume {
    /// Begins to wait. `None`: the system cannot tell; time that passed unnoticed is found at the next wake-up.
    pub(super) fn follow() -> Option<Self> {
        Self::new().inspect_err(|error| tracing::debug!("sleep and clock steps are not told by the system: {error}")).ok()
    }

    fn new() -> io::Result<Self> {
        let timer = rustix::time::timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let never = Timespec { tv_sec: i64::MAX, tv_nsec: 0 };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: never };
        rustix::time::timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &once)?;
        #[expect(deprecated, reason = "the successor is unsafe because of types that lie about their descriptor; an OwnedFd does not")]
        let timer = AsyncFd::new(timer)?;
        Ok(Self { timer })
    }

    /// Waits for the next time. May be dropped while it waits.
    pub(super) async fn happens(&mut self) {
        loop {
            let Ok(mut ready) = self.timer.readable().await else { return std::future::pending().await };
            let mut expirations = [0_u8; 8];
            // The kernel goes on to watch after this answer: there is nothing to set again.
            match ready.try_io(|timer| jumped(rustix::io::read(timer.get_ref(), &mut expirations))) {
                Ok(Ok(true)) => return,
                // It will not tell any more; asking again and again would not help.
                Ok(Err(_)) => return std::future::pending().await,
                Ok(Ok(false)) | Err(_) => {}
            }
        }
    }
}

/// Does this answer say that the clock jumped?
fn jumped(read: Result<usize, Errno>) -> io::Result<bool> {
    match read {
        Err(Errno::CANCELED) => Ok(true),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn only_a_cancelled_timer_is_a_jump() {
        assert!(jumped(Err(Errno::CANCELED)).unwrap());
        assert!(!jumped(Ok(8)).unwrap());
        assert_eq!(jumped(Err(Errno::AGAIN)).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[tokio::test]
    async fn while_the_clock_goes_on_nothing_happens() {
        let mut resume = Resume::new().unwrap();
        for _ in 0..100 {
            assert!(resume.happens().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
}
