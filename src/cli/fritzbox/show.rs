//! What the box said, for people and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::out::{Out, Tone};
use crate::detect::{Remaining, WanView};
use crate::rules::status::Status;
use crate::rules::template::masked;
use crate::tr064::remote_access::{DdnsInfo, Provider, RemoteInfo, StatusWord};
use crate::tr064::session::Session;

/// Width of the names in front of the values.
const NAME: usize = 16;
/// What stands where the box says nothing.
const NOT_TOLD: &str = "not told";
/// `NewConnectionStatus` of a line that works (`WANIPConnection:1`, 2.2.3).
const CONNECTED: &str = "Connected";

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
    let state = lets_encrypt_state.as_deref().map_or_else(|| NOT_TOLD.to_owned(), plain);
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
        row(name, plain(server), out);
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
    let width = list.iter().map(|it| plain(&it.name).chars().count()).max().unwrap_or_default();
    for Provider { name, info_url } in list {
        let line = format!("{:<width$}  {}", plain(name), plain(info_url));
        out.line(line.trim_end());
    }
}

/// What `SetEnable` has done.
pub(super) fn access(enabled: bool, port: u16, json: bool, out: &mut Out) {
    if json {
        out.json(&json!({ "enabled": enabled, "port": port }));
        return;
    }
    row("remote access", on(enabled), out);
    row("port", port, out);
}

/// What `SetLetsEncryptEnable` has done.
pub(super) fn lets_encrypt(enabled: bool, json: bool, out: &mut Out) {
    if json {
        out.json(&json!({ "lets_encrypt_enabled": enabled }));
        return;
    }
    row("Let's Encrypt", on(enabled), out);
}

/// The line as the box sees it.
pub(super) fn wan(view: &WanView, json: bool, out: &mut Out) {
    if json {
        out.json(view);
        return;
    }
    let WanView { model, place, status, last_error, uptime, address, lifetimes, prefix, prefix_lifetimes, dns, ds_lite } = view;
    let model = if model.is_empty() { "a router without a name".to_owned() } else { plain(model) };
    let title = out.paint(Tone::Heading, format_args!("{model} at {}", place.trim_end_matches('/')));
    out.line(title);
    let since = uptime.map_or_else(String::new, |seconds| format!(" for {}", time(seconds)));
    let (word, tone) = match status.as_deref() {
        Some(CONNECTED) => (format!("connected{since}"), Tone::Good),
        Some(other) => (plain(other), Tone::Warning),
        None => (NOT_TOLD.to_owned(), Tone::Faint),
    };
    let word = out.paint(tone, word);
    row("line", word, out);
    if let Some(error) = last_error {
        row("last error", plain(error), out);
    }
    row("IPv4", or_none(address.v4.as_deref().unwrap_or_default()), out);
    row("IPv6", lasting(address.v6.as_deref(), *lifetimes), out);
    row("LAN prefix", lasting(prefix.as_deref(), *prefix_lifetimes), out);
    let servers: Vec<String> = dns.v4.iter().chain(&dns.v6).map(ToString::to_string).collect();
    row("DNS servers", if servers.is_empty() { NOT_TOLD.to_owned() } else { servers.join(", ") }, out);
    row("DS-Lite", ds_lite.map_or(NOT_TOLD, |it| if it { "yes: IPv4 goes through the provider's tunnel" } else { "no" }), out);
}

/// An address or prefix, and how long it is good.
fn lasting(text: Option<&str>, left: Option<Remaining>) -> String {
    let Some(text) = text else { return or_none("") };
    let left = left.map(|Remaining { preferred, valid }| format!("  (preferred for {}, valid for {})", time(preferred), time(valid)));
    format!("{}{}", plain(text), left.unwrap_or_default())
}

fn time(seconds: u64) -> String {
    if seconds == u64::from(u32::MAX) { "ever".to_owned() } else { humantime::format_duration(Duration::from_secs(seconds)).to_string() }
}

fn head(session: &Session, out: &mut Out) {
    // Other programs serve the same actions, wanbeacon among them.
    let system = if session.model().starts_with("FRITZ!") { "FRITZ!OS " } else { "" };
    let version = session.version().map_or_else(String::new, |version| format!(" ({system}{})", plain(version)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::tests::Page;
    use crate::http::fake::{Answer, FakeHttp};
    use crate::http::{Clients, Options};
    use crate::rules::address::PerFamily;
    use crate::rules::domain::Mode;
    use crate::rules::secret::Secret;
    use crate::tr064::session::Trust;

    /// Clears the screen, in seven and in eight bits.
    const EVIL: &str = "a\u{1b}[2J\u{9b}2J\r\u{7f}b";

    fn evil() -> String {
        EVIL.to_owned()
    }

    #[tokio::test]
    async fn whatever_a_box_says_does_not_steer_the_terminal() {
        let description =
            format!("<root><systemVersion><Display>{EVIL}</Display></systemVersion><device><modelName>{EVIL}</modelName></device></root>");
        let server = FakeHttp::start("127.0.0.1:0", vec![Answer::ok(&description)]).await;
        let clients = Clients::new(&Options::default()).unwrap();
        let place = server.url("/").parse().unwrap();
        let session = Session::open(&clients, &place, None, None, Trust::FirstUse { file: None }).await.unwrap();
        let word = || StatusWord { status: None, word: evil() };
        let info = RemoteInfo { enabled: true, port: 1, username: evil(), lets_encrypt: Some(true), lets_encrypt_state: Some(evil()) };
        let settings = DdnsInfo {
            enabled: true,
            provider_name: evil(),
            update_url: Secret::new(evil()),
            domain: evil(),
            status_ipv4: word(),
            status_ipv6: word(),
            username: evil(),
            mode: Mode::V4,
            server_ipv4: evil(),
            server_ipv6: evil(),
        };
        let view = WanView {
            model: evil(),
            status: Some(evil()),
            last_error: Some(evil()),
            address: PerFamily { v4: Some(evil()), v6: Some(evil()) },
            prefix: Some(evil()),
            ..WanView::default()
        };
        for json in [false, true] {
            let page = Page::default();
            let mut out = page.out();
            remote(&session, &info, json, &mut out);
            ddns(&session, &settings, json, &mut out);
            providers(&[Provider { name: evil(), info_url: evil() }], json, &mut out);
            wan(&view, json, &mut out);
            out.flush();
            let text = page.text();
            assert!(text.matches("[2J").count() >= 19, "it is shown: {text}");
            assert!(!text.replace('\n', "").contains(char::is_control), "{text:?}");
        }
    }
}
