//! Imports point one way, and what is pure stays pure (the rule in `src/lib.rs`). Read from the sources, so that nobody has to
//! remember it.

use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms a room may name. A room is the first part of a module's path.
///
/// `main → cli → daemon → edges`, `daemon → engine → rules`, edges → types of the rules and of the settings,
/// `config → rules` (and the catalogue). Edges among themselves: only where it is listed.
const ALLOWED: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("rules", &["rules"]),
    ("engine", &["rules", "engine"]),
    ("catalog", &["rules"]),
    ("config", &["rules", "catalog"]),
    ("detect", &["rules", "config", "http", "resolve", "tr064"]),
    ("tr064", &["rules", "config", "catalog", "http", "owner"]),
    ("update", &["rules", "config", "http"]),
    ("verify", &["rules", "config", "resolve"]),
    ("http", &["rules", "config", "resolve"]),
    ("resolve", &["rules", "config"]),
    ("store", &["rules", "config", "owner"]),
    ("control", &["rules", "config"]),
    ("log", &["rules", "config"]),
    ("owner", &[]),
    ("sandbox", &[]),
    ("signals", &["rules", "config"]),
    ("systemd", &["rules", "config"]),
    ("web", &["rules", "config", "tr064", "owner"]),
];

/// The roots of the program: they know every room.
const ROOTS: [&str; 3] = ["cli", "daemon", "lib"];

/// What has no place in a pure file.
const WORLDLY: [&str; 12] = [
    "async ",
    ".await",
    "tokio::",
    "tracing::",
    "reqwest::",
    "std::fs",
    "std::env",
    "std::process",
    "std::time::Instant",
    "std::time::SystemTime",
    "Instant::now",
    "SystemTime::now",
];

/// Longest file outside tests, in lines.
const LINES: usize = 300;

/// Longer ones: how long they may be, and why they stay in one piece.
const LONGER: &[(&str, usize, &str)] = &[("daemon.rs", 330, "the composition root: the only file that knows every edge")];

/// One source file without its tests and comments.
struct Source {
    /// Under `src/`.
    path: String,
    room: String,
    code: String,
    /// Lines, tests excluded.
    lines: usize,
}

impl Source {
    fn is_pure(&self) -> bool {
        self.room == "rules" || self.room == "engine"
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the sources can be read") {
            let path = entry.expect("the sources can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let relative = |path: &Path| path.strip_prefix(&root).expect("it was found there").to_string_lossy().into_owned();
    let is_test = |path: &str| path.split('/').any(|part| matches!(part, "tests.rs" | "tests" | "fake.rs"));
    let source = |path: &PathBuf| {
        let name = relative(path);
        let text = fs::read_to_string(path).expect("the sources can be read");
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let module = name.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        (!is_test(&name)).then(|| Source { path: name, room: module, lines: text.lines().count(), code })
    };
    files.iter().filter_map(source).collect()
}

/// The rooms that `code` names: `crate::room`, `wanbeacon::room`, and the members of `crate::{a, b::c}`.
fn rooms_named(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = Vec::new();
    for prefix in ["crate::", "wanbeacon::"] {
        for (at, _) in code.match_indices(prefix) {
            if code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + prefix.len()..];
            match rest.strip_prefix('{') {
                Some(group) => rooms.extend(members(group).map(|member| word(member.trim_start()))),
                None => rooms.push(word(rest)),
            }
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

/// The members of a braced import, on its first level.
fn members(group: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut start, mut members) = (0_i32, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    members.into_iter()
}

#[test]
fn imports_point_one_way() {
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|source| !ROOTS.contains(&source.room.as_str())) {
        let Some((_, allowed)) = ALLOWED.iter().find(|(room, _)| *room == source.room) else {
            breaches.push(format!("src/{} is in a room without a rule; add {:?} to ALLOWED", source.path, source.room));
            continue;
        };
        for named in rooms_named(&source.code) {
            if named != source.room && !allowed.contains(&named.as_str()) {
                breaches.push(format!("src/{} names {named}; {} may name {allowed:?}", source.path, source.room));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_engine_and_the_edges_do_not_know_the_roots() {
    let breaches: Vec<String> = sources()
        .iter()
        .filter(|source| !["cli", "main", "lib"].contains(&source.room.as_str()))
        .flat_map(|source| rooms_named(&source.code).into_iter().map(move |named| (source.path.clone(), named)))
        .filter(|(path, named)| named == "cli" || (named == "daemon" && !path.starts_with("daemon")))
        .map(|(path, named)| format!("src/{path} names {named}"))
        .collect();
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn pure_files_do_not_touch_the_world() {
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|source| source.is_pure()) {
        for word in WORLDLY.iter().filter(|word| source.code.contains(**word)) {
            breaches.push(format!("src/{} is pure and has {word:?}", source.path));
        }
        // `use std::{fs, time::Instant}` in any nesting.
        for (at, _) in source.code.match_indices("use std::") {
            let statement = source.code[at..].split(';').next().unwrap_or_default();
            let names = |word: &str| statement.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|part| part == word);
            for word in
                ["fs", "env", "process", "thread", "Instant", "SystemTime", "TcpStream", "UdpSocket"].into_iter().filter(|it| names(it))
            {
                breaches.push(format!("src/{} is pure and imports {word}", source.path));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_lint_wall_stands_around_the_pure_rooms() {
    for path in ["rules/mod.rs", "engine.rs"] {
        let sources = sources();
        let source = sources.iter().find(|source| source.path == path).expect("the pure rooms are there");
        let wall = "#![deny(clippy::disallowed_types, clippy::disallowed_methods)]";
        assert!(source.code.contains(wall), "src/{path} lacks {wall}");
        assert!(!source.code.contains("allow(clippy::disallowed"), "src/{path} opens the wall");
    }
}

#[test]
fn no_file_is_longer_than_it_should_be() {
    let mut breaches = Vec::new();
    for source in &sources() {
        let allowed = LONGER.iter().find(|(path, ..)| *path == source.path).map_or(LINES, |(_, lines, _)| *lines);
        if source.lines > allowed {
            breaches.push(format!("src/{} has {} lines, {allowed} are enough; split it by meaning", source.path, source.lines));
        }
    }
    for (path, lines, reason) in LONGER {
        let found = sources().iter().any(|source| source.path == *path && source.lines > LINES);
        if !found || reason.is_empty() {
            breaches.push(format!("src/{path} needs no exception ({lines} lines) any more"));
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn an_import_is_read_however_it_is_written() {
    let code = "use crate::{rules::{a, b}, engine::Engine};\nfn f() { crate::http::get(); wanbeacon::store::open() }\nuse mycrate::cli;";
    assert_eq!(rooms_named(code), ["rules", "engine", "http", "store"]);
}
