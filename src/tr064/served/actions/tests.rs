use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::config::{DEFAULT_LISTEN, Face, LoginForm, Served, User};
use crate::rules::address::PerFamily;
use crate::rules::domain::{Domain, Mode};
use crate::rules::rights::Right;
use crate::rules::secret::Secret;
use crate::rules::snapshot::{AddressPicture, LinePicture, NamePicture, Snapshot, StatusPicture, VERSION};
use crate::tr064::remote_access::{DdnsConfig, DdnsInfo, Provider, RemoteInfo, providers};
use crate::tr064::served::answer;
use crate::tr064::served::services::{ALL, DEVICE, FORWARDING, HOSTS, REMOTE_ACCESS, SECURITY, WAN_COMMON, WAN_IP};
use crate::tr064::soap;
use crate::tr064::xml;

const KEY: &str = "5d41402abc4b2a76b9719d911017c592";

/// Everything that actions are told, to be changed before a call.
struct Scene {
    view: View,
    web: Web,
    device: Device,
    caller: Caller,
}

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

fn name(text: &str, ipv4: &str, ipv6: &str) -> NamePicture {
    let picture = |status: &str| StatusPicture { status: status.into(), ..StatusPicture::default() };
    NamePicture {
        domain: domain(text),
        provider: "custom".into(),
        mode: Mode::Both,
        enabled: true,
        wan: "default".into(),
        families: PerFamily { v4: picture(ipv4), v6: picture(ipv6) },
    }
}

fn user(name: &str, rights: &[Right]) -> User {
    User { name: name.into(), password: Secret::new("x".into()), rights: rights.iter().copied().collect() }
}

fn scene() -> Scene {
    let address = |text: &str| AddressPicture { address: Some(text.parse().unwrap()), ..AddressPicture::default() };
    let line = LinePicture { name: "default".into(), families: PerFamily { v4: address("93.184.215.14"), v6: AddressPicture::default() } };
    let served = Served {
        own_name: "Benutzerdefiniert".into(),
        enabled: true,
        provider: None,
        update_url: Secret::new(format!("https://u.example/?h=<domain>&ip=<ipaddr>&token={KEY}")),
        own_url: true,
        domains: vec![domain("home.example"), domain("nas.example")],
        username: "anna".into(),
        mode: Mode::Both,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
        instead_of: Some(domain("home.example")),
        service: "https://u.example".into(),
    };
    let ddns = vec![
        name("home.example", "complete", "new-address"),
        name("nas.example", "new address", "complete"),
        name("else.example", "offline", "offline"),
    ];
    let remote = RemoteInfo { enabled: true, port: 8443, username: "anna".into(), lets_encrypt: None, lets_encrypt_state: None };
    let face = Face { enabled: true, listen: None, tls_listen: None };
    Scene {
        view: View { picture: Snapshot { version: VERSION, wan: vec![line], ddns }, served, remote, uptime: Duration::from_secs(3661) },
        web: Web {
            enabled: true,
            listen: DEFAULT_LISTEN,
            tls_listen: None,
            remote_user: None,
            users: vec![user("anna", &[Right::Config]), user("phone", &[Right::Phone])],
            dyndns: face,
            tr064: face,
            login: LoginForm::default(),
        },
        device: Device { serial: "0A1B2C3D4E5F".into(), version: "0.1.0".into() },
        caller: Caller { name: Some("anna".into()), rights: Right::ALL.into_iter().collect() },
    }
}

fn call(action: &str, arguments: &[(&str, &str)]) -> Call {
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Call { service_kind: None, action: action.into(), arguments, login: None }
}

impl Scene {
    fn outcome(&self, service: &Service, name: &str, arguments: &[(&str, &str)]) -> Outcome {
        let call = call(name, arguments);
        let facts = Facts { view: &self.view, web: &self.web, device: &self.device };
        match find(service, &call) {
            Ok(action) if action.access == Access::Open => super::open(service, action, &call, &self.device, 49443),
            Ok(action) => super::answer(service, action, &call, &self.caller, &facts),
            Err(fault) => fault.into(),
        }
    }

    /// What a client reads.
    fn results(&self, service: &Service, name: &str) -> BTreeMap<String, String> {
        let Outcome::Results(values) = self.outcome(service, name, &[]) else { panic!("{name} gives no results") };
        let text = answer::results(service, service.action(name).unwrap(), &values, None);
        soap::reply(&text, name).unwrap().unwrap()
    }

