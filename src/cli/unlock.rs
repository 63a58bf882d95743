//! `wanbeacon unlock [DOMAIN]`: opens locks by hand.

use super::args::Options;
use super::ask::pass_on;
use super::exit::Exit;
use super::folder::{is_blank, nothing_known, state_folder};
use super::out::Out;
use super::run::naming;
use super::spare;
use crate::control::Request;
use crate::daemon::clock::Clock;
use crate::daemon::memory::Remembered;
use crate::engine::event::{Action, Event};
use crate::engine::{Engine, Run};
use crate::rules::domain::Domain;

/// Opens the locks of `domain`, or all: in the running daemon, or else on disk.
pub(super) fn run(options: &Options, domain: Option<Domain>, out: &mut Out) -> Exit {
    pass_on(options, &Request::Unlock { domain: domain.clone() }, "unlocked", out, |out| on_disk(options, domain, out))
}

fn on_disk(options: &Options, domain: Option<Domain>, out: &mut Out) -> Exit {
    let mut settings = match spare::settings(options).and_then(|settings| naming(settings, domain.as_ref(), out)) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let folder = state_folder(options, &settings.daemon.state_dir);
    let mut remembered = match Remembered::open(folder.as_deref()) {
        Ok(remembered) => remembered,
        Err(busy) => {
            out.complain(busy);
            return Exit::Temporary;
        }
    };
    let Some(store) = &mut remembered.store else {
        out.complain("there is no state folder that could be written, and so no lock in it");
        return Exit::Temporary;
    };
    if is_blank(&remembered.records) {
        out.complain(nothing_known(folder.as_deref()));
        return Exit::Temporary;
    }
    let rules = match spare::rules(&mut settings, &remembered.records) {
        Ok(rules) => rules,
        Err(exit) => return exit,
    };
    let mut engine = Engine::new(Run::Still, remembered.memory, rules, remembered.records);
    let mut opened = false;
    for action in engine.handle(Clock::default().now(), Event::Unlock { domain, by: "command".to_owned() }) {
        match action {
            Action::Save(writes) => {
                if let Err(error) = store.write(&writes) {
                    out.complain(format_args!("could not confirm that the locks are open: {error}"));
                    return Exit::Temporary;
                }
            }
            Action::Announce(notice) => {
                opened = true;
                out.line(notice.sentence());
            }
            _ => {}
        }
    }
    if !opened {
        out.line("nothing is locked");
    }
    Exit::Success
}
