//! `wanbeacon fritzbox` and `wanbeacon import fritzbox`: the built program against a FRITZ!Box on loopback.

#[expect(dead_code, reason = "other tests ask more of the box")]
mod double;
#[path = "fritzbox_commands/import.rs"]
mod import;
#[path = "fritzbox_commands/refusals.rs"]
mod refusals;
#[path = "fritzbox_commands/rig.rs"]
mod rig;
#[path = "fritzbox_commands/secrets.rs"]
mod secrets;
#[path = "fritzbox_commands/served.rs"]
mod served;

use serde_json::{Value, json};

use double::odd::{Oddity, On};
use rig::Rig;

/// Each command that only reads, and the same without a configuration.
async fn both_ways(rig: &Rig, arguments: &[&str]) -> String {
    let configured = rig.fritzbox(arguments).await;
    let typed = rig.finish(rig.unconfigured(&[&["fritzbox"], arguments].concat())).await;
    assert_eq!(configured.good(), typed.good());
    configured.stdout
}

#[tokio::test]
async fn remote_access_is_shown() {
    let rig = Rig::new().await;
    let expected = "FRITZ!Box 7530 (FRITZ!OS 164.08.02)\n\
        remote access   off\n\
        port            443\n\
        user            (none)\n\
        Let's Encrypt   off (not_used)\n";
    assert_eq!(both_ways(&rig, &["info"]).await, expected);
    let value: Value = serde_json::from_str(&both_ways(&rig, &["info", "--json"]).await).unwrap();
    let expected = json!({
        "model": "FRITZ!Box 7530", "version": "164.08.02", "enabled": false, "port": 443, "username": "",
        "lets_encrypt_enabled": false, "lets_encrypt_state": "not_used",
    });
    assert_eq!(value, expected);
    let asked = rig.double.asked();
    assert!(asked.iter().all(|request| request.secure || !request.authorized()), "a login goes over TLS");
}

#[tokio::test]
async fn dynamic_dns_is_shown() {
    let rig = Rig::new().await;
    let expected = "FRITZ!Box 7530 (FRITZ!OS 164.08.02)\n\
        dynamic DNS     on\n\
        provider        Benutzerdefiniert\n\
        domain          home.example.de\n\
        user            1234567890\n\
        mode            ddns_v4\n\
        update URL      https://ddns.example/update?host=<domain>&ip=<ipaddr>\n\
        status IPv4     complete\n\
        status IPv6     undefined\n";
    assert_eq!(both_ways(&rig, &["ddns"]).await, expected);
    let value: Value = serde_json::from_str(&both_ways(&rig, &["ddns", "--json"]).await).unwrap();
    let expected = json!({
        "model": "FRITZ!Box 7530", "version": "164.08.02", "enabled": true, "provider_name": "Benutzerdefiniert",
        "update_url": "https://ddns.example/update?host=<domain>&ip=<ipaddr>", "domain": "home.example.de",
        "status_ipv4": "complete", "status_ipv6": "undefined", "username": "1234567890", "mode": "ddns_v4",
        "server_ipv4": "", "server_ipv6": "",
    });
    assert_eq!(value, expected);
}

