//! One `[[ddns]]` entry: as written → checked.

use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::rules::address::{Family, PerFamily};
use crate::rules::consensus::Line;
use crate::rules::domain::{Domain, Entry, HostId, MissingFamily, Mode, Sending};
use crate::rules::template::Placeholder;

use super::credentials::{self, Credentials, Written};
use super::file::{RawEntry, Words};
use super::lines::DEFAULT_LINE;
use super::names;
use super::problem::{Place, Report, quoted, suggestion};
use super::reader::{Key, Placed};
use super::request::{self, Request, Wish};
use super::span::{Range, span};
use super::world::World;

/// Re-sending: dynaccess wants it every five minutes in its shortest plan, no service wants it more often; a record that is
/// not repeated within a year is not kept alive by it.
const REFRESH: Range = Range { least: Duration::from_secs(5 * 60), most: Duration::from_secs(366 * 86_400) };

/// Services count repeated updates as abuse; once a day is the most that is commonly borne.
const BOLD_REFRESH: Duration = Duration::from_secs(86_400);

/// What an entry is checked against.
pub(super) struct Surroundings<'a> {
    /// The User-Agent of every request: part of the fingerprint.
    pub(super) user_agent: &'a str,
    /// Where relative paths start.
    pub(super) base: &'a Path,
    pub(super) world: &'a World,
}

/// An entry, and where each of its names was written.
pub(super) struct Checked {
    pub(super) entry: Entry,
    pub(super) places: Vec<Place>,
}

/// Checks `raw`, which follows `line`. `None` if there is a problem that leaves no entry.
pub(super) fn entry(raw: RawEntry, line: Option<&Line>, surroundings: &Surroundings<'_>, report: &mut Report<'_>) -> Option<Checked> {
    let RawEntry {
        place,
        enabled,
        provider,
        update_url,
        domain,
        username,
        password,
        mode,
        missing_family,
        server_ipv4,
        server_ipv6,
        ipv6_host,
        wan: _,
        verify,
        refresh,
        fritz_compat,
    } = raw;
    let mode = read_mode(&mode, report);
    let wish = Wish {
        table: &place,
        provider: &provider,
        update_url: &update_url,
        mode: &mode,
        servers: PerFamily { v4: &server_ipv4, v6: &server_ipv6 },
    };
    let request = request::request(&wish, report);
    let domains = names::domains(&domain, &place, report);
    let fritz_compat = fritz_compat.given().is_some_and(|flag| flag.value);
    let written = Written { table: &place, username: &username, password: &password, fritz_compat };
    let credentials = credentials::credentials(&written, request.as_ref(), surroundings, report);
    let ipv6_host = read_host(&ipv6_host, request.as_ref(), report);
    let missing = read_missing(&missing_family, report);
    let refresh = read_refresh(&refresh, report);
    let (request, domains, credentials) = (request?, domains?, credentials?);
    names::lint(&domains, &request.dialect, report);
    request::lint(&request, &domains, &missing_family, report);
    let choices = Choices {
        enabled: enabled.given().is_none_or(|flag| flag.value),
        missing_family: missing.unwrap_or_else(|| request.missing_family()),
        // Without a line there is a problem, and its entry is looked at for further ones only.
        wan: line.map_or_else(|| DEFAULT_LINE.into(), |line| line.name.clone()),
        via: line.and_then(|line| line.interface.clone()),
        ipv6_host,
        verify: read_verify(&verify, &request, report),
        refresh: refresh.unwrap_or(if request.own_url && provider.is_absent() { None } else { request.dialect.refresh }),
        fritz_compat,
    };
    let (domains, places) = domains.into_iter().map(|name| (name.value, name.place)).unzip();
    Some(Checked { entry: assemble(request, credentials, domains, choices, surroundings.user_agent), places })
}

/// What is taken over as it is.
struct Choices {
    enabled: bool,
    missing_family: MissingFamily,
    wan: String,
    via: Option<String>,
    ipv6_host: Option<HostId>,
    verify: bool,
    refresh: Option<Duration>,
    fritz_compat: bool,
}

