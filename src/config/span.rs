//! Durations as text: "500ms", "90s", "5m", "28d".

use std::time::Duration;

use super::file::Words;
use super::problem::{Report, quoted};

/// What a duration may be, both ends included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) least: Duration,
    pub(super) most: Duration,
}

/// The duration in `key`; `None` if there is none or none that is fit.
pub(super) fn span(key: &Words, range: Range, report: &mut Report<'_>) -> Option<Duration> {
    let text = key.given()?;
    let Ok(span) = humantime::parse_duration(text.value.trim()) else {
        report.error(
            &text.place,
            format!("{} is not a duration", quoted(&text.value)),
            "write a number and a unit, such as \"500ms\", \"90s\", \"5m\", \"12h\" or \"28d\"",
        );
        return None;
    };
    if span < range.least || span > range.most {
        let [least, most] = [range.least, range.most].map(|end| humantime::format_duration(end).to_string());
        report.error(
            &text.place,
            format!("{} is out of range", quoted(&text.value)),
            format!("write a duration from {least} to {most}"),
        );
        return None;
    }
    Some(span)
}
