//! What wanbeacon remembers: named JSON records in one folder, safe against a crash or a full disk at any instant.
//!
//! The file `state` is a journal: one event appends one line and waits until it is on the disk. When the journal has grown
//! well beyond what lives in it, a new file with one line per record takes its place. A lock file keeps a second process
//! out. The form of a line is in `store/line.rs`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, ErrorKind, Seek, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

mod error;
mod folder;
mod journal;
mod line;
pub mod overlay;

use crate::owner;
pub use crate::rules::write::Write;
pub use error::{OpenError, WriteError};
pub use folder::was_used;
use journal::Journal;
use line::{Condition, HEADER};

/// The journal.
const FILE: &str = "state";

/// Its successor while it is being written. Whatever a crash leaves here is not the state.
const NEXT: &str = "state.new";

/// Below this size a journal is never rewritten: reading it costs less than a millisecond.
const SMALL: u64 = 64 * 1024;

/// A larger one is rewritten when this many times the size of what lives in it.
const GROWTH: u64 = 4;

/// Most damaged files that are kept.
const KEPT: u32 = 9;

/// What was remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Key → JSON text.
    pub records: BTreeMap<String, String>,
    /// What the operator should know about the file: damage, and where it was put.
    pub notices: Vec<String>,
}

/// The state, open for writing. The folder belongs to this process until this is dropped.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    journal: Journal<File>,
    /// Rewrite the journal when it is longer than this many bytes.
    rewrite_at: u64,
    _lock: File,
}

impl Store {
    /// Opens the state in `dir`, making the folder (0700) and its files (0600) as needed; files belong to the
    /// owner of the folder.
    ///
    /// A last line that a crash tore is dropped. Any other damage, a file without one whole line, a foreign file or an unknown
    /// version: the file is kept as `state.damaged-N`, and every line whose checksum is right goes on living.
    ///
    /// # Errors
    ///
    /// Another process uses the folder, or it cannot be written. Never the content of the file.
    pub fn open(dir: &Path) -> Result<(Self, Loaded), OpenError> {
        folder::prepare(dir)?;
        let lock = folder::lock(dir)?;
        let path = dir.join(FILE);
        let unwritable = |error: io::Error| folder::unwritable(dir, &path, &error);
        let _ = fs::remove_file(dir.join(NEXT));
        let mut notices = Vec::new();
        if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            let kept = set_aside(dir, FILE).map_err(unwritable)?;
            notices.push(format!("{} is not a file; it was renamed to {kept:?}, and the state begins anew", path.display()));
        }
        let file = owner::open_or_make(&options(), &path).map_err(unwritable)?;
        let scan = line::scan(BufReader::new(&file)).map_err(unwritable)?;
        if scan.good == 0 {
            sync_folder(dir).map_err(unwritable)?;
        }
        let journal = match scan.condition {
            Condition::Intact => Journal::new(file, scan.good, false),
            // A crash tears one line; a file without a single whole one was cut by somebody else.
            Condition::Torn if scan.good == 0 => {
                let kept = set_aside(dir, FILE).map_err(unwritable)?;
                notices.push(format!("nothing in {} can be read; it was kept as {kept:?}, and the state begins anew", path.display()));
                replace(dir, &scan.records).map_err(unwritable)?
            }
            Condition::Torn => {
                notices.push(format!("the last line of {} was not complete and is dropped", path.display()));
                Journal::new(file, scan.good, true)
            }
            Condition::Damaged(what) => {
                let kept = set_aside(dir, FILE).map_err(unwritable)?;
                notices.push(format!(
                    "{} is damaged: {what}; it was kept as {kept:?}, and the {} records that could be read are used",
                    path.display(),
                    scan.records.len()
                ));
                replace(dir, &scan.records).map_err(unwritable)?
            }
        };
        let rewrite_at = threshold(&scan.records);
        let store = Self { folder: dir.to_owned(), journal, rewrite_at, _lock: lock };
        Ok((store, Loaded { records: scan.records, notices }))
    }

    /// Remembers a batch, all of it or nothing. It is on the disk when this returns without an error.
    ///
    /// # Errors
    ///
    /// Nothing of the batch was remembered; what was there before still is. Trying again later is fine.
    pub fn write(&mut self, batch: &[Write]) -> Result<(), WriteError> {
        if batch.is_empty() {
            return Ok(());
        }
        let line = line::encode(batch).map_err(WriteError::Other)?;
        self.append(&line).map_err(|error| WriteError::new(&self.folder.join(FILE), &error))?;
        if self.journal.length() > self.rewrite_at
            && let Err(error) = self.rewrite()
        {
            // The batch itself is safe; only tidying up has to wait.
            tracing::warn!("could not tidy up the state in {}: {error}", self.folder.display());
            self.rewrite_at = self.journal.length() * 2;
        }
        Ok(())
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        if self.journal.medium().metadata()?.nlink() == 0 {
            // Somebody removed the file while we had it open.
            self.rewrite()?;
        }
        if self.journal.length() > 0 {
            return self.journal.append(line.as_bytes());
        }
        self.journal.append(format!("{HEADER}{line}").as_bytes())
    }

    /// Puts a file in place that holds what lives and nothing else.
    fn rewrite(&mut self) -> io::Result<()> {
        let mut file = self.journal.medium();
        file.rewind()?;
        let scan = line::scan(BufReader::new(file))?;
        if let Condition::Damaged(what) = scan.condition {
            return Err(io::Error::new(ErrorKind::InvalidData, what));
        }
        self.journal = replace(&self.folder, &scan.records)?;
        self.rewrite_at = threshold(&scan.records);
        Ok(())
    }
}

