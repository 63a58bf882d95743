//! A text that is never shown.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A password, key or token. `Debug` and `Display` show dots; the memory is wiped when it is dropped.
#[derive(Clone, Default)]
pub struct Secret {
    text: SecretString,
    /// It was not read, and would stand here.
    unread: Option<String>,
}

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { text: SecretString::from(text), unread: None }
    }

    /// One that was not read, for what sends nothing; `place` is what tells it from others.
    #[must_use]
    pub fn unread(place: String) -> Self {
        Self { text: SecretString::default(), unread: Some(place) }
    }

    /// It was not read: nothing may be sent with it.
    #[must_use]
    pub const fn is_unread(&self) -> bool {
        self.unread.is_some()
    }

    /// What tells it from others: the text, or where one that was not read would stand.
    #[must_use]
    pub fn mark(&self) -> &str {
        self.unread.as_deref().unwrap_or_else(|| self.expose())
    }

    /// The text itself: for building a request and for comparing, never for showing. Empty if it was not read.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// No secret was configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mark().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        (self.expose(), &self.unread) == (other.expose(), &other.unread)
    }
}

impl Eq for Secret {}
