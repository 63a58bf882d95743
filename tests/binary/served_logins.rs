//! Who gets in where, what those get who do not, and what is never shown to anybody.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::Signal;

use crate::support::client::{Client, Login, REMOTE, Told, basic};
use crate::support::fake::{Answer, Fake};
use crate::support::home::{Home, NAME, V4_NEW, custom};
use crate::support::served::{ADMIN, NOBODY, PHONE, PUSHED, ROUTER, serving, web};

/// Nobody's password.
const WRONG: &str = "Fal/sch+0815%&\u{e4}";

/// A path, fields that go with it, what each of the visitors gets there, and whether an address is pushed there.
type Row = (&'static str, &'static [(&'static str, &'static str)], [u16; 6], bool);

/// What a wrong login of a known user is.
const STRANGER: Login = (ADMIN.0, WRONG);

/// The table's visitors.
const VISITORS: [Option<Login>; 6] = [None, Some(STRANGER), Some(NOBODY), Some(PHONE), Some(ROUTER), Some(ADMIN)];

#[test]
fn every_path_without_a_login_with_a_wrong_one_and_with_one_that_lacks_the_right() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let daemon = home.daemon();
    let client = daemon.client();
    assert_eq!(client.push(ROUTER, &format!("hostname={NAME}&myip={V4_NEW}")).status, 200);
    let push = format!("?hostname={NAME}&myip={V4_NEW}");
    // From nobody and a stranger, from those without a right, with another one, with "app", with "config".
    let table: [Row; 9] = [
        ("/healthz", &[], [200; 6], false),
        ("/api/v1/status", &[], [200; 6], false),
        // Behind a proxy nobody is local.
        ("/api/v1/status", &[("X-Forwarded-For", "192.0.2.1")], [401, 401, 403, 200, 200, 200], false),
        // A page in a browser that had its own name point here.
        ("/api/v1/status", &[("Host", "rebound.example.org")], [401, 401, 403, 200, 200, 200], false),
        ("/nic/update", &[], [401, 401, 403, 403, 200, 200], true),
        ("/v3/update", &[], [401, 401, 403, 403, 200, 200], true),
        ("/tr64desc.xml", &[], [200; 6], false),
        ("/x_remoteSCPD.xml", &[], [200; 6], false),
        (REMOTE, &[], [405; 6], false),
    ];
    // Each visitor has an address of its own, so that nobody is throttled for another.
    for (number, visitor) in (10..).zip(VISITORS) {
        let client = client.at(number);
        for (path, fields, statuses, pushes) in &table {
            let query = if *pushes { push.as_str() } else { "" };
            let login = visitor.map(basic);
            let mut fields = fields.to_vec();
            fields.extend(login.as_deref().map(|login| ("Authorization", login)));
            let told = client.ask("GET", &format!("{path}{query}"), &fields, "");
            let expected = statuses[usize::from(number) - 10];
            assert_eq!(told.status, expected, "{path} {visitor:?}: {told:?}");
            // A browser that is logged in at one of them is not by itself at the other.
            let realm = if *pushes { "Basic realm=\"wanbeacon push\"" } else { "Basic realm=\"wanbeacon\"" };
            let asks = told.field("www-authenticate").is_some_and(|it| it.starts_with(realm));
            assert_eq!(asks, expected == 401, "{path} {visitor:?}: {told:?}");
            if *pushes {
                let body = if expected == 200 { format!("nochg {V4_NEW}") } else { "badauth".to_owned() };
                assert_eq!(told.body, body, "{path} {visitor:?}");
            } else {
                assert!(!matches!(expected, 401..=405) || told.body.starts_with("<HTML>"), "{told:?}");
            }
        }
    }
    provider.settle();
    assert_eq!(provider.count(), 1);
}

