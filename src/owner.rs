//! Who owns what is made in the state folder: the owner of the folder. Root may run a command beside a service that runs as somebody
//! else, and must not leave it files that it cannot read.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::Path;

/// Opens the file at `place` with `options`; one that is not there is made, and belongs to the owner of its folder.
///
/// One that is there keeps its owner: who owns the folder may have put a link there.
///
/// # Errors
///
/// Those of the file system. That a file could not be given away is none.
pub fn open_or_make(options: &OpenOptions, place: &Path) -> io::Result<File> {
    match options.clone().create_new(true).open(place) {
        Ok(made) => {
            give(&made, fs::metadata(folder(place)).ok());
            Ok(made)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.clone().create(true).open(place),
        Err(error) => Err(error),
    }
}

/// `made`, a new file under another name that will take `place`, belongs to the owner of the file that is there, else to that of the
/// folder.
pub fn inherit(made: &File, place: &Path) {
    let old = fs::symlink_metadata(place).ok().filter(Metadata::is_file);
    give(made, old.or_else(|| fs::metadata(folder(place)).ok()));
}

/// The folder that `place` is in.
#[must_use]
pub fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn give(made: &File, owner: Option<Metadata>) {
    let of = |found: &Metadata| (found.uid(), found.gid());
    if let Some(owner) = owner
        && made.metadata().is_ok_and(|own| of(&own) != of(&owner))
    {
        // Only root can give a file away, and only root has to.
        let _ = fchown(made, Some(owner.uid()), Some(owner.gid()));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    fn options() -> OpenOptions {
        let mut options = OpenOptions::new();
        options.write(true);
        options
    }

    fn owner(path: &Path) -> (u32, u32) {
        fs::metadata(path).map(|found| (found.uid(), found.gid())).unwrap()
    }

    /// A folder of somebody else, and whether this process can make it so: only root can.
    fn foreign() -> (tempfile::TempDir, bool) {
        let folder = tempfile::tempdir().unwrap();
        let root = chown(folder.path(), Some(12), Some(34)).is_ok();
        if !root {
            println!("not root: everything belongs to one user, and stays so");
        }
        (folder, root)
    }

    #[test]
    fn a_new_file_belongs_to_the_owner_of_the_folder_and_one_that_is_there_keeps_its_own() {
        let (folder, root) = foreign();
        let file = folder.path().join("file");
        open_or_make(&options(), &file).unwrap();
        assert_eq!(owner(&file), owner(folder.path()));
        if root {
            chown(&file, Some(56), Some(78)).unwrap();
            open_or_make(&options(), &file).unwrap();
            assert_eq!(owner(&file), (56, 78));
        }
    }

    #[test]
    fn what_a_link_leads_to_is_not_given_away() {
        let (folder, _) = foreign();
        let elsewhere = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), elsewhere.path().join("target"));
        for there in [false, true] {
            if !there {
                symlink(&target, &link).unwrap();
            }
            open_or_make(&options(), &link).unwrap();
            assert_eq!(owner(&target), owner(elsewhere.path()));
        }
    }

    #[test]
    fn a_file_that_takes_the_place_of_another_belongs_to_its_owner() {
        let (folder, root) = foreign();
        let (file, beside) = (folder.path().join("file"), folder.path().join("beside"));
        let made = File::create(&beside).unwrap();
        inherit(&made, &file);
        assert_eq!(owner(&beside), owner(folder.path()));
        if root {
            File::create(&file).and_then(|file| fchown(&file, Some(56), Some(78))).unwrap();
            inherit(&made, &file);
            assert_eq!(owner(&beside), (56, 78));
        }
    }
}
