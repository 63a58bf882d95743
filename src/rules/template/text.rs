//! A text with placeholders: found once, filled as often as needed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{DOTS, Placeholder, TemplateProblem, Values, hidden, quoted};
use crate::rules::address::PerFamily;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// As [`RESERVED`]; the comma between names stays as it is.
const RESERVED_IN_NAMES: &AsciiSet = &RESERVED.remove(b',');

const OPEN: &str = "<b64>";
const CLOSE: &str = "</b64>";

/// A text with placeholders, parsed. `Debug` shows nothing of it: a header or body may hold a key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Literal(String),
    /// A literal that looks like a key: sent as it is, shown as dots.
    Hidden(String),
    Hole(Placeholder),
    Base64(Vec<Part>),
}

/// How values are written into a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    /// Insert everything as it is.
    pub raw: bool,
    /// The user name is a token: show it as dots.
    pub hide_username: bool,
}

/// A text filled twice: as it is sent and as it may be shown.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub real: String,
    pub shown: String,
}

impl Text {
    /// Finds the placeholders of `text`.
    ///
    /// # Errors
    ///
    /// Every unknown placeholder and every `<b64>` that is not balanced.
    pub fn parse(text: &str) -> Result<Self, Vec<TemplateProblem>> {
        let mut problems = Vec::new();
        let parts = Parser { text, base: 0, problems: &mut problems }.parse();
        if problems.is_empty() { Ok(Self { parts }) } else { Err(problems) }
    }

    /// As [`Text::parse`] for a piece that begins at byte `base` of a longer text.
    pub(super) fn parse_piece(text: &str, base: usize, problems: &mut Vec<TemplateProblem>) -> Self {
        Self { parts: Parser { text, base, problems }.parse() }
    }

    /// Does the placeholder occur?
    #[must_use]
    pub fn uses(&self, placeholder: Placeholder) -> bool {
        uses(&self.parts, placeholder)
    }

    /// The families whose address or prefix the text carries.
    #[must_use]
    pub fn address_families(&self) -> PerFamily<bool> {
        PerFamily::from_fn(|family| {
            Placeholder::NAMES.into_iter().any(|(_, placeholder)| placeholder.family() == Some(family) && self.uses(placeholder))
        })
    }

    /// The text with every value inserted as it is.
    ///
    /// # Errors
    ///
    /// Names the value that is missing.
    pub fn expand(&self, values: &Values<'_>) -> Result<String, String> {
        Ok(self.fill(values, Manner { raw: true, hide_username: false })?.real)
    }

    pub(super) fn fill(&self, values: &Values<'_>, manner: Manner) -> Result<Filled, String> {
        let mut filled = Filled::default();
        fill(&self.parts, values, manner, &mut filled)?;
        Ok(filled)
    }

    /// Marks the literals that look like keys as hidden.
    pub(super) fn hide_keys(self) -> Self {
        let parts = self.parts.into_iter().flat_map(|part| match part {
            Part::Literal(text) => hidden::split(&text),
            other => vec![other],
        });
        Self { parts: parts.collect() }
    }

    /// Literals that look like keys.
    pub(super) fn hidden(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| if let Part::Hidden(text) = part { Some(text.as_str()) } else { None })
    }

    /// As written, with hidden literals as dots.
    pub(super) fn outline(&self) -> String {
        outline(&self.parts)
    }

    /// What each `<b64>` span that holds the password becomes: a form of the secret.
    pub(super) fn encoded_secrets(&self, values: &Values<'_>) -> Vec<String> {
        let raw = Manner { raw: true, hide_username: false };
        let spans = self.parts.iter().filter(|part| matches!(part, Part::Base64(inner) if uses(inner, Placeholder::Password)));
        spans
            .filter_map(|part| {
                let mut filled = Filled::default();
                fill(std::slice::from_ref(part), values, raw, &mut filled).ok().map(|()| filled.real)
            })
            .collect()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").finish_non_exhaustive()
    }
}

/// `text` with everything outside RFC 3986's unreserved characters percent-encoded.
pub(in crate::rules) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

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

fn uses(parts: &[Part], placeholder: Placeholder) -> bool {
    parts.iter().any(|part| match part {
        Part::Hole(hole) => *hole == placeholder,
        Part::Base64(inner) => uses(inner, placeholder),
        Part::Literal(_) | Part::Hidden(_) => false,
    })
}

fn outline(parts: &[Part]) -> String {
    let piece = |part: &Part| match part {
        Part::Literal(text) => text.clone(),
        Part::Hidden(_) => DOTS.to_owned(),
        Part::Hole(hole) => {
            let name = Placeholder::NAMES.iter().find(|(_, placeholder)| placeholder == hole);
            format!("<{}>", name.map_or("", |(name, _)| name))
        }
        Part::Base64(inner) => format!("{OPEN}{}{CLOSE}", outline(inner)),
    };
    parts.iter().map(piece).collect()
}

fn fill(parts: &[Part], values: &Values<'_>, manner: Manner, out: &mut Filled) -> Result<(), String> {
    for part in parts {
        let (real, secret) = match part {
            Part::Literal(text) => (text.clone(), false),
            Part::Hidden(text) => (text.clone(), true),
            Part::Hole(hole) => value(*hole, values, manner)?,
            Part::Base64(inner) => {
                let mut filled = Filled::default();
                fill(inner, values, Manner { raw: true, ..manner }, &mut filled)?;
                let text = STANDARD.encode(&filled.real);
                (if manner.raw { text } else { encode(&text) }, filled.real != filled.shown)
            }
        };
        out.shown.push_str(if secret && !real.is_empty() { DOTS } else { &real });
        out.real.push_str(&real);
    }
    Ok(())
}

/// The text for a placeholder, and whether it is a secret.
fn value(hole: Placeholder, values: &Values<'_>, manner: Manner) -> Result<(String, bool), String> {
    let written = |text: &str, set| {
        if manner.raw { text.to_owned() } else { utf8_percent_encode(text, set).to_string() }
    };
    let needs = |what: &str| format!("the template needs {what}, and none is known; nothing is sent with an empty value");
    Ok(match hole {
        Placeholder::Domain if values.domain.is_empty() => return Err(needs("a name (<domain>)")),
        Placeholder::Domain => (written(values.domain, RESERVED_IN_NAMES), false),
        Placeholder::Ipv4 => (values.ipv4.ok_or_else(|| needs("an IPv4 address (<ipaddr>)"))?.to_string(), false),
        Placeholder::Ipv6 => (values.ipv6.ok_or_else(|| needs("an IPv6 address (<ip6addr>)"))?.to_string(), false),
        Placeholder::LanPrefix => {
            let prefix = values.lan_prefix.ok_or_else(|| needs("the prefix of the LAN (<ip6lanprefix>)"))?;
            (if values.bare_prefix { prefix.network.to_string() } else { prefix.to_string() }, false)
        }
        Placeholder::Username => (written(values.username, RESERVED), manner.hide_username),
        Placeholder::Password => (written(values.password, RESERVED), true),
        Placeholder::Dualstack => (u8::from(values.dualstack).to_string(), false),
    })
}

struct Parser<'a> {
    text: &'a str,
    base: usize,
    problems: &'a mut Vec<TemplateProblem>,
}

impl Parser<'_> {
    fn parse(mut self) -> Vec<Part> {
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
