use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use proptest::prelude::*;

use super::*;
use crate::rules::address::{Family, PerFamily};
use crate::rules::consensus::Source;
use crate::rules::dialect::RequestShape;
use crate::rules::domain::{HostId, MissingFamily, Mode};
use crate::rules::template::UrlTemplate;

/// What no message and no `Debug` may show. It stands in every fixture.
const SECRET: &str = "hunter2";

fn world() -> World {
    let file = |bytes: &[u8], mode| FileText { bytes: bytes.into(), mode };
    World::given([("EMPTY", ""), ("TOKEN", SECRET)], [("/secrets/two-lines", "hunter2\nhunter2\n"), ("/secrets/empty", "\n")])
        .with_file("/secrets/good", file(b"\xef\xbb\xbfhunter2\r\n", 0o600))
        .with_file("/secrets/latin-1", file(b"hunter2\xe4", 0o600))
        .with_file("/secrets/open", file(b"hunter2\n", 0o644))
        .with_file("/run/secrets/open", file(b"hunter2\n", 0o444))
        .with_file("/etc/wanbeacon/pw", file(b"hunter2", 0o600))
}

fn loaded(text: &str) -> Loaded {
    load(text, "/etc/wanbeacon/config.toml", &world()).unwrap_or_else(|problems| panic!("{}", listing(&problems)))
}

fn entry(keys: &str) -> Entry {
    loaded(&format!("[[ddns]]\n{keys}")).settings.entries.remove(0)
}

fn preset(keys: &str) -> Entry {
    entry(&format!("domain = \"a.example.de\"\nusername = \"1234567890\"\npassword = \"hunter2\"\n{keys}"))
}

fn listing(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut text, problem| {
        let _ = writeln!(text, "{problem}");
        text
    })
}

fn sources(urls: PerFamily<Option<UrlTemplate>>) -> PerFamily<Option<String>> {
    urls.map(|url| url.map(|url| url.source_text().to_owned()))
}

/// Compares every `*.toml` in the folder with the listing beside it.
fn compare_listings(folder: &str, list: fn(&str, &str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(folder);
    let mut seen = 0;
    let mut wrong = String::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            seen += 1;
            let name = path.file_name().unwrap().to_str().unwrap();
            let found = list(&fs::read_to_string(&path).unwrap(), name);
            let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
            if found != expected {
                let _ = write!(wrong, "--- {name} lists:\n{found}--- instead of:\n{expected}");
            }
            assert!(!found.contains(SECRET), "{name} tells a secret");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen > 2, "only {seen} fixtures found");
}

#[test]
fn every_bad_file_gets_the_whole_list_of_its_problems() {
    compare_listings("bad", |text, name| listing(&load(text, name, &world()).expect_err(name)));
}

#[test]
fn every_odd_file_works_with_warnings() {
    compare_listings("odd", |text, name| listing(&load(text, name, &world()).expect(name).warnings));
}

#[test]
fn an_empty_file_is_usable_and_says_that_it_does_nothing() {
    let Loaded { settings, warnings } = loaded("");
    assert_eq!(settings.entries, []);
    assert_eq!(warnings.len(), 1);
    assert_eq!((settings.daemon.interval, settings.daemon.settle), (DEFAULT_INTERVAL, DEFAULT_SETTLE));
    assert_eq!(settings.lines[0].name, "default");
    for family in Family::ALL {
        assert_eq!(settings.lines[0].sources[family], [Source::Interface(None), Source::FritzBox, Source::Upnp, Source::Web]);
    }
}

#[test]
fn the_smallest_useful_file_is_filled_with_the_providers_defaults() {
    let entry = entry(
        "provider = \"FreeDYN\"\ndomain = \"Home.Example.de.\"\nusername = \"1234567890\"\npassword = { file = \"pw\" }\nmode = \"ddns_both\"",
    );
    assert_eq!((entry.provider.as_str(), entry.service.as_str()), ("freedyn", "freedyn"));
    assert_eq!(entry.domains[0].as_str(), "home.example.de");
    assert_eq!((entry.mode, entry.missing_family), (Mode::Both, MissingFamily::Drop));
    assert_eq!(entry.sending.password.expose(), SECRET, "relative paths start at the folder of the file");
    assert!(entry.enabled && entry.verify && entry.sending.basic && !entry.sending.fritz_compat);
    assert!(entry.sending.single.v4.is_some() && entry.sending.single.v6.is_some() && entry.sending.together.is_none());
    assert_eq!((entry.batch, entry.spacing), (20, Duration::from_secs(5)));
    assert_eq!(entry.refresh, Some(Duration::from_secs(28 * 86_400)));
}

