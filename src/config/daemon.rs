//! `[daemon]`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::{RawDaemon, Texts, Words};
use super::problem::{Report, quoted};
use super::span::{Range, span};
use super::world::World;
use super::{DEFAULT_INTERVAL, DEFAULT_SETTLE, Daemon, StateDir, default_user_agent};

/// Polling: once a second is more than any source needs; a week without a look is no watch.
const INTERVAL: Range = Range { least: Duration::from_secs(1), most: Duration::from_secs(7 * 86_400) };

/// Below this the machine and its router hardly rest; events report changes sooner anyway.
const BRISK_INTERVAL: Duration = Duration::from_secs(30);

/// A settle time beyond a minute would only delay.
const SETTLE: Range = Range { least: Duration::ZERO, most: Duration::from_secs(60) };

/// A bundle with every root of the web is a quarter of this.
const LONGEST_CA_FILE: u64 = 1024 * 1024;

/// Longest User-Agent: servers refuse header fields of kilobytes.
const LONGEST_USER_AGENT: usize = 256;

/// The port of DNS (RFC 1035).
const DNS_PORT: u16 = 53;

/// Checks `[daemon]`. Relative paths start at `base`.
pub(super) fn daemon(raw: RawDaemon, base: &Path, world: &World, report: &mut Report<'_>) -> Daemon {
    let RawDaemon { interval, settle, state_dir, ca_file, resolver, user_agent } = raw;
    let brisk = interval.given().map(|text| text.place.clone());
    let interval = span(&interval, INTERVAL, report).unwrap_or(DEFAULT_INTERVAL);
    if let Some(place) = brisk.filter(|_| interval < BRISK_INTERVAL) {
        report.warn(
            &place,
            "polling this often wakes the machine and its router without need",
            "changes are noticed by events; \"5m\" is enough",
        );
    }
    Daemon {
        interval,
        settle: span(&settle, SETTLE, report).unwrap_or(DEFAULT_SETTLE),
        state_dir: folder(&state_dir, base, report),
        ca_file: roots(&ca_file, base, world, report),
        resolver: resolvers(&resolver, report),
        user_agent: agent(&user_agent, report),
    }
}

fn folder(key: &Words, base: &Path, report: &mut Report<'_>) -> StateDir {
    match key.given() {
        None => StateDir::Default,
        Some(text) if text.value == "none" => StateDir::None,
        Some(text) if text.value.trim().is_empty() => {
            report.error(&text.place, "the folder name is empty", "name a folder, or write \"none\" to run without one");
            StateDir::Default
        }
        Some(text) => StateDir::Folder(base.join(&text.value)),
    }
}

fn roots(key: &Words, base: &Path, world: &World, report: &mut Report<'_>) -> Option<PathBuf> {
    let text = key.given()?;
    let path = base.join(&text.value);
    let shown = quoted(&path.to_string_lossy());
    match world.read(&path, LONGEST_CA_FILE) {
        Err(error) => report.error(&text.place, format!("failed to read {shown}: {error}"), "name a readable file of PEM certificates"),
        Ok(file) if !String::from_utf8_lossy(&file.bytes).contains("-----BEGIN CERTIFICATE-----") => {
            report.error(&text.place, format!("{shown} holds no PEM certificate"), "name a file of PEM certificates");
        }
        Ok(_) => return Some(path),
    }
    None
}

fn resolvers(key: &Texts, report: &mut Report<'_>) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for text in key.given().iter().flat_map(|list| &list.value) {
        let value = text.value.trim();
        let address = value.parse::<SocketAddr>().ok().or_else(|| Some(SocketAddr::new(value.parse::<IpAddr>().ok()?, DNS_PORT)));
        match address {
            Some(address) if address.port() != 0 && !found.contains(&address) => found.push(address),
            Some(_) => report.error(&text.place, format!("{} is listed twice, or its port is 0", quoted(value)), "name each server once"),
            None => report.error(
                &text.place,
                format!("{} is not the address of a name server", quoted(value)),
                "write an IP address, or an address with a port such as \"192.0.2.53:53\" or \"[2001:db8::53]:53\"",
            ),
        }
    }
    found
}

fn agent(key: &Words, report: &mut Report<'_>) -> String {
    let Some(text) = key.given() else {
        return default_user_agent();
    };
    let fits = (1..=LONGEST_USER_AGENT).contains(&text.value.trim().len()) && text.value.bytes().all(|b| (b' '..=b'~').contains(&b));
    if !fits {
        report.error(
            &text.place,
            "not fit for a User-Agent header",
            format!("write 1 to {LONGEST_USER_AGENT} printable ASCII characters, product/version first"),
        );
        return default_user_agent();
    }
    text.value.trim().into()
}
