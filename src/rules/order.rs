//! One request as the engine orders it: names and addresses, no secrets.

use std::net::IpAddr;

use super::address::{Family, PerFamily, Prefix};
use super::domain::{Domain, Entry};
use super::secret::Secret;

/// Which of an entry's URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The URL for one family.
    Single(Family),
    /// The URL for both.
    Together,
}

/// Which of the provider's hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The one in the URL.
    #[default]
    Own,
    /// The host of the other family's URL, because the own one cannot be reached.
    Sibling,
}

/// What is to be sent, in the engine's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Index into the settings' entries.
    pub entry: usize,
    /// Names, in the order of the request.
    pub domains: Vec<Domain>,
    /// Addresses the request settles. With a URL without address placeholder the provider detects, and this is
    /// what we expect it to find.
    pub addresses: PerFamily<Option<IpAddr>>,
    /// Prefix of the LAN, if known.
    pub lan_prefix: Option<Prefix>,
    /// The line has both families.
    pub dualstack: bool,
    /// Which URL.
    pub slot: Slot,
    /// Which host.
    pub endpoint: Endpoint,
}

/// A request ready to be sent. `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// HTTP method.
    pub method: String,
    /// The URL, possibly with a secret inside.
    pub url: Secret,
    /// The same URL with every secret replaced by dots, for logs.
    pub shown: String,
    /// Host name of the URL, for throttling and messages.
    pub host: String,
    /// Additional header fields.
    pub headers: Vec<(String, Secret)>,
    /// Body.
    pub body: Option<Secret>,
    /// Basic authentication: user and password.
    pub basic: Option<(String, Secret)>,
    /// Connect over this family only: the provider detects the address from the connection.
    pub only: Option<Family>,
    /// Every text that must not be shown if a reply repeats it: password, its encoded forms, tokens.
    pub secrets: Vec<Secret>,
}

impl Order {
    /// The families that this request settles.
    pub fn families(&self) -> impl Iterator<Item = Family> + '_ {
        Family::ALL.into_iter().filter(|family| self.addresses[*family].is_some())
    }
}

/// Builds the request for `order` from `entry`.
///
/// # Errors
///
/// Says which value is missing or why the result is not a URL. Nothing secret is in the text.
pub fn prepare(_entry: &Entry, _order: &Order) -> Result<Prepared, String> {
    Err(String::new())
}
