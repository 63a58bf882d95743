//! What an entry sends: the provider's templates or the user's own, distributed over the families.

use std::sync::Arc;
use std::time::Duration;

use crate::catalog;
use crate::rules::address::PerFamily;
use crate::rules::dialect::{Dialect, Sibling};
use crate::rules::domain::{Domain, MissingFamily, Mode};
use crate::rules::template::{Placeholder, Text, UrlTemplate};

use super::file::{RawUrl, Words};
use super::problem::{Place, Report, quoted, suggestion};
use super::reader::{Key, Placed};
use super::{own_url, preset};

/// Services with a DNS API instead of an update URL: known to people, and to a later version.
const DNS_APIS: [&str; 24] = [
    "alidns",
    "bunny",
    "cloudflare",
    "cloudns",
    "digitalocean",
    "dnspod",
    "dreamhost",
    "gandi",
    "gcore",
    "gcp",
    "godaddy",
    "hetzner",
    "hostinger",
    "linode",
    "luadns",
    "namesilo",
    "netcup",
    "ns1",
    "ovh-api",
    "porkbun",
    "rfc2136",
    "route53",
    "transip",
    "vultr",
];

/// The keys that decide what is sent.
pub(super) struct Wish<'a> {
    pub(super) table: &'a Place,
    pub(super) provider: &'a Words,
    pub(super) update_url: &'a Key<RawUrl>,
    pub(super) mode: &'a Key<Placed<Mode>>,
    pub(super) servers: PerFamily<&'a Words>,
}

impl Wish<'_> {
    /// The mode, if one was written.
    pub(super) fn mode(&self) -> Option<Mode> {
        self.mode.given().map(|mode| mode.value)
    }

    /// Where to point for a mode that does not fit.
    pub(super) fn mode_place<'a>(&'a self, otherwise: &'a Place) -> &'a Place {
        self.mode.given().map_or(otherwise, |mode| &mode.place)
    }
}

/// What an entry sends, but for the credentials.
pub(super) struct Request {
    /// Where the provider or the URL was written.
    pub(super) place: Place,
    /// The URL is the user's, not the catalogue's.
    pub(super) own_url: bool,
    pub(super) provider: String,
    pub(super) service: String,
    pub(super) dialect: Arc<Dialect>,
    pub(super) mode: Mode,
    pub(super) single: PerFamily<Option<UrlTemplate>>,
    pub(super) together: Option<UrlTemplate>,
    pub(super) method: String,
    pub(super) headers: Vec<(String, Text)>,
    pub(super) body: Option<Text>,
    pub(super) batch: usize,
    pub(super) spacing: Duration,
    /// Everything of the above as it was written, for the fingerprint.
    pub(super) texts: Vec<String>,
}

impl Request {
    /// Every URL.
    pub(super) fn urls(&self) -> impl Iterator<Item = &UrlTemplate> {
        [&self.single.v4, &self.single.v6, &self.together].into_iter().flatten()
    }

    /// Is the placeholder anywhere in the request?
    pub(super) fn places(&self, placeholder: Placeholder) -> bool {
        let in_headers = self.headers.iter().map(|(_, value)| value).chain(&self.body).any(|text| text.uses(placeholder));
        in_headers || self.urls().any(|url| url.uses(placeholder))
    }

    /// Does the user write the Authorization header?
    pub(super) fn own_authorization(&self) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
    }

    /// Who wants a key, for messages.
    pub(super) fn needed_by(&self) -> &str {
        if self.own_url { "the update_url" } else { &self.dialect.title }
    }

    /// What to do while a family is missing, if the user does not say: a user's template may do anything to the other record.
    pub(super) fn missing_family(&self) -> MissingFamily {
        let harmless = !self.own_url && self.dialect.sibling.allows_single();
        if harmless && self.has_single() { MissingFamily::Drop } else { MissingFamily::Hold }
    }

    fn has_single(&self) -> bool {
        self.single.iter().any(|(_, url)| url.is_some())
    }
}

