//! `[wan]` and `[wan.NAME]`: the lines, and which of them an entry follows.

use crate::rules::address::PerFamily;
use crate::rules::consensus::{Line, Source};

use super::file::{RawEntry, RawLine, RawLines};
use super::problem::{Origin, Place, Report, quoted, suggestion};
use super::reader::Key;
use super::source;

/// The name of the line that `[wan]` describes.
pub(super) const DEFAULT_LINE: &str = "default";

/// Most names that a message lists.
const LISTED: usize = 8;

/// A line, and where it was written.
pub(super) struct Described {
    pub(super) line: Line,
    place: Place,
    /// The key `interface`, if it is there; it may be a bad one.
    interface: Option<Place>,
}

/// Checks every line. There is at least one.
pub(super) fn lines(raw: RawLines, report: &mut Report<'_>) -> Vec<Described> {
    let RawLines { own, named } = raw;
    let mut found = Vec::new();
    // `[wan]` without a key beside named lines is only the room that they are in.
    let says_something = !(own.interface.is_absent() && own.ipv4.is_absent() && own.ipv6.is_absent());
    if named.is_empty() || says_something {
        found.push(described(DEFAULT_LINE.into(), own, report));
    }
    for (name, raw) in named {
        check_name(&name, &raw.place, report);
        let line = described(name, raw, report);
        match found.iter().find(|other| other.line.name == line.line.name) {
            // No other name can be there twice.
            Some(other) => {
                let message = format!("this is the line of [wan], see {}", report.elsewhere(&other.place));
                report.error(&line.place, message, "write its keys in one of the two places, or give this line another name");
            }
            None => found.push(line),
        }
    }
    compare(&found, report);
    found
}

fn described(name: String, raw: RawLine, report: &mut Report<'_>) -> Described {
    let RawLine { place, interface, ipv4, ipv6 } = raw;
    let own = interface.given().and_then(|text| source::interface(text.value.trim(), &text.place, report));
    let lists = PerFamily { v4: ipv4, v6: ipv6 };
    let sources = PerFamily::from_fn(|family| source::sources(&lists[family], family, own.as_deref(), report));
    let interface = match interface {
        Key::Absent => None,
        Key::Bad => Some(place.clone()),
        Key::Given(text) => Some(text.place),
    };
    Described { line: Line { name, interface: own, sources }, place, interface }
}

fn check_name(name: &str, place: &Place, report: &mut Report<'_>) {
    let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !fits {
        let message = format!("{} is not the name of a line", quoted(name));
        report.error(place, message, "letters, digits, \"-\" and \"_\" were expected, such as [wan.cable]");
    }
}

/// Says which lines cannot be told apart.
fn compare(lines: &[Described], report: &mut Report<'_>) {
    for (index, Described { line, place, interface }) in lines.iter().enumerate() {
        let before = &lines[..index];
        if let (Some(name), Some(key)) = (&line.interface, interface) {
            if let Some(other) = before.iter().find(|other| other.line.interface.as_ref() == Some(name)) {
                let message =
                    format!("{} is the interface of {} as well, see {}", quoted(name), shown(other), report.elsewhere(&other.place));
                report.warn(key, message, "name the way out of this line, or keep one of the two");
            }
        } else if interface.is_none() && asks_around(line) {
            let rival = before.iter().find(|other| other.interface.is_none() && asks_around(&other.line));
            if let Some(other) = rival {
                let message = format!("neither this line nor {} names its way out, so both would see the same address", shown(other));
                report.warn(place, message, "write interface = \"…\" in each of them");
            }
        }
    }
}

/// Does what this line sees depend on the way that the questions take?
fn asks_around(line: &Line) -> bool {
    let open = |source: &Source| source.outside() || source.router() || *source == Source::Interface(None);
    line.sources.iter().any(|(_, sources)| sources.iter().any(open))
}

/// As the file names it.
fn shown(described: &Described) -> String {
    format!("[{}]", described.place.key)
}

/// The line that `entry` follows. `None` after a problem.
pub(super) fn choose<'l>(lines: &'l [Described], entry: &RawEntry, report: &mut Report<'_>) -> Option<&'l Line> {
    let named = |name: &str| lines.iter().map(|it| &it.line).find(|line| line.name == name);
    match &entry.wan {
        Key::Bad => None,
        Key::Given(text) => {
            let found = named(&text.value);
            if found.is_none() && !report.broken() {
                let hint = suggestion(&text.value, names(lines));
                let message = format!("there is no line {}{hint}", quoted(&text.value));
                report.error(&text.place, message, format!("describe it in [wan.NAME], or write {}", listed(lines)));
            }
            found
        }
        Key::Absent => {
            let found = if let [only] = lines { Some(&only.line) } else { named(DEFAULT_LINE) };
            if found.is_none() {
                choice_is_missing(lines, entry, report);
            }
            found
        }
    }
}

fn choice_is_missing(lines: &[Described], entry: &RawEntry, report: &mut Report<'_>) {
    let several = format!("there are several lines, {}", listed(lines));
    if matches!(entry.place.origin, Origin::Text(_)) {
        report.missing(&entry.place, "wan", format!("{several}: choose one with wan = \"…\""));
    } else {
        report.error(&entry.place, several, "write this entry in the file, with wan = \"…\", or describe a line for it in [wan]");
    }
}

/// Where the lines are described that have the source `wanted`.
pub(super) fn with_source<'l>(lines: &'l [Described], wanted: &'l Source) -> impl Iterator<Item = &'l Place> {
    lines.iter().filter(|it| it.line.sources.iter().any(|(_, sources)| sources.contains(wanted))).map(|it| &it.place)
}

/// Warns of lines that nobody follows. `chosen` has one element for each entry.
pub(super) fn warn_of_idle(lines: &[Described], chosen: &[Option<&Line>], report: &mut Report<'_>) {
    // Without an entry there is more to say, and who chose wrongly may have meant any of them.
    if chosen.is_empty() || chosen.contains(&None) {
        return;
    }
    for idle in lines.iter().filter(|it| !chosen.contains(&Some(&it.line))) {
        let name = quoted(&idle.line.name);
        report.warn(&idle.place, "no entry follows this line", format!("write wan = {name} in an entry, or remove it"));
    }
}

fn names(lines: &[Described]) -> impl Iterator<Item = &str> {
    lines.iter().map(|it| it.line.name.as_str())
}

/// The names in quotes, for a choice.
fn listed(lines: &[Described]) -> String {
    let mut all: Vec<String> = names(lines).take(LISTED).map(quoted).collect();
    if lines.len() > LISTED {
        all.push("…".into());
    }
    match all.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => all.concat(),
    }
}

#[cfg(test)]
mod tests;
