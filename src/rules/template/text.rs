//! A text with placeholders: found once, filled as often as needed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::scan::{CLOSE, OPEN, Parser};
use super::{DOTS, Placeholder, TemplateProblem, Values, hidden};
use crate::rules::address::PerFamily;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// As [`RESERVED`]; the comma between names stays as it is.
const RESERVED_IN_NAMES: &AsciiSet = &RESERVED.remove(b',');

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

    /// What each `<b64>` span becomes: a form of a secret.
    pub(super) fn encoded_secrets(&self, values: &Values<'_>) -> Vec<String> {
        let raw = Manner { raw: true, hide_username: false };
        let spans = self.parts.iter().filter(|part| matches!(part, Part::Base64(_)));
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
        Part::Base64(_) => format!("{OPEN}{DOTS}{CLOSE}"),
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
                // Nobody encodes what is not a credential.
                (if manner.raw { text } else { encode(&text) }, true)
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
