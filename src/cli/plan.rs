//! `wanbeacon plan`: what a round would do now, and why.

use std::time::Duration;

use super::args::Options;
use super::ask::{ask, refuse};
use super::exit::Exit;
use super::look::look;
use super::out::Out;
use super::run::exit;
use crate::control::{CallError, Request};
use crate::engine::Run;

/// The daemon answers from what it has seen.
const LIMIT: Duration = Duration::from_secs(30);

pub(super) fn run(options: &Options, json: bool, out: &mut Out) -> Exit {
    let (plan, exit) = match ask(options, &Request::Plan, LIMIT) {
        Ok(plan) => (plan, Exit::Success),
        Err(CallError::NoDaemon) => match look(options, Run::Look) {
            Ok((engine, now)) => (serde_json::json!(engine.plan(now)), exit(&engine.snapshot(now))),
            Err(exit) => return exit,
        },
        Err(error) => return refuse(out, &error),
    };
    if json {
        out.json(&plan);
        return exit;
    }
    for line in plan["plan"].as_array().into_iter().flatten() {
        let text = |key: &str| line[key].as_str().unwrap_or("(none)").to_owned();
        let at = line["at"].as_str().map_or_else(String::new, |at| format!(" until {at}"));
        out.line(format_args!("{}  {}  {}{at}  {}  {}", text("domain"), text("family"), text("action"), text("address"), text("why")));
    }
    exit
}