    fn fault(&self, service: &Service, name: &str, arguments: &[(&str, &str)]) -> (u32, String) {
        match self.outcome(service, name, arguments) {
            Outcome::Fault { code, text } => (code, text),
            other => panic!("{name} {arguments:?} amounts to {other:?}"),
        }
    }

    fn set_config(&self, port: &str, name: &str, password: &str) -> Outcome {
        let arguments = [("NewEnabled", "1"), ("NewPort", port), ("NewUsername", name), ("NewPassword", password)];
        self.outcome(&REMOTE_ACCESS, "SetConfig", &arguments)
    }

    fn set_ddns(&self, changes: &[(&str, &str)]) -> Outcome {
        let mut arguments = BTreeMap::from([
            ("NewEnabled", "1"),
            ("NewProviderName", "Benutzerdefiniert"),
            ("NewUpdateURL", "https://u.example/?ip=<ipaddr>"),
            ("NewDomain", "home.example"),
            ("NewUsername", "anna"),
            ("NewMode", "ddns_v4"),
            ("NewServerIPv4", ""),
            ("NewServerIPv6", ""),
            ("NewPassword", "****"),
        ]);
        arguments.extend(changes.iter().copied());
        self.outcome(&REMOTE_ACCESS, "SetDDNSConfig", &arguments.into_iter().collect::<Vec<_>>())
    }

    fn ddns(&self) -> DdnsInfo {
        DdnsInfo::from(&self.results(&REMOTE_ACCESS, "GetDDNSInfo")).unwrap()
    }

    fn listed(&self) -> Vec<Provider> {
        providers(&self.results(&REMOTE_ACCESS, "GetDDNSProviders")["NewProviderList"]).unwrap()
    }
}

fn taken(outcome: Outcome) -> DdnsConfig {
    match outcome {
        Outcome::Change(Change::Ddns(config)) => config,
        other => panic!("{other:?}"),
    }
}

fn code(outcome: &Outcome) -> u32 {
    match outcome {
        Outcome::Fault { code, .. } => *code,
        Outcome::Results(_) | Outcome::Change(_) => 0,
    }
}

#[test]
fn every_action_without_arguments_gives_exactly_its_results() {
    let scene = scene();
    for service in ALL {
        for action in service.actions.iter().filter(|action| action.taken().next().is_none()) {
            let Outcome::Results(values) = scene.outcome(service, action.name, &[]) else { panic!("{}", action.name) };
            let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
            let expected: Vec<&str> = action.given().map(|argument| argument.name).collect();
            assert_eq!(names, expected, "{} {}", service.kind, action.name);
            for (argument, (_, value)) in action.given().zip(&values) {
                let variable = service.variable(argument).unwrap();
                let fits = match variable.kind {
                    Type::Boolean => value == "0" || value == "1",
                    Type::Ui2 => value.parse::<u16>().is_ok(),
                    Type::Ui4 => value.parse::<u32>().is_ok(),
                    Type::I4 => value.parse::<i32>().is_ok(),
                    Type::DateTime => value.contains('T'),
                    Type::Text => variable.allowed.is_empty() || variable.allowed.contains(&value.as_str()),
                };
                assert!(fits, "{} {} is {value:?}", action.name, argument.name);
            }
        }
    }
}

#[test]
fn what_a_service_does_not_have_is_no_action() {
    let scene = scene();
    for name in ["GetDDNSInfo", "Reboot", "", "a\u{1b}b"] {
        let (code, text) = scene.fault(&DEVICE, name, &[]);
        assert!(code == 401 && !text.contains(char::is_control), "{text:?}");
    }
    let elsewhere = Call { service_kind: Some(DEVICE.kind.into()), ..call("GetInfo", &[]) };
    assert_eq!(find(&DEVICE, &elsewhere).map(|action| action.name), Ok("GetInfo"));
    assert_eq!(find(&REMOTE_ACCESS, &elsewhere).unwrap_err().code, 401);
}

