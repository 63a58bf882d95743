//! The part of the world that a configuration reaches for: variables, credentials and secret files.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::problem::quoted;

/// Environment and files, real or given. Has no `Debug`: it holds secrets.
pub struct World {
    variables: BTreeMap<OsString, OsString>,
    disk: Disk,
    spares_secrets: bool,
}

enum Disk {
    Real,
    Given(BTreeMap<PathBuf, FileText>),
}

/// A file that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct FileText {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
}

impl FileText {
    /// May every user of the machine read it?
    #[must_use]
    pub const fn open_to_all(&self) -> bool {
        self.mode & 0o004 != 0
    }
}

impl World {
    /// The environment of this process, and the disk.
    #[must_use]
    pub fn real() -> Self {
        Self { variables: std::env::vars_os().collect(), disk: Disk::Real, spares_secrets: false }
    }

    /// A world made of these variables and files, readable by their owner alone: for tests and for conversions.
    #[must_use]
    pub fn given<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let private = |text: &str| FileText { bytes: text.into(), mode: 0o600 };
        Self {
            variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            disk: Disk::Given(files.into_iter().map(|(path, text)| (path.into(), private(text))).collect()),
            spares_secrets: false,
        }
    }

    /// The same world with one more file.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, file: FileText) -> Self {
        if let Disk::Given(files) = &mut self.disk {
            files.insert(path.into(), file);
        }
        self
    }

    /// The same world for what sends nothing: a secret that cannot be read is left [unread](crate::rules::secret::Secret::unread).
    #[must_use]
    pub fn sparing_secrets(self) -> Self {
        Self { spares_secrets: true, ..self }
    }

    /// Is a secret that cannot be read left unread?
    pub(super) const fn spares_secrets(&self) -> bool {
        self.spares_secrets
    }

    /// A variable that is set and not empty: Compose files pass unset variables on as empty ones.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The names of all variables that begin with `prefix` and are not empty.
    pub(super) fn names<'w>(&'w self, prefix: &'w str) -> impl Iterator<Item = &'w str> {
        (self.variables.iter())
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, _)| name.to_str())
            .filter(move |name| name.starts_with(prefix))
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// Those of the file system; a file that is longer, or no regular file (a pipe would block the start).
    pub fn read(&self, path: &Path, limit: u64) -> io::Result<FileText> {
        let file = match &self.disk {
            Disk::Real => read_real(path, limit)?,
            Disk::Given(files) => files.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?,
        };
        if file.bytes.len() as u64 > limit {
            return Err(io::Error::other(format!("it is longer than {limit} bytes")));
        }
        Ok(file)
    }

    /// What lets this process read `path`, which it may not.
    pub(super) fn way_to(&self, path: &Path) -> String {
        let shut = match &self.disk {
            Disk::Real => shut_folder(path),
            Disk::Given(_) => None,
        };
        match shut {
            None => "let the user that runs wanbeacon read it".to_owned(),
            Some(folder) => format!(
                "let the user that runs wanbeacon enter the folder {} (`chmod o+x`, or `chown` it), or keep the file elsewhere",
                quoted(&folder.to_string_lossy())
            ),
        }
    }
}

/// The first folder on the way to `path` that this process may not enter.
fn shut_folder(path: &Path) -> Option<&Path> {
    let steps: Vec<&Path> = path.ancestors().filter(|step| !step.as_os_str().is_empty()).collect();
    // A step can be looked at unless the folder that it is in bars the way.
    let barred = |step: &&Path| std::fs::symlink_metadata(step).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    steps.into_iter().rev().find(barred)?.parent()
}

fn read_real(path: &Path, limit: u64) -> io::Result<FileText> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(FileText { bytes, mode })
}
