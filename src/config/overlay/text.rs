//! The overlay as a text.

use std::fmt::Write as _;

use crate::config::file::Words;
use crate::config::problem::{Place, Problem, Report, quoted};
use crate::config::reader::{Key, Placed, Table, document};
use crate::rules::domain::{Domain, Mode};
use crate::rules::secret::Secret;

use super::{OVERLAY, OverlaidEntry, Overlay, Remote, RemoteUser};

/// What the file is, for whoever finds it.
const HEAD: &str = "# Settings made through the served interfaces. wanbeacon writes this file; without it the configuration alone applies.";

/// The only version of the format so far.
const VERSION: i64 = 1;

impl Overlay {
    /// Reads what [`Overlay::text`] wrote.
    ///
    /// # Errors
    ///
    /// Says where it is damaged, without repeating a value: it may be a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut report = Report::new(OVERLAY, text);
        let read = read(&mut report);
        read.filter(|_| !report.failed()).ok_or_else(|| report.finish().first().map_or_else(String::new, words))
    }

    /// The file's content. Holds secrets in clear.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { ddns, remote } = self;
        let mut text = format!("{HEAD}\nversion = {VERSION}\n");
        if let Some(entry) = ddns {
            put_entry(&mut text, entry);
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
    let Remote { enabled, port, user } = remote;
    text.push_str("\n[remote]\n");
    put(text, "enabled", *enabled);
    put(text, "port", i64::from(*port));
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

fn read(report: &mut Report<'_>) -> Option<Overlay> {
    let document = document(report);
    let mut table = Table::new(Place::top(""), document.get_ref());
    let version = needed(table.number("version", report), &table.place, "version", report)?;
    if version.value != VERSION {
        report.error(&version.place, format!("version {} is not known", version.value), "");
        return None;
    }
    let ddns = table.table("ddns", report).map(|table| read_entry(table, report));
    let remote = table.table("remote", report).map(|table| read_remote(table, report));
    table.finish(report);
    // What is there and cannot be read makes the whole of no use.
    Some(Overlay { ddns: ddns.map_or(Some(None), |entry| entry.map(Some))?, remote: remote.map_or(Some(None), |it| it.map(Some))? })
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
        domain: domain?.value.into_iter().map(|name| name.value).collect(),
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
    table.finish(report);
    let port = port?;
    let number = u16::try_from(port.value);
    if number.is_err() {
        report.error(&port.place, format!("{} is no port", port.value), "");
    }
    Some(Remote { enabled: enabled?.value, port: number.ok()?, user: user.map_or(Some(None), |user| user.map(Some))? })
}

fn read_user(mut table: Table<'_, '_>, report: &mut Report<'_>) -> Option<RemoteUser> {
    let place = table.place.clone();
    let name = needed(table.text("name", report), &place, "name", report);
    let password = table.text("password", report);
    table.finish(report);
    Some(RemoteUser { name: name?.value, password: text(&password).map(Secret::new) })
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
