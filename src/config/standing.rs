//! The entry that stands for the served TR-064 service.

use crate::rules::dialect::Dialect;
use crate::rules::domain::{Domain, Entry, Mode};
use crate::rules::secret::Secret;

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
    let has = |entry: &RawEntry| domains(entry).any(|domain| domain == *name);
    first_that_is_on(entries, has)
}

/// Of the entries that are `meant`, the first that is switched on, else the first.
pub(super) fn first_that_is_on(entries: &[RawEntry], meant: impl Fn(&RawEntry) -> bool) -> Option<usize> {
    let on = |entry: &RawEntry| entry.enabled.given().is_none_or(|flag| flag.value);
    (entries.iter().position(|entry| on(entry) && meant(entry))).or_else(|| entries.iter().position(meant))
}

fn domains(entry: &RawEntry) -> impl Iterator<Item = Domain> {
    entry.domain.given().into_iter().flat_map(|list| &list.value).filter_map(|text| Domain::parse(&text.value).ok())
}

/// What is told as it was written.
pub(super) struct Written {
    provider: bool,
    update_url: Option<Secret>,
    server_ipv4: String,
    server_ipv6: String,
}

impl Written {
    pub(super) fn of(raw: &RawEntry) -> Self {
        let text = |key: &Words| key.given().map_or_else(String::new, |text| text.value.trim().to_owned());
        let url = raw.update_url.given().and_then(|url| url.url.given());
        Self {
            provider: !raw.provider.is_absent(),
            update_url: url.map(|url| Secret::new(url.value.trim().to_owned())),
            server_ipv4: text(&raw.server_ipv4),
            server_ipv6: text(&raw.server_ipv6),
        }
    }
}

/// `entry` in the words of the service document.
pub(super) fn served(own_name: &str, written: Written, entry: &Entry) -> Served {
    let Written { provider, update_url, server_ipv4, server_ipv6 } = written;
    Served {
        own_name: own_name.to_owned(),
        enabled: entry.enabled,
        provider: provider.then(|| entry.provider.clone()),
        update_url: update_url.unwrap_or_else(|| Secret::new(template(&entry.dialect, entry.mode))),
        domains: entry.domains.clone(),
        username: entry.sending.username.clone(),
        mode: entry.mode,
        server_ipv4,
        server_ipv6,
    }
}

/// There is no entry.
pub(super) fn nothing(own_name: &str) -> Served {
    Served {
        own_name: own_name.to_owned(),
        enabled: false,
        provider: None,
        update_url: Secret::default(),
        domains: Vec::new(),
        username: String::new(),
        mode: Mode::V4,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
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
