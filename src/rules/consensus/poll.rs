//! Asking outside: several services, independent operators, two equal answers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::services::{Book, key, resting, young_answer};
use super::{Aim, Probe, ProbeFault, Reading, Services, Source, SourceReport};
use crate::rules::address::{Family, Prefix};
use crate::rules::moment::Moment;

mod roster;
mod service;
mod words;

use roster::Candidate;
use service::{Service, State, book};

/// Operators whose answers are compared, and how many of them must say the same.
const JURY: usize = 3;
const QUORUM: usize = 2;

/// Most services that one round asks: those that fail are replaced.
const MOST: usize = 6;

/// What a poll wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Ask these services.
    Ask(Vec<(usize, Probe)>),
    Wait,
    /// Two agree, or one is enough: the address and the source that is to be named for it.
    Agreed(IpAddr, String),
    /// There is no line of this family.
    Absent(String),
    Undecided(String),
}

/// How the services are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// As few as settle it.
    Brief,
    /// Some of every source, and everybody's answer is waited for: somebody wants to see them.
    Thorough,
    /// Is what was found near by seen outside as well? Any address in this prefix will do, and one voice never contradicts.
    Check(Option<Prefix>),
}

/// The outside sources of one line and family, asked together.
#[derive(Clone, Debug)]
pub(super) struct Poll {
    family: Family,
    published: Option<IpAddr>,
    manner: Manner,
    /// The only outside source there is: alone it is enough.
    sole: bool,
    services: Vec<Service>,
    agreed: Option<IpAddr>,
}

impl Poll {
    /// The services of `sources`, those outside of `aim`'s line.
    pub(super) fn new(sources: &[Source], aim: Aim<'_>, manner: Manner, records: &Services, now: Moment) -> Self {
        let mut services: Vec<Service> = Vec::new();
        for source in sources {
            let keyed = |who: Candidate| {
                let key = key(&who.key, aim.line.interface.as_deref());
                (who, key)
            };
            let mut candidates: Vec<(Candidate, String)> = roster::of(source, aim.family).into_iter().map(keyed).collect();
            // The one that rested longest first.
            candidates.sort_by_key(|(_, key)| records.get(key).and_then(|record| record.last_query));
            for (who, key) in candidates {
                // A service that is named and built in as well is one service.
                let origin = |text: &str| text.trim_end_matches('/').to_owned();
                if services.iter().any(|known| origin(&known.who.shown) == origin(&who.shown)) {
                    continue;
                }
                let record = records.get(&key);
                let state = match resting(record, !who.named(), now) {
                    Some(why) => State::Resting(why, young_answer(record, aim.family, now)),
                    None => State::Idle,
                };
                services.push(Service::new(who, key, state));
            }
        }
        let sole = services.len() == 1 && sources.len() == 1 && !matches!(manner, Manner::Check(_));
        Self { family: aim.family, published: aim.published, manner, sole, services, agreed: None }
    }

    /// The first questions: one is enough where an address is published, for it will mostly be the same.
    pub(super) fn begin(&mut self, records: &mut Services, now: Moment) -> Turn {
        let turn = if self.manner == Manner::Thorough {
            self.ask_around(records, now)
        } else {
            let first = if self.sole || self.published.is_some() { 1 } else { JURY };
            self.ask(first, records, now)
        };
        turn.unwrap_or_else(|| self.close(now))
    }

    /// Takes the answer of service `index`. An answer that comes after the decision is only booked.
    pub(super) fn answer(&mut self, index: usize, result: Result<Reading, ProbeFault>, records: &mut Services, now: Moment) -> Turn {
        let Some(Service { who, key, state }) = self.services.get_mut(index) else {
            return Turn::Wait;
        };
        let State::Open { before, confirms } = *state else {
            return Turn::Wait;
        };
        *state = book(Book::of(records, key), who, result, self.family, before, now);
        if let Some(agreed) = self.agreed {
            self.compare(agreed, Some(index), records, now);
            return Turn::Wait;
        }
        self.next(index, confirms, records, now)
    }

