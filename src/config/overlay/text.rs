//! The overlay as a text.

use std::fmt::Write as _;

use crate::config::file::Words;
use crate::config::problem::{Place, Problem, Report, quoted};
use crate::config::reader::{Key, Placed, Table, document};
use crate::rules::domain::{Domain, Mode};
use crate::rules::secret::Secret;

use super::{Damage, OVERLAY, OverlaidEntry, Overlay, Remote, RemoteUser};

/// What the file is, for whoever finds it.
const HEAD: &str = "# Settings made through the served interfaces. wanbeacon writes this file; without it the configuration alone applies.";

/// The only version of the format so far.
const VERSION: i64 = 1;

impl Overlay {
    /// Reads what [`Overlay::text`] wrote.
    ///
    /// # Errors
    ///
    /// Says where it is damaged, without repeating a value: it may be a secret. Each part is judged for itself; what is there and
    /// cannot be read counts as switched off, unless it says that it is on.
    pub fn parse(text: &str) -> Result<Self, Damage> {
        let mut report = Report::new(OVERLAY, text);
        let document = document(&mut report);
        let table = || Table::new(Place::top(""), document.get_ref());
        let mut top = table();
        let version = needed(top.number("version", &mut report), &Place::top(""), "version", &mut report);
        if let Some(version) = version.as_ref().filter(|version| version.value != VERSION) {
            report.error(&version.place, format!("version {} is not known", version.value), "");
        }
        // A part of a text that is broken, or of another version, may mean something else than it seems to.
        let sure = !report.failed();
        let ddns = part(&mut top, "ddns", text, read_entry);
        let off = part(&mut top, "off", text, read_off);
        let remote = part(&mut top, "remote", text, read_remote);
        if sure {
            top.finish(&mut report);
        }
        let found = report.finish().into_iter().chain(ddns.problems).chain(off.problems).chain(remote.problems).next();
        let read = Self { ddns: ddns.read, off: off.read, remote: remote.read };
        let Some(problem) = found else { return Ok(read) };
        let why = match version.filter(|version| version.value > VERSION) {
            Some(newer) => {
                format!("it was written by a newer version of wanbeacon: its form is {}, and this one reads {VERSION}", newer.value)
            }
            None => format!("it is damaged: {}", words(&problem)),
        };
        let whole = [ddns.whole, off.whole, remote.whole].map(|whole| sure && whole);
        Err(Damage { why, left: Box::new(left(&read, whole, &mut table())) })
    }

    /// The file's content. Holds secrets in clear.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { ddns, off, remote } = self;
        let mut text = format!("{HEAD}\nversion = {VERSION}\n");
        if let Some(entry) = ddns {
            put_entry(&mut text, entry);
        }
        if let Some(names) = off {
            text.push_str("\n[off]\n");
            put(&mut text, "domain", names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>());
        }
        if let Some(remote) = remote {
            put_remote(&mut text, remote);
        }
        text
    }
}

fn put_entry(text: &mut String, entry: &OverlaidEntry) {
    let OverlaidEntry { instead_of, service, enabled, provider, update_url, domain, username, password, mode, server_ipv4, server_ipv6 } =
        entry;
    text.push_str("\n[ddns]\n");
    let optional = [
        ("instead_of", instead_of.as_ref().map(Domain::as_str)),
        ("service", Some(service.as_str()).filter(|service| !service.is_empty())),
        ("provider", provider.as_deref()),
        ("update_url", update_url.as_ref().map(Secret::expose)),
        ("password", password.as_ref().map(Secret::expose)),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            put(text, key, value);
        }
    }
    put(text, "enabled", *enabled);
    put(text, "domain", domain.clone());
    put(text, "username", username.as_str());
    put(text, "mode", mode.wire());
    put(text, "server_ipv4", server_ipv4.as_str());
    put(text, "server_ipv6", server_ipv6.as_str());
}

fn put_remote(text: &mut String, remote: &Remote) {
    let Remote { enabled, port, user, replaced } = remote;
    text.push_str("\n[remote]\n");
    put(text, "enabled", *enabled);
    put(text, "port", i64::from(*port));
    if !replaced.is_empty() {
        put(text, "replaced", replaced.clone());
    }
    if let Some(RemoteUser { name, password }) = user {
        text.push_str("\n[remote.user]\n");
        put(text, "name", name.as_str());
        if let Some(password) = password {
            put(text, "password", password.expose());
        }
    }
}

fn put(text: &mut String, key: &str, value: impl Into<toml::Value>) {
    let value = value.into();
    // Writing into a text cannot fail.
    let _ = writeln!(text, "{key} = {value}");
}

/// A problem without the name of the file, which the reader of the file adds.
fn words(problem: &Problem) -> String {
    let Problem { line, key, message, .. } = problem;
    if key.is_empty() { format!("line {line}: {message}") } else { format!("line {line}: {key}: {message}") }
}

/// One part of an overlay.
struct Part<T> {
    read: Option<T>,
    problems: Vec<Problem>,
    /// Nothing is wrong with it, or it is not there.
    whole: bool,
}

fn part<T>(top: &mut Table<'_, '_>, name: &'static str, text: &str, read: fn(Table<'_, '_>, &mut Report<'_>) -> Option<T>) -> Part<T> {
    let mut report = Report::new(OVERLAY, text);
    let read = top.table(name, &mut report).and_then(|table| read(table, &mut report));
    let whole = !report.failed();
    Part { read, problems: report.finish(), whole }
}

