//! `wanbeacon demo`: the main job within seconds, without an account and without a network.
//!
//! Daemon loop, engine and edges are those of every run. Only the counterparts are pretended, on loopback: a FRITZ!Box
//! ([`fritzbox`]), FreeDYN ([`provider`]) and the name server of its zone ([`names`]). [`script`] says what happens when,
//! [`show`] what is printed. It is a check as well: whatever differs from the script ends it as a defect.

mod events;
mod fritzbox;
mod names;
mod provider;
mod scene;
mod script;
mod show;
mod stage;
mod web;

use std::time::Duration;

use super::exit::Exit;
use super::out::Out;

/// All of it takes a few seconds; beyond this something hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// Why a demonstration ended early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// A signal.
    #[error("interrupted")]
    Interrupted,
    /// What was to be seen was not.
    #[error("this is not what should have happened: {0}")]
    Differs(String),
    /// The daemon did not run.
    #[error(transparent)]
    Daemon(#[from] crate::daemon::RunError),
    /// Sockets or files.
    #[error("the system refuses what the demonstration needs: {0}")]
    System(#[from] std::io::Error),
}

pub(super) fn run(out: &mut Out) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let played = runtime.map_err(Failure::from).and_then(|runtime| {
        runtime.block_on(async {
            let hangs = |_| Err(Failure::Differs(format!("it was not over after {} s", LIMIT.as_secs())));
            tokio::time::timeout(LIMIT, Box::pin(script::play(out))).await.unwrap_or_else(hangs)
        })
    });
    match played {
        Ok(()) => Exit::Success,
        Err(failure) => {
            out.complain(&failure);
            match failure {
                Failure::Interrupted => Exit::Temporary,
                Failure::Differs(_) | Failure::Daemon(_) | Failure::System(_) => Exit::Defect,
            }
        }
    }
}
