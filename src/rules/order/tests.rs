use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::catalog;
use crate::rules::domain::{MissingFamily, Mode, Sending};
use crate::rules::template::{check_mode, parse_update_url};

const PASSWORD: &str = "p@ss/w:rd&#+ %";

fn entry(provider: &str, url: &str, mode: Option<Mode>) -> Entry {
    let plan = check_mode(&parse_update_url(url).expect(url), mode).expect(url);
    let sending = Sending {
        via: None,
        single: plan.single,
        together: plan.together,
        method: "GET".into(),
        headers: Vec::new(),
        body: None,
        username: "1234567890".into(),
        password: Secret::new(PASSWORD.into()),
        basic: true,
        fritz_compat: false,
    };
    Entry {
        enabled: true,
        provider: provider.into(),
        dialect: catalog::find(provider).expect(provider),
        sending,
        domains: vec![Domain::parse("home.example.org").expect("a name")],
        mode: plan.mode,
        missing_family: MissingFamily::Hold,
        wan: "default".into(),
        ipv6_host: None,
        verify: true,
        refresh: None,
        service: provider.into(),
        account: String::new(),
        fingerprint: String::new(),
        batch: 20,
        spacing: Duration::ZERO,
    }
}

/// The entry with the URLs that the catalogue has for its provider.
fn preset(provider: &str) -> Entry {
    let request = catalog::find(provider).expect(provider).request.clone();
    let read = |text: Option<String>| text.map(|text| parse_update_url(&text).expect("checked at load time").remove(0));
    let mut entry = entry(provider, "https://unused.example/", None);
    entry.sending.single = PerFamily { v4: read(request.v4), v6: read(request.v6) };
    entry.sending.together = read(request.together);
    entry
}

fn order(slot: Slot) -> Order {
    let v4 = Some(IpAddr::V4(Ipv4Addr::new(91, 12, 34, 57)));
    let v6 = Some(IpAddr::V6(Ipv6Addr::new(0x2003, 0xf, 0xab, 0, 0, 0, 0, 0x10)));
    Order {
        entry: 0,
        domains: ["home.example.org", "www.example.org"].map(|name| Domain::parse(name).expect("a name")).into(),
        addresses: match slot {
            Slot::Single(Family::V4) => PerFamily { v4, v6: None },
            Slot::Single(Family::V6) => PerFamily { v4: None, v6 },
            Slot::Together => PerFamily { v4, v6 },
        },
        lan_prefix: Some(Prefix { network: Ipv6Addr::new(0x2003, 0xf, 0xab, 0, 0, 0, 0, 0), length: 64 }),
        dualstack: true,
        slot,
        endpoint: Endpoint::Own,
    }
}

fn secret_texts(prepared: &Prepared) -> Vec<&str> {
    prepared.secrets.iter().map(Secret::expose).collect()
}

#[test]
fn freedyn_gets_the_requests_of_its_description() {
    let entry = preset("freedyn");
    for (slot, url) in [
        (Slot::Single(Family::V4), "https://ipv4.api.freedyn.de/nic/update?hostname=home.example.org,www.example.org&myip=91.12.34.57"),
        (Slot::Single(Family::V6), "https://ipv6.api.freedyn.de/nic/update?hostname=home.example.org,www.example.org&myip=2003:f:ab::10"),
        (
            Slot::Together,
            "https://ipv4.api.freedyn.de/nic/update?hostname=home.example.org,www.example.org&myip=91.12.34.57&myip2=2003:f:ab::10",
        ),
    ] {
        let prepared = prepare(&entry, &order(slot)).expect(url);
        assert_eq!(prepared.url.expose(), url);
        assert_eq!(prepared.shown, url);
        assert_eq!(prepared.basic, Some(("1234567890".into(), Secret::new(PASSWORD.into()))));
        assert_eq!(prepared.only, None);
    }
}

