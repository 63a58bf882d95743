//! User name and password of an entry, and where they travel.

use crate::rules::secret::Secret;
use crate::rules::template::{Placeholder, UrlTemplate, lint_freedyn_user};

use super::entry::Surroundings;
use super::file::Words;
use super::problem::{Place, Report};
use super::reader::{Key, Placed};
use super::request::Request;
use super::secret::RawSecret;

/// What an entry logs in with.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: Secret,
    /// Send them as Basic authentication with the first request.
    pub(super) basic: bool,
}

/// The keys as written.
pub(super) struct Written<'a> {
    pub(super) table: &'a Place,
    pub(super) username: &'a Words,
    pub(super) password: &'a Key<RawSecret>,
    pub(super) fritz_compat: bool,
}

/// Fetches the secret and checks that everything the request needs is there.
pub(super) fn credentials(
    written: &Written<'_>,
    request: Option<&Request>,
    surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) -> Option<Credentials> {
    let secret = written.password.given().map(|raw| raw.fetch(surroundings.base, surroundings.world, report));
    if !is_one_line(written.username, report) {
        return None;
    }
    let request = request?;
    let places_password = request.places(Placeholder::Password);
    let has_any = !written.username.is_absent() || !written.password.is_absent();
    let basic = has_any && (written.fritz_compat || !places_password) && !request.own_authorization();
    require(written, request, places_password, report);
    if has_any || request.urls().any(has_userinfo) {
        warn_in_the_clear(request, report);
    }
    let username = match written.username {
        Key::Absent => String::new(),
        Key::Bad => return None,
        Key::Given(name) => {
            lint(name, basic, request, report);
            name.value.clone()
        }
    };
    let password = match secret {
        Some(fetched) => fetched?,
        None if written.password.is_absent() => Secret::default(),
        None => return None,
    };
    Some(Credentials { username, password, basic })
}

/// A user name that is not there is no bad one.
pub(super) fn is_one_line(username: &Words, report: &mut Report<'_>) -> bool {
    let control = |name: &&Placed<String>| name.value.chars().any(char::is_control);
    let bad = username.given().filter(control);
    if let Some(name) = bad {
        report.error(&name.place, "the user name holds a control character", "write one line of text");
    }
    bad.is_none()
}

fn require(written: &Written<'_>, request: &Request, places_password: bool, report: &mut Report<'_>) {
    // A service from the catalogue always wants a login; where the URL does not place it, it is a user name and a password.
    let preset = !request.own_url;
    let wants_user = request.places(Placeholder::Username) || preset && !places_password;
    if wants_user && written.username.is_absent() {
        report.missing(written.table, "username", format!("{} needs it", request.needed_by()));
    }
    if (places_password || preset) && written.password.is_absent() {
        report.missing(
            written.table,
            "password",
            format!("{} needs it; password = {{ file = \"…\" }} keeps it out of this file", request.needed_by()),
        );
    }
}

fn warn_in_the_clear(request: &Request, report: &mut Report<'_>) {
    if request.urls().any(in_the_clear) {
        report.warn(
            &request.place,
            "user name and password travel over http, readable for everybody on the way",
            "write https:// if the service offers it",
        );
    }
}

/// Does the URL carry a login in front of its host?
fn has_userinfo(url: &UrlTemplate) -> bool {
    let (_, rest) = url.source_text().split_once("://").unwrap_or_default();
    rest.split(['/', '?']).next().is_some_and(|authority| authority.contains('@'))
}

fn in_the_clear(url: &UrlTemplate) -> bool {
    let host = url.host_text();
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let local = name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    !url.source_text().to_ascii_lowercase().starts_with("https://") && !local
}

/// What is wrong with a user name, without repeating it.
fn lint(name: &Placed<String>, basic: bool, request: &Request, report: &mut Report<'_>) {
    if basic && name.value.contains(':') {
        report.error(
            &name.place,
            "the user name holds a colon, which Basic authentication cannot carry (RFC 7617)",
            "correct it, or place <username> and <pass> in an update_url",
        );
    }
    if request.dialect.name == "freedyn" && !name.value.is_empty() && lint_freedyn_user(&name.value).is_some() {
        report.warn(&name.place, "FreeDYN's user names have ten digits, or are e-mail addresses", "compare it with the panel");
    }
}
