//! `[web]`: as written → checked.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::rules::consensus::Source;
use crate::rules::rights::Right;

use super::entry::Surroundings;
use super::file::Words;
use super::lines::{self, Described};
use super::overlay::Remote;
use super::problem::{Place, Report, quoted, suggestion};
use super::reader::{Key, Placed};
use super::served::{DEFAULT_LISTEN, Face, LoginForm, User, Web};

mod listen;
mod raw;
mod user;

use listen::Socket;
use raw::RawUser;
pub(super) use raw::{RawFace, RawTr064, RawWeb};

/// The names of the user-defined provider in the languages of the box.
const OWN_NAMES: [(&str, &str); 2] = [("de", "Benutzerdefiniert"), ("en", "User-defined")];

/// Digest algorithms (RFC 7616); old clients know the first one only.
const DIGESTS: [&str; 2] = ["MD5", "SHA-256"];

/// Checks `[web]`, with what the overlay says of the remote access.
pub(super) fn web(raw: RawWeb, remote: Option<&Remote>, surroundings: &Surroundings<'_>, report: &mut Report<'_>) -> Web {
    let RawWeb { place, enabled, listen, tls_listen, users, dyndns, tr064 } = raw;
    let enabled = enabled.given().is_none_or(|flag| flag.value);
    let listen = match listen {
        Key::Absent => Some(Placed::new(DEFAULT_LISTEN, place.child("listen"))),
        key => listen::address(&key, report),
    };
    let written = listen::address(&tls_listen, report);
    let tls_listen = moved(written, remote);
    let login = login(&tr064, report);
    let socket = |it: &Placed<SocketAddr>, tls| Socket { address: it.value, tls, place: it.place.clone() };
    let own = listen.iter().map(|it| socket(it, false)).chain(tls_listen.iter().map(|it| socket(it, true)));
    let mut sockets: Vec<Socket> = own.collect();
    let faces = [&dyndns, &tr064.face].map(|raw| face(raw, &mut sockets, report));

    let (named, mut nobody) = (users.len(), users.is_empty());
    let mut users = user::users(users, surroundings, report);
    // Of a user with a problem the rights are not known.
    let complete = users.len() == named;
    users.retain(|user| remote.is_none_or(|remote| user::keeps_its_login(&user.name, remote)));
    let first = users.iter().find(|user| user.rights.has(Right::Config)).map(|user| user.name.clone());
    let named = remote.and_then(|remote| remote.user.as_ref()).filter(|user| user::entitled(user, &users, report));
    nobody &= named.is_none();
    let guest = named.and_then(|user| user::users(vec![RawUser::overlaid(user, &users)], surroundings, report).pop());
    let remote_user = guest.as_ref().map(|guest| guest.name.clone()).or(first);
    if let Some(guest) = guest {
        user::admit(&mut users, guest);
    }

    if enabled {
        listen::refuse_clashes(&sockets, report);
        if nobody {
            listen::refuse_strangers(&sockets, report);
        }
        if complete {
            warn_of_closed_doors(&dyndns, &tr064, &users, report);
        }
    } else {
        for place in [&dyndns, &tr064.face].into_iter().filter_map(RawFace::switched_on) {
            report.warn(place, "has no effect: [web] enabled = false switches everything off", "remove one of the two");
        }
    }
    let [dyndns, tr064] = faces;
    let listen = listen.map_or(DEFAULT_LISTEN, |it| it.value);
    Web { enabled, listen, tls_listen: tls_listen.map(|it| it.value), remote_user, users, dyndns, tr064, login }
}

/// Where the remote access is, after what was said about it since the file was written.
fn moved(written: Option<Placed<SocketAddr>>, remote: Option<&Remote>) -> Option<Placed<SocketAddr>> {
    match remote {
        None | Some(Remote { enabled: true, port: 0, .. }) => written,
        Some(Remote { enabled: false, .. }) => None,
        Some(Remote { port, .. }) => {
            let host = written.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |it| it.value.ip());
            Some(Placed::new(SocketAddr::new(host, *port), Place::overlay("remote.port")))
        }
    }
}

/// Only what is switched on is listened on.
fn face(raw: &RawFace, sockets: &mut Vec<Socket>, report: &mut Report<'_>) -> Face {
    let enabled = raw.switched_on().is_some();
    let mut read = |key: &Words, tls| {
        let found = listen::address(key, report)?;
        if enabled {
            sockets.push(Socket { address: found.value, tls, place: found.place });
        }
        Some(found.value)
    };
    Face { enabled, listen: read(&raw.listen, false), tls_listen: read(&raw.tls_listen, true) }
}

fn login(raw: &RawTr064, report: &mut Report<'_>) -> LoginForm {
    let digest = raw.digest.given().and_then(|text| one_of(text, DIGESTS, report));
    let flag = |key: &Key<Placed<bool>>| key.given().is_some_and(|flag| flag.value);
    LoginForm { sha256: digest == Some(DIGESTS[1]), content: flag(&raw.content_login), strict_uri: flag(&raw.strict_uri) }
}

/// What the user-defined provider is called.
pub(super) fn own_name(language: &Words, report: &mut Report<'_>) -> &'static str {
    let chosen = language.given().and_then(|text| one_of(text, OWN_NAMES.map(|(code, _)| code), report));
    OWN_NAMES.iter().find(|(code, _)| chosen == Some(*code)).map_or(OWN_NAMES[0].1, |(_, name)| name)
}

/// The one of two words that was written, in any case of its letters.
fn one_of(text: &Placed<String>, known: [&'static str; 2], report: &mut Report<'_>) -> Option<&'static str> {
    let found = known.into_iter().find(|word| word.eq_ignore_ascii_case(text.value.trim()));
    if found.is_none() {
        let hint = suggestion(&text.value, known);
        report.error(
            &text.place,
            format!("{} is not known here{hint}", quoted(&text.value)),
            format!("write {:?} or {:?}", known[0], known[1]),
        );
    }
    found
}

/// Says what is served and lets nobody in.
fn warn_of_closed_doors(dyndns: &RawFace, tr064: &RawTr064, users: &[User], report: &mut Report<'_>) {
    let can = |rights: &[Right]| users.iter().any(|user| user.rights.any(rights));
    if let Some(place) = dyndns.switched_on().filter(|_| !can(&[Right::App, Right::Config])) {
        report.warn(
            place,
            "no router can log in: no [[web.user]] has the right \"app\" or \"config\"",
            "give one of them the right \"app\"",
        );
    }
    if let Some(place) = tr064.face.switched_on().filter(|_| !can(&Right::ALL)) {
        report.warn(
            place,
            "nobody can log in: no [[web.user]] has any right",
            "add one with the right \"config\", or with another one to read only",
        );
    }
}

/// Pushed addresses need somebody who takes them in, and a line that follows them.
pub(super) fn warn_of_pushes(web: &RawWeb, lines: &[Described], report: &mut Report<'_>) {
    let mut following = lines::with_source(lines, &Source::Push).peekable();
    let closed = web.enabled.given().is_some_and(|flag| !flag.value);
    match web.dyndns.switched_on() {
        // That is said elsewhere.
        Some(_) if closed => {}
        Some(place) if following.peek().is_none() => {
            report.warn(
                place,
                "no line has the source \"push\", so nothing follows what a router sends",
                "write ipv4 = [\"push\"] in [wan]",
            );
        }
        Some(_) => {}
        None => following.for_each(|place| {
            report.warn(
                place,
                "nothing is heard from \"push\" while [web.dyndns] is off",
                "set enabled = true there, or remove the source",
            );
        }),
    }
}

#[cfg(test)]
mod tests;
