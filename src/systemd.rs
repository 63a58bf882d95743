//! Telling the service manager how we are: `sd_notify(3)`. Without `NOTIFY_SOCKET` every call does nothing.

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Longest status text in characters; `systemctl status` shows one line.
const LONGEST_STATUS: usize = 200;

/// Everything is bound and loaded, and the daemon works; `status` says on what.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
}

/// What the daemon is doing, in a few words.
pub fn status(text: &str) {
    tell(&[NotifyState::Status(&one_line(text))]);
}

/// The configuration is being read again; [`ready`] ends this.
pub fn reloading() {
    let mut states = vec![NotifyState::Reloading];
    // Without the time systemd 253 and newer would take the reload for failed; the clock itself never fails.
    states.extend(NotifyState::monotonic_usec_now());
    tell(&states);
}

/// The daemon is about to end.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// When the service manager wants a sign of life (`WatchdogSec=` in the unit): twice as often as it would wait. To be fed by the
/// event loop and by nothing else, for only that shows that the loop turns.
#[derive(Debug)]
pub struct Watchdog(Option<Interval>);

impl Watchdog {
    /// As the environment says (`WATCHDOG_USEC`); one that was not asked for never barks.
    #[must_use]
    pub fn new() -> Self {
        let every = sd_notify::watchdog_enabled().map(|limit| limit / 2).filter(|every| !every.is_zero());
        Self(every.map(|every| {
            let mut turns = interval(every);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            turns
        }))
    }

    /// Waits until a sign of life is due. May be dropped while it waits.
    pub async fn due(&mut self) {
        match &mut self.0 {
            Some(turns) => drop(turns.tick().await),
            None => std::future::pending().await,
        }
    }
}

impl Default for Watchdog {
    fn default() -> Self {
        Self::new()
    }
}

/// The event loop turns.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("could not tell the service manager: {error}");
    }
}

/// A line break would begin another message.
fn one_line(text: &str) -> String {
    text.chars().take(LONGEST_STATUS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_can_not_smuggle_in_another_message() {
        assert_eq!(one_line("all well\nSTOPPING=1"), "all well STOPPING=1");
    }

    #[test]
    fn a_long_status_is_cut() {
        assert_eq!(one_line(&"ä".repeat(201)), "ä".repeat(200));
    }
}
