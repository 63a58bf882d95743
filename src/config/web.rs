//! `[web]`.

use crate::rules::domain::Mode;
use crate::rules::secret::Secret;

use super::served::{DEFAULT_LISTEN, Face, LoginForm, Served, Web};

/// Nothing is served yet.
pub(super) fn web() -> Web {
    Web {
        enabled: false,
        listen: DEFAULT_LISTEN,
        tls_listen: None,
        remote_user: None,
        users: Vec::new(),
        dyndns: Face::default(),
        tr064: Face::default(),
        login: LoginForm::default(),
    }
}

/// No entry yet.
pub(super) fn served() -> Served {
    Served {
        own_name: "Benutzerdefiniert".to_owned(),
        enabled: false,
        provider: None,
        update_url: Secret::new(String::new()),
        domains: Vec::new(),
        username: String::new(),
        mode: Mode::V4,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
    }
}
