//! The daemon, and one round of it (`--once`).

use std::path::Path;

use tokio::sync::mpsc;

use super::args::Options;
use super::exit::Exit;
use super::folder::state_folder;
use super::load::{self, Found};
use super::out::Out;
use crate::config::{Problem, Settings};
use crate::control;
use crate::daemon::clock::Clock;
use crate::daemon::memory::Remembered;
use crate::daemon::{self, Ended, Setup};
use crate::engine::event::Event;
use crate::engine::{Memory, Run};
use crate::rules::consensus::{Line, Source};
use crate::rules::domain::Domain;
use crate::rules::moment::Moment;
use crate::rules::snapshot::{Outcome, Snapshot};
use crate::sandbox;

/// The port of name servers (RFC 1035 4.2).
pub(super) const DNS_PORT: u16 = 53;

/// Runs for ever, or one round.
pub(super) fn run(options: &Options, run: Run, out: &mut Out) -> Exit {
    match settings(options) {
        Ok(settings) => with(options, settings, run, Vec::new(), out),
        Err(exit) => exit,
    }
}

/// The same with these settings, beginning with `events`.
pub(super) fn with(options: &Options, settings: Settings, run: Run, events: Vec<Event>, out: &mut Out) -> Exit {
    let folder = state_folder(options, &settings.daemon.state_dir);
    let remembered = match Remembered::open(folder.as_deref()) {
        Ok(remembered) => remembered,
        Err(busy) => {
            out.complain(busy);
            return Exit::Temporary;
        }
    };
    let memory = remembered.memory;
    confine(&settings, memory, folder.as_deref());
    let (sender, receiver) = mpsc::unbounded_channel();
    for event in events {
        // The receiver is here.
        let _ = sender.send(event);
    }
    let reload = load::reload(options.clone(), settings.overlay.clone());
    let clock = Clock::default();
    let begun = clock.now().wall;
    let setup = Setup {
        settings,
        run,
        socket: folder.filter(|_| memory == Memory::Kept && run == Run::Daemon).map(|folder| control::socket(&folder)),
        remembered,
        reload: Some(reload),
        clock,
        dns_port: DNS_PORT,
        watch: None,
        events: (sender, receiver),
    };
    let ended = start(setup);
    if let (Run::Once, Ok(Ended { picture, .. })) = (run, &ended)
        && let Some(line) = done(picture, begun)
    {
        out.line(line);
    }
    match ended {
        Ok(_) if run == Run::Daemon => Exit::Success,
        Ok(Ended { picture, memory: Memory::Unwritable }) => Exit::worst([Exit::Temporary, exit(&picture)]),
        Ok(Ended { picture, .. }) => exit(&picture),
        Err(end) => end,
    }
}

/// Gives up what is not needed, where that is known: programs that are asked for the address may write anywhere, and a folder
/// that cannot be used now may be made later.
fn confine(settings: &Settings, memory: Memory, folder: Option<&Path>) {
    let runs_programs = |line: &Line| line.sources.iter().any(|(_, list)| list.iter().any(|it| matches!(it, Source::Command(_))));
    if memory == Memory::Unwritable || settings.lines.iter().any(runs_programs) {
        return;
    }
    if let Some(gap) = sandbox::enter(folder) {
        tracing::info!("{gap}");
    }
}

/// Runs `setup` on this thread until it ends.
///
/// # Errors
///
/// It could not begin; the reason has been reported.
pub(super) fn start(setup: Setup) -> Result<Ended, Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(daemon::run(setup)),
        Err(error) => Err(error.into()),
    };
    result.map_err(|error| {
        tracing::error!("{error}");
        match error {
            daemon::RunError::Settings(_) => Exit::Config,
            daemon::RunError::System(_) => Exit::Defect,
        }
    })
}

/// The configuration; its problems and warnings go to the log.
///
/// # Errors
///
/// It cannot be used; every problem has been reported.
pub(super) fn settings(options: &Options) -> Result<Settings, Exit> {
    told(load::load(options))
}

/// What was read; its problems and warnings go to the log.
///
/// # Errors
///
/// As above.
pub(super) fn told(read: Result<Found, Vec<Problem>>) -> Result<Settings, Exit> {
    read.map(Found::told).map_err(|problems| {
        for problem in problems {
            tracing::error!("{problem}");
        }
        tracing::error!("the configuration cannot be used");
        Exit::Config
    })
}

/// Settings for a command about `domain`.
///
/// # Errors
///
/// The name is not in the configuration.
pub(super) fn naming(settings: Settings, domain: Option<&Domain>, out: &mut Out) -> Result<Settings, Exit> {
    match domain.filter(|domain| !settings.entries.iter().any(|entry| entry.domains.contains(domain))) {
        None => Ok(settings),
        Some(unknown) => {
            out.complain(format_args!("{unknown} is not in the configuration; `wanbeacon status` lists the names"));
            Err(Exit::Usage)
        }
    }
}

/// What was published since `begun`, in a line for cron's mail; nothing if nothing was.
fn done(picture: &Snapshot, begun: Moment) -> Option<String> {
    let families = picture.ddns.iter().flat_map(|name| name.families.iter().map(move |(_, status)| (&name.domain, status)));
    let news = families.filter(|(_, status)| status.published_at.is_some_and(|at| at >= begun));
    let words: Vec<String> = news.filter_map(|(domain, status)| Some(format!("{domain} {}", status.published?))).collect();
    (!words.is_empty()).then(|| format!("published: {}", words.join(", ")))
}

/// What a picture amounts to, as an exit code.
pub(super) fn exit(picture: &Snapshot) -> Exit {
    exit_of(picture.outcome())
}

/// The exit code that tells an outcome.
pub(super) fn exit_of(outcome: Outcome) -> Exit {
    let Outcome { locked, no_address, waiting } = outcome;
    Exit::worst(
        [(locked, Exit::Locked), (no_address, Exit::NoAddress), (waiting, Exit::Temporary)]
            .into_iter()
            .filter_map(|(applies, exit)| applies.then_some(exit)),
    )
}
