//! PURE: the one mutable value. [`Engine::handle`] takes what happened and returns what is to be done.
//!
//! Nothing in here asks for the time, rolls dice, opens or logs anything; every decision lives in [`crate::rules`].
//! The rooms of the engine: [`event`] (what comes in and goes out), `configure` (settings and memory), `look` (addresses),
//! `send` (requests and replies), `ask` (DNS), `picture` (snapshots).
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod ask;
mod configure;
pub mod event;
mod hold;
mod look;
mod picture;
mod send;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::consensus::{Line, Round, Services, SourceReport};
use crate::rules::domain::Entry;
use crate::rules::moment::{Moment, Now};
use crate::rules::order::Order;
use crate::rules::schedule;
use crate::rules::state::{self, AccountState, LineRecord, Moments, Record, TimeLine};
use crate::rules::write::Write;
use event::{Action, Event, Level, Notice, Ticket};

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

/// Where a record is: entry, name, family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Spot {
    entry: usize,
    name: usize,
    family: Family,
}

/// One name's family: what is remembered, and what only this process knows.
#[derive(Clone, Debug, Default)]
struct Held {
    record: Record,
    flight: Option<Ticket>,
    question: Option<Ticket>,
    memory: Question,
    manual: bool,
    /// Just read from disk.
    fresh: bool,
}

/// Has DNS been asked in place of a lost memory?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Question {
    #[default]
    NotAsked,
    Asking,
    Answered,
}

/// An entry and its names.
#[derive(Clone, Debug)]
struct Group {
    entry: Arc<Entry>,
    names: Vec<PerFamily<Option<Held>>>,
}

/// One family of a line.
#[derive(Clone, Debug)]
struct Sight {
    observed: Option<Observed>,
    /// What the state says it was, until it is seen again.
    remembered: Option<LineRecord>,
    /// From when on `observed` may be acted on.
    settled_at: Moment,
    since: Moment,
    last_known: Option<IpAddr>,
    last_change: Option<Moment>,
    round: Option<Round>,
    /// For answers that come after its end.
    last_round: Option<Round>,
    /// Somebody wanted a look while a round was under way.
    look_again: bool,
    next_look: Moment,
    failures: u32,
    down: bool,
    reports: Vec<SourceReport>,
}

/// A line and its families.
#[derive(Clone, Debug)]
struct Wan {
    line: Line,
    sights: PerFamily<Sight>,
}

/// A request in the air.
#[derive(Clone, Debug)]
struct Flight {
    entry: Arc<Entry>,
    order: Order,
    spots: Vec<Spot>,
    tried_other: bool,
    /// As it was before the request, should the intent not reach the disk.
    before: Vec<(Spot, Record)>,
}

/// A question to name servers.
#[derive(Clone, Copy, Debug)]
struct Asking {
    spot: Spot,
    address: IpAddr,
    memory: bool,
}

/// A question to an address source.
#[derive(Clone, Copy, Debug)]
struct Looking {
    wan: usize,
    family: Family,
    number: usize,
    /// Its round is over.
    late: bool,
}

/// The one mutable value.
#[derive(Debug)]
pub struct Engine {
    run: Run,
    memory: Memory,
    rules: Rules,
    wans: Vec<Wan>,
    groups: Vec<Group>,
    accounts: BTreeMap<String, AccountState>,
    services: Services,
    /// Read from the state and not in use now: another configuration may want it.
    attic: BTreeMap<String, String>,
    flights: BTreeMap<Ticket, Flight>,
    questions: BTreeMap<Ticket, Asking>,
    looks: BTreeMap<Ticket, Looking>,
    time: TimeLine,
    next_ticket: Ticket,
    storage_until: Option<Moment>,
    stopping: bool,
    clock_told: bool,
    awake: bool,
    /// Hints that were given: once is enough.
    told: BTreeSet<String>,
    /// Names that wait for their other family, and were told of.
    held_back: BTreeSet<Spot>,
    touched: BTreeSet<Spot>,
    /// Records that no entry uses any more and that changed by that.
    orphaned: Vec<(String, String)>,
    written: BTreeMap<String, u64>,
}

/// What one call of the engine collects.
struct Turn {
    now: Moment,
    random: u64,
    draws: u64,
    before: Vec<Action>,
    after: Vec<Action>,
}