#[test]
fn every_action_without_a_login_with_a_wrong_one_and_with_one_that_lacks_the_right() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let daemon = home.daemon();
    let client = daemon.client();
    // Of those who are known, with no right, with "phone", with "app", with "config": a fault, or a result.
    let table: [(&str, [Option<u32>; 4]); 7] = [
        ("GetInfo", [Some(606), None, None, None]),
        ("GetDDNSInfo", [Some(606), None, None, None]),
        ("GetDDNSProviders", [Some(606), Some(606), Some(606), None]),
        // Without their arguments: whoever gets this far could have changed something.
        ("SetConfig", [Some(606), Some(606), Some(606), Some(402)]),
        ("SetEnable", [Some(606), Some(606), Some(606), Some(402)]),
        ("SetDDNSConfig", [Some(606), Some(606), Some(606), Some(402)]),
        ("SetLetsEncryptEnable", [Some(606), Some(606), Some(402), Some(402)]),
    ];
    for (action, faults) in table {
        let bare = client.at(9).call_bare(action, &[]);
        let wrong = client.at(10).call(STRANGER, action, &[]);
        let unknown = client.at(11).call(("stranger", WRONG), action, &[]);
        for told in [bare, wrong, unknown] {
            let asks = told.field("www-authenticate").is_some_and(|it| it.starts_with("Digest "));
            assert!(told.status == 401 && asks && told.body.starts_with("<HTML>"), "{action}: {told:?}");
            assert!(!told.body.contains("New"), "{action}: {told:?}");
        }
        for (login, fault) in [NOBODY, PHONE, ROUTER, ADMIN].into_iter().zip(faults) {
            let told = client.call(login, action, &[]);
            assert_eq!((told.status, told.fault()), (if fault.is_some() { 500 } else { 200 }, fault), "{action} {login:?}: {told:?}");
        }
    }
    assert!(!home.state().join("overlay.toml").exists());
}

/// Asks until the answer is 503, and gives that.
fn until_throttled(ask: impl Fn() -> Told) -> Told {
    let told = (0..100).map(|_| ask()).find(|told| told.status == 503);
    told.expect("who guesses is held up")
}

#[test]
fn who_guesses_is_held_up_and_others_are_served() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let daemon = home.daemon();
    let client = daemon.client();
    let push = format!("hostname={NAME}&myip={V4_NEW}");
    let far = |login: Login| [("X-Forwarded-For", "192.0.2.1".to_owned()), ("Authorization", basic(login))];
    let look = |client: Client, login: Login| {
        let fields = far(login);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        client.ask("GET", "/api/v1/status", &fields, "")
    };
    let refused = [
        until_throttled(|| client.at(20).push((ROUTER.0, WRONG), &push)),
        until_throttled(|| look(client.at(21), STRANGER)),
        until_throttled(|| client.at(22).call(STRANGER, "GetInfo", &[])),
    ];
    for told in &refused {
        let wait = told.field("retry-after").and_then(|wait| wait.parse::<u64>().ok());
        assert!(wait.is_some_and(|seconds| (1..=11).contains(&seconds)), "{told:?}");
    }
    assert_eq!(refused[0].body, "911");
    assert!(refused[1..].iter().all(|told| told.body.starts_with("<HTML>")), "{refused:?}");
    assert_eq!(client.at(20).get("/healthz").status, 200, "health needs no login");
    // Who is held up at one door is held up at all of them, and the others are at none.
    for number in 20..23 {
        let client = client.at(number);
        let told = [client.push(ROUTER, &push), look(client, ADMIN), client.call(ADMIN, "GetInfo", &[])].map(|told| told.status);
        // A point comes back each second.
        assert!(told.contains(&503), "{number}: {told:?}");
    }
    assert_eq!(client.push(ROUTER, &push).pair(), (200, format!("good {V4_NEW}").as_str()));
    assert_eq!((look(client, ADMIN).status, client.call(ADMIN, "GetInfo", &[]).status), (200, 200));
    assert!(daemon.text().contains("a login from 127.0.0.20 was wrong"), "{}", daemon.text());
    assert_eq!(daemon.text().matches("a login from 127.0.0.20 was wrong").count(), 1, "{}", daemon.text());
}

