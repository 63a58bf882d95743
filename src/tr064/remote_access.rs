//! The service `X_AVM-DE_RemoteAccess:1` as the box publishes it (document v12; argument order of the SCPD). PURE.

use std::collections::BTreeMap;

use super::xml;
use crate::rules::address::Family;
use crate::rules::domain::Mode;
use crate::rules::secret::Secret;
use crate::rules::status::Status;

/// The end of its service type.
pub const SERVICE: &str = "X_AVM-DE_RemoteAccess:1";

/// Most providers that are read: boxes list about fifty.
const PROVIDERS: usize = 1000;

/// Arguments by name.
type Arguments = BTreeMap<String, String>;

/// Results of `GetInfo`: the box's web page as seen from the internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteInfo {
    /// Switched on.
    pub enabled: bool,
    /// TCP port; 0 if there is none.
    pub port: u16,
    /// Empty if nobody may configure the box from the internet.
    pub username: String,
    /// Let's Encrypt is in use; `None` before FRITZ!OS 7.50.
    pub lets_encrypt: Option<bool>,
    /// `not_used`, `get`, `valid`, `invalid` or `unknown`.
    pub lets_encrypt_state: Option<String>,
}

/// Arguments of `SetConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteConfig {
    /// Switched on.
    pub enabled: bool,
    /// 1 to 65535.
    pub port: u16,
    /// A user name or an e-mail address.
    pub username: String,
    /// Password of that user.
    pub password: Secret,
}

/// Results of `GetDDNSInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DdnsInfo {
    /// Switched on.
    pub enabled: bool,
    /// One of [`providers`].
    pub provider_name: String,
    /// Template; may hold a key that the user wrote into it.
    pub update_url: Secret,
    /// May hold several names.
    pub domain: String,
    /// What the box sees over IPv4.
    pub status_ipv4: StatusWord,
    /// What the box sees over IPv6.
    pub status_ipv6: StatusWord,
    /// User name at the provider.
    pub username: String,
    /// Families and grouping.
    pub mode: Mode,
    /// Update host of a predefined provider; empty for a user-defined one.
    pub server_ipv4: String,
    /// The same for IPv6.
    pub server_ipv6: String,
}

/// Arguments of `SetDDNSConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DdnsConfig {
    /// Switched on.
    pub enabled: bool,
    /// One of [`providers`].
    pub provider_name: String,
    /// Template; may hold a key that the user wrote into it.
    pub update_url: Secret,
    /// May hold several names.
    pub domain: String,
    /// User name at the provider.
    pub username: String,
    /// Families and grouping.
    pub mode: Mode,
    /// Update host of a predefined provider.
    pub server_ipv4: String,
    /// The same for IPv6.
    pub server_ipv6: String,
    /// Password at the provider; never told by the box.
    pub password: Secret,
}

/// A status as a box sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusWord {
    /// What it means; `None`: a word that the document does not have.
    pub status: Option<Status>,
    /// The box's own word, at most 40 characters.
    pub word: String,
}

/// One entry of the provider list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// As `SetDDNSConfig` wants it; the user-defined one is in the language of the box.
    pub name: String,
    /// May be empty.
    pub info_url: String,
}

impl RemoteInfo {
    /// Reads the results of `GetInfo`.
    ///
    /// # Errors
    ///
    /// Names the argument that is missing or wrong.
    pub fn from(results: &Arguments) -> Result<Self, String> {
        Ok(Self {
            enabled: flag(results, "NewEnabled")?,
            port: port(results)?,
            username: text(results, "NewUsername")?,
            lets_encrypt: results.contains_key("NewLetsEncryptEnabled").then(|| flag(results, "NewLetsEncryptEnabled")).transpose()?,
            lets_encrypt_state: results.get("NewLetsEncryptState").map(|state| short(state)),
        })
    }
}

impl RemoteConfig {
    /// The arguments of `SetConfig`: flag and port as text, then the rest by reference.
    #[must_use]
    pub fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![
            ("NewEnabled", boolean(self.enabled).to_owned()),
            ("NewPort", self.port.to_string()),
            ("NewUsername", self.username.clone()),
            ("NewPassword", self.password.expose().to_owned()),
        ]
    }
}

impl DdnsInfo {
    /// Reads the results of `GetDDNSInfo`.
    ///
    /// # Errors
    ///
    /// Names the argument that is missing or wrong.
    pub fn from(results: &Arguments) -> Result<Self, String> {
        Ok(Self {
            enabled: flag(results, "NewEnabled")?,
            provider_name: text(results, "NewProviderName")?,
            update_url: Secret::new(text(results, "NewUpdateURL")?),
            domain: text(results, "NewDomain")?,
            status_ipv4: StatusWord::read(&text(results, "NewStatusIPv4")?),
            status_ipv6: StatusWord::read(&text(results, "NewStatusIPv6")?),
            username: text(results, "NewUsername")?,
            mode: mode(results)?,
            server_ipv4: text(results, "NewServerIPv4")?,
            server_ipv6: text(results, "NewServerIPv6")?,
        })
    }
}

