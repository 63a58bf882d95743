//! One round: sources in order of trust until one is conclusive.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::poll::{Manner, Poll, Turn};
use super::{Aim, Line, Probe, ProbeFault, Reading, Services, Source, SourceReport, Step, check};
use crate::rules::address::{Family, Lan, Observed, Sighting};
use crate::rules::moment::Moment;

mod judge;

/// One detection round for one line and family.
///
/// The outside sources of a line are one stage, in the place of the first of them: their answers are compared.
#[derive(Clone, Debug)]
pub struct Round {
    line: Line,
    family: Family,
    published: Option<IpAddr>,
    hosts_only: bool,
    manner: Manner,
    /// Still to be asked, the next one last.
    ahead: Vec<Source>,
    outside: Vec<Source>,
    poll: Option<Poll>,
    /// Questions under way, by number.
    open: BTreeMap<usize, Question>,
    /// Number of the next question.
    number: usize,
    findings: Vec<Finding>,
    known: Option<Sighting>,
    /// What a router said about itself, for the case that somebody outside sees an address nevertheless.
    warning: Option<String>,
    /// The LAN behind a router, which may be all that is known.
    lan: Option<Lan>,
    finished: bool,
}

#[derive(Clone, Debug)]
enum Question {
    Local(Source),
    /// Service of the poll, by its index there.
    Outside(usize),
}

/// What a stage said about the line.
#[derive(Clone, Debug)]
struct Finding {
    source: Source,
    verdict: Word,
    reports: Vec<SourceReport>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Known,
    Absent(String),
    Unsure(String),
    Silent(String),
}

impl Round {
    /// Begins a round.
    pub fn start(aim: Aim<'_>, services: &mut Services, now: Moment) -> (Self, Step) {
        Self::begin(aim, Manner::Brief, aim.line.sources[aim.family].clone(), services, now)
    }

    /// Begins a round that asks every source and chooses in order of trust only then: for an operator who wants to see them.
    pub fn survey(aim: Aim<'_>, services: &mut Services, now: Moment) -> (Self, Step) {
        Self::begin(aim, Manner::Thorough, aim.line.sources[aim.family].clone(), services, now)
    }

    /// Begins a round that asks outside only: is what a source near by says seen there as well? It ends with that address, or
    /// with what at least two operators say instead, or with nothing.
    pub fn check(line: &Line, near: &Sighting, services: &mut Services, now: Moment) -> (Self, Step) {
        let family = Family::of(near.address);
        let aim = Aim { line, family, published: Some(near.address), hosts_only: false };
        let outside = line.sources[family].iter().filter(|source| source.outside()).cloned().collect();
        Self::begin(aim, Manner::Check(check::home(near)), outside, services, now)
    }

    fn begin(aim: Aim<'_>, manner: Manner, sources: Vec<Source>, services: &mut Services, now: Moment) -> (Self, Step) {
        let first = sources.iter().position(Source::outside);
        let (outside, mut ahead): (Vec<Source>, Vec<Source>) = sources.into_iter().partition(Source::outside);
        if let (Some(source), Some(at)) = (outside.first(), first) {
            ahead.insert(at, source.clone());
        }
        ahead.reverse();
        let mut round = Self {
            line: aim.line.clone(),
            family: aim.family,
            published: aim.published,
            hosts_only: aim.hosts_only && aim.family == Family::V6,
            manner,
            ahead,
            outside,
            poll: None,
            open: BTreeMap::new(),
            number: 0,
            findings: Vec::new(),
            known: None,
            warning: None,
            lan: None,
            finished: false,
        };
        let step = round.advance(services, now);
        (round, step)
    }

