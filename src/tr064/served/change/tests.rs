use std::net::SocketAddr;

use super::*;
use crate::config::{DEFAULT_LISTEN, Face, LoginForm, User};
use crate::rules::domain::{Domain, Mode};

const URL: &str = "https://dyn.example/u?h=<domain>&ip=<ipaddr>";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn served() -> Served {
    Served {
        own_name: "Benutzerdefiniert".to_owned(),
        enabled: true,
        provider: None,
        update_url: secret(URL),
        domains: vec![Domain::parse("home.example").unwrap()],
        username: "joe".to_owned(),
        mode: Mode::V4,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
    }
}

fn web(tls_listen: Option<&str>, users: &[(&str, Right)]) -> Web {
    let user =
        |&(name, right): &(&str, Right)| User { name: name.to_owned(), password: secret("pw"), rights: [right].into_iter().collect() };
    Web {
        enabled: true,
        listen: DEFAULT_LISTEN,
        tls_listen: tls_listen.map(|it| it.parse::<SocketAddr>().unwrap()),
        remote_user: users.first().map(|(name, _)| (*name).to_owned()),
        users: users.iter().map(user).collect(),
        dyndns: Face::default(),
        tr064: Face::default(),
        login: LoginForm::default(),
    }
}

fn wanted(url: &str, username: &str, password: &str) -> DdnsConfig {
    DdnsConfig {
        enabled: true,
        provider_name: "Benutzerdefiniert".to_owned(),
        update_url: secret(url),
        domain: "home.example".to_owned(),
        username: username.to_owned(),
        mode: Mode::V4,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
        password: secret(password),
    }
}

fn after(wanted: DdnsConfig, before: &Overlay) -> Result<OverlaidEntry, Refusal> {
    let (web, served) = (web(None, &[]), served());
    let standing = Standing { overlay: before, web: &web, served: &served };
    overlay(&Change::Ddns(wanted), standing, 0).map(|it| it.expect("something is different").ddns.expect("it is about the entry"))
}

fn password_after(wanted: DdnsConfig) -> Result<Option<String>, Refusal> {
    after(wanted, &Overlay::default()).map(|it| it.password.map(|it| it.expose().to_owned()))
}

#[test]
fn a_new_password_is_taken_and_stars_keep_the_old_one() {
    assert_eq!(password_after(wanted(URL, "joe", "new")), Ok(Some("new".to_owned())));
    assert_eq!(password_after(wanted(URL, "joe", "****")), Ok(None));
    assert_eq!(password_after(wanted(URL, "jim", "****")), Ok(None));
    assert_eq!(password_after(wanted(URL, "joe", "")), Ok(None));
    assert_eq!(password_after(wanted(URL, "jim", "")), Ok(Some(String::new())), "another account has another password");
}

#[test]
fn an_old_password_is_not_handed_to_another_service() {
    for url in ["https://thief.example/u?p=<pass>", "http://dyn.example/u", "https://dyn.example:444/u", "dyn.example/u"] {
        assert!(matches!(password_after(wanted(url, "joe", "****")), Err(Refusal::Invalid(_))), "{url}");
        assert_eq!(password_after(wanted(url, "joe", "")), Ok(Some(String::new())), "{url}");
    }
    let other = DdnsConfig { provider_name: "freedyn".to_owned(), ..wanted(URL, "joe", "****") };
    assert!(matches!(password_after(other), Err(Refusal::Invalid(_))));
    let moved = DdnsConfig { server_ipv4: "thief.example".to_owned(), ..wanted(URL, "joe", "****") };
    assert!(matches!(password_after(moved), Err(Refusal::Invalid(_))));
    assert_eq!(password_after(wanted("https://DYN.example/other?h=<domain>", "joe", "****")), Ok(None), "the same service");
}

