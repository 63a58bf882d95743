//! What the system wants of a running daemon.

use std::io;

use tokio::signal::unix::{self, SignalKind};

/// A signal, by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, SIGINT: end in good order.
    Stop,
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGUSR1: look for the address now.
    DetectNow,
}

/// The signals, as they come in.
#[derive(Debug)]
pub struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
    hangup: unix::Signal,
    user1: unix::Signal,
}

impl Signals {
    /// Takes the signals over from the system's defaults, which would end the process. Needs a running runtime.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            hangup: unix::signal(SignalKind::hangup())?,
            user1: unix::signal(SignalKind::user_defined1())?,
        })
    }

    /// Waits for the next one. Several of a kind that arrive together count once; stopping goes first.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Reload,
            _ = self.user1.recv() => Signal::DetectNow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, id};

    #[tokio::test]
    async fn every_signal_arrives_by_its_meaning() {
        let mut signals = Signals::listen().unwrap();
        let expected = [("HUP", Signal::Reload), ("USR1", Signal::DetectNow), ("TERM", Signal::Stop), ("INT", Signal::Stop)];
        for (name, meaning) in expected {
            let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", id())).status().unwrap();
            assert!(sent.success());
            assert_eq!(signals.next().await, meaning);
        }
    }
}
