//! `overlay.toml`: settings made through the served interfaces, beside the state. The operator's file is never touched.

use crate::rules::domain::{Domain, Mode};
use crate::rules::secret::Secret;

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

#[cfg(test)]
mod tests;
