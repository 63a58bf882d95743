//! Read-only picture of everything, for people and programs: `status`, page, metrics.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::address::{Family, PerFamily};
use super::domain::Domain;
use super::moment::Moment;

/// The form of `status --json` (`docs/reference.md`). Fields may be added, never renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Version of this form.
    pub version: u32,
    /// The lines.
    pub wan: Vec<LinePicture>,
    /// The names.
    pub ddns: Vec<NamePicture>,
}

/// The version of the form.
pub const VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePicture {
    /// "default", or the NAME of `[wan.NAME]`.
    pub name: String,
    /// Its addresses.
    #[serde(flatten)]
    pub families: PerFamily<AddressPicture>,
}

/// One family of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressPicture {
    /// The address.
    pub address: Option<IpAddr>,
    /// Who said so.
    pub source: Option<String>,
    /// Since when.
    pub since: Option<Moment>,
    /// The LAN prefix with its length.
    pub prefix: Option<String>,
    /// Why there is no address, or a standing warning.
    pub reason: Option<String>,
}

/// One name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamePicture {
    /// A-label.
    pub domain: Domain,
    /// Catalogue name, or "custom".
    pub provider: String,
    /// Mode as on the wire.
    pub mode: super::domain::Mode,
    /// Switched on.
    pub enabled: bool,
    /// The line it follows.
    pub wan: String,
    /// Its families.
    #[serde(flatten)]
    pub families: PerFamily<StatusPicture>,
}

/// One family of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusPicture {
    /// The status word of the service document.
    pub status: String,
    /// The address that should be published.
    pub address: Option<IpAddr>,
    /// The address that the provider accepted last.
    pub published: Option<IpAddr>,
    /// When.
    pub published_at: Option<Moment>,
    /// The last reply, quoted as received.
    pub last_reply: Option<String>,
    /// When the next request is due, if one is.
    pub next_attempt: Option<Moment>,
    /// The lock.
    pub locked: Option<LockPicture>,
    /// Why it is as it is, in a sentence.
    pub reason: Option<String>,
    /// When the authoritative servers confirmed the address.
    pub verified_at: Option<Moment>,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockPicture {
    /// Since when.
    pub since: Moment,
    /// The provider's word.
    pub code: String,
    /// How far it reaches.
    pub scope: super::dialect::Scope,
    /// What to do.
    pub hint: Option<String>,
}

/// What a round ended with, as the exit code tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Something is locked: somebody must act.
    pub locked: bool,
    /// An entry has no publishable address for any wanted family, or misses one that it published before.
    pub no_address: bool,
    /// Something waits for another try.
    pub waiting: bool,
}

impl Snapshot {
    /// What the picture amounts to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for name in self.ddns.iter().filter(|name| name.enabled) {
            let wanted: Vec<&StatusPicture> =
                Family::ALL.into_iter().filter(|family| name.mode.wants(*family)).map(|family| &name.families[family]).collect();
            let active = |it: &&&StatusPicture| it.locked.is_none() && it.status != "offline";
            outcome.locked |= wanted.iter().any(|it| it.locked.is_some());
            let without = wanted.iter().filter(active).filter(|it| it.address.is_none()).count();
            let lost = wanted.iter().filter(active).any(|it| it.address.is_none() && it.published.is_some());
            outcome.no_address |= lost || (without > 0 && without == wanted.iter().filter(active).count());
            outcome.waiting |=
                wanted.iter().filter(active).any(|it| it.address.is_some() && it.address != it.published && it.status != "updated");
        }
        outcome
    }
}

impl Snapshot {
    /// Nothing was seen and nothing is remembered: what is not switched off is `undefined`.
    pub fn forget(&mut self) {
        let reason = || Some("nothing is known".to_owned());
        for line in &mut self.wan {
            line.families = PerFamily::from_fn(|_| AddressPicture { reason: reason(), ..AddressPicture::default() });
        }
        for name in self.ddns.iter_mut().filter(|name| name.enabled) {
            name.families = PerFamily::from_fn(|family| StatusPicture {
                status: "undefined".to_owned(),
                reason: reason().filter(|_| name.mode.wants(family)),
                ..StatusPicture::default()
            });
        }
    }

    /// One sentence: how many names there are, and how they are.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        for name in &self.ddns {
            for family in Family::ALL.into_iter().filter(|family| name.mode.wants(*family)) {
                *counts.entry(name.families[family].status.as_str()).or_default() += 1;
            }
        }
        let parts: Vec<String> = counts.into_iter().map(|(status, count)| format!("{count} {status}")).collect();
        let names = self.ddns.len();
        let noun = if names == 1 { "name" } else { "names" };
        if parts.is_empty() { format!("{names} {noun}") } else { format!("{names} {noun}: {}", parts.join(", ")) }
    }
}
