//! Asking outside: several services, independent operators, two equal answers.

use std::net::IpAddr;

use super::services::{BUILT_IN, Book, resting, young_answer};
use super::{Probe, ProbeFault, Reading, Services, Source, SourceReport};
use crate::rules::address::Family;
use crate::rules::moment::Moment;

mod service;

use service::{Reached, Service, State, book};

/// Answers that are compared, and how many of them must be equal.
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
    /// Two agree, or one is enough: the address and who is to be named for it.
    Agreed(IpAddr, String),
    /// There is no line of this family.
    Absent(String),
    Undecided(String),
}

/// The outside sources of one line and family, asked together.
#[derive(Clone, Debug)]
pub(super) struct Poll {
    family: Family,
    published: Option<IpAddr>,
    /// The only outside source there is: alone it is enough.
    sole: bool,
    services: Vec<Service>,
    agreed: Option<IpAddr>,
}

impl Poll {
    pub(super) fn new(sources: &[Source], family: Family, published: Option<IpAddr>, records: &Services, now: Moment) -> Self {
        let mut services: Vec<Service> = Vec::new();
        let mut add = |url: &str, named: bool| {
            // A service that is named and built in as well is one service.
            let origin = |text: &str| text.trim_end_matches('/').to_owned();
            if services.iter().any(|known| origin(&known.url) == origin(url)) {
                return;
            }
            let record = records.get(url);
            let state = match resting(record, !named, now) {
                Some(why) => State::Resting(why, young_answer(record, family, now)),
                None => State::Idle,
            };
            services.push(Service { url: url.to_owned(), named, state });
        };
        for source in sources {
            match source {
                Source::Echo(url) => add(url, true),
                Source::Web => rotation(family, records).into_iter().for_each(|url| add(url, false)),
                _ => {}
            }
        }
        let sole = sources.iter().filter(|source| source.outside()).count() == 1 && services.len() == 1;
        Self { family, published, sole, services, agreed: None }
    }

    /// The first questions: one is enough where an address is published, for it will mostly be the same.
    pub(super) fn begin(&mut self, records: &mut Services, now: Moment) -> Turn {
        let first = if self.sole || self.published.is_some() { 1 } else { JURY };
        self.ask(first, records, now).unwrap_or_else(|| self.close(now))
    }

    /// Takes the answer of service `index`. An answer that comes after the decision is only booked.
    pub(super) fn answer(&mut self, index: usize, result: Result<Reading, ProbeFault>, records: &mut Services, now: Moment) -> Turn {
        let Some(Service { url, named, state }) = self.services.get_mut(index) else {
            return Turn::Wait;
        };
        let State::Open { before, confirms } = *state else {
            return Turn::Wait;
        };
        *state = book(Book::of(records, url), result, self.family, *named, before, now);
        if let Some(agreed) = self.agreed {
            self.compare(agreed, Some(index), records, now);
            return Turn::Wait;
        }
        self.next(index, confirms, records, now)
    }