#[test]
fn a_url_of_ones_own_is_careful() {
    let entry = entry(
        "update_url = \"https://Dyn.example.org:8443/u?h=<domain>&ip=<ipaddr>&ip6=<ip6addr>\"\ndomain = [\"a.de\", \"A.de\", \"b.de\"]",
    );
    assert_eq!((entry.provider.as_str(), entry.service.as_str()), ("custom", "dyn.example.org:8443"));
    assert_eq!((entry.mode, entry.missing_family, entry.refresh), (Mode::Both, MissingFamily::Hold, None));
    assert_eq!((entry.domains.len(), entry.batch), (2, 1));
    assert!(entry.sending.together.is_some() && entry.sending.single == PerFamily::default());
    assert!(!entry.sending.basic, "there is nothing to log in with");
}

#[test]
fn a_url_beside_a_provider_is_read_in_its_dialect() {
    let entry = preset(
        "provider = \"freedyn\"\nupdate_url = \"https://ipv4.api.freedyn.de/nic/update?hostname=<domain>&myip=<ipaddr>&ipv6praefx=<ip6lanprefix>\"",
    );
    assert_eq!((entry.provider.as_str(), entry.dialect.name.as_str(), entry.batch), ("freedyn", "freedyn", 20));
    assert_eq!(entry.missing_family, MissingFamily::Hold);
    assert_eq!(entry.refresh, entry.dialect.refresh);
}

#[test]
fn basic_authentication_is_left_out_where_the_request_carries_the_password() {
    let url = |url: &str, more: &str| preset(&format!("update_url = {url}\n{more}")).sending.basic;
    assert!(url("\"https://a.de/u?ip=<ipaddr>\"", ""));
    assert!(url("\"https://a.de/u?user=<username>&ip=<ipaddr>\"", ""));
    assert!(!url("\"https://a.de/u?key=<passwd>&ip=<ipaddr>\"", ""));
    assert!(url("\"https://a.de/u?key=<passwd>&ip=<ipaddr>\"", "fritz_compat = true"));
    assert!(!url("{ url = \"https://a.de/<ipaddr>\", headers = { X-Key = \"<pass>\" } }", ""));
    assert!(!url("{ url = \"https://a.de/<ipaddr>\", headers = { authorization = \"Bearer abc\" } }", ""));
    assert!(!preset("provider = \"duckdns\"").sending.basic);
}

#[test]
fn a_provider_that_would_spoil_the_other_record_is_asked_with_both() {
    let dyn_ = preset("provider = \"dyn\"");
    assert_eq!((dyn_.mode, dyn_.missing_family), (Mode::Together, MissingFamily::Hold));
    let inwx = preset("provider = \"inwx\"");
    assert_eq!(inwx.mode, Mode::Together);
    assert!(inwx.sending.together.is_some() && inwx.sending.single == PerFamily::default());
}

#[test]
fn the_default_mode_is_what_the_service_can_do() {
    for (provider, mode) in [("freedyn", Mode::Both), ("he", Mode::Both), ("selfhost", Mode::V4), ("duckdns", Mode::Both)] {
        assert_eq!(preset(&format!("provider = \"{provider}\"")).mode, mode, "{provider}");
    }
}

#[test]
fn every_provider_of_the_catalogue_loads_with_a_login() {
    let has_url = |shape: &RequestShape| shape.v4.is_some() || shape.v6.is_some() || shape.together.is_some();
    for dialect in crate::catalog::all().iter().filter(|dialect| has_url(&dialect.request)) {
        let suffix = dialect.request.strip_suffix.as_deref().unwrap_or(".example.de");
        let keys = format!("provider = \"{}\"\ndomain = \"a{suffix}\"\nusername = \"1234567890\"\npassword = \"hunter2\"", dialect.name);
        let found = entry(&keys);
        assert_eq!(found.provider, dialect.name);
        assert!(found.sending.together.is_some() || Family::ALL.iter().any(|family| found.sending.single[*family].is_some()));
    }
}

