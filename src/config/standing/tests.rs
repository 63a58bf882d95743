use crate::config::{Served, World, load};
use crate::rules::domain::Mode;

/// Two entries; the first is switched off.
const ENTRIES: &str = "\
[[ddns]]
enabled = false
update_url = \"https://dyn.example.org/u?h=<domain>&ip=<ipaddr>\"
domain = \"off.example.org\"
[[ddns]]
provider = \"freedyn\"
domain = [\"a.example.org\", \"b.example.org\"]
username = \"1234567890\"
password = \"hunter2\"
mode = \"v6\"
server_ipv6 = \"dyn.example.net\"
";

fn served(text: &str) -> Served {
    load(text, "config.toml", &World::given([], [])).unwrap_or_else(|problems| panic!("{problems:#?}")).settings.served
}

fn url(keys: &str) -> String {
    let text = format!("[[ddns]]\ndomain = \"a.example.org\"\nusername = \"1234567890\"\npassword = \"hunter2\"\n{keys}");
    served(&text).update_url.expose().to_owned()
}

#[test]
fn the_named_entry_stands_for_the_service_or_else_the_first_that_is_on() {
    let first = |more: &str| served(&format!("{ENTRIES}{more}")).domains.first().map(ToString::to_string);
    assert_eq!(first("").as_deref(), Some("a.example.org"));
    assert_eq!(first("[web.tr064]\nentry = \"OFF.example.org.\"").as_deref(), Some("off.example.org"));
    assert_eq!(first("[web.tr064]\nentry = \"b.example.org\"").as_deref(), Some("a.example.org"));
    let off = ENTRIES.split("[[ddns]]\nprovider").next().unwrap_or_default();
    assert_eq!(served(off).domains[0].as_str(), "off.example.org", "if none is on, the first");
}

#[test]
fn it_is_told_as_it_was_written() {
    let served = served(ENTRIES);
    assert_eq!((served.enabled, served.provider.as_deref(), served.mode), (true, Some("freedyn"), Mode::V6));
    assert_eq!((served.server_ipv4.as_str(), served.server_ipv6.as_str()), ("", "dyn.example.net"));
    assert_eq!((served.domains.len(), served.username.as_str()), (2, "1234567890"));
    assert!(served.update_url.expose().contains("<ip6addr>") && !served.update_url.expose().contains("dyn.example.net"));
}

#[test]
fn the_url_is_that_of_the_user_or_the_providers_own_for_the_mode() {
    let own = "https://a.de/u?ip=<ipaddr> https://a.de/u?ip=<ip6addr>";
    assert_eq!(url(&format!("update_url = {own:?}")), own);
    assert_eq!(url(&format!("provider = \"freedyn\"\nupdate_url = {{ url = {own:?}, spacing = \"1s\" }}")), own);
    assert_eq!(url("update_url = \"a.de/u?ip=<ipaddr>\""), "a.de/u?ip=<ipaddr>", "not what it becomes");
    let freedyn = |mode: &str| url(&format!("provider = \"freedyn\"\nmode = \"{mode}\""));
    assert_eq!(freedyn("both"), format!("{} {}", freedyn("v4"), freedyn("v6")));
    assert!(freedyn("together").contains("<ipaddr>") && !freedyn("together").contains(' '));
    let duckdns = url("provider = \"duckdns\"\nmode = \"both\"");
    assert!(duckdns.contains("<ipaddr>") && duckdns.contains("<ip6addr>"), "{duckdns}");
}

#[test]
fn without_an_entry_there_is_nothing_to_tell() {
    let nothing = served("");
    assert!(!nothing.enabled && nothing.provider.is_none() && nothing.update_url.is_empty() && nothing.domains.is_empty());
    assert_eq!((nothing.mode, nothing.own_name.as_str()), (Mode::V4, "Benutzerdefiniert"));
}

#[test]
fn the_users_own_provider_is_called_as_in_the_language_of_the_box() {
    let name = |language: &str| served(&format!("{ENTRIES}[web.tr064]\nlanguage = \"{language}\"")).own_name;
    assert_eq!((name("de").as_str(), name("EN").as_str()), ("Benutzerdefiniert", "User-defined"));
    assert!(load("[web.tr064]\nlanguage = \"fr\"", "config.toml", &World::given([], [])).is_err());
}

#[test]
fn a_name_that_no_entry_has_is_an_error_with_a_suggestion() {
    for (entry, message) in [
        ("of.example.org", "no entry has the name \"of.example.org\", did you mean \"off.example.org\"?"),
        ("-", "\"-\" is not a domain name; labels of 1 to 63 letters, digits and hyphens, 253 in all, were expected"),
    ] {
        let text = format!("{ENTRIES}[web.tr064]\nentry = {entry:?}");
        let found = load(&text, "config.toml", &World::given([], [])).unwrap_err();
        let found: Vec<_> = found.iter().map(|problem| (problem.key.as_str(), problem.line, problem.message.as_str())).collect();
        assert_eq!(found, [("web.tr064.entry", 13, message)]);
    }
}
