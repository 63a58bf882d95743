//! One echo service's part in a poll.

use std::net::IpAddr;

use crate::rules::address::Family;
use crate::rules::consensus::reading::{Unused, echo};
use crate::rules::consensus::services::Book;
use crate::rules::consensus::{Probe, ProbeFault, Reading, Services, SourceReport};
use crate::rules::moment::Moment;

/// One service's part.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) url: String,
    /// The user names it: asked when needed.
    pub(super) named: bool,
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
    /// Something answered.
    Somebody,
}

/// What a service's answer amounts to, also for later rounds.
pub(super) fn book(
    book: Book<'_>,
    result: Result<Reading, ProbeFault>,
    family: Family,
    named: bool,
    before: Option<Moment>,
    now: Moment,
) -> State {
    match result {
        Ok(Reading::Echo { status, retry_after, body }) => match echo(status, &body, family) {
            Ok(address) => {
                book.answered(address, now);
                State::Said(address)
            }
            Err(unused) => {
                book.refused(status, retry_after, named, now);
                State::Failed(unused, Reached::Somebody)
            }
        },
        Ok(_) => State::Failed(Unused::because("the answer is not that of an echo service"), Reached::Nobody),
        Err(ProbeFault::NoRoute(why)) => {
            // The service never saw the question.
            book.0.last_query = before;
            State::Failed(Unused::because(why), Reached::NoRoute)
        }
        Err(ProbeFault::Failed(why)) => State::Failed(Unused::because(why), Reached::Nobody),
    }
}

impl Service {
    /// Puts the question.
    pub(super) fn put(&mut self, index: usize, confirms: Option<IpAddr>, records: &mut Services, now: Moment) -> (usize, Probe) {
        let record = records.entry(self.url.clone()).or_default();
        self.state = State::Open { before: record.last_query, confirms };
        record.last_query = Some(now);
        (index, Probe::Echo { url: self.url.clone() })
    }

    /// What it said, now or lately.
    pub(super) fn answer(&self) -> Option<IpAddr> {
        match self.state {
            State::Said(address) => Some(address),
            State::Resting(_, last) => last.map(|(address, _)| address),
            _ => None,
        }
    }

    /// `None`: it had no part.
    pub(super) fn report(&self, agreed: Option<IpAddr>) -> Option<SourceReport> {
        let dissent = |address: IpAddr| agreed.is_none_or(|agreed| agreed != address);
        let (address, rejected) = match &self.state {
            State::Open { .. } => (None, Some("has not answered yet".into())),
            State::Said(address) => (Some(*address), dissent(*address).then(|| "no second service confirms it".into())),
            State::Resting(_, Some((address, at))) => {
                let why = format!("answered at {at}, rests since; no other service confirms it");
                (Some(*address), dissent(*address).then_some(why))
            }
            State::Resting(why, None) if self.named => (None, Some(why.clone())),
            State::Idle | State::Resting(_, None) => return None,
            State::Failed(unused, _) => (unused.address, Some(unused.why.clone())),
        };
        Some(SourceReport { source: self.url.clone(), address, rejected })
    }
}
