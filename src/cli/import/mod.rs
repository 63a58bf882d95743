//! `wanbeacon import`: the settings of another client as ours.

mod fritzbox;

use clap::{Args, Subcommand};

use super::args::Options;
use super::exit::Exit;
use super::fritzbox::args::Reach;
use super::out::Out;

/// Prints settings of another client as a configuration, with what could not be carried over as comments.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Import {
    /// The dynamic DNS client of the FRITZ!Box
    Fritzbox(FromFritzBox),
}

/// Arguments of `import fritzbox`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct FromFritzBox {
    /// Which box, and how to log in.
    #[command(flatten)]
    pub reach: Reach,
    /// Switch the box's own client off afterwards: two clients for one name would contradict each other
    #[arg(long)]
    pub switch_off: bool,
}

/// Does what was typed.
pub(super) fn run(options: &Options, from: &Import, out: &mut Out) -> Exit {
    match from {
        Import::Fritzbox(from) => fritzbox::run(options, from, out),
    }
}
