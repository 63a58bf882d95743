//! The same commands against our own daemon: both sides of the service are ours.

use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::rig::{Ended, PASSWORD, PATIENCE, Rig, program};

/// Of the user who may do nothing but read.
const GUEST: &str = "besuch";

const USERS: &str = "[[web.user]]\nname = \"admin\"\npassword = \"gurkensalat\"\nrights = [\"config\"]\n\
    [[web.user]]\nname = \"guest\"\npassword = \"besuch\"\nrights = [\"phone\"]\n";

/// The remote access beside the service, which is at an address of its own: each keeps its port whatever happens to the other.
const OPEN: &str = "tls_listen = \"127.0.0.2:0\"";

/// A daemon that serves TR-064 with TLS, and a program that takes it for a box.
struct Served {
    /// The box of the rig is not used.
    rig: Rig,
    home: TempDir,
    child: Child,
    said: watch::Receiver<String>,
}

impl Served {
    /// `more` stands in `[web]`.
    async fn new(more: &str) -> Self {
        Self::with(more, "tls_listen = \"127.0.0.1:0\"").await
    }

    /// The service is part of the remote access, as where nobody gives it a listener of its own.
    async fn shared() -> Self {
        Self::with("tls_listen = \"127.0.0.1:0\"", "").await
    }

    /// `service` stands in `[web.tr064]`.
    async fn with(more: &str, service: &str) -> Self {
        let (home, rig) = (tempfile::tempdir().expect("a folder"), Rig::new().await);
        let config = format!(
            "[[ddns]]\nupdate_url = \"http://127.0.0.1:1/u?host=<domain>&ip=<ipaddr>\"\ndomain = \"home.example.org\"\n\
             username = \"1234567890\"\npassword = \"geheim\"\nmode = \"v4\"\nverify = false\n\
             [wan]\nipv4 = [\"static:91.12.34.57\"]\nipv6 = []\n\
             [web]\nlisten = \"127.0.0.1:0\"\n{more}\n{USERS}[web.tr064]\nenabled = true\n{service}\n"
        );
        std::fs::write(home.path().join("config.toml"), config).expect("a writable folder");
        let (child, said) = start(&home);
        let served = Self { rig, home, child, said };
        served.meet().await;
        served
    }

    /// Tells the program where the box is.
    async fn meet(&self) {
        let address = self.address("listening on http://").await;
        let keys = format!("address = \"{address}\"\nusername = \"admin\"\npassword = {{ file = \"box.secret\" }}");
        self.rig.write("config.toml", &format!("[fritzbox]\n{keys}\n"));
        self.address("listening on https://127.0.0.1").await;
    }

    /// Ends the daemon and starts it again.
    async fn restart(&mut self) {
        self.child.kill().await.expect("our own child");
        (self.child, self.said) = start(&self.home);
        self.meet().await;
    }

    async fn address(&self, text: &str) -> String {
        let mut said = self.said.clone();
        let found = |said: &str| -> Option<String> {
            let line = said.lines().find(|line| line.contains(text))?;
            Some(line.split_once("://")?.1.split(' ').next()?.to_owned())
        };
        let waited = tokio::time::timeout(PATIENCE, said.wait_for(|said| found(said).is_some())).await;
        let text = waited.unwrap_or_else(|_| panic!("{text:?} was never said: {}", *self.said.borrow())).expect("the daemon runs").clone();
        found(&text).expect("it was found")
    }

    /// The port of the remote access.
    async fn port(&self) -> u16 {
        let address = self.address("listening on https://127.0.0.2").await;
        address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port")
    }

    async fn fritzbox(&self, arguments: &[&str]) -> Ended {
        self.rig.fritzbox(arguments).await
    }

    async fn guest(&self, arguments: &[&str]) -> Ended {
        let secret = self.rig.write("guest.secret", GUEST);
        self.fritzbox(&[arguments, &["--login", "guest", "--login-password-file", &secret]].concat()).await
    }
}

fn start(home: &TempDir) -> (Child, watch::Receiver<String>) {
    let mut command: Command = program("wanbeacon");
    command.arg("--config").arg(home.path().join("config.toml")).arg("--state-dir").arg(home.path().join("state"));
    let mut child = command.stdout(Stdio::null()).spawn().expect("it can be started");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let (sender, said) = watch::channel(String::new());
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            sender.send_modify(|said| said.extend([line.as_str(), "\n"]));
        }
    });
    (child, said)
}

