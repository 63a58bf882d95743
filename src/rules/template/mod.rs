//! UpdateURL templates: placeholders are parsed once, checked, and expanded.
//!
//! `X_AVM-DE_RemoteAccess` v12, table 12; `docs/reference.md`, "`update_url`"; the rules FRITZ!OS follows.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::address::{Family, Prefix};

mod freedyn;
mod hidden;
mod mode;
mod scan;
mod text;
mod update_url;

pub use freedyn::{Lint, lint_freedyn, lint_freedyn_user};
pub use mode::{Plan, check_mode, check_mode_with};
pub use text::Text;
pub use update_url::{Expanded, UrlTemplate, parse_update_url};

pub use hidden::masked;

pub(super) use hidden::names_a_secret;
pub(super) use text::encode;

#[cfg(test)]
mod tests;

/// What stands for a secret wherever a request is shown.
pub(super) const DOTS: &str = "•••";

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// `<domain>`: the names, joined by comma.
    Domain,
    /// `<ipaddr>`: the IPv4 address.
    Ipv4,
    /// `<ip6addr>`: the IPv6 address.
    Ipv6,
    /// `<ip6lanprefix>`: the prefix of the LAN with its length.
    LanPrefix,
    /// `<username>`.
    Username,
    /// `<pass>` and `<passwd>`.
    Password,
    /// `<dualstack>`: 1 if the line has both families, else 0.
    Dualstack,
}

impl Placeholder {
    /// Every spelling and what it stands for, in the order of `docs/reference.md`.
    pub(crate) const NAMES: [(&'static str, Self); 8] = [
        ("domain", Self::Domain),
        ("ipaddr", Self::Ipv4),
        ("ip6addr", Self::Ipv6),
        ("ip6lanprefix", Self::LanPrefix),
        ("username", Self::Username),
        ("pass", Self::Password),
        ("passwd", Self::Password),
        ("dualstack", Self::Dualstack),
    ];

    /// The family whose address it brings into a request; a prefix counts as IPv6.
    #[must_use]
    pub const fn family(self) -> Option<Family> {
        match self {
            Self::Ipv4 => Some(Family::V4),
            Self::Ipv6 | Self::LanPrefix => Some(Family::V6),
            Self::Domain | Self::Username | Self::Password | Self::Dualstack => None,
        }
    }
}

/// What the placeholders are replaced by. `Debug` shows no credentials.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// Names joined by comma.
    pub domain: &'a str,
    /// User name.
    pub username: &'a str,
    /// Password.
    pub password: &'a str,
    /// IPv4 address, if the request carries one.
    pub ipv4: Option<Ipv4Addr>,
    /// IPv6 address, if the request carries one.
    pub ipv6: Option<Ipv6Addr>,
    /// LAN prefix, if known.
    pub lan_prefix: Option<Prefix>,
    /// Write the prefix as a bare network address, without its length.
    pub bare_prefix: bool,
    /// The line has both families.
    pub dualstack: bool,
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("domain", &self.domain).field("ipv4", &self.ipv4).field("ipv6", &self.ipv6).finish_non_exhaustive()
    }
}

/// What is wrong with a template, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TemplateProblem {
    /// Byte offset in the text that was parsed.
    pub at: usize,
    /// Names the thing, what was expected, and the remedy.
    pub message: String,
}

impl TemplateProblem {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.message, self.at)
    }
}

/// At most 60 characters of what somebody wrote, quoted, for a message.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    if text.chars().count() <= SHOWN {
        return format!("{text:?}");
    }
    format!("{:?}…", text.chars().take(SHOWN).collect::<String>())
}