#[test]
fn who_asks_without_a_login_keeps_nobody_out_who_has_one() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let daemon = home.daemon();
    let client = daemon.client().at(20);
    let push = format!("/nic/update?hostname={NAME}&myip={V4_NEW}");
    let told = (0..1000).map(|_| client.get(&push)).find(|told| told.status == 503).expect("it has an end");
    assert_eq!(told.body, "911");
    assert_eq!(client.push(ROUTER, &format!("hostname={NAME}&myip={V4_NEW}")).pair(), (200, format!("good {V4_NEW}").as_str()));
    let told = client.ask("GET", "/api/v1/status", &[("Via", "1.1 a"), ("Authorization", &basic(ADMIN))], "");
    assert_eq!(told.status, 200, "{told:?}");
}

#[test]
fn the_page_of_another_site_can_make_a_browser_ask_and_gets_nowhere() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let daemon = home.daemon();
    let client = daemon.client();
    let login = basic(ROUTER);
    let push = format!("/nic/update?hostname={NAME}&myip={V4_NEW}");
    let call = wanbeacon::tr064::soap::request("urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1", "GetInfo", &[]);
    for field in [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "http://evil.example"), ("Origin", "null")]
    {
        let told = client.ask("GET", &push, &[("Authorization", &login), field], "");
        assert_eq!(told.pair(), (403, "badauth"), "{field:?}");
        // What a form can send.
        let told = client.ask("POST", REMOTE, &[("Content-Type", "text/plain"), field], &call);
        assert!(told.status == 403 && told.field("www-authenticate").is_none(), "{field:?}: {told:?}");
    }
    assert_eq!(home.status()["ddns"][0]["ipv4"]["address"], serde_json::Value::Null);
    let told = client.ask("GET", &push, &[("Authorization", &login), ("Sec-Fetch-Site", "none")], "");
    assert_eq!(told.pair(), (200, format!("good {V4_NEW}").as_str()), "typed in by hand");
}

/// Marks a line that somebody else wrote.
const INJECTED: &str = "INJECTED: 1";

/// No raw control character, and no line or field of somebody else's.
#[track_caller]
fn unspoilt(lines: &[String]) {
    for line in lines {
        assert!(!line.chars().any(char::is_control) && !line.trim_start().starts_with("INJECTED"), "{line:?}");
    }
}

