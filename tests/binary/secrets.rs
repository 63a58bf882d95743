//! The password is found nowhere, whatever the other side says.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::Signal;

use crate::support::fake::{Answer, Fake};
use crate::support::home::{Home, NAME, PASSWORD, V4_NEW, fixed};

/// Every form in which the password may be recognised.
fn forms() -> Vec<String> {
    let encoded = utf8_percent_encode(PASSWORD, NON_ALPHANUMERIC).to_string();
    let login = BASE64_STANDARD.encode(format!("1234567890:{PASSWORD}"));
    vec![
        PASSWORD.to_owned(),
        encoded.to_lowercase(),
        encoded,
        BASE64_STANDARD.encode(PASSWORD),
        login,
        PASSWORD.replace('&', "&amp;"),
        url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect(),
    ]
}

#[track_caller]
fn clean(what: &str, text: &str) {
    for form in forms() {
        assert!(!text.contains(&form), "{what} shows {form:?}:\n{text}");
    }
}

/// An entry whose password travels in several ways.
fn config(urls: &str) -> String {
    format!(
        "[[ddns]]\nupdate_url = {urls}\ndomain = \"{NAME}\"\nusername = \"1234567890\"\npassword = \"{PASSWORD}\"\nmode = \"v4\"\n\
         verify = false\n[wan]\n{}\n[daemon]\nsettle = \"0s\"\n",
        fixed(Some(V4_NEW), None)
    )
}

/// What a provider says to the person whose password it repeats.
fn repeat() -> String {
    format!("sorry 1234567890, {} is wrong", forms().join(" and "))
}

fn checks(url: &str, provider: &Fake) {
    for format in ["text", "json"] {
        let home = Home::new(&config(url));
        let level = ["--log-level", "trace", "--log-format", format];
        let before = provider.count();
        let mut daemon = home.daemon_with(&level);
        provider.wait_for(before + 1);
        daemon.says("answered");
        let line = fs::read_to_string(format!("/proc/{}/cmdline", daemon.pid().as_raw_nonzero())).expect("it runs");
        clean("the command line", &line);
        for command in [&["status"][..], &["status", "--json"], &["plan"], &["plan", "--json"], &["unlock"], &["update"], &["check"]] {
            let ended = home.run(&[command, &level].concat());
            clean(command[0], &ended.stdout);
            clean(command[0], &ended.stderr);
        }
        daemon.signal(Signal::HUP);
        daemon.says("the new configuration is in force");
        assert_eq!(daemon.stop(), Some(0));
        clean("the log", &daemon.text());
        for (file, text) in home.state_texts() {
            clean(&file.display().to_string(), &text);
        }
        for command in [&["status", "--json"][..], &["status"], &["detect", "--json"], &["--once"]] {
            let ended = home.run(&[command, &level].concat());
            clean(command[0], &ended.stdout);
            clean(command[0], &ended.stderr);
        }
    }
}

#[test]
fn a_provider_that_repeats_the_password_does_not_bring_it_into_the_open() {
    let replies = [
        Answer::ok(format!("badauth {}", repeat())),
        Answer::ok(repeat()),
        Answer::reply(401, &[("WWW-Authenticate", &format!("Basic realm=\"{}\"", forms()[1]))], repeat()),
        Answer::reply(404, &[("Content-Type", "text/html")], format!("<html><title>{}</title>{}</html>", repeat(), repeat())),
        Answer::reply(302, &[("Location", &format!("http://elsewhere.test/{}?pw={}", forms()[2], forms()[2]))], repeat()),
        Answer::ok(format!("good {V4_NEW} {}", repeat())),
    ];
    for reply in replies {
        let provider = Fake::start(move |_| reply.clone());
        checks(&format!("{:?}", provider.v4("/up?ip=<ipaddr>")), &provider);
    }
}

#[test]
fn a_password_inside_the_url_is_not_shown() {
    let provider = Fake::start(|seen| Answer::ok(format!("unknown request {}", seen.target)));
    checks(&format!("{:?}", provider.v4("/<pass>/up?ip=<ipaddr>&user=<username>&pw=<pass>&login=<b64><username>:<pass></b64>")), &provider);
}

#[test]
fn a_password_in_a_header_or_a_body_is_not_shown() {
    let provider = Fake::start(|seen| Answer::reply(400, &[], format!("{:?} {}", seen.fields, seen.body)));
    let url = format!(
        "{{ url = {:?}, method = \"POST\", headers = {{ Authorization = \"Bearer <pass>\" }}, body = \"ip=<ipaddr>&token=<pass>\" }}",
        provider.v4("/up")
    );
    checks(&url, &provider);
}

#[test]
fn a_password_from_the_environment_or_a_file_is_not_shown() {
    let provider = Fake::start(|_| Answer::ok(format!("badauth {}", repeat())));
    let urls = format!("{:?}", provider.v4("/up?ip=<ipaddr>"));
    let with = |secret: &str| config(&urls).replace(&format!("\"{PASSWORD}\""), secret);
    let home = Home::new(&with("{ env = \"SECRET_OF_THE_TEST\" }")).with_variable("SECRET_OF_THE_TEST", PASSWORD);
    let ended = home.run(&["--once", "--log-level", "trace"]).with(77);
    clean("the log", &ended.stderr);
    let home = Home::new(&with("{ file = \"secret\" }"));
    fs::write(home.path().join("secret"), format!("{PASSWORD}\n")).expect("our own folder");
    let ended = home.run(&["--once", "--log-level", "trace"]).with(77);
    clean("the log", &ended.stderr);
    let sent: Vec<_> = provider.requests().iter().map(|seen| seen.field("authorization").map(str::to_owned)).collect();
    assert_eq!(sent, vec![Some(format!("Basic {}", BASE64_STANDARD.encode(format!("1234567890:{PASSWORD}")))); 2]);
}

#[test]
fn a_problem_in_the_configuration_is_told_without_the_password() {
    for broken in ["username = \"with:colon\"", "mode = \"v7\"", "bogus = 1", "update_url = 5"] {
        let home = Home::new(&format!("[[ddns]]\nprovider = \"freedyn\"\ndomain = \"{NAME}\"\npassword = \"{PASSWORD}\"\n{broken}\n"));
        for command in ["check", "--once"] {
            let ended = home.run(&[command, "--log-level", "trace"]);
            clean(broken, &ended.stdout);
            clean(broken, &ended.stderr);
        }
    }
}