impl DdnsConfig {
    /// Reads the arguments of `SetDDNSConfig`.
    ///
    /// # Errors
    ///
    /// Names the argument that is missing or wrong.
    pub fn from(arguments: &Arguments) -> Result<Self, String> {
        Ok(Self {
            enabled: flag(arguments, "NewEnabled")?,
            provider_name: text(arguments, "NewProviderName")?,
            update_url: Secret::new(text(arguments, "NewUpdateURL")?),
            domain: text(arguments, "NewDomain")?,
            username: text(arguments, "NewUsername")?,
            mode: mode(arguments)?,
            server_ipv4: text(arguments, "NewServerIPv4")?,
            server_ipv6: text(arguments, "NewServerIPv6")?,
            password: Secret::new(text(arguments, "NewPassword")?),
        })
    }

    /// The arguments in the order of the SCPD; all nine are needed.
    #[must_use]
    pub fn arguments(&self) -> [(&'static str, &str); 9] {
        [
            ("NewEnabled", boolean(self.enabled)),
            ("NewProviderName", &self.provider_name),
            ("NewUpdateURL", self.update_url.expose()),
            ("NewDomain", &self.domain),
            ("NewUsername", &self.username),
            ("NewMode", self.mode.wire()),
            ("NewServerIPv4", &self.server_ipv4),
            ("NewServerIPv6", &self.server_ipv6),
            ("NewPassword", self.password.expose()),
        ]
    }
}

impl StatusWord {
    /// Reads a status; case, and how its words are joined, do not matter.
    #[must_use]
    pub fn read(word: &str) -> Self {
        let plain = |text: &str| text.trim().to_lowercase().replace([' ', '_'], "-");
        let wanted = plain(word);
        let status = STATUSES.into_iter().find(|status| plain(status.word(Family::V6)) == wanted);
        Self { status, word: short(word) }
    }
}

/// Every status of the document.
const STATUSES: [Status; 10] = [
    Status::Offline,
    Status::Checking,
    Status::Updating,
    Status::Updated,
    Status::Verifying,
    Status::Complete,
    Status::NewAddress,
    Status::AccountDisabled,
    Status::InternetNotConnected,
    Status::Undefined,
];

/// Reads the list inside `NewProviderList` (results of `GetDDNSProviders`), in its order.
///
/// # Errors
///
/// Says why it is no such list.
pub fn providers(list: &str) -> Result<Vec<Provider>, String> {
    let root = xml::parse(list).map_err(|why| format!("NewProviderList: {why}"))?;
    if root.name != "List" {
        return Err(format!("NewProviderList begins with <{}>; <List> was expected", short(&root.name)));
    }
    let field = |item: &xml::Element, name: &str| item.child(name).map(|field| field.text.clone());
    let items = root.children.iter().filter(|item| item.name == "Item").take(PROVIDERS);
    items
        .map(|item| {
            let name =
                field(item, "ProviderName").filter(|name| !name.is_empty()).ok_or("NewProviderList has an item without ProviderName")?;
            Ok(Provider { name, info_url: field(item, "InfoURL").unwrap_or_default() })
        })
        .collect()
}

/// The port in the results of `GetInfo` or `SetEnable`; an empty one is 0.
///
/// # Errors
///
/// It is missing or no port.
pub fn port(results: &Arguments) -> Result<u16, String> {
    let text = text(results, "NewPort")?;
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| format!("NewPort is {:?}; a port was expected", short(&text)))
}

/// `true` on the wire.
#[must_use]
pub const fn boolean(value: bool) -> &'static str {
    if value { "1" } else { "0" }
}

fn text(arguments: &Arguments, name: &str) -> Result<String, String> {
    arguments.get(name).cloned().ok_or_else(|| format!("{name} is missing"))
}

fn flag(arguments: &Arguments, name: &str) -> Result<bool, String> {
    let value = text(arguments, name)?;
    truth(&value).ok_or_else(|| format!("{name} is {:?}; 1 or 0 was expected", short(&value)))
}

/// Reads a boolean (`UPnP` Device Architecture 1.0, 2.5.1).
pub(super) fn truth(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Some(true),
        "0" | "false" | "no" => Some(false),
        _ => None,
    }
}

fn mode(arguments: &Arguments) -> Result<Mode, String> {
    let value = text(arguments, "NewMode")?;
    Mode::parse(value.trim())
        .ok_or_else(|| format!("NewMode is {:?}; ddns_v4, ddns_v6, ddns_both or ddns_together was expected", short(&value)))
}

/// What came from outside, short enough for a message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
