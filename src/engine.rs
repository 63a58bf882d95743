//! PURE: the one mutable value. [`Engine::handle`] takes what happened and returns what is to be done.
//!
//! Nothing in here asks for the time, rolls dice, opens or logs anything; every decision lives in [`crate::rules`].
//! The rooms of the engine: [`event`] (what comes in and goes out), `parts` (what it is made of), `configure` (settings and
//! memory), `look` and `sight` (addresses), `push` and `heard` (those that routers tell), `basis` (which one counts), `crosscheck` (are they seen outside as well), `feeds` (who tells of changes), `due`,
//! `hold`, `send` and `book` (requests and replies), `ask` (DNS), `picture` (snapshots), `wishes` (what people ask for), `load`
//! and `keep` (what comes from disk and goes there).
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod ask;
mod basis;
mod book;
mod configure;
mod crosscheck;
mod due;
pub mod event;
mod feeds;
mod heard;
mod hold;
mod keep;
mod load;
mod look;
mod parts;
pub mod picture;
mod push;
mod send;
mod sight;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::rules::consensus::{Line, Services};
use crate::rules::domain::Entry;
use crate::rules::moment::{Moment, Now};
use crate::rules::schedule;
use crate::rules::state::AccountState;
use crate::rules::timeline::TimeLine;
use event::{Action, Event, Notice, Ticket};
use keep::json;
use parts::{Asking, Flight, Group, Held, Looking, Pushes, Question, Sight, Spot, Turn, Wan};

/// How the engine is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// For ever.
    Daemon,
    /// One round; [`Action::Finish`] ends it.
    Once,
    /// One look at the addresses; nothing is sent and nobody is asked about names.
    Look,
    /// The same, with every source of every line, needed or not.
    Survey,
    /// Nothing is started: for opening locks while no daemon runs.
    Still,
}

/// Whether what we know outlives the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It is written to the state folder.
    Kept,
    /// It should be, and cannot: DNS is the memory.
    Unwritable,
    /// The operator chose to run without (`state_dir = "none"`).
    Off,
}

/// What the engine needs to know of the settings.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Every entry.
    pub entries: Vec<Arc<Entry>>,
    /// The lines.
    pub lines: Vec<Line>,
    /// Polling beside events.
    pub interval: Duration,
    /// Rest after the first change of a quiet spell.
    pub settle: Duration,
    /// This program's version.
    pub version: String,
}

/// The one mutable value.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub struct Engine {
    run: Run,
    memory: Memory,
    rules: Rules,
    wans: Vec<Wan>,
    groups: Vec<Group>,
    accounts: BTreeMap<String, AccountState>,
    services: Services,
    pushes: Pushes,
    /// Read from the state and not in use now: another configuration may want it.
    attic: BTreeMap<String, String>,
    flights: BTreeMap<Ticket, Flight>,
    questions: BTreeMap<Ticket, Asking>,
    looks: BTreeMap<Ticket, Looking>,
    time: TimeLine,
    /// Of the time line, as it is on disk.
    mark: Option<i64>,
    next_ticket: Ticket,
    storage_until: Option<Moment>,
    stopping: bool,
    clock_told: bool,
    awake: bool,
    /// The kernel tells when interfaces change.
    followed: bool,
    /// Hints that were given: once is enough.
    told: BTreeSet<String>,
    /// Names that wait for their other family, and were told of.
    held_back: BTreeSet<Spot>,
    touched: BTreeSet<Spot>,
    /// Records that no entry uses any more and that changed.
    orphaned: BTreeMap<String, String>,
    written: BTreeMap<String, u64>,
}

/// Between two batches of one account `--once` waits this long, not longer.
const PATIENCE: Duration = Duration::from_secs(15);

impl Engine {
    /// An engine with these settings and what is remembered (key → JSON). The first event brings it to life.
    #[must_use]
    pub fn new(run: Run, memory: Memory, rules: Rules, remembered: BTreeMap<String, String>) -> Self {
        let mut engine = Self {
            run,
            memory,
            rules: Rules { entries: Vec::new(), lines: Vec::new(), ..rules.clone() },
            wans: Vec::new(),
            groups: Vec::new(),
            accounts: BTreeMap::new(),
            services: Services::new(),
            pushes: Pushes::default(),
            attic: remembered,
            flights: BTreeMap::new(),
            questions: BTreeMap::new(),
            looks: BTreeMap::new(),
            time: TimeLine::default(),
            mark: None,
            next_ticket: 1,
            storage_until: None,
            stopping: false,
            clock_told: false,
            awake: false,
            followed: false,
            told: BTreeSet::new(),
            held_back: BTreeSet::new(),
            touched: BTreeSet::new(),
            orphaned: BTreeMap::new(),
            written: BTreeMap::new(),
        };
        engine.take_settings(rules);
        engine
    }

