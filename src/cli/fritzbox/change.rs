//! Settings of the box with a wish laid over them.

use super::args::SetDdns;
use crate::rules::secret::Secret;
use crate::tr064::remote_access::{DdnsConfig, DdnsInfo};

/// `SetDDNSConfig` takes all nine arguments: what is not wished stays as the box says. The password it never says.
pub(super) fn changed(now: DdnsInfo, wish: &SetDdns, password: Option<Secret>) -> DdnsConfig {
    let DdnsInfo { enabled, provider_name, update_url, domain, username, mode, server_ipv4, server_ipv6, status_ipv4: _, status_ipv6: _ } =
        now;
    let SetDdns {
        provider,
        update_url: wished_url,
        domain: wished_domain,
        username: wished_username,
        password_file: _,
        mode: wished_mode,
        server_ipv4: wished_v4,
        server_ipv6: wished_v6,
        enabled: wished_enabled,
    } = wish;
    let or = |wished: &Option<String>, now: String| wished.clone().unwrap_or(now);
    DdnsConfig {
        enabled: wished_enabled.unwrap_or(enabled),
        provider_name: or(provider, provider_name),
        update_url: wished_url.clone().map_or(update_url, Secret::new),
        domain: or(wished_domain, domain),
        username: or(wished_username, username),
        mode: wished_mode.unwrap_or(mode),
        server_ipv4: or(wished_v4, server_ipv4),
        server_ipv6: or(wished_v6, server_ipv6),
        password: password.unwrap_or_else(|| Secret::new(String::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::domain::Mode;
    use crate::tr064::remote_access::StatusWord;

    #[test]
    fn what_is_not_wished_stays_and_the_password_is_never_invented() {
        let now = DdnsInfo {
            enabled: true,
            provider_name: "Benutzerdefiniert".into(),
            update_url: Secret::new("https://dyn.example.org/?ip=<ipaddr>".into()),
            domain: "home.example.org".into(),
            status_ipv4: StatusWord::read("complete"),
            status_ipv6: StatusWord::read("undefined"),
            username: "me".into(),
            mode: Mode::V4,
            server_ipv4: String::new(),
            server_ipv6: String::new(),
        };
        let wish = SetDdns { mode: Some(Mode::Both), enabled: Some(false), ..SetDdns::default() };
        let changed = changed(now, &wish, None);
        assert_eq!(
            changed.arguments(),
            [
                ("NewEnabled", "0"),
                ("NewProviderName", "Benutzerdefiniert"),
                ("NewUpdateURL", "https://dyn.example.org/?ip=<ipaddr>"),
                ("NewDomain", "home.example.org"),
                ("NewUsername", "me"),
                ("NewMode", "ddns_both"),
                ("NewServerIPv4", ""),
                ("NewServerIPv6", ""),
                ("NewPassword", ""),
            ]
            .into_iter()
            .collect::<Vec<_>>()
            .as_slice()
        );
    }
}
