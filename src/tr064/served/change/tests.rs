use super::*;
use crate::config::{World, load};
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
        own_url: true,
        domains: vec![Domain::parse("home.example").unwrap()],
        username: "joe".to_owned(),
        mode: Mode::V4,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
        instead_of: Domain::parse("home.example").ok(),
        service: "https://dyn.example".to_owned(),
    }
}

/// What a client sees of it, given back.
fn again(served: &Served, password: &str) -> DdnsConfig {
    DdnsConfig {
        // What the call of the client was read as.
        provider_name: match name(served.provider.as_deref(), &served.own_name) {
            told if told == served.own_name => told,
            _ => served.provider.clone().unwrap(),
        },
        mode: served.mode,
        ..wanted(served.update_url.expose(), &served.username, password)
    }
}

/// The entry that stands for the service where this is the file.
fn of_file(keys: &str) -> Served {
    let text = format!("[[ddns]]\ndomain = \"home.example\"\nusername = \"1234567890\"\npassword = \"geheim\"\n{keys}");
    load(&text, "config.toml", &World::given([], [])).unwrap_or_else(|problems| panic!("{problems:?}")).settings.served
}

/// Of a file that names these users, and where the remote access is.
fn web(tls_listen: Option<&str>, users: &[(&str, Right)]) -> Web {
    let user =
        |(name, right): &(&str, Right)| format!("[[web.user]]\nname = {name:?}\npassword = \"pw\"\nrights = [\"{}\"]\n", right.word());
    let listen = tls_listen.map_or_else(String::new, |address| format!("[web]\ntls_listen = {address:?}\n"));
    let text = users.iter().map(user).chain([listen]).collect::<String>();
    load(&text, "config.toml", &World::given([], [])).unwrap_or_else(|problems| panic!("{problems:?}")).settings.web
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
    after_at(&served(), wanted, before)
}

