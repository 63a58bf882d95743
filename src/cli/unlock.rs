//! `wanbeacon unlock [DOMAIN]`: opens locks by hand.

use super::args::Options;
use super::ask::pass_on;
use super::exit::Exit;
use super::out::Out;
use crate::control::Request;
use crate::rules::domain::Domain;

/// Opens the locks of `domain`, or all.
pub(super) fn run(options: &Options, domain: Option<Domain>, out: &mut Out) -> Exit {
    pass_on(options, &Request::Unlock { domain }, "unlocked", out)
}