#[test]
fn the_sibling_endpoint_takes_the_same_explicit_address() {
    let entry = preset("freedyn");
    for (slot, host) in [
        (Slot::Single(Family::V4), "ipv6.api.freedyn.de"),
        (Slot::Single(Family::V6), "ipv4.api.freedyn.de"),
        (Slot::Together, "ipv6.api.freedyn.de"),
    ] {
        let own = prepare(&entry, &order(slot)).expect("own");
        let sibling = prepare(&entry, &Order { endpoint: Endpoint::Sibling, ..order(slot) }).expect("sibling");
        assert_eq!(sibling.host, host);
        assert_eq!(sibling.url.expose().replace(&sibling.host, &own.host), own.url.expose());
    }
}

#[test]
fn an_entry_for_one_family_knows_the_other_host_unless_the_user_chose_the_server() {
    let mut entry = preset("freedyn");
    entry.sending.single.v6 = None;
    let order = Order { endpoint: Endpoint::Sibling, ..order(Slot::Single(Family::V4)) };
    assert_eq!(prepare(&entry, &order).expect("the catalogue has a second host").host, "ipv6.api.freedyn.de");
    let own = entry.sending.single.v4.take().expect("a preset");
    entry.sending.single.v4 = Some(own.with_host("http://127.0.0.1:8080").expect("a server"));
    assert_eq!(sibling_host(&entry, &order), None);
    prepare(&entry, &order).expect_err("the request must not leave the chosen server");
}

#[test]
fn a_detecting_url_connects_over_its_family_and_has_no_sibling() {
    let url = "https://ipv4.api.freedyn.de/nic/update?hostname=<domain> https://ipv6.api.freedyn.de/nic/update?hostname=<domain>";
    let entry = entry("freedyn", url, None);
    for family in Family::ALL {
        let order = order(Slot::Single(family));
        assert_eq!(prepare(&entry, &order).expect("own").only, Some(family));
        prepare(&entry, &Order { endpoint: Endpoint::Sibling, ..order }).expect_err("the other host would set the other family");
    }
}

#[test]
fn an_address_in_the_body_is_explicit() {
    let mut entry = entry("dyndns2", "https://api.example/records", Some(Mode::V4));
    entry.sending.body = Some(Text::parse("{\"content\":\"<ipaddr>\"}").expect("a body"));
    entry.sending.headers = vec![("Authorization".into(), Text::parse("Bearer <pass>").expect("a header"))];
    let prepared = prepare(&entry, &order(Slot::Single(Family::V4))).expect("a request");
    assert_eq!(prepared.only, None);
    assert_eq!(prepared.body.as_ref().map(Secret::expose), Some("{\"content\":\"91.12.34.57\"}"));
    assert_eq!(prepared.headers[0].1.expose(), format!("Bearer {PASSWORD}"));
}

#[test]
fn user_and_password_in_the_url_become_basic_authentication() {
    let entry = entry("dyndns2", "http://ddns_user:<pass>@localhost:8080/nic/update?hostname=<domain>&myip=<ipaddr>", None);
    let prepared = prepare(&entry, &order(Slot::Single(Family::V4))).expect("a request");
    assert!(prepared.url.expose().starts_with("http://localhost:8080/nic/update?"), "{}", prepared.url.expose());
    assert_eq!(prepared.basic, Some(("ddns_user".into(), Secret::new(PASSWORD.into()))));
    assert!(prepared.shown.starts_with("http://•••@localhost:8080/"), "{}", prepared.shown);
}

#[test]
fn a_password_in_the_path_cannot_change_the_host() {
    let mut entry = entry("dyndns2", "https://user:<pass>@host.example/u/<pass>/?a=<ipaddr>", None);
    entry.sending.fritz_compat = true;
    entry.sending.password = Secret::new("x@evil.example/y".into());
    assert_eq!(prepare(&entry, &order(Slot::Single(Family::V4))).expect("a request").host, "host.example");
}

