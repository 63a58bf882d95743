//! Body → lines: limits, coding, charset, and what is no text of the protocol.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::super::dialect::{Class, Dialect, Style};
use super::words::{Line, look_up, look_up_pattern};
use super::{BODY_LIMIT, Reply, Verdict, display, http, markup};

/// What a body turned out to be.
pub(super) enum Reading {
    /// Lines of the protocol, at least one.
    Lines {
        /// In the order of the body.
        lines: Vec<Line>,
        /// Their number and order speak about the names; otherwise they were picked out of a page.
        per_line: bool,
    },
    /// Something else.
    Foreign(Foreign),
}

/// A body that is not from this protocol.
pub(super) enum Foreign {
    /// Nothing but blanks and comments.
    Empty,
    /// A page.
    Html,
    /// JSON that the dialect does not know.
    Json,
    /// Longer than [`BODY_LIMIT`].
    Oversized,
    /// In a coding that we cannot undo.
    Encoding(String),
}

impl Foreign {
    /// Does it contradict a status that means success in this dialect? (A page comes from a portal just as well.)
    pub(super) const fn spoils_status(&self) -> bool {
        matches!(self, Self::Html | Self::Oversized | Self::Encoding(_))
    }

    /// The verdict, with status 2xx.
    pub(super) fn verdict(&self, status: u16) -> Verdict {
        let of = |code: &str, hint: &str| Verdict::new(Class::ProtocolError, code).with_hint(hint);
        match self {
            Self::Empty if status == 200 => of("empty", "the reply is empty; that is no success"),
            Self::Empty => of(&http::code(status), "the reply is empty; that is no success"),
            Self::Html => {
                Verdict { portal: true, ..of("html", "a web page came instead of a reply: a captive portal, or a wrong update URL") }
            }
            Self::Json => of("json", "JSON came instead of a plain reply; check the update URL"),
            Self::Oversized => of("oversized", "the reply is longer than 64 KiB; that is no success"),
            Self::Encoding(name) => {
                of("encoding", &format!("the reply has the content coding {:?}, which nobody asked for", display::line(name)))
            }
        }
    }
}

/// Reads the body of `reply` in the dialect's style.
pub(super) fn read(dialect: &Dialect, reply: &Reply) -> Reading {
    if reply.oversized || reply.body.len() > BODY_LIMIT {
        return Reading::Foreign(Foreign::Oversized);
    }
    if let Some(name) = &reply.unknown_encoding {
        return Reading::Foreign(Foreign::Encoding(name.clone()));
    }
    let text = decode(&reply.body);
    match &dialect.reply.style {
        Style::Header(name) => match header(reply, name) {
            Some(value) => one(look_up(dialect, value)),
            None => markup::read(dialect, &text),
        },
        Style::Markup => markup::read(dialect, &text),
        Style::Json(field) if text.trim_start().starts_with(['{', '[']) => json(dialect, &text, field),
        Style::Patterns => patterns(dialect, reply, &text),
        Style::Lines | Style::Block | Style::Json(_) => plain(dialect, reply, &text),
    }
}

/// The first line with something in it, for display.
pub(super) fn first_row(reply: &Reply) -> String {
    let text = decode(&reply.body[..reply.body.len().min(BODY_LIMIT)]);
    rows(&text).next().unwrap_or_default().to_owned()
}

/// Lines without what surrounds them; blank ones and comments are dropped.
pub(super) fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\r', '\n'])
        .map(|row| row.trim_matches([' ', '\t']))
        .filter(|row| row.contains(|c: char| c.is_alphanumeric() || c.is_control() || !c.is_ascii()))
        .filter(|row| !row.starts_with(['#', ';']) && !row.starts_with("//"))
}

/// A page by its first sign.
pub(super) fn is_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

fn one(line: Line) -> Reading {
    Reading::Lines { lines: vec![line], per_line: true }
}

fn plain(dialect: &Dialect, reply: &Reply, text: &str) -> Reading {
    // Many scripts send their plain words under PHP's default type, so the type alone does not make a page.
    let typed_html = header(reply, "content-type").is_some_and(|value| value.to_ascii_lowercase().contains("html"));
    if is_page(text) || (typed_html && text.contains('<')) {
        return Reading::Foreign(Foreign::Html);
    }
    if is_json(text) {
        return Reading::Foreign(Foreign::Json);
    }
    let wanted = if dialect.reply.style == Style::Block { 1 } else { usize::MAX };
    let lines: Vec<_> = rows(text).take(wanted).map(|row| look_up(dialect, row)).collect();
    if lines.is_empty() {
        Reading::Foreign(Foreign::Empty)
    } else if typed_html && !lines.iter().any(|line| line.known) {
        Reading::Foreign(Foreign::Html)
    } else {
        Reading::Lines { lines, per_line: true }
    }
}

fn patterns(dialect: &Dialect, reply: &Reply, text: &str) -> Reading {
    let count = rows(text).count();
    let lines: Vec<_> = rows(text).filter_map(|row| look_up_pattern(dialect, row)).collect();
    if is_page(text) || lines.is_empty() {
        return plain(dialect, reply, text);
    }
    Reading::Lines { per_line: lines.len() == count, lines }
}

fn json(dialect: &Dialect, text: &str, field: &str) -> Reading {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Reading::Foreign(Foreign::Json);
    };
    let elements = match value {
        Value::Array(elements) => elements,
        single => vec![single],
    };
    let lines: Option<Vec<_>> = elements.iter().map(|element| Some(look_up(dialect, &scalar(element, field)?))).collect();
    match lines {
        Some(lines) if !lines.is_empty() => Reading::Lines { lines, per_line: true },
        _ => Reading::Foreign(Foreign::Json),
    }
}

/// The field as text; a name with slashes is a path (RFC 6901).
fn scalar(element: &Value, field: &str) -> Option<String> {
    match element.get(field).or_else(|| element.pointer(field))? {
        Value::String(text) => Some(text.trim().to_owned()),
        value @ (Value::Bool(_) | Value::Number(_)) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    // A bracket alone may begin a line: "[200 OK] nohost" (Loopia).
    text.starts_with('{') || (text.starts_with('[') && serde_json::from_str::<IgnoredAny>(text).is_ok())
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let (_, value) = reply.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    let value = value.trim();
    (!value.is_empty()).then_some(value)
}

/// A byte order mark decides; without one it is read as UTF-8, and what is none becomes U+FFFD.
fn decode(body: &[u8]) -> String {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<_> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match body {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}