/// What of a damaged overlay is in force: the parts that are `whole`, and what is switched off in the others.
fn left(read: &Overlay, [ddns, off, remote]: [bool; 3], top: &mut Table<'_, '_>) -> Overlay {
    let entry = if ddns { None } else { switched_off(top, "ddns") };
    let entries = if off { read.off.clone() } else { switched_off(top, "off") };
    let lists: Vec<_> = entry.into_iter().chain(entries).collect();
    Overlay {
        ddns: read.ddns.clone().filter(|_| ddns),
        off: (!lists.is_empty()).then(|| lists.concat()),
        remote: if remote { read.remote.clone() } else { closed(top) },
    }
}

/// The names in the part `name`, if it is there and does not say that it is on.
fn switched_off(top: &mut Table<'_, '_>, name: &'static str) -> Option<Vec<Domain>> {
    // What is wrong with it was told.
    let mut unheard = Report::new(OVERLAY, "");
    match top.table(name, &mut unheard) {
        Some(mut table) => (!says_on(&mut table)).then(|| names(table)),
        // There is something, and it is no table.
        None => unheard.failed().then(Vec::new),
    }
}

fn says_on(table: &mut Table<'_, '_>) -> bool {
    table.flag("enabled", &mut Report::new(OVERLAY, "")).given().is_some_and(|flag| flag.value)
}

/// A remote access that is off, with its port, and users whose passwords were replaced: neither comes back.
fn closed(top: &mut Table<'_, '_>) -> Option<Remote> {
    let mut unheard = Report::new(OVERLAY, "");
    let Some(mut table) = top.table("remote", &mut unheard) else {
        return unheard.failed().then(Remote::default);
    };
    let enabled = says_on(&mut table);
    let port = table.number("port", &mut unheard).given().and_then(|port| u16::try_from(port.value).ok());
    let replaced = table.texts("replaced", &mut unheard).given().map_or_else(Vec::new, values);
    // That of the file, if it is on.
    let port = port.filter(|_| !enabled).unwrap_or(0);
    (!enabled || !replaced.is_empty()).then_some(Remote { enabled, port, user: None, replaced })
}

/// The names of an entry, as far as they can be read.
fn names(mut table: Table<'_, '_>) -> Vec<Domain> {
    let mut unheard = Report::new(OVERLAY, "");
    let first = text(&table.text("instead_of", &mut unheard));
    let rest = table.texts("domain", &mut unheard).given().map_or_else(Vec::new, values);
    first.iter().chain(&rest).filter_map(|name| Domain::parse(name).ok()).collect()
}

fn read_off(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Option<Vec<Domain>> {
    let place = table.place.clone();
    let names = needed(table.texts("domain", report), &place, "domain", report);
    table.finish(report);
    let read = |name: &Placed<String>| parsed(name, Domain::parse(&name.value).ok(), "domain name", report);
    Some(names?.value.iter().filter_map(read).collect())
}

fn read_entry(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Option<OverlaidEntry> {
    let place = table.place.clone();
    let instead_of = table.text("instead_of", report);
    let service = table.text("service", report);
    let enabled = needed(table.flag("enabled", report), &place, "enabled", report);
    let provider = table.text("provider", report);
    let update_url = table.text("update_url", report);
    let domain = needed(table.texts("domain", report), &place, "domain", report);
    let username = table.text("username", report);
    let password = table.text("password", report);
    let mode = needed(table.text("mode", report), &place, "mode", report);
    let server_ipv4 = table.text("server_ipv4", report);
    let server_ipv6 = table.text("server_ipv6", report);
    table.finish(report);
    Some(OverlaidEntry {
        instead_of: instead_of.given().and_then(|name| parsed(name, Domain::parse(&name.value).ok(), "domain name", report)),
        service: text(&service).unwrap_or_default(),
        enabled: enabled?.value,
        provider: text(&provider),
        update_url: text(&update_url).map(Secret::new),
        domain: values(&domain?),
        username: text(&username).unwrap_or_default(),
        password: text(&password).map(Secret::new),
        mode: mode.and_then(|word| parsed(&word, Mode::parse(&word.value), "mode", report))?,
        server_ipv4: text(&server_ipv4).unwrap_or_default(),
        server_ipv6: text(&server_ipv6).unwrap_or_default(),
    })
}

fn read_remote(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Option<Remote> {
    let place = table.place.clone();
    let enabled = needed(table.flag("enabled", report), &place, "enabled", report);
    let port = needed(table.number("port", report), &place, "port", report);
    let user = table.table("user", report).map(|table| read_user(table, report));
    let replaced = table.texts("replaced", report);
    table.finish(report);
    let port = port?;
    let number = u16::try_from(port.value);
    if number.is_err() {
        report.error(&port.place, format!("{} is no port", port.value), "");
    }
    let replaced = replaced.given().map_or_else(Vec::new, values);
    Some(Remote { enabled: enabled?.value, port: number.ok()?, user: user.map_or(Some(None), |user| user.map(Some))?, replaced })
}

fn read_user(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Option<RemoteUser> {
    let place = table.place.clone();
    let name = needed(table.text("name", report), &place, "name", report);
    let password = table.text("password", report);
    table.finish(report);
    Some(RemoteUser { name: name?.value, password: text(&password).map(Secret::new) })
}

fn values(list: &Placed<Vec<Placed<String>>>) -> Vec<String> {
    list.value.iter().map(|text| text.value.clone()).collect()
}

fn text(key: &Words) -> Option<String> {
    key.given().map(|text| text.value.clone())
}

fn needed<T>(key: Key<T>, table: &Place, name: &str, report: &mut Report<'_>) -> Option<T> {
    match key {
        Key::Given(value) => Some(value),
        Key::Bad => None,
        Key::Absent => {
            report.missing(table, name, "");
            None
        }
    }
}

fn parsed<T>(text: &Placed<String>, value: Option<T>, what: &str, report: &mut Report<'_>) -> Option<T> {
    if value.is_none() {
        report.error(&text.place, format!("{} is no {what}", quoted(&text.value)), "");
    }
    value
}
