//! The demonstration shows the main job, and ends well only if everything happened as it should.

use std::process::Command;

/// The lines of `text` that show a status: name, family, word.
fn statuses(text: &str) -> Vec<[&str; 3]> {
    let words = ["checking", "new address", "new-address", "updating", "verifying", "complete", "account-disabled"];
    text.lines()
        .filter_map(|line| {
            let (_, rest) = line.split_at_checked(15)?;
            let (name, rest) = rest.split_once(' ').filter(|(name, _)| name.ends_with(".freedyn.test"))?;
            let (family, rest) = rest.trim_start().split_once("  ")?;
            Some([name, family, words.into_iter().find(|word| rest.starts_with(word))?])
        })
        .collect()
}

#[test]
fn the_states_of_the_service_document_pass_by_in_their_order() {
    let output = Command::new(env!("CARGO_BIN_EXE_wanbeacon")).args(["demo", "--color", "never"]).output().expect("it can be started");
    let text = String::from_utf8(output.stdout).expect("text");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}{complaints}");
    assert_eq!(complaints, "", "nothing but the story is told");
    assert!(!text.contains("pretended-key"), "passwords are not shown");

    let shown = statuses(&text);
    let (first, second) = ("new address", "new-address");
    let expected = [
        (
            "home",
            "IPv4",
            vec!["checking", "updating", "verifying", "complete", first, "updating", "verifying", "complete", "checking", "complete"],
        ),
        ("home", "IPv6", vec!["checking", "updating", "verifying", "complete", second, "updating", "verifying", "complete", "complete"]),
        ("office", "IPv4", vec!["updating", first, "updating", "verifying", "complete", "complete"]),
        ("shop", "IPv4", vec!["updating", "account-disabled", "account-disabled"]),
    ];
    for (name, family, words) in expected {
        let name = format!("{name}.freedyn.test");
        let mut passed = shown.iter().filter(|[domain, it, _]| *domain == name && *it == family).map(|[.., word]| *word);
        for word in words {
            assert!(passed.any(|it| it == word), "{name} {family} did not become {word:?} in its turn:\n{text}");
        }
    }
    let after_lock = shown.iter().skip_while(|[.., word]| *word != "account-disabled");
    assert!(after_lock.clone().count() > 1 && after_lock.clone().all(|[.., word]| *word != "updating"), "nothing is sent after the lock");
}
