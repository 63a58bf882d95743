//! The command line: one file per command.

pub mod args;
pub mod ask;
mod check;
mod demo;
mod detect;
pub mod exit;
pub mod folder;
pub mod fritzbox;
mod healthcheck;
pub mod import;
mod listener;
mod load;
mod look;
pub mod out;
mod password;
mod plan;
mod providers;
mod run;
mod spare;
mod status;
mod unlock;
mod update;

use args::{Args, Command};
use exit::Exit;
use out::Out;

use crate::engine::Run;
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
        Some(Command::Fritzbox(typed)) => fritzbox::run(&options, &typed, &mut out),
        Some(Command::Import(from)) => import::run(&options, &from, &mut out),
        Some(Command::Healthcheck) => healthcheck::run(&options, &mut out),
        Some(Command::Check) => check::run(&options, &mut out),
        Some(Command::Plan { json }) => plan::run(&options, json, &mut out),
        Some(Command::Status { json }) => status::run(&options, json, &mut out),
        Some(Command::Detect { json }) => detect::run(&options, json, &mut out),
        Some(Command::Demo) => demo::run(&mut out),
        None => run::run(&options, if once { Run::Once } else { Run::Daemon }, &mut out),
    };
    match out.finish() {
        Ok(()) => exit,
        Err(error) => {
            tracing::error!("could not print everything: {error}");
            Exit::worst([exit, Exit::Temporary])
        }
    }
}
