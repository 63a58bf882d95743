//! What the overlay says, in place of what the file says.

use crate::config::file::{RawEntry, RawUrl, Words};
use crate::config::problem::{Place, Report};
use crate::config::reader::{Key, Placed};
use crate::config::secret::RawSecret;
use crate::config::standing;
use crate::rules::domain::Domain;
use crate::rules::secret::Secret;

use super::{OverlaidEntry, Overlay};

/// What an overlay did to the entries.
pub(in crate::config) struct Laid {
    /// It lies over this one.
    pub(in crate::config) over: Option<usize>,
    /// It does not fit this one any more, and keeps it off.
    pub(in crate::config) off: Option<usize>,
}

/// Lays `overlay` over the entries. `standing` is the one that the file names for the service.
pub(in crate::config) fn lay(overlay: &Overlay, entries: &mut Vec<RawEntry>, standing: Option<usize>, report: &mut Report<'_>) -> Laid {
    let over = overlay.ddns.as_ref().and_then(|over| lay_over(over, entries, report));
    let misfit = overlay.ddns.as_ref().filter(|it| over.is_none() && !it.enabled);
    let misfit = misfit.and_then(|it| switch_off(&it.names(), Some(&it.service), over, standing, entries, report));
    let off = overlay.off.as_ref().and_then(|names| switch_off(names, None, over, standing, entries, report));
    Laid { over, off: misfit.or(off) }
}

/// Keeps entries off that have one of the `names`: those at the same service, else all of them; without names the one that stands
/// for the service. One name has one updater, and who switched this one off may have another. The first of them.
fn switch_off(
    names: &[Domain],
    service: Option<&str>,
    laid: Option<usize>,
    standing: Option<usize>,
    entries: &mut [RawEntry],
    report: &mut Report<'_>,
) -> Option<usize> {
    let shares = |entry: &RawEntry| names.iter().any(|name| standing::has_name(entry, name));
    let mut meant: Vec<usize> = (0..entries.len()).filter(|index| Some(*index) != laid && shares(&entries[*index])).collect();
    let there = |index: &usize| service.is_some_and(|service| standing::identity(&entries[*index]) == service);
    if meant.iter().any(there) {
        meant.retain(there);
    }
    if names.is_empty() {
        meant.extend(standing.or_else(|| standing::first_that_is_on(entries, |_| true)).filter(|index| Some(*index) != laid));
    }
    for index in &meant {
        let place = Place::overlay("off");
        if standing::is_on(&entries[*index]) {
            let shown = standing::first_name(&entries[*index]).map_or_else(|| "the entry".to_owned(), |name| format!("\"{name}\""));
            let message = format!("{shown} stays switched off, as it was set through the service");
            report.warn(&place, message, "switch it on there, or delete the tables [ddns] and [off] of this file");
        }
        entries[*index].enabled = Key::Given(Placed::new(false, place));
    }
    meant.first().copied()
}

/// Lays `over` the entry that it was made for, or adds a further one. Which of them that is; `None`: the entry is gone.
fn lay_over(over: &OverlaidEntry, entries: &mut Vec<RawEntry>, report: &mut Report<'_>) -> Option<usize> {
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
