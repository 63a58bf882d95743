//! The simple case without a file: `WANBEACON_DDNS_…` variables define one entry.

use super::file::{RawEntry, RawUrl, Words};
use super::problem::{Place, Report, suggestion};
use super::reader::{Key, Placed};
use super::secret::RawSecret;
use super::world::World;

/// What every variable of the entry begins with.
pub(super) const PREFIX: &str = "WANBEACON_DDNS_";

/// The variables there are.
const NAMES: [&str; 7] = ["PROVIDER", "UPDATE_URL", "DOMAIN", "USERNAME", "PASSWORD", "PASSWORD_FILE", "MODE"];

/// The entry that the environment defines, if it defines any.
pub(super) fn entry(world: &World, report: &mut Report<'_>) -> Option<RawEntry> {
    refuse_unknown(world, report);
    let mut get = |name: &str| text(name, world, report);
    let [provider, update_url, domain, username, password, password_file, mode] = NAMES.map(&mut get);
    if [&provider, &update_url, &domain, &username, &password, &password_file, &mode].iter().all(|key| key.is_absent()) {
        return None;
    }
    let place = Place::variable(PREFIX);
    let password = match (password, password_file) {
        (Key::Given(plain), Key::Given(_)) => {
            report.error(&plain.place, "set together with WANBEACON_DDNS_PASSWORD_FILE", "set one of the two");
            Key::Bad
        }
        (Key::Given(plain), _) => Key::Given(RawSecret::plain(plain)),
        (_, Key::Given(file)) => Key::Given(RawSecret::File(file)),
        (Key::Bad, _) | (_, Key::Bad) => Key::Bad,
        (Key::Absent, Key::Absent) => Key::Absent,
    };
    Some(RawEntry {
        provider,
        update_url: convert(update_url, RawUrl::plain),
        domain: convert(domain, split),
        username,
        password,
        mode,
        ..RawEntry::empty(place)
    })
}

fn refuse_unknown(world: &World, report: &mut Report<'_>) {
    for name in world.names(PREFIX) {
        let rest = &name[PREFIX.len()..];
        if !NAMES.contains(&rest) {
            let hint = suggestion(name, NAMES.map(|known| format!("{PREFIX}{known}")).iter().map(String::as_str));
            let place = Place::variable(name);
            report.error(&place, format!("unknown variable{hint}"), "use a configuration file for everything else");
        }
    }
}

fn text(name: &str, world: &World, report: &mut Report<'_>) -> Words {
    let place = Place::variable(format!("{PREFIX}{name}"));
    match world.variable(&place.key).map(|value| value.to_str()) {
        None => Key::Absent,
        Some(Some(value)) => Key::Given(Placed::new(value.into(), place)),
        Some(None) => {
            report.error(&place, "the value is not UTF-8 text", "write it as plain text");
            Key::Bad
        }
    }
}

fn split(names: Placed<String>) -> Placed<Vec<Placed<String>>> {
    let parts = (names.value.split(',').map(str::trim).filter(|name| !name.is_empty()))
        .map(|name| Placed::new(name.into(), names.place.clone()))
        .collect();
    Placed::new(parts, names.place)
}

fn convert<T, U>(key: Key<T>, convert: impl FnOnce(T) -> U) -> Key<U> {
    match key {
        Key::Absent => Key::Absent,
        Key::Bad => Key::Bad,
        Key::Given(value) => Key::Given(convert(value)),
    }
}
