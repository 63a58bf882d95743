//! What is wrong with a configuration, where, and what to do about it.

use std::fmt;

use super::overlay::OVERLAY;

/// How much a [`Problem`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, but the operator should know.
    Warning,
}

/// One thing that is wrong. Never holds a secret.
///
/// Shown as `file:line:column: key: message; remedy`, with `warning: ` before the key if it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// File name as it was given, "environment", or "overlay.toml".
    pub file: String,
    /// Line from 1; 0 if there is no place in a text.
    pub line: usize,
    /// Column from 1, in characters; 0 if there is no place in a text.
    pub column: usize,
    /// Path of the key, such as `ddns[0].password` (counted from 0), or the name of a variable; may be empty.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        if self.severity == Severity::Warning {
            f.write_str(" warning:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.message)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Path of the key, or the variable's name.
    pub(super) key: String,
    pub(super) origin: Origin,
}

/// What a value was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The file, at this byte offset.
    Text(usize),
    /// A variable.
    Environment,
    /// The overlay, which a program wrote: its keys say enough.
    Overlay,
}

impl Place {
    /// The beginning of the file; `key` is empty or that of a table which is not there.
    pub(super) fn top(key: &str) -> Self {
        Self { key: key.into(), origin: Origin::Text(0) }
    }

    /// A variable.
    pub(super) fn variable(name: impl Into<String>) -> Self {
        Self { key: name.into(), origin: Origin::Environment }
    }

    /// A key of the overlay.
    pub(super) fn overlay(key: &str) -> Self {
        Self { key: key.into(), origin: Origin::Overlay }
    }

    /// The place of the key `name` inside this one, as far as it is known: that of the surrounding table.
    pub(super) fn child(&self, name: &str) -> Self {
        let key = match (self.origin, self.key.as_str()) {
            (Origin::Environment, prefix) => format!("{prefix}{}", name.to_uppercase()),
            (_, "") => bare(name),
            (_, path) => format!("{path}.{}", bare(name)),
        };
        Self { key, origin: self.origin }
    }

    /// Element `index` of the list here.
    pub(super) fn element(&self, index: usize) -> Self {
        Self { key: format!("{}[{index}]", self.key), origin: self.origin }
    }

    /// The same key at another byte offset.
    pub(super) fn moved(&self, offset: usize) -> Self {
        Self { key: self.key.clone(), origin: Origin::Text(offset) }
    }
}

/// A key as TOML writes it: quoted if it must be.
fn bare(name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain && name.len() <= SHOWN { name.into() } else { quoted(name) }
}

/// Most characters of the operator's text that a message repeats.
const SHOWN: usize = 80;

/// `text` in quotes, escaped, cut after [`SHOWN`] characters.
pub(super) fn quoted(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(SHOWN).collect();
    format!("{head:?}…")
}

/// `, did you mean "…"?` if one of `known` is close to `text`, else nothing.
pub(super) fn suggestion(text: &str, known: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    closest(text, known).map_or_else(String::new, |name| format!(", did you mean {:?}?", name.as_ref()))
}

fn closest<T: AsRef<str>>(text: &str, known: impl IntoIterator<Item = T>) -> Option<T> {
    // Below this likeness a suggestion would only confuse.
    const ALIKE: f64 = 0.8;
    let text = text.to_lowercase();
    // A name of kilobytes is no typing error, and comparing it would take long.
    if text.len() > SHOWN {
        return None;
    }
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&text, &name.as_ref().to_lowercase()), name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// Collects the problems of one load.
pub(super) struct Report<'t> {
    file: &'t str,
    text: &'t str,
    line_starts: Vec<usize>,
    found: Vec<Problem>,
    /// Lines with broken syntax: what else is said about them would be guesswork.
    broken: Vec<usize>,
}

impl<'t> Report<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, text, line_starts, found: Vec::new(), broken: Vec::new() }
    }

    /// The text the offsets point into.
    pub(super) const fn text(&self) -> &'t str {
        self.text
    }

    /// Something that makes the configuration unusable.
    pub(super) fn error(&mut self, place: &Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Error, place, message.into(), remedy.into());
    }

    /// Something the operator should know.
    pub(super) fn warn(&mut self, place: &Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Warning, place, message.into(), remedy.into());
    }

    /// A key that has to be there is not. Says nothing if the syntax is broken: it may be in the broken part.
    pub(super) fn missing(&mut self, table: &Place, name: &str, remedy: impl Into<String>) {
        if !self.broken() {
            self.error(&table.child(name), "missing", remedy);
        }
    }

    /// Broken syntax at `offset`.
    pub(super) fn syntax(&mut self, offset: usize, message: &str) {
        self.error(&Place::top("").moved(offset), message, "");
        let (line, _) = self.position(offset);
        self.broken.push(line);
    }

    /// Is the syntax broken? Then what nobody finds may be in the broken part.
    pub(super) const fn broken(&self) -> bool {
        !self.broken.is_empty()
    }

    /// Is there an error?
    pub(super) fn failed(&self) -> bool {
        self.found.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// How much was found so far.
    pub(super) const fn count(&self) -> usize {
        self.found.len()
    }

    /// Forgets everything but the first `count`.
    pub(super) fn forget_after(&mut self, count: usize) {
        self.found.truncate(count);
    }

    /// Everything found, in the order of the text, what stands in no text last.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| (problem.line == 0, problem.line, problem.column));
        self.found.dedup();
        self.found
    }

    /// "line 3", or what has no lines: for a message about another place.
    pub(super) fn elsewhere(&self, place: &Place) -> String {
        match place.origin {
            Origin::Text(offset) => format!("line {}", self.position(offset).0),
            Origin::Environment => "the environment".into(),
            Origin::Overlay => OVERLAY.into(),
        }
    }

    fn add(&mut self, severity: Severity, place: &Place, message: String, remedy: String) {
        let ((line, column), file) = match place.origin {
            Origin::Text(offset) => (self.position(offset), self.file),
            Origin::Environment => ((0, 0), "environment"),
            Origin::Overlay => ((0, 0), OVERLAY),
        };
        if self.broken.contains(&line) {
            return;
        }
        self.found.push(Problem { severity, file: file.into(), line, column, key: place.key.clone(), message, remedy });
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1];
        // A span may end inside a character only in a damaged text; then the start of the line is near enough.
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }
}
