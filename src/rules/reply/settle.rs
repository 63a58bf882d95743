//! One line → one verdict per family: its word, weighed against the addresses that it names.

use std::net::IpAddr;

use super::super::address::{Family, publishable};
use super::super::dialect::Class;
use super::Verdict;
use super::lines::{Mapping, Settled};
use super::words::Line;

impl Mapping<'_> {
    /// One line for these families: its word, weighed against the addresses that it names (M2 is two families in one line).
    pub(super) fn settle(&self, line: &Line, families: &[Family]) -> Settled {
        let verdict = &line.verdict;
        if verdict.class == Class::SplitBatch && self.hosts() == 1 {
            let blocked =
                Verdict { line: verdict.line.clone(), hint: verdict.hint.clone(), ..Verdict::new(Class::BlockedConfig, &verdict.code) };
            return vec![blocked; families.len()];
        }
        if verdict.class == Class::NotApplicable && families.len() > 1 {
            // Which family is not set up is left open: verification decides.
            return vec![Verdict { assumed: true, ..verdict.clone() }; families.len()];
        }
        if !verdict.class.is_success() {
            return vec![verdict.clone(); families.len()];
        }
        let asked = |address: &IpAddr| self.asked.addresses.iter().any(|(_, asked)| *asked == Some(*address));
        if line.addresses.iter().any(|address| address.is_loopback() && !asked(address)) {
            let ignored = Verdict::new(Class::BlockedClient, "good-loopback")
                .with_hint("the provider ignored the request: it does not accept this program's name or conduct");
            return vec![Verdict { line: verdict.line.clone(), ..ignored }; families.len()];
        }
        families.iter().map(|family| self.weigh(line, *family, families.len() > 1)).collect()
    }

    /// A success line for one family: the right address, a wrong one, or none.
    fn weigh(&self, line: &Line, family: Family, shared: bool) -> Verdict {
        let verdict = line.verdict.clone();
        let sent = self.asked.addresses[family];
        if sent.is_some_and(|sent| line.addresses.contains(&sent)) {
            return Verdict { address: sent, ..verdict };
        }
        let public = |same: bool| {
            let mut found = line.addresses.iter().filter(|address| publishable(**address).is_ok());
            found.find(|address| (Family::of(**address) == family) == same).copied()
        };
        match (public(true), public(false)) {
            // The line is about the other family; verification settles this one.
            (None, Some(_)) if shared => Verdict { assumed: true, ..verdict },
            (Some(other), _) | (None, Some(other)) => Verdict {
                address: Some(other),
                line: verdict.line,
                ..Verdict::new(Class::Mismatch, &verdict.code)
                    .with_hint(format!("the provider reports success with {other}, which is not what was sent"))
            },
            (None, None) => verdict,
        }
    }
}
