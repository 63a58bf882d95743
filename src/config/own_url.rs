//! A request from the user's own `update_url`.

use std::sync::Arc;
use std::time::Duration;

use crate::rules::dialect::Dialect;
use crate::rules::template::{Placeholder, TemplateProblem, Text, UrlTemplate, check_mode_with, lint_freedyn, parse_update_url};

use super::file::{RawUrl, Texts, Words};
use super::problem::{Report, quoted, suggestion};
use super::reader::{Key, Placed};
use super::request::{Request, Wish};
use super::span::{Range, span};

/// Methods that services use to take an update.
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "PATCH"];

/// Header fields that belong to the HTTP client.
const RESERVED_HEADERS: [&str; 6] = ["connection", "content-length", "host", "te", "transfer-encoding", "upgrade"];

/// Most names in one request: the longest documented list has 20; a URL of hundreds of names is refused everywhere.
const MOST_NAMES: i64 = 100;

/// An hour between batches would be a defect in the configuration, not a courtesy.
const SPACING: Range = Range { least: Duration::ZERO, most: Duration::from_secs(3600) };

/// The table with every value read.
struct Read {
    urls: Vec<UrlTemplate>,
    method: String,
    headers: Vec<(String, Text)>,
    body: Option<Text>,
    /// good, nochg, fail.
    patterns: [Vec<String>; 3],
    batch: Option<usize>,
    spacing: Option<Duration>,
    texts: Vec<String>,
}

/// Builds the request of a user-defined URL; `dialect` is `None` if the provider beside it could not be found.
pub(super) fn request(raw: &RawUrl, dialect: Option<Arc<Dialect>>, wish: &Wish<'_>, report: &mut Report<'_>) -> Option<Request> {
    for (family, server) in wish.servers.iter() {
        if let Some(server) = server.given() {
            let remedy = format!("write the host into the update_url for {family}");
            report.error(&server.place, "replaces the host of a catalogue template only", remedy);
        }
    }
    let read = read(raw, report);
    let (Read { urls, method, headers, body, patterns, batch, spacing, texts }, dialect) = (read?, dialect?);
    let carried: Vec<&Text> = headers.iter().map(|(_, value)| value).chain(&body).collect();
    let plan = match check_mode_with(&urls, &carried, wish.mode()) {
        Ok(plan) => plan,
        // Nothing is said about a mode that was not understood.
        Err(_) if matches!(wish.mode, Key::Bad) => return None,
        Err(problems) => {
            for problem in problems {
                report.error(wish.mode_place(&raw.place), problem, "");
            }
            return None;
        }
    };
    let custom = wish.provider.is_absent();
    let mut request = Request {
        place: raw.place.clone(),
        own_url: true,
        provider: if custom { "custom".into() } else { dialect.name.clone() },
        service: if custom { service(&urls) } else { dialect.name.clone() },
        mode: plan.mode,
        single: plan.single,
        together: plan.together,
        method,
        headers,
        body,
        batch: 1,
        spacing: spacing.unwrap_or(dialect.request.spacing),
        texts,
        dialect: with_patterns(&dialect, &patterns),
    };
    let lists_names = request.places(Placeholder::Domain);
    request.batch = batch.unwrap_or(if custom || !lists_names { 1 } else { dialect.request.batch });
    if let Some(key) = raw.batch.given().filter(|_| request.batch > 1 && !lists_names) {
        report.error(&key.place, "several names in one request need a <domain> that lists them", "place <domain>, or remove batch");
    }
    Some(request)
}

fn read(raw: &RawUrl, report: &mut Report<'_>) -> Option<Read> {
    let RawUrl { place: _, url, method, headers, body, good, nochg, fail, batch, spacing } = raw;
    let method = read_method(method, report);
    if let Some(body) = body.given().filter(|_| method.as_deref() == Some("GET")) {
        report.error(&body.place, "a GET request has no body", "set method = \"POST\", or what the service asks for");
    }
    let fields = read_headers(headers, report);
    let text = read_text(body, report);
    let patterns = [good, nochg, fail].map(|key| read_patterns(key, report));
    let batch = read_batch(batch, report);
    let spacing = span(spacing, SPACING, report);
    let urls = url.given().and_then(|url| read_url(url, report));
    let (method, fields, urls) = (method?, fields?, urls?);

    let mut texts: Vec<String> = urls.iter().map(|url| url.source_text().into()).collect();
    texts.push(method.clone());
    texts.extend(headers.iter().flat_map(|(name, value)| [name.clone(), value.value.clone()]));
    texts.extend(body.given().map(|body| body.value.clone()));
    texts.extend(
        ["good", "nochg", "fail"]
            .into_iter()
            .zip(&patterns)
            .flat_map(|(name, list)| std::iter::once(name.to_owned()).chain(list.iter().cloned())),
    );
    Some(Read { urls, method, headers: fields, body: text, patterns, batch, spacing, texts })
}

