//! The entry that stands for the served TR-064 service.

use crate::catalog;
use crate::rules::dialect::Dialect;
use crate::rules::domain::{Domain, Entry, Mode};
use crate::rules::secret::Secret;
use crate::rules::template::parse_update_url;

use super::OverlaidEntry;
use super::file::{RawEntry, Words};
use super::problem::{Report, quoted, suggestion};
use super::served::Served;

/// The entries as the file names them, before anything is laid over: the operator's file must be right on its own.
///
/// `None`: `entry` is not there, or is a problem that has been reported.
pub(super) fn named(entries: &[RawEntry], entry: &Words, report: &mut Report<'_>) -> Option<usize> {
    let text = entry.given()?;
    let wanted = match Domain::parse(&text.value) {
        Ok(domain) => domain,
        Err(message) => {
            report.error(&text.place, message, "write a name of one of the entries");
            return None;
        }
    };
    let found = with_name(entries, &wanted);
    if found.is_none() && !report.broken() {
        let known: Vec<String> = entries.iter().flat_map(domains).map(|domain| domain.to_string()).collect();
        let hint = suggestion(wanted.as_str(), &known);
        report.error(&text.place, format!("no entry has the name {}{hint}", quoted(&text.value)), "write a name of one of the entries");
    }
    found
}

/// The entry with this name; of several, one that is switched on.
pub(super) fn with_name(entries: &[RawEntry], name: &Domain) -> Option<usize> {
    first_that_is_on(entries, |entry| has_name(entry, name))
}

/// Is this one of its names?
pub(super) fn has_name(entry: &RawEntry, name: &Domain) -> bool {
    domains(entry).any(|domain| domain == *name)
}

/// Of the entries that are `meant`, the first that is switched on, else the first.
pub(super) fn first_that_is_on(entries: &[RawEntry], meant: impl Fn(&RawEntry) -> bool) -> Option<usize> {
    (entries.iter().position(|entry| is_on(entry) && meant(entry))).or_else(|| entries.iter().position(meant))
}

/// Is it switched on?
pub(super) fn is_on(entry: &RawEntry) -> bool {
    entry.enabled.given().is_none_or(|flag| flag.value)
}

/// The first of its names.
pub(super) fn first_name(entry: &RawEntry) -> Option<Domain> {
    domains(entry).next()
}

fn domains(entry: &RawEntry) -> impl Iterator<Item = Domain> {
    entry.domain.given().into_iter().flat_map(|list| &list.value).filter_map(|text| Domain::parse(&text.value).ok())
}

/// The catalogue name of the provider, if there is such a one.
pub(super) fn provider(entry: &RawEntry) -> Option<String> {
    let name = entry.provider.given()?;
    catalog::find(&name.value.trim().to_lowercase()).map(|dialect| dialect.name.clone())
}

/// Who gets what the entry sends: its provider, scheme and host of its URLs, and its servers, as far as they are written. No secret.
pub(super) fn identity(entry: &RawEntry) -> String {
    let url = entry.update_url.given().and_then(|url| url.url.given());
    let hosts = url.and_then(|url| parse_update_url(&url.value).ok()).into_iter().flatten().map(|url| url.endpoint());
    let servers = [&entry.server_ipv4, &entry.server_ipv6].into_iter().filter_map(|key| key.given().map(|text| text.value.clone()));
    let words = provider(entry).into_iter().chain(hosts).chain(servers);
    let mut words: Vec<String> = words.map(|word| word.trim().to_lowercase()).collect();
    // A second URL at the same host makes no difference.
    words.dedup();
    words.join(" ")
}

/// The entry of the file behind what is told: what the overlay has to name.
pub(super) struct Behind {
    name: Option<Domain>,
    service: String,
}

impl Behind {
    /// Nothing lies over this entry.
    pub(super) fn of(entry: &RawEntry) -> Self {
        Self { name: first_name(entry), service: identity(entry) }
    }

    /// This lies over it.
    pub(super) fn under(over: &OverlaidEntry) -> Self {
        Self { name: over.instead_of.clone(), service: over.service.clone() }
    }
}

/// What is told as it was written.
pub(super) struct Written {
    behind: Behind,
    provider: bool,
    update_url: Option<Secret>,
    server_ipv4: String,
    server_ipv6: String,
}

impl Written {
    pub(super) fn of(raw: &RawEntry, behind: Behind) -> Self {
        let text = |key: &Words| key.given().map_or_else(String::new, |text| text.value.trim().to_owned());
        let url = raw.update_url.given().and_then(|url| url.url.given());
        Self {
            behind,
            provider: !raw.provider.is_absent(),
            update_url: url.map(|url| Secret::new(url.value.trim().to_owned())),
            server_ipv4: text(&raw.server_ipv4),
            server_ipv6: text(&raw.server_ipv6),
        }
    }
}

/// `entry` in the words of the service document.
pub(super) fn served(own_name: &str, written: Written, entry: &Entry) -> Served {
    let Written { behind: Behind { name, service }, provider, update_url, server_ipv4, server_ipv6 } = written;
    Served {
        own_name: own_name.to_owned(),
        enabled: entry.enabled,
        provider: provider.then(|| entry.provider.clone()),
        own_url: update_url.is_some(),
        update_url: update_url.unwrap_or_else(|| Secret::new(template(&entry.dialect, entry.mode))),
        domains: entry.domains.clone(),
        username: entry.sending.username.clone(),
        mode: entry.mode,
        server_ipv4,
        server_ipv6,
        instead_of: name,
        service,
    }
}

/// There is no entry.
pub(super) fn nothing(own_name: &str) -> Served {
    Served {
        own_name: own_name.to_owned(),
        enabled: false,
        provider: None,
        update_url: Secret::default(),
        own_url: false,
        domains: Vec::new(),
        username: String::new(),
        mode: Mode::V4,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
        instead_of: None,
        service: String::new(),
    }
}

/// The provider's own template for `mode`: two with a blank between them where each family has one.
fn template(dialect: &Dialect, mode: Mode) -> String {
    let shape = &dialect.request;
    let templates = match mode {
        Mode::V4 => vec![&shape.v4],
        Mode::V6 => vec![&shape.v6],
        Mode::Both if shape.v4.is_some() && shape.v6.is_some() => vec![&shape.v4, &shape.v6],
        // One request that carries both.
        Mode::Both | Mode::Together => vec![&shape.together],
    };
    templates.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
