//! One line → what it says.

use std::net::IpAddr;
use std::time::Duration;

use super::super::dialect::{Class, Dialect, Meaning, Scope};
use super::wait::{self, Wait};
use super::{Verdict, display, named};

/// A line of the body, or what stands for the whole reply.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// What it says, before it is compared with what was asked.
    pub(super) verdict: Verdict,
    /// It holds a word of the dialect.
    pub(super) known: bool,
    /// The text as received.
    pub(super) text: String,
    /// Every address in it.
    pub(super) addresses: Vec<IpAddr>,
}

impl Line {
    /// A verdict that has no line.
    pub(super) fn of(verdict: Verdict) -> Self {
        Self { verdict, known: true, text: String::new(), addresses: Vec::new() }
    }

    /// A reply without any line.
    pub(super) fn nothing() -> Self {
        Self::of(Verdict::new(Class::ProtocolError, "empty"))
    }

    fn new(text: &str, verdict: Verdict, known: bool) -> Self {
        let verdict = Verdict { line: display::line(text), ..verdict };
        Self { verdict, known, text: text.into(), addresses: named::addresses(text) }
    }

    /// Does it refuse names, so that one bad name may have spoiled a batch (rule M10)?
    pub(super) fn refuses_a_name(&self) -> bool {
        let Verdict { class, scope, .. } = &self.verdict;
        *class == Class::BlockedHost || (*scope == Scope::Domain && *class != Class::SplitBatch && !class.claims_success())
    }
}

impl Class {
    /// Does the provider say that all is well? Believed with status 2xx only.
    pub(super) const fn claims_success(self) -> bool {
        matches!(self, Self::Updated | Self::Unchanged | Self::NotApplicable)
    }

    /// The greater, the worse: decides between lines that cannot be told apart.
    pub(super) const fn badness(self) -> u8 {
        match self {
            Self::BlockedAccount => 12,
            Self::BlockedClient => 11,
            Self::BlockedConfig => 10,
            Self::BlockedHost => 9,
            Self::BlockedAddress => 8,
            Self::Removed => 7,
            Self::Mismatch => 6,
            Self::RateLimited => 5,
            Self::ProtocolError => 4,
            Self::RetryLater
            | Self::SplitBatch
            | Self::TryOtherEndpoint
            | Self::Ambiguous
            | Self::NetworkError
            | Self::DetectionFailed
            | Self::NoAction => 3,
            Self::NotApplicable => 2,
            Self::Updated => 1,
            Self::Unchanged => 0,
        }
    }
}

/// Reads a line: a phrase at its start, or its first field as a whole word; towards refusals a prefix is enough.
pub(super) fn look_up(dialect: &Dialect, text: &str) -> Line {
    let lower = text.to_ascii_lowercase();
    let word = lower.split([' ', '\t', ',']).next().unwrap_or_default();
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return unknown(text, word);
    }
    if let Some((phrase, meaning)) = dialect.meaning_of_line(&lower) {
        return Line::new(text, by_meaning(meaning, phrase), true);
    }
    if !word.is_ascii() {
        return unknown(text, word);
    }
    let verdict = match dialect.meaning_of_word(word) {
        Some(meaning) => Some(by_meaning(meaning, word)),
        None => legacy_wait(word)
            .map(|span| Verdict::new(Class::RetryLater, word).with_wait(Wait::given(span)))
            .or_else(|| refused_by_prefix(dialect, word)),
    };
    match verdict {
        Some(verdict) => Line::new(text, verdict, true),
        None => unknown(text, word),
    }
}

/// Reads a row of a page: the longest of the dialect's words at its start, up to a word boundary.
pub(super) fn look_up_pattern(dialect: &Dialect, text: &str) -> Option<Line> {
    let (key, meaning) = dialect.words.iter().filter(|(key, _)| begins_with(text, key)).max_by_key(|(key, _)| key.len())?;
    Some(Line::new(text, by_meaning(meaning, key), true))
}

/// The verdict that the dialect's own number stands for; `text` is what is shown.
pub(super) fn look_up_number(dialect: &Dialect, number: &str, text: &str, wait: Option<Duration>) -> Line {
    let Some(meaning) = dialect.meaning_of_word(number) else {
        return unknown(text, number);
    };
    let mut verdict = by_meaning(meaning, number);
    if let (Class::RateLimited | Class::RetryLater, Some(span)) = (verdict.class, wait) {
        verdict.wait = Some(Wait::given(span));
    }
    Line::new(text, verdict, true)
}

/// The verdict that `meaning` stands for.
pub(super) fn by_meaning(meaning: &Meaning, code: &str) -> Verdict {
    let implied = Verdict::new(meaning.class, code);
    let wait = implied.wait.map(|wait| {
        let first = meaning.wait.unwrap_or(wait.first);
        Wait { first, cap: meaning.wait_cap.unwrap_or(wait.cap).max(first), given: false }
    });
    Verdict {
        wait,
        scope: meaning.scope.unwrap_or(implied.scope),
        probe: meaning.probe,
        escalate: meaning.escalate.clone(),
        hint: meaning.hint.clone(),
        ..implied
    }
}

fn unknown(text: &str, word: &str) -> Line {
    let verdict = Verdict::new(Class::RetryLater, if word.is_empty() { text } else { word })
        .with_wait(wait::UNKNOWN_WORD)
        .with_hint("the provider's reply holds no word that is known; see its documentation");
    Line::new(text, verdict, false)
}

fn begins_with(text: &str, key: &str) -> bool {
    let Some(start) = text.get(..key.len()) else {
        return false;
    };
    let bounded = |end: Option<char>| end.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    !key.is_empty() && start.eq_ignore_ascii_case(key) && (bounded(key.chars().next_back()) || bounded(text[key.len()..].chars().next()))
}

/// `w30m`, `w2h`, `w90s`: the wait that old servers set.
fn legacy_wait(word: &str) -> Option<Duration> {
    let rest = word.strip_prefix('w')?;
    let unit = match rest.chars().next_back()? {
        'h' => 3600,
        'm' => 60,
        's' => 1,
        _ => return None,
    };
    let number = &rest[..rest.len() - 1];
    if number.is_empty() || number.len() > 6 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok().map(|count| Duration::from_secs(count * unit))
}

/// `badauth2` is as bad as `badauth`; nothing becomes a success this way.
fn refused_by_prefix(dialect: &Dialect, word: &str) -> Option<Verdict> {
    if word.starts_with("dnserr_") && dialect.meaning_of_word("dnserr").is_some() {
        return Some(Verdict::new(Class::BlockedAddress, word));
    }
    let distinct = |key: &str| key.len() >= 4 && key.contains(|c: char| c.is_ascii_alphabetic());
    let (_, meaning) = dialect
        .words
        .iter()
        .filter(|(_, meaning)| meaning.class.badness() > Class::NotApplicable.badness())
        .filter(|(key, _)| !key.is_empty() && word.starts_with(key.as_str()))
        .filter(|(key, _)| distinct(key) || !word[key.len()..].starts_with(|c: char| c.is_alphanumeric()))
        .max_by_key(|(key, _)| key.len())?;
    Some(by_meaning(meaning, word))
}
