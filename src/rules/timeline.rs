//! The engine's time line, from a wall clock that can be wrong and a boot-time clock that cannot.

use std::time::Duration;

use super::moment::{Moment, Now, RELEASED, millis};

/// The step of the wall clock that counts as "was set": smaller ones are drift.
const STEP_MS: i64 = 2_000;

/// The engine's time line: the wall clock as it was right, carried on by the boot-time clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeLine {
    offset_ms: Option<i64>,
}

impl TimeLine {
    /// The moment of `now`, and by how much the clock was set since (milliseconds, zero mostly).
    /// `None` while the clock has never been right.
    pub fn read(&mut self, now: Now) -> Option<(Moment, i64)> {
        let boot = millis(now.boot);
        let plausible = now.wall >= RELEASED;
        let step = match self.offset_ms {
            None if !plausible => return None,
            None => {
                self.offset_ms = Some(now.wall.0 - boot);
                0
            }
            Some(offset) => {
                let step = now.wall.0 - (boot + offset);
                if plausible && step.abs() > STEP_MS { step } else { 0 }
            }
        };
        let offset = self.offset_ms.unwrap_or_default() + step;
        self.offset_ms = Some(offset);
        Some((Moment(boot + offset), step))
    }

    /// Names this time line: while the machine runs and nobody sets its clock, the mark stays, also across restarts of the
    /// program (within the tolerance of [`TimeLine::is_marked`]).
    #[must_use]
    pub fn mark(&self) -> i64 {
        self.offset_ms.unwrap_or_default()
    }

    /// Is this the time line with that mark? Spans of minutes that were remembered on another one say nothing.
    #[must_use]
    pub fn is_marked(&self, mark: i64) -> bool {
        self.mark().abs_diff(mark) <= STEP_MS.unsigned_abs()
    }

    /// The boot time at which `moment` comes; zero if it is before boot.
    #[must_use]
    pub fn boot_time(&self, moment: Moment) -> Duration {
        let ms = moment.0.saturating_sub(self.offset_ms.unwrap_or_default());
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(boot_s: u64, wall: Moment) -> Now {
        Now { boot: Duration::from_secs(boot_s), wall, random: 0 }
    }

    #[test]
    fn time_runs_on_the_boot_clock_and_follows_a_step_of_the_wall_clock() {
        let mut line = TimeLine::default();
        let start = RELEASED.plus(Duration::from_secs(1000));
        assert_eq!(line.read(at(5, start)), Some((start, 0)));
        let later = start.plus(Duration::from_secs(60));
        assert_eq!(line.read(at(65, later.plus(Duration::from_millis(300)))), Some((later, 0)), "drift is no step");
        let stepped = later.plus(Duration::from_secs(3600));
        assert_eq!(line.read(at(65, stepped)), Some((stepped, 3_600_000)));
        assert_eq!(line.boot_time(stepped.plus(Duration::from_secs(10))), Duration::from_secs(75));
    }

    #[test]
    fn a_clock_that_was_never_right_gives_no_moment_and_one_that_loses_the_date_is_not_followed() {
        let mut line = TimeLine::default();
        assert_eq!(line.read(at(5, Moment(0))), None);
        let start = RELEASED.plus(Duration::from_secs(1));
        assert_eq!(line.read(at(35, start)), Some((start, 0)));
        assert_eq!(line.read(at(45, Moment(0))), Some((start.plus(Duration::from_secs(10)), 0)));
    }
}
