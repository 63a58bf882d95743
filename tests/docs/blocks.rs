//! No block of a document is passed over, whatever it is written in.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::commands::{is_user, served};
use super::markdown::{Page, page, pages, root, spans};

type Judgement = Result<(), String>;

/// Is what the block says possible? Configurations and commands have tests of their own.
fn judge(page: &Page, language: &str, text: &str) -> Judgement {
    match language {
        "toml" | "sh" | "cron" => Ok(()),
        "text" => text.lines().try_for_each(|line| served(line).map(drop)),
        "ini" => text.lines().try_for_each(|line| directive(page, line)),
        "yaml" => text.lines().try_for_each(home_assistant),
        "python" => python(text),
        other => Err(format!("blocks of {other:?} are checked by nothing: check them in tests/docs/blocks.rs")),
    }
}

/// A line of a drop-in for the unit: what the unit itself has, set or as a comment.
fn directive(page: &Page, line: &str) -> Judgement {
    let unit = std::fs::read_to_string(root().join("systemd/wanbeacon.service")).map_err(|error| error.to_string())?;
    let Some((key, value)) = line.split_once('=') else {
        return if unit.lines().any(|own| own == line) { Ok(()) } else { Err(format!("the unit has no section {line:?}")) };
    };
    let name = value.split(':').next().unwrap_or_default();
    let used = page.text.contains(&format!("{{ credential = {name:?} }}"));
    let known = unit.lines().any(|own| own.trim_start_matches('#').starts_with(&format!("{key}=")));
    if known && (key != "LoadCredential" || used) { Ok(()) } else { Err(format!("{line:?} fits neither the unit nor the configuration")) }
}

/// A line of Home Assistant's configuration: its form is Home Assistant's, what it asks wanbeacon for is ours.
fn home_assistant(line: &str) -> Judgement {
    let (key, value) = line.split_once(':').map_or((line, ""), |(key, value)| (key.trim_start_matches([' ', '-']), value.trim()));
    match key {
        "resource" => served(value).map(drop),
        "username" => is_user(value),
        "value_template" => fields(value),
        "rest" | "authentication" | "password" | "scan_interval" | "sensor" | "name" => Ok(()),
        other => Err(format!("the key {other:?} is checked by nothing")),
    }
}

/// Are the fields of `{{ value_json.… }}` in the reference?
fn fields(template: &str) -> Judgement {
    let reference = page("docs/reference.md");
    let known = spans(reference.section("`status --json`"));
    let path = template.trim_matches(['"', ' ', '{', '}']).strip_prefix("value_json.").ok_or("no field is asked for")?;
    for field in path.split('.').map(|step| step.trim_end_matches("[0]")) {
        if !known.iter().any(|name| name == field) {
            return Err(format!("status --json has no field {field:?}"));
        }
    }
    Ok(())
}

/// The actions are ours; and it is Python, where there is one to say so.
fn python(text: &str) -> Judgement {
    let reference = page("docs/reference.md");
    for action in text.split("call_action(\"").skip(1).filter_map(|rest| rest.split('"').nth(2)) {
        if !reference.text.contains(&format!("\n| `{action}` |")) {
            return Err(format!("there is no action {action:?}"));
        }
    }
    text.split("user=\"").skip(1).filter_map(|rest| rest.split('"').next()).try_for_each(is_user)?;
    let parser = ["-c", "import ast, sys; ast.parse(sys.stdin.buffer.read())"];
    let Ok(mut child) = Command::new("python3").args(parser).stdin(Stdio::piped()).stderr(Stdio::null()).spawn() else {
        return Ok(());
    };
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
    let ended = child.wait().map_err(|error| error.to_string())?;
    if written.is_ok() && ended.success() { Ok(()) } else { Err("this is no Python".to_owned()) }
}

#[test]
fn every_block_is_checked() {
    for page in pages() {
        for block in page.blocks() {
            if let Err(problem) = judge(&page, block.language, &block.text) {
                panic!("{}: {problem}\n{}", page.path.display(), block.text);
            }
        }
    }
}

#[test]
fn a_block_that_cannot_work_is_found() {
    let systemd = page("docs/guide/systemd.md");
    let bad = [
        ("", "anything"),
        ("json", "{}"),
        ("text", "http://192.168.178.2:8245/nic/update?hostnam=<domain>"),
        ("text", "http://192.168.178.2:8245/nic/updat?hostname=<domain>"),
        ("ini", "[Servic]"),
        ("ini", "LoadCredentials=freedyn:/etc/wanbeacon/freedyn"),
        ("ini", "LoadCredential=frobnicate:/etc/wanbeacon/freedyn"),
        ("yaml", "  - resource: http://192.168.178.2:8245/api/v2/status"),
        ("yaml", "    username: frobnicator"),
        ("yaml", "    frobnicate: true"),
        ("yaml", "        value_template: \"{{ value_json.ddns[0].ipv4.frobnicate }}\""),
        ("python", "box.call_action(\"X_AVM-DE_RemoteAccess1\", \"GetDDNSInf\")"),
        ("python", "FritzConnection(user=\"frobnicator\")"),
    ];
    for (language, text) in bad {
        assert!(judge(&systemd, language, text).is_err(), "{language} {text:?} passed");
    }
    assert_eq!(judge(&systemd, "ini", "[Service]\nLoadCredential=freedyn:/etc/wanbeacon/freedyn"), Ok(()));
}
