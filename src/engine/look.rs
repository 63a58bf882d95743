//! Addresses: when to look, what was seen, and when it may be acted on.

use std::time::Duration;

use super::crosscheck::is_outside;
use super::event::{Action, Level, Notice, Ticket};
use super::feeds::carries_prefix;
use super::parts::Shown;
use super::{Engine, Held, Looking, Run, Sight, Turn};
use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::consensus::{Aim, Probe, ProbeFault, Reading, Round, Source, Step};
use crate::rules::dialect::Class;
use crate::rules::domain::Entry;
use crate::rules::moment::Moment;
use crate::rules::plan;
use crate::rules::schedule;

/// A look that is later than this leaves a gap: the machine slept, or nobody was interested. What was seen before it is not
/// known any more.
const LATE: Duration = Duration::from_secs(60);

/// After so many rounds without an address the operator is told.
const ALERT_AFTER: u32 = 3;

impl Engine {
    /// Starts the rounds that are due.
    pub(super) fn look(&mut self, turn: &mut Turn) {
        for wan in 0..self.wans.len() {
            for family in Family::ALL {
                let sight = &self.wans[wan].sights[family];
                if sight.round.is_none()
                    && !sight.down
                    && sight.next_look <= turn.now
                    && self.wanted_from(wan, family).is_some_and(|from| from <= turn.now)
                {
                    if sight.next_look.plus(LATE) < turn.now {
                        self.wans[wan].sights[family].forget();
                    }
                    let (published, hosts_only) = (self.published_on(wan, family), self.hosts_only(wan, family));
                    let aim = Aim { line: &self.wans[wan].line, family, published, hosts_only };
                    let begin = if self.run == Run::Survey { Round::survey } else { Round::start };
                    let (round, step) = begin(aim, &mut self.services, turn.now);
                    self.wans[wan].sights[family].round = Some(round);
                    self.step(wan, family, step, turn);
                }
            }
        }
    }

    /// From when on somebody is interested in this family of this line. Locked and switched-off names are not; muted ones are
    /// when they are offered again, or when somebody asks for it.
    fn wanted_from(&self, wan: usize, family: Family) -> Option<Moment> {
        const ALWAYS: Moment = Moment(i64::MIN);
        if self.run == Run::Survey {
            return (self.wans[wan].line.sources[family] != [Source::Push]).then_some(ALWAYS);
        }
        let name = &self.wans[wan].line.name;
        let open = |entry: &Entry| self.accounts.get(&entry.account).is_none_or(|account| account.lock.is_none());
        let groups = self.groups.iter().enumerate();
        let groups = groups.filter(|(_, group)| group.entry.enabled && group.entry.wan == *name && open(&group.entry));
        let groups = groups.filter(|(entry, _)| !self.needs_no_look(*entry, family)).map(|(_, group)| group);
        let wanted = groups.flat_map(|group| {
            let held = group.names.iter().filter_map(|families| families[family].as_ref());
            let own = held.filter(|held| held.record.lock.is_none()).filter_map(|held| match &held.record.muted {
                Some(muted) if !held.manual => Some(muted.since.plus(group.entry.refresh?)),
                _ => Some(ALWAYS),
            });
            // One request carries both addresses, or a prefix beside one: who needs one of them needs the other one as fresh.
            let is_open = |families: &PerFamily<Option<Held>>| {
                families.iter().any(|(_, held)| held.as_ref().is_some_and(|it| it.record.lock.is_none()))
            };
            let carried = || family == Family::V6 && carries_prefix(&group.entry);
            let both = ((plan::is_combined(&group.entry) || carried()) && group.names.iter().any(is_open)).then_some(ALWAYS);
            own.chain(both)
        });
        wanted.min()
    }

    /// An address that some name has published from this line (hysteresis applies to leaving it).
    fn published_on(&self, wan: usize, family: Family) -> Option<std::net::IpAddr> {
        let name = &self.wans[wan].line.name;
        let follows = |entry: &Entry| entry.wan == *name && entry.ipv6_host.is_none();
        let by_the_line = |entry: usize| self.basis(entry, family).is_none_or(|basis| !basis.pushed);
        let groups = self.groups.iter().enumerate().filter(|(entry, group)| follows(&group.entry) && by_the_line(*entry));
        let published = groups
            .map(|(_, group)| group)
            .find_map(|group| group.names.iter().find_map(|families| Some(families[family].as_ref()?.record.published.as_ref()?.address)));
        let last = self.wans[wan].sights[family].calm.last_known.and_then(|last| last.address);
        last.filter(|known| published == Some(*known)).or(published)
    }

