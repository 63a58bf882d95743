//! The program: arguments → exit code.

use std::process::ExitCode;

use wanbeacon::cli::args::Args;
use wanbeacon::cli::run;

fn main() -> ExitCode {
    match Args::read(std::env::args_os()) {
        Ok(args) => run(args).into(),
        Err(exit) => exit.into(),
    }
}
