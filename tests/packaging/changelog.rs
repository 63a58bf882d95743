//! CHANGELOG.md in the form of `deb-changelog(5)`.

use crate::document::{Document, Part};
use crate::metadata;

/// What `cargo-deb` adds to the version: how often this version was packaged.
const REVISION: &str = "1";

/// Longest line.
const WIDTH: usize = 80;

/// Every version that was released, the newest first.
pub(crate) fn debian() -> String {
    let changelog = Document::read("CHANGELOG.md");
    let released = changelog.parts.iter().filter_map(|part| match part {
        Part::Heading(2, title) => Some(title.plain()).filter(|title| title.contains(" - ")),
        _ => None,
    });
    released.map(|title| version(&title, changelog.below(&title))).collect::<Vec<_>>().join("\n")
}

/// One of them; its title is `[VERSION] - DAY`.
fn version(title: &str, parts: &[Part]) -> String {
    let (version, day) = title.split_once(" - ").expect("a released version has a day");
    let said = parts.iter().map(|part| match part {
        Part::Heading(_, kind) => format!("  [ {} ]\n", kind.plain()),
        Part::Point(text) | Part::Paragraph(text) => wrapped(&text.plain()),
        Part::Table(_) | Part::Code(..) => panic!("CHANGELOG.md: {title} has more than sentences"),
    });
    let (version, said, maintainer) = (version.trim_matches(['[', ']']), said.collect::<String>(), metadata::maintainer());
    format!("wanbeacon ({version}-{REVISION}) unstable; urgency=medium\n\n{said}\n -- {maintainer}  {}\n", date(day))
}

fn wrapped(text: &str) -> String {
    let mut made = String::from("  *");
    let mut column = made.len();
    for word in text.split_whitespace() {
        if column + 1 + word.chars().count() > WIDTH {
            made.push_str("\n   ");
            column = 3;
        }
        made.push(' ');
        made.push_str(word);
        column += 1 + word.chars().count();
    }
    made + "\n"
}

/// Midnight of a day, as mails write it (RFC 5322).
fn date(day: &str) -> String {
    let midnight = humantime::parse_rfc3339(&format!("{day}T00:00:00Z")).unwrap_or_else(|error| panic!("CHANGELOG.md: {day:?}: {error}"));
    httpdate::fmt_http_date(midnight).replace("GMT", "+0000")
}
