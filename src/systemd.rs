//! Telling the service manager how we are: `sd_notify(3)`. Without `NOTIFY_SOCKET` every call does nothing.

use sd_notify::NotifyState;

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
