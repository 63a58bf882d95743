use crate::config::{Loaded, Settings, World, load};
use crate::rules::address::Family;
use crate::rules::consensus::{Line, Source};

const LOGIN: &str = "provider = \"freedyn\"\nusername = \"1234567890\"\npassword = \"hunter2\"";

fn entry(domain: &str, wan: Option<&str>) -> String {
    let wan = wan.map_or_else(String::new, |name| format!("wan = {name:?}\n"));
    format!("[[ddns]]\n{LOGIN}\ndomain = \"{domain}\"\n{wan}")
}

/// Settings without a warning.
fn settings(text: &str) -> Settings {
    let Loaded { settings, warnings } = load(text, "config.toml", &World::given([], [])).unwrap();
    assert_eq!(warnings, [], "{text}");
    settings
}

fn ways(settings: &Settings) -> Vec<(&str, &str, Option<&str>)> {
    (settings.entries.iter()).map(|entry| (entry.domains[0].as_str(), entry.wan.as_str(), entry.sending.via.as_deref())).collect()
}

fn names(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.name.as_str()).collect()
}

#[test]
fn every_entry_sends_through_the_interface_of_its_line() {
    let text = [
        &entry("a.example.de", Some("dsl")),
        &entry("b.example.de", Some("cable_2")),
        &entry("c.example.de", Some("dsl")),
        "[wan.dsl]\ninterface = \"ppp0\"\n[wan.cable_2]\ninterface = \"eth1\"\nipv4 = \"web\"",
    ];
    let settings = settings(&text.concat());
    assert_eq!(names(&settings.lines), ["dsl", "cable_2"], "in the order of the file");
    assert_eq!(settings.lines[1].interface.as_deref(), Some("eth1"));
    let expected =
        [("a.example.de", "dsl", Some("ppp0")), ("b.example.de", "cable_2", Some("eth1")), ("c.example.de", "dsl", Some("ppp0"))];
    assert_eq!(ways(&settings), expected);
}

#[test]
fn an_entry_that_names_no_line_follows_the_default_or_the_only_one() {
    let two = |wan: &str| settings(&[&entry("a.example.de", None), &entry("b.example.de", Some("cable")), wan].concat());
    for wan in [
        "[wan]\ninterface = \"eth0\"\n[wan.cable]\ninterface = \"eth1\"",
        "[wan.cable]\ninterface = \"eth1\"\n[wan.default]\ninterface = \"eth0\"",
        "[wan]\n[wan.default]\ninterface = \"eth0\"\n[wan.cable]\ninterface = \"eth1\"",
        "[wan]\ncable = { interface = \"eth1\" }\ninterface = \"eth0\"",
    ] {
        assert_eq!(ways(&two(wan)), [("a.example.de", "default", Some("eth0")), ("b.example.de", "cable", Some("eth1"))], "{wan}");
    }
    assert_eq!(
        ways(&two("[wan.cable]\ninterface = \"eth1\"")),
        [("a.example.de", "cable", Some("eth1")), ("b.example.de", "cable", Some("eth1"))]
    );
    for wan in ["", "[wan]", "[wan]\nipv6 = []"] {
        assert_eq!(ways(&settings(&[&entry("a.example.de", Some("default")), wan].concat())), [("a.example.de", "default", None)]);
    }
}

#[test]
fn the_entry_of_the_environment_follows_the_only_line_and_asks_for_the_file_where_there_are_several() {
    let world = World::given(
        [
            ("WANBEACON_DDNS_PROVIDER", "freedyn"),
            ("WANBEACON_DDNS_DOMAIN", "e.example.de"),
            ("WANBEACON_DDNS_USERNAME", "1234567890"),
            ("WANBEACON_DDNS_PASSWORD", "hunter2"),
        ],
        [],
    );
    let one = load("[wan.cable]\ninterface = \"eth1\"", "config.toml", &world).unwrap();
    assert_eq!(ways(&one.settings), [("e.example.de", "cable", Some("eth1"))]);
    let problems = load("[wan.cable]\ninterface = \"eth1\"\n[wan.dsl]\ninterface = \"eth0\"", "config.toml", &world).unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "environment: WANBEACON_DDNS_: there are several lines, \"cable\" or \"dsl\"; write this entry in the file, with wan = \"…\", or \
         describe a line for it in [wan]"
        ]
    );
}

#[test]
fn the_interface_source_means_the_lines_own_interface_unless_it_names_another() {
    let text = format!("{}[wan]\ninterface = \"ppp0\"\nipv6 = [\"interface:eth0\", \"interface\"]", entry("a.example.de", None));
    let line = settings(&text).lines.remove(0);
    let named = |name: &str| Source::Interface(Some(name.into()));
    assert_eq!(line.sources.v4, [named("ppp0"), Source::FritzBox, Source::Upnp, Source::Web]);
    assert_eq!(line.sources.v6, [named("eth0"), named("ppp0")]);
}

#[test]
fn every_source_that_asks_a_router_or_a_stranger_is_understood() {
    let list = "[\"fritzbox\", \"upnp\", \"web\", \"dns\", \"stun\"";
    let text = format!("{}[wan]\nipv4 = {list}, \"pcp\"]\nipv6 = {list}]", entry("a.example.de", None));
    let line = settings(&text).lines.remove(0);
    let both = [Source::FritzBox, Source::Upnp, Source::Web, Source::Dns, Source::Stun];
    assert_eq!(line.sources[Family::V4], [&both[..], &[Source::Pcp]].concat());
    assert_eq!(line.sources[Family::V6], both);
}
