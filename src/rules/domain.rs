//! Names, modes, and the entry: one configured thing to keep up to date.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::{Family, PerFamily};
use super::dialect::Dialect;
use super::secret::Secret;
use super::template::{Text, UrlTemplate};

mod host;

pub use host::HostId;

/// A domain name as DNS holds it: A-labels, lower case, no trailing dot (RFC 5890, RFC 1035).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Domain(String);

impl Domain {
    /// Reads a name as people write it: U-labels are converted (IDNA 2008, UTS 46), case and a trailing dot are ignored.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the name and what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim().trim_end_matches('.');
        if trimmed.is_empty() {
            return Err("a domain name is empty; expected a name such as home.example.org".into());
        }
        // The longest name has 253 characters; nothing beyond is worth converting or repeating.
        if trimmed.chars().count() > 253 {
            return Err("the text is too long for a domain name; 253 characters at most were expected".into());
        }
        let ascii = idna::domain_to_ascii(trimmed)
            .map_err(|_| format!("{trimmed:?} is not a domain name; letters, digits and hyphens between dots were expected"))?;
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // A leading "*" is legal in DNS and used with wildcard records.
        let rest = ascii.strip_prefix("*.").unwrap_or(&ascii);
        if ascii.len() > 253 || !rest.split('.').all(label_ok) {
            return Err(format!(
                "{trimmed:?} is not a domain name; labels of 1 to 63 letters, digits and hyphens, 253 in all, were expected"
            ));
        }
        // No top-level domain is a number; this is an address, or a part of one.
        if ascii.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
            return Err(format!("{trimmed:?} looks like an address; a domain name such as home.example.org was expected"));
        }
        Ok(Self(ascii))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which families an entry keeps up to date and how (`X_AVM-DE_RemoteAccess` v12, table 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// IPv4 only.
    #[serde(rename = "ddns_v4")]
    V4,
    /// IPv6 only.
    #[serde(rename = "ddns_v6")]
    V6,
    /// Both, in two independent requests.
    #[serde(rename = "ddns_both")]
    Both,
    /// Both in one request.
    #[serde(rename = "ddns_together")]
    Together,
}

impl Mode {
    /// Reads a mode: the short forms, the wire forms, and the alias `ddns_both_together`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "v4" | "ddns_v4" => Self::V4,
            "v6" | "ddns_v6" => Self::V6,
            "both" | "ddns_both" => Self::Both,
            "together" | "ddns_together" | "ddns_both_together" => Self::Together,
            _ => return None,
        })
    }

    /// The value on the wire.
    #[must_use]
    pub const fn wire(self) -> &'static str {
        match self {
            Self::V4 => "ddns_v4",
            Self::V6 => "ddns_v6",
            Self::Both => "ddns_both",
            Self::Together => "ddns_together",
        }
    }

    /// Does this mode want an address of `family`?
    #[must_use]
    pub const fn wants(self, family: Family) -> bool {
        match self {
            Self::V4 => matches!(family, Family::V4),
            Self::V6 => matches!(family, Family::V6),
            Self::Both | Self::Together => true,
        }
    }
}

/// What one request with both addresses does while one family is missing (after the grace time).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingFamily {
    /// Send nothing until both are there.
    Hold,
    /// Send the present one.
    Drop,
}

impl MissingFamily {
    /// Reads `hold` or `drop`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "hold" => Some(Self::Hold),
            "drop" => Some(Self::Drop),
            _ => None,
        }
    }
}

/// How an entry's requests are built: everything but the addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The URL per family; `None` where the line or the template has none.
    /// A URL without an address placeholder lets the provider detect the address.
    pub single: PerFamily<Option<UrlTemplate>>,
    /// The URL that carries both addresses.
    pub together: Option<UrlTemplate>,
    /// HTTP method; GET unless the user says otherwise.
    pub method: String,
    /// Additional header fields: name and value (placeholders are expanded in the value).
    pub headers: Vec<(String, Text)>,
    /// Request body, expanded raw.
    pub body: Option<Text>,
    /// User name; may be empty.
    pub username: String,
    /// Password, key or token; may be empty.
    pub password: Secret,
    /// Send the credentials as Basic authentication with the first request.
    pub basic: bool,
    /// Substitute every placeholder raw, as FRITZ!OS does.
    pub fritz_compat: bool,
    /// Requests go through this interface: the one of the entry's line.
    pub via: Option<String>,
}

/// One checked `[[ddns]]` entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Switched on.
    pub enabled: bool,
    /// Catalogue name, or "custom".
    pub provider: String,
    /// How the provider talks.
    pub dialect: Arc<Dialect>,
    /// How requests are built.
    pub sending: Sending,
    /// The names, unique, in the order of the configuration.
    pub domains: Vec<Domain>,
    /// Families and grouping.
    pub mode: Mode,
    /// What to do in one-request modes while a family is missing.
    pub missing_family: MissingFamily,
    /// Name of the `[wan]` this entry follows.
    pub wan: String,
    /// The machine behind the router whose IPv6 address is published instead of the line's own.
    pub ipv6_host: Option<HostId>,
    /// Ask the authoritative servers after an update.
    pub verify: bool,
    /// Re-send an unchanged address after this long; `None` = never.
    pub refresh: Option<Duration>,
    /// Which service the names live at: the provider's name, or the update host of a user-defined URL.
    /// Together with a domain and a family it names a record in the state.
    pub service: String,
    /// Names the account without telling it: equal for entries with the same service, user and secret.
    pub account: String,
    /// Hash over everything whose change opens a lock (`docs/behaviour.md`, "Locks"): provider, endpoint, account, secret, names, mode,
    /// template, agent.
    pub fingerprint: String,
    /// Most names in one request.
    pub batch: usize,
    /// Least time between two batches of one account.
    pub spacing: Duration,
}

impl Entry {
    /// Do these settings differ from those of `fingerprint`? While the password was not read, nothing says so.
    #[must_use]
    pub fn differs_from(&self, fingerprint: &str) -> bool {
        !self.sending.password.is_unread() && self.fingerprint != fingerprint
    }

    /// May names of both entries travel in one request, where their addresses are equal? Everything that shapes a request and
    /// its time must be the same; what is booked afterwards is each entry's own.
    #[must_use]
    pub fn travels_with(&self, other: &Self) -> bool {
        let shape = |it: &Self| (it.enabled, it.mode, it.missing_family, it.batch, it.spacing, it.verify, it.refresh);
        self.batch > 1
            && shape(self) == shape(other)
            && (&self.account, &self.service, &self.provider, &self.wan) == (&other.account, &other.service, &other.provider, &other.wan)
            && (&self.sending, &self.dialect) == (&other.sending, &other.dialect)
    }
}

#[cfg(test)]
mod tests;