#[tokio::test]
async fn what_is_shown_of_a_box_is_shown_of_our_daemon() {
    let served = Served::new(OPEN).await;
    let (port, version) = (served.port().await, env!("CARGO_PKG_VERSION"));
    let info = served.fritzbox(&["info", "--json"]).await.json();
    let expected = json!({
        "model": "wanbeacon", "version": version, "enabled": true, "port": port, "username": "admin",
        "lets_encrypt_enabled": false, "lets_encrypt_state": "not_used",
    });
    assert_eq!(info, expected);
    let mut ddns = served.fritzbox(&["ddns", "--json"]).await.json();
    // How far it is just now with a provider that is not there.
    assert!(ddns["status_ipv4"].take().is_string());
    let expected = json!({
        "model": "wanbeacon", "version": version, "enabled": true, "provider_name": "Benutzerdefiniert",
        "update_url": "http://127.0.0.1:1/u?host=<domain>&ip=<ipaddr>", "domain": "home.example.org",
        "status_ipv4": null, "status_ipv6": "undefined", "username": "1234567890", "mode": "ddns_v4",
        "server_ipv4": "", "server_ipv6": "",
    });
    assert_eq!(ddns, expected);
    let providers = served.fritzbox(&["providers"]).await;
    let names: Vec<&str> = providers.good().lines().map(|line| line.split("  ").next().unwrap_or_default()).collect();
    assert!(names.contains(&"FreeDYN") && names.last() == Some(&"Benutzerdefiniert"), "{names:?}");
    let wan = served.fritzbox(&["wan", "--json"]).await.json();
    let shown = [&wan["model"], &wan["status"], &wan["address"]["ipv4"], &wan["address"]["ipv6"]];
    assert_eq!(shown, [&json!("wanbeacon"), &json!("Connected"), &json!("91.12.34.57"), &Value::Null], "{wan:#}");
    for action in ["info", "ddns", "wan"] {
        assert!(served.fritzbox(&[action]).await.good().contains("wanbeacon"), "{action}");
    }
}

#[tokio::test]
async fn what_is_set_at_our_daemon_is_read_back_and_survives_its_restart() {
    let mut served = Served::new(OPEN).await;
    let secret = served.rig.write("ddns.secret", "neues\u{e4}&<Passwort>\n");
    let line = "set-ddns --update-url http://127.0.0.1:1/v?a=<ipaddr> --domain a.example.org,b.example.org --username 42 --mode v4 --json \
                --password-file";
    let arguments: Vec<&str> = line.split_whitespace().chain([secret.as_str()]).collect();
    let told = served.fritzbox(&arguments).await.json();
    for (key, expected) in
        [("domain", "a.example.org,b.example.org"), ("username", "42"), ("update_url", "http://127.0.0.1:1/v?a=<ipaddr>")]
    {
        assert_eq!(told[key], expected, "{key}");
    }
    served.restart().await;
    let again = served.fritzbox(&["ddns", "--json"]).await.json();
    assert_eq!((&again["domain"], &again["username"], &again["update_url"]), (&told["domain"], &told["username"], &told["update_url"]));
    // A provider of the list needs a password: the one of the last service is not handed on.
    let arguments = ["set-ddns", "--provider", "FreeDYN", "--enabled", "false", "--mode", "both", "--json"];
    let refused = served.fritzbox(&arguments).await;
    assert!(refused.sentence(77).contains("NewPassword: missing; FreeDYN needs it"), "{refused:?}");
    let told = served.fritzbox(&[&arguments[..], &["--password-file", &secret]].concat()).await.json();
    let shown = [&told["provider_name"], &told["enabled"], &told["mode"], &told["status_ipv4"]];
    assert_eq!(shown, [&json!("FreeDYN"), &json!(false), &json!("ddns_both"), &json!("offline")], "{told:#}");
}

#[tokio::test]
async fn the_remote_access_of_our_daemon_is_set_up_and_switched() {
    let mut served = Served::new(OPEN).await;
    let free = std::net::TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap().port();
    let port = free.to_string();
    let secret = served.rig.write("remote.secret", "langes Passwort");
    let set = served.fritzbox(&["set-config", "--port", &port, "--username", "fern", "--password-file", &secret]).await;
    assert!(set.good().contains(&format!("remote access   on\nport            {port}\nuser            fern\n")), "{set:?}");
    assert_eq!(served.fritzbox(&["disable"]).await.good(), format!("remote access   off\nport            {port}\n"));
    served.restart().await;
    assert_eq!(served.fritzbox(&["info", "--json"]).await.json()["enabled"], false);
    assert_eq!(served.fritzbox(&["enable"]).await.good(), format!("remote access   on\nport            {port}\n"));
    assert_eq!(served.fritzbox(&["disable", "--json"]).await.json(), json!({ "enabled": false, "port": free }));
    assert_eq!(served.fritzbox(&["enable", "--json"]).await.json(), json!({ "enabled": true, "port": free }));
    // The new user may change settings, here and over the remote access.
    let login = ["--login", "fern", "--login-password-file", &secret];
    served.fritzbox(&[&["providers"], &login[..]].concat()).await.good();
}

