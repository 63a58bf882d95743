//! What the box said, for people and as JSON.

use serde_json::{Value, json};

use crate::cli::out::{Out, Tone};
use crate::detect::WanView;
use crate::rules::status::Status;
use crate::rules::template::masked;
use crate::tr064::remote_access::{DdnsInfo, Provider, RemoteInfo, StatusWord};
use crate::tr064::session::Session;

/// Width of the names in front of the values.
const NAME: usize = 16;

/// `GetInfo`.
pub(super) fn remote(session: &Session, info: &RemoteInfo, json: bool, out: &mut Out) {
    let RemoteInfo { enabled, port, username, lets_encrypt, lets_encrypt_state } = info;
    if json {
        out.json(&json!({
            "model": session.model(),
            "version": session.version(),
            "enabled": enabled,
            "port": port,
            "username": username,
            "lets_encrypt_enabled": lets_encrypt,
            "lets_encrypt_state": lets_encrypt_state,
        }));
        return;
    }
    head(session, out);
    row("remote access", on(*enabled), out);
    row("port", port, out);
    row("user", or_none(username), out);
    let state = lets_encrypt_state.as_deref().unwrap_or("not told");
    row("Let's Encrypt", lets_encrypt.map_or_else(|| "not known to this firmware".to_owned(), |it| format!("{} ({state})", on(it))), out);
}

/// `GetDDNSInfo`.
pub(super) fn ddns(session: &Session, info: &DdnsInfo, json: bool, out: &mut Out) {
    let DdnsInfo { enabled, provider_name, update_url, domain, status_ipv4, status_ipv6, username, mode, server_ipv4, server_ipv6 } = info;
    let url = masked(update_url.expose());
    if json {
        out.json(&json!({
            "model": session.model(),
            "version": session.version(),
            "enabled": enabled,
            "provider_name": provider_name,
            "update_url": url,
            "domain": domain,
            "status_ipv4": status_ipv4.word,
            "status_ipv6": status_ipv6.word,
            "username": username,
            "mode": mode.wire(),
            "server_ipv4": server_ipv4,
            "server_ipv6": server_ipv6,
        }));
        return;
    }
    head(session, out);
    row("dynamic DNS", on(*enabled), out);
    row("provider", or_none(provider_name), out);
    row("domain", or_none(domain), out);
    row("user", or_none(username), out);
    row("mode", mode.wire(), out);
    row("update URL", or_none(&url), out);
    for (name, server) in [("server IPv4", server_ipv4), ("server IPv6", server_ipv6)].into_iter().filter(|(_, server)| !server.is_empty())
    {
        row(name, server, out);
    }
    for (name, status) in [("status IPv4", status_ipv4), ("status IPv6", status_ipv6)] {
        let shown = out.paint(tone(status), or_none(&status.word));
        row(name, shown, out);
    }
}

/// `GetDDNSProviders`.
pub(super) fn providers(list: &[Provider], json: bool, out: &mut Out) {
    if json {
        let list: Vec<Value> = list.iter().map(|it| json!({ "provider_name": it.name, "info_url": it.info_url })).collect();
        out.json(&list);
        return;
    }
    for Provider { name, info_url } in list {
        out.line(format_args!("{:<32}  {info_url}", plain(name)));
    }
}

/// What an action without results of its own has done.
pub(super) fn done(json: bool, results: &[(&str, Value)], out: &mut Out) {
    if json {
        out.json(&results.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>());
        return;
    }
    for (name, value) in results {
        row(&name.replace('_', " "), value, out);
    }
}

/// The line as the box sees it.
pub(super) fn wan(view: &WanView, out: &mut Out) {
    let value = serde_json::to_value(view).unwrap_or_default();
    for (name, value) in value.as_object().into_iter().flatten() {
        let shown = match value {
            Value::Null => continue,
            Value::String(text) => or_none(text),
            Value::Bool(it) => (if *it { "yes" } else { "no" }).to_owned(),
            other => other.to_string(),
        };
        row(&name.replace('_', " "), shown, out);
    }
}

fn head(session: &Session, out: &mut Out) {
    let version = session.version().map_or_else(String::new, |version| format!(" (FRITZ!OS {})", plain(version)));
    let title = out.paint(Tone::Heading, format_args!("{}{version}", plain(session.model())));
    out.line(title);
}

fn row(name: &str, value: impl std::fmt::Display, out: &mut Out) {
    out.line(format_args!("{name:<NAME$}{value}"));
}

const fn on(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "(none)".to_owned() } else { plain(text) }
}

/// The box's text on one line: whoever stands in for a box must not steer the terminal.
fn plain(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

const fn tone(status: &StatusWord) -> Tone {
    match status.status {
        Some(Status::Complete | Status::Updated) => Tone::Good,
        Some(Status::AccountDisabled) => Tone::Bad,
        Some(Status::Offline | Status::Undefined) => Tone::Faint,
        _ => Tone::Warning,
    }
}
