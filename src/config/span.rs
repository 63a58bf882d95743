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
        let [least, most] = [range.least, range.most].map(short);
        report.error(&text.place, format!("{} is out of range", quoted(&text.value)), format!("write a duration from {least} to {most}"));
        return None;
    }
    Some(span)
}

/// `span` in the largest unit that divides it: the way people write it.
fn short(span: Duration) -> String {
    const UNITS: [(u128, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let ms = span.as_millis();
    (UNITS.into_iter().find(|(unit, _)| ms.is_multiple_of(*unit) && (ms > 0 || *unit == 1000)))
        .map_or_else(|| format!("{ms}ms"), |(unit, name)| format!("{}{name}", ms / unit))
}
