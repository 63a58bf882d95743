//! Composition root and event loop: the only file that knows every edge.
//!
//! Waits for one thing, captures [`Now`](crate::rules::moment::Now) once, asks the engine, performs what it returns. `--once`
//! is the same loop; it ends at [`Action::Finish`].

pub mod clock;
mod commands;
pub mod edges;
mod feeds;
mod links;
pub mod memory;
mod resume;
mod served;
mod settings;
pub mod subscriptions;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::config::{Overlay, Problem, Settings};
use crate::control::{self, Reply, Request};
use crate::engine::event::{Action, Event, Level, Notice, Ticket};
use crate::engine::{Engine, Memory, Rules, Run};
use crate::rules::schedule::STORAGE_RETRY;
use crate::rules::snapshot::Snapshot;
use crate::signals::{Signal, Signals};
use crate::store::{Store, WriteError};
use crate::systemd;

use clock::{Alarm, Clock};
use edges::Edges;
use feeds::Feeds;
use memory::Remembered;
use served::Serving;

/// Reads the configuration again, with the overlay of the state folder, or with this one instead, which must fit then.
pub type Reload = Box<dyn FnMut(Option<&Overlay>) -> Result<Settings, Vec<Problem>>>;

/// Everything a run needs.
pub struct Setup {
    /// The settings.
    pub settings: Settings,
    /// For ever, or one round.
    pub run: Run,
    /// What is remembered, and where.
    pub remembered: Remembered,
    /// The state folder's socket is opened here.
    pub socket: Option<PathBuf>,
    /// How the configuration is read again.
    pub reload: Option<Reload>,
    /// The clock.
    pub clock: Clock,
    /// The port of authoritative name servers; 53 except where the counterparts are embedded.
    pub dns_port: u16,
    /// Somebody who wants to see every notice and every picture as they pass by; notices go there instead of to the log.
    pub watch: Option<mpsc::UnboundedSender<Seen>>,
    /// Where events come in; those that wait already follow the first tick. Who keeps a clone of the sender can add some,
    /// beside signals and the control socket.
    pub events: (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>),
}

/// What passes by.
#[derive(Clone, Debug)]
pub enum Seen {
    /// The operator was told something.
    Notice(Notice),
    /// Something may have changed.
    Picture(Box<Snapshot>),
}

/// Why a run could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The settings name something that cannot be used (a CA file …).
    #[error("{0}")]
    Settings(String),
    /// The system refuses something that every run needs.
    #[error("the system refuses what the program needs: {0}")]
    System(#[from] std::io::Error),
}

