//! What the demonstration prints.

use std::fmt::Display;
use std::time::Duration;

use crate::cli::out::{Out, Tone};
use crate::cli::status::tone;
use crate::engine::event::{Level, Notice};
use crate::rules::address::Family;
use crate::rules::moment::Moment;
use crate::rules::snapshot::{Snapshot, StatusPicture};

/// Width of the column of names.
const NAMES: usize = 19;
/// Width of the column of times.
const STAMP: usize = 13;
/// Longest line of what the log would say.
const TEXT: usize = 100;

/// Prints, with the time since the beginning in front of what happens.
pub(super) struct Show<'a> {
    out: &'a mut Out,
    began: Moment,
}

impl<'a> Show<'a> {
    /// The story begins at `began`.
    pub(super) fn new(out: &'a mut Out, began: Moment) -> Self {
        Self { out, began }
    }

    /// Begins a chapter.
    pub(super) fn chapter(&mut self, title: impl Display) {
        let title = self.out.paint(Tone::Heading, title);
        self.line(format_args!("\n{title}\n"));
    }

    /// Tells something.
    pub(super) fn say(&mut self, text: impl Display) {
        self.line(text);
    }

    /// Shows a piece of configuration.
    pub(super) fn config(&mut self, text: &str) {
        for line in text.lines() {
            self.line(format_args!("    {line}"));
        }
        self.line("");
    }

    /// Time is skipped.
    pub(super) fn later(&mut self, span: Duration, why: &str) {
        let text = self.out.paint(Tone::Heading, format_args!("— {} later —", words(span)));
        self.line(format_args!("{:>STAMP$}  {text}  {why}", ""));
    }

    /// Sums up.
    pub(super) fn so_far(&mut self, text: impl Display) {
        self.line(format_args!("{:>STAMP$}  {text}", ""));
    }

    /// What the operator would read in the log.
    pub(super) fn notice(&mut self, at: Moment, notice: &Notice) {
        if notice.level > Level::Debug {
            let mut stamp = self.stamp(at);
            for line in wrapped(&notice.text) {
                let text = self.out.paint(Tone::Faint, line);
                self.line(format_args!("{stamp}    {text}"));
                stamp = format!("{:>STAMP$}", "");
            }
        }
    }

    /// A status that is new.
    pub(super) fn status(&mut self, at: Moment, name: &str, family: Family, it: &StatusPicture) {
        let stamp = self.stamp(at);
        let word = self.out.paint(tone(&it.status), format_args!("{:<16}", it.status));
        let mut details: Vec<String> = it.address.iter().map(ToString::to_string).collect();
        // For these the word says it all.
        if !matches!(it.status.as_str(), "updating" | "verifying") {
            details.extend(it.reason.clone());
        }
        if let Some(next) = it.next_attempt.filter(|next| *next > at.plus(Duration::from_secs(1))) {
            details.push(format!("next attempt in {}", words(next.since(at))));
        }
        self.line(format_args!("{stamp}  {name:<NAMES$} {family}  {word}  {}", details.join(", ")));
    }

    /// How everything is in the end.
    pub(super) fn table(&mut self, picture: &Snapshot, requests: impl Fn(&str) -> u32) {
        self.line(format_args!(
            "{:<NAMES$} {:<6} {:<18} {:<22} {:<9} {:<8} next attempt",
            "name", "family", "status", "published", "lock", "requests"
        ));
        for name in &picture.ddns {
            let domain = name.domain.as_str();
            let mut count = requests(domain).to_string();
            for (family, it) in name.families.iter().filter(|(family, _)| name.mode.wants(*family)) {
                let none = || "(none)".to_owned();
                let status = self.out.paint(tone(&it.status), format_args!("{:<18}", it.status));
                let published = it.published.map_or_else(none, |address| address.to_string());
                let lock = it.locked.as_ref().map_or_else(none, |lock| lock.code.clone());
                let next = it.next_attempt.map_or_else(none, |at| at.to_string());
                self.line(format_args!("{domain:<NAMES$} {family}   {status} {published:<22} {lock:<9} {count:<8} {next}"));
                // Both families of a name share its count.
                count.clear();
            }
        }
    }

    fn stamp(&self, at: Moment) -> String {
        let stamp = format!("{:>STAMP$}", words(at.since(self.began)));
        self.out.paint(Tone::Faint, stamp)
    }

    fn line(&mut self, text: impl Display) {
        self.out.line(text.to_string().trim_end_matches(' '));
        self.out.flush();
    }
}

/// `text` in lines that fit, broken between words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() < TEXT => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A span as people say it: the two largest units.
pub(super) fn words(span: Duration) -> String {
    let (days, rest) = (span.as_secs() / 86_400, span.as_secs() % 86_400);
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    match (days, hours, minutes) {
        (0, 0, 0) if span.subsec_millis() == 0 => format!("{seconds} s"),
        (0, 0, 0) => format!("{:.1} s", span.as_secs_f64()),
        (0, 0, _) if seconds == 0 => format!("{minutes} min"),
        (0, 0, _) => format!("{minutes} min {seconds:02} s"),
        (0, _, _) => format!("{hours} h {minutes:02} min"),
        (_, 0, 0) => format!("{days} d"),
        (_, 0, _) => format!("{days} d {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_broken_between_words() {
        let text = "word ".repeat(50);
        let lines = wrapped(text.trim_end());
        assert!(lines.len() == 3 && lines.iter().all(|line| line.len() <= TEXT), "{lines:?}");
        assert_eq!(lines.join(" "), text.trim_end());
    }

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        let told = [500, 5000, 600_000, 605_000, 2_000_000, 7_200_000, 86_400_000, 93_600_000].map(|ms| words(Duration::from_millis(ms)));
        assert_eq!(told, ["0.5 s", "5 s", "10 min", "10 min 05 s", "33 min 20 s", "2 h 00 min", "1 d", "1 d 2 h"]);
    }
}
