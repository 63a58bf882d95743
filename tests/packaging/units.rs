//! The units: what protects the daemon protects a round as well, and every line that is written has a reason beside it.

use std::collections::BTreeSet;

use crate::made;

const DAEMON: &str = "systemd/wanbeacon.service";
const ROUND: &str = "systemd/wanbeacon-once.service";

/// What belongs to a service that stays, or to one that ends.
const OF_ITS_OWN: [&str; 11] = [
    "Type",
    "NotifyAccess",
    "ExecStart",
    "ExecReload",
    "WatchdogSec",
    "Restart",
    "RestartSec",
    "RestartPreventExitStatus",
    "SuccessExitStatus",
    "TimeoutStartSec",
    "TimeoutStopSec",
];

/// The directives of `[Service]`, commented-out ones with their `#`.
fn directives(path: &str) -> Vec<String> {
    let unit = made::read(path);
    let service = unit.split("[Service]").nth(1).expect("a service has [Service]").split("\n[").next().unwrap_or_default().to_owned();
    service.lines().filter(|line| !line.starts_with("# ") && line.contains('=')).map(str::to_owned).collect()
}

#[test]
fn a_round_is_protected_as_the_daemon_is() {
    let shared = |path: &str| -> BTreeSet<String> {
        let own = |line: &String| OF_ITS_OWN.contains(&line.split('=').next().unwrap_or_default());
        directives(path).into_iter().filter(|line| !own(line) && !line.starts_with("#LoadCredentialEncrypted")).collect()
    };
    assert!(shared(DAEMON).len() >= 25, "only {} directives found", shared(DAEMON).len());
    assert_eq!(shared(ROUND), shared(DAEMON));
}

#[test]
fn every_directive_of_the_daemon_has_a_reason() {
    let unit = made::read(DAEMON);
    // A comment is the reason for the lines that follow it, up to an empty one.
    let mut explained = false;
    for line in unit.lines() {
        explained = match line {
            "" => false,
            comment if comment.starts_with("# ") => true,
            _ => explained,
        };
        let plain = ["Description", "Documentation", "ExecStart", "WantedBy"].iter().any(|name| line.starts_with(name));
        assert!(explained || plain || !line.contains('='), "{DAEMON}: nothing says why {line:?}");
    }
}
