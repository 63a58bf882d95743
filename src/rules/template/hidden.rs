//! Literals in a URL that look like keys: they are sent, and shown as dots.

use super::DOTS;
use super::text::Part;

/// Shortest literal with a digit that is taken for a key: names of paths and scripts are shorter or have a dot.
const KEY_LENGTH: usize = 16;
/// From this length on no literal is a word.
const LONG: usize = 40;

/// An update URL for showing: what looks like a key, and a password in front of the host, as dots.
#[must_use]
pub fn masked(url: &str) -> String {
    let hide = |text: &str| split(text).iter().map(shown).collect::<String>();
    let one = |url: &str| {
        let Some((scheme, rest)) = url.split_once("://") else { return hide(url) };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = match authority.rsplit_once('@') {
            Some((userinfo, host)) => match userinfo.split_once(':') {
                Some((user, password)) if !password.starts_with('<') => format!("{user}:{DOTS}@{host}"),
                _ => authority.to_owned(),
            },
            None => authority.to_owned(),
        };
        format!("{scheme}://{authority}{}", hide(path))
    };
    url.split(' ').map(one).collect::<Vec<_>>().join(" ")
}

fn shown(part: &Part) -> &str {
    match part {
        Part::Literal(text) => text,
        // A placeholder is no secret, whatever the parameter is called.
        Part::Hidden(text) if text.starts_with('<') && text.ends_with('>') => text,
        Part::Hidden(_) | Part::Hole(_) | Part::Base64(_) => DOTS,
    }
}

/// Splits a literal of a path or query into what may be shown and what looks like a key.
pub(super) fn split(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut name = "";
    for piece in text.split_inclusive(['/', '?', '&', ';', '=']) {
        let value = piece.trim_end_matches(['/', '?', '&', ';', '=']);
        if !value.is_empty() && (names_a_secret(name) || looks_like_a_key(value)) {
            push(&mut parts, &mut plain);
            parts.push(Part::Hidden(value.to_owned()));
            plain.push_str(&piece[value.len()..]);
        } else {
            plain.push_str(piece);
        }
        name = if piece.ends_with('=') { value } else { "" };
    }
    push(&mut parts, &mut plain);
    parts
}

fn push(parts: &mut Vec<Part>, plain: &mut String) {
    if !plain.is_empty() {
        parts.push(Part::Literal(std::mem::take(plain)));
    }
}

/// Does a parameter or header field of this name hold a secret?
pub(in crate::rules) fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "pwd", "token", "key", "secret", "auth", "cookie"].iter().any(|word| name.contains(word))
}

fn looks_like_a_key(value: &str) -> bool {
    let opaque = |b: u8| b.is_ascii_alphanumeric() || b"-_~+%".contains(&b);
    value.len() >= LONG || value.len() >= KEY_LENGTH && value.bytes().all(opaque) && value.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_with_its_placeholders_and_without_its_keys() {
        let table = [
            ("https://dyn.example.org/u?h=<domain>&ip=<ipaddr>", "https://dyn.example.org/u?h=<domain>&ip=<ipaddr>"),
            ("https://example.org/u?token=abc&ip=<ipaddr>", "https://example.org/u?token=•••&ip=<ipaddr>"),
            (
                "https://me:secret@example.org/u http://<username>:<pass>@example.org/u",
                "https://me:•••@example.org/u http://<username>:<pass>@example.org/u",
            ),
            ("example.org/0123456789abcdef0123/<ipaddr>", "example.org/•••/<ipaddr>"),
            ("https://example.org/u?token=<pass>", "https://example.org/u?token=<pass>"),
        ];
        for (url, shown) in table {
            assert_eq!(masked(url), shown);
        }
    }
}
