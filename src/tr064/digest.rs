//! Digest login (RFC 7616; RFC 2617 and RFC 2069 for what is older). PURE: the client's nonce is handed in.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::rules::secret::Secret;

/// Longest list of parameters that is read: servers send about seven per scheme.
const PARAMETERS: usize = 64;

/// Hash functions that are understood, the better one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// MD5: what FRITZ!OS offers.
    Md5,
}

impl Hash {
    /// The hash of `text` in lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(self, text: &str) -> String {
        let mut digits = String::new();
        let bytes = match self {
            Self::Sha256 => Sha256::digest(text).to_vec(),
            Self::Md5 => Md5::digest(text).to_vec(),
        };
        for byte in bytes {
            let _infallible = write!(digits, "{byte:02x}");
        }
        digits
    }
}

/// A server's demand for a digest login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    /// The value of `algorithm` as it was sent; `None`: none was.
    algorithm: Option<String>,
    session: bool,
    /// `qop=auth`; without it the form of RFC 2069.
    auth: bool,
    /// Only the nonce was too old, the login is right.
    pub stale: bool,
}

/// Who logs in.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// User name.
    pub name: &'a str,
    /// Password.
    pub password: &'a Secret,
}

impl Challenge {
    /// The best challenge that can be answered among the values of `WWW-Authenticate`; each may hold several.
    #[must_use]
    pub fn choose(fields: &[&str]) -> Option<Self> {
        // The first of the equally good ones.
        fields.iter().flat_map(|field| challenges(field)).filter_map(|found| Self::read(&found)).min_by_key(|challenge| challenge.hash)
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        if !found.scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let get = |name: &str| found.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        let algorithm = get("algorithm");
        let upper = algorithm.as_deref().unwrap_or("MD5").to_ascii_uppercase();
        let (name, session) = upper.strip_suffix("-SESS").map_or((upper.as_str(), false), |name| (name, true));
        let hash = match name {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            _ => return None,
        };
        let auth = match get("qop") {
            // auth-int alone is not spoken.
            Some(list) => list.split(',').any(|option| option.trim().eq_ignore_ascii_case("auth")).then_some(true)?,
            None => false,
        };
        let stale = get("stale").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Some(Self { realm: get("realm")?, nonce: get("nonce")?, opaque: get("opaque"), hash, algorithm, session, auth, stale })
    }

    /// The value of `Authorization` for a request with `method` for `uri` (path and query). `count` is how often this nonce
    /// was used, this time included; `cnonce` a fresh random text.
    #[must_use]
    pub fn answer(&self, user: User<'_>, method: &str, uri: &str, count: u32, cnonce: &str) -> Secret {
        let hex = |text: String| self.hash.hex(&text);
        let Self { realm, nonce, .. } = self;
        let mut secret = hex(format!("{}:{realm}:{}", user.name, user.password.expose()));
        if self.session {
            secret = hex(format!("{secret}:{nonce}:{cnonce}"));
        }
        let request = hex(format!("{method}:{uri}"));
        let response = if self.auth {
            hex(format!("{secret}:{nonce}:{count:08x}:{cnonce}:auth:{request}"))
        } else {
            hex(format!("{secret}:{nonce}:{request}"))
        };
        let mut text = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quoted(user.name),
            quoted(realm),
            quoted(nonce),
            quoted(uri)
        );
        if let Some(algorithm) = &self.algorithm {
            let _infallible = write!(text, ", algorithm={algorithm}");
        }
        if let Some(opaque) = &self.opaque {
            let _infallible = write!(text, ", opaque={}", quoted(opaque));
        }
        if self.auth {
            let _infallible = write!(text, ", qop=auth, nc={count:08x}");
        }
        if self.auth || self.session {
            let _infallible = write!(text, ", cnonce={}", quoted(cnonce));
        }
        Secret::new(text)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// One challenge of any scheme.
struct Found<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

/// Reads the challenges in one field value: `Basic realm="a, b", Digest nonce=…`. Whether a word is a scheme or a parameter
/// shows behind it only.
fn challenges(field: &str) -> Vec<Found<'_>> {
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut rest = field;
    for _ in 0..PARAMETERS {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
        let end = rest.find(|c: char| c == ',' || c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if word.is_empty() && behind.is_empty() {
            break;
        }
        match (behind.trim_start().strip_prefix('='), found.last_mut()) {
            (None, _) => {
                found.push(Found { scheme: word, parameters: Vec::new() });
                rest = behind;
            }
            (Some(value), last) => {
                let (value, behind) = parameter(value.trim_start());
                rest = behind;
                if let Some(last) = last {
                    last.parameters.push((word, value));
                }
            }
        }
    }
    found
}

/// The value at the beginning of `text`, quotes and escapes taken off, and what follows it.
pub(super) fn parameter(text: &str) -> (String, &str) {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ',' || c.is_ascii_whitespace()).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &inside[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests;