    fn next(&mut self, index: usize, confirms: Option<IpAddr>, records: &mut Services, now: Moment) -> Turn {
        let open = self.services.iter().any(|service| matches!(service.state, State::Open { .. }));
        if open && self.manner == Manner::Thorough {
            return Turn::Wait;
        }
        if let Some(address) = self.verdict(confirms) {
            self.agreed = Some(address);
            self.compare(address, None, records, now);
            return Turn::Agreed(address, self.named_for(address, now));
        }
        if open {
            return Turn::Wait;
        }
        if self.sole {
            return self.ask_again(index, confirms, records, now).unwrap_or_else(|| self.close(now));
        }
        let missing = JURY.saturating_sub(self.said().count());
        self.ask(missing, records, now).unwrap_or_else(|| self.close(now))
    }

    /// Fresh answers that settle it.
    fn verdict(&self, confirms: Option<IpAddr>) -> Option<IpAddr> {
        let first = self.said().next().map(|(_, address)| address)?;
        if self.sole {
            let stays = self.published.is_none_or(|published| published == first);
            return (stays || confirms == Some(first)).then_some(first);
        }
        // Staying needs one voice, leaving needs two.
        self.majority().or_else(|| Some(first).filter(|_| self.said().all(|(_, address)| self.stays(address))))
    }

    /// The address that most operators say now; at least two of them, and more than say any other.
    fn majority(&self) -> Option<IpAddr> {
        let mut voices: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for (_, address) in self.said() {
            *voices.entry(address).or_default() += 1;
        }
        let most = voices.values().copied().max().filter(|&most| most >= QUORUM)?;
        let mut loudest = voices.iter().filter(|(_, voices)| **voices == most);
        loudest.next().filter(|_| loudest.next().is_none()).map(|(address, _)| *address)
    }

    /// Is this no change?
    fn stays(&self, address: IpAddr) -> bool {
        self.published == Some(address)
            || matches!((self.manner, address), (Manner::Check(Some(prefix)), IpAddr::V6(address)) if prefix.contains(address))
    }

    /// What each operator says now; of one that says two things both.
    fn said(&self) -> impl Iterator<Item = (&str, IpAddr)> {
        let all = |service: &Service| match service.state {
            State::Said(address) => Some(address),
            _ => None,
        };
        self.services.iter().enumerate().filter_map(move |(index, service)| {
            let address = all(service)?;
            let before = &self.services[..index];
            let again = before.iter().any(|it| it.who.operator == service.who.operator && all(it) == Some(address));
            (!again).then_some((service.who.operator.as_str(), address))
        })
    }

    /// Puts the next `count` idle services to the question, one of each operator; `None` if there is nobody left or it is of
    /// no use.
    fn ask(&mut self, count: usize, records: &mut Services, now: Moment) -> Option<Turn> {
        let tried = |service: &&Service| !matches!(service.state, State::Idle | State::Resting(..));
        let cut_off = |service: &Service| matches!(service.state, State::Failed(_, reached) if reached.is_cut_off());
        let asked = self.services.iter().filter(tried).count();
        let answered = !self.services.iter().filter(tried).all(cut_off);
        // When nobody at all can be reached the others are kept for when the line is back.
        if asked >= JURY && !answered {
            return None;
        }
        let chosen = self.idle(count.min(MOST.saturating_sub(asked)), |_| true);
        self.put(&chosen, records, now)
    }

    /// Some of every source.
    fn ask_around(&mut self, records: &mut Services, now: Moment) -> Option<Turn> {
        let mut sources: Vec<&Source> = self.services.iter().map(|service| &service.who.source).collect();
        sources.dedup();
        let chosen: Vec<usize> = sources.into_iter().flat_map(|source| self.idle(JURY, |service| service.who.source == *source)).collect();
        self.put(&chosen, records, now)
    }

