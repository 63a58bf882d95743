//! XML as it is written: one element a line, as a box does; some clients need the line breaks.

use quick_xml::escape::escape;

/// How each document begins.
pub(super) const PROLOG: &str = "<?xml version=\"1.0\"?>\n";

/// Appends an element that holds `text` only.
pub(super) fn line(out: &mut String, name: &str, text: &str) {
    out.extend(["<", name, ">", &escaped(text), "</", name, ">\n"]);
}

/// Appends an element that holds what `inside` appends.
pub(super) fn block(out: &mut String, name: &str, inside: impl FnOnce(&mut String)) {
    out.extend(["<", name, ">\n"]);
    inside(out);
    out.extend(["</", name, ">\n"]);
}

/// `text` for the inside of an element. What XML 1.0 cannot carry (2.2) is replaced: one odd byte in a name that a provider or a
/// router told must not make the whole answer unreadable.
pub(super) fn escaped(text: &str) -> String {
    let legal = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{7f}'..='\u{9f}');
    let told: String = text.chars().map(|c| if legal(c) && !matches!(c, '\u{fffe}' | '\u{ffff}') { c } else { '\u{fffd}' }).collect();
    // A reader makes a line feed of it otherwise (2.11).
    escape(told).replace('\r', "&#13;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tr064::xml;

    #[test]
    fn what_is_written_comes_back() {
        for text in ["", "<ipaddr>&amp;\"'", " a\r\nb\t", "ü€\u{85}"] {
            let mut out = String::new();
            line(&mut out, "a", text);
            assert_eq!(xml::parse_exact(&out).unwrap().text, text, "{out}");
        }
    }

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        assert_eq!(escaped("a\0b\u{1b}c\u{ffff}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
    }
}
