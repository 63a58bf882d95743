//! The documents tell the truth: configurations load, commands parse, links lead somewhere, tables equal the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::CommandFactory as _;
use serde_json::Value;
use wanbeacon::cli::args::Args;
use wanbeacon::cli::exit::Exit;
use wanbeacon::config::{DEFAULT_INTERVAL, DEFAULT_SETTLE, World, load};
use wanbeacon::rules::address::Family;
use wanbeacon::rules::consensus::{CrossCheck, services};
use wanbeacon::rules::dialect::Scope;
use wanbeacon::rules::moment::RELEASED;
use wanbeacon::rules::reply::wait::{self, Wait};
use wanbeacon::rules::schedule;
use wanbeacon::rules::snapshot::LockPicture;
use wanbeacon::rules::status::Status;

#[path = "docs/blocks.rs"]
mod blocks;
#[path = "docs/commands.rs"]
mod commands;
#[path = "docs/markdown.rs"]
mod markdown;
#[path = "docs/secrets.rs"]
mod secrets;
#[path = "docs/shell.rs"]
mod shell;

use markdown::{Block, page, pages, root, spans};

/// The values of `key = "…"` in a configuration.
fn values<'a>(config: &'a str, key: &str) -> Vec<&'a str> {
    let opening = format!("{key} = \"");
    config.split(opening.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// A world with every file and credential that the configuration names.
fn world_of(config: &str) -> World {
    const CREDENTIALS: &str = "/run/credentials/wanbeacon.service";
    let credentials: Vec<String> = values(config, "{ credential").iter().map(|name| format!("{CREDENTIALS}/{name}")).collect();
    let files = values(config, "{ file").into_iter().chain(credentials.iter().map(String::as_str));
    World::given([("CREDENTIALS_DIRECTORY", CREDENTIALS)], files.map(|file| (file, "a secret\n")))
}

#[test]
fn every_configuration_loads_without_a_warning() {
    let mut count = 0;
    for page in pages() {
        for Block { text, .. } in page.blocks().iter().filter(|block| block.language == "toml") {
            let loaded = load(text, "config.toml", &world_of(text)).map(|loaded| loaded.warnings);
            assert_eq!(loaded.as_deref(), Ok(&[][..]), "{}:\n{text}", page.path.display());
            count += 1;
        }
    }
    assert!(count >= 4, "only {count} configurations found");
}

#[test]
fn the_table_of_commands_is_complete() {
    let readme = page("README.md");
    let listed: BTreeSet<String> = readme.table("Commands").iter().filter_map(|row| Some(spans(row[0]).first()?.clone())).collect();
    for command in Args::command().get_subcommands() {
        let name = format!("wanbeacon {}", command.get_name());
        assert!(listed.iter().any(|line| *line == name || line.starts_with(&format!("{name} "))), "{name:?} is missing in the README");
    }
}

#[test]
fn every_global_option_is_in_the_reference() {
    let reference = page("docs/reference.md");
    let table = reference.section("Options");
    for option in Args::command().get_arguments().filter(|option| option.is_global_set()) {
        let name = option.get_long().unwrap_or_default();
        let variable = option.get_env().and_then(|name| name.to_str()).unwrap_or_default();
        assert!(table.contains(&format!("| `--{name} ")) && table.contains(&format!("`{variable}`")), "--{name}");
    }
}

#[test]
fn no_option_takes_a_password() {
    fn names(command: &clap::Command) -> Vec<String> {
        let own = command.get_arguments().filter_map(|option| Some(option.get_long()?.to_owned()));
        own.chain(command.get_subcommands().flat_map(names)).collect()
    }
    for name in names(&Args::command()) {
        let takes_secret = ["password", "token", "secret"].iter().any(|word| name.contains(word)) && !name.ends_with("-file");
        assert!(!takes_secret, "--{name} would show a secret in the process list");
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    for page in pages() {
        for link in page.links().iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let here = page.path.parent().unwrap_or(Path::new(""));
            let target = if file.is_empty() { page.path.clone() } else { here.join(file) };
            assert!(root().join(&target).exists(), "{}: {link:?} leads nowhere", page.path.display());
            let found = anchor.is_empty() || markdown::page(&target).anchors().iter().any(|known| known == anchor);
            assert!(found, "{}: {link:?} names no heading", page.path.display());
        }
    }
}

/// All of them, in the order of their declaration; a new one does not compile until it is in here.
fn next(status: Status) -> Option<Status> {
    Some(match status {
        Status::Offline => Status::Undefined,
        Status::Undefined => Status::AccountDisabled,
        Status::AccountDisabled => Status::Updating,
        Status::Updating => Status::InternetNotConnected,
        Status::InternetNotConnected => Status::Checking,
        Status::Checking => Status::NewAddress,
        Status::NewAddress => Status::Verifying,
        Status::Verifying => Status::Updated,
        Status::Updated => Status::Complete,
        Status::Complete => return None,
    })
}

#[test]
fn the_readme_lists_the_status_words_of_the_code() {
    let all = std::iter::successors(Some(Status::Offline), |status| next(*status));
    let words: BTreeSet<String> = all.flat_map(|status| Family::ALL.map(|family| status.word(family).to_owned())).collect();
    let readme = page("README.md");
    let listed: BTreeSet<String> = readme.table("Status words").iter().flat_map(|row| spans(row[0])).collect();
    assert_eq!(listed, words);
}

#[test]
fn the_readme_lists_the_exit_codes_of_the_code() {
    let readme = page("README.md");
    let listed: Vec<u8> = readme.table("Exit codes").iter().map(|row| row[0].parse().expect("a number")).collect();
    let codes: Vec<u8> = (0..=u8::MAX).filter(|code| Exit::from_code(*code).is_some()).collect();
    assert_eq!(listed, codes);
}

/// The durations that a row names.
fn durations(row: &[&str]) -> Vec<Duration> {
    let cells = row.join(" ");
    cells.split([' ', ',']).filter_map(|word| humantime::parse_duration(word).ok()).collect()
}

#[test]
fn the_timers_in_the_documents_are_those_of_the_code() {
    let behaviour = page("docs/behaviour.md");
    let listed: BTreeMap<String, Vec<Duration>> = behaviour.table("Timers").iter().map(|row| (row[0].to_owned(), durations(row))).collect();
    let between = |wait: Wait| vec![wait.first, wait.cap];
    let expected = [
        ("look at the sources", vec![DEFAULT_INTERVAL]),
        ("look at sources that are proven to tell of changes", vec![DEFAULT_INTERVAL * schedule::RARELY]),
        ("cross-check of a router or an interface from outside", vec![CrossCheck::EVERY, CrossCheck::AGAIN]),
        ("rest after the first change of a quiet spell", vec![DEFAULT_SETTLE]),
        ("rest after a change within 10m of another one", vec![schedule::QUIET, schedule::DEBOUNCE]),
        ("one request for both families waits for the missing one", vec![schedule::TOGETHER_GRACE]),
        ("between two requests for one name and family", vec![schedule::SPACING]),
        ("budget of one name and family", vec![schedule::REFILL]),
        ("between two requests for an account", vec![]),
        ("back-off: nothing could be sent (network)", between(wait::NETWORK)),
        ("back-off: certificate refused", between(wait::TLS)),
        ("back-off: sent, no readable reply", between(wait::AMBIGUOUS)),
        ("back-off: server error (5xx)", between(wait::PROVIDER_FAULT)),
        ("back-off: `911`", between(wait::SERVER_FAULT)),
        ("back-off: rate limit without `Retry-After`", between(wait::RATE_LIMITED)),
        ("`Retry-After`", vec![wait::GIVEN_FLOOR, wait::GIVEN_CAP]),
        ("back-off: the reply is not of this protocol", between(wait::PROTOCOL)),
        ("back-off: unknown word", between(wait::UNKNOWN_WORD)),
        ("bare 401 or 403", vec![wait::REFUSED_STATUS.first]),
        ("400, 404 and their like", vec![wait::DOUBTFUL_STATUS.first]),
        ("names of a batch go one by one", vec![schedule::SPLIT]),
        ("`update`, `unlock`", vec![schedule::MANUAL]),
        ("refresh", vec![schedule::REFRESH_SPREAD]),
        ("repair", vec![schedule::FIRST_REPAIR, schedule::NEXT_REPAIR]),
        ("full disk", vec![schedule::STORAGE_RETRY]),
        ("built-in web service", vec![services::REST]),
    ];
    assert_eq!(listed, expected.into_iter().map(|(timer, spans)| (timer.to_owned(), spans)).collect());
    assert!(behaviour.section("Timers").contains(&format!("{} requests at once", schedule::BURST)));
}

/// The names of all fields in `value`, at any depth.
fn fields(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.keys().cloned());
            object.values().for_each(|value| fields(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_the_json_outputs_is_in_the_reference() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    let text = "[[ddns]]\nupdate_url = \"http://127.0.0.1:9/u?h=<domain>&a=<ipaddr>\"\ndomain = \"a.example.org\"\n\
                [wan]\nipv4 = \"static:91.12.34.56\"\nipv6 = []\n[daemon]\nresolver = \"127.0.0.1:9\"\n";
    std::fs::write(&config, text).expect("the folder can be written");
    let reference = page("docs/reference.md");
    for command in ["status", "plan", "detect"] {
        let output = Command::new(env!("CARGO_BIN_EXE_wanbeacon"))
            .env_clear()
            .args([command, "--json", "--state-dir", "none", "--config"])
            .arg(&config)
            .output()
            .expect("the program starts");
        let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{command}: {error}: {output:?}"));
        let mut found = BTreeSet::new();
        fields(&value, &mut found);
        let lock = LockPicture { since: RELEASED, code: "abuse".into(), scope: Scope::Account, hint: None };
        if command == "status" {
            fields(&serde_json::to_value(lock).expect("plain data"), &mut found);
        }
        let named = spans(reference.section(&format!("`{command} --json`")));
        for field in found {
            assert!(named.contains(&field), "{command} --json: `{field}` is missing in docs/reference.md");
        }
    }
}

/// Every Rust source below `folder`, in one text.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("the folder can be listed");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let read = |path: std::path::PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => std::fs::read_to_string(&path).expect("sources are text"),
        _ => String::new(),
    };
    paths.map(read).collect()
}

#[test]
fn every_file_event_and_action_that_a_document_names_is_there() {
    let events = std::fs::read_to_string(root().join("src/engine/event.rs")).expect("the events are there");
    for page in pages() {
        for span in page.spans() {
            let place = page.path.display();
            if span.starts_with("src/") || span.starts_with("tests/") {
                assert!(root().join(&span).exists(), "{place}: there is no {span}");
            } else if let Some(name) = span.strip_prefix("Event::").or_else(|| span.strip_prefix("Action::")) {
                assert!(events.contains(&format!("    {name}")), "{place}: there is no {span}");
            }
        }
    }
}

/// What looks like a test's name and is none.
const FILES_AND_KEYS: [&str; 4] = ["ca_file", "known_boxes", "tls_fingerprint", "tls_listen"];

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let code = sources(&root().join("src")) + &sources(&root().join("tests"));
    let snake = |span: &String| span.contains('_') && span.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let named: Vec<String> =
        page("docs/threat-model.md").spans().into_iter().filter(snake).filter(|span| !FILES_AND_KEYS.contains(&span.as_str())).collect();
    assert!(named.len() >= 30, "only {} tests found", named.len());
    for name in named {
        assert!(code.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}
