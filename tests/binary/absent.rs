//! What the commands say where the daemon, the state or a password is out of reach.

use std::os::unix::process::CommandExt as _;
use std::path::Path;

use serde_json::Value;

use crate::storage::{NOBODY, is_root};
use crate::support::daemon::Daemon;
use crate::support::fake::{Answer, Fake, closed_port};
use crate::support::home::{Ended, Home, NAME, V4_NEW, custom, finish, fixed};
use crate::support::skipped;

/// The variable that holds the password, for the daemon alone.
const SECRET: &str = "SECRET_OF_THE_SERVICE";

fn locked(status: &Value, entry: usize) -> bool {
    status["ddns"][entry]["ipv4"]["locked"].is_object()
}

/// Two entries with one login whose password stands in a variable.
fn with_login(provider: &Fake) -> Home {
    let entry = |name: &str| {
        format!(
            "[[ddns]]\nupdate_url = {:?}\ndomain = {name:?}\nusername = \"me\"\npassword = {{ env = {SECRET:?} }}\nmode = \"v4\"\nverify = \
             false\n",
            provider.v4("/up?ip=<ipaddr>")
        )
    };
    Home::new(&format!("{}{}[wan]\n{}\n", entry(NAME), entry("second.example.org"), fixed(Some(V4_NEW), None)))
        .with_variable(SECRET, "gurkensalat")
}

/// From the shell of somebody to whom the password is not given.
fn outside(home: &Home, arguments: &[&str]) -> Ended {
    let mut command = home.command(arguments);
    command.env_remove(SECRET);
    finish(command)
}

#[test]
fn without_a_daemon_and_a_state_no_picture_is_made_up() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)));
    let ended = home.run(&["status"]).with(69);
    let folder = home.state().to_str().expect("plain");
    for part in ["no daemon is running", folder, "--state-dir"] {
        assert!(ended.stderr.contains(part), "{part} is missing in: {}", ended.stderr);
    }
    assert!(ended.stdout.contains("undefined") && !ended.stdout.contains("checking"), "{}", ended.stdout);
    let status = home.run(&["status", "--json"]).with(69).json();
    let shown = &status["ddns"][0]["ipv4"];
    assert_eq!((&shown["status"], &shown["reason"]), (&"undefined".into(), &"nothing is known".into()), "{status:#}");
    assert!(!home.state().exists(), "status makes nothing");
    let unlock = home.run(&["unlock"]).with(75);
    assert!(unlock.stderr.contains(folder) && unlock.stdout.is_empty(), "{unlock:?}");
    let plan = home.run(&["plan"]).with(0);
    assert!(plan.stderr.contains(folder) && plan.stderr.contains("a first round"), "{}", plan.stderr);
    assert!(plan.stdout.contains("send"), "{}", plan.stdout);
    assert!(home.run(&["status"]).with(69).stdout.contains("undefined"), "a plan is not remembered");
    home.once().with(0);
    for command in ["status", "plan"] {
        let ended = home.run(&[command]).with(0);
        assert!(!ended.stderr.contains("nothing is known"), "{}", ended.stderr);
    }
}

#[test]
fn a_daemon_without_a_state_folder_is_asked_at_its_web_listener() {
    let provider = Fake::start(Answer::good);
    let config = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None));
    let web = format!("[web]\nlisten = \"127.0.0.1:{}\"\n", closed_port());
    let home = Home::new(&format!("{config}{web}")).with_state(Path::new("none"));
    let daemon = home.daemon();
    daemon.says("answered");
    daemon.says("listening on http://");
    let ended = home.run(&["status"]).with(0);
    assert!(ended.stdout.contains(V4_NEW) && ended.stderr.contains("this is what the daemon at http://127.0.0.1:"), "{ended:?}");
    home.configure(&format!("{config}{web}").replace(NAME, "other.example.org"));
    let ended = home.run(&["status"]).with(69);
    assert!(!ended.stdout.contains(V4_NEW) && ended.stderr.contains("nothing is known"), "a daemon with other names: {ended:?}");
}

#[test]
fn a_daemon_that_cannot_use_its_state_folder_is_asked_at_its_web_listener() {
    if !is_root() {
        return skipped("needs root to run the program as somebody else");
    }
    let provider = Fake::start(Answer::good);
    let config = custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None));
    let home = Home::new(&format!("{config}[web]\nlisten = \"127.0.0.1:{}\"\n", closed_port())).unwritable();
    let as_nobody = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.uid(NOBODY).gid(NOBODY);
        command
    };
    let daemon = Daemon::start(as_nobody(&[]));
    daemon.says("answered");
    daemon.says("listening on http://");
    for ended in [home.run(&["status"]), finish(as_nobody(&["status"]))] {
        assert!(ended.stdout.contains(V4_NEW) && ended.stderr.contains("this is what the daemon at http://127.0.0.1:"), "{ended:?}");
    }
}

#[test]
fn commands_that_send_nothing_do_without_the_password() {
    let provider = Fake::start(|_| Answer::ok("badauth"));
    let home = with_login(&provider);
    for command in [&["status"][..], &["plan"], &["detect"], &["unlock"]] {
        assert_ne!(outside(&home, command).code, Some(78), "{command:?}");
    }
    home.once().with(77);
    let inside = home.run(&["status", "--json"]).with(77).json();
    assert_eq!(outside(&home, &["status", "--json"]).with(77).json(), inside, "its locks are known, and stay");
    assert!(locked(&inside, 0) && locked(&inside, 1), "{inside:#}");
    let plan = outside(&home, &["plan"]).with(77);
    assert!(!plan.stdout.contains("send"), "{}", plan.stdout);
    for command in [&["check"][..], &["--once"], &["update"]] {
        outside(&home, command).with(78);
    }
    let ended = outside(&home, &["unlock", NAME]).with(0);
    assert!(ended.stdout.contains("the lock is opened by command"), "{ended:?}");
    let status = home.status();
    assert!(!locked(&status, 0) && !locked(&status, 1), "{status:#}");
    assert_eq!(provider.count(), 1);
    home.once().with(77);
    assert_eq!(provider.count(), 2, "the password was there all the time");
}