fn assemble(request: Request, credentials: Credentials, domains: Vec<Domain>, choices: Choices, user_agent: &str) -> Entry {
    let Choices { enabled, missing_family, wan, via, ipv6_host, verify, refresh, fritz_compat } = choices;
    let fingerprint = fingerprint(&request, &credentials, &domains, user_agent, fritz_compat);
    let Credentials { username, password, basic } = credentials;
    let Request {
        place: _,
        own_url: _,
        texts: _,
        provider,
        service,
        dialect,
        mode,
        single,
        together,
        method,
        headers,
        body,
        batch,
        spacing,
    } = request;
    let account = digest([service.as_str(), &username, password.mark()]);
    let sending = Sending { single, together, method, headers, body, username, password, basic, fritz_compat, via };
    Entry {
        enabled,
        provider,
        dialect,
        sending,
        domains,
        mode,
        missing_family,
        wan,
        ipv6_host,
        verify,
        refresh,
        service,
        account,
        fingerprint,
        batch,
        spacing,
    }
}

fn read_mode(key: &Words, report: &mut Report<'_>) -> Key<Placed<Mode>> {
    let text = match key {
        Key::Absent => return Key::Absent,
        Key::Bad => return Key::Bad,
        Key::Given(text) => text,
    };
    if let Some(mode) = Mode::parse(text.value.trim()) {
        return Key::Given(Placed::new(mode, text.place.clone()));
    }
    let hint = suggestion(&text.value, ["v4", "v6", "both", "together"]);
    report.error(&text.place, format!("{} is no mode{hint}", quoted(&text.value)), "write \"v4\", \"v6\", \"both\" or \"together\"");
    Key::Bad
}

fn read_missing(key: &Words, report: &mut Report<'_>) -> Option<MissingFamily> {
    let text = key.given()?;
    let parsed = MissingFamily::parse(&text.value);
    if parsed.is_none() {
        report.error(
            &text.place,
            format!("{} is not known here", quoted(&text.value)),
            "write \"hold\" (send nothing until both addresses are there) or \"drop\" (send the one that is)",
        );
    }
    parsed
}

/// The outer `None`: not said.
#[expect(clippy::option_option, reason = "not said and off are two answers")]
fn read_refresh(key: &Words, report: &mut Report<'_>) -> Option<Option<Duration>> {
    let text = key.given()?;
    if text.value.trim() == "off" {
        return Some(None);
    }
    let every = span(key, REFRESH, report)?;
    if every < BOLD_REFRESH {
        report.warn(
            &text.place,
            "many services take an unchanged address sent more than once a day for abuse",
            "keep it only if the service asks for it",
        );
    }
    Some(Some(every))
}

fn read_host(key: &Words, request: Option<&Request>, report: &mut Report<'_>) -> Option<HostId> {
    let text = key.given()?;
    let host = match HostId::parse(&text.value) {
        Ok(host) => host,
        Err(message) => {
            report.error(&text.place, message, "");
            return None;
        }
    };
    let request = request?;
    if !request.mode.wants(Family::V6) {
        report.warn(&text.place, "has no effect: the mode is IPv4 only", "remove it, or choose a mode with IPv6");
    } else if !request.places(Placeholder::Ipv6) && !request.places(Placeholder::LanPrefix) {
        report.error(
            &text.place,
            "the URL lets the provider detect the address, which is this machine's, not that of the one named here",
            "place <ip6addr> in the URL",
        );
    }
    Some(host)
}

fn read_verify(key: &Key<Placed<bool>>, request: &Request, report: &mut Report<'_>) -> bool {
    let Some(flag) = key.given() else {
        return request.dialect.verify;
    };
    if flag.value && !request.dialect.verify {
        report.warn(
            &flag.place,
            format!("DNS does not show what was sent to {}, so every update will look like a failed one", request.dialect.title),
            "remove it",
        );
    }
    flag.value
}

/// Everything whose change opens a lock (`docs/behaviour.md`, "Locks").
fn fingerprint(request: &Request, credentials: &Credentials, domains: &[Domain], user_agent: &str, fritz_compat: bool) -> String {
    let mut parts = vec![
        request.provider.as_str(),
        request.mode.wire(),
        user_agent,
        if fritz_compat { "raw" } else { "encoded" },
        &credentials.username,
        credentials.password.mark(),
    ];
    parts.extend(request.texts.iter().map(String::as_str));
    parts.push("names");
    parts.extend(domains.iter().map(Domain::as_str));
    digest(parts)
}

/// 16 hexadecimal digits of SHA-256 over `parts`, each with its length before it, so that no two lists look alike.
fn digest(parts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.as_ref().len() as u64).to_be_bytes());
        hash.update(part.as_ref().as_bytes());
    }
    let head = hash.finalize();
    let number = head.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("{number:016x}")
}