    fn next(&mut self, index: usize, confirms: Option<IpAddr>, records: &mut Services, now: Moment) -> Turn {
        if let Some(address) = self.verdict(confirms) {
            self.agreed = Some(address);
            self.compare(address, None, records, now);
            return Turn::Agreed(address, self.named_for(address));
        }
        if self.services.iter().any(|service| matches!(service.state, State::Open { .. })) {
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
        let first = self.said().next()?;
        if self.sole {
            let stays = self.published.is_none_or(|published| published == first);
            return (stays || confirms == Some(first)).then_some(first);
        }
        let equal = |address: IpAddr| self.said().filter(|&other| other == address).count();
        let agreed = self.said().find(|&address| equal(address) >= QUORUM);
        // Staying needs one voice, leaving needs two.
        agreed.or_else(|| self.published.filter(|&published| self.said().all(|address| address == published)))
    }

    fn said(&self) -> impl Iterator<Item = IpAddr> {
        self.services.iter().filter_map(|service| match service.state {
            State::Said(address) => Some(address),
            _ => None,
        })
    }

    /// Puts the next `count` idle services to the question; `None` if there is nobody left or it is of no use.
    fn ask(&mut self, count: usize, records: &mut Services, now: Moment) -> Option<Turn> {
        let tried = |service: &&Service| !matches!(service.state, State::Idle | State::Resting(..));
        let alone = |service: &Service| matches!(service.state, State::Failed(_, Reached::NoRoute | Reached::Nobody));
        let asked = self.services.iter().filter(tried).count();
        let answered = !self.services.iter().filter(tried).all(alone);
        // When nobody at all can be reached the others are kept for when the line is back.
        if asked >= JURY && !answered {
            return None;
        }
        let count = count.min(MOST.saturating_sub(asked));
        let idle = self.services.iter_mut().enumerate().filter(|(_, service)| service.state == State::Idle);
        let questions: Vec<_> = idle.take(count).map(|(index, service)| service.put(index, None, records, now)).collect();
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
        let unreached = |service: &Service| matches!(service.state, State::Failed(_, Reached::NoRoute | Reached::Nobody));
        let cut_off = self.said().next().is_none() && self.services.iter().any(unreached);
        if let Some(address) = self.with_resting(now).filter(|_| !cut_off) {
            self.agreed = Some(address);
            return Turn::Agreed(address, self.named_for(address));
        }
        let mut said: Vec<IpAddr> = self.said().collect();
        said.dedup();
        let failures = || {
            self.services.iter().filter_map(|service| match &service.state {
                State::Failed(unused, reached) => Some((service, unused, *reached)),
                _ => None,
            })
        };
        if said.is_empty() && failures().next().is_some() && failures().all(|(.., reached)| reached == Reached::NoRoute) {
            let why = failures().next().map(|(_, unused, _)| unused.why.clone()).unwrap_or_default();
            return Turn::Absent(why);
        }
        let shown: Vec<String> = said.iter().map(ToString::to_string).collect();
        Turn::Undecided(match (shown.as_slice(), self.published, failures().next()) {
            ([], _, Some((service, unused, _))) => format!("{}: {}", service.url, unused.why),
            ([], _, None) => "every echo service rests and none has an answer that still counts".into(),
            ([one], Some(published), _) => {
                format!("an echo service says {one}, no second one confirms it; {published} stays published")
            }
            ([one], None, _) => format!("only one echo service said {one}; two must agree, or only one may be configured"),
            (several, ..) => format!("the echo services do not agree: {}", several.join(", ")),
        })
    }

    /// Fresh answers together with those of resting services: the newest counts if it has company, or if it is what is
    /// published.
    fn with_resting(&self, now: Moment) -> Option<IpAddr> {
        let votes: Vec<(IpAddr, Moment)> = self
            .services
            .iter()
            .filter_map(|service| match service.state {
                State::Said(address) => Some((address, now)),
                State::Resting(_, last) => last,
                _ => None,
            })
            .collect();
        let newest = votes.iter().map(|(_, at)| *at).max()?;
        let mut latest: Vec<IpAddr> = votes.iter().filter(|(_, at)| *at == newest).map(|(address, _)| *address).collect();
        latest.sort_unstable();
        latest.dedup();
        let weight = |address: IpAddr| votes.iter().filter(|(other, _)| *other == address).count();
        let mut agreed = latest.iter().copied().filter(|&address| weight(address) >= QUORUM);
        match (agreed.next(), agreed.next(), latest.as_slice()) {
            (Some(address), None, _) => Some(address),
            (None, _, &[only]) if Some(only) == self.published || (self.sole && self.published.is_none()) => Some(only),
            _ => None,
        }
    }

    /// Notes who dissents from the quorum; of one voice alone nobody dissents.
    fn compare(&self, agreed: IpAddr, only: Option<usize>, records: &mut Services, now: Moment) {
        if self.said().filter(|&address| address == agreed).count() < QUORUM {
            return;
        }
        for (index, service) in self.services.iter().enumerate() {
            if let State::Said(address) = service.state
                && only.is_none_or(|only| only == index)
            {
                Book::of(records, &service.url).compared(address == agreed, now);
            }
        }
    }

    /// Whom to name as the source: the first that the user names, else "web".
    fn named_for(&self, address: IpAddr) -> String {
        let says = |service: &&Service| service.answer() == Some(address);
        match self.services.iter().find(says) {
            Some(service) if service.named => service.url.clone(),
            _ => Source::Web.to_string(),
        }
    }

    /// Every service that took part.
    pub(super) fn reports(&self) -> impl Iterator<Item = SourceReport> {
        self.services.iter().filter_map(|service| service.report(self.agreed))
    }
}

/// Built-in services, the one that rested longest first.
fn rotation(family: Family, records: &Services) -> Vec<&'static str> {
    let mut urls: Vec<&'static str> = BUILT_IN.iter().map(|service| service.url[family]).collect();
    urls.sort_by_key(|url| records.get(*url).and_then(|record| record.last_query));
    urls
}

#[cfg(test)]
mod tests;