#[tokio::test]
async fn the_providers_of_the_box_are_listed() {
    let rig = Rig::new().await;
    assert_eq!(both_ways(&rig, &["providers"]).await, "dyndns.org\nFreeDYN\nSTRATO AG\nBenutzerdefiniert\n");
    let value: Value = serde_json::from_str(&both_ways(&rig, &["providers", "--json"]).await).unwrap();
    assert_eq!(value[1], json!({ "provider_name": "FreeDYN", "info_url": "" }));
    assert_eq!(value.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn the_line_is_shown_without_a_login() {
    let rig = Rig::new().await;
    rig.configure("");
    let place = rig.double.url("");
    let left = "(preferred for 1h, valid for 2h)";
    let expected = format!(
        "FRITZ!Box 7590 at {place}\n\
         line            connected for 20m 18s\n\
         IPv4            91.12.34.57\n\
         IPv6            2003:f:ab::10  {left}\n\
         LAN prefix      2003:e7:1:5600::/56  {left}\n\
         DNS servers     217.237.148.22, 217.237.151.51\n\
         DS-Lite         no\n"
    );
    assert_eq!(rig.fritzbox(&["wan"]).await.good(), expected);
    let value = rig.fritzbox(&["wan", "--json"]).await.json();
    let expected = json!({
        "model": "FRITZ!Box 7590", "place": format!("{place}/"), "status": "Connected", "last_error": null, "uptime": 1218,
        "address": { "ipv4": "91.12.34.57", "ipv6": "2003:f:ab::10" }, "lifetimes": { "preferred": 3600, "valid": 7200 },
        "prefix": "2003:e7:1:5600::/56", "prefix_lifetimes": { "preferred": 3600, "valid": 7200 },
        "dns": { "ipv4": ["217.237.148.22", "217.237.151.51"], "ipv6": [] }, "ds_lite": false,
    });
    assert_eq!(value, expected);
    assert!(rig.double.asked().iter().all(|request| !request.authorized()));
}

#[tokio::test]
async fn a_line_that_is_down_or_tells_nothing_is_shown_as_such() {
    let rig = Rig::new().await;
    rig.double.change(|state| {
        (state.line.status, state.line.dslite) = ("Disconnected\u{1b}[31m".into(), true);
        (state.line.v4, state.line.v6) = (String::new(), String::new());
        for action in ["X_AVM_DE_GetIPv6Prefix", "X_AVM_DE_GetDNSServer", "X_AVM_DE_GetIPv6DNSServer"] {
            state.odd.add(On::Action(action), Oddity::Fault(401));
        }
    });
    let text = rig.fritzbox(&["wan"]).await.good().to_owned();
    assert!(!text.contains('\u{1b}'), "the box does not steer the terminal: {text:?}");
    let lines: Vec<&str> = text.lines().skip(2).collect();
    let expected = [
        "IPv4            (none)",
        "IPv6            (none)",
        "LAN prefix      (none)",
        "DNS servers     not told",
        "DS-Lite         yes: IPv4 goes through the provider's tunnel",
    ];
    assert_eq!(lines, expected, "{text}");
    assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("line            Disconnected")), "{text}");
    rig.double.change(|state| state.odd.add(On::Action("X_AVM_DE_GetDsliteStatus"), Oddity::Fault(401)));
    assert!(rig.fritzbox(&["wan"]).await.good().contains("DS-Lite         not told\n"));
}

#[tokio::test]
async fn dynamic_dns_is_changed_where_something_is_named_and_read_back() {
    let rig = Rig::new().await;
    let before = rig.double.change(|state| state.remote.ddns.clone());
    let secret = rig.write("ddns.secret", "neues\u{e4}&<Passwort>\n");
    let ended = rig.fritzbox(&["set-ddns", "--mode", "together", "--domain", "other.example.de", "--password-file", &secret]).await;
    assert!(ended.good().contains("domain          other.example.de\n"), "{ended:?}");
    assert!(ended.good().contains("mode            ddns_together\n") && ended.good().contains("status IPv4     checking\n"), "{ended:?}");
    let mut expected = before;
    (expected.mode, expected.domain, expected.password) =
        ("ddns_together".into(), "other.example.de".into(), "neues\u{e4}&<Passwort>".into());
    (expected.status_v4, expected.status_v6) = ("checking".into(), "checking".into());
    assert_eq!(rig.double.change(|state| state.remote.ddns.clone()), expected);
    assert_eq!(rig.double.brief().last().map(String::as_str), Some("GetDDNSInfo"), "it is read back");

    let value = rig.fritzbox(&["set-ddns", "--enabled", "false", "--json"]).await.json();
    assert_eq!((&value["enabled"], &value["mode"], &value["status_ipv4"]), (&json!(false), &json!("ddns_together"), &json!("offline")));
    (expected.enabled, expected.status_v4, expected.status_v6) = (false, "offline".into(), "offline".into());
    assert_eq!(rig.double.change(|state| state.remote.ddns.clone()), expected, "what is switched off needs no password");
}

