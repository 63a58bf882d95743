//! What FreeDYN's parameters forbid (its interface description, freedyn.de/dyndnsapi.php): families of synonyms of which only
//! one may be set.

use super::quoted;
use super::scan::outside;

/// Findings about a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lint {
    /// The template must not be used; with the remedy.
    pub refused: Vec<String>,
    /// It works, and could be better.
    pub warnings: Vec<String>,
}

const USER: [&str; 4] = ["benutzername", "username", "user", "email"];
const PASSWORD: [&str; 2] = ["passwort", "password"];
const HOST: [&str; 4] = ["hostname", "host", "domain", "dynhost"];
const FIRST_ADDRESS: [&str; 6] = ["ip", "myip", "ipv4", "ipaddr", "ipadress", "a"];
const SECOND_ADDRESS: [&str; 6] = ["ip2", "myip2", "ipv6", "ipaddr2", "ipadress2", "aaaa"];
const FAMILIES: [(&str, &[&str]); 5] =
    [("user", &USER), ("password", &PASSWORD), ("host", &HOST), ("first address", &FIRST_ADDRESS), ("second address", &SECOND_ADDRESS)];

/// Checks one URL, with or without placeholders. A URL of another provider passes without findings.
#[must_use]
pub fn lint_freedyn(url: &str) -> Lint {
    let url = Written::read(url);
    let mut lint = Lint::default();
    if !url.is_freedyn() {
        return lint;
    }
    let rest = url.path.strip_prefix("/nic/update").unwrap_or_default();
    if !matches!(rest, "" | "/") {
        // Only the name: a value may be a password.
        let rest = rest.split('=').next().unwrap_or_default();
        lint.refused.push(format!("{} stands directly behind /nic/update; write a \"?\" in front of the parameters", quoted(rest)));
    }
    for (family, names) in FAMILIES {
        let used: Vec<&str> = url.names().filter(|name| names.contains(name)).collect();
        if used.len() > 1 {
            lint.refused.push(format!(
                "{} all set the {family}, and which one counts is not defined; keep {} alone",
                used.join(", "),
                used[0]
            ));
        }
    }
    for name in url.names().filter(|name| name.contains("updateall") || name.starts_with("upall")) {
        lint.refused.push(format!("{} is no longer accepted; list the names by comma: hostname=<domain>", quoted(name)));
    }
    if url.has(&SECOND_ADDRESS) && !url.has(&FIRST_ADDRESS) {
        lint.refused.push(
            "the second address is set without the first, which FreeDYN would then fill by detection; \
             write myip=<ip6addr> for IPv6 alone, or myip=<ipaddr>&myip2=<ip6addr> for both"
                .into(),
        );
    }
    lint.warnings = url.warnings();
    lint
}

/// What is doubtful about a FreeDYN user name, if anything.
#[must_use]
pub fn lint_freedyn_user(user: &str) -> Option<String> {
    let number = user.len() == 10 && user.bytes().all(|b| b.is_ascii_digit());
    (!number && !user.contains('@'))
        .then(|| format!("the user {} is neither an account number (ten digits) nor an e-mail address", quoted(user)))
}

/// A URL as far as the checks need it, in lower case where case does not count.
struct Written<'a> {
    https: bool,
    userinfo: Option<&'a str>,
    host: String,
    path: &'a str,
    parameters: Vec<(String, &'a str)>,
}

impl<'a> Written<'a> {
    fn read(url: &'a str) -> Self {
        let (scheme, rest) = url.trim().split_once("://").unwrap_or(("http", url.trim()));
        let end = outside(rest).find(|(_, c)| matches!(c, '/' | '?')).map_or(rest.len(), |(at, _)| at);
        let (authority, target) = rest.split_at(end);
        let (userinfo, host) = authority.rsplit_once('@').map_or((None, authority), |(userinfo, host)| (Some(userinfo), host));
        let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameters = query.split(['&', ';']).filter(|parameter| !parameter.is_empty());
        let parameters = parameters.map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
        let parameters = parameters.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Self { https: scheme.eq_ignore_ascii_case("https"), userinfo, host, path, parameters }
    }

    fn is_freedyn(&self) -> bool {
        self.host == "api.freedyn.de" || self.host.ends_with(".api.freedyn.de")
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|(name, _)| name.as_str())
    }

    fn has(&self, names: &[&str]) -> bool {
        self.names().any(|name| names.contains(&name))
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.https {
            warnings.push("user and password would travel in clear over http; write https://".into());
        }
        if self.has(&USER) || self.has(&PASSWORD) {
            warnings.push(
                "the credentials stand in the query, where logs and proxies see them; leave them out, they are sent as Basic authentication"
                    .into(),
            );
        }
        if self.has(&["ipv6praefx"]) && !self.has(&FIRST_ADDRESS) {
            warnings.push("ipv6praefx without an address lets FreeDYN detect the address; add myip=<ipaddr> or myip=<ip6addr>".into());
        }
        let in_userinfo = self.userinfo.and_then(|userinfo| userinfo.split(':').next());
        let in_query = self.parameters.iter().filter(|(name, _)| USER.contains(&name.as_str())).map(|(_, value)| *value);
        let users = in_userinfo.into_iter().chain(in_query).filter(|user| !user.is_empty() && !user.contains('<'));
        warnings.extend(users.filter_map(|user| lint_freedyn_user(&user.replace("%40", "@"))));
        let names = self.parameters.iter().filter(|(name, _)| HOST.contains(&name.as_str())).flat_map(|(_, value)| value.split(','));
        for name in names.filter(|name| !name.is_ascii()) {
            let ascii = idna::domain_to_ascii(name).unwrap_or_else(|_| "its A-label form".into());
            warnings.push(format!("{} has letters outside of ASCII; write {ascii}", quoted(name)));
        }
        warnings
    }
}
