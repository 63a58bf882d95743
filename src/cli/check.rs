//! `wanbeacon check`: all problems of the configuration.

use super::args::Options;
use super::exit::Exit;
use super::out::Out;
use crate::config::{self, World};

pub(super) fn run(options: &Options, out: &mut Out) -> Exit {
    let path = options.config_file().0;
    match config::load_file(path, &World::real()) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                out.line(warning);
            }
            let names: usize = loaded.settings.entries.iter().map(|entry| entry.domains.len()).sum();
            out.line(format_args!(
                "{}: in order: {} and {}{}",
                path.display(),
                count(loaded.settings.entries.len(), "entry", "entries"),
                count(names, "name", "names"),
                if loaded.warnings.is_empty() {
                    String::new()
                } else {
                    format!(", {}", count(loaded.warnings.len(), "warning", "warnings"))
                }
            ));
            Exit::Success
        }
        Err(problems) => {
            for problem in &problems {
                out.line(problem);
            }
            out.line(format_args!("{}: cannot be used: {}", path.display(), count(problems.len(), "problem", "problems")));
            Exit::Config
        }
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
