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
    let mut made = String::new();
    for part in &changelog.parts {
        let Part::Heading(2, title) = part else { continue };
        let title = title.plain();
        let Some((version, day)) = title.split_once(" - ") else { continue };
        let version = version.trim_matches(['[', ']']);
        made.push_str(&format!("wanbeacon ({version}-{REVISION}) unstable; urgency=medium\n\n"));
        for part in changelog.below(&title) {
            match part {
                Part::Heading(_, kind) => made.push_str(&format!("  [ {} ]\n", kind.plain())),
                Part::Point(text) => made.push_str(&wrapped(&text.plain())),
                Part::Paragraph(text) => made.push_str(&wrapped(&text.plain())),
                Part::Table(_) | Part::Code(..) => panic!("a changelog has sentences"),
            }
        }
        made.push_str(&format!("\n -- {}  {}\n\n", metadata::maintainer(), date(day)));
    }
    made.trim_end().to_owned() + "\n"
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
