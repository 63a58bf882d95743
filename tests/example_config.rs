//! `config.example.toml` tells the truth: it loads, and its commented-out defaults are the built-in ones.

use wanbeacon::config::{Settings, World, load};

const EXAMPLE: &str = include_str!("../config.example.toml");
/// The files of secrets that the example names.
const SECRETS: [(&str, &str); 3] = [("/run/secrets/freedyn", "x\n"), ("/run/secrets/fritzbox", "x\n"), ("/run/secrets/web-router", "x\n")];
/// Without a user nothing is served beyond this machine.
const USER: &str = "[[web.user]]\nname = \"admin\"\npassword = \"x\"\nrights = [\"config\"]\n";
const REFERENCE: &str = include_str!("../docs/reference.md");

fn settings(text: &str) -> Settings {
    let loaded = load(text, "config.example.toml", &World::given([], [])).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    });
    assert_eq!(loaded.warnings, [], "the example gives no cause for a warning");
    loaded.settings
}

/// `key = value` of a line that shows a default.
fn shown_default(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("# ")?;
    let (key, _) = rest.split_once(" = ")?;
    key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_').then_some(rest)
}

#[test]
fn the_example_loads() {
    assert_eq!(settings(EXAMPLE).entries.len(), 1);
}

#[test]
fn every_default_that_the_example_shows_is_the_built_in_one() {
    let expected = settings(EXAMPLE);
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let shown: Vec<usize> = (0..lines.len()).filter(|at| shown_default(lines[*at]).is_some()).collect();
    assert!(shown.len() >= 12, "only {} defaults found", shown.len());
    for at in shown {
        let mut text = lines.clone();
        text[at] = shown_default(lines[at]).expect("it was found above");
        assert_eq!(settings(&text.join("\n")), expected, "{}", lines[at]);
    }
}

#[test]
fn every_other_value_that_the_example_shows_is_understood() {
    let world = World::given(
        [("FREEDYN_PASSWORD", "x"), ("CREDENTIALS_DIRECTORY", "/run/credentials")],
        SECRETS.into_iter().chain([("/run/credentials/freedyn", "x\n"), ("/etc/wanbeacon/ca.pem", "-----BEGIN CERTIFICATE-----\n")]),
    );
    let mut table = "";
    for line in EXAMPLE.lines() {
        if line.starts_with('[') {
            table = line;
        }
        let Some(example) = line.strip_prefix("#   e.g. ") else {
            continue;
        };
        let (key, _) = example.split_once(" = ").expect("an example is a key and a value");
        let example = example.split("      (").next().unwrap_or(example);
        // The entry without the key that the example replaces; a URL of one's own stands alone.
        let own_url = key == "update_url";
        let kept = |shown: &&str| !(shown.starts_with('#') || shown.starts_with(key) || own_url && shown.starts_with("provider"));
        let entry: Vec<&str> = EXAMPLE.lines().filter(|shown| !shown.starts_with('[')).filter(kept).collect();
        let text = if table == "[[ddns]]" {
            format!("[[ddns]]\n{}\n{example}\n", entry.join("\n"))
        } else {
            let user = if table.starts_with("[web") { USER } else { "" };
            format!("[[ddns]]\n{}\n{table}\n{example}\n{user}", entry.join("\n"))
        };
        let result = load(&text, "config.toml", &world);
        assert!(result.is_ok(), "{example}: {:#?}", result.err());
    }
}

/// The indented blocks, each with the number of its first line.
fn blocks() -> Vec<(usize, Vec<&'static str>)> {
    let mut blocks: Vec<(usize, Vec<&str>)> = Vec::new();
    for (at, line) in EXAMPLE.lines().enumerate() {
        let Some(shown) = line.strip_prefix("#     ") else {
            continue;
        };
        match blocks.last_mut().filter(|(first, lines)| first + lines.len() == at) {
            Some((_, lines)) => lines.push(shown),
            None => blocks.push((at, vec![shown])),
        }
    }
    blocks
}

#[test]
fn every_block_that_the_example_shows_is_understood_where_it_stands() {
    let world = World::given([], SECRETS);
    let blocks = blocks();
    assert!(blocks.len() >= 2, "only {} blocks found", blocks.len());
    for (first, shown) in blocks {
        // Beside another line that of [wan] needs its interface, as the text says.
        let interface = |line: &'static str| line.strip_prefix("#   e.g. ").filter(|it| it.starts_with("interface = "));
        let mut lines: Vec<&str> = EXAMPLE.lines().map(|line| interface(line).unwrap_or(line)).collect();
        // A table of its own would take the keys that follow: it goes to the end.
        let at = if shown[0].starts_with('[') { lines.len() } else { first };
        lines.splice(at..at, shown.iter().copied());
        let loaded = load(&lines.join("\n"), "config.toml", &world);
        let warnings = loaded.map(|loaded| loaded.warnings);
        assert_eq!(warnings.as_deref(), Ok(&[][..]), "{shown:#?}");
    }
}

#[test]
fn the_reference_names_every_key_of_the_example() {
    let keys = EXAMPLE.lines().filter_map(|line| {
        let line = line.strip_prefix("#   e.g. ").or_else(|| line.strip_prefix("# ")).unwrap_or(line);
        let (key, _) = line.split_once(" = ")?;
        key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_').then_some(key)
    });
    for key in keys {
        assert!(REFERENCE.contains(&format!("`{key}`")), "docs/reference.md does not name {key}");
    }
}
