//! One outside service's part in a poll.

use std::net::IpAddr;

use super::roster::Candidate;
use crate::rules::address::Family;
use crate::rules::consensus::reading::{Unused, echo, portal, seen, whoami};
use crate::rules::consensus::services::Book;
use crate::rules::consensus::{Probe, ProbeFault, Reading, Services, SourceReport};
use crate::rules::moment::Moment;

/// One service's part.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) who: Candidate,
    /// Where its record is: two lines see different addresses.
    pub(super) key: String,
    pub(super) state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// May be asked.
    Idle,
    /// Rests; why, and its last answer if that still counts.
    Resting(String, Option<(IpAddr, Moment)>),
    /// Was asked; what is to be restored if the question never left this machine, and the answer it is to confirm.
    Open {
        before: Option<Moment>,
        confirms: Option<IpAddr>,
    },
    Said(IpAddr),
    /// No answer, and whether anybody was there.
    Failed(Unused, Reached),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// This machine has no way out.
    NoRoute,
    /// The way out may be broken.
    Nobody,
    /// Somebody else answered, who wants something first.
    Portal,
    /// Something answered.
    Somebody,
}

impl Reached {
    /// Says this more about the line than about the service?
    pub(super) const fn is_cut_off(self) -> bool {
        matches!(self, Self::NoRoute | Self::Nobody | Self::Portal)
    }
}

/// What a service's answer amounts to, also for later rounds.
pub(super) fn book(
    mut book: Book<'_>,
    who: &Candidate,
    result: Result<Reading, ProbeFault>,
    family: Family,
    before: Option<Moment>,
    now: Moment,
) -> State {
    let reached = reached(&result);
    match &result {
        // The service never saw the question.
        Err(ProbeFault::NoRoute(_)) => book.0.last_query = before,
        Ok(Reading::Echo { status, retry_after, .. }) if reached != Reached::Portal => {
            book.refused(*status, *retry_after, who.named(), now);
        }
        _ => {}
    }
    match read(&who.probe, result, family) {
        Ok(address) => {
            book.answered(address, now);
            State::Said(address)
        }
        Err(unused) => State::Failed(unused, reached),
    }
}

fn reached(result: &Result<Reading, ProbeFault>) -> Reached {
    match result {
        Err(ProbeFault::NoRoute(_)) => Reached::NoRoute,
        Err(ProbeFault::Portal(_)) => Reached::Portal,
        Err(ProbeFault::Failed(_)) => Reached::Nobody,
        Ok(Reading::Echo { status, body, .. }) if portal(*status, body) => Reached::Portal,
        Ok(_) => Reached::Somebody,
    }
}

fn read(asked: &Probe, result: Result<Reading, ProbeFault>, family: Family) -> Result<IpAddr, Unused> {
    match (asked, result?) {
        (Probe::Echo { .. }, Reading::Echo { status, body, .. }) => echo(status, &body, family),
        (Probe::Dns(asked), Reading::Dns(reading)) => whoami(&reading, asked, family),
        (Probe::Stun(_), Reading::Mapped(address)) => seen(&address.to_string(), family),
        _ => Err(Unused::because("the answer is not of the kind that this service gives")),
    }
}

impl Service {
    pub(super) const fn new(who: Candidate, key: String, state: State) -> Self {
        Self { who, key, state }
    }

    /// Puts the question.
    pub(super) fn put(&mut self, index: usize, confirms: Option<IpAddr>, records: &mut Services, now: Moment) -> (usize, Probe) {
        let record = records.entry(self.key.clone()).or_default();
        self.state = State::Open { before: record.last_query, confirms };
        record.last_query = Some(now);
        (index, self.who.probe.clone())
    }

    /// What it said, now or lately, and when.
    pub(super) fn vote(&self, now: Moment) -> Option<(IpAddr, Moment)> {
        match self.state {
            State::Said(address) => Some((address, now)),
            State::Resting(_, last) => last,
            _ => None,
        }
    }

    /// `None`: it had no part.
    pub(super) fn report(&self, agreed: Option<IpAddr>) -> Option<SourceReport> {
        let dissent = |address: IpAddr| agreed.is_none_or(|agreed| agreed != address);
        let (address, rejected) = match &self.state {
            State::Open { .. } => (None, Some("has not answered yet".into())),
            State::Said(address) => (Some(*address), dissent(*address).then(|| "no second operator confirms it".into())),
            State::Resting(_, Some((address, at))) => {
                let why = format!("answered at {at}, rests since; no other operator confirms it");
                (Some(*address), dissent(*address).then_some(why))
            }
            State::Resting(why, None) if self.who.named() => (None, Some(why.clone())),
            State::Idle | State::Resting(_, None) => return None,
            State::Failed(unused, _) => (unused.address, Some(unused.why.clone())),
        };
        Some(SourceReport { source: self.who.shown.clone(), address, rejected })
    }
}
