//! What is served, as checked: `[web]` and the entry that stands for the TR-064 service.

use std::net::{Ipv4Addr, SocketAddr};

use crate::rules::domain::{Domain, Mode};
use crate::rules::rights::Rights;
use crate::rules::secret::Secret;

/// Where the web listener is unless the file says otherwise: this machine only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8245);

/// `[web]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Anything is served at all.
    pub enabled: bool,
    /// The web listener.
    pub listen: SocketAddr,
    /// The same with TLS: the remote access. What the overlay says is in here.
    pub tls_listen: Option<SocketAddr>,
    /// The user of the remote access, be it open or not: the one that was named ([`Overlay`](super::Overlay)), else the first with the
    /// right `config`.
    pub remote_user: Option<String>,
    /// Who may log in, the overlay's user included; names are unique.
    pub users: Vec<User>,
    /// `[web.dyndns]`.
    pub dyndns: Face,
    /// `[web.tr064]`.
    pub tr064: Face,
    /// How TR-064 logins are asked for.
    pub login: LoginForm,
}

/// A user of the served interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Unique.
    pub name: String,
    /// Never empty.
    pub password: Secret,
    /// What the user may do.
    pub rights: Rights,
}

/// One thing that is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Face {
    /// Switched on.
    pub enabled: bool,
    /// `None`: on the web listener.
    pub listen: Option<SocketAddr>,
    /// `None`: on the web's TLS listener, if there is one.
    pub tls_listen: Option<SocketAddr>,
}

/// How TR-064 logins are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginForm {
    /// Challenge with SHA-256 instead of MD5 (RFC 7616); never both, for old clients read one challenge only.
    pub sha256: bool,
    /// Also take logins inside the SOAP envelope.
    pub content: bool,
    /// The `uri` of a digest must be the path of the request; some clients write something else.
    pub strict_uri: bool,
}

/// The entry that stands for the served `X_AVM-DE_RemoteAccess`, in the words of the service document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Its name in `GetDDNSProviders` where `provider` is `None`.
    pub own_name: String,
    /// Switched on.
    pub enabled: bool,
    /// Catalogue name; `None`: user-defined.
    pub provider: Option<String>,
    /// As written; the provider's own template otherwise. May hold a key.
    pub update_url: Secret,
    /// The URL is written, not the provider's template.
    pub own_url: bool,
    /// Its names; empty if there is no entry.
    pub domains: Vec<Domain>,
    /// User name at the provider.
    pub username: String,
    /// Families and grouping.
    pub mode: Mode,
    /// `server_ipv4`; empty if not given.
    pub server_ipv4: String,
    /// `server_ipv6`; empty if not given.
    pub server_ipv6: String,
    /// What [`OverlaidEntry::instead_of`](super::OverlaidEntry) of the next change has to be.
    pub instead_of: Option<Domain>,
    /// The same for `service`.
    pub service: String,
}

/// A socket to listen on, and what is served there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four things that do not depend on each other")]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// With TLS.
    pub tls: bool,
    /// State and health.
    pub web: bool,
    /// The intake of pushed addresses.
    pub dyndns: bool,
    /// The TR-064 service.
    pub tr064: bool,
}

impl Web {
    /// Every socket, each once.
    #[must_use]
    pub fn listeners(&self) -> Vec<Listener> {
        let mut found: Vec<Listener> = Vec::new();
        if !self.enabled {
            return found;
        }
        let web = Face { enabled: true, listen: None, tls_listen: None };
        for (face, mark) in [(web, mark_web as fn(&mut Listener)), (self.dyndns, mark_dyndns), (self.tr064, mark_tr064)] {
            if !face.enabled {
                continue;
            }
            let plain = (face.listen.unwrap_or(self.listen), false);
            let tls = face.tls_listen.or(self.tls_listen).map(|address| (address, true));
            for (address, tls) in std::iter::once(plain).chain(tls) {
                let known = found.iter().position(|it| (it.address, it.tls) == (address, tls));
                let at = known.unwrap_or_else(|| {
                    found.push(Listener { address, tls, web: false, dyndns: false, tr064: false });
                    found.len() - 1
                });
                mark(&mut found[at]);
            }
        }
        found
    }

    /// The user of this name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }
}

fn mark_web(listener: &mut Listener) {
    listener.web = true;
}

fn mark_dyndns(listener: &mut Listener) {
    listener.dyndns = true;
}

fn mark_tr064(listener: &mut Listener) {
    listener.tr064 = true;
}
