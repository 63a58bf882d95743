//! Untrusted text made fit for a terminal, a log and the state.

/// Longest line that is shown, in characters.
const LINE_LIMIT: usize = 200;

/// Longest code that is kept, in characters (scenario FI-094).
const CODE_LIMIT: usize = 64;

/// `text` as a line for display: printable ASCII, everything else escaped.
pub(super) fn line(text: &str) -> String {
    escaped(text, LINE_LIMIT)
}

/// `text` as a code: lower case, printable ASCII.
pub(super) fn code(text: &str) -> String {
    escaped(text, CODE_LIMIT).to_ascii_lowercase()
}

/// Whole escapes only: the result never ends in half of one.
fn escaped(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        let before = shown.len();
        if c == ' ' || c.is_ascii_graphic() {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
        }
        if shown.len() > limit {
            shown.truncate(before);
            break;
        }
    }
    shown
}