/// Finds out what is to be sent.
pub(super) fn request(wish: &Wish<'_>, report: &mut Report<'_>) -> Option<Request> {
    let dialect = dialect(wish, report);
    match wish.update_url {
        Key::Given(raw) => own_url::request(raw, dialect, wish, report),
        Key::Absent => preset::request(dialect?, wish, report),
        Key::Bad => None,
    }
}

fn dialect(wish: &Wish<'_>, report: &mut Report<'_>) -> Option<Arc<Dialect>> {
    let text = match wish.provider {
        Key::Given(text) => text,
        Key::Bad => return None,
        Key::Absent if wish.update_url.is_absent() => {
            report.missing(wish.table, "provider", "name a service (see `wanbeacon providers`), or write an update_url");
            return None;
        }
        Key::Absent => return Some(catalog::custom()),
    };
    let name = text.value.trim().to_lowercase();
    if let Some(dialect) = catalog::find(&name) {
        return Some(dialect);
    }
    if DNS_APIS.contains(&name.as_str()) {
        report.error(
            &text.place,
            format!("{name:?} is not supported by this version: it has a DNS API and no update URL"),
            "use a later version, or a service that `wanbeacon providers` lists",
        );
        return None;
    }
    let hint = suggestion(&name, catalog::all().iter().map(|dialect| dialect.name.as_str()));
    report.error(
        &text.place,
        format!("{} is not in the catalogue{hint}", quoted(&text.value)),
        "`wanbeacon providers` lists what is; for any other service leave provider out and write an update_url",
    );
    None
}

/// What is odd about a request that can be sent.
pub(super) fn lint(request: &Request, domains: &[Placed<Domain>], missing: &Words, report: &mut Report<'_>) {
    if let [_, second, ..] = domains
        && !request.places(Placeholder::Domain)
    {
        report.warn(
            &second.place,
            "the update_url has no <domain>, so the same request is sent for each of these names",
            "place <domain>, or write one entry per name",
        );
    }
    lint_sibling(request, report);
    lint_missing(request, missing, report);
}

/// A request with one address may cost the other record (`docs/behaviour.md`, "Both families").
fn lint_sibling(request: &Request, report: &mut Report<'_>) {
    let harm = match request.dialect.sibling {
        Sibling::Delete => "deletes the record of the other family",
        Sibling::Poison => "sets the record of the other family to a wrong address",
        Sibling::Keep | Sibling::KeepWith | Sibling::Detect | Sibling::Unknown => return,
    };
    if request.together.is_none() {
        report.warn(
            &request.place,
            format!("{} {harm} when a request carries one address alone", request.dialect.title),
            "if the name has both records, set mode = \"together\"",
        );
    }
}

fn lint_missing(request: &Request, missing: &Words, report: &mut Report<'_>) {
    let default = request.missing_family();
    // The default written out is the default.
    let Some(text) = missing.given().filter(|text| MissingFamily::parse(&text.value) != Some(default)) else {
        return;
    };
    let harmful = matches!(request.dialect.sibling, Sibling::Delete | Sibling::Poison);
    if request.together.is_none() {
        report.warn(&text.place, "has no effect: no request of this entry carries both addresses", "remove it");
    } else if text.value == "drop" && !request.has_single() {
        report.warn(&text.place, "has no effect: there is no URL for one address alone", "remove it, or write \"hold\"");
    } else if text.value == "drop" && harmful {
        report.warn(
            &text.place,
            format!("{} loses the record of the family that is missing", request.dialect.title),
            "write \"hold\", unless that is what you want",
        );
    } else if text.value == "hold" && request.dialect.sibling.allows_single() && request.has_single() {
        report.warn(
            &text.place,
            format!("holds one address back until the other is there, although {} keeps what is not sent", request.dialect.title),
            "mode = \"both\" publishes each as soon as it is known",
        );
    }
}
