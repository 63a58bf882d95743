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
