//! What a change means for the overlay. PURE.

use super::actions::name;
use super::{Change, Refusal};
use crate::config::{OverlaidEntry, Overlay, Remote, RemoteUser, Served, Web};
use crate::rules::domain::Domain;
use crate::rules::rights::Right;
use crate::rules::secret::Secret;
use crate::tr064::remote_access::{DdnsConfig, RemoteConfig};

/// What stands for a password that is to stay as it is: what the box's own page shows in its place.
pub(super) const UNCHANGED: &str = "****";

/// What is in force before a change.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// What was changed before.
    pub overlay: &'a Overlay,
    /// What is served.
    pub web: &'a Web,
    /// The entry that stands for the service.
    pub served: &'a Served,
}

/// The overlay after `change`; `None`: nothing is different. `free_port` is for a remote access that never had one.
///
/// # Errors
///
/// Why the change cannot be made.
pub fn overlay(change: &Change, standing: Standing<'_>, free_port: u16) -> Result<Option<Overlay>, Refusal> {
    let before = standing.overlay;
    let after = match change {
        Change::Ddns(wanted) => Overlay { ddns: Some(entry(wanted, standing)?), off: still_off(standing), ..before.clone() },
        Change::Remote(wanted) => Overlay { remote: Some(remote(wanted, standing)?), ..before.clone() },
        Change::Enable(on) => match enable(*on, standing, free_port) {
            Some(remote) => Overlay { remote: Some(remote), ..before.clone() },
            None => return Ok(None),
        },
    };
    Ok((after != *before).then_some(after))
}

/// Where names are updated after a change.
enum Place {
    /// Where they were before: by this provider, at the URL that was.
    Same(Option<String>),
    /// Somewhere else, if only another path.
    Other(Option<String>, Option<Secret>),
}

fn place(wanted: &DdnsConfig, served: &Served) -> Place {
    let same_url = wanted.update_url == served.update_url;
    if wanted.provider_name == served.own_name {
        // What has no name in the list is told as the user-defined one.
        let keeps = same_url && served.own_url && is_told_as_own(served);
        return if keeps { Place::Same(served.provider.clone()) } else { Place::Other(None, Some(wanted.update_url.clone())) };
    }
    let provider = Some(wanted.provider_name.clone());
    if provider != served.provider {
        return Place::Other(provider, None);
    }
    // A provider's own template cannot be changed; whoever chooses from the list often leaves the field empty.
    let own = served.own_url && !same_url && !wanted.update_url.is_empty();
    if own { Place::Other(provider, Some(wanted.update_url.clone())) } else { Place::Same(provider) }
}

fn is_told_as_own(served: &Served) -> bool {
    name(served.provider.as_deref(), &served.own_name) == served.own_name
}

/// Was this set for the entry that stands for the service now?
fn is_same(before: &OverlaidEntry, served: &Served) -> bool {
    (&before.instead_of, &before.service) == (&served.instead_of, &served.service)
}

/// What was switched off before another entry stood for the service stays off; of the one that is set now, the change says it.
fn still_off(Standing { overlay, served, .. }: Standing<'_>) -> Option<Vec<Domain>> {
    let other = overlay.ddns.as_ref().filter(|it| !it.enabled && !is_same(it, served)).map(OverlaidEntry::names);
    let is_set_now = |names: &Vec<Domain>| names.is_empty() || served.domains.iter().any(|name| names.contains(name));
    let lists: Vec<_> = overlay.off.iter().cloned().chain(other).filter(|names| !is_set_now(names)).collect();
    (!lists.is_empty()).then(|| lists.concat())
}

