//! One URL with placeholders: taken apart once, put together for every request.

use std::fmt;

use url::Url;

use super::scan::outside;
use super::text::Manner;
use super::{DOTS, Placeholder, TemplateProblem, Text, Values, quoted};
use crate::rules::address::{PerFamily, Prefix};

/// One URL with placeholders, parsed and complete with its scheme. `Debug` shows keys in it as dots.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlTemplate {
    source: String,
    scheme: &'static str,
    userinfo: Option<Text>,
    /// As written, with the port.
    host: String,
    host_text: Text,
    target: Text,
}

/// A template with its values inserted.
#[derive(Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The URL, possibly with secrets inside.
    pub url: String,
    /// The same with every secret replaced by dots.
    pub shown: String,
}

impl fmt::Debug for Expanded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expanded").field(&self.shown).finish()
    }
}

/// Reads an UpdateURL: one URL, or two separated by one blank (IPv4 first).
///
/// # Errors
///
/// All problems at once, with byte offsets into `text`.
pub fn parse_update_url(text: &str) -> Result<Vec<UrlTemplate>, Vec<TemplateProblem>> {
    let trimmed = text.trim_end_matches(' ');
    let start = trimmed.len() - trimmed.trim_start_matches(' ').len();
    let trimmed = &trimmed[start..];
    if trimmed.is_empty() {
        return Err(vec![TemplateProblem::new(0, "the update URL is empty; expected for example https://host/path?hostname=<domain>")]);
    }
    let mut problems = Vec::new();
    let mut urls = Vec::new();
    let blanks: Vec<usize> = outside(trimmed).filter(|(_, c)| *c == ' ').map(|(at, _)| at).collect();
    if let Some(second) = blanks.get(1) {
        let message = "more than one blank in the update URL; expected one URL, or two separated by one blank (IPv4 first)";
        problems.push(TemplateProblem::new(start + second, message));
    }
    let mut from = 0;
    for to in blanks.into_iter().chain([trimmed.len()]) {
        if from < to {
            urls.extend(parse_one(&trimmed[from..to], start + from, &mut problems));
        }
        from = to + 1;
    }
    if problems.is_empty() { Ok(urls) } else { Err(problems) }
}

/// Reads one URL that begins at byte `base`; `None` if `problems` say why not.
fn parse_one(piece: &str, base: usize, problems: &mut Vec<TemplateProblem>) -> Option<UrlTemplate> {
    let before = problems.len();
    problems.extend(literal_problems(piece, base));
    let (scheme, start) = match split_scheme(piece) {
        Ok(found) => found,
        Err(message) => {
            problems.push(TemplateProblem::new(base, message));
            return None;
        }
    };
    let rest = &piece[start..];
    let (host_at, end) = host_span(rest);
    let (authority, target) = rest.split_at(end);
    let host = &authority[host_at..];
    if host.is_empty() {
        problems.push(TemplateProblem::new(base + start, "the update URL has no host; expected for example https://host/path"));
    }
    if !target.starts_with('/') {
        let message = format!("the update URL has no path; at least one slash was expected after the host {}", quoted(host));
        problems.push(TemplateProblem::new(base + start + end, message));
    }
    let userinfo = (host_at > 0).then(|| Text::parse_piece(&authority[..host_at - 1], base + start, problems));
    let template = UrlTemplate {
        source: format!("{scheme}://{rest}"),
        scheme,
        userinfo,
        host: host.to_owned(),
        host_text: Text::parse_piece(host, base + start + host_at, problems),
        target: Text::parse_piece(target, base + start + end, problems).hide_keys(),
    };
    if problems.len() == before
        && let Err(message) = template.try_out()
    {
        problems.push(TemplateProblem::new(base + start + host_at, message));
    }
    (problems.len() == before).then_some(template)
}

/// Where the host begins and ends in what follows the scheme. A user name may be an address with an "@" of its own.
fn host_span(rest: &str) -> (usize, usize) {
    let end = outside(rest).find(|(_, c)| matches!(c, '/' | '?')).map_or(rest.len(), |(at, _)| at);
    let start = outside(&rest[..end]).filter(|(_, c)| *c == '@').last().map_or(0, |(at, _)| at + 1);
    (start, end)
}

/// The scheme (http if none is written) and where the rest begins.
fn split_scheme(piece: &str) -> Result<(&'static str, usize), String> {
    let is_scheme = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let Some(at) = piece.find("://").filter(|at| is_scheme(&piece[..*at])) else {
        return Ok(("http", 0));
    };
    let start = at + "://".len();
    match piece[..at].to_ascii_lowercase().as_str() {
        "http" => Ok(("http", start)),
        "https" => Ok(("https", start)),
        other => Err(format!("the scheme {} is not known; expected https or http", quoted(other))),
    }
}

/// What must not stand in a URL as it is written.
fn literal_problems(piece: &str, base: usize) -> Vec<TemplateProblem> {
    const PREFIX: &str = "<ip6lanprefix>";
    let mut problems = Vec::new();
    for (at, c) in outside(piece) {
        let message = match c {
            '#' => "a \"#\" begins a fragment, which is never sent; write %23",
            '\\' => "a \"\\\" cannot stand in a URL; write / or %5C",
            c if c.is_control() || c.is_whitespace() => "a control character or blank cannot stand in a URL; write %20 for a blank",
            _ => continue,
        };
        problems.push(TemplateProblem::new(base + at, message));
    }
    for (at, _) in piece.match_indices(PREFIX) {
        // "2001:db8::/64" followed by "1234:…" is no address, and a lenient reader would publish a wrong one.
        if piece[at + PREFIX.len()..].starts_with(|c: char| c.is_ascii_hexdigit() || c == ':') {
            let message = "<ip6lanprefix> ends with its length (::/64), so nothing can be appended to it; \
                           use <ip6addr> and set ipv6_host to the interface identifier";
            problems.push(TemplateProblem::new(base + at, message));
        }
    }
    problems
}

