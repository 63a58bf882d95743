//! `wanbeacon update [DOMAIN]`: asks for an update now.

use super::args::Options;
use super::ask::pass_on;
use super::exit::Exit;
use super::out::Out;
use crate::control::Request;
use crate::rules::domain::Domain;

/// Asks for an update of `domain`, or all.
pub(super) fn run(options: &Options, domain: Option<Domain>, out: &mut Out) -> Exit {
    pass_on(options, &Request::Update { domain }, "asked for an update", out)
}
