//! What is remembered, and where: the state folder, or its absence, as the engine needs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::Memory;
use crate::store::{OpenError, Store};

/// What is remembered.
pub struct Remembered {
    /// Whether it outlives the process.
    pub memory: Memory,
    /// Key → JSON.
    pub records: BTreeMap<String, String>,
    /// The open store.
    pub store: Option<Store>,
    /// The state folder; `None`: the operator runs without.
    pub folder: Option<PathBuf>,
}

/// Another instance holds the state folder.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Busy(String);

impl Remembered {
    /// Opens `folder`; `None`: the operator runs without. A folder that cannot be written is reported here, once.
    ///
    /// # Errors
    ///
    /// Another instance holds it.
    pub fn open(folder: Option<&Path>) -> Result<Self, Busy> {
        let without = |memory| Self { memory, records: BTreeMap::new(), store: None, folder: folder.map(Path::to_owned) };
        let Some(folder) = folder else { return Ok(without(Memory::Off)) };
        match Store::open(folder) {
            Ok((store, loaded)) => {
                for notice in loaded.notices {
                    tracing::warn!("{notice}");
                }
                Ok(Self { memory: Memory::Kept, records: loaded.records, store: Some(store), folder: Some(folder.to_owned()) })
            }
            Err(error @ OpenError::Busy { .. }) => Err(Busy(error.to_string())),
            Err(error) => {
                tracing::error!("{error}");
                Ok(without(Memory::Unwritable))
            }
        }
    }
}

/// Tries to write to `folder` once more, where it could not be done before. `known`: what it holds has been read already.
/// `None`: still not, or it holds a state that nobody has read.
pub fn reopen(folder: &Path, known: bool) -> Option<Store> {
    let (store, loaded) = Store::open(folder).ok()?;
    if !known && !loaded.records.is_empty() {
        tracing::warn!("{}: holds a state from before; a restart takes it into use", folder.display());
        return None;
    }
    Some(store)
}
