//! A new version goes on where the last one stopped: its state folder is read, and nothing is sent because of the new version.
//!
//! `tests/fixtures/state/` has a folder per version: what its program wrote, and the configuration that it wrote it for.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// What every one of the folders says: name, family, and what became of it.
const KNOWN: [(&str, &str, &str); 5] = [
    ("home.dyn.test", "ipv4", "complete 91.12.34.56"),
    ("home.dyn.test", "ipv6", "complete 2003:f:ab:1::1"),
    ("nas.dyn.test", "ipv4", "complete 91.12.34.56"),
    ("nas.dyn.test", "ipv6", "complete 2003:f:ab:1::1"),
    ("banned.dyn.test", "ipv4", "account-disabled (none)"),
];

/// Somebody must act: an entry is locked.
const LOCKED: Option<i32> = Some(77);

fn versions() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state");
    let found: Vec<PathBuf> =
        fs::read_dir(folder).expect("there are old states").map(|entry| entry.expect("they can be listed").path()).collect();
    assert!(!found.is_empty(), "there is no old state");
    found
}

/// A state folder as `version` left it.
fn state_of(version: &Path) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let state = folder.path().join("state");
    fs::copy(version.join("state"), &state).expect("the state can be copied");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o600)).expect("the copy is ours");
    folder
}

fn wanbeacon(version: &Path, state: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wanbeacon"));
    command.env_clear().args(arguments).arg("--config").arg(version.join("config.toml")).arg("--state-dir").arg(state.path());
    command.output().expect("the program starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn what_an_older_version_published_and_was_refused_is_known() {
    for version in versions() {
        let state = state_of(&version);
        let status = json(&wanbeacon(&version, &state, &["status", "--json"]));
        let mut found = BTreeMap::new();
        for entry in status["ddns"].as_array().expect("a list") {
            for family in ["ipv4", "ipv6"] {
                let seen = &entry[family];
                let published = seen["published"].as_str().unwrap_or("(none)");
                let word = seen["status"].as_str().expect("a word");
                found.insert((entry["domain"].as_str().expect("a name"), family), format!("{word} {published}"));
            }
        }
        for (name, family, expected) in KNOWN {
            assert_eq!(found.get(&(name, family)).map(String::as_str), Some(expected), "{}: {name} {family}", version.display());
        }
    }
}

#[test]
fn nothing_is_sent_because_of_a_new_version() {
    for version in versions() {
        let state = state_of(&version);
        let plan = json(&wanbeacon(&version, &state, &["plan", "--json"]));
        let planned = plan["plan"].as_array().expect("a list");
        assert_eq!(planned.len(), KNOWN.len(), "{plan:#}");
        assert!(planned.iter().all(|row| row["action"] == "nothing"), "{}: {plan:#}", version.display());
        // A request would fail, as nobody listens, and would be told.
        let round = wanbeacon(&version, &state, &["--once", "--log-level", "info"]);
        let told = String::from_utf8_lossy(&round.stderr);
        assert_eq!(round.status.code(), LOCKED, "{}: {told}", version.display());
        assert!(!told.contains("sending"), "{}: {told}", version.display());
        assert!(!state.path().join("state.damaged-1").exists(), "{}: {told}", version.display());
    }
}

#[test]
fn without_its_passwords_an_old_state_is_known_after_a_round_of_the_new_version() {
    const SECRETS: [(&str, &str); 2] = [("WORD", "word"), ("ANOTHER", "another")];
    for version in versions() {
        let state = state_of(&version);
        let config = state.path().join("config.toml");
        let text = fs::read_to_string(version.join("config.toml")).expect("it can be read");
        let elsewhere = |text: String, (name, secret): (&str, &str)| text.replace(&format!("{secret:?}"), &format!("{{ env = {name:?} }}"));
        fs::write(&config, SECRETS.into_iter().fold(text, elsewhere)).expect("the folder is ours");
        let run = |arguments: &[&str], secrets: &[(&str, &str)]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_wanbeacon"));
            command
                .env_clear()
                .envs(secrets.iter().copied())
                .args(arguments)
                .arg("--config")
                .arg(&config)
                .arg("--state-dir")
                .arg(state.path());
            command.output().expect("the program starts")
        };
        let before = run(&["status"], &[]);
        let told = String::from_utf8_lossy(&before.stderr);
        assert!(before.status.code() == Some(78) && told.contains("banned.dyn.test"), "{}: {before:?}", version.display());
        assert_eq!(run(&["--once"], &SECRETS).status.code(), LOCKED, "{}", version.display());
        let (without, with) = (run(&["status", "--json"], &[]), run(&["status", "--json"], &SECRETS));
        assert_eq!((without.status.code(), json(&without)), (LOCKED, json(&with)), "{}", version.display());
    }
}
