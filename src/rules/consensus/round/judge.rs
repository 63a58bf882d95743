//! What a local source's answer means for the round.

use std::net::IpAddr;

use super::{Finding, Round, Word};
use crate::rules::address::{Family, Lan, Sighting};
use crate::rules::consensus::reading::{Outcome, Unused, guarded, text};
use crate::rules::consensus::router::{Heard, router};
use crate::rules::consensus::{ProbeFault, Reading, Source, SourceReport, interface};

impl Round {
    /// A local source is conclusive alone.
    pub(super) fn judge(&mut self, source: Source, result: Result<Reading, ProbeFault>) {
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
        let local_router = source.router();
        let verdict = match outcome {
            Outcome::Known { address, prefix } => {
                reports.insert(0, SourceReport { source: name.clone(), address: Some(address), rejected: None });
                self.found(Sighting { address, source: name, prefix, warning: self.warning.clone().filter(|_| local_router) });
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
            (Source::FritzBox | Source::Upnp | Source::Pcp, Reading::Router(reading)) => self.hear(source, router(&reading, self.family)),
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

    /// A router's word; what else it told is kept for whatever decides in the end.
    fn hear(&mut self, source: &Source, heard: Heard) -> Outcome {
        let Heard { outcome, warning, prefix } = heard;
        let reason = match &outcome {
            Outcome::Known { .. } => "nobody wants it".to_owned(),
            Outcome::Absent(unused) | Outcome::Unsure(unused) | Outcome::Silent(unused) => unused.why.clone(),
        };
        if let Some(prefix) = prefix {
            self.lan.get_or_insert(Lan { prefix, source: source.to_string(), reason });
        }
        match outcome {
            Outcome::Known { address, .. } if prefix.is_none() && self.hosts_only => {
                let why = "the router does not tell the prefix of its LAN, which ipv6_host needs".to_owned();
                Outcome::Unsure(Unused { address: Some(address), why })
            }
            Outcome::Known { address, .. } => {
                // What another router complains of is not about this one.
                self.warning = warning;
                Outcome::Known { address, prefix }
            }
            other => {
                self.warning = self.warning.take().or(warning);
                other
            }
        }
    }

    pub(super) fn found(&mut self, sighting: Sighting) {
        // Where a router told the prefix of the LAN it counts for a source that knows none.
        let prefix = sighting.prefix.or_else(|| self.lan.as_ref().map(|lan| lan.prefix));
        self.known.get_or_insert(Sighting { prefix, ..sighting });
    }
}
