use std::fmt::Write as _;

use crate::config::{Listener, Loaded, Problem, Severity, Web, World, load};
use crate::rules::consensus::Source;
use crate::rules::rights::Right;

const ENTRY: &str = "[[ddns]]\nupdate_url = \"https://dyn.example.org/u?h=<domain>&ip=<ipaddr>\"\ndomain = \"home.example.org\"\n";

/// One user with every right.
const USER: &str =
    "[[web.user]]\nname = \"box\"\npassword = \"hunter2\"\nrights = [\"config\", \"app\", \"phone\", \"nas\", \"homeauto\"]\n";

fn world() -> World {
    World::given([("TOKEN", "hunter2")], [("/secrets/web", "hunter2\n")])
}

fn loaded(text: &str) -> Loaded {
    load(&format!("{ENTRY}{text}"), "/etc/config.toml", &world()).unwrap_or_else(|problems| panic!("{}", listing(&problems)))
}

/// Of a file that gives no cause for a warning.
fn web(text: &str) -> Web {
    let Loaded { settings, warnings } = loaded(text);
    assert_eq!(warnings, [], "{text}");
    settings.web
}

fn listing(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut text, problem| {
        let _ = writeln!(text, "{problem}");
        text
    })
}

/// The only problem of `text`, which is an error.
fn refused(text: &str) -> Problem {
    let found = load(&format!("{ENTRY}{text}"), "config.toml", &world()).expect_err(text);
    let errors: Vec<_> = found.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(!listing(&errors).contains("hunter2"));
    let [only] = errors.as_slice() else { panic!("{text}:\n{}", listing(&errors)) };
    only.clone()
}

/// The only warning of `text`: where it is and what it says.
fn warned(text: &str) -> (String, String) {
    let warnings = loaded(text).warnings;
    let [only] = warnings.as_slice() else { panic!("{text}:\n{}", listing(&warnings)) };
    (only.key.clone(), only.message.clone())
}

fn shown(web: &Web) -> Vec<String> {
    let line = |it: Listener| {
        let what = [("tls", it.tls), ("web", it.web), ("dyndns", it.dyndns), ("tr064", it.tr064)];
        what.iter().filter(|(_, on)| *on).fold(it.address.to_string(), |line, (name, _)| format!("{line} {name}"))
    };
    web.listeners().into_iter().map(line).collect()
}

#[test]
fn without_the_table_this_machine_alone_sees_the_state() {
    let web = web("");
    assert!(web.enabled && web.users.is_empty() && web.remote_user.is_none());
    assert_eq!(shown(&web), ["127.0.0.1:8245 web"]);
    assert_eq!(shown(&self::web("[web]\nenabled = false")), [""; 0]);
}

#[test]
fn every_face_is_on_the_web_listeners_unless_it_says_otherwise() {
    let web = |text: &str| shown(&loaded(&format!("[wan]\nipv4 = [\"push\"]\n{USER}{text}")).settings.web);
    let both = "[web.dyndns]\nenabled = true\n[web.tr064]\nenabled = true\n";
    assert_eq!(web(both), ["127.0.0.1:8245 web dyndns tr064"]);
    assert_eq!(
        web(&format!("[web]\nlisten = \"0.0.0.0:80\"\ntls_listen = \"[::]:443\"\n{both}")),
        ["0.0.0.0:80 web dyndns tr064", "[::]:443 tls web dyndns tr064"]
    );
    assert_eq!(
        web(&format!("{both}listen = \"192.168.1.2:49000\"\ntls_listen = \"192.168.1.2:49443\"\n")),
        ["127.0.0.1:8245 web dyndns", "192.168.1.2:49000 tr064", "192.168.1.2:49443 tls tr064"]
    );
    assert_eq!(
        web(
            "[web]\ntls_listen = \"127.0.0.1:443\"\n[web.dyndns]\nenabled = true\nlisten = \"127.0.0.1:80\"\n[web.tr064]\nlisten = \"127.0.0.1:49000\"\n"
        ),
        ["127.0.0.1:8245 web", "127.0.0.1:443 tls web dyndns", "127.0.0.1:80 dyndns"],
        "one key leaves the other as it is, and what is off is nowhere"
    );
}

#[test]
fn addresses_have_ports_and_zero_is_any_free_one() {
    assert_eq!(shown(&web("[web]\nlisten = \" [::1]:0 \"\ntls_listen = \"[::1]:0\"\n")), ["[::1]:0 web", "[::1]:0 tls web"]);
    assert_eq!(refused("[web]\nlisten = \"127.0.0.1\"").message, "\"127.0.0.1\" has no port");
    for wrong in ["localhost:80", "::1:80:", "127.0.0.1:70000", "8245", ""] {
        let problem = refused(&format!("[web.tr064]\ntls_listen = {wrong:?}"));
        assert_eq!(problem.key, "web.tr064.tls_listen");
        assert!(problem.remedy.contains("[::1]:8245"), "{problem}");
    }
}