fn after_at(served: &Served, wanted: DdnsConfig, before: &Overlay) -> Result<OverlaidEntry, Refusal> {
    let web = web(None, &[]);
    let standing = Standing { overlay: before, web: &web, served };
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

/// An entry of the catalogue may have a URL of its own: the password was given to the host in it.
#[test]
fn a_url_beside_a_provider_stays_with_its_password_or_neither_does() {
    let own = "https://own.example/u?h=<domain>&ip=<ipaddr>";
    let served = of_file(&format!("provider = \"freedyn\"\nupdate_url = {own:?}"));
    assert_eq!((served.update_url.expose(), served.own_url, served.service.as_str()), (own, true, "freedyn https://own.example"));
    let kept = |wanted: DdnsConfig| {
        after_at(&served, wanted, &Overlay::default())
            .map(|it| (it.provider, it.update_url.map(|url| url.expose().to_owned()), it.password))
    };
    let freedyn = || Some("freedyn".to_owned());
    assert_eq!(kept(again(&served, "****")), Ok((freedyn(), None, None)), "as the file says");
    assert_eq!(kept(DdnsConfig { update_url: secret(""), ..again(&served, "****") }), Ok((freedyn(), None, None)));
    let other = |url: &str, password: &str| kept(DdnsConfig { update_url: secret(url), ..again(&served, password) });
    assert_eq!(other("https://own.example/v?ip=<ipaddr>", "****").unwrap().1.as_deref(), Some("https://own.example/v?ip=<ipaddr>"));
    assert!(matches!(other("https://thief.example/u?ip=<ipaddr>", "****"), Err(Refusal::Invalid(_))));
    assert_eq!(other("https://thief.example/u?ip=<ipaddr>", "").unwrap().2, Some(secret("")));
    let to = |provider: &str| kept(DdnsConfig { provider_name: provider.to_owned(), ..again(&served, "****") });
    assert!(matches!(to("noip"), Err(Refusal::Invalid(_))));
    assert!(matches!(to(&served.own_name), Err(Refusal::Invalid(_))), "a provider that the list has is another one");
}

#[test]
fn what_is_told_of_any_entry_and_given_back_keeps_provider_url_and_password() {
    let own = "update_url = \"https://own.example/nic/update?hostname=<domain>&myip=<ipaddr>\"";
    for keys in [
        own.to_owned(),
        format!("provider = \"dyndns2\"\n{own}"),
        format!("provider = \"tiggerswelt\"\n{own}"),
        format!("provider = \"freedyn\"\n{own}"),
        "provider = \"freedyn\"\nmode = \"v4\"".to_owned(),
        "provider = \"freedyn\"\nmode = \"both\"".to_owned(),
    ] {
        let served = of_file(&keys);
        for password in ["", "****"] {
            let entry = after_at(&served, again(&served, password), &Overlay::default()).unwrap();
            assert_eq!((entry.provider, entry.update_url, entry.password), (served.provider.clone(), None, None), "{keys}");
            assert_eq!((entry.instead_of, entry.service), (served.instead_of.clone(), served.service.clone()));
        }
        let renewed = after_at(&served, again(&served, "new"), &Overlay::default()).unwrap();
        assert_eq!((renewed.provider, renewed.password), (served.provider.clone(), Some(secret("new"))), "{keys}");
    }
    let dyndns2 = of_file(&format!("provider = \"dyndns2\"\n{own}"));
    let moved = |host: &str| DdnsConfig { update_url: secret(&format!("https://{host}/?ip=<ipaddr>")), ..again(&dyndns2, "****") };
    assert!(matches!(after_at(&dyndns2, moved("thief.example"), &Overlay::default()), Err(Refusal::Invalid(_))));
    let path = after_at(&dyndns2, moved("own.example"), &Overlay::default()).unwrap();
    assert_eq!((path.provider, path.password), (None, None), "another request to the same server");
}

/// The overlay that is in force is for an entry of the same name at another service.
#[test]
fn what_was_set_for_another_entry_is_no_part_of_the_next_change() {
    let first = after(wanted("https://b.example/u", "joe", "new"), &Overlay::default()).unwrap();
    let before = Overlay { ddns: Some(OverlaidEntry { service: "https://c.example".to_owned(), ..first }), ..Overlay::default() };
    let next = after(wanted(URL, "joe", "****"), &before).unwrap();
    assert_eq!((next.service.as_str(), next.password, next.update_url), ("https://dyn.example", None, None));
}

#[test]
fn what_was_overlaid_before_stays_where_it_is_not_changed() {
    let first = after(wanted("https://b.example/u", "joe", "new"), &Overlay::default()).unwrap();
    assert_eq!(first.instead_of, Some(Domain::parse("home.example").unwrap()));
    let before = Overlay { ddns: Some(first), ..Overlay::default() };
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
    let entitled = web(None, &[("phone", Right::Phone), ("admin", Right::Config)]);
    let remote = enabled(true, &entitled, &nothing).unwrap();
    assert_eq!((remote.enabled, remote.port, remote.user), (true, 40_000, None));
    let known = Overlay { remote: Some(Remote { enabled: false, port: 443, user: None, replaced: Vec::new() }), ..Overlay::default() };
    assert_eq!(enabled(true, &entitled, &known).unwrap().port, 443);
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
fn what_was_switched_off_stays_in_the_overlay_until_a_change_of_the_same_entry() {
    let off = |name: &str| Some(vec![Domain::parse(name).unwrap()]);
    let changed = |before: &Overlay, change: Change| {
        let (web, served) = (web(Some("127.0.0.1:8443"), &[]), served());
        let standing = Standing { overlay: before, web: &web, served: &served };
        overlay(&change, standing, 0).unwrap().unwrap()
    };
    let on = || Change::Ddns(wanted(URL, "joe", "new"));
    for (names, kept) in [(off("home.example"), None), (off("other.example"), off("other.example")), (Some(Vec::new()), None)] {
        let before = Overlay { off: names.clone(), ..Overlay::default() };
        assert_eq!(changed(&before, on()).off, kept, "{names:?}");
        assert_eq!(changed(&before, Change::Enable(false)).off, names, "that is about something else");
    }
    // Another entry stands for the service since.
    let other = OverlaidEntry {
        instead_of: Domain::parse("other.example").ok(),
        domain: Vec::new(),
        ..after(DdnsConfig { enabled: false, ..wanted(URL, "joe", "new") }, &Overlay::default()).unwrap()
    };
    let before = |enabled| Overlay { ddns: Some(OverlaidEntry { enabled, ..other.clone() }), ..Overlay::default() };
    assert_eq!((changed(&before(false), on()).off, changed(&before(true), on()).off), (off("other.example"), None));
}

#[test]
fn a_password_of_the_file_that_was_replaced_is_remembered_over_renamings() {
    let set = |users: &[(&str, Right)], before: &Overlay, name: &str, password: &str| {
        let (web, served) = (web(None, users), served());
        let standing = Standing { overlay: before, web: &web, served: &served };
        let wanted = RemoteConfig { enabled: true, port: 443, username: name.to_owned(), password: secret(password) };
        overlay(&Change::Remote(wanted), standing, 0).unwrap().unwrap()
    };
    let replaced = |overlay: &Overlay| overlay.remote.as_ref().unwrap().replaced.clone();
    let admin = [("admin", Right::Config)];
    let kept = set(&admin, &Overlay::default(), "admin", "****");
    assert_eq!(replaced(&kept), [""; 0], "it is the one in the file");
    let first = set(&admin, &kept, "admin", "new");
    assert_eq!(replaced(&first), ["admin"]);
    let again = set(&admin, &first, "admin", "newer");
    assert_eq!(replaced(&again), ["admin"]);
    let renamed = set(&admin, &again, "boss", "pw");
    assert_eq!(replaced(&renamed), ["admin"]);
    let guest = [("boss", Right::Config)];
    assert_eq!(replaced(&set(&guest, &renamed, "fern", "pw")), ["admin"], "\"boss\" is none of the file's");
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
    assert!(matches!(set("new", "****"), Err(Refusal::Failed(_))));
    assert!(matches!(set("phone", "pw"), Err(Refusal::Failed(_))));
}