    /// One thing happened: what is to be done, in this order.
    pub fn handle(&mut self, now: Now, event: Event) -> Vec<Action> {
        let known = self.time.read(now);
        let Some((moment, step_ms)) = known else {
            return self.without_clock(now, event);
        };
        let mut turn = Turn { now: moment, random: now.random, draws: 0, before: Vec::new(), after: Vec::new() };
        self.wake_memory(step_ms, &mut turn);
        match event {
            Event::Tick => {}
            Event::Detected { ticket, result } => self.seen(ticket, result, &mut turn),
            Event::Replied { ticket, outcome } => self.replied(ticket, &outcome, &mut turn),
            Event::Answered { ticket, answer } => self.answered(ticket, &answer, &mut turn),
            Event::Reconfigured(rules) => self.reconfigured(*rules, &mut turn),
            Event::LinkChanged(up) => self.link_changed(up, &mut turn),
            Event::Followed(followed) => self.kernel_told(followed, turn.now),
            Event::Router { via, news } => self.router_told(via.as_deref(), news, &mut turn),
            Event::Resumed => self.resumed(turn.now),
            Event::LookNow => self.look_now(turn.now),
            Event::Unlock { domain, by } => self.unlock(domain.as_ref(), &by, &mut turn),
            Event::Update { domain } => self.update(domain.as_ref(), &mut turn),
            Event::Pushed(push) => self.pushed(&push, &mut turn),
            Event::Unsaved { full, tickets } => self.unsaved(full, &tickets, &mut turn),
            Event::Writable => self.writable(&mut turn),
            Event::Stop => self.stopping = true,
        }
        self.advance(&mut turn);
        self.close(turn)
    }

    /// Starts whatever is due.
    fn advance(&mut self, turn: &mut Turn) {
        if self.stopping || self.run == Run::Still {
            return;
        }
        self.look(turn);
        self.calm_down(turn);
        self.warn_of_sites(turn);
        self.note_prefixes();
        if matches!(self.run, Run::Daemon | Run::Once) {
            self.ask(turn);
            self.send(turn);
        }
    }

    /// Saves come first, then everything else; last, when to wake up or that the round is over.
    fn close(&mut self, turn: Turn) -> Vec<Action> {
        let mut actions = turn.before;
        if self.memory == Memory::Kept && self.storage_until.is_none_or(|until| until <= turn.now) {
            let writes = self.writes();
            if !writes.is_empty() {
                actions.push(Action::Save(writes));
            }
        }
        actions.extend(turn.after);
        if self.finished(turn.now) {
            actions.push(Action::Finish);
        } else if let Some(wake) = self.next_wake(turn.now).filter(|_| !self.stopping) {
            actions.push(Action::WakeAt(self.time.boot_time(wake)));
        }
        actions
    }

    /// The clock has never been right: nothing is sent or stored before it is.
    fn without_clock(&mut self, now: Now, event: Event) -> Vec<Action> {
        match event {
            Event::Reconfigured(rules) => self.take_settings(*rules),
            Event::Pushed(push) => self.pushed_early(push),
            Event::Stop => self.stopping = true,
            _ => {}
        }
        if self.stopping {
            return vec![Action::Finish];
        }
        let mut actions = Vec::new();
        if !std::mem::replace(&mut self.clock_told, true) {
            let text = format!("the clock shows {}, which cannot be; nothing is sent until it is set", now.wall);
            actions.push(Action::Announce(Notice::about_clock(text)));
        }
        actions.push(match self.run {
            Run::Once | Run::Look | Run::Survey | Run::Still => Action::Finish,
            Run::Daemon => Action::WakeAt(now.boot + schedule::CLOCK_RETRY),
        });
        actions
    }

    /// Is the round over (`--once`), or is nothing in the air any more (stop)?
    fn finished(&self, now: Moment) -> bool {
        if self.stopping {
            return self.flights.is_empty();
        }
        let looked = self.looks.values().all(|it| it.late);
        match self.run {
            Run::Daemon => false,
            Run::Still => true,
            Run::Look | Run::Survey => looked,
            Run::Once => {
                self.flights.is_empty()
                    && self.questions.is_empty()
                    && looked
                    && self.next_send(now).is_none_or(|at| at > now.plus(PATIENCE))
            }
        }
    }

    fn next_wake(&self, now: Moment) -> Option<Moment> {
        let touched = !self.touched.is_empty() || !self.pushes.touched.is_empty();
        let unsaved = self.storage_until.filter(|_| self.memory == Memory::Kept && touched);
        let wakes = [self.next_look(), self.next_question(), self.next_send(now), self.next_site(), unsaved];
        wakes.into_iter().flatten().min().map(|at| at.max(now))
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        self.next_ticket - 1
    }

    fn held(&self, spot: Spot) -> Option<&Held> {
        self.groups.get(spot.entry)?.names.get(spot.name)?[spot.family].as_ref()
    }

    /// For changing: what is touched is compared with what was written, and written if it differs.
    fn held_mut(&mut self, spot: Spot) -> Option<&mut Held> {
        self.touched.insert(spot);
        self.groups.get_mut(spot.entry)?.names.get_mut(spot.name)?[spot.family].as_mut()
    }

    fn spots(&self) -> impl Iterator<Item = Spot> + '_ {
        self.groups.iter().enumerate().flat_map(|(entry, group)| {
            group.names.iter().enumerate().flat_map(move |(name, families)| {
                families.iter().filter(|(_, held)| held.is_some()).map(move |(family, _)| Spot { entry, name, family })
            })
        })
    }

    fn account_mut(&mut self, account: &str) -> &mut AccountState {
        self.accounts.entry(account.to_owned()).or_default()
    }
}