#[test]
fn arguments_are_those_of_the_description_in_any_order() {
    let scene = scene();
    let all = [("NewUsername", "bert"), ("NewPort", "443"), ("NewPassword", "p"), ("NewEnabled", "1")];
    assert!(matches!(scene.outcome(&REMOTE_ACCESS, "SetConfig", &all), Outcome::Change(Change::Remote(_))));
    for missing in 0..all.len() {
        let some: Vec<_> = all.iter().copied().enumerate().filter(|(at, _)| *at != missing).map(|(_, argument)| argument).collect();
        let (code, text) = scene.fault(&REMOTE_ACCESS, "SetConfig", &some);
        assert_eq!((code, text), (402, format!("Invalid Args: {} is missing", all[missing].0)));
    }
    for further in ["NewMode", "newport", "NewPort\u{1b}"] {
        let mut more = all.to_vec();
        more.push((further, "1"));
        let (code, text) = scene.fault(&REMOTE_ACCESS, "SetConfig", &more);
        assert!(code == 402 && text.contains(&format!("{further:?}")), "{text}");
    }
    assert_eq!(scene.fault(&DEVICE, "GetInfo", &[("NewText", "")]).0, 402);
}

#[test]
fn whoever_has_one_of_the_rights_may_call() {
    let some: Rights = [Right::Phone].into_iter().collect();
    assert!(permits(Access::Open, Rights::NONE));
    assert!(permits(Access::Any(&Right::ALL), some) && !permits(Access::Any(&Right::ALL), Rights::NONE));
    assert!(!permits(Access::Any(&[Right::Config, Right::App]), some));
}

#[test]
fn the_remote_access_is_told_as_it_is() {
    let results = scene().results(&REMOTE_ACCESS, "GetInfo");
    let expected = RemoteInfo {
        enabled: true,
        port: 8443,
        username: "anna".into(),
        lets_encrypt: Some(false),
        lets_encrypt_state: Some("not_used".into()),
    };
    assert_eq!(RemoteInfo::from(&results), Ok(expected));
}

#[test]
fn a_remote_user_is_taken_if_port_name_and_password_are_possible() {
    let scene = scene();
    let Outcome::Change(Change::Remote(config)) = scene.set_config(" 65535 ", "anna@home.example", " p:\"w ") else { panic!("refused") };
    assert_eq!((config.port, config.username.as_str(), config.password.expose()), (65535, "anna@home.example", " p:\"w "));
    for port in ["0", "65536", "-1", "", "x", "8443.0"] {
        assert_eq!(code(&scene.set_config(port, "bert", "p")), 402, "{port:?}");
    }
    for name in ["", " ", "a:b", "a\"b", "a\nb", &"x".repeat(129)] {
        assert_eq!(code(&scene.set_config("443", name, "p")), 820, "{name:?}");
    }
    for password in ["", "a\nb", &"x".repeat(129)] {
        assert_eq!(code(&scene.set_config("443", "bert", password)), 820, "{password:?}");
    }
}

#[test]
fn the_remote_access_is_switched_by_a_boolean_only() {
    let scene = scene();
    for (value, enabled) in [("1", true), ("true", true), ("Yes", true), ("0", false), ("false", false), ("no", false)] {
        let outcome = scene.outcome(&REMOTE_ACCESS, "SetEnable", &[("NewEnabled", value)]);
        assert_eq!(outcome, Outcome::Change(Change::Enable(enabled)), "{value}");
    }
    for value in ["", "2", "on", "-1"] {
        assert_eq!(scene.fault(&REMOTE_ACCESS, "SetEnable", &[("NewEnabled", value)]).0, 402, "{value:?}");
    }
}

#[test]
fn a_change_is_answered_with_the_port_where_a_port_is_asked_for() {
    let changed = |name| changed(REMOTE_ACCESS.action(name).unwrap(), 8443);
    assert_eq!(changed("SetEnable"), [("NewPort", "8443".to_owned())]);
    assert_eq!((changed("SetConfig").len(), changed("SetDDNSConfig").len()), (0, 0));
}

#[test]
fn certificates_are_not_obtained_here() {
    for name in ["SetLetsEncryptEnable", "SetLetsEncryptEnabled"] {
        let (code, text) = scene().fault(&REMOTE_ACCESS, name, &[("NewLetsEncryptEnabled", "1")]);
        assert!(code == 501 && text.contains("Let's Encrypt"), "{text}");
        assert_eq!(scene().fault(&REMOTE_ACCESS, name, &[("NewLetsEncryptEnabled", "maybe")]).0, 402);
    }
}