#[tokio::test]
async fn a_service_on_the_remote_access_is_found_again_when_it_moves_and_not_when_it_is_closed() {
    let served = Served::shared().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let secret = served.rig.write("remote.secret", "langes Passwort");
    let arguments = ["set-config", "--port", &free.to_string(), "--username", "fern", "--password-file", &secret, "--json"];
    let told = served.fritzbox(&arguments).await;
    assert_eq!(told.json()["port"], free, "{told:?}\n{}", *served.said.borrow());
    assert_eq!(served.fritzbox(&["disable", "--json"]).await.json(), json!({ "enabled": false, "port": free }));
    // Without TLS nobody knows whether it is still the same daemon: no login goes there.
    let ended = served.fritzbox(&["enable"]).await;
    assert!(ended.sentence(77).contains("offers no TLS, but its certificate is known; no login was sent"), "{ended:?}");
}

#[tokio::test]
async fn the_first_time_our_daemon_opens_the_remote_access_on_a_free_port() {
    let mut served = Served::new("").await;
    let shown = async |served: &Served| {
        let info = served.fritzbox(&["info", "--json"]).await.json();
        (info["enabled"].clone(), info["port"].clone(), info["username"].clone())
    };
    assert_eq!(shown(&served).await, (json!(false), json!(443), json!("admin")), "nothing was set yet");
    let told = served.fritzbox(&["enable", "--json"]).await.json();
    let port = told["port"].as_u64().expect("a port");
    assert!((1024..=65535).contains(&port) && told["enabled"] == json!(true), "{told:#}");
    assert_eq!(shown(&served).await, (json!(true), json!(port), json!("admin")));
    assert_eq!(served.fritzbox(&["disable", "--json"]).await.json(), json!({ "enabled": false, "port": port }));
    served.restart().await;
    assert_eq!(shown(&served).await, (json!(false), json!(port), json!("admin")), "it keeps its port");
}

#[tokio::test]
async fn each_fault_of_our_daemon_is_one_sentence_with_its_remedy() {
    let served = Served::new(OPEN).await;
    let secret = served.rig.write("some.secret", "langes Passwort");
    let ended = served.fritzbox(&["set-ddns", "--update-url", "ddns.example", "--password-file", &secret]).await;
    assert!(ended.sentence(77).contains("(402 \"Invalid Args: NewUpdateURL needs a host"), "{ended:?}");
    let ended = served.fritzbox(&["set-ddns", "--mode", "v6", "--password-file", &secret]).await;
    assert!(ended.sentence(77).contains("(402 \"Invalid Args: "), "{ended:?}");
    let ended = served.fritzbox(&["set-config", "--port", "8443", "--username", "guest", "--password-file", &secret]).await;
    assert!(ended.sentence(77).contains("(820 \"Internal Error: NewUsername belongs to a user without"), "{ended:?}");
    for switch in ["on", "off"] {
        let ended = served.fritzbox(&["letsencrypt", switch]).await;
        assert!(ended.sentence(77).contains("(501 \"Action Failed: certificates of Let's Encrypt are not obtained"), "{ended:?}");
    }
    served.guest(&["info"]).await.good();
    for arguments in [
        &["providers"][..],
        &["enable"],
        &["letsencrypt", "on"],
        &["set-ddns", "--enabled", "false"],
        &["set-config", "--port", "8443", "--username", "guest", "--password-file", &secret],
    ] {
        let ended = served.guest(arguments).await;
        assert!(ended.sentence(77).contains("(606 \"Action Not Authorized\")"), "{ended:?}");
    }
    served.rig.write("box.secret", "falsch");
    let ended = served.fritzbox(&["info"]).await;
    assert!(ended.sentence(77).contains("check [fritzbox] username and password"), "{ended:?}");
    for _ in 0..20 {
        let ended = served.fritzbox(&["info"]).await;
        if ended.code == Some(75) {
            assert!(ended.sentence(75).contains("too many failed logins; wait a few minutes"), "{ended:?}");
            return;
        }
    }
    panic!("who guesses is never held up");
}

