//! Where placeholders stand in a text.

use super::text::Part;
use super::{Placeholder, TemplateProblem, quoted};

pub(super) const OPEN: &str = "<b64>";
pub(super) const CLOSE: &str = "</b64>";

/// The characters of `text` that stand outside of placeholders and `<b64>` spans, with their byte offsets.
pub(super) fn outside(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut resume = 0;
    text.char_indices().filter(move |&(at, c)| {
        if at < resume {
            return false;
        }
        resume = at + if c == '<' { atom_length(&text[at..]) } else { 0 };
        resume <= at
    })
}

/// Length of the placeholder or `<b64>` span at the start of `text`, which begins with `<`; 0 if it is neither.
fn atom_length(text: &str) -> usize {
    if text.starts_with(OPEN)
        && let Some(end) = text.find(CLOSE)
    {
        return end + CLOSE.len();
    }
    match text[1..].find(['<', '>']) {
        Some(end) if text[1 + end..].starts_with('>') => end + 2,
        _ => 0,
    }
}

/// Finds the placeholders of a text that begins at byte `base` of a longer one.
pub(super) struct Parser<'a> {
    pub text: &'a str,
    pub base: usize,
    pub problems: &'a mut Vec<TemplateProblem>,
}

impl Parser<'_> {
    pub(super) fn parse(mut self) -> Vec<Part> {
        let text = self.text;
        let mut parts = Vec::new();
        // What stood before an open <b64>, and where that is.
        let mut outer: Option<(usize, Vec<Part>)> = None;
        let mut at = 0;
        while let Some(length) = text[at..].find('<') {
            push_literal(&mut parts, &text[at..at + length]);
            at += length;
            let inside = &text[at + 1..];
            let Some(end) = inside.find(['<', '>']).filter(|end| inside[*end..].starts_with('>')) else {
                self.problem(at, "a \"<\" has no \">\"; write %3C if it belongs to the text");
                at += 1;
                continue;
            };
            match &inside[..end] {
                "b64" if outer.is_some() => self.problem(at, "<b64> stands inside <b64>; close the first one with </b64>"),
                "b64" => outer = Some((at, std::mem::take(&mut parts))),
                "/b64" => match outer.take() {
                    Some((_, before)) => {
                        let inner = std::mem::replace(&mut parts, before);
                        parts.push(Part::Base64(inner));
                    }
                    None => self.problem(at, "</b64> has no <b64> before it; write <b64>…</b64> around the text to encode"),
                },
                name => match Placeholder::NAMES.iter().find(|(known, _)| *known == name) {
                    Some((_, placeholder)) => parts.push(Part::Hole(*placeholder)),
                    None => self.problem(at, unknown(name)),
                },
            }
            at += end + 2;
        }
        push_literal(&mut parts, &text[at..]);
        if let Some((open, _)) = outer {
            self.problem(open, "<b64> is not closed; write </b64> after the text to encode");
        }
        parts
    }

    fn problem(&mut self, at: usize, message: impl Into<String>) {
        self.problems.push(TemplateProblem::new(self.base + at, message));
    }
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
}

/// The message about an unknown placeholder, with the known one that looks most like it.
fn unknown(name: &str) -> String {
    /// How alike two names must be for one to be proposed in place of the other; below, proposals are noise.
    const ALIKE: f64 = 0.75;
    let likeness = |known: &str| strsim::jaro_winkler(known, &name.to_lowercase());
    let nearest = Placeholder::NAMES.iter().map(|(known, _)| (likeness(known), *known)).max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest.filter(|(likeness, _)| *likeness >= ALIKE) {
        Some((_, known)) => format!("unknown placeholder <{}>; did you mean <{known}>?", shown(name)),
        None => format!(
            "unknown placeholder <{}>; replace it by the value that belongs there (known are <domain>, <ipaddr>, <ip6addr>, \
             <ip6lanprefix>, <username>, <pass>, <passwd>, <dualstack> and <b64>…</b64>)",
            shown(name)
        ),
    }
}

/// A name inside of angle brackets: escaped and capped, without the quotes.
fn shown(name: &str) -> String {
    quoted(name).replace('"', "")
}