impl Turn {
    /// Another number from the event's one (splitmix64).
    fn draw(&mut self) -> u64 {
        self.draws = self.draws.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random.wrapping_add(self.draws);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn tell(&mut self, notice: Notice) {
        self.before.push(Action::Announce(notice));
    }
}

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
            attic: remembered,
            flights: BTreeMap::new(),
            questions: BTreeMap::new(),
            looks: BTreeMap::new(),
            time: TimeLine::default(),
            next_ticket: 1,
            storage_until: None,
            stopping: false,
            clock_told: false,
            awake: false,
            told: BTreeSet::new(),
            held_back: BTreeSet::new(),
            touched: BTreeSet::new(),
            orphaned: Vec::new(),
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
            Event::LookNow => self.look_now(turn.now),
            Event::Unlock { domain, by } => self.unlock(domain.as_ref(), &by, &mut turn),
            Event::Update { domain } => self.update(domain.as_ref(), &mut turn),
            Event::Unsaved { full, tickets } => self.unsaved(full, &tickets, &mut turn),
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
        } else if let Some(wake) = self.next_wake(turn.now) {
            actions.push(Action::WakeAt(self.time.boot_time(wake)));
        }
        actions
    }

    /// The clock has never been right: nothing is sent or stored before it is.
    fn without_clock(&mut self, now: Now, event: Event) -> Vec<Action> {
        match event {
            Event::Reconfigured(rules) => self.take_settings(*rules),
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
        /// Between two batches of one account `--once` waits this long, not longer.
        const PATIENCE: Duration = Duration::from_secs(15);
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
        let unsaved = self.storage_until.filter(|_| !self.touched.is_empty());
        let wakes = [self.next_look(), self.next_question(), self.next_send(now), unsaved];
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

    /// What differs from what was written last.
    fn writes(&mut self) -> Vec<Write> {
        let mut writes = std::mem::take(&mut self.orphaned);
        for spot in std::mem::take(&mut self.touched) {
            let Some(group) = self.groups.get(spot.entry) else {
                continue;
            };
            let Some(held) = self.held(spot) else {
                continue;
            };
            let key = state::record_key(&group.entry, &group.entry.domains[spot.name], spot.family);
            writes.push((key, json(&held.record)));
        }
        writes.extend(self.accounts.iter().map(|(id, account)| (state::account_key(id), json(account))));
        writes.extend(self.services.iter().map(|(url, service)| (state::echo_key(url), json(service))));
        for wan in &self.wans {
            for (family, sight) in wan.sights.iter() {
                if let Some(observed) = &sight.observed {
                    let record = LineRecord { observed: observed.clone(), since: sight.since };
                    writes.push((state::line_key(&wan.line.name, family), json(&record)));
                }
            }
        }
        writes.retain(|(key, value)| {
            let mut hasher = DefaultHasher::new();
            value.hash(&mut hasher);
            let hash = hasher.finish();
            self.written.insert(key.clone(), hash) != Some(hash)
        });
        writes.into_iter().map(|(key, value)| Write { key, value: Some(value) }).collect()
    }

    /// The clock was set: every remembered moment moves along, and is written again.
    fn shift(&mut self, step_ms: i64) {
        for spot in self.spots().collect::<Vec<_>>() {
            if let Some(held) = self.held_mut(spot) {
                held.record.shift(step_ms);
            }
        }
        self.accounts.values_mut().for_each(|it| it.shift(step_ms));
        self.services.values_mut().for_each(|it| it.shift(step_ms));
        for sight in self.wans.iter_mut().flat_map(|wan| [&mut wan.sights.v4, &mut wan.sights.v6]) {
            let moments = [Some(&mut sight.settled_at), Some(&mut sight.since), sight.last_change.as_mut(), Some(&mut sight.next_look)];
            moments.into_iter().flatten().for_each(|moment| *moment = moment.shifted(step_ms));
        }
        self.storage_until = self.storage_until.map(|it| it.shifted(step_ms));
    }

    /// The state could not be written, and the requests with these tickets were not sent.
    fn unsaved(&mut self, full: bool, tickets: &[Ticket], turn: &mut Turn) {
        for ticket in tickets {
            let Some(flight) = self.flights.remove(ticket) else {
                continue;
            };
            for (spot, record) in flight.before {
                if let Some(held) = self.held_mut(spot) {
                    held.flight = None;
                    held.record = record;
                }
            }
        }
        // Nothing of what was to be written is on disk.
        self.touched.extend(self.spots().collect::<Vec<_>>());
        self.written.clear();
        if full {
            self.storage_until = Some(turn.now.plus(schedule::STORAGE_RETRY));
        } else {
            self.memory = Memory::Unwritable;
            turn.tell(Notice::new(
                Level::Error,
                "the state folder cannot be written; DNS is the memory from now on: one request per change, none after a refusal",
            ));
        }
    }
}

/// `value` as JSON without what equals its default: nulls, `false` and zero.
fn json(value: &impl serde::Serialize) -> String {
    use serde_json::Value;
    let mut value = serde_json::to_value(value).expect("plain data without maps of odd keys becomes JSON");
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, it| !matches!(it, Value::Null | Value::Bool(false)) && it.as_u64() != Some(0));
    }
    value.to_string()
}
