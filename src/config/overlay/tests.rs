use std::fmt::Write as _;

use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::config::{Loaded, Problem, Settings, Severity, World, load, load_over};
use crate::rules::domain::Entry;
use crate::rules::rights::Right;

mod off;

const FILE: &str = "\
[[ddns]]
provider = \"freedyn\"
domain = [\"home.example.org\", \"two.example.org\"]
username = \"1234567890\"
password = \"hunter2\"
mode = \"both\"
verify = false
refresh = \"9d\"
ipv6_host = \"::1:2\"
server_ipv4 = \"dyn.example.net\"
[[ddns]]
update_url = { url = \"https://dyn.example.org/u?h=<domain>&ip=<ipaddr>\", method = \"POST\" }
domain = \"other.example.org\"
password = \"hunter2\"
";

/// Where the first entry is, and where the second one is.
const HOME: &str = "freedyn dyn.example.net";
const OTHER: &str = "https://dyn.example.org";

/// What a client might set.
fn custom() -> OverlaidEntry {
    OverlaidEntry {
        instead_of: domain("home.example.org"),
        service: HOME.to_owned(),
        enabled: true,
        provider: None,
        update_url: Some(Secret::new("https://own.example.org/u?h=<domain>&ip=<ipaddr>&ip6=<ip6addr>".to_owned())),
        domain: vec!["New.example.org".to_owned()],
        username: "anna".to_owned(),
        password: Some(Secret::new("swordfish".to_owned())),
        mode: Mode::Together,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
    }
}

fn domain(name: &str) -> Option<Domain> {
    Domain::parse(name).ok()
}

fn user(name: &str, password: &str) -> RemoteUser {
    RemoteUser { name: name.to_owned(), password: Some(Secret::new(password.to_owned())) }
}

fn laid(ddns: OverlaidEntry) -> Overlay {
    Overlay { ddns: Some(ddns), ..Overlay::default() }
}

fn remote(enabled: bool, port: u16, user: Option<RemoteUser>) -> Overlay {
    Overlay { ddns: None, off: None, remote: Some(Remote { enabled, port, user, replaced: Vec::new() }) }
}

fn world() -> World {
    World::given([], [])
}

fn over(text: &str, overlay: &Overlay) -> Result<Loaded, Vec<Problem>> {
    load_over(text, "config.toml", overlay, &world())
}

fn settings(text: &str, overlay: &Overlay) -> Settings {
    over(text, overlay).unwrap_or_else(|problems| panic!("{}", listing(&problems))).settings
}

fn entry(ddns: OverlaidEntry) -> Entry {
    settings(FILE, &laid(ddns)).entries.remove(0)
}

fn listing(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut text, problem| {
        let _ = writeln!(text, "{problem}");
        text
    })
}

#[test]
fn an_empty_overlay_changes_nothing() {
    let alone = load(FILE, "config.toml", &world()).unwrap();
    let with = over(FILE, &Overlay::default()).unwrap();
    assert_eq!((&with.settings, &with.warnings), (&alone.settings, &alone.warnings));
    assert_eq!(changes(&alone.settings, &with.settings), [""; 0]);
}

#[test]
fn the_nine_keys_take_the_place_of_those_in_the_file_and_the_others_stay() {
    let entry = entry(custom());
    assert_eq!((entry.enabled, entry.provider.as_str(), entry.mode), (true, "custom", Mode::Together));
    assert_eq!((entry.domains[0].as_str(), entry.domains.len()), ("new.example.org", 1));
    assert_eq!((entry.sending.username.as_str(), entry.sending.password.expose()), ("anna", "swordfish"));
    assert!(!entry.verify && entry.refresh.is_some() && entry.ipv6_host.is_some(), "these are not the overlay's");
    assert_eq!(settings(FILE, &laid(custom())).entries[1], load(FILE, "config.toml", &world()).unwrap().settings.entries[1]);
}

#[test]
fn an_entry_is_found_by_any_of_its_names() {
    let ddns = OverlaidEntry { instead_of: domain("two.example.org"), ..custom() };
    assert_eq!(entry(ddns).domains[0].as_str(), "new.example.org");
}

#[test]
fn a_password_that_was_not_given_is_that_of_the_file_and_an_empty_one_is_none() {
    let with = |password: Option<&str>| {
        let password = password.map(|password| Secret::new(password.to_owned()));
        entry(OverlaidEntry { password, ..custom() }).sending.password.expose().to_owned()
    };
    assert_eq!((with(None).as_str(), with(Some("")).as_str()), ("hunter2", ""));
}

#[test]
fn a_provider_comes_with_its_own_url_and_none_with_that_of_the_file() {
    let other = domain("other.example.org");
    let from_catalogue = OverlaidEntry {
        instead_of: other.clone(),
        service: OTHER.to_owned(),
        provider: Some("duckdns".to_owned()),
        update_url: None,
        domain: vec!["a.duckdns.org".to_owned()],
        ..custom()
    };
    let entry = &settings(FILE, &laid(from_catalogue)).entries[1];
    assert_eq!((entry.provider.as_str(), entry.sending.method.as_str()), ("duckdns", "GET"));
    let own = OverlaidEntry { instead_of: other, service: OTHER.to_owned(), update_url: None, mode: Mode::V4, ..custom() };
    let entry = &settings(FILE, &laid(own)).entries[1];
    assert_eq!((entry.provider.as_str(), entry.sending.method.as_str(), entry.domains[0].as_str()), ("custom", "POST", "new.example.org"));
}

#[test]
fn servers_and_user_names_that_are_empty_are_not_there() {
    let ddns = OverlaidEntry { provider: Some("freedyn".to_owned()), update_url: None, username: "2234567890".to_owned(), ..custom() };
    let hosts = |ddns: OverlaidEntry| entry(ddns).sending.together.map(|url| url.host_text());
    assert_ne!(hosts(ddns.clone()).as_deref(), Some("dyn.example.net"), "that of the file is not used");
    assert_eq!(hosts(OverlaidEntry { server_ipv4: "dyn.example.com".to_owned(), ..ddns.clone() }).as_deref(), Some("dyn.example.com"));
    let found = over(FILE, &laid(OverlaidEntry { username: String::new(), ..ddns })).unwrap_err();
    assert_eq!((found[0].file.as_str(), found[0].key.as_str()), (OVERLAY, "ddns.username"), "{}", listing(&found));
}

#[test]
fn problems_name_the_overlay_and_its_keys() {
    let ddns = OverlaidEntry {
        update_url: Some(Secret::new("https://own.example.org".to_owned())),
        domain: vec!["ok.example.org".to_owned(), "not a name".to_owned()],
        password: Some(Secret::new("sword\nfish".to_owned())),
        ..custom()
    };
    let found = listing(&over(FILE, &laid(ddns)).unwrap_err());
    for place in ["overlay.toml: ddns.update_url: ", "overlay.toml: ddns.domain[1]: ", "overlay.toml: ddns.password: "] {
        assert!(found.contains(place), "{place} in\n{found}");
    }
    assert!(!found.contains("fish"));
    let none =
        listing(&over(FILE, &laid(OverlaidEntry { provider: Some("nobody".to_owned()), domain: Vec::new(), ..custom() })).unwrap_err());
    assert!(none.contains("overlay.toml: ddns.provider: ") && none.contains("overlay.toml: ddns.domain: the list is empty"), "{none}");
    let twin = OverlaidEntry {
        update_url: Some(Secret::new("https://dyn.example.org/u?ip=<ipaddr>".to_owned())),
        domain: vec!["other.example.org".to_owned()],
        mode: Mode::V4,
        ..custom()
    };
    let found = listing(&over(FILE, &laid(twin)).unwrap_err());
    let told = "overlay.toml: ddns.domain[0]: other.example.org at dyn.example.org is already kept by another entry, see line 13 ";
    assert!(found.contains(told), "the overlay gives way: {found}");
}

#[test]
fn what_was_set_for_an_entry_that_is_gone_is_not_used() {
    let gone = laid(OverlaidEntry { instead_of: domain("gone.example.org"), ..custom() });
    let Loaded { settings, warnings } = over(FILE, &gone).unwrap();
    let alone = load(FILE, "config.toml", &world()).unwrap();
    assert_eq!((&settings.entries, &settings.served), (&alone.settings.entries, &alone.settings.served));
    let new: Vec<_> = warnings.iter().filter(|warning| !alone.warnings.contains(warning)).collect();
    let [warning] = new.as_slice() else { panic!("{}", listing(&warnings)) };
    assert_eq!((warning.severity, warning.file.as_str(), warning.key.as_str()), (Severity::Warning, OVERLAY, "ddns.instead_of"));
    assert!(warning.message.contains("gone.example.org") && warning.remedy.contains("delete"), "{warning}");
}

#[test]
fn what_was_set_without_an_entry_is_a_further_one() {
    let further = laid(OverlaidEntry { instead_of: None, ..custom() });
    let Loaded { settings, warnings } = over("", &further).unwrap();
    assert_eq!((settings.entries[0].domains[0].as_str(), warnings.as_slice()), ("new.example.org", &[][..]));
    assert_eq!(settings.served.domains, settings.entries[0].domains);
    assert_eq!(self::settings(FILE, &further).entries.len(), 3);
    let lines = "[wan.cable]\ninterface = \"eth1\"\n[wan.dsl]\ninterface = \"eth0\"\n";
    let found = over(lines, &further).unwrap_err();
    assert!(
        found.iter().any(|problem| problem.to_string().starts_with("overlay.toml: ddns: there are several lines")),
        "{}",
        listing(&found)
    );
}

#[test]
fn the_entry_that_was_set_goes_on_standing_for_the_service() {
    let off = laid(OverlaidEntry { enabled: false, ..custom() });
    let served = settings(FILE, &off).served;
    assert_eq!((served.enabled, served.domains[0].as_str()), (false, "new.example.org"), "although another one is on");
    assert_eq!((served.provider, served.update_url), (None, custom().update_url.unwrap()));
    let named = |name: &str| settings(&format!("{FILE}[web.tr064]\nentry = {name:?}"), &off).served.domains;
    assert_eq!(named("home.example.org")[0].as_str(), "new.example.org", "under the name that the file has");
    assert_eq!(named("other.example.org")[0].as_str(), "other.example.org", "unless the operator chose another one since");
}

#[test]
fn the_next_change_is_made_for_the_same_entry() {
    let next = |text: &str, overlay: &Overlay| {
        let served = settings(text, overlay).served;
        (served.instead_of.map(|name| name.to_string()).unwrap_or_default(), served.service)
    };
    let pair = |name: &str, service: &str| (name.to_owned(), service.to_owned());
    let (changed, further) = (laid(custom()), laid(OverlaidEntry { instead_of: None, service: String::new(), ..custom() }));
    for overlay in [&Overlay::default(), &changed] {
        assert_eq!(next(FILE, overlay), pair("home.example.org", HOME));
        assert_eq!(next(&format!("{FILE}[web.tr064]\nentry = \"other.example.org\""), overlay), pair("other.example.org", OTHER));
    }
    assert_eq!(next("", &further), pair("", ""));
    assert_eq!(next("", &Overlay::default()), pair("", ""));
}

/// The same name at two services, and what is in force of an overlay for one of them.
#[test]
fn an_overlay_stays_at_the_service_that_it_was_made_for() {
    let entry = |keys: &str| format!("[[ddns]]\ndomain = \"home.example.org\"\nusername = \"u\"\npassword = \"hunter2\"\n{keys}\n");
    let url = |host: &str| format!("update_url = {{ url = \"https://{host}/u?ip=<ipaddr>\", method = \"POST\" }}");
    let over = |service: &str| laid(OverlaidEntry { service: service.to_owned(), update_url: None, mode: Mode::V4, ..custom() });
    let two = [entry(&url("a.example.org")), entry(&url("b.example.org"))].concat();
    let found = settings(&two, &over("https://b.example.org")).entries;
    assert_eq!(found.iter().map(|entry| entry.domains[0].as_str()).collect::<Vec<_>>(), ["home.example.org", "new.example.org"]);

    // The operator moved it, each time with another password.
    for (keys, service) in [
        (url("b.example.org"), "https://a.example.org"),
        (url("a.example.org").replace("https", "http"), "https://a.example.org"),
        (url("a.example.org:444"), "https://a.example.org"),
        ("provider = \"noip\"\nmode = \"v4\"".to_owned(), "https://a.example.org"),
        (format!("provider = \"dyndns2\"\n{}", url("b.example.org")), "dyndns2 https://a.example.org"),
        (format!("provider = \"dyndns2\"\n{}", url("a.example.org")), "https://a.example.org"),
        ("provider = \"noip\"\nmode = \"v4\"\nserver_ipv4 = \"b.example.org\"".to_owned(), "noip"),
        (url("a.example.org"), ""),
    ] {
        let (text, over) = (entry(&keys), over(service));
        let Loaded { settings: found, warnings } = load_over(&text, "config.toml", &over, &world()).unwrap();
        assert_eq!(found.entries, settings(&text, &Overlay::default()).entries, "{keys}");
        let told = warnings.iter().find(|warning| warning.file == OVERLAY).unwrap();
        assert!(told.message.contains("at another service now") && told.remedy.contains("delete the table [ddns]"), "{told}");
    }
}

#[test]
fn a_url_beside_a_provider_goes_with_the_provider_only() {
    let file = "[[ddns]]\nprovider = \"FreeDYN\"\nupdate_url = { url = \"https://own.example.net/u?h=<domain>&ip=<ipaddr>\", method = \"POST\" }\n\
        domain = \"home.example.org\"\nusername = \"1234567890\"\npassword = \"hunter2\"\n";
    let over = |provider: Option<&str>, url: Option<&str>| {
        let ddns = OverlaidEntry {
            service: "freedyn https://own.example.net".to_owned(),
            provider: provider.map(str::to_owned),
            update_url: url.map(|url| Secret::new(url.to_owned())),
            mode: Mode::V4,
            username: "1234567890".to_owned(),
            ..custom()
        };
        let sending = settings(file, &laid(ddns)).entries.remove(0).sending;
        (sending.single.v4.unwrap().host_text(), sending.method)
    };
    let own = || ("own.example.net".to_owned(), "POST".to_owned());
    assert_eq!(over(Some("freedyn"), None), own());
    assert_eq!(over(None, None), own());
    assert_eq!(over(Some("freedyn"), Some("https://b.example.net/u?ip=<ipaddr>")), ("b.example.net".to_owned(), "GET".to_owned()));
    assert_eq!(over(Some("noip"), None).1, "GET", "it has its own");
}

#[test]
fn the_remote_access_moves_to_the_port_that_was_set() {
    let anna = || Some(user("anna", "swordfish"));
    let at = |text: &str, overlay: &Overlay| settings(text, overlay).web.tls_listen.map(|address| address.to_string());
    assert_eq!(at("", &remote(true, 8443, anna())).as_deref(), Some("[::]:8443"));
    let file = "[web]\ntls_listen = \"192.168.1.2:443\"\n[[web.user]]\nname = \"box\"\npassword = \"x\"\nrights = [\"config\"]\n";
    assert_eq!(at(file, &remote(true, 8443, anna())).as_deref(), Some("192.168.1.2:8443"));
    assert_eq!(at(file, &remote(true, 0, anna())).as_deref(), Some("192.168.1.2:443"));
    assert_eq!(at(file, &remote(false, 8443, anna())), None);
    assert_eq!(at("", &remote(true, 0, anna())), None);
    let clash = over("[web]\nlisten = \"[::]:8443\"", &remote(true, 8443, anna())).unwrap_err();
    assert!(
        clash.iter().any(|problem| problem.to_string().starts_with("overlay.toml: remote.port: [::]:8443 is listened on")),
        "{}",
        listing(&clash)
    );
    // What stands later in the file than the remote access is not to blame either.
    let file = "[web.tr064]\nenabled = true\nlisten = \"[::]:8443\"";
    let clash = over(file, &remote(true, 8443, anna())).unwrap_err();
    let errors: Vec<_> = clash.iter().filter(|problem| problem.severity == Severity::Error).map(ToString::to_string).collect();
    let [only] = errors.as_slice() else { panic!("{}", listing(&clash)) };
    assert!(only.starts_with("overlay.toml: remote.port: [::]:8443 is listened on without TLS as well (web.tr064.listen)"), "{only}");
}

#[test]
fn what_is_open_to_other_machines_needs_a_user_of_the_file_or_of_the_overlay() {
    let found = over("", &remote(true, 8443, None)).unwrap_err();
    assert!(found.iter().any(|problem| problem.file == OVERLAY && problem.message.contains("no [[web.user]]")), "{}", listing(&found));
    settings("[web]\nlisten = \"0.0.0.0:80\"", &remote(false, 0, Some(user("anna", "swordfish"))));
}

#[test]
fn the_user_of_the_remote_access_may_configure_and_keeps_its_other_rights() {
    let file = "[[web.user]]\nname = \"anna\"\npassword = \"x\"\nrights = [\"nas\"]\n[[web.user]]\nname = \"box\"\npassword = \"x\"\nrights = [\"config\"]\n";
    let web = settings(file, &remote(true, 8443, Some(user("anna", "swordfish")))).web;
    assert_eq!((web.remote_user.as_deref(), web.users.len(), web.users[0].name.as_str()), (Some("anna"), 2, "anna"));
    assert_eq!((web.users[0].password.expose(), web.users[0].rights.to_string().as_str()), ("swordfish", "config, nas"));
    let web = settings("", &remote(true, 8443, Some(user("new", "swordfish")))).web;
    assert_eq!((web.remote_user.as_deref(), web.users[0].rights), (Some("new"), [Right::Config].into_iter().collect()));
    let same = RemoteUser { name: "box".to_owned(), password: None };
    assert_eq!(settings(file, &remote(true, 8443, Some(same))).web.users[1].password.expose(), "x", "as the file says");
    assert_eq!(settings(file, &remote(false, 0, None)).web.remote_user.as_deref(), Some("box"), "it can be opened");
}

#[test]
fn a_user_who_is_the_files_alone_needs_the_right_there() {
    let box_user = |rights: &str| format!("[[web.user]]\nname = \"box\"\npassword = \"x\"\nrights = [{rights}]\n");
    let other = "[[web.user]]\nname = \"other\"\npassword = \"x\"\nrights = [\"config\"]\n";
    let named = |password: Option<&str>| {
        let password = password.map(|password| Secret::new(password.to_owned()));
        remote(true, 8443, Some(RemoteUser { name: "box".to_owned(), password }))
    };
    for text in [format!("{}{other}", box_user("\"app\"")), other.to_owned()] {
        let Loaded { settings, warnings } = over(&text, &named(None)).unwrap();
        let web = settings.web;
        assert!(web.user("box").is_none_or(|user| !user.rights.has(Right::Config)), "{text}");
        assert_eq!((web.remote_user.as_deref(), web.tls_listen.map(|it| it.port())), (Some("other"), Some(8443)), "{text}");
        let told = warnings.iter().find(|warning| warning.file == OVERLAY).unwrap();
        assert!(told.key == "remote.user" && told.message.contains("\"box\"") && told.remedy.contains("[remote.user]"), "{told}");
    }
    let web = settings(&box_user("\"app\""), &named(Some("swordfish"))).web;
    assert!(web.user("box").unwrap().rights.has(Right::Config), "this one was made by whoever set it");
    assert!(over("", &named(None)).is_err(), "nobody else could come in");
}

#[test]
fn a_user_of_the_remote_access_is_checked_like_any_other() {
    for (wrong, key) in [(user("a:b", "x"), "remote.user.name"), (user("anna", ""), "remote.user.password")] {
        let found = over("", &remote(true, 8443, Some(wrong))).unwrap_err();
        let errors: Vec<_> = found.iter().filter(|problem| problem.severity == Severity::Error).collect();
        assert_eq!((errors.len(), errors[0].file.as_str(), errors[0].key.as_str()), (1, OVERLAY, key), "{}", listing(&found));
    }
}

#[test]
fn a_password_that_was_replaced_stays_gone_after_the_user_was_renamed() {
    let file = "[[web.user]]\nname = \"box\"\npassword = \"x\"\nrights = [\"config\", \"nas\"]\n";
    let with =
        |user| Overlay { remote: Some(Remote { enabled: true, port: 8443, user, replaced: vec!["box".to_owned()] }), ..Overlay::default() };
    let users = |overlay: &Overlay| {
        let users = settings(file, overlay).web.users;
        users.into_iter().map(|user| format!("{} {} {}", user.name, user.password.expose(), user.rights)).collect::<Vec<_>>()
    };
    assert_eq!(users(&with(Some(user("box", "new")))), ["box new config, nas"]);
    let renamed = with(Some(user("boss", "new")));
    assert_eq!(users(&renamed), ["boss new config"]);
    assert_eq!(users(&with(Some(RemoteUser { name: "box".to_owned(), password: None }))), [""; 0]);
    let told = changes(&settings(file, &Overlay::default()), &settings(file, &renamed));
    assert!(told.contains(&"overlay.toml: user \"box\": renamed, and so let in no more".to_owned()), "{told:?}");
}

#[test]
fn what_an_overlay_changes_is_told_without_secrets() {
    let told = |text: &str, overlay: &Overlay| changes(&settings(text, &Overlay::default()), &settings(text, overlay));
    assert_eq!(
        told(FILE, &laid(OverlaidEntry { enabled: false, ..custom() })),
        [
            "overlay.toml: home.example.org: switched off",
            "overlay.toml: home.example.org: provider custom instead of freedyn",
            "overlay.toml: home.example.org: names new.example.org instead of home.example.org, two.example.org",
            "overlay.toml: home.example.org: mode ddns_together instead of ddns_both",
            "overlay.toml: home.example.org: another user name",
            "overlay.toml: home.example.org: another password",
        ]
    );
    let url = |url: &str| {
        let update_url = Some(Secret::new(url.to_owned()));
        laid(OverlaidEntry {
            instead_of: domain("other.example.org"),
            service: OTHER.to_owned(),
            domain: vec!["other.example.org".to_owned()],
            update_url,
            mode: Mode::V4,
            username: String::new(),
            password: None,
            ..custom()
        })
    };
    let another = ["overlay.toml: other.example.org: other servers or another update_url"];
    assert_eq!(told(FILE, &url("https://dyn.example.org/u?key=swordfish&h=<domain>&ip=<ipaddr>")), another);
    assert_eq!(told(FILE, &url("https://dyn.example.org/u?h=<domain>&ip=<ipaddr>")), another, "it was a POST");
    let further = told(FILE, &laid(OverlaidEntry { instead_of: None, ..custom() }));
    assert_eq!(further, ["overlay.toml: new.example.org: a further entry at custom"]);
    let file = "[web]\ntls_listen = \"127.0.0.1:443\"\n[[web.user]]\nname = \"anna\"\npassword = \"x\"\nrights = [\"nas\"]\n";
    assert_eq!(
        told(file, &remote(true, 8443, Some(user("anna", "swordfish")))),
        [
            "overlay.toml: remote access: on 127.0.0.1:8443 instead of 127.0.0.1:443",
            "overlay.toml: user \"anna\": rights config, nas instead of nas",
            "overlay.toml: user \"anna\": another password",
            "overlay.toml: remote access: user \"anna\"",
        ]
    );
    assert_eq!(told(file, &remote(false, 0, None)), ["overlay.toml: remote access: switched off"]);
    assert_eq!(
        told("", &remote(true, 8443, Some(user("anna", "swordfish"))))[..2],
        ["overlay.toml: remote access: on [::]:8443", "overlay.toml: user \"anna\": a further one, with the rights config"]
    );
}

#[test]
fn the_text_says_what_it_is_and_is_read_again() {
    let text = Overlay::default().text();
    assert!(text.starts_with("# ") && text.contains("\nversion = 1\n"), "{text}");
    assert_eq!(Overlay::parse(&text), Ok(Overlay::default()));
    let full = Overlay { remote: remote(true, 443, Some(user("anna", "swordfish"))).remote, ..laid(custom()) };
    assert_eq!(Overlay::parse(&full.text()), Ok(full.clone()));
    assert!(!format!("{full:?}").contains("swordfish"));
}

#[test]
fn damage_is_told_with_its_place_and_without_a_value() {
    let good = Overlay { remote: remote(true, 443, Some(user("anna", "swordfish"))).remote, ..laid(custom()) }.text();
    for (from, to, told) in [
        ("version = 1", "version = 0", "line 2: version: version 0 is not known"),
        ("version = 1", "", "line 1: version: missing"),
        ("enabled = true\ndomain", "enabled = \"swordfish\"\ndomain", "line 9: ddns.enabled: found a text"),
        ("port = 443", "port = 65536", "line 18: remote.port: 65536 is no port"),
        ("port = 443", "prot = 443", "line 16: remote.port: missing"),
        ("port = 443", "port = 443\nextra = 1", "line 19: remote.extra: unknown key"),
        ("ddns_together", "v5", "line 12: ddns.mode: \"v5\" is no mode"),
        ("password = \"swordfish\"", "password = \"swordfish", "line 8: "),
        ("name = \"anna\"\npassword", "password", "line 20: remote.user.name: missing"),
        ("[remote.user]", "[remote.other]", "line 20: remote.other: unknown key"),
        ("[remote]", "[[remote]]", "line 16: remote: found a list"),
    ] {
        assert!(good.contains(from), "{from} in\n{good}");
        let found = Overlay::parse(&good.replacen(from, to, 1)).unwrap_err().why;
        let told = format!("it is damaged: {told}");
        assert!(found.starts_with(&told) && !found.contains("fish"), "{found} instead of {told}");
    }
}

fn secret() -> impl Strategy<Value = Secret> {
    any::<String>().prop_map(Secret::new)
}

fn overlaid() -> impl Strategy<Value = OverlaidEntry> {
    let mode = proptest::sample::select(vec![Mode::V4, Mode::V6, Mode::Both, Mode::Together]);
    let instead_of = option::of("[a-z]{1,9}\\.[a-z]{2,5}").prop_map(|name| name.as_deref().and_then(domain));
    let texts = (any::<String>(), any::<String>(), any::<String>(), any::<String>());
    let options = (option::of(any::<String>()), option::of(secret()), option::of(secret()));
    (instead_of, any::<bool>(), proptest::collection::vec(any::<String>(), 0..4), mode, texts, options).prop_map(
        |(instead_of, enabled, domain, mode, (service, username, server_ipv4, server_ipv6), (provider, update_url, password))| {
            OverlaidEntry { instead_of, service, enabled, provider, update_url, domain, username, password, mode, server_ipv4, server_ipv6 }
        },
    )
}

fn overlays() -> impl Strategy<Value = Overlay> {
    let user = (any::<String>(), proptest::option::of(secret())).prop_map(|(name, password)| RemoteUser { name, password });
    let replaced = proptest::collection::vec(any::<String>(), 0..3);
    let remote = (any::<bool>(), any::<u16>(), option::of(user), replaced).prop_map(|(enabled, port, user, replaced)| Remote {
        enabled,
        port,
        user,
        replaced,
    });
    let off = option::of(proptest::collection::vec(Just("two.example.org").prop_filter_map("a name", domain), 0..3));
    (option::of(overlaid()), off, option::of(remote)).prop_map(|(ddns, off, remote)| Overlay { ddns, off, remote })
}

proptest! {
    #[test]
    fn every_overlay_is_read_as_it_was_written(overlay in overlays()) {
        prop_assert_eq!(Overlay::parse(&overlay.text()), Ok(overlay));
    }

    #[test]
    fn no_overlay_makes_loading_panic(overlay in overlays()) {
        let _ = load_over(FILE, "config.toml", &overlay, &world());
        let _ = load_over("", "config.toml", &overlay, &world());
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,200}", cut in 0_usize..400) {
        let _ = Overlay::parse(&text);
        let good = laid(custom()).text();
        let _ = Overlay::parse(good.get(..cut).unwrap_or_default());
    }
}
