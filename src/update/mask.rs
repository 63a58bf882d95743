//! Takes secrets out of what a provider says.

use crate::rules::secret::Secret;

/// What stands in a secret's place: ASCII, because the protocols are, and no word of any of them.
const DOTS: &str = "...";

/// Shorter secrets are replaced as whole words only: a password "a" must not make every reply unreadable.
const SHORT: usize = 4;

/// The secrets of one request, in the forms in which a reply may repeat them.
pub(super) struct Mask {
    /// Longest first, since one form may be the beginning of another.
    needles: Vec<Needle>,
}

#[derive(PartialEq, Eq)]
struct Needle {
    bytes: Vec<u8>,
    encoding: Encoding,
    whole_word: bool,
}

/// How a body may be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Mask {
    pub(super) fn new(secrets: &[&Secret]) -> Self {
        let mut needles: Vec<Needle> = Vec::new();
        for secret in secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty()) {
            let whole_word = secret.chars().count() < SHORT;
            for (form, encoding) in forms(secret) {
                let needle = Needle { bytes: encoding.encode(&form), encoding, whole_word };
                if !needles.contains(&needle) {
                    needles.push(needle);
                }
            }
        }
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.bytes.len()));
        Self { needles }
    }

    /// `bytes` with dots for every secret. If more followed (`cut`), the end, where a secret may have been cut in two, goes too.
    pub(super) fn bytes(&self, bytes: &[u8], cut: bool) -> Vec<u8> {
        let unsure = if cut { self.needles.first().map_or(0, |longest| longest.bytes.len() - 1) } else { 0 };
        let end = bytes.len().saturating_sub(unsure);
        let mut shown = Vec::with_capacity(end);
        let mut at = 0;
        while at < end {
            if let Some(needle) = self.needles.iter().find(|needle| needle.is_at(bytes, at)) {
                shown.extend(needle.encoding.encode(DOTS));
                at += needle.bytes.len();
            } else {
                shown.push(bytes[at]);
                at += 1;
            }
        }
        shown
    }

    /// The same for a text that is complete.
    pub(super) fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes(), false)).into_owned()
    }
}

impl Needle {
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let end = at + self.bytes.len();
        at.is_multiple_of(self.encoding.unit())
            && bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(&self.bytes))
            && !(self.whole_word && (is_word(at.checked_sub(1).and_then(|before| bytes.get(before))) || is_word(bytes.get(end))))
    }
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

impl Encoding {
    /// Bytes per code unit: a secret begins at a multiple of it.
    const fn unit(self) -> usize {
        match self {
            Self::Utf8 => 1,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.into(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }
}

/// As it is, inside HTML, inside JSON, as a form field (a blank is a plus), and in a body in UTF-16.
fn forms(secret: &str) -> [(String, Encoding); 6] {
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;");
    let quoted = serde_json::Value::from(secret).to_string();
    let json = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&quoted);
    [
        (secret.into(), Encoding::Utf8),
        (html, Encoding::Utf8),
        (json.into(), Encoding::Utf8),
        (url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(), Encoding::Utf8),
        (secret.into(), Encoding::Utf16Le),
        (secret.into(), Encoding::Utf16Be),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secrets: &[&str], text: &str) -> String {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new((*secret).into())).collect();
        Mask::new(&secrets.iter().collect::<Vec<_>>()).text(text)
    }

    #[test]
    fn a_repeated_secret_becomes_dots_in_any_case() {
        assert_eq!(masked(&["Geheim1"], "badauth Geheim1 geheim1,GEHEIM1!"), "badauth ... ...,...!");
    }

    #[test]
    fn the_longer_form_of_two_wins() {
        assert_eq!(masked(&["pass", "pass%20word"], "pass%20word pass"), "... ...");
    }

    #[test]
    fn a_short_secret_goes_as_a_word_and_leaves_other_words_alone() {
        assert_eq!(masked(&["a"], "badauth a"), "badauth ...");
        assert_eq!(masked(&["", "1"], "good 192.0.2.11"), "good 192.0.2.11");
    }

    #[test]
    fn escaped_forms_are_found() {
        assert_eq!(masked(&["a&b<c"], "<p>a&amp;b&lt;c</p>"), "<p>...</p>");
        assert_eq!(masked(&["say \"x\""], r#"{"pw":"say \"x\""}"#), r#"{"pw":"..."}"#);
        assert_eq!(masked(&["a b+c\u{e4}"], "pw=a+b%2Bc%c3%A4&ip=1"), "pw=...&ip=1");
    }

    #[test]
    fn a_body_in_utf_16_is_searched() {
        let secret = Secret::new("Geheim1".into());
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
            let shown = Mask::new(&[&secret]).bytes(&encoding.encode("\u{feff}no Geheim1!"), false);
            assert_eq!(shown, encoding.encode("\u{feff}no ...!"));
        }
    }

    #[test]
    fn a_secret_that_the_limit_cut_in_two_does_not_show_its_first_half() {
        let secret = Secret::new("Geheim1".into());
        let shown = Mask::new(&[&secret]).bytes(b"xxxxxxxxxxxxxxxxxxxxx Geheim", true);
        assert!(!String::from_utf8_lossy(&shown).contains('G'), "{shown:?}");
    }
}
