//! `overlay.toml`: settings made through the served interfaces, beside the state. The operator's file is never touched.

use crate::rules::domain::{Domain, Mode};
use crate::rules::secret::Secret;

mod changes;
mod lay;
mod text;

pub use changes::changes;
pub(super) use lay::{Laid, lay};

/// The file's name in the state folder.
pub const OVERLAY: &str = "overlay.toml";

/// What the served interfaces changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// `SetDDNSConfig`.
    pub ddns: Option<OverlaidEntry>,
    /// What is left of a `SetDDNSConfig` that switched an entry off, where the rest is of no use any more: entries with one of these
    /// names stay off. Without a name it is the entry that stands for the service.
    pub off: Option<Vec<Domain>>,
    /// `SetConfig` and `SetEnable`.
    pub remote: Option<Remote>,
}

/// Why an overlay is not in force as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// In words that hold none of its values.
    pub why: String,
    /// What is in force all the same: the parts that are not damaged, and what the others switched off.
    pub left: Box<Overlay>,
}

impl From<String> for Damage {
    /// Nothing of it can be read.
    fn from(why: String) -> Self {
        Self { why, left: Box::default() }
    }
}

impl Overlay {
    /// What [`Overlay::off`] is without `ddns`: what was switched off through the service stays off until somebody switches it on.
    #[must_use]
    pub fn switched_off(&self) -> Option<Vec<Domain>> {
        let entry = self.ddns.as_ref().filter(|it| !it.enabled).map(OverlaidEntry::names);
        let lists: Vec<_> = self.off.iter().cloned().chain(entry).collect();
        (!lists.is_empty()).then(|| lists.concat())
    }
}

/// These keys take the place of those of one entry; its other keys stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlaidEntry {
    /// The first name of the entry in the file; `None`: there was none, this is a further one.
    pub instead_of: Option<Domain>,
    /// Where that entry sent its password when this was set: a name may be at several services, and what is the file's goes to no
    /// other one, nor this to the file's. No secret; empty for a further entry.
    pub service: String,
    /// Switched on.
    pub enabled: bool,
    /// Catalogue name; `None`: user-defined.
    pub provider: Option<String>,
    /// `None`: as the file says for this provider.
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

impl OverlaidEntry {
    /// The names of the entry, before and after it was set.
    #[must_use]
    pub fn names(&self) -> Vec<Domain> {
        let set = self.domain.iter().filter_map(|name| Domain::parse(name).ok());
        self.instead_of.iter().cloned().chain(set).collect()
    }
}

/// The remote access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remote {
    /// Switched on.
    pub enabled: bool,
    /// Of the TLS listener; 0: none was chosen yet.
    pub port: u16,
    /// Who may use it.
    pub user: Option<RemoteUser>,
    /// Users of the file whose password was replaced: with the one in the file none of them is let in again, whoever the user is now.
    pub replaced: Vec<String>,
}

/// A user of the remote access: has the right `config`, beside the rights that the file gives a user of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUser {
    /// As in [`User`](super::User).
    pub name: String,
    /// `None`: as the file says.
    pub password: Option<Secret>,
}

#[cfg(test)]
mod tests;
