//! The file of known boxes: one line per host, `HOST FINGERPRINT` or `HOST%INTERFACE FINGERPRINT`; `#` begins a remark.

use std::io;
use std::path::Path;

use crate::rules::fingerprint::Fingerprint;
use crate::tr064::keep;

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
        let (known, damaged) = Self::load(file)?;
        if !damaged.is_empty() {
            tracing::warn!("{}: line {damaged:?} is not HOST FINGERPRINT and is not used; its box counts as new", file.display());
            if let Err(error) = Self::change(file, |_| true) {
                tracing::warn!("could not mark the damaged lines: {error}");
            }
        }
        Ok(known)
    }

    fn load(file: &Path) -> Result<(Self, Vec<usize>), String> {
        let text = keep::read(file).map_err(|error| {
            format!(
                "failed to read the known boxes {}: {error}; give the file to the user that wanbeacon runs as (chown), \
                 or set [fritzbox] tls_fingerprint",
                file.display()
            )
        })?;
        Ok(Self::parse(&text.unwrap_or_default()))
    }

    /// Reads the file and writes it again if `change` says so, while nobody else does.
    fn change(file: &Path, change: impl FnOnce(&mut Self) -> bool) -> Result<(), String> {
        let failed = |error: io::Error| format!("could not write {}: {error}", file.display());
        let _lock = keep::lock(file).map_err(failed)?;
        let (mut known, _) = Self::load(file)?;
        if change(&mut known) { keep::replace(file, &known.text()).map_err(failed) } else { Ok(()) }
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

    /// Every certificate.
    pub(super) fn all(&self) -> impl Iterator<Item = Fingerprint> {
        self.lines.iter().filter_map(|line| match line {
            Line::Box(_, fingerprint) => Some(*fingerprint),
            Line::Remark(_) => None,
        })
    }

    /// Adds a box to the file, unless it is there already, and gives what stands there then.
    pub(super) fn add(file: &Path, host: &str, fingerprint: Fingerprint) -> Result<Fingerprint, String> {
        let mut first = fingerprint;
        Self::change(file, |known| {
            let found = known.find(host);
            first = found.unwrap_or(fingerprint);
            if found.is_none() {
                known.lines.push(Line::Box(host.to_owned(), fingerprint));
            }
            found.is_none()
        })?;
        Ok(first)
    }

    fn text(&self) -> String {
        let line = |line: &Line| match line {
            Line::Box(host, fingerprint) => format!("{host} {fingerprint}\n"),
            Line::Remark(remark) => format!("{remark}\n"),
        };
        self.lines.iter().map(line).collect()
    }
}
