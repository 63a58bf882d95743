//! UpdateURL templates that people really use: each is read, or refused for a reason that is named here.

use std::net::Ipv4Addr;

use serde::Deserialize;
use url::Url;
use wanbeacon::rules::address::{Family, PerFamily, Prefix};
use wanbeacon::rules::domain::Mode;
use wanbeacon::rules::template::{Placeholder, UrlTemplate, Values, check_mode, lint_freedyn, parse_update_url};

#[derive(Deserialize)]
struct Row {
    provider: String,
    url: String,
    mode: String,
}

/// Templates that must be refused, and a word of the message.
const REFUSED: [(&str, &str); 8] = [
    ("https://<worker-name>.", "<worker-name>"),
    ("https://<url of your webspace>/", "<url of your webspace>"),
    ("https://karldns.de/u/<random-update-slug>", "<random-update-slug>"),
    ("https://<pleskserverip>/", "<pleskserverip>"),
    ("http://<server>:5001/", "<server>"),
    // The host is for the user to fill in.
    ("http://[docker-host-ip]:49000/", "not a host"),
    ("http://{HOST}:{PORT}/", "not a host"),
    // "2003:f:ab::/64" with an interface identifier behind it is no address.
    ("https://dyn.example.com/update.php?user=<username>&password=<pass>&domain=<domain>&ipv6=<ip6lanprefix>7656", "ipv6_host"),
];

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("fixtures/update-urls.json")).expect("the fixture is a list of rows")
}

/// The rows that can be read.
fn readable() -> Vec<(Row, Vec<UrlTemplate>)> {
    rows().into_iter().filter_map(|row| parse_update_url(&row.url).ok().map(|urls| (row, urls))).collect()
}

fn values<'a>() -> Values<'a> {
    Values {
        domain: "home.example.org",
        username: "user@example.org",
        password: "p&s s#w%r+d/ö",
        ipv4: Some(Ipv4Addr::new(91, 12, 34, 57)),
        ipv6: Some("2003:f:ab::10".parse().expect("an address")),
        lan_prefix: Some(Prefix { network: "2003:f:ab::".parse().expect("an address"), length: 64 }),
        bare_prefix: false,
        dualstack: true,
    }
}

#[test]
fn every_template_is_read_or_refused_by_name() {
    let mut refused = 0;
    for row in rows() {
        let reason = REFUSED.iter().find(|(start, _)| row.url.starts_with(start));
        match (parse_update_url(&row.url), reason) {
            (Ok(_), None) => {}
            (Err(problems), Some((_, part))) => {
                assert!(problems.iter().any(|problem| problem.to_string().contains(part)), "{}: {problems:?}", row.url);
                refused += 1;
            }
            (Ok(_), Some((_, part))) => panic!("{} ought to be refused for {part}", row.url),
            (Err(problems), None) => panic!("{}: {problems:?}", row.url),
        }
    }
    assert_eq!((rows().len(), refused), (68, 8));
}

#[test]
fn every_readable_template_expands_to_a_url_without_placeholders() {
    for (row, urls) in readable() {
        for (url, fritz_compat) in urls.iter().flat_map(|url| [(url, false), (url, true)]) {
            let expanded = url.expand(&values(), fritz_compat).unwrap_or_else(|problem| panic!("{}: {problem}", row.url));
            let parsed = Url::parse(&expanded.url).unwrap_or_else(|problem| panic!("{}: {problem}", expanded.url));
            assert!(!expanded.url.contains(['<', '>']), "{}", expanded.url);
            assert_eq!(parsed.host_str().map(str::to_lowercase), Some(url.host_text()), "{}", row.url);
            for (placeholder, text) in
                [(Placeholder::Ipv4, "91.12.34.57"), (Placeholder::Ipv6, "2003:f:ab::10"), (Placeholder::LanPrefix, "2003:f:ab::/64")]
            {
                assert_eq!(url.uses(placeholder), expanded.url.contains(text), "{} {text}", row.url);
            }
            assert!(!expanded.shown.contains("p&s") && !expanded.shown.contains("p%26s"), "{}", expanded.shown);
        }
    }
}

#[test]
fn no_template_of_the_collection_contradicts_its_mode() {
    // requests of the readable templates: one for IPv4, one for IPv6, two, one for both; and how many let the provider detect
    let (mut v4, mut v6, mut two, mut together, mut detecting) = (0, 0, 0, 0, 0);
    for (row, urls) in readable() {
        let mode = Mode::parse(&row.mode).expect("a mode");
        let plan = check_mode(&urls, Some(mode)).unwrap_or_else(|problems| panic!("{}: {problems:?}", row.url));
        assert_eq!(plan.mode, mode);
        let served = |family: Family| plan.together.is_some() || plan.single[family].is_some();
        for family in Family::ALL {
            assert_eq!(served(family), mode.wants(family), "{} {family}", row.url);
        }
        match (plan.single.as_ref().map(Option::is_some), plan.together.is_some()) {
            (PerFamily { v4: true, v6: false }, false) => v4 += 1,
            (PerFamily { v4: false, v6: true }, false) => v6 += 1,
            (PerFamily { v4: true, v6: true }, false) => two += 1,
            (PerFamily { v4: false, v6: false }, true) => together += 1,
            other => panic!("{}: {other:?}", row.url),
        }
        detecting += usize::from(!urls.iter().any(UrlTemplate::has_address));
    }
    assert_eq!((v4, v6, two, together, detecting), (23, 2, 11, 24, 4));
}

#[test]
fn without_a_mode_a_template_does_what_it_can() {
    for (row, urls) in readable() {
        let plan = check_mode(&urls, None).unwrap_or_else(|problems| panic!("{}: {problems:?}", row.url));
        let carries = |family: Family| urls.iter().any(|url| url.address_families()[family]);
        let detecting = urls.iter().any(|url| !url.has_address());
        for family in Family::ALL {
            assert_eq!(plan.mode.wants(family), carries(family) || detecting, "{}", row.url);
        }
    }
}

#[test]
fn the_check_of_freedyn_templates_lets_every_template_of_the_collection_pass() {
    let mut warned = Vec::new();
    for (row, urls) in readable() {
        for url in urls {
            let lint = lint_freedyn(url.source_text());
            assert_eq!(lint.refused, Vec::<String>::new(), "{}", row.url);
            if !lint.warnings.is_empty() {
                warned.push((row.provider.clone(), lint.warnings.len()));
            }
        }
    }
    assert_eq!(warned, [("FreeDYN".to_owned(), 1)], "credentials in the query");
}