#[test]
fn servers_replace_hosts_per_family_and_ipv4s_takes_both() {
    let keys = "provider = \"freedyn\"\nserver_ipv4 = \"http://127.0.0.1:81\"\nserver_ipv6 = \"example.net\"\nmode = \"together\"";
    let entry = preset(keys);
    let urls = sources(entry.sending.single);
    assert_eq!(urls.v4.as_deref(), Some("http://127.0.0.1:81/nic/update?hostname=<domain>&myip=<ipaddr>"));
    assert_eq!(urls.v6.as_deref(), Some("https://example.net/nic/update?hostname=<domain>&myip=<ip6addr>"));
    assert!(entry.sending.together.unwrap().source_text().starts_with("http://127.0.0.1:81/"));
}

#[test]
fn the_fingerprint_follows_whatever_can_open_a_lock() {
    let base = "provider = \"freedyn\"\nmode = \"v4\"";
    let print = |keys: &str| preset(keys).fingerprint;
    assert_eq!(print(base), print(base));
    assert_eq!(print(base), print(&format!("{base}\nverify = false\nrefresh = \"off\"\nenabled = false")));
    let others = [
        "provider = \"strato\"\nmode = \"v4\"".to_owned(),
        base.replace("v4", "v6"),
        format!("{base}\nserver_ipv4 = \"example.net\""),
        format!("{base}\nfritz_compat = true"),
        format!("{base}\n[daemon]\nuser_agent = \"other/1\""),
    ];
    for other in &others {
        assert_ne!(print(base), print(other), "{other}");
    }
    let other_secret =
        entry("domain = \"a.example.de\"\nusername = \"1234567890\"\npassword = \"other\"\nprovider = \"freedyn\"\nmode = \"v4\"");
    assert_ne!(print(base), other_secret.fingerprint);
    assert_ne!(preset(base).account, other_secret.account);
    assert!(print(base).len() == 16 && print(base).bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn accounts_are_equal_for_the_same_login_at_the_same_service() {
    let account = |domain: &str, provider: &str| {
        entry(&format!("domain = \"{domain}\"\nusername = \"1234567890\"\npassword = \"hunter2\"\nprovider = \"{provider}\"")).account
    };
    assert_eq!(account("a.de", "freedyn"), account("b.de", "freedyn"));
    assert_ne!(account("a.de", "freedyn"), account("a.de", "strato"));
}

#[test]
fn one_name_may_live_at_two_services_and_be_shared_by_family() {
    let at = |provider: &str, mode: &str| {
        format!("[[ddns]]\nprovider = \"{provider}\"\ndomain = \"a.de\"\nusername = \"1234567890\"\npassword = \"x\"\nmode = \"{mode}\"\n")
    };
    assert_eq!(loaded(&[at("freedyn", "v4"), at("freedyn", "v6"), at("he", "both")].concat()).settings.entries.len(), 3);
}

#[test]
fn secrets_come_from_files_variables_and_credentials() {
    let world =
        World::given([("TOKEN", SECRET), ("CREDENTIALS_DIRECTORY", "/run/credentials/x")], [("/run/credentials/x/pw", "hunter2\n")]);
    for form in ["{ env = \"TOKEN\" }", "{ credential = \"pw\" }"] {
        let text = format!("[[ddns]]\nprovider = \"duckdns\"\ndomain = \"a.duckdns.org\"\npassword = {form}");
        let loaded = load(&text, "config.toml", &world).unwrap();
        assert_eq!(loaded.settings.entries[0].sending.password.expose(), SECRET, "{form}");
    }
    assert_eq!(preset_with_password("{ file = \"/secrets/good\" }").settings.entries[0].sending.password.expose(), SECRET);
    assert_eq!(preset_with_password("{ file = \"/run/secrets/open\" }").warnings, [], "a container's own mount");
}

fn preset_with_password(form: &str) -> Loaded {
    loaded(&format!("[[ddns]]\nprovider = \"duckdns\"\ndomain = \"a.duckdns.org\"\npassword = {form}"))
}

#[test]
fn settings_show_no_secret() {
    let shown = format!("{:?}", loaded("[[ddns]]\nprovider = \"duckdns\"\ndomain = \"a.duckdns.org\"\npassword = \"hunter2\""));
    assert!(!shown.contains(SECRET));
}

#[test]
fn the_environment_defines_an_entry_without_a_file() {
    let world = World::given(
        [
            ("WANBEACON_DDNS_PROVIDER", "freedyn"),
            ("WANBEACON_DDNS_DOMAIN", "a.example.de, b.example.de"),
            ("WANBEACON_DDNS_USERNAME", "1234567890"),
            ("WANBEACON_DDNS_PASSWORD_FILE", "/secrets/pw"),
            ("WANBEACON_DDNS_MODE", "v6"),
            ("WANBEACON_DDNS_UPDATE_URL", ""),
            ("WANBEACON_LOG_LEVEL", "debug"),
        ],
        [("/secrets/pw", "hunter2\n")],
    );
    let loaded = load_file(Path::new("/etc/wanbeacon/config.toml"), &world).unwrap();
    let entry = &loaded.settings.entries[0];
    assert_eq!(loaded.warnings, []);
    assert_eq!((entry.domains.len(), entry.mode, entry.sending.password.expose()), (2, Mode::V6, SECRET));
}

#[test]
fn problems_of_the_environment_name_the_variable() {
    let world = World::given(
        [
            ("WANBEACON_DDNS_PROVIDR", "freedyn"),
            ("WANBEACON_DDNS_UPDATE_URL", "https://example.org/u?k=<pass>&ip=<ipadr>"),
            ("WANBEACON_DDNS_PASSWORD", SECRET),
            ("WANBEACON_DDNS_PASSWORD_FILE", "/secrets/pw"),
            ("WANBEACON_DDNS_MODE", "v5"),
        ],
        [],
    );
    let found = listing(&load("", "config.toml", &world).unwrap_err());
    for variable in ["PROVIDR", "UPDATE_URL", "DOMAIN", "PASSWORD", "MODE"] {
        assert!(found.contains(&format!("environment: WANBEACON_DDNS_{variable}: ")), "{variable} in\n{found}");
    }
    assert!(found.contains("did you mean \"WANBEACON_DDNS_PROVIDER\"?"), "{found}");
    assert!(!found.contains(SECRET));
}

#[test]
fn a_missing_file_is_one_clear_problem() {
    let found = load_file(Path::new("/nowhere/config.toml"), &World::given([], [])).unwrap_err();
    assert_eq!(found.len(), 1);
    assert!(found[0].to_string().starts_with("/nowhere/config.toml:1:1: there is no such file; "));
}

#[test]
fn a_file_with_a_password_that_everybody_can_read_is_a_warning() {
    let text = "[[ddns]]\nprovider = \"duckdns\"\ndomain = \"a.duckdns.org\"\npassword = \"hunter2\"";
    let at = |mode| World::given([], []).with_file("/c.toml", FileText { bytes: text.into(), mode });
    assert_eq!(load_file(Path::new("/c.toml"), &at(0o600)).unwrap().warnings, []);
    let open = load_file(Path::new("/c.toml"), &at(0o644)).unwrap().warnings;
    assert_eq!((open.len(), open[0].line, open[0].key.as_str()), (1, 4, "ddns[0].password"));
}

#[test]
fn a_user_whose_password_everybody_can_read_is_a_warning() {
    let text = "[[web.user]]\nname = \"a\"\npassword = { file = \"/pw\" }\nrights = [\"app\"]\n\
                [[web.user]]\nname = \"b\"\npassword = \"hunter2\"\nrights = [\"app\"]";
    let world = World::given([], [("/pw", SECRET)]).with_file("/c.toml", FileText { bytes: text.into(), mode: 0o644 });
    let open = load_file(Path::new("/c.toml"), &world).unwrap().warnings;
    assert_eq!(open.iter().filter(|it| it.key == "web.user[1].password" && it.line == 7).count(), 1, "{}", listing(&open));
}

#[test]
fn the_real_disk_is_read_with_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(folder.path().join("pw"), "hunter2\n").unwrap();
    fs::set_permissions(folder.path().join("pw"), fs::Permissions::from_mode(0o604)).unwrap();
    fs::write(&path, "[[ddns]]\nprovider = \"duckdns\"\ndomain = \"a.duckdns.org\"\npassword = { file = \"pw\" }").unwrap();
    let loaded = load_file(&path, &World::real()).unwrap();
    assert_eq!(loaded.settings.entries[0].sending.password.expose(), SECRET);
    assert_eq!(loaded.warnings.len(), 1);
    assert!(World::real().read(folder.path(), 10).is_err(), "a folder is no file");
    assert!(World::real().read(&path, 10).is_err(), "longer than the limit");
}

#[test]
fn the_other_tables_are_read() {
    let settings = loaded(
        "[wan]\nipv4 = \"interface:ppp0\"\nipv6 = [\"command:/bin/ip6 -q\", \"https://echo.example.org/\"]\n[fritzbox]\naddress = \"fd00::1\"\n\
         [daemon]\ninterval = \"90s\"\nsettle = \"0s\"\nstate_dir = \"none\"\nresolver = [\"9.9.9.9\", \"[2620:fe::fe]:5353\"]",
    )
    .settings;
    assert_eq!(settings.lines[0].sources.v4, [Source::Interface(Some("ppp0".into()))]);
    assert_eq!(settings.lines[0].sources.v6, [Source::Command("/bin/ip6 -q".into()), Source::Echo("https://echo.example.org/".into())]);
    assert_eq!(settings.fritzbox.address.as_deref(), Some("[fd00::1]"));
    assert_eq!((settings.daemon.interval, settings.daemon.settle), (Duration::from_secs(90), Duration::ZERO));
    assert_eq!(settings.daemon.state_dir, StateDir::None);
    assert_eq!(settings.daemon.resolver[0], SocketAddr::new(IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9)), 53));
    assert_eq!(settings.daemon.resolver[1].port(), 5353);
}

