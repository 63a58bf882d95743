//! The command line: one file per command.

pub mod args;
pub mod ask;
pub mod exit;
pub mod folder;
mod healthcheck;
pub mod out;
mod providers;
mod unlock;
mod update;

use args::{Args, Command};
use exit::Exit;
use out::Out;

use crate::log;

/// Does what was typed.
pub fn run(args: Args) -> Exit {
    let Args { options, once, command } = args;
    log::init(options.log_format, options.log_level, options.color);
    let mut out = Out::new(options.color);
    let exit = match command {
        Some(Command::Unlock { domain }) => unlock::run(&options, domain, &mut out),
        Some(Command::Update { domain }) => update::run(&options, domain, &mut out),
        Some(Command::Providers { name }) => providers::run(name.as_deref(), &mut out),
        Some(Command::Healthcheck) => healthcheck::run(&options, &mut out),
        Some(command) => missing(&format!("{command:?}"), &mut out),
        None => missing(if once { "--once" } else { "the daemon" }, &mut out),
    };
    match out.finish() {
        Ok(()) => exit,
        Err(error) => {
            tracing::error!("could not print everything: {error}");
            Exit::worst([exit, Exit::Temporary])
        }
    }
}

fn missing(what: &str, out: &mut Out) -> Exit {
    out.complain(format_args!("{what} is not part of this build"));
    Exit::Defect
}