/// Reads the state in `dir` without touching anything: for showing it while no daemon runs. A missing file is an empty state.
///
/// # Errors
///
/// The file is there and cannot be read.
pub fn read_only(dir: &Path) -> Result<Loaded, OpenError> {
    let path = dir.join(FILE);
    let unreadable = |error: io::Error| folder::unreadable(dir, &path, &error);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Loaded::default()),
        Err(error) => return Err(unreadable(error)),
    };
    let scan = line::scan(BufReader::new(file)).map_err(unreadable)?;
    let notices = match scan.condition {
        // A line that is being written right now looks torn.
        Condition::Intact | Condition::Torn => Vec::new(),
        Condition::Damaged(what) => vec![format!("{} is damaged: {what}", path.display())],
    };
    Ok(Loaded { records: scan.records, notices })
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(0o600);
    options
}

fn threshold(records: &BTreeMap<String, String>) -> u64 {
    SMALL.max(GROWTH * line::size(records))
}

/// Writes `records` into a new file and puts it where the state is: whoever looks sees the old one or the new one.
fn replace(dir: &Path, records: &BTreeMap<String, String>) -> io::Result<Journal<File>> {
    let next = dir.join(NEXT);
    let _ = fs::remove_file(&next);
    let file = options().create_new(true).open(&next)?;
    owner::inherit(&file, &dir.join(FILE));
    let written = fill(&file, records).and_then(|length| {
        fs::rename(&next, dir.join(FILE))?;
        Ok(length)
    });
    match written {
        Ok(length) => {
            sync_folder(dir)?;
            Ok(Journal::new(file, length, false))
        }
        Err(error) => {
            let _ = fs::remove_file(&next);
            Err(error)
        }
    }
}

fn fill(file: &File, records: &BTreeMap<String, String>) -> io::Result<u64> {
    let mut out = BufWriter::new(file);
    out.write_all(HEADER.as_bytes())?;
    let mut length = HEADER.len();
    for (key, value) in records {
        let line = line::encode(&[Write::set(key, value)]).map_err(io::Error::other)?;
        out.write_all(line.as_bytes())?;
        length += line.len();
    }
    out.flush()?;
    file.sync_all()?;
    Ok(length as u64)
}

/// Keeps `file` under another name, which is returned. It also stays where it is, if the file system can do that.
fn set_aside(dir: &Path, file: &str) -> io::Result<String> {
    let name = |number: u32| format!("{file}.damaged-{number}");
    let free = (1..KEPT).find(|number| fs::symlink_metadata(dir.join(name(*number))).is_err());
    let name = name(free.unwrap_or(KEPT));
    let (from, to) = (dir.join(file), dir.join(&name));
    if free.is_none() {
        let _ = fs::remove_file(&to);
    }
    fs::hard_link(&from, &to).or_else(|_| fs::rename(&from, &to))?;
    Ok(name)
}

/// A new name in the folder is safe only when the folder is.
fn sync_folder(dir: &Path) -> io::Result<()> {
    match File::open(dir)?.sync_all() {
        // Some file systems cannot do this for folders, and need not.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests;