#[test]
fn of_several_names_the_status_that_needs_somebody_shows_in_the_words_of_the_document() {
    let mut scene = scene();
    let told = |scene: &Scene| {
        let results = scene.results(&REMOTE_ACCESS, "GetDDNSInfo");
        [results["NewStatusIPv4"].clone(), results["NewStatusIPv6"].clone()]
    };
    assert_eq!(told(&scene), ["new address", "new-address"]);
    scene.view.picture.ddns[0].families.v4.status = "account-disabled".into();
    assert_eq!(told(&scene), ["account-disabled", "new-address"]);
    let elsewhere = NamePicture { provider: "freedyn".into(), ..name("home.example", "login-failed", "login-failed") };
    scene.view.picture.ddns.push(elsewhere);
    assert_eq!(told(&scene), ["account-disabled", "new-address"], "the same name at another service");
    scene.view.served.provider = Some("freedyn".into());
    assert_ne!(told(&scene), ["account-disabled", "new-address"]);
    scene.view.served.provider = None;
    scene.view.served.mode = Mode::V6;
    assert_eq!(told(&scene), ["undefined", "new-address"]);
    scene.view.picture.ddns.clear();
    assert_eq!(told(&scene), ["undefined", "undefined"]);
    scene.view.served.enabled = false;
    assert_eq!(told(&scene), ["undefined", "offline"]);
}

#[test]
fn our_own_client_reads_the_settings() {
    let scene = scene();
    let info = scene.ddns();
    assert_eq!((info.enabled, info.provider_name.as_str(), info.mode), (true, "Benutzerdefiniert", Mode::Both));
    assert_eq!((info.domain.as_str(), info.username.as_str()), ("home.example,nas.example", "anna"));
    assert_eq!(info.update_url, scene.view.served.update_url);
}

#[test]
fn a_key_in_the_url_is_for_those_who_may_change_it() {
    let mut scene = scene();
    scene.caller.rights = [Right::App, Right::HomeAuto].into_iter().collect();
    let shown = scene.ddns().update_url.expose().to_owned();
    assert!(!shown.contains(KEY) && shown.starts_with("https://u.example/?h=<domain>&ip=<ipaddr>"), "{shown}");
}

#[test]
fn what_is_told_can_be_set_again() {
    let mut scene = scene();
    for provider in crate::catalog::all().iter().map(|dialect| Some(dialect.name.clone())).chain([None]) {
        scene.view.served.provider.clone_from(&provider);
        let info = scene.ddns();
        let listed = scene.listed();
        assert!(listed.iter().any(|item| item.name == info.provider_name), "{provider:?} {}", info.provider_name);
        let config = taken(scene.set_ddns(&[("NewProviderName", &info.provider_name), ("NewMode", info.mode.wire())]));
        // Whoever brings no URL of its own is the user-defined one from then on.
        let own = config.provider_name == "Benutzerdefiniert";
        let without = ["dyndns2", "tiggerswelt"].contains(&provider.as_deref().unwrap_or("dyndns2"));
        assert!(own == without && (own || Some(&config.provider_name) == provider.as_ref()), "{provider:?}");
    }
}

#[test]
fn the_list_is_sorted_whatever_the_case_without_doubles_and_ends_with_the_own_one() {
    let mut scene = scene();
    let listed = scene.listed();
    let (own, others) = listed.split_last().unwrap();
    assert_eq!((own.name.as_str(), own.info_url.as_str()), ("Benutzerdefiniert", ""));
    let names: Vec<String> = others.iter().map(|item| item.name.to_lowercase()).collect();
    assert!(names.is_sorted_by(|a, b| a < b) && names.len() > 25, "{names:?}");
    let freedyn = others.iter().find(|item| item.name == "FreeDYN").unwrap();
    assert_eq!(freedyn.info_url, "https://freedyn.de/");
    scene.view.served.own_name = "freedyn".into();
    assert_eq!(scene.listed().iter().filter(|item| item.name.eq_ignore_ascii_case("freedyn")).count(), 1);
    assert_eq!(taken(scene.set_ddns(&[("NewProviderName", "FreeDYN")])).provider_name, "freedyn");
}

#[test]
fn a_provider_is_named_as_listed_in_any_case_or_as_the_user_defined_one_is_known() {
    let mut scene = scene();
    scene.view.served.own_name = "Personnalisé".into();
    for (name, provider) in [
        ("FreeDYN", "freedyn"),
        (" no-ip ", "noip"),
        ("Personnalisé", "Personnalisé"),
        ("PERSONNALISÉ", "Personnalisé"),
        ("Benutzerdefiniert", "Personnalisé"),
        ("user-defined", "Personnalisé"),
        ("Userdefined", "Personnalisé"),
        ("<userdefined>", "Personnalisé"),
    ] {
        assert_eq!(taken(scene.set_ddns(&[("NewProviderName", name)])).provider_name, provider, "{name}");
    }
    for name in ["", "Nobody", "dyndns2 (any server)", "a\u{1b}"] {
        assert_eq!(code(&scene.set_ddns(&[("NewProviderName", name)])), 402, "{name:?}");
    }
}

