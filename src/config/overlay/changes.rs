//! What an overlay makes of the settings, in sentences without a secret.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::config::Settings;
use crate::config::served::{User, Web};
use crate::rules::domain::{Domain, Entry};
use crate::rules::secret::Secret;

use super::OVERLAY;

/// How the settings `with` an overlay differ from those `without`, one sentence for each difference. Both are of the same file.
#[must_use]
pub fn changes(without: &Settings, with: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    for (before, after) in without.entries.iter().zip(&with.entries) {
        let name = before.domains.first().map_or("(none)", Domain::as_str);
        found.extend(of_entry(before, after).into_iter().map(|what| format!("{name}: {what}")));
    }
    for further in with.entries.iter().skip(without.entries.len()) {
        found.push(format!("{}: a further entry at {}", names(further), further.provider));
    }
    found.extend(of_web(&without.web, &with.web));
    found.into_iter().map(|what| format!("{OVERLAY}: {what}")).collect()
}

fn of_entry(before: &Entry, after: &Entry) -> Vec<String> {
    let mut found = Vec::new();
    if before.enabled != after.enabled {
        found.push(if after.enabled { "switched on" } else { "switched off" }.to_owned());
    }
    let mut instead = |what: &str, after: &dyn Display, before: &dyn Display| {
        let (after, before) = (after.to_string(), before.to_string());
        if after != before {
            found.push(format!("{what} {after} instead of {before}"));
        }
    };
    instead("provider", &after.provider, &before.provider);
    instead("names", &names(after), &names(before));
    instead("mode", &after.mode.wire(), &before.mode.wire());
    if before.provider == after.provider && other_requests(before, after) {
        found.push("other servers or another update_url".to_owned());
    }
    if before.sending.username != after.sending.username {
        found.push("another user name".to_owned());
    }
    found.extend(of_password(&before.sending.password, &after.sending.password));
    found
}

/// Another mode alone uses more or fewer of the same URLs.
fn other_requests(before: &Entry, after: &Entry) -> bool {
    let urls = |entry: &Entry| -> BTreeSet<String> {
        let sending = &entry.sending;
        [&sending.single.v4, &sending.single.v6, &sending.together].into_iter().flatten().map(|url| url.source_text().to_owned()).collect()
    };
    let (old, new) = (urls(before), urls(after));
    let kept = if before.mode == after.mode { old == new } else { old.is_subset(&new) || new.is_subset(&old) };
    let rest = |entry: &Entry| (entry.sending.method.clone(), entry.sending.headers.clone(), entry.sending.body.clone());
    !kept || rest(before) != rest(after)
}

fn of_password(before: &Secret, after: &Secret) -> Option<String> {
    (before != after).then(|| if after.is_empty() { "no password" } else { "another password" }.to_owned())
}

fn names(entry: &Entry) -> String {
    entry.domains.iter().map(Domain::as_str).collect::<Vec<_>>().join(", ")
}

fn of_web(before: &Web, after: &Web) -> Vec<String> {
    let mut found = Vec::new();
    match (before.tls_listen, after.tls_listen) {
        (before, after) if before == after => {}
        (_, None) => found.push("remote access: switched off".to_owned()),
        (None, Some(after)) => found.push(format!("remote access: on {after}")),
        (Some(before), Some(after)) => found.push(format!("remote access: on {after} instead of {before}")),
    }
    for User { name, password, rights } in &after.users {
        let Some(known) = before.user(name) else {
            found.push(format!("user {name:?}: a further one, with the rights {rights}"));
            continue;
        };
        if known.rights != *rights {
            found.push(format!("user {name:?}: rights {rights} instead of {}", known.rights));
        }
        found.extend(of_password(&known.password, password).map(|what| format!("user {name:?}: {what}")));
    }
    for User { name, .. } in before.users.iter().filter(|user| after.user(&user.name).is_none()) {
        found.push(format!("user {name:?}: renamed, and so let in no more"));
    }
    if before.remote_user != after.remote_user {
        let shown = after.remote_user.as_deref().unwrap_or("(none)");
        found.push(format!("remote access: user {shown:?}"));
    }
    found
}
