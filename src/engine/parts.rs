//! What the engine is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::event::{Action, Notice, Ticket};
use crate::rules::address::{Family, Observed, PerFamily, Prefix, Sighting};
use crate::rules::consensus::{CrossCheck, Line, Round, SourceReport};
use crate::rules::domain::{Domain, Entry};
use crate::rules::moment::Moment;
use crate::rules::order::Order;
use crate::rules::push::{Apart, Push, Pushed};
use crate::rules::state::{Gave, LineRecord, Record};

/// Where a record is: entry, name, family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Spot {
    pub(super) entry: usize,
    pub(super) name: usize,
    pub(super) family: Family,
}

/// One name's family: what is remembered, and what only this process knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    pub(super) record: Record,
    pub(super) flight: Option<Ticket>,
    pub(super) question: Option<Ticket>,
    pub(super) memory: Question,
    /// Questions about the published address that this process has asked.
    pub(super) asked: u32,
    pub(super) manual: bool,
    /// Just read from disk.
    pub(super) fresh: bool,
}

/// Has DNS been asked in place of a lost memory?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Question {
    #[default]
    NotAsked,
    Asking,
    Answered,
}

/// An entry and its names.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) entry: Arc<Entry>,
    pub(super) names: Vec<PerFamily<Option<Held>>>,
    /// What was pushed for its names, where `push` is a source of its line.
    pub(super) heard: PerFamily<Option<Heard>>,
}

/// What routers pushed for the names of one entry.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) observed: Observed,
    pub(super) since: Moment,
    /// Not all names were pushed the same.
    pub(super) apart: Option<Apart>,
    /// Of what the names show, whichever source it is from.
    pub(super) calm: Calm,
    /// They show something now.
    pub(super) shows: bool,
}

/// Changes come to rest before they are acted on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    /// From when on what is shown may be acted on.
    pub(super) settled_at: Moment,
    pub(super) last_known: Option<Shown>,
    pub(super) last_change: Option<Moment>,
}

/// What routers pushed.
#[derive(Debug, Default)]
pub(super) struct Pushes {
    /// By name.
    pub(super) known: BTreeMap<Domain, PerFamily<Pushed>>,
    /// Of these something is to be compared with what was written.
    pub(super) touched: BTreeSet<(Domain, Family)>,
    /// What came before the clock was set.
    pub(super) early: Vec<Push>,
    /// Entries, by their first name, that several sites share, and that this was said of.
    pub(super) warned: BTreeSet<(Domain, Family)>,
}

/// One family of a line.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) observed: Option<Observed>,
    /// What the state says it was, until it is seen again.
    pub(super) remembered: Option<LineRecord>,
    pub(super) calm: Calm,
    pub(super) since: Moment,
    pub(super) round: Option<Round>,
    /// For answers that come after its end.
    pub(super) last_round: Option<Round>,
    /// Somebody wanted a look while a round was under way: from then on.
    pub(super) look_again: Option<Moment>,
    /// Of the budget of looks that events cause.
    pub(super) looks_full_at: Option<Moment>,
    pub(super) next_look: Moment,
    pub(super) failures: u32,
    pub(super) down: bool,
    pub(super) reports: Vec<SourceReport>,
    /// What is remembered of the looks from outside at what a local source says.
    pub(super) check: Option<CrossCheck>,
    pub(super) checking: Option<Checking>,
    /// What it gave beside what was pushed.
    pub(super) gave: Gave,
}

/// What names can show of a line: a change of it is acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) address: Option<IpAddr>,
    pub(super) prefix: Option<Prefix>,
}

/// A look from outside, under way or over.
#[derive(Clone, Debug)]
pub(super) struct Checking {
    pub(super) near: Sighting,
    pub(super) round: Round,
}

/// A line and its families.
#[derive(Clone, Debug)]
pub(super) struct Wan {
    pub(super) line: Line,
    /// Families whose changes the router tells by itself.
    pub(super) told: PerFamily<bool>,
    pub(super) sights: PerFamily<Sight>,
}

/// A request in the air.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    /// The settings it is sent with.
    pub(super) entry: Arc<Entry>,
    /// The settings of each name of the order: names of several entries may travel together.
    pub(super) entries: Vec<Arc<Entry>>,
    pub(super) order: Order,
    pub(super) spots: Vec<Spot>,
    pub(super) tried_other: bool,
    /// As it was before the request, should the intent not reach the disk.
    pub(super) before: Vec<(String, Record)>,
}

/// A question to name servers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    pub(super) spot: Spot,
    pub(super) address: IpAddr,
    pub(super) memory: bool,
}

/// A question to an address source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looking {
    pub(super) wan: usize,
    pub(super) family: Family,
    pub(super) number: usize,
    /// It belongs to the daily look from outside.
    pub(super) check: bool,
    /// Its round is over.
    pub(super) late: bool,
}

/// What one call of the engine collects.
pub(super) struct Turn {
    pub(super) now: Moment,
    pub(super) random: u64,
    pub(super) draws: u64,
    pub(super) before: Vec<Action>,
    pub(super) after: Vec<Action>,
}

impl Turn {
    /// Another number from the event's one (splitmix64).
    pub(super) fn draw(&mut self) -> u64 {
        self.draws = self.draws.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random.wrapping_add(self.draws);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn tell(&mut self, notice: Notice) {
        self.before.push(Action::Announce(notice));
    }
}