    /// Does nobody want the line's own address, only those of machines behind the router?
    fn hosts_only(&self, wan: usize, family: Family) -> bool {
        let name = &self.wans[wan].line.name;
        let follows = |entry: &Entry| entry.enabled && entry.wan == *name && entry.mode.wants(family);
        let mut hosts = self.groups.iter().filter(|group| follows(&group.entry)).map(|group| group.entry.ipv6_host.is_some()).peekable();
        family == Family::V6 && hosts.peek().is_some() && hosts.all(|host| host)
    }

    fn step(&mut self, wan: usize, family: Family, step: Step, turn: &mut Turn) {
        match step {
            Step::Wait => {}
            Step::Ask(probes) => {
                if probes.iter().any(|(_, probe)| is_outside(probe)) {
                    self.give_up_check(wan, family);
                }
                self.put(wan, family, false, probes, turn);
            }
            Step::Done(observed) => {
                if let Observed::Known(sighting) = &observed
                    && self.is_near(wan, sighting)
                {
                    self.outdate(wan, family, Some(sighting.address));
                }
                self.observed(wan, family, observed, turn);
                self.check(wan, family, turn);
            }
        }
    }

    /// Puts questions to sources.
    pub(super) fn put(&mut self, wan: usize, family: Family, check: bool, probes: Vec<(usize, Probe)>, turn: &mut Turn) {
        for (number, probe) in probes {
            let ticket = self.ticket();
            self.looks.insert(ticket, Looking { wan, family, number, check, late: false });
            turn.after.push(Action::Detect { ticket, family, probe, via: self.wans[wan].line.interface.clone() });
        }
    }

    /// A source answered.
    pub(super) fn seen(&mut self, ticket: Ticket, result: Result<Reading, ProbeFault>, turn: &mut Turn) {
        let Some(looking) = self.looks.remove(&ticket) else {
            return;
        };
        if looking.check {
            self.checked(looking, result, turn);
            return;
        }
        let Looking { wan, family, number, late, .. } = looking;
        let sight = &mut self.wans[wan].sights[family];
        if late {
            if let Some(round) = &mut sight.last_round {
                // Decided is decided; who dissents or asks for rest is noted.
                let _ = round.answer(number, result, &mut self.services, turn.now);
                sight.reports = round.reports();
            }
            return;
        }
        let Some(mut round) = sight.round.take() else {
            return;
        };
        let step = round.answer(number, result, &mut self.services, turn.now);
        self.wans[wan].sights[family].round = Some(round);
        self.step(wan, family, step, turn);
    }

    /// A round is over.
    fn observed(&mut self, wan: usize, family: Family, observed: Observed, turn: &mut Turn) {
        let (run, settle) = (self.run, self.rules.settle);
        let interval = self.pause(wan, family, &observed);
        let which = self.which(wan);
        self.overtake(wan, family, &observed, turn.now);
        let missed = self.is_missed(wan, family);
        // Questions of the round that are still open are not waited for; those of the one before are given up.
        let mine = |it: &Looking| (it.wan, it.family) == (wan, family) && !it.check;
        self.looks.retain(|_, it| !(mine(it) && it.late));
        self.looks.values_mut().filter(|it| mine(it)).for_each(|it| it.late = true);
        let sight = &mut self.wans[wan].sights[family];
        if let Some(round) = sight.round.take() {
            sight.reports = round.reports();
            sight.last_round = Some(round);
        }
        // What made somebody want a look during the round may be younger than its answers.
        sight.next_look = sight.look_again.take().map_or(turn.now.plus(interval), |at| at.max(turn.now));
        if sight.observed.as_ref() != Some(&observed) {
            sight.changed_to(&observed, turn.now);
        }
        let first = sight.observed.as_ref() != Some(&observed);
        match &observed {
            Observed::Known(_) | Observed::Prefix(_) => {
                sight.failures = 0;
                let shown = Shown { address: observed.address(), prefix: observed.prefix() };
                let still = sight.observed.as_ref().and_then(Shown::of).is_some();
                sight.calm.see(shown, still, run, settle, turn.now);
                if let Some((level, text)) = remark(&observed).filter(|_| first) {
                    turn.tell(Notice { family: Some(family), ..Notice::new(level, which + &text) });
                }
            }
            Observed::Absent(why) | Observed::Unavailable(why) => {
                sight.failures = sight.failures.saturating_add(1);
                let class = matches!(observed, Observed::Unavailable(_)).then_some(Class::DetectionFailed);
                let level = match (sight.failures, &observed) {
                    _ if !missed => None,
                    (ALERT_AFTER, Observed::Unavailable(_)) => Some(Level::Error),
                    _ if first => Some(Level::Notice),
                    _ => None,
                };
                if let Some(level) = level {
                    let text = format!("{which}no {family} address: {why}");
                    turn.tell(Notice { family: Some(family), class, ..Notice::new(level, text) });
                }
            }
        }
        sight.observed = Some(observed);
    }

