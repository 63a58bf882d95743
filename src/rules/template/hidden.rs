//! Literals in a URL that look like keys: they are sent, and shown as dots.

use super::DOTS;
use super::scan::{CLOSE, OPEN, outside};
use super::text::Part;

/// Shortest literal with a digit that is taken for a key: names of paths and scripts are shorter or have a dot.
const KEY_LENGTH: usize = 16;
/// From this length on no literal is a word.
const LONG: usize = 40;

/// An update URL for showing: what looks like a key, and what stands in front of the host, as dots; placeholders are shown.
#[must_use]
pub fn masked(url: &str) -> String {
    url.split(' ').map(masked_one).collect::<Vec<_>>().join(" ")
}

fn masked_one(url: &str) -> String {
    let (scheme, rest) = url.find("://").map_or(("", url), |at| url.split_at(at + 3));
    let end = outside(rest).find(|(_, c)| ['/', '?', '#'].contains(c)).map_or(rest.len(), |(at, _)| at);
    let (authority, mut rest) = rest.split_at(end);
    let mut masked = match authority.rsplit_once('@') {
        Some((userinfo, host)) => format!("{scheme}{}@{host}", masked_login(userinfo)),
        None => format!("{scheme}{authority}"),
    };
    // What is encoded is a login as a rule.
    while let Some((before, (inside, after))) = rest.split_once(OPEN).and_then(|(before, rest)| Some((before, rest.split_once(CLOSE)?))) {
        let inside = if only_placeholders(inside) { inside } else { DOTS };
        masked.extend([&hide(before), OPEN, inside, CLOSE]);
        rest = after;
    }
    masked + &hide(rest)
}

/// `user:password`: the password never, the user unless it may be a key.
fn masked_login(userinfo: &str) -> String {
    let (user, password) = userinfo.split_once(':').map_or((userinfo, None), |(user, password)| (user, Some(password)));
    let user = if looks_like_a_key(user) && !only_placeholders(user) { DOTS } else { user };
    match password {
        Some(password) => format!("{user}:{}", if only_placeholders(password) { password } else { DOTS }),
        None => user.to_owned(),
    }
}

/// Placeholders, and colons between them: nothing that is a secret.
fn only_placeholders(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        rest = after.strip_prefix(':').unwrap_or(after);
    }
    rest.is_empty()
}

fn hide(text: &str) -> String {
    split(text).iter().map(shown).collect()
}

fn shown(part: &Part) -> &str {
    match part {
        Part::Literal(text) => text,
        // A placeholder is no secret, whatever the parameter is called.
        Part::Hidden(text) if only_placeholders(text) => text,
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
            ("https://example.org/u?token=<pass>abc<domain>", "https://example.org/u?token=•••"),
            ("me:secret@example.org/u?ip=<ipaddr>", "me:•••@example.org/u?ip=<ipaddr>"),
            ("https://0123456789abcdef0123@example.org/u", "https://•••@example.org/u"),
            ("https://example.org/u?mail=me@example.org", "https://example.org/u?mail=me@example.org"),
            ("https://example.org/u?a=<b64>me:secret</b64>&ip=<ipaddr>", "https://example.org/u?a=<b64>•••</b64>&ip=<ipaddr>"),
            ("https://example.org/u?a=<b64><username>:<pass></b64>", "https://example.org/u?a=<b64><username>:<pass></b64>"),
            ("https://<b64><username></b64>:<pass>@example.org/u", "https://<b64><username></b64>:<pass>@example.org/u"),
        ];
        for (url, shown) in table {
            assert_eq!(masked(url), shown);
        }
    }
}
