//! The header field `Authorization` of a digest login (RFC 7616, section 3.4). PURE.

use crate::tr064::digest::{Hash, parameter};

/// Longest field that is read, in bytes: clients send about 300.
const LONGEST: usize = 4096;

/// What a client proves its login with.
#[derive(Debug)]
pub(super) struct Authorization {
    pub(super) username: String,
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) uri: String,
    pub(super) cnonce: String,
    /// As written: it is hashed like that.
    pub(super) nc: String,
    /// What it means.
    pub(super) count: u32,
    /// In lower case.
    pub(super) response: String,
    /// `None`: not said, as go-tr064 leaves it out.
    pub(super) hash: Option<Hash>,
}

impl Authorization {
    /// Reads the value of the field. `None`: it is no digest login with `qop=auth`, or something is twice in it; the form of
    /// RFC 2069 without `qop` cannot be told from a recorded one.
    pub(super) fn read(field: &[u8]) -> Option<Self> {
        if field.len() > LONGEST {
            return None;
        }
        // Some write names in Latin-1, python-requests among them; what is hashed is UTF-8 all the same.
        let text = std::str::from_utf8(field).map_or_else(|_| field.iter().copied().map(char::from).collect(), str::to_owned);
        if text.chars().any(char::is_control) {
            return None;
        }
        let (scheme, rest) = text.trim_start().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let found = parameters(rest)?;
        let get = |name: &str| found.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let hash = match get("algorithm") {
            Some(name) => Some(hash(&name)?),
            None => None,
        };
        let nc = get("nc")?;
        let count = count(&nc)?;
        if !get("qop")?.eq_ignore_ascii_case("auth") {
            return None;
        }
        Some(Self {
            username: get("username")?,
            realm: get("realm")?,
            nonce: get("nonce")?,
            uri: get("uri")?,
            cnonce: get("cnonce")?,
            nc,
            count,
            response: get("response")?.to_ascii_lowercase(),
            hash,
        })
    }
}

fn hash(name: &str) -> Option<Hash> {
    match name.to_ascii_uppercase().as_str() {
        "MD5" => Some(Hash::Md5),
        "SHA-256" => Some(Hash::Sha256),
        _ => None,
    }
}

/// Eight hexadecimal digits by the standard; go-tr064 writes one.
fn count(text: &str) -> Option<u32> {
    let fits = text.len() <= 8 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| fits)
}

/// Names in lower case and values, in any order and with or without quotes. `None`: something else is between them, or a name
/// comes twice.
fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=')?;
        let name = name.trim_end().to_ascii_lowercase();
        if name.is_empty() || name.contains([' ', ',', '"']) || found.iter().any(|(known, _)| *known == name) {
            return None;
        }
        let (value, behind) = parameter(behind.trim_start());
        found.push((name, value));
        let behind = behind.trim_start();
        if !(behind.is_empty() || behind.starts_with(',')) {
            return None;
        }
        rest = behind.trim_start_matches([' ', ',']);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        "Digest username=\"a\", realm=\"HTTPS Access\", nonce=\"N\", uri=\"/x\", response=\"AB\", cnonce=\"c\", nc=0000000a, qop=auth";

    fn read(text: &str) -> Option<Authorization> {
        Authorization::read(text.as_bytes())
    }

    #[test]
    fn values_are_read_in_any_order_with_or_without_quotes() {
        let other =
            "dIgEsT nc = \"A\" ,QOP=\"AUTH\",,cnonce=c,response=ab,URI=/x ,nonce=N,realm=\"HTTPS Access\",username=a,new=\"x, y=z\",";
        for text in [PLAIN, other] {
            let found = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.username.as_str(), found.realm.as_str(), found.nonce.as_str()), ("a", "HTTPS Access", "N"));
            assert_eq!((found.uri.as_str(), found.cnonce.as_str(), found.response.as_str()), ("/x", "c", "ab"));
            assert_eq!((found.count, found.hash), (10, None));
        }
        assert_eq!(read(other).unwrap().nc, "A");
        for (name, hash) in [("MD5", Hash::Md5), ("\"sha-256\"", Hash::Sha256)] {
            assert_eq!(read(&format!("{PLAIN},algorithm={name}")).unwrap().hash, Some(hash));
        }
    }

    #[test]
    fn names_may_have_quotes_and_letters_of_either_encoding() {
        let named = |name: &[u8]| {
            let (before, behind) = PLAIN.split_once("\"a\"").unwrap();
            Authorization::read(&[before.as_bytes(), b"\"", name, b"\"", behind.as_bytes()].concat()).unwrap().username
        };
        assert_eq!(named("m\u{fc}ller".as_bytes()), "müller");
        assert_eq!(named(b"m\xfcller"), "müller");
        assert_eq!(named(br#"a\"b\\c"#), "a\"b\\c");
    }

    #[test]
    fn what_is_missing_twice_or_too_much_is_refused() {
        for name in ["username", "realm", "nonce", "uri", "response", "cnonce", "nc", "qop"] {
            assert!(read(&PLAIN.replace(&format!("{name}="), "other=")).is_none(), "{name}");
            assert!(read(&format!("{PLAIN}, {}=\"x\"", name.to_uppercase())).is_none(), "{name}");
        }
        for (good, bad) in [
            ("qop=auth", "qop=auth-int"),
            ("nc=0000000a", "nc=+a"),
            ("nc=0000000a", "nc=000000001"),
            ("nc=0000000a", "nc=100000000"),
            ("nc=0000000a", "nc=\"\""),
            ("Digest ", "Basic "),
            ("Digest ", "Digest"),
            (", nonce", " nonce"),
            (", nonce", ", =x, nonce"),
            (", nonce", ", x, nonce"),
            ("qop=auth", "qop=auth, algorithm=MD5-sess"),
            ("/x", "/\u{0}x"),
        ] {
            let text = PLAIN.replace(good, bad);
            assert!(text != PLAIN && read(&text).is_none(), "{text}");
        }
        assert!(read(&PLAIN.replace("/x", &"x".repeat(LONGEST))).is_none());
        assert!(read("").is_none() && read("Digest").is_none() && read("Digest ").is_none());
    }
}