#[test]
fn a_mode_is_one_of_the_document_or_its_alias() {
    let scene = scene();
    for (word, mode) in [
        ("ddns_v4", Mode::V4),
        ("ddns_v6", Mode::V6),
        ("ddns_both", Mode::Both),
        ("ddns_together", Mode::Together),
        ("ddns_both_together", Mode::Together),
    ] {
        assert_eq!(taken(scene.set_ddns(&[("NewMode", word)])).mode, mode);
    }
    for word in ["", "ddns_v5", "DDNS_V4"] {
        assert_eq!(code(&scene.set_ddns(&[("NewMode", word)])), 402, "{word:?}");
    }
}

#[test]
fn the_url_of_a_user_defined_provider_needs_a_slash_behind_its_host_and_there_are_two_at_most() {
    let scene = scene();
    for url in ["h/", "h.example/?ip=<ipaddr>", "https://h:8443/p?a=<domain>", "http://h/4 http://h/6", " h/ "] {
        assert_eq!(taken(scene.set_ddns(&[("NewUpdateURL", url)])).update_url.expose(), url.trim(), "{url}");
    }
    for url in ["", " ", "h", "https://h", "https://h?a=1", "https:///x", "/x", "h/ h", "h/1 h/2 h/3", "h/\nh/"] {
        assert_eq!(code(&scene.set_ddns(&[("NewUpdateURL", url)])), 402, "{url:?}");
    }
    assert_eq!(code(&scene.set_ddns(&[("NewProviderName", "FreeDYN"), ("NewUpdateURL", "")])), 0, "it has its own");
}

#[test]
fn what_a_client_sets_is_handed_on_as_it_is() {
    let scene = scene();
    let config = taken(scene.set_ddns(&[
        ("NewEnabled", "0"),
        ("NewDomain", " a.example,b.example "),
        ("NewServerIPv6", "h:81"),
        ("NewPassword", " x "),
    ]));
    assert_eq!((config.enabled, config.domain.as_str(), config.server_ipv6.as_str()), (false, "a.example,b.example", "h:81"));
    assert_eq!((config.password.expose(), config.username.as_str()), (" x ", "anna"));
    for password in ["", "****"] {
        assert_eq!(taken(scene.set_ddns(&[("NewPassword", password)])).password.expose(), password);
    }
    for argument in ["NewUsername", "NewPassword", "NewDomain", "NewServerIPv4"] {
        assert_eq!(code(&scene.set_ddns(&[(argument, "a\nb")])), 402, "{argument}");
    }
}

#[test]
fn what_is_not_there_may_be_switched_off() {
    let mut scene = scene();
    let nothing = |changes: &[(&'static str, &'static str)]| {
        let texts = ["NewUpdateURL", "NewDomain", "NewUsername", "NewPassword"].map(|name| (name, ""));
        [&texts[..], &[("NewEnabled", "0")], changes].concat()
    };
    assert_eq!(code(&scene.set_ddns(&nothing(&[]))), 402, "there is an entry");
    scene.view.served.domains.clear();
    for changes in [&[][..], &[("NewProviderName", ""), ("NewMode", "")], &[("NewPassword", "****")]] {
        assert_eq!(scene.set_ddns(&nothing(changes)), results([]), "{changes:?}");
    }
    for change in [("NewEnabled", "1"), ("NewMode", "ddns_v5"), ("NewProviderName", "Nobody"), ("NewPassword", "x\ny")] {
        assert_eq!(code(&scene.set_ddns(&nothing(&[change]))), 402, "{change:?}");
    }
    let told = scene.ddns();
    let back = nothing(&[]).into_iter().chain([("NewMode", told.mode.wire()), ("NewProviderName", told.provider_name.as_str())]);
    assert_eq!(scene.set_ddns(&back.collect::<Vec<_>>()), results([]), "given back as it was read");
}

#[test]
fn no_refusal_repeats_a_password_or_a_url() {
    let scene = scene();
    for outcome in [
        scene.set_config("443", "a:b", "s3cret"),
        scene.set_config("443", "bert", "s3cret\n"),
        scene.set_ddns(&[("NewPassword", "s3cret\n")]),
        scene.set_ddns(&[("NewUpdateURL", "https://s3cret")]),
        scene.set_ddns(&[("NewMode", "x"), ("NewPassword", "s3cret")]),
    ] {
        assert!(code(&outcome) != 0 && !format!("{outcome:?}").contains("s3cret"), "{outcome:?}");
    }
    assert!(!format!("{:?}", scene.set_ddns(&[("NewPassword", "s3cret")])).contains("s3cret"));
}

