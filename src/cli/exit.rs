//! How a run ends, as other programs see it (numbers as in sysexits(3); README, "Exit codes").

use std::process::ExitCode;

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Everything is in order: updated, or nothing to do.
    Success = 0,
    /// `healthcheck` alone: the daemon is not alive.
    Unhealthy = 1,
    /// The command line was used wrongly.
    Usage = 64,
    /// An entry has no publishable address for any wanted family, or none for one that it published before.
    NoAddress = 69,
    /// A defect in wanbeacon.
    Defect = 70,
    /// At least one entry waits for another try, or another instance is running.
    Temporary = 75,
    /// Somebody must act: at least one entry is locked.
    Locked = 77,
    /// The configuration cannot be used.
    Config = 78,
}

impl Exit {
    /// All of them. Of several that apply, the one that stands first here is told.
    const BY_WEIGHT: [Self; 8] =
        [Self::Usage, Self::Config, Self::Defect, Self::Locked, Self::NoAddress, Self::Temporary, Self::Unhealthy, Self::Success];

    /// The number that the calling program sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The end with this number; `None` if there is no such end.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::BY_WEIGHT.into_iter().find(|exit| exit.code() == code)
    }

    /// The one of `ends` that is told; [`Exit::Success`] if there are none.
    pub fn worst(ends: impl IntoIterator<Item = Self>) -> Self {
        let weight = |end: &Self| Self::BY_WEIGHT.iter().position(|other| other == end);
        ends.into_iter().min_by_key(weight).unwrap_or(Self::Success)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_ends_the_most_urgent_one_is_told() {
        let order = [78, 70, 77, 69, 75, 0].map(|code| Exit::from_code(code).expect("a code that the program has"));
        for (at, expected) in order.into_iter().enumerate() {
            assert_eq!(Exit::worst(order[at..].iter().rev().copied()), expected);
        }
    }

    #[test]
    fn nothing_to_report_is_success() {
        assert_eq!(Exit::worst([]), Exit::Success);
    }

    #[test]
    fn every_number_leads_back_to_its_end() {
        for exit in Exit::BY_WEIGHT {
            assert_eq!(Exit::from_code(exit.code()), Some(exit));
        }
        assert_eq!(Exit::from_code(2), None);
    }
}
