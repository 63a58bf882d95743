//! `wanbeacon update [DOMAIN]`: asks for an update now.

use super::args::Options;
use super::ask::pass_on;
use super::exit::Exit;
use super::out::Out;
use super::run::{naming, settings, with};
use crate::control::Request;
use crate::engine::Run;
use crate::engine::event::Event;
use crate::rules::domain::Domain;

/// Asks for an update of `domain`, or all: the running daemon, or else in a round of its own.
pub(super) fn run(options: &Options, domain: Option<Domain>, out: &mut Out) -> Exit {
    pass_on(options, &Request::Update { domain: domain.clone() }, "asked for an update", out, |out| {
        match settings(options).and_then(|settings| naming(settings, domain.as_ref(), out)) {
            Ok(settings) => with(options, settings, Run::Once, vec![Event::Update { domain }], out),
            Err(exit) => exit,
        }
    })
}
