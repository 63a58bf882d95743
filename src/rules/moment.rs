//! Time as a value: rules never ask for it, they are handed a [`Now`].

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// No clock that is right shows an earlier time: the day this version was released (2026-11-21T00:00:00Z).
/// A machine without a battery starts at 1970; nothing is sent or stored before its clock is set.
pub const RELEASED: Moment = Moment(1_795_219_200_000);

/// A point in time: milliseconds since the Unix epoch, on the engine's time line.
///
/// Written as RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// The point `span` later; saturates.
    #[must_use]
    pub const fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// The point `span` earlier; saturates.
    #[must_use]
    pub const fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// How long after `earlier` this is; zero if it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Moved by `step_ms` milliseconds, either way: the clock was set.
    #[must_use]
    pub const fn shifted(self, step_ms: i64) -> Self {
        Self(self.0.saturating_add(step_ms))
    }
}

/// `span` in whole milliseconds, at most `i64::MAX`.
#[must_use]
pub const fn millis(span: Duration) -> i64 {
    let ms = span.as_millis();
    if ms > i64::MAX as u128 { i64::MAX } else { ms as i64 }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // humantime knows the years 1970 to 9999 only.
        let ms = u64::try_from(self.0).unwrap_or(0).min(253_402_300_799_999);
        write!(f, "{}", humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(ms)))
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let time = humantime::parse_rfc3339_weak(&text).map_err(serde::de::Error::custom)?;
        let span = time.duration_since(UNIX_EPOCH).map_err(serde::de::Error::custom)?;
        Ok(Self(millis(span)))
    }
}

/// What the world's clocks and dice show, captured once per event by the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since boot, counting suspend (`CLOCK_BOOTTIME`): never jumps.
    pub boot: Duration,
    /// The wall clock: can jump, can be wrong.
    pub wall: Moment,
    /// One random number for everything this event decides.
    pub random: u64,
}
