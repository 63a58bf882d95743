//! What a user of the served interfaces may do: the rights that the FRITZ!Box gives its users
//! (`X_AVM-DE_RemoteAccess` v12, "Required rights").

use std::fmt;

/// One right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// May change settings.
    Config,
    /// For applications; a router that pushes its address is one.
    App,
    /// For telephony.
    Phone,
    /// For storage.
    Nas,
    /// For home automation.
    HomeAuto,
}

impl Right {
    /// Every right, in the order of the contract.
    pub const ALL: [Self; 5] = [Self::Config, Self::App, Self::Phone, Self::Nas, Self::HomeAuto];

    /// As the configuration writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::App => "app",
            Self::Phone => "phone",
            Self::Nas => "nas",
            Self::HomeAuto => "homeauto",
        }
    }

    /// Reads a word of the configuration.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.word() == word)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Any number of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u8);

impl Rights {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// Does the user have this right?
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// Does the user have one of these?
    #[must_use]
    pub fn any(self, of: &[Right]) -> bool {
        of.iter().any(|right| self.has(*right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | right.bit()))
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Right::ALL.into_iter().filter(|right| self.has(*right)).map(Right::word).collect();
        f.write_str(&if words.is_empty() { "(none)".to_owned() } else { words.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_had_or_not() {
        let rights: Rights = [Right::App, Right::Nas].into_iter().collect();
        assert!(rights.has(Right::App) && !rights.has(Right::Config));
        assert!(rights.any(&[Right::Config, Right::Nas]) && !rights.any(&[Right::Config, Right::Phone]));
        assert!(!Rights::NONE.any(&Right::ALL));
        assert_eq!((rights.to_string().as_str(), Rights::NONE.to_string().as_str()), ("app, nas", "(none)"));
    }

    #[test]
    fn every_right_has_a_word_that_is_read_again() {
        for right in Right::ALL {
            assert_eq!(Right::parse(right.word()), Some(right));
        }
        assert_eq!(Right::parse("root"), None);
    }
}
