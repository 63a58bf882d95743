//! One look at the addresses without a daemon: for `plan` and `detect`. Nothing is sent and no state is changed, but for the
//! rest periods of echo services.

use super::args::Options;
use super::exit::Exit;
use super::folder::{is_blank, nothing_known, state_folder};
use super::run::DNS_PORT;
use super::spare;
use crate::daemon::clock::Clock;
use crate::daemon::edges::Edges;
use crate::daemon::memory::Remembered;
use crate::daemon::rules;
use crate::engine::event::{Action, Event};
use crate::engine::{Engine, Run};
use crate::rules::moment::Now;
use crate::store::{self, Store};

/// What a look found.
pub(super) struct Looked {
    pub(super) engine: Engine,
    /// When it was over.
    pub(super) now: Now,
    /// There is no state: every name counts as one of which nothing is known. In words.
    pub(super) unknown: Option<String>,
}

/// Looks.
///
/// # Errors
///
/// Why it could not begin; it has been reported.
pub(super) fn look(options: &Options, run: Run) -> Result<Looked, Exit> {
    let mut settings = spare::settings(options)?;
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
    let unknown = is_blank(&remembered.records).then(|| nothing_known(folder.as_deref()));
    // Only a plan is made of what is remembered.
    let rules = if run == Run::Look { spare::rules(&mut settings, &remembered.records)? } else { rules(&settings) };
    let mut engine = Engine::new(run, remembered.memory, rules, std::mem::take(&mut remembered.records));
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
    Ok(Looked { engine, now: clock.now(), unknown })
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
