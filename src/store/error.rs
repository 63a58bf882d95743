//! Why the state could not be opened or written.

use std::io::{self, ErrorKind};
use std::path::Path;

use thiserror::Error;

/// Why the state folder cannot be used.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another wanbeacon works on this folder.
    #[error("another wanbeacon is using the state folder {folder:?}; stop it first, or give this one its own with --state-dir")]
    Busy {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// The folder or a file in it cannot be written.
    #[error("{message}")]
    Unwritable {
        /// Who runs, what was found, what helps.
        message: String,
    },
    /// The state is there and cannot be read.
    #[error("{message}")]
    Unreadable {
        /// Who runs, what was found, what helps.
        message: String,
    },
}

/// Why a batch was not remembered. What was remembered before is as it was.
#[derive(Debug, Error)]
pub enum WriteError {
    /// No space, or the quota is used up.
    #[error("could not remember a change: {0}; free some space")]
    Full(String),
    /// The file system is read-only or the right to write is gone.
    #[error("could not remember a change: {0}; the state folder must be writable")]
    ReadOnly(String),
    /// Anything else.
    #[error("could not remember a change: {0}")]
    Other(String),
}

impl WriteError {
    /// Sorts `error`, met while writing `path`.
    pub(super) fn new(path: &Path, error: &io::Error) -> Self {
        let text = format!("{}: {error}", path.display());
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::Full(text),
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Self::ReadOnly(text),
            _ => Self::Other(text),
        }
    }
}