#[tokio::test]
async fn every_setting_of_dynamic_dns_can_be_named() {
    let rig = Rig::new().await;
    let secret = rig.write("ddns.secret", "neu");
    let line = "set-ddns --provider FreeDYN --update-url api.freedyn.de/ --domain a.example.de,b.example.de --username 42 --mode v6 \
                --enabled true --server-ipv4 v4.example.de --server-ipv6 v6.example.de --json --password-file";
    let arguments: Vec<&str> = line.split_whitespace().chain([secret.as_str()]).collect();
    let value = rig.fritzbox(&arguments).await.json();
    for (key, expected) in [
        ("enabled", json!(true)),
        ("provider_name", json!("FreeDYN")),
        ("update_url", json!("api.freedyn.de/")),
        ("domain", json!("a.example.de,b.example.de")),
        ("username", json!("42")),
        ("mode", json!("ddns_v6")),
        ("server_ipv4", json!("v4.example.de")),
        ("server_ipv6", json!("v6.example.de")),
    ] {
        assert_eq!(value[key], expected, "{key}");
    }
}

#[tokio::test]
async fn remote_access_is_set_up_and_switched() {
    let rig = Rig::new().await;
    let secret = rig.write("remote.secret", "langes Passwort");
    let set = rig.fritzbox(&["set-config", "--port", "8443", "--username", "fern", "--password-file", &secret]).await;
    assert!(set.good().contains("remote access   on\nport            8443\nuser            fern\n"), "{set:?}");
    let remote = rig.double.change(|state| state.remote.clone());
    assert_eq!((remote.enabled, remote.port.as_str(), remote.password.as_str()), (true, "8443", "langes Passwort"));

    assert_eq!(rig.fritzbox(&["disable"]).await.good(), "remote access   off\nport            8443\n");
    assert_eq!(rig.fritzbox(&["enable"]).await.good(), "remote access   on\nport            8443\n");
    assert_eq!(rig.fritzbox(&["disable", "--json"]).await.json(), json!({ "enabled": false, "port": 8443 }));
    assert_eq!(rig.fritzbox(&["enable", "--json"]).await.json(), json!({ "enabled": true, "port": 8443 }));

    assert_eq!(rig.fritzbox(&["letsencrypt", "on"]).await.good(), "Let's Encrypt   on\n");
    assert!(rig.double.change(|state| state.remote.lets_encrypt));
    assert_eq!(rig.fritzbox(&["letsencrypt", "off", "--json"]).await.json(), json!({ "lets_encrypt_enabled": false }));
    assert!(!rig.double.change(|state| state.remote.lets_encrypt));
}

#[tokio::test]
async fn without_a_user_from_the_internet_remote_access_is_not_switched_on() {
    let rig = Rig::new().await;
    let ended = rig.fritzbox(&["enable"]).await;
    let sentence = ended.sentence(77);
    assert!(sentence.contains("no user of the box may come from the internet") && sentence.contains("set-config"), "{sentence}");
    assert!(!rig.double.change(|state| state.remote.enabled));
}

#[tokio::test]
async fn a_change_that_has_to_be_confirmed_says_how_and_waits() {
    let rig = Rig::new().await;
    rig.double.change(|state| {
        state.second.guarded.push("SetLetsEncryptEnable".into());
        state.second.after = 1;
    });
    let ended = rig.fritzbox(&["letsencrypt", "on", "--json"]).await;
    assert_eq!(ended.json(), json!({ "lets_encrypt_enabled": true }), "the hint is no part of the result");
    let hint = "the box wants this confirmed within a minute: press any button on the box, or dial \"*14048\" on a telephone at the box";
    assert!(ended.stderr.contains(hint), "{ended:?}");
    assert!(rig.double.change(|state| state.remote.lets_encrypt));

    rig.double.change(|state| state.second.ending = "stopped");
    let ended = rig.fritzbox(&["letsencrypt", "off"]).await;
    assert!(ended.stderr.contains("the change was not confirmed") && ended.code == Some(77), "{ended:?}");
    assert!(rig.double.change(|state| state.remote.lets_encrypt), "nothing was changed");
}
