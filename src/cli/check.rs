//! `wanbeacon check`: all problems of the configuration.

use super::args::Options;
use super::exit::Exit;
use super::load::load;
use super::out::Out;
use crate::config::{Problem, Severity};

pub(super) fn run(options: &Options, out: &mut Out) -> Exit {
    let path = options.config_file().0;
    match load(options) {
        Ok(found) => {
            found.loaded.warnings.iter().for_each(|warning| out.line(warning));
            found.unused.iter().for_each(|why| out.line(why));
            found.changes(path).iter().for_each(|change| out.line(change));
            let loaded = &found.loaded;
            let names: usize = loaded.settings.entries.iter().map(|entry| entry.domains.len()).sum();
            out.line(format_args!(
                "{}: in order: {} and {}{}",
                path.display(),
                count(loaded.settings.entries.len(), "entry", "entries"),
                count(names, "name", "names"),
                and_warnings(loaded.warnings.len() + usize::from(!found.unused.is_empty()))
            ));
            Exit::Success
        }
        Err(problems) => {
            for problem in &problems {
                out.line(problem);
            }
            out.line(format_args!("{}: cannot be used: {}", path.display(), tally(&problems)));
            Exit::Config
        }
    }
}

/// "2 problems, 1 warning": only the first make it unusable.
fn tally(problems: &[Problem]) -> String {
    let warnings = problems.iter().filter(|problem| problem.severity == Severity::Warning).count();
    format!("{}{}", count(problems.len() - warnings, "problem", "problems"), and_warnings(warnings))
}

/// ", 1 warning"; nothing if there is none.
fn and_warnings(number: usize) -> String {
    if number == 0 { String::new() } else { format!(", {}", count(number, "warning", "warnings")) }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::args::Args;
    use super::super::out::tests::Page;
    use super::*;
    use crate::config::{OVERLAY, Overlay, Remote, RemoteUser};
    use crate::rules::secret::Secret;

    /// What `check` says of an empty configuration beside which `overlay` lies.
    fn checked(overlay: &str) -> (Exit, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        fs::write(&file, "").unwrap();
        fs::write(folder.path().join(OVERLAY), overlay).unwrap();
        let line = ["wanbeacon".into(), "check".into(), "--config".into(), file.into(), "--state-dir".into(), folder.path().into()];
        let page = Page::default();
        let exit = run(&Args::read(line).unwrap().options, &mut page.out());
        (exit, page.text())
    }

    #[test]
    fn what_was_set_through_the_served_interfaces_is_told() {
        let user = RemoteUser { name: "anna".into(), password: Some(Secret::new("hunter2".into())) };
        let overlay =
            Overlay { ddns: None, off: None, remote: Some(Remote { enabled: true, port: 8443, user: Some(user), replaced: Vec::new() }) };
        let (exit, text) = checked(&overlay.text());
        assert_eq!(exit, Exit::Success);
        assert!(text.contains("\noverlay.toml: remote access: on [::]:8443\n") && !text.contains("hunter2"), "{text}");
        assert!(text.ends_with("in order: 0 entries and 0 names, 1 warning\n"), "{text}");
    }

    #[test]
    fn what_cannot_be_used_is_told_and_the_configuration_is_still_in_order() {
        let open = Overlay { ddns: None, off: None, remote: Some(Remote { enabled: true, port: 8443, user: None, replaced: Vec::new() }) };
        let damaged = ("version = 0\n", "overlay.toml: it is damaged: line 1: version", "\noverlay.toml is not used: ");
        let newer = ("version = 2\n", "overlay.toml: it was written by a newer version of wanbeacon: ", "\noverlay.toml is not used: ");
        for (overlay, why, what) in
            [damaged, newer, (&open.text(), "overlay.toml: remote.port: ", "\noverlay.toml, [remote], is not used: ")]
        {
            let (exit, text) = checked(overlay);
            assert_eq!(exit, Exit::Success);
            assert!(text.contains(why) && text.contains(what), "{text}");
            assert!(text.ends_with("in order: 0 entries and 0 names, 2 warnings\n"), "{text}");
        }
    }
}