#[test]
fn what_other_machines_reach_needs_a_user() {
    for (text, key) in [
        ("[web]\nlisten = \"0.0.0.0:8245\"", "web.listen"),
        ("[web]\ntls_listen = \"[::]:443\"", "web.tls_listen"),
        ("[web.tr064]\nenabled = true\nlisten = \"192.168.1.2:49000\"", "web.tr064.listen"),
    ] {
        let problem = refused(text);
        assert_eq!(problem.key, key);
        assert!(problem.message.contains("no [[web.user]]"), "{problem}");
        loaded(&format!("{USER}{text}"));
    }
    let both = load("[web]\nlisten = \"0.0.0.0:1\"\n[web.dyndns]\nenabled = true\nlisten = \"0.0.0.0:2\"", "c", &world()).unwrap_err();
    assert_eq!(both.iter().filter(|problem| problem.severity == Severity::Error).count(), 2, "{}", listing(&both));
    loaded("[web]\nlisten = \"[::ffff:127.0.0.1]:1\"\n[web.dyndns]\nlisten = \"0.0.0.0:2\"");
    loaded("[web]\nenabled = false\nlisten = \"0.0.0.0:1\"");
}

#[test]
fn an_address_has_tls_or_not() {
    let problem = refused("[web]\ntls_listen = \"127.0.0.1:8245\"");
    assert_eq!(
        (problem.key.as_str(), problem.message.as_str()),
        ("web.tls_listen", "127.0.0.1:8245 is listened on without TLS as well (web.listen)")
    );
    let problem = refused(&format!("{USER}[web]\ntls_listen = \"127.0.0.1:443\"\n[web.tr064]\nenabled = true\nlisten = \"127.0.0.1:443\""));
    assert_eq!(
        (problem.key.as_str(), problem.message.as_str()),
        ("web.tr064.listen", "127.0.0.1:443 is listened on with TLS as well (web.tls_listen)")
    );
    let problem = refused(&format!("{USER}[web.tr064]\nenabled = true\nlisten = \"0.0.0.0:8245\""));
    assert_eq!(problem.message, "0.0.0.0:8245 and 127.0.0.1:8245 (web.listen) take the same port");
    web(&format!("{USER}[web.tr064]\nenabled = true\nlisten = \"127.0.0.1:8245\""));
}

#[test]
fn users_have_a_name_a_password_and_rights() {
    let web = web(&format!("{USER}[[web.user]]\nname = \"fhem 2\"\npassword = {{ file = \"/secrets/web\" }}\nrights = \"homeauto\"\n"));
    let rights = |name: &str| web.user(name).map(|user| (user.password.expose().to_owned(), user.rights.to_string()));
    assert_eq!(rights("box"), Some(("hunter2".to_owned(), "config, app, phone, nas, homeauto".to_owned())));
    assert_eq!(rights("fhem 2"), Some(("hunter2".to_owned(), "homeauto".to_owned())));
    assert_eq!(rights("Box"), None);
    assert!(!format!("{web:?}").contains("hunter2"));
}

#[test]
fn a_user_that_could_not_log_in_is_refused() {
    let user = |keys: &str| refused(&format!("[[web.user]]\n{keys}\nrights = [\"app\"]"));
    let named = |name: &str| user(&format!("name = {}\npassword = \"hunter2\"", toml::Value::from(name)));
    for (name, why) in
        [("", "empty"), ("a:b", "colon"), ("a\"b", "quote"), ("a\u{7f}", "control character"), ("x".repeat(129).as_str(), "too long")]
    {
        let problem = named(name);
        assert!(problem.key == "web.user[0].name" && problem.message.contains(why), "{problem}");
    }
    for (keys, key) in
        [("password = \"x\"", "name"), ("name = \"a\"", "password"), ("name = \"a\"\npassword = { env = \"NONE\" }", "password.env")]
    {
        assert_eq!(user(keys).key, format!("web.user[0].{key}"));
    }
    web(&format!("[[web.user]]\nname = {:?}\npassword = \"x\"\nrights = [\"app\"]", "ü".repeat(128)));
    let problem = refused(&format!("{USER}{USER}"));
    assert_eq!((problem.key.as_str(), problem.message.as_str()), ("web.user[1].name", "\"box\" is a user already, see line 5"));
}

