//! The commands' end of the socket.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use serde_json::value::RawValue;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::{Envelope, Request};

/// Longest reply in bytes: the status of ten thousand names takes about 10 MB.
const LONGEST_REPLY: u64 = 256 * 1024 * 1024;

/// Why a daemon did not do what it was asked.
#[derive(Debug, Error)]
pub enum CallError {
    /// Nobody listens: no socket file, or one that a crash left behind.
    #[error("no daemon is running; if it has another state folder, name that with --state-dir")]
    NoDaemon,
    /// The daemon said no.
    #[error("{error}")]
    Refused {
        /// Exit code for the command.
        code: u8,
        /// Why.
        error: String,
    },
    /// There is somebody, and the conversation failed.
    #[error("{0}")]
    Failed(String),
}

/// Asks the daemon that listens at `path` and waits for its answer, `limit` in all.
///
/// # Errors
///
/// Nobody listens, the daemon refuses, or the conversation failed.
pub async fn call(path: &Path, request: &Request, limit: Duration) -> Result<serde_json::Value, CallError> {
    let text = match tokio::time::timeout(limit, converse(path, request)).await {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => return Err(explain(path, &error)),
        Err(_) => {
            return Err(CallError::Failed(format!("the daemon did not answer within {} s", limit.as_secs_f32())));
        }
    };
    let broken = |error: serde_json::Error| CallError::Failed(format!("the daemon's answer cannot be read: {error}"));
    let Envelope { ok, result, error, code } = serde_json::from_slice::<Envelope<&RawValue, String>>(&text).map_err(broken)?;
    if !ok {
        return Err(CallError::Refused { code: code.unwrap_or(70), error: error.unwrap_or_else(|| "(no reason given)".into()) });
    }
    serde_json::from_str(result.map_or("null", RawValue::get)).map_err(broken)
}

async fn converse(path: &Path, request: &Request) -> io::Result<Vec<u8>> {
    let mut daemon = UnixStream::connect(path).await?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    daemon.write_all(&line).await?;
    let mut text = Vec::new();
    daemon.take(LONGEST_REPLY).read_to_end(&mut text).await?;
    Ok(text)
}

fn explain(path: &Path, error: &io::Error) -> CallError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => CallError::NoDaemon,
        ErrorKind::PermissionDenied => {
            CallError::Failed(format!("cannot reach the daemon at {}: {error}; ask as the user it runs as, or as root", path.display()))
        }
        _ => CallError::Failed(format!("cannot reach the daemon at {}: {error}", path.display())),
    }
}
