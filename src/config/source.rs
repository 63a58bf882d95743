//! Address sources: what may stand in the lists of `[wan]`.

use std::net::IpAddr;

use url::{Host, Url};

use crate::rules::address::{Family, PerFamily, publishable};
use crate::rules::consensus::{Line, Source};

use super::file::RawWan;
use super::problem::{Report, quoted, suggestion};
use super::reader::{Key, Placed, not_yet};

/// The name of the line that `[wan]` describes.
pub(super) const DEFAULT_LINE: &str = "default";

/// Sources if nothing is configured: the cheapest and surest first. An interface that holds a publishable address needs no
/// question, a router answers from its own knowledge, and strangers on the web come last.
const DEFAULT_SOURCES: [Source; 3] = [Source::Interface(None), Source::FritzBox, Source::Web];

/// Longest interface name that Linux knows (IFNAMSIZ without the final zero).
const LONGEST_INTERFACE: usize = 15;

/// The words that can begin a source.
const KNOWN: [&str; 9] = ["interface", "fritzbox", "web", "command", "static", "upnp", "dns", "stun", "push"];

/// Checks `[wan]`.
pub(super) fn line(wan: RawWan, report: &mut Report<'_>) -> Line {
    let RawWan { ipv4, ipv6 } = wan;
    let raw = PerFamily { v4: ipv4, v6: ipv6 };
    let sources = PerFamily::from_fn(|family| match &raw[family] {
        Key::Absent | Key::Bad => DEFAULT_SOURCES.to_vec(),
        // An empty list says that the line has no such family.
        Key::Given(list) => sources(&list.value, family, report),
    });
    Line { name: DEFAULT_LINE.into(), interface: None, sources }
}

fn sources(list: &[Placed<String>], family: Family, report: &mut Report<'_>) -> Vec<Source> {
    let mut found = Vec::new();
    for text in list {
        let Some(source) = source(text, family, report) else {
            continue;
        };
        if found.contains(&source) {
            report.error(&text.place, format!("{} is listed twice", quoted(&text.value)), "name each source once");
        } else {
            found.push(source);
        }
    }
    found
}

fn source(text: &Placed<String>, family: Family, report: &mut Report<'_>) -> Option<Source> {
    let value = text.value.trim();
    let (word, rest) = value.split_once(':').map_or((value, None), |(word, rest)| (word, Some(rest.trim())));
    match (word, rest) {
        ("interface", None) => Some(Source::Interface(None)),
        ("interface", Some(name)) => interface(name, text, report),
        ("fritzbox", None) => Some(Source::FritzBox),
        ("web", None) => Some(Source::Web),
        ("http" | "https", Some(_)) => echo(value, text, report),
        ("command", Some(program)) if !program.is_empty() => Some(Source::Command(program.into())),
        ("command", _) => {
            report.error(&text.place, "the command is empty", "write \"command:/path/to/program\"");
            None
        }
        ("static", Some(address)) => fixed(address, family, text, report),
        ("upnp" | "dns" | "stun" | "push", None) => {
            not_yet(&text.place, report);
            None
        }
        _ => {
            let hint = suggestion(word, KNOWN);
            report.error(
                &text.place,
                format!("{} is no address source{hint}", quoted(value)),
                "write \"interface\", \"interface:NAME\", \"fritzbox\", \"web\", \"https://…\", \"command:…\" or \"static:ADDRESS\"",
            );
            None
        }
    }
}

fn interface(name: &str, text: &Placed<String>, report: &mut Report<'_>) -> Option<Source> {
    if name.is_empty() || name.len() > LONGEST_INTERFACE || name.contains(['/', ' ']) {
        report.error(
            &text.place,
            format!("{} is not the name of an interface", quoted(name)),
            "write a name as `ip link` shows it, such as \"interface:eth0\"",
        );
        return None;
    }
    Some(Source::Interface(Some(name.into())))
}

fn echo(value: &str, text: &Placed<String>, report: &mut Report<'_>) -> Option<Source> {
    let url = match Url::parse(value) {
        Ok(url) => url,
        Err(error) => {
            report.error(&text.place, format!("{} is not a URL: {error}", quoted(value)), "write \"https://host/path\"");
            return None;
        }
    };
    let local = url.host().is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback() || address.is_private(),
        Host::Ipv6(address) => address.is_loopback() || address.is_unique_local(),
    });
    if url.scheme() == "http" && !local {
        report.warn(
            &text.place,
            "an answer over http can be forged on the way, and a forged address would be published",
            "use https if the service offers it",
        );
    }
    Some(Source::Echo(value.into()))
}

fn fixed(address: &str, family: Family, text: &Placed<String>, report: &mut Report<'_>) -> Option<Source> {
    let parsed: Option<IpAddr> = address.parse().ok();
    match parsed {
        Some(address) if Family::of(address) == family => {
            if let Err(rejected) = publishable(address) {
                report.warn(&text.place, format!("this address will not be published: {rejected}"), "write a public address");
            }
            Some(Source::Static(address))
        }
        Some(address) => {
            let other = family.other();
            report.error(
                &text.place,
                format!("{address} is an {other} address in the {family} list"),
                format!("move it to {}", other.key()),
            );
            None
        }
        None => {
            report.error(
                &text.place,
                format!("{} is not an address", quoted(address)),
                format!("write an {family} address behind \"static:\""),
            );
            None
        }
    }
}
