//! `overlay.toml`: settings made through the served interfaces, beside the state. The operator's file is never touched.

use crate::rules::domain::{Domain, Mode};
use crate::rules::secret::Secret;

use super::served::Served;

mod changes;
mod lay;
mod text;

pub use changes::changes;
pub(super) use lay::lay;

/// The file's name in the state folder.
pub const OVERLAY: &str = "overlay.toml";

/// What the served interfaces changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// `SetDDNSConfig`.
    pub ddns: Option<OverlaidEntry>,
    /// `SetConfig` and `SetEnable`.
    pub remote: Option<Remote>,
}

/// These keys take the place of those of one entry; its other keys stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlaidEntry {
    /// The first name of the entry in the file; `None`: there was none, this is a further one.
    pub instead_of: Option<Domain>,
    /// Switched on.
    pub enabled: bool,
    /// Catalogue name; `None`: user-defined.
    pub provider: Option<String>,
    /// Of a user-defined provider; `None`: as the file says.
    pub update_url: Option<Secret>,
    /// The names, as they were given.
    pub domain: Vec<String>,
    /// May be empty.
    pub username: String,
    /// `None`: as the file says. Empty: there is none.
    pub password: Option<Secret>,
    /// Families and grouping.
    pub mode: Mode,
    /// May be empty.
    pub server_ipv4: String,
    /// May be empty.
    pub server_ipv6: String,
}

/// The remote access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Switched on.
    pub enabled: bool,
    /// Of the TLS listener; 0: none was chosen yet.
    pub port: u16,
    /// Who may use it.
    pub user: Option<RemoteUser>,
}

/// A user of the remote access: has the right `config`, beside the rights that the file gives a user of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUser {
    /// As in [`User`](super::User).
    pub name: String,
    /// `None`: as the file says.
    pub password: Option<Secret>,
}

impl Overlay {
    /// What [`OverlaidEntry::instead_of`] of the next change has to be, where `served` is in force together with this overlay:
    /// the entry of the file that stands behind it, even if its names were changed since.
    #[must_use]
    pub fn instead_of(&self, served: &Served) -> Option<Domain> {
        let laid = self.ddns.as_ref().filter(|entry| {
            let names = entry.domain.iter().filter_map(|name| Domain::parse(name).ok());
            names.zip(&served.domains).next().is_some_and(|(name, first)| name == *first)
        });
        laid.map_or_else(|| served.domains.first().cloned(), |entry| entry.instead_of.clone())
    }
}

#[cfg(test)]
mod tests;