#[test]
fn every_form_of_a_secret_is_listed_and_none_is_shown() {
    let url = "https://host.example/u?key=Zx81qqqq&t=<b64><username>:<pass></b64>&p=<pass>&a=<ipaddr>";
    let prepared = prepare(&entry("dyndns2", url, None), &order(Slot::Single(Family::V4))).expect("a request");
    let pair = STANDARD.encode(format!("1234567890:{PASSWORD}"));
    for secret in [PASSWORD, &encode(PASSWORD), "Zx81qqqq", &pair] {
        assert!(secret_texts(&prepared).contains(&secret), "{secret}");
        assert!(!prepared.shown.contains(secret), "{}", prepared.shown);
        assert!(!format!("{prepared:?}").contains(secret), "{prepared:?}");
    }
}

#[test]
fn a_user_name_that_is_a_token_is_a_secret() {
    let url = "http://dynv6.com/api/update?hostname=<domain>&token=<username>&ipv4=<ipaddr>";
    let prepared = prepare(&entry("dyndns2", url, None), &order(Slot::Single(Family::V4))).expect("a request");
    assert!(secret_texts(&prepared).contains(&"1234567890"));
    assert!(!prepared.shown.contains("1234567890"), "{}", prepared.shown);
}

#[test]
fn dialects_shape_names_and_prefix() {
    let mut duck = order(Slot::Single(Family::V4));
    duck.domains = vec![Domain::parse("mine.duckdns.org").expect("a name")];
    let prepared = prepare(&preset("duckdns"), &duck).expect("a request");
    assert!(prepared.url.expose().contains("domains=mine&"), "{}", prepared.shown);

    let url = "https://ipv6.api.freedyn.de/nic/update?hostname=<domain>&myip=<ip6addr>&ipv6praefx=<ip6lanprefix>";
    for (provider, prefix) in [("freedyn", "ipv6praefx=2003:f:ab::"), ("dyndns2", "ipv6praefx=2003:f:ab::/64")] {
        let prepared = prepare(&entry(provider, url, None), &order(Slot::Single(Family::V6))).expect("a request");
        assert!(prepared.url.expose().ends_with(prefix), "{}", prepared.shown);
    }
}

#[test]
fn missing_values_are_named_and_never_sent_empty() {
    let entry = entry("dyndns2", "https://host.example/?p=<ip6lanprefix>", None);
    let without = Order { lan_prefix: None, ..order(Slot::Single(Family::V6)) };
    assert!(prepare(&entry, &without).expect_err("no prefix").contains("<ip6lanprefix>"));
    assert!(prepare(&entry, &order(Slot::Together)).expect_err("no such URL").contains("both families"));
}

#[test]
fn a_colon_in_the_user_name_is_refused_before_it_is_sent_as_basic() {
    let mut entry = preset("freedyn");
    entry.sending.username = "a:b".into();
    prepare(&entry, &order(Slot::Single(Family::V4))).expect_err("RFC 7617, section 2");
    entry.sending.basic = false;
    prepare(&entry, &order(Slot::Single(Family::V4))).expect("nothing is sent as Basic");
}

#[test]
fn the_target_is_measured_without_scheme_and_host() {
    let entry = entry("dyndns2", "https://host.example/u?h=<domain>&a=<ipaddr>", None);
    let expected = "/u?h=home.example.org,www.example.org&a=91.12.34.57".len();
    assert_eq!(target_length(&entry, &order(Slot::Single(Family::V4))), expected);
}

#[test]
fn every_preset_builds_every_request_it_offers() {
    for dialect in catalog::all() {
        let entry = Entry { dialect: Arc::clone(dialect), ..preset(&dialect.name) };
        for slot in [Slot::Single(Family::V4), Slot::Single(Family::V6), Slot::Together] {
            let offered = match slot {
                Slot::Single(family) => entry.sending.single[family].is_some(),
                Slot::Together => entry.sending.together.is_some(),
            };
            let prepared = prepare(&entry, &order(slot));
            assert_eq!(prepared.is_ok(), offered, "{} {slot:?}: {prepared:?}", dialect.name);
        }
    }
}
