//! One look at the addresses without a daemon: for `plan` and `detect`. Nothing is sent and no state is changed, but for the
//! rest periods of echo services.

use super::args::Options;
use super::exit::Exit;
use super::folder::state_folder;
use super::run::{DNS_PORT, settings};
use crate::daemon::clock::Clock;
use crate::daemon::edges::Edges;
use crate::daemon::memory::Remembered;
use crate::daemon::rules;
use crate::engine::event::{Action, Event};
use crate::engine::{Engine, Run};
use crate::rules::moment::Now;
use crate::store::{self, Store};

/// The engine after its look, and when that was.
pub(super) fn look(options: &Options, run: Run) -> Result<(Engine, Now), Exit> {
    let settings = settings(options)?;
    let folder = state_folder(options, &settings.daemon.state_dir);
    // A running daemon holds the folder: then the rest periods are read, and not written.
    let mut remembered = match Remembered::open(folder.as_deref()) {
        Ok(remembered) => remembered,
        Err(_) => Remembered {
            memory: crate::engine::Memory::Off,
            records: folder.as_deref().and_then(|folder| store::read_only(folder).ok()).map(|loaded| loaded.records).unwrap_or_default(),
            store: None,
            folder: None,
        },
    };
    let clock = Clock::default();
    let mut engine = Engine::new(run, remembered.memory, rules(&settings), std::mem::take(&mut remembered.records));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        tracing::error!("cannot start: {error}");
        Exit::Defect
    })?;
    runtime.block_on(async {
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let edges = Edges::new(&settings, run, folder.as_deref(), DNS_PORT, clock.clone(), sender).map_err(|problem| {
            tracing::error!("{problem}");
            Exit::Config
        })?;
        let mut next = Some(Event::Tick);
        while let Some(event) = next {
            if perform(engine.handle(clock.now(), event), &edges, remembered.store.as_mut()) {
                break;
            }
            next = events.recv().await;
        }
        Ok(())
    })?;
    Ok((engine, clock.now()))
}

/// Returns true when the look is over.
fn perform(actions: Vec<Action>, edges: &Edges, mut store: Option<&mut Store>) -> bool {
    let mut over = false;
    for action in actions {
        match action {
            Action::Detect { ticket, family, probe, via } => edges.detect(ticket, family, probe, via),
            Action::Save(mut writes) => {
                writes.retain(|write| write.key.starts_with(crate::rules::state::ECHO));
                if let Some(Err(error)) = store.as_mut().map(|store| store.write(&writes)) {
                    tracing::warn!("the rest periods of echo services are not remembered: {error}");
                }
            }
            Action::Finish => over = true,
            Action::Announce(notice) => tracing::debug!("{}", notice.text),
            Action::Send { .. } | Action::Ask { .. } | Action::WakeAt(_) => {}
        }
    }
    over
}