    /// Of several lines, which one a notice is about.
    pub(super) fn which(&self, wan: usize) -> String {
        if self.wans.len() > 1 { format!("line {}: ", self.wans[wan].line.name) } else { String::new() }
    }

    pub(super) fn look_now(&mut self, now: Moment) {
        for sight in self.sights_mut().filter(|sight| !sight.down) {
            sight.look_from(now);
        }
    }

    /// The link of a family came or went. Going: nothing is confirmed any more. Coming: look, after a moment of calm.
    pub(super) fn link_changed(&mut self, up: PerFamily<bool>, turn: &mut Turn) {
        for (family, up) in up.iter() {
            for wan in 0..self.wans.len() {
                let sight = &mut self.wans[wan].sights[family];
                if *up {
                    let was_down = std::mem::replace(&mut sight.down, false);
                    if was_down {
                        sight.observed = None;
                        sight.next_look = turn.now.plus(schedule::DEBOUNCE);
                    } else {
                        sight.stir(turn.now);
                    }
                } else {
                    let gone = Sight::unlinked();
                    sight.down = true;
                    sight.round = None;
                    sight.last_round = None;
                    sight.checking = None;
                    sight.look_again = None;
                    sight.changed_to(&gone, turn.now);
                    sight.observed = Some(gone);
                    self.looks.retain(|_, it| (it.wan, it.family) != (wan, family));
                    self.outdate(wan, family, None);
                }
            }
            if *up {
                self.forget_hiccups(family);
            }
        }
    }

    /// A link event ends the waits after network faults and captive portals.
    fn forget_hiccups(&mut self, family: Family) {
        for spot in self.spots().filter(|spot| spot.family == family).collect::<Vec<_>>() {
            let waits =
                self.held(spot).is_some_and(|held| held.record.hiccup.is_some() || held.record.wait.as_ref().is_some_and(|it| it.portal));
            if waits && let Some(held) = self.held_mut(spot) {
                held.record.hiccup = None;
                held.record.hiccups = None;
                if held.record.wait.as_ref().is_some_and(|it| it.portal) {
                    held.record.wait = None;
                }
            }
        }
    }

    pub(super) fn next_look(&self) -> Option<Moment> {
        (0..self.wans.len())
            .flat_map(|wan| Family::ALL.map(|family| (wan, family)))
            .filter_map(|(wan, family)| {
                let sight = &self.wans[wan].sights[family];
                let at = sight.next_look.max(self.wanted_from(wan, family)?);
                (sight.round.is_none() && !sight.down).then_some(at)
            })
            .min()
    }

    pub(super) fn sights_mut(&mut self) -> impl Iterator<Item = &mut Sight> {
        self.wans.iter_mut().flat_map(|wan| [&mut wan.sights.v4, &mut wan.sights.v6])
    }
}

/// What is to be said of an address or prefix beside itself.
fn remark(observed: &Observed) -> Option<(Level, String)> {
    match observed {
        Observed::Known(sighting) => Some((Level::Warning, sighting.warning.clone()?)),
        Observed::Prefix(_) => Some((Level::Notice, observed.publish(None).err()?)),
        Observed::Absent(_) | Observed::Unavailable(_) => None,
    }
}
