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

/// The options whose wish is not what the box tells afterwards. The provider is not among them: boxes know several names for a
/// service of one's own.
pub(super) fn differs(told: &DdnsInfo, wish: &SetDdns) -> Vec<&'static str> {
    let text = |wished: &Option<String>, told: &str| wished.as_deref().is_some_and(|wished| wished != told);
    let found = [
        ("--update-url", text(&wish.update_url, told.update_url.expose())),
        ("--domain", text(&wish.domain, &told.domain)),
        ("--username", text(&wish.username, &told.username)),
        ("--mode", wish.mode.is_some_and(|mode| mode != told.mode)),
        ("--server-ipv4", text(&wish.server_ipv4, &told.server_ipv4)),
        ("--server-ipv6", text(&wish.server_ipv6, &told.server_ipv6)),
        ("--enabled", wish.enabled.is_some_and(|enabled| enabled != told.enabled)),
    ];
    found.into_iter().filter(|(_, differs)| *differs).map(|(option, _)| option).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::domain::Mode;
    use crate::tr064::remote_access::StatusWord;

    fn told() -> DdnsInfo {
        DdnsInfo {
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
        }
    }

    #[test]
    fn what_is_not_wished_stays_and_the_password_is_never_invented() {
        let wish = SetDdns { mode: Some(Mode::Both), enabled: Some(false), ..SetDdns::default() };
        let changed = changed(told(), &wish, None);
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

    #[test]
    fn what_the_box_did_not_take_is_named() {
        let wish = SetDdns { mode: Some(Mode::Both), username: Some("me".into()), enabled: Some(false), ..SetDdns::default() };
        assert_eq!(differs(&told(), &wish), ["--mode", "--enabled"]);
        assert!(differs(&told(), &SetDdns { provider: Some("User-defined".into()), ..SetDdns::default() }).is_empty());
    }
}