#[test]
fn a_host_behind_the_router_is_kept() {
    assert_eq!(preset("provider = \"freedyn\"\nipv6_host = \"::1:2\"").ipv6_host, Some(HostId(0x1_0002)));
}

proptest! {
    #[test]
    fn no_text_makes_loading_panic(text in "\\PC{0,200}", lines in proptest::collection::vec("(\\[\\[?(ddns|wan|daemon|web|web.user|x)\\]?\\]?|[a-z_]{1,14}) ?=? ?[\"{\\[]?\\PC{0,20}[\"}\\]]?", 0..12)) {
        let _ = load(&text, "config.toml", &world());
        let _ = load(&lines.join("\n"), "config.toml", &world());
    }

    #[test]
    fn no_value_makes_a_known_key_panic(at in 0_usize..28, value in "\\PC{0,40}") {
        const KEYS: [&str; 28] = [
            "provider", "update_url", "domain", "username", "password", "mode", "missing_family", "server_ipv4", "server_ipv6", "ipv6_host",
            "wan", "refresh", "password.file", "password.env", "password.credential", "update_url.url", "update_url.body", "update_url.spacing",
            "[wan]\ninterface", "[wan]\nipv6", "[wan.cable]\nipv4", "[fritzbox]\nusername", "[fritzbox]\npassword", "[fritzbox]\ntls_fingerprint",
            "[web]\nlisten", "[web.tr064]\nentry", "[[web.user]]\nname", "[[web.user]]\nrights",
        ];
        let value = toml::Value::String(value);
        for more in ["", "provider = \"freedyn\"\n", "update_url.url = \"http://a.de/<pass>\"\n"] {
            let _ = load(&format!("[[ddns]]\n{more}{} = {value}", KEYS[at]), "config.toml", &world());
        }
    }
}