#[tokio::test]
async fn the_certificate_of_our_daemon_is_known_and_stays() {
    let mut served = Served::new(OPEN).await;
    served.fritzbox(&["info"]).await.good();
    let said = served.said.borrow().clone();
    let fingerprint = said.split_once("SHA-256 fingerprint ").expect("it is told").1.lines().next().expect("a line").trim().to_owned();
    let plain = fingerprint.replace(':', "").to_lowercase();
    let known = std::fs::read_to_string(served.rig.path("state/known_boxes")).expect("it is remembered");
    assert!(known.replace(':', "").to_lowercase().contains(&plain), "{known} {fingerprint}");
    served.restart().await;
    served.fritzbox(&["info"]).await.good();
    let config = std::fs::read_to_string(served.rig.path("config.toml")).unwrap();
    served.rig.write("config.toml", &format!("{config}tls_fingerprint = \"{fingerprint}\"\n"));
    served.fritzbox(&["info"]).await.good();
    served.rig.write("config.toml", &format!("{config}tls_fingerprint = \"{}\"\n", "0".repeat(64)));
    assert_eq!(served.fritzbox(&["info"]).await.code, Some(77));
}

#[tokio::test]
async fn the_settings_of_our_daemon_are_imported_and_its_client_is_switched_off() {
    let served = Served::new(OPEN).await;
    let printed = served.rig.run(&["import", "fritzbox"]).await;
    for line in
        ["update_url = \"http://127.0.0.1:1/u?host=<domain>&ip=<ipaddr>\"", "domain = \"home.example.org\"", "username = \"1234567890\""]
    {
        assert!(printed.good().contains(line), "{line}: {printed:?}");
    }
    assert!(!printed.stdout.contains("\"geheim\""), "{printed:?}");
    let config = std::fs::read_to_string(served.rig.path("config.toml")).unwrap();
    served.rig.write("config.toml", printed.good());
    served.rig.write("ddns.secret", "geheim\n");
    let checked = served.rig.run(&["check"]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}\n{}", printed.stdout);
    served.rig.write("config.toml", &config);
    let off = served.rig.run(&["import", "fritzbox", "--switch-off"]).await;
    assert!(off.good().contains("[[ddns]]\n") && off.stderr.contains("the box's own dynamic DNS client is switched off"), "{off:?}");
    assert_eq!(served.fritzbox(&["ddns", "--json"]).await.json()["enabled"], false);
}

/// Every key of a JSON value, with the way to it; of a list those of its elements.
fn keys(value: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| -> Vec<String> { keys(value).into_iter().map(|key| format!("{name}.{key}")).collect() };
    let mut found: Vec<String> = match value {
        Value::Object(map) => map.iter().flat_map(|(name, value)| [vec![name.clone()], below(name, value)].concat()).collect(),
        Value::Array(list) => list.iter().flat_map(|value| below("*", value)).collect(),
        _ => Vec::new(),
    };
    found.sort();
    found.dedup();
    found
}

#[tokio::test]
async fn a_box_and_our_daemon_are_shown_with_the_same_keys() {
    let (rig, served) = (Rig::new().await, Served::new(OPEN).await);
    let port = std::net::TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap().port().to_string();
    for rig in [&rig, &served.rig] {
        rig.write("some.secret", "langes Passwort");
    }
    for (typed, optional) in [
        ("info", &[][..]),
        ("ddns", &[]),
        ("providers", &[]),
        // A daemon knows no lifetimes.
        ("wan", &["lifetimes.", "prefix_lifetimes."]),
        ("set-ddns --mode v4 --password-file some.secret", &[]),
        (&format!("set-config --port {port} --username fern --password-file some.secret"), &[]),
        ("disable", &[]),
        ("enable", &[]),
    ] {
        let shown = async |rig: &Rig| {
            let secret = rig.path("some.secret").display().to_string();
            let words: Vec<&str> = typed.split(' ').map(|word| if word == "some.secret" { &secret } else { word }).collect();
            let all = keys(&rig.fritzbox(&[&words[..], &["--json"]].concat()).await.json());
            all.into_iter().filter(|key| !optional.iter().any(|start| key.starts_with(start))).collect::<Vec<_>>()
        };
        let (of_a_box, of_ours) = (shown(&rig).await, shown(&served.rig).await);
        assert!(!of_ours.is_empty(), "{typed}");
        assert_eq!(of_a_box, of_ours, "{typed}");
    }
    // The passwords of both logins are the same; nothing of it was shown.
    assert!(!served.said.borrow().contains(PASSWORD), "{}", *served.said.borrow());
}