fn entry(wanted: &DdnsConfig, standing: Standing<'_>) -> Result<OverlaidEntry, Refusal> {
    let Standing { overlay, served, .. } = standing;
    let before = overlay.ddns.as_ref().filter(|it| is_same(it, served));
    let place = place(wanted, served);
    let password = password(wanted, &place, before, served)?;
    let (provider, update_url) = match place {
        // A URL in the file may be more than a text.
        Place::Same(provider) => (provider, before.and_then(|it| it.update_url.clone())),
        Place::Other(provider, url) => (provider, url),
    };
    Ok(OverlaidEntry {
        password,
        instead_of: served.instead_of.clone(),
        service: served.service.clone(),
        enabled: wanted.enabled,
        update_url,
        domain: wanted.domain.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        username: wanted.username.clone(),
        mode: wanted.mode,
        server_ipv4: wanted.server_ipv4.clone(),
        server_ipv6: wanted.server_ipv6.clone(),
        provider,
    })
}

/// The password after the change; `None`: as the file says. An old one goes to nobody who did not have it.
fn password(wanted: &DdnsConfig, place: &Place, before: Option<&OverlaidEntry>, served: &Served) -> Result<Option<Secret>, Refusal> {
    let same_hosts = match place {
        Place::Same(_) => true,
        Place::Other(provider, Some(url)) => {
            let same_provider = *provider == served.provider || (provider.is_none() && is_told_as_own(served));
            same_provider && heads(url) == heads(&served.update_url)
        }
        Place::Other(_, None) => false,
    };
    let same_service = same_hosts && (&wanted.server_ipv4, &wanted.server_ipv6) == (&served.server_ipv4, &served.server_ipv6);
    let kept = || before.and_then(|it| it.password.clone());
    match wanted.password.expose() {
        UNCHANGED if same_service => Ok(kept()),
        UNCHANGED => Err(Refusal::Invalid("NewPassword is needed: the old one is not handed to another service".to_owned())),
        "" if same_service && wanted.username == served.username => Ok(kept()),
        "" => Ok(Some(Secret::new(String::new()))),
        _ => Ok(Some(wanted.password.clone())),
    }
}

/// Scheme, credentials and host of each URL, as they are written: who gets what is sent there.
fn heads(urls: &Secret) -> Vec<String> {
    let spelled = |url: &str| if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    urls.expose().split(' ').map(|url| spelled(url).splitn(4, '/').take(3).collect::<Vec<_>>().join("/").to_lowercase()).collect()
}

fn remote(wanted: &RemoteConfig, standing: Standing<'_>) -> Result<Remote, Refusal> {
    let known = standing.web.user(&wanted.username);
    if known.is_some_and(|user| !user.rights.has(Right::Config)) {
        return Err(Refusal::Failed("NewUsername belongs to a user without the right to change settings".to_owned()));
    }
    let before = standing.overlay.remote.as_ref();
    let set = before.and_then(|it| it.user.as_ref()).filter(|user| user.name == wanted.username).and_then(|user| user.password.clone());
    let mut replaced = before.map_or_else(Vec::new, |it| it.replaced.clone());
    let password = match wanted.password.expose() {
        UNCHANGED if known.is_none() => return Err(Refusal::Failed("NewPassword is needed for a new user".to_owned())),
        UNCHANGED => set,
        _ => {
            // The user that this renames goes; the old password of one in the file must not come back with the next renaming.
            if known.is_some() && set.is_none() {
                replaced.push(wanted.username.clone());
            }
            Some(wanted.password.clone())
        }
    };
    let user = Some(RemoteUser { name: wanted.username.clone(), password });
    Ok(Remote { enabled: wanted.enabled, port: wanted.port, user, replaced })
}

/// The four cases of the service document (1.6). `None`: nothing is different.
fn enable(on: bool, standing: Standing<'_>, free_port: u16) -> Option<Remote> {
    let Standing { overlay, web, .. } = standing;
    let before = overlay.remote.clone().unwrap_or_default();
    match (on, web.tls_listen) {
        (true, Some(_)) | (false, None) => None,
        (true, None) => {
            let entitled = web.remote_user.as_ref().and_then(|name| web.user(name)).is_some_and(|user| user.rights.has(Right::Config));
            let port = if before.port == 0 { free_port } else { before.port };
            entitled.then_some(Remote { enabled: true, port, ..before })
        }
        (false, Some(address)) => Some(Remote { enabled: false, port: address.port(), ..before }),
    }
}

#[cfg(test)]
mod tests;