#[test]
fn an_empty_list_of_sources_says_that_the_line_has_no_such_family() {
    let lines = loaded("[wan]\nipv6 = []").settings.lines;
    assert!(lines[0].sources.v6.is_empty());
    assert_eq!(lines[0].sources.v4.len(), 4);
}

#[test]
fn a_secret_that_cannot_be_read_is_spared_for_who_sends_nothing_and_every_other_problem_stays() {
    for form in ["{ file = \"nowhere\" }", "{ env = \"UNSET\" }", "{ credential = \"x\" }"] {
        let text = format!(
            "[[ddns]]\nprovider = \"freedyn\"\ndomain = \"home.example.de\"\nusername = \"1234567890\"\npassword = {form}\n\
             [fritzbox]\npassword = {form}\n[[web.user]]\nname = \"router\"\npassword = {form}\nrights = [\"app\"]\n"
        );
        assert!(load(&text, "c.toml", &World::given([], [])).is_err());
        let Loaded { settings, warnings } = load(&text, "c.toml", &World::given([], []).sparing_secrets()).unwrap();
        let entry = &settings.entries[0];
        assert!(entry.sending.password.is_unread() && !entry.differs_from("whatever it was"), "{form}");
        assert_eq!((settings.fritzbox.login, settings.web.users.len()), (None, 1));
        assert_eq!(warnings.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(), ["fritzbox.password"], "{form}");
    }
    for bad in ["{ }", "\"\"", "{ file = \"a\", env = \"b\" }"] {
        let text = format!("[[ddns]]\nprovider = \"freedyn\"\ndomain = \"home.example.de\"\nusername = \"1234567890\"\npassword = {bad}\n");
        assert!(load(&text, "c.toml", &World::given([], []).sparing_secrets()).is_err(), "{bad}");
    }
}