#[test]
fn nothing_that_clients_send_steers_the_log_or_an_answer() {
    for format in ["text", "json", "journald"] {
        let provider = Fake::start(Answer::good);
        let home = serving(&provider);
        let daemon = home.daemon_with(&["--log-level", "debug", "--log-format", format]);
        let client = if format == "text" {
            daemon.client()
        } else {
            let line = daemon.says("listening on http://");
            let address: String =
                line.split_once("http://").map_or("", |(_, rest)| rest).chars().take_while(|c| !"\" ".contains(*c)).collect();
            Client::new(address.parse().unwrap_or_else(|_| panic!("no address: {line}")))
        };
        let nasty =
            ["\r\nINJECTED: 1", "\u{1b}[31mred", "\u{9b}31mred", "\"quoted\" \\ 'single'", "\u{202e}back", "{placeholder} %s", "\0"];
        let mut answers = Vec::new();
        for (text, last) in nasty.into_iter().zip(30..) {
            let client = client.at(last);
            let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            answers.push(client.push(ROUTER, &format!("hostname={encoded},{NAME}&myip={V4_NEW}")));
            answers.push(client.push(ROUTER, &format!("hostname={NAME}&myip={encoded}")));
            answers.push(client.get(&format!("/nic/update?hostname={encoded}&user={encoded}&password={encoded}")));
            answers.push(client.get(&format!("/{encoded}?{encoded}")));
            let login = format!("Basic {}", BASE64_STANDARD.encode(format!("{text}:{text}")));
            answers.push(client.ask("GET", "/nic/update?hostname=x", &[("Authorization", &login)], ""));
            for name in ["NewUsername", "NewDomain", "NewProviderName", "NewUpdateURL", "NewMode", "NewPassword", text] {
                answers.push(client.call(ADMIN, "SetDDNSConfig", &[(name, text)]));
            }
            let arguments = [("NewEnabled", "1"), ("NewPort", text), ("NewUsername", text), ("NewPassword", text)];
            answers.push(client.call(ADMIN, "SetConfig", &arguments));
            answers.push(client.call(ADMIN, text, &[]));
        }
        for raw in ["\u{1b}[31m", "\r\nINJECTED: 1", "\0", "\u{9b}31m"] {
            client.raw(format!("GET /{raw} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
            client.raw(
                format!("GET /healthz HTTP/1.1\r\nHost: {raw}\r\nAuthorization: Digest username=\"{raw}\"\r\nConnection: close\r\n\r\n")
                    .as_bytes(),
            );
        }
        for told in &answers {
            unspoilt(&told.head.lines().map(str::to_owned).collect::<Vec<_>>());
            assert!(!told.body.contains(INJECTED) || told.body.contains("\\nINJECTED"), "{told:?}");
            assert!(!told.body.chars().any(|c| c.is_control() && c != '\n'), "{told:?}");
        }
        home.run(&["healthcheck"]).with(0);
        unspoilt(&daemon.lines());
        let shown = home.run(&["status"]);
        unspoilt(&shown.stdout.lines().map(str::to_owned).collect::<Vec<_>>());
    }
}

/// Every form in which a password may be recognised.
fn forms(password: &str) -> Vec<String> {
    let encoded = utf8_percent_encode(password, NON_ALPHANUMERIC).to_string();
    let users = [ROUTER.0, ADMIN.0, PHONE.0, "fern", "1234567890"];
    let logins = users.map(|user| BASE64_STANDARD.encode(format!("{user}:{password}")));
    let escaped = password.replace('&', "&amp;").replace('<', "&lt;");
    let mut forms = vec![password.to_owned(), encoded.to_lowercase(), encoded, BASE64_STANDARD.encode(password), escaped];
    forms.extend(logins);
    forms
}

const SET: &str = "Gesetzt<4711>&\u{f6}";

#[track_caller]
fn silent(what: &str, text: &str) {
    for form in [ROUTER.1, ADMIN.1, PHONE.1, WRONG, SET].iter().flat_map(|password| forms(password)) {
        assert!(!text.contains(&form), "{what} shows {form:?}:\n{text}");
    }
}

#[test]
fn passwords_right_and_wrong_are_found_nowhere_but_in_the_overlay() {
    for format in ["text", "json"] {
        let provider = Fake::start(Answer::good);
        let url = provider.v4("/<pass>/up?ip=<ipaddr>&pw=<pass>");
        let home = Home::new(&format!("{}{}", custom(&url, "v4", PUSHED), web("tls_listen = \"127.0.0.1:0\"")));
        let level = ["--log-level", "trace", "--log-format", format];
        let mut daemon = home.daemon_with(&level);
        let line = daemon.says("listening on http://");
        let address: String = line.split_once("http://").map_or("", |(_, rest)| rest).chars().take_while(|c| !"\" ".contains(*c)).collect();
        let client = Client::new(address.parse().unwrap_or_else(|_| panic!("no address: {line}")));
        let mut answers = Vec::new();
        for (last, (name, password)) in (40..).zip([ROUTER, (ROUTER.0, WRONG), ADMIN, STRANGER, PHONE, ("stranger", WRONG)]) {
            let client = client.at(last);
            let encoded = utf8_percent_encode(password, NON_ALPHANUMERIC).to_string();
            answers.push(client.push((name, password), &format!("hostname={NAME}&myip={V4_NEW}")));
            answers.push(client.get(&format!("/nic/update?hostname={NAME}&myip={V4_NEW}&user={name}&password={encoded}")));
            answers.push(client.get(&format!("/nic/update?hostname={encoded}&myip={encoded}&user={name}&password={encoded}")));
            answers.push(client.get(&format!("/{encoded}")));
            for action in ["GetInfo", "GetDDNSInfo", "GetDDNSProviders"] {
                answers.push(client.call((name, password), action, &[]));
            }
        }
        let target = provider.v4("/set/<pass>?ip=<ipaddr>");
        let arguments = |url, mode| {
            [
                ("NewEnabled", "1"),
                ("NewProviderName", "Benutzerdefiniert"),
                ("NewUpdateURL", url),
                ("NewDomain", "other.example.org"),
                ("NewUsername", "1234567890"),
                ("NewMode", mode),
                ("NewServerIPv4", ""),
                ("NewServerIPv6", ""),
                ("NewPassword", SET),
            ]
        };
        // Refused by what it says, by its parts, and taken.
        for (url, mode, code) in
            [(SET, "ddns_v4", Some(402)), (target.as_str(), SET, Some(402)), (&target, "ddns_v6", Some(402)), (&target, "ddns_v4", None)]
        {
            let told = client.call(ADMIN, "SetDDNSConfig", &arguments(url, mode));
            assert_eq!(told.fault(), code, "{told:?}");
            // Whoever wrote a password into another field gets that back.
            if url != SET && mode != SET {
                answers.push(told);
            }
        }
        let port = crate::support::fake::closed_port().to_string();
        let remote = [("NewEnabled", "1"), ("NewPort", port.as_str()), ("NewUsername", "fern"), ("NewPassword", SET)];
        answers.push(client.call(ADMIN, "SetConfig", &remote));
        for action in ["GetInfo", "GetDDNSInfo"] {
            answers.push(client.call(("fern", SET), action, &[]));
        }
        answers.push(client.get("/api/v1/status"));
        for told in &answers {
            silent("an answer", &format!("{}\n{}", told.head, told.body));
        }
        daemon.signal(Signal::HUP);
        daemon.says("the new configuration is in force");
        for command in [&["status"][..], &["status", "--json"], &["plan"], &["check"], &["detect"]] {
            let ended = home.run(&[command, &level].concat());
            silent(command[0], &ended.stdout);
            silent(command[0], &ended.stderr);
        }
        assert_eq!(daemon.stop(), Some(0));
        silent("the log", &daemon.text());
        for (file, text) in home.state_texts() {
            match file.file_name().and_then(|name| name.to_str()) {
                Some("overlay.toml") => {
                    assert!(text.contains(SET), "{text}");
                    for password in [ROUTER.1, ADMIN.1, PHONE.1, WRONG] {
                        assert!(!text.contains(password), "{text}");
                    }
                }
                _ => silent(&file.display().to_string(), &text),
            }
        }
    }
}

#[test]
fn a_digest_is_taken_once_and_a_login_of_another_path_or_method_is_none() {
    let provider = Fake::start(Answer::good);
    let config = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", PUSHED);
    for digest in ["MD5", "SHA-256"] {
        let home = Home::new(&format!("{config}{}digest = {digest:?}\n", web("")));
        let daemon = home.daemon();
        let client = daemon.client();
        let asked = client.call_bare("GetInfo", &[]);
        let challenge = asked.field("www-authenticate").expect("a challenge");
        assert_eq!(challenge.contains("SHA-256"), digest == "SHA-256", "{challenge}");
        assert_eq!(asked.head.to_lowercase().matches("www-authenticate").count(), 1, "old clients read one challenge only");
        assert_eq!(client.call(ADMIN, "GetInfo", &[]).status, 200);
        assert_eq!(client.call((ADMIN.0, WRONG), "GetInfo", &[]).status, 401);
        // A digest is no login at the intake, and Basic is none at the service.
        let answer = |method: &str, uri: &str| {
            let context = digest_auth::AuthContext::new_with_method::<_, _, _, &[u8]>(
                ADMIN.0,
                ADMIN.1,
                uri,
                None,
                if method == "GET" { digest_auth::HttpMethod::GET } else { digest_auth::HttpMethod::POST },
            );
            let mut challenge =
                digest_auth::parse(client.call_bare("GetInfo", &[]).field("www-authenticate").expect("asked")).expect("a digest");
            challenge.respond(&context).expect("an answer").to_header_string()
        };
        let told = client.ask("GET", &format!("/nic/update?hostname={NAME}"), &[("Authorization", &answer("GET", "/nic/update"))], "");
        assert_eq!(told.pair(), (401, "badauth"));
        let action = ("SOAPAction", "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1#GetInfo");
        let body = wanbeacon::tr064::soap::request("urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1", "GetInfo", &[]);
        let right = answer("POST", REMOTE);
        for (login, status) in [(right.clone(), 200), (right, 401), (answer("GET", REMOTE), 401), (basic(ADMIN), 401)] {
            let told = client.ask("POST", REMOTE, &[action, ("Authorization", &login)], &body);
            assert_eq!(told.status, status, "{login}: {told:?}");
        }
    }
}
