//! The state folder: made, locked, and explained when it cannot be used.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::OpenError;
use crate::owner;

/// Name of the lock file.
const LOCK: &str = "lock";

/// Could a daemon use `folder`, now or before?
#[must_use]
pub fn was_used(folder: &Path) -> bool {
    folder.join(LOCK).exists()
}

/// Makes the folder if it is missing.
///
/// An empty folder with a wider mode is narrowed to 0700. One that holds something or is sticky is left alone: it could
/// be everybody's (`--state-dir /tmp`).
///
/// # Errors
///
/// It cannot be made.
pub(super) fn prepare(folder: &Path) -> Result<(), OpenError> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {
            let wide = found.mode() & 0o077 != 0 && found.mode() & 0o1000 == 0;
            if wide && fs::read_dir(folder).is_ok_and(|mut content| content.next().is_none()) {
                // Where this fails the folder is somebody else's; the files are 0600 anyway.
                let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
            }
            Ok(())
        }
        Ok(_) => Err(unwritable(folder, folder, &ErrorKind::NotADirectory.into())),
        Err(_) => DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| unwritable(folder, folder, &error)),
    }
}

/// Takes the folder for this process, until the returned file is dropped.
///
/// # Errors
///
/// Another process has it, or the lock file cannot be written.
pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let file = owner::open_or_make(OpenOptions::new().write(true).mode(0o600), &path).map_err(|error| unwritable(folder, &path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Busy { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(unwritable(folder, &path, &error)),
    }
}

/// The error for `path` in (or above) `folder` that could not be written.
pub(super) fn unwritable(folder: &Path, path: &Path, error: &io::Error) -> OpenError {
    OpenError::Unwritable { message: explain("write", folder, error, User::running().as_ref(), Found::nearest(path).as_ref()) }
}

/// The error for `path` in `folder` that could not be read.
pub(super) fn unreadable(folder: &Path, path: &Path, error: &io::Error) -> OpenError {
    OpenError::Unreadable { message: explain("read", folder, error, User::running().as_ref(), Found::nearest(path).as_ref()) }
}

/// One message with everything that is needed to mend it.
fn explain(act: &str, folder: &Path, error: &io::Error, user: Option<&User>, found: Option<&Found>) -> String {
    let who = user.map_or_else(|| "an unknown user".to_owned(), User::to_string);
    let what = found.map_or_else(|| "nothing on the way to it can be seen".to_owned(), |found| found.describe(folder));
    let remedy = remedy(folder, error.kind(), user, found);
    format!(
        "cannot {act} the state folder {}: {error}; wanbeacon runs as {who}, {what}; {remedy}, or choose another folder with --state-dir",
        folder.display()
    )
}

fn remedy(folder: &Path, kind: ErrorKind, user: Option<&User>, found: Option<&Found>) -> String {
    let folder_shown = folder.display();
    match (kind, user, found) {
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _, _) => "free some space".to_owned(),
        (ErrorKind::ReadOnlyFilesystem, _, _) => {
            format!("mount a writable volume at {folder_shown}")
        }
        (ErrorKind::PermissionDenied, Some(user), Some(found)) => {
            let uid = user.uid;
            if found.owner.uid == uid {
                format!("run `chmod u+rwX {}`", found.path.display())
            } else if found.path == folder {
                format!("run `chown {uid} {folder_shown}`")
            } else if found.path.starts_with(folder) {
                format!("run `chown -R {uid} {folder_shown}`")
            } else {
                format!("run `install -d -o {uid} -m 0700 {folder_shown}`")
            }
        }
        (ErrorKind::NotADirectory | ErrorKind::AlreadyExists, _, Some(found)) => {
            format!("move {} away", found.path.display())
        }
        _ => "see that the folder can be written".to_owned(),
    }
}

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
struct User {
    uid: u32,
    name: Option<String>,
}

impl User {
    /// Who this process acts as: the effective user.
    fn running() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        Some(Self::with(uids.split_whitespace().nth(1)?.parse().ok()?))
    }

    /// The user with this number; a name only if /etc/passwd has one.
    fn with(uid: u32) -> Self {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Self { uid, name: name_of(uid, &passwd) }
    }
}

fn name_of(uid: u32, passwd: &str) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "uid {} ({name})", self.uid),
            None => write!(f, "uid {}", self.uid),
        }
    }
}

/// What stands at a path, or at the nearest one above it.
#[derive(Clone, Debug)]
struct Found {
    path: PathBuf,
    owner: User,
    mode: u32,
    folder: bool,
}

impl Found {
    fn nearest(path: &Path) -> Option<Self> {
        path.ancestors().find_map(|path| {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            let found = fs::metadata(path).ok()?;
            Some(Self { path: path.to_owned(), owner: User::with(found.uid()), mode: found.mode() & 0o7777, folder: found.is_dir() })
        })
    }

    fn describe(&self, folder: &Path) -> String {
        let missing = if folder != self.path && folder.starts_with(&self.path) { "the folder does not exist and " } else { "" };
        let kind = if self.folder { "folder" } else { "file" };
        format!("{missing}the {kind} {} belongs to {} with mode {:04o}", self.path.display(), self.owner, self.mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> User {
        User { uid: 65_534, name: Some("nobody".into()) }
    }

    fn roots(path: &str) -> Found {
        Found { path: path.into(), owner: User { uid: 0, name: Some("root".into()) }, mode: 0o755, folder: true }
    }

    fn denied(folder: &str, found: &Found) -> String {
        explain("write", Path::new(folder), &ErrorKind::PermissionDenied.into(), Some(&nobody()), Some(found))
    }

    #[test]
    fn a_folder_of_somebody_else_is_answered_with_the_chown_that_helps() {
        let message = denied("/state", &roots("/state"));
        for part in ["/state", "uid 65534 (nobody)", "uid 0 (root)", "0755", "`chown 65534 /state`", "--state-dir"] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }
    }

    #[test]
    fn a_missing_folder_and_a_foreign_file_each_get_their_own_remedy() {
        assert!(denied("/var/lib/wanbeacon", &roots("/var/lib")).contains("`install -d -o 65534 -m 0700 /var/lib/wanbeacon`"));
        let file = Found { folder: false, ..roots("/state/lock") };
        assert!(denied("/state", &file).contains("`chown -R 65534 /state`"));
    }

    #[test]
    fn a_read_only_file_system_and_a_full_one_are_not_answered_with_chown() {
        for (kind, remedy) in
            [(ErrorKind::ReadOnlyFilesystem, "mount a writable volume at /state"), (ErrorKind::StorageFull, "free some space")]
        {
            let message = explain("write", Path::new("/state"), &kind.into(), Some(&nobody()), Some(&roots("/state")));
            assert!(message.contains(remedy) && !message.contains("chown"), "{message}");
        }
    }

    #[test]
    fn the_running_user_is_the_owner_of_what_it_creates() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let owner = fs::metadata(folder.path()).expect("it was just made").uid();
        assert_eq!(User::running().map(|user| user.uid), Some(owner));
    }

    #[test]
    fn names_come_from_the_password_file_by_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\nbroken\n";
        assert_eq!(name_of(65_534, passwd).as_deref(), Some("nobody"));
        assert_eq!(name_of(7, passwd), None);
    }
}
