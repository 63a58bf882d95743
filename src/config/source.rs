//! Address sources: what may stand in the lists of a line.

use std::net::IpAddr;

use url::{Host, Url};

use crate::rules::address::{Family, publishable};
use crate::rules::consensus::Source;

use super::file::Texts;
use super::problem::{Place, Report, quoted, suggestion};
use super::reader::{Key, Placed};

/// Sources if nothing is configured: the cheapest and surest first. An interface that holds a publishable address needs no
/// question, a router answers from its own knowledge, and strangers on the web come last.
const DEFAULT_SOURCES: [Source; 4] = [Source::Interface(None), Source::FritzBox, Source::Upnp, Source::Web];

/// Longest interface name that Linux knows (IFNAMSIZ without the final zero).
const LONGEST_INTERFACE: usize = 15;

/// The words that can begin a source.
const KNOWN: [&str; 10] = ["interface", "fritzbox", "upnp", "pcp", "web", "dns", "stun", "command", "static", "push"];

/// What may be written.
const FORMS: &str = "write \"interface\", \"interface:NAME\", \"fritzbox\", \"upnp\", \"pcp\", \"web\", \"dns\", \"stun\", \
                     \"https://…\", \"command:…\", \"static:ADDRESS\" or \"push\"";

/// The sources of one family of a line that leaves through the interface `own`.
pub(super) fn sources(key: &Texts, family: Family, own: Option<&str>, report: &mut Report<'_>) -> Vec<Source> {
    let list = match key {
        Key::Absent | Key::Bad => return DEFAULT_SOURCES.into_iter().map(|source| on(own, source)).collect(),
        // An empty list says that the line has no such family.
        Key::Given(list) => &list.value,
    };
    let mut found = Vec::new();
    for text in list {
        let Some(source) = source(text, family, report).map(|source| on(own, source)) else {
            continue;
        };
        if found.contains(&source) {
            let own = matches!(&source, Source::Interface(Some(name)) if own == Some(name.as_str()));
            let remedy = if own { "name each source once; \"interface\" is the line's own one" } else { "name each source once" };
            report.error(&text.place, format!("{} is listed twice", quoted(&text.value)), remedy);
        } else {
            found.push(source);
        }
    }
    found
}

/// "interface" alone means the line's own one, if that has a name.
fn on(own: Option<&str>, source: Source) -> Source {
    match source {
        Source::Interface(None) => Source::Interface(own.map(str::to_owned)),
        other => other,
    }
}

fn source(text: &Placed<String>, family: Family, report: &mut Report<'_>) -> Option<Source> {
    let value = text.value.trim();
    let (word, rest) = value.split_once(':').map_or((value, None), |(word, rest)| (word, Some(rest.trim())));
    match (word, rest) {
        ("interface", None) => Some(Source::Interface(None)),
        ("interface", Some(name)) => interface(name, &text.place, report).map(|name| Source::Interface(Some(name))),
        ("fritzbox", None) => Some(Source::FritzBox),
        ("upnp", None) => Some(Source::Upnp),
        ("pcp", None) if family == Family::V6 => {
            report.error(&text.place, "\"pcp\" can only tell an IPv4 address", "remove it; \"upnp\" asks the router for IPv6");
            None
        }
        ("pcp", None) => Some(Source::Pcp),
        ("web", None) => Some(Source::Web),
        ("dns", None) => Some(Source::Dns),
        ("stun", None) => Some(Source::Stun),
        ("http" | "https", Some(_)) => echo(value, text, report),
        ("command", Some(program)) if !program.is_empty() => Some(Source::Command(program.into())),
        ("command", _) => {
            report.error(&text.place, "the command is empty", "write \"command:/path/to/program\"");
            None
        }
        ("static", Some(address)) => fixed(address, family, text, report),
        ("push", None) => Some(Source::Push),
        _ => {
            let hint = suggestion(word, KNOWN);
            report.error(&text.place, format!("{} is no address source{hint}", quoted(value)), FORMS);
            None
        }
    }
}

/// A name that an interface of Linux may have; whether there is one may change any time.
pub(super) fn interface(name: &str, place: &Place, report: &mut Report<'_>) -> Option<String> {
    let foreign = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | ':');
    if name.is_empty() || name.len() > LONGEST_INTERFACE || name.contains(foreign) {
        report.error(
            place,
            format!("{} is not the name of an interface", quoted(name)),
            format!("write a name as `ip link` shows it, such as \"eth0\"; {LONGEST_INTERFACE} characters at most"),
        );
        return None;
    }
    Some(name.into())
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
