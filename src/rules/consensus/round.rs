//! One round: sources in order of trust until one is conclusive.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::poll::{Poll, Turn};
use super::reading::{Outcome, Unused, guarded, router, text};
use super::{Probe, ProbeFault, Reading, Services, Source, SourceReport, Step, interface};
use crate::rules::address::{Family, Observed, Prefix, Sighting};
use crate::rules::moment::Moment;

/// One detection round for one line and family.
///
/// The outside sources of a line are one stage, in the place of the first of them: their answers are compared.
#[derive(Clone, Debug)]
pub struct Round {
    family: Family,
    published: Option<IpAddr>,
    /// Asks every source, although one is conclusive already.
    thorough: bool,
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
    prefix: Option<Prefix>,
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
    /// Begins a round. `published` is an address that is published somewhere (hysteresis applies to leaving it).
    pub fn start(sources: &[Source], family: Family, published: Option<IpAddr>, services: &mut Services, now: Moment) -> (Self, Step) {
        Self::begin(sources, family, published, false, services, now)
    }

    /// Begins a round that asks every source and chooses in order of trust only then: for an operator who wants to see them.
    pub fn survey(sources: &[Source], family: Family, published: Option<IpAddr>, services: &mut Services, now: Moment) -> (Self, Step) {
        Self::begin(sources, family, published, true, services, now)
    }

    fn begin(
        sources: &[Source],
        family: Family,
        published: Option<IpAddr>,
        thorough: bool,
        services: &mut Services,
        now: Moment,
    ) -> (Self, Step) {
        let (outside, mut ahead): (Vec<Source>, Vec<Source>) = sources.iter().cloned().partition(Source::outside);
        if let (Some(first), Some(at)) = (outside.first(), sources.iter().position(Source::outside)) {
            ahead.insert(at, first.clone());
        }
        ahead.reverse();
        let mut round = Self {
            family,
            published,
            thorough,
            ahead,
            outside,
            poll: None,
            open: BTreeMap::new(),
            number: 0,
            findings: Vec::new(),
            known: None,
            warning: None,
            prefix: None,
            finished: false,
        };
        let step = round.advance(services, now);
        (round, step)
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
            if self.known.is_some() && !self.thorough {
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
                Source::Web | Source::Dns | Source::Stun | Source::Echo(_) => {
                    let poll = Poll::new(&self.outside, self.family, self.published, services, now);
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
                self.found(Sighting { address, source: named, prefix: self.prefix, warning });
                (self.outside.first(), Word::Known)
            }
            Turn::Absent(why) => (self.outside.first(), Word::Absent(why)),
            Turn::Undecided(why) => (self.outside.first(), Word::Unsure(why)),
        };
        let source = source.cloned().unwrap_or(Source::Web);
        self.findings.push(Finding { source, verdict, reports: Vec::new() });
        self.advance(services, now)
    }

    /// A local source is conclusive alone.
    fn judge(&mut self, source: Source, result: Result<Reading, ProbeFault>) {
        let (outcome, passed) = self.outcome(&source, result);
        let name = source.to_string();
        let report =
            |unused: &Unused| SourceReport { source: source.to_string(), address: unused.address, rejected: Some(unused.why.clone()) };
        // Where each address has its own report the summary would only repeat them.
        let note = |reports: &mut Vec<SourceReport>, unused: &Unused| {
            if reports.is_empty() {
                reports.push(report(unused));
            }
            unused.why.clone()
        };
        let mut reports: Vec<SourceReport> = passed.iter().map(report).collect();
        let verdict = match outcome {
            Outcome::Known { address, prefix } => {
                reports.insert(0, SourceReport { source: name.clone(), address: Some(address), rejected: None });
                self.found(Sighting { address, source: name, prefix: prefix.or(self.prefix), warning: None });
                Word::Known
            }
            Outcome::Absent(unused) => Word::Absent(note(&mut reports, &unused)),
            Outcome::Unsure(unused) => Word::Unsure(note(&mut reports, &unused)),
            Outcome::Silent(unused) => Word::Silent(note(&mut reports, &unused)),
        };
        self.findings.push(Finding { source, verdict, reports });
    }

    fn outcome(&mut self, source: &Source, result: Result<Reading, ProbeFault>) -> (Outcome, Vec<Unused>) {
        let reading = match result {
            Ok(reading) => reading,
            // A router that cannot be asked says nothing about the line.
            Err(fault) if source.router() => {
                return (Outcome::Silent(fault.into()), Vec::new());
            }
            Err(ProbeFault::NoRoute(why)) => {
                return (Outcome::Absent(Unused::because(why)), Vec::new());
            }
            Err(fault) => return (Outcome::Unsure(fault.into()), Vec::new()),
        };
        let outcome = match (source, reading) {
            (Source::Interface(name), Reading::Interface(all)) => {
                return interface::choose(&all, name.as_deref(), self.family, self.published);
            }
            (Source::FritzBox | Source::Upnp | Source::Pcp, Reading::Router(reading)) => {
                let (outcome, warning) = router(&reading, self.family);
                self.warning = warning;
                self.prefix = reading.prefix;
                outcome
            }
            (Source::Command(_), Reading::Text(output)) => text(&output, self.family),
            (Source::Static(_), Reading::Static(address)) => self.fixed(address),
            _ => Outcome::Unsure(Unused::because("the answer is not of the kind that this source gives")),
        };
        (outcome, Vec::new())
    }

    fn fixed(&self, address: IpAddr) -> Outcome {
        match guarded(address) {
            Ok(address) if Family::of(address) == self.family => Outcome::Known { address, prefix: None },
            Ok(address) => {
                let why = format!("{address} is not an {} address", self.family);
                Outcome::Unsure(Unused { address: Some(address), why })
            }
            Err(unused) => Outcome::Unsure(unused),
        }
    }

    fn found(&mut self, sighting: Sighting) {
        self.known.get_or_insert(sighting);
    }

    fn finish(&mut self) -> Step {
        if std::mem::replace(&mut self.finished, true) {
            return Step::Wait;
        }
        Step::Done(self.known.clone().map_or_else(|| self.nothing(), Observed::Known))
    }

    /// No source has an address: is there no line, or do we not know?
    fn nothing(&self) -> Observed {
        let router = self.findings.iter().find(|finding| finding.source.router());
        if let Some(Finding { verdict: Word::Absent(why), .. }) = router {
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