fn with_patterns(dialect: &Arc<Dialect>, [good, nochg, fail]: &[Vec<String>; 3]) -> Arc<Dialect> {
    if good.is_empty() && nochg.is_empty() && fail.is_empty() {
        return Arc::clone(dialect);
    }
    Arc::new(Dialect::with_patterns(dialect, good, nochg, fail))
}

/// Which service a user-defined URL belongs to: its host, with the port if one is written.
fn service(urls: &[UrlTemplate]) -> String {
    let endpoint = urls.first().map(UrlTemplate::endpoint).unwrap_or_default();
    endpoint.split_once("://").map_or(endpoint.as_str(), |(_, host)| host).to_lowercase()
}

fn read_url(url: &Placed<String>, report: &mut Report<'_>) -> Option<Vec<UrlTemplate>> {
    let urls = parse_update_url(&url.value).map_err(|problems| tell(url, problems, report)).ok()?;
    for template in &urls {
        let lint = lint_freedyn(template.source_text());
        for refused in lint.refused {
            report.error(&url.place, refused, "");
        }
        for warning in lint.warnings {
            report.warn(&url.place, warning, "");
        }
    }
    Some(urls)
}

fn tell(text: &Placed<String>, problems: Vec<TemplateProblem>, report: &mut Report<'_>) {
    for problem in problems {
        report.error(&text.at(problem.at), problem.message, "");
    }
}

fn read_text(key: &Words, report: &mut Report<'_>) -> Option<Text> {
    let text = key.given()?;
    Text::parse(&text.value).map_err(|problems| tell(text, problems, report)).ok()
}

fn read_method(key: &Words, report: &mut Report<'_>) -> Option<String> {
    let text = match key {
        Key::Absent => return Some("GET".into()),
        Key::Bad => return None,
        Key::Given(text) => text,
    };
    let method = text.value.trim().to_ascii_uppercase();
    if METHODS.contains(&method.as_str()) {
        return Some(method);
    }
    let hint = suggestion(&method.to_lowercase(), ["get", "post", "put", "patch"]);
    report.error(
        &text.place,
        format!("{} is no method for an update{hint}", quoted(&text.value)),
        "write \"GET\", \"POST\", \"PUT\" or \"PATCH\"",
    );
    None
}

fn read_headers(headers: &[(String, Placed<String>)], report: &mut Report<'_>) -> Option<Vec<(String, Text)>> {
    let mut fields = Vec::new();
    for (name, value) in headers {
        let lower = name.to_ascii_lowercase();
        let token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if lower == "user-agent" {
            report.error(&value.place, "one User-Agent serves all requests", "write it as user_agent in [daemon]");
        } else if !token || RESERVED_HEADERS.contains(&lower.as_str()) {
            report.error(&value.place, format!("{} is not a header field that can be set", quoted(name)), "remove it");
        } else if value.value.chars().any(char::is_control) {
            report.error(&value.place, "the value holds a control character", "write one line of text");
        } else {
            match Text::parse(&value.value) {
                Ok(text) => fields.push((name.clone(), text)),
                Err(problems) => tell(value, problems, report),
            }
        }
    }
    (fields.len() == headers.len()).then_some(fields)
}

fn read_patterns(key: &Texts, report: &mut Report<'_>) -> Vec<String> {
    let mut patterns = Vec::new();
    for text in key.given().iter().flat_map(|list| &list.value) {
        let pattern = text.value.trim();
        if pattern.is_empty() {
            // It would fit every reply.
            report.error(&text.place, "an empty text would fit every reply", "write what the reply begins with, or remove it");
        } else {
            patterns.push(pattern.to_owned());
        }
    }
    patterns
}

fn read_batch(key: &Key<Placed<i64>>, report: &mut Report<'_>) -> Option<usize> {
    let number = key.given()?;
    if !(1..=MOST_NAMES).contains(&number.value) {
        report.error(&number.place, format!("{} names in one request", number.value), format!("write a number from 1 to {MOST_NAMES}"));
        return None;
    }
    usize::try_from(number.value).ok()
}
