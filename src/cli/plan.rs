//! `wanbeacon plan`: what a round would do now, and why.

use std::time::Duration;

use super::args::Options;
use super::ask::{ask, refuse};
use super::exit::Exit;
use super::look::look;
use super::out::Out;
use super::run::exit_of;
use crate::control::{CallError, Request};
use crate::engine::Run;
use crate::engine::picture::Plan;

/// The daemon answers from what it has seen.
const LIMIT: Duration = Duration::from_secs(30);

pub(super) fn run(options: &Options, json: bool, out: &mut Out) -> Exit {
    let plan = match ask(options, &Request::Plan, LIMIT) {
        Ok(answer) => match serde_json::from_value::<Plan>(answer) {
            Ok(plan) => plan,
            Err(error) => {
                out.complain(format_args!("the daemon's answer cannot be read ({error}); is it another version?"));
                return Exit::Defect;
            }
        },
        Err(CallError::NoDaemon) => match look(options, Run::Look) {
            Ok(looked) => {
                if let Some(unknown) = looked.unknown {
                    out.complain(format_args!("{unknown}; this is what a first round would do"));
                }
                looked.engine.plan(looked.now)
            }
            Err(exit) => return exit,
        },
        Err(error) => return refuse(out, &error),
    };
    if json {
        out.json(&plan);
    } else {
        for line in &plan.plan {
            let address = line.address.map_or_else(|| "(none)".to_owned(), |address| address.to_string());
            let at = line.at.map_or_else(String::new, |at| format!(" until {at}"));
            out.line(format_args!("{}  {}  {}{at}  {address}  {}", line.domain, line.family, line.action, line.why));
        }
    }
    exit_of(plan.outcome)
}
