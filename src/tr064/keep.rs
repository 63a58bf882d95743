//! Small files in the state folder that the daemon and a command of a person both write: whole or not at all, one after the
//! other, and so that the daemon can read them afterwards.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::owner;

/// Most bytes that are read: ten thousand boxes.
const LONGEST: u64 = 1024 * 1024;

/// How often, and how long in between, somebody who writes is waited for: it takes them a few milliseconds.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// Reads a file; `None`: there is none. No link is followed: the folder belongs to the daemon's user, and who reads may be root.
pub(super) fn read(file: &Path) -> io::Result<Option<String>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let open = match OpenOptions::new().read(true).custom_flags(flags).open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !open.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    open.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Keeps others from changing `file` until the result is dropped. The folder is what is locked: a file is replaced by writing it,
/// and a third one would need an owner as well.
pub(super) fn lock(file: &Path) -> io::Result<File> {
    let folder = File::open(owner::folder(file))?;
    for _ in 1..TRIES {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    folder.try_lock()?;
    Ok(folder)
}

/// Writes beside the file first, then in its place. Readable by the owner only, which is that of the old file, else of the folder.
pub(super) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let beside = file.with_extension(format!("{}.new", std::process::id()));
    // A run that was killed may have left one.
    let _ = fs::remove_file(&beside);
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    owner::inherit(&open, file);
    let written = open.write_all(text.as_bytes()).and_then(|()| open.sync_all()).and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, chown, symlink};

    use super::*;

    #[test]
    fn a_new_file_belongs_to_the_owner_of_the_folder_and_a_replaced_one_to_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let owner = |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.gid())).unwrap();
        // Only root can make the difference; everybody else keeps what is theirs.
        let root = chown(folder.path(), Some(12), Some(34)).is_ok();
        replace(&file, "one").unwrap();
        assert_eq!(owner(&file), owner(folder.path()));
        if root {
            chown(&file, Some(56), Some(78)).unwrap();
        }
        replace(&file, "two").unwrap();
        assert_eq!(owner(&file), if root { (56, 78) } else { owner(folder.path()) });
        assert_eq!((read(&file).unwrap().as_deref(), fs::metadata(&file).unwrap().mode() & 0o777), (Some("two"), 0o600));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn no_link_and_no_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "secret of somebody else").unwrap();
        symlink(&file, &link).unwrap();
        assert!(read(&link).is_err() && read(folder.path()).is_err());
        assert_eq!(read(&folder.path().join("none")).unwrap(), None);
    }

    #[test]
    fn one_writes_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let held = lock(&file).unwrap();
        assert!(File::open(folder.path()).unwrap().try_lock().is_err());
        drop(held);
        assert!(lock(&file).is_ok());
    }
}
