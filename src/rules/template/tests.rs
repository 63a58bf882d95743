use proptest::prelude::*;
use url::Url;

use super::*;
use crate::rules::address::PerFamily;
use crate::rules::domain::Mode;

fn values<'a>() -> Values<'a> {
    Values {
        domain: "home.example.org,www.example.org",
        username: "user@example.org",
        password: "p&ss#w%rd",
        ipv4: Some(Ipv4Addr::new(91, 12, 34, 57)),
        ipv6: Some("2003:f:ab::10".parse().expect("an address")),
        lan_prefix: Some(Prefix { network: "2003:f:ab::".parse().expect("an address"), length: 64 }),
        bare_prefix: false,
        dualstack: true,
    }
}

fn one(text: &str) -> UrlTemplate {
    let mut urls = parse_update_url(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    assert_eq!(urls.len(), 1, "{text}");
    urls.remove(0)
}

fn expanded(text: &str) -> String {
    one(text).expand(&values(), false).expect(text).url
}

fn problems(text: &str) -> Vec<String> {
    parse_update_url(text).expect_err(text).iter().map(ToString::to_string).collect()
}

fn plan(text: &str, mode: Option<Mode>) -> Result<Plan, Vec<String>> {
    check_mode(&parse_update_url(text).expect(text), mode)
}

const BOTH: &str = "https://h/u?a=<ipaddr>&b=<ip6addr>";
const V4: &str = "https://h/u?a=<ipaddr>";
const V6: &str = "https://h/u?b=<ip6addr>";
const TWO: &str = "https://h/u?a=<ipaddr> https://h/u?b=<ip6addr>";
const NONE: &str = "https://h/u";

#[test]
fn values_are_encoded_for_where_they_stand_and_addresses_are_not() {
    assert_eq!(
        expanded("https://h/<pass>/u?n=<domain>&u=<username>&p=<passwd>&a=<ipaddr>,<ip6addr>&l=<ip6lanprefix>&d=<dualstack>"),
        "https://h/p%26ss%23w%25rd/u?n=home.example.org,www.example.org&u=user%40example.org&p=p%26ss%23w%25rd\
         &a=91.12.34.57,2003:f:ab::10&l=2003:f:ab::/64&d=1"
    );
}

#[test]
fn fritz_compat_inserts_everything_as_it_is() {
    let template = one("https://h/u?u=<username>&p=<pass>&t=<b64>a?<pass></b64>");
    let raw = template.expand(&values(), true).expect("a URL").url;
    assert_eq!(raw, "https://h/u?u=user@example.org&p=p&ss#w%rd&t=YT9wJnNzI3clcmQ=");
}

#[test]
fn base64_encodes_the_raw_text_and_is_encoded_for_where_it_stands() {
    // base64 of "user@example.org:p&ss#w%rd" ends with "="
    assert_eq!(expanded("https://h/u?t=<b64><username>:<pass></b64>"), "https://h/u?t=dXNlckBleGFtcGxlLm9yZzpwJnNzI3clcmQ%3D");
}

#[test]
fn a_url_without_scheme_is_http() {
    assert_eq!(one("dyn.example/u?a=<ipaddr>").source_text(), "http://dyn.example/u?a=<ipaddr>");
    assert_eq!(expanded("dyn.example/u?r=https://x/"), "http://dyn.example/u?r=https://x/");
}

#[test]
fn two_urls_are_parted_by_one_blank() {
    let urls = parse_update_url(" a.example/u?a=<ipaddr> HTTPS://b.example/u?a=<ip6addr> ").expect("two");
    let sources: Vec<&str> = urls.iter().map(UrlTemplate::source_text).collect();
    assert_eq!(sources, ["http://a.example/u?a=<ipaddr>", "https://b.example/u?a=<ip6addr>"]);
}

#[test]
fn problems_name_the_place_and_the_remedy_and_come_all_at_once() {
    let found = parse_update_url("https://h/u?a=<ipadr>&b=<worker name>&c=<b64>x&d=a#b").expect_err("four problems");
    let mut places: Vec<usize> = found.iter().map(|problem| problem.at).collect();
    places.sort_unstable();
    assert_eq!(places, [14, 24, 40, 50]);
    let text = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for part in ["<ipadr>; did you mean <ipaddr>?", "<worker name>", "<b64> is not closed", "%23"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn what_is_no_update_url_is_refused() {
    for (text, part) in [
        ("", "empty"),
        ("https://h", "no path"),
        ("https://h?a=<ipaddr>", "no path"),
        ("https:///u", "no host"),
        ("ftp://h/u", "scheme"),
        ("https://h/u https://h/u https://h/u", "more than one blank"),
        ("https://h/u  https://h/u", "more than one blank"),
        ("https://h/u?x=</b64>", "no <b64>"),
        ("https://h/u?x=<b64><b64>a</b64></b64>", "inside"),
        ("https://h/u?x=<", "no \">\""),
        ("https://h/u\tx", "control character"),
        ("https://h/u\\x", "cannot stand"),
        ("http://{HOST}:{PORT}/u", "not a host"),
        ("http://[docker-host-ip]:49000/u", "not a host"),
        ("https://h/u?b=<ip6lanprefix>1:2:3:4", "ipv6_host"),
    ] {
        let found = problems(text);
        assert!(found.iter().any(|problem| problem.contains(part)), "{text}: {found:?}");
    }
}

#[test]
fn offsets_count_from_the_start_of_the_whole_text() {
    let found = parse_update_url("  https://h/u https://h/u?x=<foo>").expect_err("one problem");
    assert_eq!(found[0].at, 28);
}

#[test]
fn the_host_can_be_replaced_and_everything_else_stays() {
    let template = one("https://u:<pass>@ipv4.example:8443/a/b?h=<domain>&x=ipv4.example");
    for (server, expected) in [
        ("other.example", "https://u:<pass>@other.example/a/b?h=<domain>&x=ipv4.example"),
        ("other.example:81", "https://u:<pass>@other.example:81/a/b?h=<domain>&x=ipv4.example"),
        ("http://other.example/", "http://u:<pass>@other.example/a/b?h=<domain>&x=ipv4.example"),
        ("::1", "https://u:<pass>@[::1]/a/b?h=<domain>&x=ipv4.example"),
        ("[::1]:81", "https://u:<pass>@[::1]:81/a/b?h=<domain>&x=ipv4.example"),
    ] {
        assert_eq!(template.with_host(server).expect(server).source_text(), expected);
    }
    for server in ["", "a/b", "user@host", "a b", "ftp://host", "host:99999"] {
        template.with_host(server).expect_err(server);
    }
    assert_eq!(template.with_host(&template.endpoint()), Ok(template.clone()));
    let mail = one("https://me@example.org:<pass>@dyn.example.net/nic/update?myip=<ipaddr>");
    let moved = mail.with_host("other.example.net").expect("a host");
    assert_eq!(moved.source_text(), "https://me@example.org:<pass>@other.example.net/nic/update?myip=<ipaddr>");
}

#[test]
fn the_host_is_named_without_user_and_port() {
    for (text, host) in [
        ("https://u:<pass>@Dyn.Example:8443/", "dyn.example"),
        ("http://[::1]:81/", "[::1]"),
        ("http://[::1]/", "[::1]"),
        ("https://<domain>/u", "<domain>"),
    ] {
        assert_eq!(one(text).host_text(), host, "{text}");
    }
}

#[test]
fn an_address_that_is_missing_is_never_sent_empty() {
    for (text, name) in
        [(V4, "<ipaddr>"), (V6, "<ip6addr>"), ("https://h/?p=<ip6lanprefix>", "<ip6lanprefix>"), ("https://h/?d=<domain>", "<domain>")]
    {
        let nothing = Values { ipv4: None, ipv6: None, lan_prefix: None, domain: "", ..values() };
        assert!(one(text).expand(&nothing, false).expect_err(text).contains(name));
    }
}

#[test]
fn keys_that_are_written_into_a_url_are_shown_as_dots() {
    for (text, shown) in [
        ("https://h/u?q=a1B2c3D4e5F6a7B8&a=<ipaddr>", "https://h/u?q=•••&a=91.12.34.57"),
        ("https://h/u?apikey=x&a=<ipaddr>", "https://h/u?apikey=•••&a=91.12.34.57"),
        ("https://h/u/a1b2c3d4-e5f6-a7b8/?a=<ipaddr>", "https://h/u/•••/?a=91.12.34.57"),
        ("https://h/fritz-dyndns.php?zone=example.com&a=<ipaddr>", "https://h/fritz-dyndns.php?zone=example.com&a=91.12.34.57"),
        ("https://me:pw@h/u?u=<username>&p=<pass>", "https://•••@h/u?u=user%40example.org&p=•••"),
        ("https://h/u?t=<username>", "https://h/u?t=•••"),
        ("https://h/u?t=<b64><pass></b64>", "https://h/u?t=•••"),
        ("https://h/u?t=<b64>me:a1</b64>", "https://h/u?t=•••"),
    ] {
        let template = one(text);
        assert_eq!(template.expand(&values(), false).expect(text).shown, shown);
        assert!(!format!("{template:?}").contains("a1"), "{template:?}");
    }
}

#[test]
fn a_prefix_counts_as_ipv6() {
    assert_eq!(one("https://h/?p=<ip6lanprefix>").address_families(), PerFamily { v4: false, v6: true });
    assert_eq!(one("https://h/?a=<ipaddr>&p=<b64><ip6lanprefix></b64>").address_families(), PerFamily { v4: true, v6: true });
    assert!(!one("https://h/?d=<domain>&s=<dualstack>").has_address());
}

#[test]
fn the_number_of_urls_decides_the_number_of_requests() {
    // text, mode; then: mode of the plan, is there a URL for IPv4, for IPv6, for both
    for (text, mode, expected) in [
        (BOTH, None, (Mode::Both, false, false, true)),
        (BOTH, Some(Mode::Both), (Mode::Both, false, false, true)),
        (BOTH, Some(Mode::Together), (Mode::Together, false, false, true)),
        (V4, None, (Mode::V4, true, false, false)),
        (V6, None, (Mode::V6, false, true, false)),
        (NONE, None, (Mode::Both, true, true, false)),
        (NONE, Some(Mode::V4), (Mode::V4, true, false, false)),
        (NONE, Some(Mode::V6), (Mode::V6, false, true, false)),
        (NONE, Some(Mode::Together), (Mode::Together, true, true, false)),
        (TWO, None, (Mode::Both, true, true, false)),
        (TWO, Some(Mode::Together), (Mode::Together, true, true, false)),
        ("https://h/4 https://h/6", Some(Mode::V6), (Mode::V6, false, true, false)),
        ("https://h/4 https://h/6?a=<ip6addr>", None, (Mode::Both, true, true, false)),
    ] {
        let plan = plan(text, mode).unwrap_or_else(|problems| panic!("{text} {mode:?}: {problems:?}"));
        let found = (plan.mode, plan.single.v4.is_some(), plan.single.v6.is_some(), plan.together.is_some());
        assert_eq!(found, expected, "{text} {mode:?}");
    }
    let detecting = plan("https://h/4 https://h/6", None).expect("two URLs");
    assert_eq!(detecting.single.v4.map(|url| url.source_text().to_owned()), Some("https://h/4".into()));
    assert_eq!(detecting.single.v6.map(|url| url.source_text().to_owned()), Some("https://h/6".into()));
}

#[test]
fn what_does_not_fit_the_mode_is_refused_with_the_remedy() {
    for (text, mode, part) in [
        (BOTH, Some(Mode::V4), "set mode = \"ddns_both\""),
        (BOTH, Some(Mode::V6), "<ipaddr>"),
        (V4, Some(Mode::V6), "set mode = \"ddns_v4\""),
        (V6, Some(Mode::V4), "set mode = \"ddns_v6\""),
        (V4, Some(Mode::Both), "<ip6addr>"),
        (V6, Some(Mode::Together), "add a second URL for IPv4"),
        (TWO, Some(Mode::V4), "leave IPv6 out"),
        ("https://h/u?b=<ip6addr> https://h/u?a=<ipaddr>", None, "IPv4 URL first"),
        ("https://h/u?a=<ipaddr>&b=<ip6addr> https://h/u?b=<ip6addr>", None, "IPv4 URL first"),
    ] {
        let problems = plan(text, mode).expect_err(text);
        assert!(problems.iter().any(|problem| problem.contains(part)), "{text} {mode:?}: {problems:?}");
    }
    check_mode(&[], None).expect_err("no URL");
}

#[test]
fn an_address_in_the_body_counts_for_the_mode() {
    let body = Text::parse("{\"a\":\"<ipaddr>\",\"b\":\"<ip6addr>\"}").expect("a body");
    let plan = check_mode_with(&parse_update_url(NONE).expect(NONE), &[&body], None).expect("a plan");
    assert!(plan.together.is_some());
}

#[test]
fn freedyn_templates_are_checked_before_they_are_used() {
    const FREEDYN: &str = "https://ipv4.api.freedyn.de/nic/update";
    for (rest, part) in [
        ("hostname=<domain>&myip=<ipaddr>", "\"?\""),
        ("&hostname=<domain>", "\"?\""),
        ("?hostname=<domain>&username=<username>&benutzername=<username>", "user"),
        ("?hostname=<domain>&HOST=<domain>", "host"),
        ("?hostname=<domain>&myip=<ipaddr>&ip=<ipaddr>", "first address"),
        ("?hostname=<domain>&ip=<ipaddr>&aaaa=<ip6addr>&myip2=<ip6addr>", "second address"),
        ("?updateall=1&myip=<ipaddr>", "updateall"),
        ("?hostname=<domain>&myip2=<ip6addr>", "myip=<ip6addr>"),
    ] {
        let lint = lint_freedyn(&format!("{FREEDYN}{rest}"));
        assert_eq!(lint.refused.len(), 1, "{rest}: {lint:?}");
        assert!(lint.refused[0].contains(part), "{rest}: {lint:?}");
        assert_eq!(lint_freedyn(&format!("https://dyn.example/nic/update{rest}")), Lint::default());
    }
    for (url, part) in [
        ("http://ipv4.api.freedyn.de/nic/update?hostname=<domain>", "https"),
        ("IPV4.api.freedyn.de:80/nic/update?hostname=<domain>", "https"),
        ("https://ipv4.api.freedyn.de/nic/update?hostname=<domain>&user=<username>&password=<pass>", "query"),
        ("https://me:<pass>@ipv4.api.freedyn.de/nic/update?hostname=<domain>", "ten digits"),
        ("https://ipv4.api.freedyn.de/nic/update?hostname=müller.freedyn.de", "xn--mller-kva.freedyn.de"),
        ("https://ipv4.api.freedyn.de/nic/update?hostname=<domain>&ipv6praefx=<ip6lanprefix>", "detect"),
    ] {
        let lint = lint_freedyn(url);
        assert!(lint.refused.is_empty(), "{url}: {lint:?}");
        assert_eq!(lint.warnings.len(), 1, "{url}: {lint:?}");
        assert!(lint.warnings[0].contains(part), "{url}: {lint:?}");
    }
    let spelled = lint_freedyn("https://ipv4.api.freedyn.de/nic/updatepassword=hidden&hostname=<domain>");
    assert!(!format!("{spelled:?}").contains("hidden"), "{spelled:?}");
    let clean = "https://1234567890:<pass>@ipv4.api.freedyn.de/nic/update?hostname=<domain>&myip=<ipaddr>&myip2=<ip6addr>";
    assert_eq!(lint_freedyn(clean), Lint::default());
    assert_eq!(lint_freedyn_user("me@example.org"), None);
    assert!(lint_freedyn_user("123456789").is_some());
}

proptest! {
    #[test]
    fn any_secret_survives_the_way_through_a_query_and_stays_out_of_what_is_shown(password in "\\PC{1,40}", user in "\\PC{0,20}") {
        let template = one("https://<username>:<pass>@h.example/u?u=<username>&p=<pass>&b=<b64><pass></b64>&n=<domain>&a=<ipaddr>");
        let values = Values { username: &user, password: &password, ..values() };
        let expanded = template.expand(&values, false).expect("credentials cannot spoil a URL");
        let url = Url::parse(&expanded.url).expect("a URL");
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &password);
        prop_assert_eq!(&query, &[
            ("u".into(), user.clone()), ("p".into(), password.clone()), ("b".into(), base64),
            ("n".into(), values.domain.into()), ("a".into(), "91.12.34.57".into()),
        ]);
        prop_assert_eq!(url.host_str(), Some("h.example"));
        let decoded = percent_encoding::percent_decode_str(url.password().unwrap_or_default()).decode_utf8().expect("UTF-8");
        prop_assert_eq!(decoded, password.as_str());
        let other = Values { password: "another one", ..values };
        prop_assert_eq!(expanded.shown, template.expand(&other, false).expect("a URL").shown);
    }

    #[test]
    fn no_text_makes_the_parser_panic_and_what_it_accepts_expands(text in "(https?://)?[a-z<>/@:#?&= %\\[\\]é]{0,30}(<ipaddr>|<b64>|</b64>|<x>|<domain>)?[a-z<>/@:?]{0,10}") {
        if let Ok(urls) = parse_update_url(&text) {
            for url in urls {
                let expanded = url.expand(&values(), false).expect("accepted templates expand");
                prop_assert!(Url::parse(&expanded.url).is_ok());
                prop_assert_eq!(&one(url.source_text()), &url);
            }
        }
    }

    #[test]
    fn raw_values_never_move_a_request_to_another_host(password in "\\PC{0,40}") {
        let template = one("https://<username>:<pass>@h.example/<pass>?p=<pass>");
        let expanded = template.expand(&Values { password: &password, ..values() }, true);
        let url = Url::parse(&expanded.expect("a URL").url).expect("a URL");
        prop_assert_eq!(url.host_str(), Some("h.example"));
    }
}
