//! The translation, read back.

use super::*;
use crate::rules::secret::Secret;
use crate::tr064::remote_access::StatusWord;

fn info(provider: &str, url: &str) -> DdnsInfo {
    DdnsInfo {
        enabled: true,
        provider_name: provider.into(),
        update_url: Secret::new(url.into()),
        domain: "home.example.org".into(),
        status_ipv4: StatusWord::read("complete"),
        status_ipv6: StatusWord::read("undefined"),
        username: "me \"and\" you".into(),
        mode: Mode::V4,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
    }
}

/// The translation, read back.
fn loaded(info: &DdnsInfo) -> (config::Settings, String) {
    let text = translated(info, "FRITZ!Box 7530", Some("192.168.178.1")).join("\n");
    let world = World::given([], [(SECRET, "secret")]);
    (config::load(&text, "imported", &world).unwrap_or_else(|problems| panic!("{text}\n{problems:?}")).settings, text)
}

#[test]
fn an_own_url_becomes_an_entry_that_can_be_loaded_and_says_that_the_password_is_missing() {
    let (settings, text) = loaded(&info("Benutzerdefiniert", "https://dyn.example.org/u?h=<domain>&ip=<ipaddr>"));
    let entry = &settings.entries[0];
    assert_eq!((entry.domains[0].as_str(), entry.mode, entry.enabled), ("home.example.org", Mode::V4, true));
    assert_eq!(entry.sending.username, "me \"and\" you");
    assert_eq!(settings.fritzbox.address.as_deref(), Some("192.168.178.1"));
    assert!(text.contains("does not tell the password"), "{text}");
}

#[test]
fn a_provider_that_is_built_in_is_taken_by_its_name() {
    let (settings, _) = loaded(&DdnsInfo { username: "1234567890".into(), ..info("FreeDYN", "api.freedyn.de/") });
    assert_eq!(settings.entries[0].provider, "freedyn");
    let (settings, text) = loaded(&info("Strange Service", "https://dyn.example.org/u?h=<domain>&ip=<ipaddr>"));
    assert_eq!(settings.entries[0].provider, "custom");
    assert!(text.contains("Strange Service"), "{text}");
}

#[test]
fn a_mode_that_does_not_fit_the_url_is_replaced_by_one_that_does() {
    let table = [
        (Mode::V4, "https://e.example/?4=<ipaddr>&6=<ip6addr>", Mode::Both),
        (Mode::Both, "https://e.example/?4=<ipaddr>", Mode::V4),
        (Mode::Together, "https://e.example/?6=<ip6addr>", Mode::V6),
        (Mode::Both, "https://e.example/?4=<ipaddr> https://e.example/?6=<ip6addr>", Mode::Both),
    ];
    for (mode, url, expected) in table {
        let (settings, text) = loaded(&DdnsInfo { mode, ..info("Benutzerdefiniert", url) });
        assert_eq!(settings.entries[0].mode, expected, "{text}");
        assert_eq!(text.contains(mode.wire()), mode != expected, "{text}");
    }
}

#[test]
fn a_key_in_the_url_is_warned_of() {
    for (url, warned) in [("https://e.example/u?token=a1b2&ip=<ipaddr>", true), ("https://e.example/u?h=<domain>&ip=<ipaddr>", false)] {
        let (_, text) = loaded(&info("Benutzerdefiniert", url));
        assert_eq!(text.contains("seems to hold a key"), warned, "{text}");
    }
}

#[test]
fn what_the_box_says_does_not_steer_the_terminal() {
    let evil = "a\u{1b}[2J\u{9b}2J\u{7f}\"b";
    let told = DdnsInfo { username: evil.into(), domain: format!("{evil},b"), ..info(evil, &format!("https://e.example/?<ipaddr>{evil}")) };
    let lines = translated(&told, evil, None);
    assert!(!lines.iter().any(|line| line.contains(char::is_control)), "{lines:?}");
    let table: toml::Table = lines.join("\n").parse().unwrap();
    assert_eq!(table["ddns"][0]["username"].as_str(), Some(evil));
}

#[test]
fn what_the_box_says_stays_inside_of_its_line() {
    let text = translated(&info("x\ny = 1", "https://e.example/\n[daemon]\n?<ipaddr>"), "m\n[web]", None).join("\n");
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(table.keys().collect::<Vec<_>>(), ["ddns"]);
}

#[test]
fn a_box_without_settings_gives_nothing_to_load() {
    let empty = DdnsInfo { domain: String::new(), ..info("", "") };
    let lines = translated(&empty, "FRITZ!Box", None);
    assert!(lines.iter().all(|line| line.starts_with('#')), "{lines:?}");
}

#[test]
fn a_refused_account_and_a_switched_off_client_are_carried_over() {
    let locked = DdnsInfo { enabled: false, status_ipv4: StatusWord::read("account-disabled"), ..info("FreeDYN", "") };
    let text = translated(&locked, "FRITZ!Box", None).join("\n");
    assert!(text.contains("enabled = false") && text.contains("account-disabled"), "{text}");
}
