//! Asking the running daemon, for every command that does.

use std::time::Duration;

use serde_json::Value;

use super::args::Options;
use super::exit::Exit;
use super::folder::{configured, state_folder};
use super::out::Out;
use crate::control::{self, CallError, Request};

/// Asks the daemon of the chosen state folder, `limit` in all.
///
/// # Errors
///
/// There is no daemon, it refuses, or the conversation failed.
pub fn ask(options: &Options, request: &Request, limit: Duration) -> Result<Value, CallError> {
    let folder = state_folder(options, &configured(options)).ok_or(CallError::NoDaemon)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CallError::Failed(format!("cannot start: {error}")))?;
    runtime.block_on(control::call(&control::socket(&folder), request, limit))
}

/// How long the daemon may take to accept a wish: that is one event and one write, no waiting for a provider.
const ACCEPTING: Duration = Duration::from_secs(30);

/// Hands a wish to the daemon and prints its answer, or `done` if it answers without words. Without a daemon `alone` does it.
pub fn pass_on(options: &Options, wish: &Request, done: &str, out: &mut Out, alone: impl FnOnce(&mut Out) -> Exit) -> Exit {
    match ask(options, wish, ACCEPTING) {
        Err(CallError::NoDaemon) => alone(out),
        Ok(answer) => {
            out.line(answer.as_str().unwrap_or(done));
            Exit::Success
        }
        Err(error) => refuse(out, &error),
    }
}

/// Explains why the daemon did not do it, and how the command ends.
pub fn refuse(out: &mut Out, error: &CallError) -> Exit {
    out.complain(error);
    match error {
        CallError::NoDaemon | CallError::Failed(_) => Exit::Temporary,
        CallError::Refused { code, .. } => Exit::from_code(*code).unwrap_or(Exit::Defect),
    }
}
