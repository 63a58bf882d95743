//! `overlay.toml`: read and written whole, beside the state.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use super::{set_aside, sync_folder};
use crate::config::{Damage, OVERLAY, Overlay};
use crate::owner;

/// The next one while it is being written. Whatever a crash leaves here is not in force.
const NEXT: &str = "overlay.toml.new";

/// Most bytes that are read: an overlay has a few hundred.
const LONGEST: u64 = 1024 * 1024;

/// Reads the overlay in `folder`; without a file nothing is laid over.
///
/// # Errors
///
/// It cannot be read, is damaged, or was written by a newer version.
pub fn read(folder: &Path) -> Result<Overlay, Damage> {
    let path = folder.join(OVERLAY);
    let told = |why: String| format!("{}: {why}", path.display());
    match text(&path) {
        Ok(None) => Ok(Overlay::default()),
        Ok(Some(text)) => Overlay::parse(&text).map_err(|Damage { why, left }| Damage { why: told(why), left }),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(told(format!("failed to read it, if it is there: {error}; run this as the user of the daemon, or as root")).into())
        }
        Err(error) => Err(told(format!("failed to read it: {error}")).into()),
    }
}

/// No link is followed: the folder belongs to the daemon's user, and who reads may be root.
fn text(path: &Path) -> io::Result<Option<String>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        // That there is no such folder is for the state to say.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    // A byte that is no text becomes a character that TOML refuses: one of them must not hide what was switched off.
    Ok(Some(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).replace(char::REPLACEMENT_CHARACTER, "\0")),
    ))
}

/// Puts `overlay` in force: whoever looks sees the old one or this one. It is on the disk when this returns without an error.
/// One that cannot be read is kept under another name.
///
/// # Errors
///
/// Those of the file system; the old one is still in force then.
pub fn write(folder: &Path, overlay: &Overlay) -> io::Result<()> {
    if let Err(Damage { why, .. }) = read(folder) {
        let kept = set_aside(folder, OVERLAY)?;
        tracing::warn!("{why}; it was kept as {kept:?}");
    }
    let next = folder.join(NEXT);
    let _ = fs::remove_file(&next);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
    owner::inherit(&file, &folder.join(OVERLAY));
    let written =
        file.write_all(overlay.text().as_bytes()).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&next, folder.join(OVERLAY)));
    if written.is_err() {
        let _ = fs::remove_file(&next);
    }
    written.and_then(|()| sync_folder(folder))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::config::Remote;

    fn overlay(port: u16) -> Overlay {
        Overlay { ddns: None, off: None, remote: Some(Remote { enabled: true, port, user: None, replaced: Vec::new() }) }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_missing_file_lays_nothing_over() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Ok(Overlay::default()));
        fs::write(folder.path().join("file"), "").unwrap();
        for nowhere in ["nowhere", "file"] {
            assert_eq!(read(&folder.path().join(nowhere)), Ok(Overlay::default()));
        }
    }

    #[test]
    fn what_was_written_is_read_again_and_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NEXT), "left by a crash").unwrap();
        for port in [443, 8443] {
            write(folder.path(), &overlay(port)).unwrap();
            assert_eq!(read(folder.path()), Ok(overlay(port)));
        }
        assert_eq!(names(folder.path()), [OVERLAY]);
        assert_eq!(fs::metadata(folder.path().join(OVERLAY)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_told_without_its_content_and_kept_when_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for (damaged, place) in
            [("version = 1\n[remote]\nenabled = true\nport = \"hunter2\"\n", "line 4: remote.port"), ("", "version"), ("hunter2", "line 1")]
        {
            fs::write(folder.path().join(OVERLAY), damaged).unwrap();
            let told = read(folder.path()).unwrap_err().why;
            assert!(told.contains("overlay.toml: it is damaged: ") && told.contains(place) && !told.contains("hunter2"), "{told}");
        }
        write(folder.path(), &overlay(1)).unwrap();
        assert_eq!(read(folder.path()), Ok(overlay(1)));
        assert_eq!(names(folder.path()), [OVERLAY, "overlay.toml.damaged-1"]);
        assert_eq!(fs::read_to_string(folder.path().join("overlay.toml.damaged-1")).unwrap(), "hunter2");
    }

    #[test]
    fn a_byte_that_is_no_text_does_not_hide_what_was_switched_off() {
        let folder = tempfile::tempdir().unwrap();
        let damaged = b"version = 1\n[ddns]\nenabled = false\ndomain = \"home.example.org\"\nmode = \"ddns_v4\"\nusername = \"\xff\"\n";
        fs::write(folder.path().join(OVERLAY), damaged).unwrap();
        let Damage { why, left } = read(folder.path()).unwrap_err();
        assert!(why.contains("it is damaged: line 6: "), "{why}");
        assert_eq!((left.ddns, left.off.map(|names| names.len())), (None, Some(1)));
    }

    #[test]
    fn what_is_no_file_of_ours_is_not_read_and_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let (path, secret) = (folder.path().join(OVERLAY), folder.path().join("secret of somebody else"));
        fs::write(&secret, overlay(2).text()).unwrap();
        symlink(&secret, &path).unwrap();
        assert!(read(folder.path()).is_err());
        write(folder.path(), &overlay(1)).unwrap();
        assert_eq!((read(folder.path()), fs::read_to_string(&secret).unwrap()), (Ok(overlay(1)), overlay(2).text()));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        write(folder.path(), &overlay(1)).unwrap();
        assert_eq!(read(folder.path()), Ok(overlay(1)));
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_one_in_force() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &overlay(1)).unwrap();
        // A folder that holds something cannot make room for a file.
        fs::create_dir_all(folder.path().join(NEXT).join("x")).unwrap();
        assert!(write(folder.path(), &overlay(2)).is_err());
        assert_eq!(read(folder.path()), Ok(overlay(1)));
    }
}
