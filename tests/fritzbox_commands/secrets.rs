//! Passwords go to the box, over TLS, and nowhere else.

use std::fs;
use std::process::Stdio;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::double::odd::{Oddity, On};
use crate::double::wire::Then;
use crate::rig::{PASSWORD, PATIENCE, Rig, program};

const NEW: &str = "Neues-Geheimnis-4711";

/// Looks like a key inside of an update URL.
const KEY: &str = "0123456789abcdef0123";

#[tokio::test]
async fn without_tls_a_new_password_stays_here() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.secure_port = 0);
    let secret = rig.write("new.secret", NEW);
    for arguments in [&["set-ddns", "--mode", "both"][..], &["set-config", "--port", "443", "--username", "fern"]] {
        let ended = rig.fritzbox(&[arguments, &["--password-file", &secret]].concat()).await;
        assert!(ended.sentence(77).contains("the box offers no TLS"), "{ended:?}");
    }
    assert!(rig.changes().is_empty() && rig.double.asked().iter().all(|request| !request.authorized()), "{:?}", rig.double.brief());
    rig.fritzbox(&["info"]).await.good();
}

#[tokio::test]
async fn no_password_is_shown_even_at_the_finest_level() {
    let rig = Rig::new().await;
    let url = format!("https://me:{NEW}@ddns.example/{KEY}?token=abc&host=<domain>&ip=<ipaddr>");
    rig.double.change(|state| state.remote.ddns.update_url.clone_from(&url));
    let shown = rig.fritzbox(&["ddns"]).await;
    assert!(shown.good().contains("https://me:•••@ddns.example/•••?token=•••&host=<domain>&ip=<ipaddr>\n"), "{shown:?}");
    let secret = rig.write("new.secret", NEW);
    for arguments in [
        &["ddns"][..],
        &["ddns", "--json"],
        &["info"],
        &["wan"],
        &["set-ddns", "--mode", "both", "--password-file", &secret],
        &["set-ddns", "--domain", "", "--mode", "v6", "--update-url", "noslash", "--password-file", &secret],
        &["set-config", "--port", "443", "--username", "fern", "--password-file", &secret],
    ] {
        let ended = rig.fritzbox(&[arguments, &["--log-level", "trace"]].concat()).await;
        for secret in [PASSWORD, NEW, KEY, "token=abc", "geheim"] {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{secret}: {ended:?}");
        }
    }
    let known = fs::read_to_string(rig.path("state/known_boxes")).unwrap();
    assert!(!known.contains(PASSWORD), "{known}");
}

#[tokio::test]
async fn the_list_of_processes_shows_no_password() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.odd.add(On::Action("SetDDNSConfig"), Oddity::Raw(Vec::new(), Then::Hang)));
    let secret = rig.write("new.secret", NEW);
    let mut child = rig.command(&["fritzbox", "set-ddns", "--password-file", &secret]).spawn().unwrap();
    // The box holds its answer back: the program is in the middle of it.
    rig.double.wait_asked(|asked| asked.iter().any(|request| request.action() == "SetDDNSConfig" && request.authorized())).await;
    let process = format!("/proc/{}", child.id().expect("it runs"));
    let bytes = ["cmdline", "environ"].map(|name| fs::read(format!("{process}/{name}")).unwrap());
    child.start_kill().unwrap();
    child.wait().await.unwrap();
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(text.contains("set-ddns") && !text.contains(NEW) && !text.contains(PASSWORD), "{text}");
}

#[tokio::test]
async fn without_a_terminal_a_missing_password_is_an_error_that_names_the_option() {
    let rig = Rig::new().await;
    rig.configure("");
    for (arguments, option) in [(&["info"][..], "--login-password-file"), (&["set-ddns", "--mode", "both"], "--password-file")] {
        if option == "--password-file" {
            rig.configure("username = \"admin\"\npassword = { file = \"box.secret\" }");
        }
        let mut command = program("setsid");
        command.args(["--wait", env!("CARGO_BIN_EXE_wanbeacon"), "fritzbox"]).args(arguments).args(rig.options());
        let ended = rig.finish(command).await;
        assert!(ended.sentence(64).contains(&format!("name a file with {option}")), "{ended:?}");
    }
    assert!(rig.double.asked().is_empty(), "{:?}", rig.double.brief());
}

#[tokio::test]
async fn at_a_terminal_the_password_is_asked_for() {
    let rig = Rig::new().await;
    rig.configure("username = \"admin\"\npassword = { file = \"box.secret\" }");
    let words = [env!("CARGO_BIN_EXE_wanbeacon"), "fritzbox", "set-ddns", "--mode", "v6", "--login", "guest"].map(str::to_owned);
    let (transcript, code) = terminal(
        &words.into_iter().chain(rig.options()).collect::<Vec<_>>(),
        &[
            ("Password of guest at the FRITZ!Box: ", "besuch\n"),
            ("Password for the dynamic DNS service (the box does not tell it): ", "neu\n"),
        ],
    )
    .await;
    assert_eq!(code, Some(77), "{transcript}");
    assert!(transcript.contains("606"), "the login was good, its right was not: {transcript}");

    let words = [env!("CARGO_BIN_EXE_wanbeacon"), "fritzbox", "set-ddns", "--mode", "v6"].map(str::to_owned);
    let answers = [("Password for the dynamic DNS service (the box does not tell it): ", "neu\n")];
    let (transcript, code) = terminal(&words.into_iter().chain(rig.options()).collect::<Vec<_>>(), &answers).await;
    assert_eq!(code, Some(0), "{transcript}");
    assert_eq!(rig.double.change(|state| state.remote.ddns.password.clone()), "neu");
}

/// Runs `words` at a terminal of its own (script(1)), answering each prompt when it is there; everything shown, and how it ended.
pub(crate) async fn terminal(words: &[String], answers: &[(&str, &str)]) -> (String, Option<i32>) {
    let mut command = program("script");
    command.args(["--quiet", "--return", "--flush", "--command", &words.join(" "), "/dev/null"]).stdin(Stdio::piped());
    let mut child = command.spawn().expect("script(1) of util-linux is there");
    let (mut input, mut output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let mut shown = Vec::new();
    let mut looked = 0;
    let mut buffer = [0; 4096];
    let mut answers = answers.iter();
    let mut next = answers.next();
    loop {
        let length = tokio::time::timeout(PATIENCE, output.read(&mut buffer)).await;
        let length = length.unwrap_or_else(|_| panic!("nothing follows {:?}", String::from_utf8_lossy(&shown))).expect("readable");
        if length == 0 {
            break;
        }
        shown.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&shown).into_owned();
        if let Some((prompt, answer)) = next
            && text[looked..].contains(prompt)
        {
            looked = text.len();
            input.write_all(answer.as_bytes()).await.expect("it listens");
            next = answers.next();
        }
    }
    let status = child.wait().await.expect("it ended");
    (String::from_utf8_lossy(&shown).into_owned(), status.code())
}
