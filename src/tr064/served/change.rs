//! What a change means for the overlay. PURE.

use super::{Change, Refusal};
use crate::config::{OverlaidEntry, Overlay, Remote, RemoteUser, Served, Web};
use crate::rules::rights::Right;
use crate::rules::secret::Secret;
use crate::tr064::remote_access::{DdnsConfig, RemoteConfig};

/// What stands for a password that is to stay as it is: what the box's own page shows in its place.
const UNCHANGED: &str = "****";

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
        Change::Ddns(wanted) => Overlay { ddns: Some(entry(wanted, standing)?), ..before.clone() },
        Change::Remote(wanted) => Overlay { remote: Some(remote(wanted, standing)?), ..before.clone() },
        Change::Enable(on) => match enable(*on, standing, free_port) {
            Some(remote) => Overlay { remote: Some(remote), ..before.clone() },
            None => return Ok(None),
        },
    };
    Ok((after != *before).then_some(after))
}

fn entry(wanted: &DdnsConfig, standing: Standing<'_>) -> Result<OverlaidEntry, Refusal> {
    let Standing { overlay, served, .. } = standing;
    let instead_of = overlay.instead_of(served);
    let before = overlay.ddns.as_ref().filter(|it| it.instead_of == instead_of);
    let provider = (wanted.provider_name != served.own_name).then(|| wanted.provider_name.clone());
    let same_url = served.provider.is_none() && wanted.update_url == served.update_url;
    let update_url = match provider {
        Some(_) => None,
        // A URL in the file may be more than a text.
        None if same_url => before.and_then(|it| it.update_url.clone()),
        None => Some(wanted.update_url.clone()),
    };
    Ok(OverlaidEntry {
        password: password(wanted, provider.as_deref(), before, served)?,
        instead_of,
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
fn password(
    wanted: &DdnsConfig,
    provider: Option<&str>,
    before: Option<&OverlaidEntry>,
    served: &Served,
) -> Result<Option<Secret>, Refusal> {
    let same_service = provider == served.provider.as_deref()
        && (&wanted.server_ipv4, &wanted.server_ipv6) == (&served.server_ipv4, &served.server_ipv6)
        && (provider.is_some() || heads(&wanted.update_url) == heads(&served.update_url));
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
        return Err(Refusal::Failed("the user name belongs to a user without configuration rights".to_owned()));
    }
    let password = match wanted.password.expose() {
        "" | UNCHANGED if known.is_none() => return Err(Refusal::Failed("a new user needs a password".to_owned())),
        "" | UNCHANGED => {
            let before = standing.overlay.remote.as_ref().and_then(|it| it.user.as_ref());
            before.filter(|user| user.name == wanted.username).and_then(|user| user.password.clone())
        }
        _ => Some(wanted.password.clone()),
    };
    Ok(Remote { enabled: wanted.enabled, port: wanted.port, user: Some(RemoteUser { name: wanted.username.clone(), password }) })
}

/// The four cases of the service document (1.6). `None`: nothing is different.
fn enable(on: bool, standing: Standing<'_>, free_port: u16) -> Option<Remote> {
    let Standing { overlay, web, .. } = standing;
    let before = overlay.remote.clone().unwrap_or(Remote { enabled: false, port: 0, user: None });
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