#[test]
fn what_was_overlaid_before_stays_where_it_is_not_changed() {
    let first = after(wanted("https://b.example/u", "joe", "new"), &Overlay::default()).unwrap();
    assert_eq!(first.instead_of, Some(Domain::parse("home.example").unwrap()));
    let before = Overlay { ddns: Some(first), remote: None };
    let (web, served) = (web(None, &[]), Served { update_url: secret("https://b.example/u"), ..served() });
    let standing = Standing { overlay: &before, web: &web, served: &served };
    let same = overlay(&Change::Ddns(wanted("https://b.example/u", "joe", "****")), standing, 0);
    assert_eq!(same, Ok(None), "nothing is different");
    let named = DdnsConfig { domain: "a.example,b.example".to_owned(), ..wanted("https://b.example/u", "joe", "****") };
    let next = overlay(&Change::Ddns(named), standing, 0).unwrap().unwrap().ddns.unwrap();
    assert_eq!((next.domain, next.password), (vec!["a.example".to_owned(), "b.example".to_owned()], Some(secret("new"))));
    assert_eq!(next.instead_of, Some(Domain::parse("home.example").unwrap()), "the entry of the file, not that of the overlay");
}

#[test]
fn a_url_of_the_file_stays_the_files() {
    let entry = after(DdnsConfig { mode: Mode::Both, ..wanted(URL, "joe", "****") }, &Overlay::default()).unwrap();
    assert_eq!((entry.update_url, entry.provider), (None, None));
    let entry = after(DdnsConfig { provider_name: "freedyn".to_owned(), ..wanted(URL, "joe", "new") }, &Overlay::default()).unwrap();
    assert_eq!((entry.update_url, entry.provider.as_deref()), (None, Some("freedyn")));
}

fn enabled(on: bool, web: &Web, before: &Overlay) -> Option<Remote> {
    let served = served();
    let standing = Standing { overlay: before, web, served: &served };
    overlay(&Change::Enable(on), standing, 40_000).unwrap().map(|it| it.remote.expect("it is about the remote access"))
}

#[test]
fn switching_on_chooses_a_port_once_and_needs_somebody_entitled() {
    let nothing = Overlay::default();
    let remote = enabled(true, &web(None, &[("admin", Right::Config)]), &nothing).unwrap();
    assert_eq!((remote.enabled, remote.port), (true, 40_000));
    let known = Overlay { remote: Some(Remote { enabled: false, port: 443, user: None }), ddns: None };
    assert_eq!(enabled(true, &web(None, &[("admin", Right::Config)]), &known).unwrap().port, 443);
    assert_eq!(enabled(true, &web(None, &[("phone", Right::Phone)]), &nothing), None);
    assert_eq!(enabled(true, &web(None, &[]), &nothing), None);
}

#[test]
fn what_is_on_stays_on_and_what_is_switched_off_keeps_its_port() {
    let on = web(Some("[::]:8443"), &[("admin", Right::Config)]);
    assert_eq!(enabled(true, &on, &Overlay::default()), None);
    let off = enabled(false, &on, &Overlay::default()).unwrap();
    assert_eq!((off.enabled, off.port), (false, 8443));
    assert_eq!(enabled(false, &web(None, &[]), &Overlay::default()), None, "it is off");
}

#[test]
fn a_user_for_the_remote_access_has_a_password_and_configuration_rights() {
    let set = |name: &str, password: &str| {
        let (web, served, before) = (web(None, &[("admin", Right::Config), ("phone", Right::Phone)]), served(), Overlay::default());
        let standing = Standing { overlay: &before, web: &web, served: &served };
        let wanted = RemoteConfig { enabled: true, port: 443, username: name.to_owned(), password: secret(password) };
        overlay(&Change::Remote(wanted), standing, 0).map(|it| it.unwrap().remote.unwrap().user.unwrap().password)
    };
    assert_eq!(set("new", "pw"), Ok(Some(secret("pw"))));
    assert_eq!(set("admin", "****"), Ok(None), "as the file says");
    assert_eq!(set("admin", "other"), Ok(Some(secret("other"))));
    assert!(matches!(set("new", ""), Err(Refusal::Failed(_))));
    assert!(matches!(set("phone", "pw"), Err(Refusal::Failed(_))));
}
