//! The file of known boxes: one line per host, `HOST FINGERPRINT` or `HOST%INTERFACE FINGERPRINT`; `#` begins a remark.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::rules::fingerprint::Fingerprint;

/// Most bytes that are read: ten thousand boxes.
const LONGEST: u64 = 1024 * 1024;

/// Begins a line that could not be read, so that it is not looked at again.
const DAMAGED: &str = "# damaged: ";

/// The content of the file.
#[derive(Debug, Default)]
pub(super) struct KnownBoxes {
    lines: Vec<Line>,
}

#[derive(Debug)]
enum Line {
    Box(String, Fingerprint),
    Remark(String),
}

/// The name of a box as it is compared: names of hosts have no case, those of interfaces do.
pub(super) fn folded(name: &str) -> String {
    let (host, interface) = name.split_at(name.find('%').unwrap_or(name.len()));
    format!("{}{interface}", host.to_ascii_lowercase())
}

impl KnownBoxes {
    /// Reads the file; none is an empty one. Damaged lines become remarks, with a notice.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let failed = |error: io::Error| {
            format!("failed to read the known boxes {}: {error}; make it readable, or set [fritzbox] tls_fingerprint", file.display())
        };
        match File::open(file) {
            Ok(open) => open.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
        };
        let (known, damaged) = Self::parse(&String::from_utf8_lossy(&bytes));
        if !damaged.is_empty() {
            tracing::warn!("{}: line {damaged:?} is not HOST FINGERPRINT and is not used; its box counts as new", file.display());
            if let Err(error) = known.write(file) {
                tracing::warn!("could not mark the damaged lines: {error}");
            }
        }
        Ok(known)
    }

    /// The lines, and the numbers of those that are damaged.
    fn parse(text: &str) -> (Self, Vec<usize>) {
        let mut damaged = Vec::new();
        let line = |(index, text): (usize, &str)| {
            let mut words = text.split_whitespace();
            let found = match (words.next(), words.next().map(Fingerprint::parse), words.next()) {
                (Some(host), Some(Ok(fingerprint)), None) if !host.starts_with('#') => Some(Line::Box(folded(host), fingerprint)),
                (None, ..) => Some(Line::Remark(String::new())),
                (Some(word), ..) if word.starts_with('#') => Some(Line::Remark(text.to_owned())),
                _ => None,
            };
            found.unwrap_or_else(|| {
                damaged.push(index + 1);
                Line::Remark(format!("{DAMAGED}{text}"))
            })
        };
        let lines = text.lines().enumerate().map(line).collect();
        (Self { lines }, damaged)
    }

    /// What is known of `host`, [`folded`]. The first line counts.
    pub(super) fn find(&self, host: &str) -> Option<Fingerprint> {
        self.lines.iter().find_map(|line| match line {
            Line::Box(known, fingerprint) if known == host => Some(*fingerprint),
            _ => None,
        })
    }

    /// Adds a box to the file, unless it is there already, and gives what stands there then.
    pub(super) fn add(file: &Path, host: &str, fingerprint: Fingerprint) -> Result<Fingerprint, String> {
        let mut known = Self::read(file)?;
        if let Some(first) = known.find(host) {
            return Ok(first);
        }
        known.lines.push(Line::Box(host.to_owned(), fingerprint));
        known.write(file).map_err(|error| format!("could not write {}: {error}", file.display()))?;
        Ok(fingerprint)
    }

    /// Whole or not at all: beside the file first, then in its place.
    fn write(&self, file: &Path) -> io::Result<()> {
        let line = |line: &Line| match line {
            Line::Box(host, fingerprint) => format!("{host} {fingerprint}\n"),
            Line::Remark(remark) => format!("{remark}\n"),
        };
        let text = self.lines.iter().map(line).collect::<Vec<_>>().concat();
        let beside = file.with_extension(format!("{}.new", std::process::id()));
        // A run that was killed may have left one.
        let _ = fs::remove_file(&beside);
        let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        let written = open.write_all(text.as_bytes()).and_then(|()| open.sync_all()).and_then(|()| fs::rename(&beside, file));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }
}
