//! A sandbox from inside, for containers and cron, where no unit file builds one: nothing outside of the state folder can be
//! written, and nobody gains privileges (landlock(7), `PR_SET_NO_NEW_PRIVS` in prctl(2)).

use std::path::Path;

use landlock::{ABI, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _};
use landlock::{RulesetStatus, path_beneath_rules};

/// The newest form that was looked at; older kernels do what they can.
const NEWEST: ABI = ABI::V5;

/// What programs write to without having opened it.
const SINK: &str = "/dev/null";

/// Confines this thread and all that it starts from now on. `folder` stays writable. What came of it, in words, if that is
/// less than everything.
#[must_use]
pub fn enter(folder: Option<&Path>) -> Option<String> {
    let writable = folder.into_iter().chain([Path::new(SINK)]);
    let confined = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_write(NEWEST))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(writable, AccessFs::from_write(NEWEST))))
        .and_then(landlock::RulesetCreated::restrict_self);
    match confined {
        Ok(status) => match status.ruleset {
            RulesetStatus::FullyEnforced => None,
            RulesetStatus::PartiallyEnforced => Some("this kernel knows an older form of Landlock: the sandbox has gaps".to_owned()),
            RulesetStatus::NotEnforced => Some("this kernel has no Landlock: there is no sandbox from inside".to_owned()),
        },
        Err(error) => Some(format!("there is no sandbox from inside: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn outside_of_the_folder_nothing_can_be_written_and_everything_can_be_read() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("old"), "text").unwrap();
        // The sandbox is this thread's and stays with it.
        let confined = std::thread::spawn(move || {
            let gaps = enter(Some(inside.path()));
            fs::write(inside.path().join("new"), "text").unwrap();
            fs::write(SINK, "text").unwrap();
            assert_eq!(fs::read_to_string(outside.path().join("old")).unwrap(), "text");
            (gaps, fs::write(outside.path().join("new"), "text"))
        });
        let (gaps, written) = confined.join().unwrap();
        match gaps {
            Some(why) => assert!(why.contains("sandbox"), "{why}"),
            None => assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::PermissionDenied),
        }
    }
}