    /// The first `count` idle services of those that are `meant`, of operators who have not said anything yet.
    fn idle(&self, count: usize, meant: impl Fn(&Service) -> bool) -> Vec<usize> {
        let heard = |service: &Service| meant(service) && matches!(service.state, State::Open { .. } | State::Said(_));
        let mut operators: Vec<&str> = self.services.iter().filter(|it| heard(it)).map(|it| it.who.operator.as_str()).collect();
        let mut chosen = Vec::new();
        for (index, service) in self.services.iter().enumerate() {
            let operator = service.who.operator.as_str();
            if chosen.len() < count && service.state == State::Idle && meant(service) && !operators.contains(&operator) {
                operators.push(operator);
                chosen.push(index);
            }
        }
        chosen
    }

    fn put(&mut self, chosen: &[usize], records: &mut Services, now: Moment) -> Option<Turn> {
        let questions: Vec<_> = chosen.iter().map(|&index| self.services[index].put(index, None, records, now)).collect();
        (!questions.is_empty()).then_some(Turn::Ask(questions))
    }

    /// The one service there is said something else than what is published: it may repeat that.
    fn ask_again(&mut self, index: usize, confirms: Option<IpAddr>, records: &mut Services, now: Moment) -> Option<Turn> {
        let service = &mut self.services[index];
        match service.state {
            State::Said(address) if confirms.is_none() => Some(Turn::Ask(vec![service.put(index, Some(address), records, now)])),
            _ => None,
        }
    }

    /// Nobody is left to ask: do young answers of resting services help?
    fn close(&mut self, now: Moment) -> Turn {
        // A question that found nobody says more about the line than an answer of minutes ago.
        let unreached = |service: &Service| matches!(service.state, State::Failed(_, reached) if reached.is_cut_off());
        let cut_off = self.said().next().is_none() && self.services.iter().any(unreached);
        if let Some(address) = self.with_resting(now).filter(|_| !cut_off) {
            self.agreed = Some(address);
            return Turn::Agreed(address, self.named_for(address, now));
        }
        self.undecided()
    }

    /// Fresh answers together with those of resting services: the newest counts if it has company, or if it is what is
    /// published.
    fn with_resting(&self, now: Moment) -> Option<IpAddr> {
        // One voice each: the newest.
        let mut votes: BTreeMap<&str, (IpAddr, Moment)> = BTreeMap::new();
        for (operator, vote) in self.services.iter().filter_map(|service| Some((service.who.operator.as_str(), service.vote(now)?))) {
            let newest = votes.entry(operator).or_insert(vote);
            if newest.1 < vote.1 {
                *newest = vote;
            }
        }
        let newest = votes.values().map(|(_, at)| *at).max()?;
        let mut latest: Vec<IpAddr> = votes.values().filter(|(_, at)| *at == newest).map(|(address, _)| *address).collect();
        latest.sort_unstable();
        latest.dedup();
        let weight = |address: IpAddr| votes.values().filter(|(other, _)| *other == address).count();
        let mut agreed = latest.iter().copied().filter(|&address| weight(address) >= QUORUM);
        match (agreed.next(), agreed.next(), latest.as_slice()) {
            (Some(address), None, _) => Some(address),
            (None, _, &[only]) if self.stays(only) || (self.sole && self.published.is_none()) => Some(only),
            _ => None,
        }
    }

    /// Notes who dissents from the quorum; of one voice alone nobody dissents.
    fn compare(&self, agreed: IpAddr, only: Option<usize>, records: &mut Services, now: Moment) {
        if self.said().filter(|&(_, address)| address == agreed).count() < QUORUM {
            return;
        }
        for (index, service) in self.services.iter().enumerate() {
            if let State::Said(address) = service.state
                && only.is_none_or(|only| only == index)
            {
                Book::of(records, &service.key).compared(address == agreed, now);
            }
        }
    }

    /// Whom to name as the source: that of the first service that says so.
    fn named_for(&self, address: IpAddr, now: Moment) -> String {
        let says = |service: &&Service| service.vote(now).is_some_and(|(said, _)| said == address);
        self.services.iter().find(says).map_or(&Source::Web, |service| &service.who.source).to_string()
    }

    /// Every service that took part.
    pub(super) fn reports(&self) -> impl Iterator<Item = SourceReport> {
        self.services.iter().filter_map(|service| service.report(self.agreed))
    }
}

#[cfg(test)]
mod tests;
