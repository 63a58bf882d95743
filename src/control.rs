//! The local socket of a running daemon: one JSON line asks, one JSON line answers, then the connection ends.
//!
//! The socket is `control.sock` in the state folder, mode 0600. The server hands requests on and keeps no state; a client
//! that is slow, silent or gone costs a time limit and one of eight places, nothing else.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::rules::domain::Domain;

mod client;
mod server;
#[cfg(test)]
mod tests;

pub use client::{CallError, call};
pub use server::{BindError, Listener, bind, serve};

/// Name of the socket in the state folder.
const SOCKET: &str = "control.sock";

/// Longest path of a Unix socket in bytes: `sun_path` without its final zero (unix(7)).
const LONGEST_PATH: usize = 107;

/// Where the daemon with this state folder listens.
#[must_use]
pub fn socket(state_dir: &Path) -> PathBuf {
    state_dir.join(SOCKET)
}

/// What a daemon can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// What is known of every entry.
    Status,
    /// Open the locks of one name, or of all.
    Unlock {
        /// The name; `None` = all.
        #[serde(default, deserialize_with = "domain")]
        domain: Option<Domain>,
    },
    /// Ask for an update of one name, or of all, now.
    Update {
        /// The name; `None` = all.
        #[serde(default, deserialize_with = "domain")]
        domain: Option<Domain>,
    },
    /// What a round would do now.
    Plan,
    /// Is the daemon alive?
    Health,
}

/// What the daemon answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// It was done; the result as JSON.
    Done(Box<RawValue>),
    /// It was not done.
    Refused {
        /// Exit code for the command (README, "Exit codes").
        code: u8,
        /// Why, for people.
        error: String,
    },
}

impl Reply {
    /// It was done, with `result`.
    #[must_use]
    pub fn done(result: &impl Serialize) -> Self {
        match serde_json::value::to_raw_value(result) {
            Ok(result) => Self::Done(result),
            // Maps with keys that are no texts: a defect, but none that should end the daemon.
            Err(error) => Self::refused(70, format!("the result cannot be written as JSON: {error}")),
        }
    }

    /// It was not done: `code` is the exit code for the command.
    #[must_use]
    pub fn refused(code: u8, error: impl Into<String>) -> Self {
        Self::Refused { code, error: error.into() }
    }
}

/// A [`Reply`] as it stands on the wire: borrowed for writing, owned when read.
#[derive(Serialize, Deserialize)]
struct Envelope<Json, Text> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let envelope = match self {
            Self::Done(result) => Envelope { ok: true, result: Some(&**result), error: None, code: None },
            Self::Refused { code, error } => Envelope { ok: false, result: None, error: Some(error.as_str()), code: Some(*code) },
        };
        envelope.serialize(serializer)
    }
}

/// Names from the socket are read as strictly as names from anywhere.
fn domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Domain>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(|text| Domain::parse(&text).map_err(serde::de::Error::custom)).transpose()
}