/// The engine's slice of the settings.
#[must_use]
pub fn rules(settings: &Settings) -> Rules {
    Rules {
        entries: settings.entries.iter().cloned().map(Arc::new).collect(),
        lines: settings.lines.clone(),
        interval: settings.daemon.interval,
        settle: settings.daemon.settle,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// How long a stop waits for replies that are under way; what comes later is found as an open intent.
const LAST_REPLIES: Duration = Duration::from_secs(5);

struct Daemon {
    engine: Engine,
    store: Option<Store>,
    edges: Edges,
    clock: Clock,
    alarm: Alarm,
    /// Only a daemon listens.
    feeds: Option<Feeds>,
    /// Only a daemon serves.
    serving: Option<Serving>,
    events: mpsc::UnboundedSender<Event>,
    watch: Option<mpsc::UnboundedSender<Seen>>,
    reload: Option<Reload>,
    dns_port: u16,
    finished: bool,
    shown: String,
    folder: Option<PathBuf>,
    /// When writing to the folder was tried last.
    tried: Duration,
    /// What the folder holds was read at the start.
    known: bool,
}

/// How a run ended.
pub struct Ended {
    /// The last picture.
    pub picture: Snapshot,
    /// Whether what is known outlives the run.
    pub memory: Memory,
}

/// Runs until the round is over or somebody stops it.
///
/// # Errors
///
/// The settings or the system do not allow it to begin.
pub async fn run(setup: Setup) -> Result<Ended, RunError> {
    let Setup { settings, run, remembered, socket, reload, clock, dns_port, watch, events: (sender, mut events) } = setup;
    let (asked, mut requests) = mpsc::channel(8);
    let mut signals = Signals::listen()?;
    let server = socket.map(|path| control::bind(&path)).and_then(|bound| match bound {
        Ok(listener) => Some(tokio::spawn(control::serve(listener, asked.clone()))),
        Err(error) => {
            tracing::warn!("status, unlock and update cannot reach this daemon: {error}");
            None
        }
    });
    let edges =
        Edges::new(&settings, run, remembered.folder.as_deref(), dns_port, clock.clone(), sender.clone()).map_err(RunError::Settings)?;
    let engine = Engine::new(run, remembered.memory, rules(&settings), remembered.records);
    let alarm = Alarm::new(clock.clone())?;
    let mut daemon = Daemon {
        engine,
        store: remembered.store,
        edges,
        clock,
        alarm,
        feeds: None,
        serving: None,
        events: sender,
        watch,
        reload,
        dns_port,
        finished: false,
        shown: String::new(),
        folder: remembered.folder,
        tried: Duration::ZERO,
        known: false,
    };
    // What somebody asked for before the start belongs to the first round: it may be over with its first tick.
    while let Ok(event) = events.try_recv() {
        daemon.happened(event);
    }
    daemon.happened(Event::Tick);
    if run == Run::Daemon {
        daemon.serving = Some(Serving::begin(&settings, daemon.folder.as_deref(), daemon.clock.now().boot));
        systemd::ready(&daemon.shown);
        let (feeds, followed) = Feeds::begin(&daemon.edges, &settings.lines).await;
        daemon.feeds = Some(feeds);
        daemon.happened(followed);
    }
    let mut watchdog = systemd::Watchdog::new();
    let mut deadline = None;
    while !daemon.finished {
        tokio::select! {
            biased;
            signal = signals.next() => if daemon.signalled(signal) { deadline = Some(tokio::time::Instant::now() + LAST_REPLIES) },
            () = watchdog.due() => systemd::alive(),
            Some(event) = events.recv() => daemon.happened(event),
            Some((request, answer)) = requests.recv() => daemon.asked(request, answer),
            told = Feeds::next(&mut daemon.feeds) => told.into_iter().for_each(|event| daemon.happened(event)),
            () = daemon.alarm.rings() => {
                daemon.try_writing();
                daemon.happened(Event::Tick);
            }
            question = Serving::next(&mut daemon.serving) => daemon.questioned(question),
            () = over(deadline) => break,
        }
    }
    systemd::stopping();
    if let Some(feeds) = daemon.feeds.take() {
        feeds.end().await;
    }
    if let Some(serving) = daemon.serving.take() {
        serving.end().await;
    }
    if let Some(server) = server {
        server.abort();
    }
    Ok(Ended { picture: daemon.engine.snapshot(daemon.clock.now()), memory: daemon.engine.memory() })
}

async fn over(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Daemon {
    /// One event in, actions out; what a failed save means comes back as the next event.
    fn happened(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let actions = self.engine.handle(self.clock.now(), event);
            next = self.perform(actions);
        }
        self.show();
    }

    /// A folder that could not be written is tried again now and then.
    fn try_writing(&mut self) {
        let boot = self.clock.now().boot;
        if self.engine.memory() != Memory::Unwritable || boot < self.tried + STORAGE_RETRY {
            return;
        }
        self.tried = boot;
        // The old one holds the lock of the folder.
        let known = self.store.take().is_some() || self.known;
        self.known = known;
        self.store = self.folder.as_deref().and_then(|folder| memory::reopen(folder, known));
        if self.store.is_some() {
            self.happened(Event::Writable);
        }
    }

    fn perform(&mut self, actions: Vec<Action>) -> Option<Event> {
        let mut failed: Option<(bool, Vec<Ticket>)> = None;
        for action in actions {
            match action {
                Action::Save(writes) => {
                    if let Some(Err(error)) = self.store.as_mut().map(|store| store.write(&writes)) {
                        tracing::error!("{error}");
                        failed = Some((!matches!(error, WriteError::ReadOnly(_)), Vec::new()));
                    }
                }
                Action::Send { ticket, entry, order } => match &mut failed {
                    Some((_, tickets)) => tickets.push(ticket),
                    None => self.edges.send(ticket, &entry, &order),
                },
                Action::Detect { ticket, family, probe, via } => self.edges.detect(ticket, family, probe, via),
                Action::Ask { ticket, domain, family } => self.edges.ask(ticket, domain, family),
                Action::Announce(notice) => self.announce(notice),
                Action::WakeAt(boot) => self.alarm.set(boot),
                Action::Finish => self.finished = true,
            }
        }
        failed.map(|(full, tickets)| Event::Unsaved { full, tickets })
    }

    /// Returns true if the program is to end.
    fn signalled(&mut self, signal: Signal) -> bool {
        match signal {
            Signal::Stop => {
                self.happened(Event::Stop);
                return true;
            }
            Signal::DetectNow => self.happened(Event::LookNow),
            Signal::Reload => self.reload(),
        }
        false
    }

    fn asked(&mut self, request: Request, answer: oneshot::Sender<Reply>) {
        let reply = self.reply(request);
        // Who does not wait for the answer does not need it.
        let _ = answer.send(reply);
    }

    fn announce(&self, notice: Notice) {
        if let Some(watch) = &self.watch {
            // Who watched and left does not matter.
            let _ = watch.send(Seen::Notice(notice));
            return;
        }
        let sentence = notice.sentence();
        match notice.level {
            Level::Debug => tracing::debug!("{sentence}"),
            Level::Notice => tracing::info!("{sentence}"),
            Level::Warning => tracing::warn!("{sentence}"),
            Level::Error => tracing::error!("{sentence}"),
        }
    }

    /// Tells the service manager and whoever watches how things are.
    fn show(&mut self) {
        let picture = self.engine.snapshot(self.clock.now());
        let sentence = picture.sentence();
        if sentence != self.shown {
            systemd::status(&sentence);
            self.shown = sentence;
        }
        if let Some(watch) = &self.watch {
            let _ = watch.send(Seen::Picture(Box::new(picture)));
        }
    }
}
