//! Tests that need a network or a mount table of their own run a second time, alone, inside of one.

use std::process::Command;

use super::home::finish;
use super::skipped;

/// Set inside.
const INSIDE: &str = "WANBEACON_TEST_INSIDE";

/// Runs `body` inside new network and mount namespaces, in which loopback is up. `name` is the test's full name.
///
/// Outside of them this starts the test program once more, for this test alone. Where the system does not allow that the
/// test is skipped, and says so.
pub(crate) fn inside(name: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        body();
        return;
    }
    let enter = ["--map-root-user", "--net", "--mount", "--"];
    let root = rustix::process::geteuid().is_root();
    let enter = if root { &enter[1..] } else { &enter[..] };
    let mut trial = Command::new("unshare");
    trial.args(enter).args(["sh", "-c", "ip link set lo up"]);
    if !trial.output().is_ok_and(|output| output.status.success()) {
        skipped("no new namespaces here: needs unshare(1), ip(8), and root or user namespaces");
        return;
    }
    let mut command = Command::new("unshare");
    command.args(enter).args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]);
    command.arg(std::env::current_exe().expect("the test program")).args(["--exact", name, "--include-ignored", "--nocapture"]);
    let ended = finish_inside(command);
    assert!(ended.contains("1 passed"), "{name} ran inside of a namespace:\n{ended}");
}

fn finish_inside(mut command: Command) -> String {
    command.env(INSIDE, "1");
    let ended = finish(command);
    format!("{}{}", ended.stdout, ended.stderr)
}

/// Runs a system tool.
#[track_caller]
pub(crate) fn tool(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().expect("a system tool");
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}