impl UrlTemplate {
    /// Does the placeholder occur?
    #[must_use]
    pub fn uses(&self, placeholder: Placeholder) -> bool {
        self.texts().any(|text| text.uses(placeholder))
    }

    /// The families whose address the URL carries. A prefix counts as IPv6: some providers take nothing else.
    #[must_use]
    pub fn address_families(&self) -> PerFamily<bool> {
        PerFamily::from_fn(|family| self.texts().any(|text| text.address_families()[family]))
    }

    /// Does the URL carry an address? If not, the provider detects it from the connection.
    #[must_use]
    pub fn has_address(&self) -> bool {
        let families = self.address_families();
        families.v4 || families.v6
    }

    /// The host in lower case, without its port; placeholders as they are written.
    #[must_use]
    pub fn host_text(&self) -> String {
        let host = self.host.as_str();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        name.to_ascii_lowercase()
    }

    /// The URL as written, complete with its scheme.
    #[must_use]
    pub fn source_text(&self) -> &str {
        &self.source
    }

    /// Scheme, host and port as written: what [`UrlTemplate::with_host`] takes.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// The same request to another server: `host`, `host:port`, or either with its scheme.
    ///
    /// # Errors
    ///
    /// Says why `server` is none of these.
    pub fn with_host(&self, server: &str) -> Result<Self, TemplateProblem> {
        let server = server.trim().trim_end_matches('/');
        let (scheme, start) = split_scheme(server).map_err(|message| TemplateProblem::new(0, message))?;
        let host = &server[start..];
        if let Some((at, _)) = outside(host).find(|(_, c)| matches!(c, '/' | '?' | '@' | ' ')) {
            let message = format!("{} is not a server; expected a host, host:port, or either with http:// or https://", quoted(server));
            return Err(TemplateProblem::new(start + at, message));
        }
        // A bare IPv6 address gets the brackets that a URL wants.
        let host = if host.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() };
        let scheme = if start == 0 { self.scheme } else { scheme };
        let written = self.source.strip_prefix(self.scheme).and_then(|rest| rest.strip_prefix("://")).unwrap_or(&self.source);
        let (host_at, end) = host_span(written);
        let userinfo = &written[..host_at];
        let mut problems = Vec::new();
        parse_one(&format!("{scheme}://{userinfo}{host}{}", &written[end..]), 0, &mut problems)
            .ok_or_else(|| problems.into_iter().next().unwrap_or_else(|| TemplateProblem::new(0, "the server cannot be used")))
    }

    /// Inserts the values: credentials and names percent-encoded, addresses as they are.
    /// With `fritz_compat` path and query get everything as it is; in front of the path that could change the host.
    ///
    /// # Errors
    ///
    /// Names the value that is missing, or says why the result is no URL; no secret is in the text.
    pub fn expand(&self, values: &Values<'_>, fritz_compat: bool) -> Result<Expanded, String> {
        let hide_username = self.username_is_a_token();
        let encoded = Manner { raw: false, hide_username };
        let host = self.host_text.fill(values, encoded)?;
        let target = self.target.fill(values, Manner { raw: fritz_compat, hide_username })?;
        let (mut real, mut shown) = (String::new(), String::new());
        if let Some(userinfo) = &self.userinfo {
            real = format!("{}@", userinfo.fill(values, encoded)?.real);
            shown = format!("{DOTS}@");
        }
        let scheme = self.scheme;
        let url = format!("{scheme}://{real}{}{}", host.real, target.real);
        match Url::parse(&url) {
            Ok(_) => Ok(Expanded { url, shown: format!("{scheme}://{shown}{}{}", host.shown, target.shown) }),
            Err(error) => Err(format!(
                "{} is not a host for a URL: {error}; expected a host name or an address, with a port if needed",
                quoted(&self.host)
            )),
        }
    }

    /// A URL that places the user name and no password carries a token in it.
    #[must_use]
    pub fn username_is_a_token(&self) -> bool {
        self.uses(Placeholder::Username) && !self.uses(Placeholder::Password)
    }

    /// Texts that must not be shown although they are no configured secret: keys written into the URL, encoded forms.
    pub(in crate::rules) fn secrets(&self, values: &Values<'_>) -> Vec<String> {
        let keys = self.target.hidden().map(str::to_owned);
        keys.chain(self.texts().flat_map(|text| text.encoded_secrets(values))).collect()
    }

    fn texts(&self) -> impl Iterator<Item = &Text> {
        self.userinfo.iter().chain([&self.host_text, &self.target])
    }

    /// Does it become a URL with usual values?
    fn try_out(&self) -> Result<(), String> {
        let values = Values {
            domain: "example.org",
            username: "user",
            password: "secret",
            ipv4: Some(std::net::Ipv4Addr::new(192, 0, 2, 1)),
            ipv6: Some(std::net::Ipv6Addr::LOCALHOST),
            lan_prefix: Some(Prefix { network: std::net::Ipv6Addr::UNSPECIFIED, length: 64 }),
            bare_prefix: false,
            dualstack: true,
        };
        self.expand(&values, false).map(|_| ())
    }
}

impl fmt::Debug for UrlTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let userinfo = if self.userinfo.is_some() { format!("{DOTS}@") } else { String::new() };
        write!(f, "UrlTemplate({}://{userinfo}{}{})", self.scheme, self.host, self.target.outline())
    }
}
