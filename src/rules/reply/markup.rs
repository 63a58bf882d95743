//! HTML and XML, opened for dialects that speak it only.

use std::time::Duration;

use super::super::dialect::Dialect;
use super::body::{Foreign, Reading, is_page, rows};
use super::words::{Line, look_up, look_up_number, look_up_pattern};

/// Tags that stand inside a sentence: what follows them is not at a line start.
const INLINE: [&str; 12] = ["a", "b", "big", "code", "em", "font", "i", "small", "span", "strong", "tt", "u"];

/// Elements whose text nobody reads as the page's statement.
const SKIPPED: [&str; 3] = ["script", "style", "title"];

/// Reads a page: result tags if there are any, else the dialect's words at line start.
pub(super) fn read(dialect: &Dialect, text: &str) -> Reading {
    let page = split(text);
    let results: Vec<_> = page.tags.iter().filter_map(|tag| result(dialect, tag)).collect();
    if !results.is_empty() {
        return Reading::Lines { lines: results, per_line: true };
    }
    let mut lines: Vec<_> = rows(&page.text).filter_map(|row| look_up_pattern(dialect, row)).collect();
    if lines.is_empty() && is_page(text) {
        return Reading::Foreign(Foreign::Html);
    }
    if lines.is_empty() {
        lines.extend(rows(&page.text).next().map(|row| look_up(dialect, row)));
    }
    if lines.is_empty() {
        return Reading::Foreign(Foreign::Empty);
    }
    Reading::Lines { per_line: lines.len() == 1, lines }
}

/// `<SUCCESS CODE="200" …>` and `<ERROR CODE="702" PARAM="600" …>`: the number is the word, PARAM the wait in seconds.
fn result(dialect: &Dialect, tag: &str) -> Option<Line> {
    let name = name(tag);
    if name != "success" && name != "error" {
        return None;
    }
    let number = attribute(tag, "code")?;
    let wait = attribute(tag, "param").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    Some(look_up_number(dialect, number.trim(), tag, wait))
}

struct Page<'a> {
    /// The insides of the tags.
    tags: Vec<&'a str>,
    /// The text between them.
    text: String,
}

fn split(mut rest: &str) -> Page<'_> {
    let mut page = Page { tags: Vec::new(), text: String::new() };
    while let Some((before, after)) = rest.split_once('<') {
        page.text.push_str(before);
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        let (tag, behind) = cut_tag(after);
        let name = name(tag);
        if !INLINE.contains(&name.trim_start_matches('/')) {
            page.text.push('\n');
        }
        rest = if SKIPPED.contains(&name.as_str()) { behind_element(behind, &name) } else { behind };
        page.tags.push(tag);
    }
    page.text.push_str(rest);
    page
}

/// The inside of a tag, and what follows its end; an end inside of quotes does not count.
fn cut_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return (&text[..at], &text[at + 1..]),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    (text, "")
}

/// The name of a tag in lower case; a closing tag keeps its slash.
fn name(tag: &str) -> String {
    let end = tag.char_indices().find(|(at, c)| !(c.is_ascii_alphanumeric() || (*at == 0 && *c == '/')));
    tag[..end.map_or(tag.len(), |(at, _)| at)].to_ascii_lowercase()
}

/// Everything from the end of element `name` on.
fn behind_element<'a>(text: &'a str, name: &str) -> &'a str {
    let closing = format!("</{name}");
    text.to_ascii_lowercase().find(&closing).map_or("", |at| &text[at..])
}

/// The value of an attribute, quoted or not.
fn attribute<'a>(tag: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = tag.split_once(char::is_whitespace)?.1;
    loop {
        let (key, behind) = rest.split_once('=')?;
        let behind = behind.trim_start();
        let (value, after) = match behind.chars().next()? {
            quote @ ('"' | '\'') => behind[1..].split_once(quote)?,
            _ => behind.split_once(char::is_whitespace).unwrap_or((behind, "")),
        };
        if key.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}