#[test]
fn rights_are_words() {
    let problem = refused("[[web.user]]\nname = \"a\"\npassword = \"x\"\nrights = [\"app\", \"confg\"]");
    assert_eq!(
        (problem.key.as_str(), problem.message.as_str()),
        ("web.user[0].rights[1]", "\"confg\" is no right, did you mean \"config\"?")
    );
    for rights in ["", "rights = []"] {
        let (key, message) = warned(&format!("[[web.user]]\nname = \"a\"\npassword = \"x\"\n{rights}"));
        assert!(key == "web.user[0].rights" && message.contains("no rights"), "{key}: {message}");
    }
}

#[test]
fn a_face_that_lets_nobody_in_is_a_warning() {
    let user = |right: Right| format!("[[web.user]]\nname = \"a\"\npassword = \"x\"\nrights = [\"{}\"]\n", right.word());
    let dyndns = "[wan]\nipv4 = \"push\"\n[web.dyndns]\nenabled = true\n";
    let tr064 = "[web.tr064]\nenabled = true\n";
    for right in Right::ALL {
        web(&format!("{}{tr064}", user(right)));
        let text = format!("{}{dyndns}", user(right));
        if matches!(right, Right::App | Right::Config) {
            web(&text);
        } else {
            assert_eq!(warned(&text).0, "web.dyndns.enabled", "{text}");
        }
    }
    for (text, key) in [(dyndns, "web.dyndns.enabled"), (tr064, "web.tr064.enabled")] {
        let (found, message) = warned(text);
        assert!(found == key && message.contains("can log in"), "{found}: {message}");
    }
}

#[test]
fn pushed_addresses_need_a_face_and_a_line() {
    let (key, message) = warned(&format!("{USER}[web.dyndns]\nenabled = true"));
    assert!(key == "web.dyndns.enabled" && message.contains("no line has the source \"push\""), "{message}");
    let (key, message) = warned("[wan]\nipv6 = [\"push\", \"web\"]");
    assert!(key == "wan" && message.contains("[web.dyndns] is off"), "{message}");
    let lines = loaded(&format!("{USER}[wan]\nipv4 = [\"push\"]\nipv6 = [\"push\", \"web\"]\n[web.dyndns]\nenabled = true")).settings.lines;
    assert_eq!((lines[0].sources.v4.as_slice(), &lines[0].sources.v6[0]), (&[Source::Push][..], &Source::Push));
}

#[test]
fn a_face_behind_a_closed_house_is_a_warning() {
    for face in ["dyndns", "tr064"] {
        let (key, message) = warned(&format!("{USER}[web]\nenabled = false\n[web.{face}]\nenabled = true"));
        assert!(key == format!("web.{face}.enabled") && message.contains("has no effect"), "{key}: {message}");
    }
}

#[test]
fn logins_are_asked_for_as_old_clients_know_it() {
    let login = |keys: &str| web(&format!("[web.tr064]\n{keys}")).login;
    let default = login("");
    assert!(!default.sha256 && !default.content && !default.strict_uri);
    assert_eq!(login("digest = \"md5\"\ncontent_login = false\nstrict_uri = false"), default);
    let other = login("digest = \"SHA-256\"\ncontent_login = true\nstrict_uri = true");
    assert!(other.sha256 && other.content && other.strict_uri);
    assert_eq!(refused("[web.tr064]\ndigest = \"SHA256\"").message, "\"SHA256\" is not known here, did you mean \"SHA-256\"?");
}

#[test]
fn unknown_keys_of_every_table_are_errors() {
    for (text, key) in [
        ("[web]\nlisten_tls = \"x\"", "web.listen_tls"),
        ("[web.dyndns]\nentry = \"x\"", "web.dyndns.entry"),
        ("[web.tr064]\nusers = 1", "web.tr064.users"),
        ("[[web.user]]\nname = \"a\"\npassword = \"x\"\nrights = [\"app\"]\nright = \"app\"", "web.user[0].right"),
    ] {
        assert_eq!(refused(text).key, key);
    }
    assert_eq!(refused("[web.user]\nname = \"a\"\npassword = \"x\"\nrights = [\"app\"]").remedy, "write [[web.user]] with two brackets");
    assert_eq!(refused("[web]\ndyndns = true").remedy, "write a table, [web.dyndns]");
}

#[test]
fn the_remote_access_belongs_to_the_first_who_may_configure_be_it_open_or_not() {
    let users = format!("[[web.user]]\nname = \"a\"\npassword = \"x\"\nrights = [\"app\"]\n{USER}");
    assert_eq!(web(&users).remote_user.as_deref(), Some("box"));
    assert_eq!(web("[[web.user]]\nname = \"a\"\npassword = \"x\"\nrights = [\"app\"]\n").remote_user, None);
    assert_eq!(web(&format!("{users}[web]\ntls_listen = \"[::]:443\"")).remote_user.as_deref(), Some("box"));
}