    fn aim(&self) -> Aim<'_> {
        Aim { line: &self.line, family: self.family, published: self.published, hosts_only: self.hosts_only }
    }

    /// Takes the answer to question `number`. Answers that come when the round is over may still be handed in: they are
    /// booked in `services`, and the step is [`Step::Wait`].
    pub fn answer(&mut self, number: usize, result: Result<Reading, ProbeFault>, services: &mut Services, now: Moment) -> Step {
        match self.open.remove(&number) {
            None => Step::Wait,
            Some(Question::Local(source)) => {
                self.judge(source, result);
                self.advance(services, now)
            }
            Some(Question::Outside(index)) => match &mut self.poll {
                Some(poll) => {
                    let turn = poll.answer(index, result, services, now);
                    self.turn(turn, services, now)
                }
                None => Step::Wait,
            },
        }
    }

    /// Every source's part so far, in order of trust.
    #[must_use]
    pub fn reports(&self) -> Vec<SourceReport> {
        let concluded = self.findings.iter().any(|finding| finding.source.outside());
        let mut reports = Vec::new();
        for finding in &self.findings {
            reports.extend(finding.reports.iter().cloned());
            if finding.source.outside() {
                reports.extend(self.poll.iter().flat_map(Poll::reports));
            }
        }
        if !concluded {
            reports.extend(self.poll.iter().flat_map(Poll::reports));
        }
        reports
    }

    /// Goes on to the next source, or ends.
    fn advance(&mut self, services: &mut Services, now: Moment) -> Step {
        loop {
            let enough = self.known.is_some() || (self.hosts_only && self.lan.is_some());
            if enough && self.manner != Manner::Thorough {
                return self.finish();
            }
            let Some(source) = self.ahead.pop() else {
                return self.finish();
            };
            let probe = match &source {
                Source::Interface(name) => Probe::Interface(name.clone()),
                Source::FritzBox => Probe::FritzBox,
                Source::Upnp => Probe::Upnp,
                Source::Pcp => Probe::Pcp,
                Source::Command(command) => Probe::Command(command.clone()),
                Source::Static(address) => {
                    // Nothing to ask.
                    let reading = Reading::Static(*address);
                    self.judge(source, Ok(reading));
                    continue;
                }
                // Nothing is asked, and what was pushed is each name's own.
                Source::Push => continue,
                Source::Web | Source::Dns | Source::Stun | Source::Echo(_) => {
                    let poll = Poll::new(&self.outside, self.aim(), self.manner, services, now);
                    let turn = self.poll.insert(poll).begin(services, now);
                    return self.turn(turn, services, now);
                }
            };
            return Step::Ask(vec![(self.ticket(Question::Local(source)), probe)]);
        }
    }

    fn ticket(&mut self, question: Question) -> usize {
        let number = self.number;
        self.number += 1;
        self.open.insert(number, question);
        number
    }

    /// What the poll wants, in the round's terms.
    fn turn(&mut self, turn: Turn, services: &mut Services, now: Moment) -> Step {
        let (source, verdict) = match turn {
            Turn::Wait => return Step::Wait,
            Turn::Ask(questions) => {
                let numbered = questions.into_iter().map(|(index, probe)| (self.ticket(Question::Outside(index)), probe));
                return Step::Ask(numbered.collect());
            }
            Turn::Agreed(address, named) => {
                let warning = self.warning.clone();
                self.found(Sighting { address, source: named, prefix: None, warning });
                (self.outside.first(), Word::Known)
            }
            Turn::Absent(why) => (self.outside.first(), Word::Absent(why)),
            Turn::Undecided(why) => (self.outside.first(), Word::Unsure(why)),
        };
        let source = source.cloned().unwrap_or(Source::Web);
        self.findings.push(Finding { source, verdict, reports: Vec::new() });
        self.advance(services, now)
    }

    fn finish(&mut self) -> Step {
        if std::mem::replace(&mut self.finished, true) {
            return Step::Wait;
        }
        let lan = || self.lan.clone().map_or_else(|| self.nothing(), Observed::Prefix);
        Step::Done(self.known.clone().map_or_else(lan, Observed::Known))
    }

    /// No source has an address: is there no line, or do we not know?
    fn nothing(&self) -> Observed {
        // A router that says so knows, unless another one has something.
        let mut routers = self.findings.iter().filter(|finding| finding.source.router());
        if !routers.clone().any(|finding| matches!(finding.verdict, Word::Unsure(_)))
            && let Some(why) = routers.find_map(|finding| match &finding.verdict {
                Word::Absent(why) => Some(why),
                _ => None,
            })
        {
            return Observed::Absent(why.clone());
        }
        let mut absent = None;
        for finding in &self.findings {
            match &finding.verdict {
                Word::Absent(why) => absent = Some(why),
                Word::Unsure(_) => return Observed::Unavailable(self.reasons()),
                Word::Known | Word::Silent(_) => {}
            }
        }
        match absent {
            Some(why) => Observed::Absent(why.clone()),
            None => Observed::Unavailable(self.reasons()),
        }
    }

    fn reasons(&self) -> String {
        let reasons = self.findings.iter().filter_map(|finding| match &finding.verdict {
            Word::Known => None,
            Word::Absent(why) | Word::Unsure(why) | Word::Silent(why) => Some(format!("{}: {why}", finding.source)),
        });
        let all: Vec<String> = reasons.collect();
        if all.is_empty() { format!("no source is configured for {}", self.family) } else { all.join("; ") }
    }
}

#[cfg(test)]
mod tests;
