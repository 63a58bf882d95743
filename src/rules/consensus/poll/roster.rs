//! Who can be asked outside: every service of the configured sources, and whose voice each of them is.

use url::{Host, Url};

use crate::rules::address::Family;
use crate::rules::consensus::servers::{STUN, WHOAMI};
use crate::rules::consensus::services::BUILT_IN;
use crate::rules::consensus::{Probe, Source};

/// One service that can be asked over one family.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// For people: the URL of an echo service, `dns:NAME@SERVER`, `stun:HOST:PORT`.
    pub(super) shown: String,
    /// For the record: the same, and where the services of two families would share it, the family.
    pub(super) key: String,
    /// Who runs it: one voice, whatever it is asked by.
    pub(super) operator: String,
    /// The source that it belongs to.
    pub(super) source: Source,
    pub(super) probe: Probe,
}

impl Candidate {
    /// Does the user name it? Then it is asked when needed.
    pub(super) const fn named(&self) -> bool {
        matches!(self.source, Source::Echo(_))
    }
}

/// The services of one outside source.
pub(super) fn of(source: &Source, family: Family) -> Vec<Candidate> {
    let source = || source.clone();
    match source() {
        Source::Echo(url) => {
            let operator = operator(&url);
            vec![Candidate { shown: url.clone(), key: url.clone(), operator, source: source(), probe: Probe::Echo { url } }]
        }
        Source::Web => BUILT_IN
            .iter()
            .map(|service| {
                let url = service.url[family].to_owned();
                let operator = service.operator.to_owned();
                Candidate { shown: url.clone(), key: url.clone(), operator, source: source(), probe: Probe::Echo { url } }
            })
            .collect(),
        Source::Dns => WHOAMI
            .iter()
            .filter_map(|whoami| {
                let shown = format!("dns:{}@{}", whoami.name.trim_end_matches('.'), whoami.server[family]?);
                let operator = whoami.operator.to_owned();
                Some(Candidate { key: shown.clone(), shown, operator, source: source(), probe: Probe::Dns(whoami) })
            })
            .collect(),
        Source::Stun => STUN
            .iter()
            .map(|server| {
                let shown = format!("stun:{}:{}", server.host, server.port);
                let operator = server.operator.to_owned();
                Candidate { key: format!("{shown}/{}", family.key()), shown, operator, source: source(), probe: Probe::Stun(server) }
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whose voice a URL is that the user names: of a built-in operator, if its host is in a domain of theirs, else of the host.
fn operator(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return url.to_owned();
    };
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_ascii_lowercase(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return url.into(),
    };
    let web = BUILT_IN.iter().flat_map(|service| service.url.iter().map(move |(_, url)| (service.operator, *url)));
    let of_web = |url: &str| Url::parse(url).ok().and_then(|url| Some(same_domain(url.host_str()?, &host))) == Some(true);
    let server = |address: &Option<std::net::IpAddr>| address.is_some_and(|address| address.to_string() == host);
    let known = web
        .filter(|(_, url)| of_web(url))
        .map(|(operator, _)| operator)
        .chain(WHOAMI.iter().filter(|whoami| whoami.server.iter().any(|(_, it)| server(it))).map(|whoami| whoami.operator))
        .chain(STUN.iter().filter(|server| same_domain(server.host, &host)).map(|server| server.operator))
        .next();
    // Another port is another program, as different as two hosts; the default ports are one.
    let own = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    known.map_or(own, str::to_owned)
}

/// Do the last two labels agree? All domains in the tables are registered there.
fn same_domain(one: &str, other: &str) -> bool {
    let domain = |name: &str| name.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
    one[domain(one)..].eq_ignore_ascii_case(&other[domain(other)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_the_voice_of_its_host_or_of_the_built_in_operator_that_runs_it() {
        for (url, expected) in [
            ("https://echo.example.net/ip", "echo.example.net"),
            ("http://ECHO.example.net:80/other", "echo.example.net"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("https://icanhazip.com/", "Cloudflare"),
            ("https://1.1.1.1/cdn-cgi/trace", "Cloudflare"),
            ("https://[2606:4700:4700::1111]/cdn-cgi/trace", "Cloudflare"),
            ("https://api64.ipify.org/", "ipify"),
            ("https://ip.cloudflare.com/", "Cloudflare"),
            ("https://notipify.org/", "notipify.org"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(operator(url), expected, "{url}");
        }
    }

    #[test]
    fn no_two_services_of_a_source_share_a_record() {
        for source in [Source::Web, Source::Dns, Source::Stun] {
            let all: Vec<Candidate> = Family::ALL.into_iter().flat_map(|family| of(&source, family)).collect();
            let keys: std::collections::BTreeSet<&str> = all.iter().map(|candidate| candidate.key.as_str()).collect();
            assert_eq!(keys.len(), all.len(), "{source}");
        }
    }
}