#[test]
fn it_says_who_it_is_in_a_form_that_clients_read() {
    let scene = scene();
    let results = scene.results(&DEVICE, "GetInfo");
    assert_eq!((results["NewModelName"].as_str(), results["NewSerialNumber"].as_str()), ("wanbeacon", "0A1B2C3D4E5F"));
    assert_eq!((results["NewUpTime"].as_str(), results["NewDeviceLog"].as_str()), ("3661", ""));
    // Home Assistant: digits, a dot, the rest.
    let (number, rest) = results["NewSoftwareVersion"].split_once('.').unwrap();
    assert!(number.parse::<u32>().is_ok() && !rest.is_empty());
    assert_eq!(scene.results(&DEVICE, "GetSecurityPort")["NewSecurityPort"], "49443");
}

#[test]
fn a_caller_is_told_their_name_and_rights_and_nobody_elses() {
    let mut scene = scene();
    scene.caller = Caller { name: Some("b<ert".into()), rights: [Right::Phone].into_iter().collect() };
    let results = scene.results(&SECURITY, "X_AVM-DE_GetCurrentUser");
    assert_eq!(results["NewX_AVM-DE_CurrentUsername"], "b<ert");
    let rights = xml::parse(&results["NewX_AVM-DE_CurrentUserRights"]).unwrap();
    let words: Vec<&str> = rights.children.iter().map(|child| child.text.as_str()).collect();
    let expected = "BoxAdmin none App none Phone readwrite NAS none HomeAuto none";
    assert_eq!((rights.name.as_str(), words.join(" ").as_str()), ("rights", expected));
    let list = xml::parse(&scene.results(&SECURITY, "X_AVM-DE_GetUserList")["NewX_AVM-DE_UserList"]).unwrap();
    assert_eq!((list.name.as_str(), list.children.len()), ("List", 0));
    assert_eq!(scene.results(&SECURITY, "X_AVM-DE_GetAnonymousLogin")["NewX_AVM-DE_AnonymousLoginEnabled"], "0");
}

#[test]
fn the_line_is_the_first_one_and_may_have_no_ipv4() {
    let mut scene = scene();
    let told = |scene: &Scene| {
        let status = scene.results(&WAN_IP, "GetStatusInfo");
        let address = scene.results(&WAN_IP, "GetExternalIPAddress");
        let link = scene.results(&WAN_COMMON, "GetCommonLinkProperties");
        [
            &status["NewConnectionStatus"],
            &status["NewUptime"],
            &address["NewExternalIPAddress"],
            &scene.results(&WAN_IP, "GetInfo")["NewExternalIPAddress"],
            &link["NewPhysicalLinkStatus"],
        ]
        .map(Clone::clone)
    };
    assert_eq!(told(&scene), ["Connected", "3661", "93.184.215.14", "93.184.215.14", "Up"]);
    let families = &mut scene.view.picture.wan[0].families;
    std::mem::swap(&mut families.v4, &mut families.v6);
    families.v6.address = Some("2001:db8::1".parse().unwrap());
    assert_eq!(told(&scene), ["Connected", "3661", "", "", "Up"], "DS-Lite");
    scene.view.picture.wan.clear();
    assert_eq!(told(&scene), ["Disconnected", "0", "", "", "Down"]);
    assert_eq!(scene.results(&FORWARDING, "GetDefaultConnectionService")["NewDefaultConnectionService"], "1.WANIPConnection.1");
}

#[test]
fn there_are_no_machines_in_the_home_network() {
    let scene = scene();
    assert_eq!(scene.results(&HOSTS, "GetHostNumberOfEntries")["NewHostNumberOfEntries"], "0");
    assert_eq!(scene.fault(&HOSTS, "GetGenericHostEntry", &[("NewIndex", "0")]).0, 713);
    assert_eq!(scene.fault(&HOSTS, "GetGenericHostEntry", &[("NewIndex", "x")]).0, 402);
    assert_eq!(scene.fault(&HOSTS, "GetSpecificHostEntry", &[("NewMACAddress", "00:00:5E:00:53:01")]).0, 714);
}
