//! What the overlay says, in place of what the file says.

use crate::config::file::{RawEntry, RawUrl, Words};
use crate::config::problem::{Place, Report};
use crate::config::reader::{Key, Placed};
use crate::config::secret::RawSecret;
use crate::config::standing;
use crate::rules::secret::Secret;

use super::OverlaidEntry;

/// Lays `over` the entry that it was made for, or adds a further one. Which of them that is; `None`: the entry is gone.
pub(in crate::config) fn lay(over: &OverlaidEntry, entries: &mut Vec<RawEntry>, report: &mut Report<'_>) -> Option<usize> {
    let place = Place::overlay("ddns");
    let Some(name) = &over.instead_of else {
        let further = merged(over, RawEntry::empty(place.clone()), &place);
        entries.push(further);
        return Some(entries.len() - 1);
    };
    let meant = |entry: &RawEntry| standing::has_name(entry, name) && standing::identity(entry) == over.service;
    let Some(index) = standing::first_that_is_on(entries, meant) else {
        // It may be in a part that could not be read.
        if !report.broken() {
            let why = if entries.iter().any(|entry| standing::has_name(entry, name)) {
                format!("\"{name}\" is at another service now than it was")
            } else {
                format!("no entry has the name \"{name}\" any more")
            };
            let key = place.child("instead_of");
            report.warn(&key, format!("{why}, so what was set for it is not used"), "set it anew, or delete the table [ddns] there");
        }
        return None;
    };
    let written = std::mem::replace(&mut entries[index], RawEntry::empty(place.clone()));
    entries[index] = merged(over, written, &place);
    Some(index)
}

/// The keys of the overlay; everything else as it was written. What is missing is missing in the overlay.
fn merged(over: &OverlaidEntry, written: RawEntry, place: &Place) -> RawEntry {
    let OverlaidEntry {
        instead_of: _,
        service: _,
        enabled,
        provider,
        update_url,
        domain,
        username,
        password,
        mode,
        server_ipv4,
        server_ipv6,
    } = over;
    let text = |key: &str, text: &str| Placed::new(text.to_owned(), place.child(key));
    let unless_empty = |key: &str, value: &str| -> Words { if value.is_empty() { Key::Absent } else { Key::Given(text(key, value)) } };
    let names = place.child("domain");
    let domains: Vec<_> = domain.iter().enumerate().map(|(index, name)| Placed::new(name.clone(), names.element(index))).collect();
    let same_provider = provider.as_ref().is_some_and(|name| standing::provider(&written).as_ref() == Some(name));
    RawEntry {
        place: place.clone(),
        enabled: Key::Given(Placed::new(*enabled, place.child("enabled"))),
        provider: provider.as_ref().map_or(Key::Absent, |name| Key::Given(text("provider", name))),
        update_url: match update_url {
            Some(url) => Key::Given(RawUrl::plain(text("update_url", url.expose()))),
            None if provider.is_none() || same_provider => written.update_url,
            // The file's is for another service.
            None => Key::Absent,
        },
        domain: Key::Given(Placed::new(domains, names)),
        username: unless_empty("username", username),
        password: match password {
            None => written.password,
            Some(none) if none.is_empty() => Key::Absent,
            Some(secret) => Key::Given(RawSecret::Plain(Placed::new(Secret::clone(secret), place.child("password")))),
        },
        mode: Key::Given(text("mode", mode.wire())),
        server_ipv4: unless_empty("server_ipv4", server_ipv4),
        server_ipv6: unless_empty("server_ipv6", server_ipv6),
        ..written
    }
}
