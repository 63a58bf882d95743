//! One request as the engine orders it: names and addresses, no secrets.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::address::{Family, PerFamily, Prefix};
use super::domain::{Domain, Entry};
use super::secret::Secret;
use super::template::{Text, UrlTemplate, Values, encode, names_a_secret, parse_update_url};

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
    /// Connect through this interface only ([`Line::interface`](super::consensus::Line)).
    pub via: Option<String>,
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
pub fn prepare(entry: &Entry, order: &Order) -> Result<Prepared, String> {
    let sending = &entry.sending;
    if sending.password.is_unread() {
        return Err("the password was not read".into());
    }
    let template = template(entry, order)?;
    let names = names(entry, order);
    let values = values(entry, order, &names);
    let expanded = template.expand(&values, sending.fritz_compat)?;
    let mut url = Url::parse(&expanded.url).map_err(|error| format!("the update URL cannot be used: {error}"))?;
    let basic = match take_userinfo(&mut url)? {
        Some(userinfo) => Some(userinfo),
        None => (sending.basic && !(sending.username.is_empty() && sending.password.is_empty()))
            .then(|| (sending.username.clone(), sending.password.clone())),
    };
    if basic.as_ref().is_some_and(|(user, _)| user.contains(':')) {
        return Err("the user name has a colon, which Basic authentication cannot carry; check username".into());
    }
    let headers = sending.headers.iter().map(|(name, value)| Ok((name.clone(), Secret::new(value.expand(&values)?))));
    let headers: Vec<(String, Secret)> = headers.collect::<Result<_, String>>()?;
    let body = sending.body.as_ref().map(|body| body.expand(&values)).transpose()?.map(Secret::new);
    let secrets = secrets(entry, &template, &values, basic.as_ref(), &headers);
    Ok(Prepared {
        method: sending.method.clone(),
        host: url.host_str().unwrap_or_default().to_owned(),
        url: Secret::new(url.into()),
        shown: expanded.shown,
        headers,
        body,
        basic,
        only: only(entry, order, &template),
        via: sending.via.clone(),
        secrets,
    })
}

/// Length of the request target (path and query) in bytes: a batch is cut before it grows too long for a request line.
/// 0 if the request cannot be built.
#[must_use]
pub fn target_length(entry: &Entry, order: &Order) -> usize {
    let Ok(prepared) = prepare(entry, order) else {
        return 0;
    };
    Url::parse(prepared.url.expose()).map_or(0, |url| url[Position::BeforePath..Position::AfterQuery].len())
}

/// The URL of the order's slot, at the order's host.
fn template(entry: &Entry, order: &Order) -> Result<UrlTemplate, String> {
    let own = slot_url(entry, order.slot)?;
    if order.endpoint == Endpoint::Own {
        return Ok(own.clone());
    }
    let other = sibling_host(entry, order).ok_or("no other host may stand in for the one in this update URL")?;
    own.with_host(&other).map_err(|problem| problem.to_string())
}

fn slot_url(entry: &Entry, slot: Slot) -> Result<&UrlTemplate, String> {
    Ok(match slot {
        Slot::Single(family) => {
            entry.sending.single[family].as_ref().ok_or_else(|| format!("there is no update URL for {family} alone"))?
        }
        Slot::Together => entry.sending.together.as_ref().ok_or("there is no update URL for both families in one request")?,
    })
}

/// Scheme and host of the URL that may stand in for the order's own: only with an explicit address, because without one the
/// provider would set the other family.
#[must_use]
pub fn sibling_host(entry: &Entry, order: &Order) -> Option<String> {
    let own = slot_url(entry, order.slot).ok().filter(|own| own.has_address())?;
    let request = &entry.dialect.request;
    let preset = [&request.v4, &request.v6].into_iter().flatten().filter_map(|text| parse_update_url(text).ok()).flatten();
    let preset: Vec<String> = preset.map(|url| url.endpoint()).collect();
    let configured = entry.sending.single.iter().filter_map(|(_, url)| url.as_ref()).map(UrlTemplate::endpoint);
    // An entry for one family has one URL; the catalogue knows the other host, unless the user chose the server.
    let known = if preset.contains(&own.endpoint()) { preset } else { Vec::new() };
    configured.into_iter().chain(known).find(|endpoint| *endpoint != own.endpoint())
}

/// The names as the provider wants them, joined by comma.
fn names(entry: &Entry, order: &Order) -> String {
    let suffix = entry.dialect.request.strip_suffix.as_deref().unwrap_or_default();
    let shortened = order.domains.iter().map(|domain| {
        let name = domain.as_str();
        name.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(name)
    });
    shortened.collect::<Vec<_>>().join(",")
}

fn values<'a>(entry: &'a Entry, order: &Order, names: &'a str) -> Values<'a> {
    let v4 = match order.addresses.v4 {
        Some(IpAddr::V4(address)) => Some(address),
        _ => None,
    };
    let v6 = match order.addresses.v6 {
        Some(IpAddr::V6(address)) => Some(address),
        _ => None,
    };
    Values {
        domain: names,
        username: &entry.sending.username,
        password: entry.sending.password.expose(),
        ipv4: v4,
        ipv6: v6,
        lan_prefix: order.lan_prefix,
        bare_prefix: entry.dialect.request.prefix_without_length,
        dualstack: order.dualstack,
    }
}

/// Takes user and password out of the URL: they travel as Basic authentication, never in a request line.
fn take_userinfo(url: &mut Url) -> Result<Option<(String, Secret)>, String> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let userinfo = (decoded(url.username()), Secret::new(decoded(url.password().unwrap_or_default())));
    url.set_password(None)
        .and_then(|()| url.set_username(""))
        .map_err(|()| "the update URL has user and password but no host".to_owned())?;
    Ok(Some(userinfo))
}

/// The family of the connection, if the provider is to detect the address from it.
fn only(entry: &Entry, order: &Order, template: &UrlTemplate) -> Option<Family> {
    let sending = &entry.sending;
    let texts = sending.headers.iter().map(|(_, text)| text).chain(&sending.body);
    let explicit = template.has_address() || texts.map(Text::address_families).any(|families| families.v4 || families.v6);
    match order.slot {
        Slot::Single(family) if !explicit => Some(family),
        _ => None,
    }
}

/// Every text that a reply must not repeat where somebody can read it.
fn secrets(
    entry: &Entry,
    template: &UrlTemplate,
    values: &Values<'_>,
    basic: Option<&(String, Secret)>,
    headers: &[(String, Secret)],
) -> Vec<Secret> {
    let mut texts = template.secrets(values);
    let token = template.username_is_a_token().then(|| entry.sending.username.clone());
    for secret in [values.password.to_owned()].into_iter().chain(token) {
        texts.push(encode(&secret));
        texts.push(STANDARD.encode(&secret));
        texts.push(secret);
    }
    if let Some((user, password)) = basic {
        texts.push(STANDARD.encode(format!("{user}:{}", password.expose())));
        texts.push(encode(password.expose()));
        texts.push(password.expose().to_owned());
    }
    for (_, value) in headers.iter().filter(|(name, _)| names_a_secret(name)) {
        // "Bearer TOKEN": the last word is the secret.
        texts.extend(value.expose().rsplit(' ').next().map(str::to_owned));
    }
    texts.retain(|text| !text.is_empty());
    // Longest first, so that replacing one does not leave the rest of a longer one.
    texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    texts.dedup();
    texts.into_iter().map(Secret::new).collect()
}

#[cfg(test)]
mod tests;
