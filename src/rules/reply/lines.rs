//! Lines → names and families (rules M0 to M10 in `docs/behaviour.md`).

use std::borrow::Borrow;
use std::time::Duration;

use super::super::address::Family;
use super::super::dialect::{Class, Dialect, Scope, Style};
use super::by_name::Names;
use super::words::Line;
use super::{Asked, Judgement, Verdict, named, wait};

/// What was asked, as the mapping needs it.
pub(super) struct Mapping<'a> {
    pub(super) dialect: &'a Dialect,
    pub(super) asked: &'a Asked<'a>,
    /// Families of the request, v4 first.
    pub(super) families: Vec<Family>,
}

/// One verdict per family of the request.
pub(super) type Settled = Vec<Verdict>;

impl<'a> Mapping<'a> {
    pub(super) fn new(dialect: &'a Dialect, asked: &'a Asked<'a>) -> Self {
        let families = Family::ALL.into_iter().filter(|family| asked.addresses[*family].is_some()).collect();
        Self { dialect, asked, families }
    }

    pub(super) fn hosts(&self) -> usize {
        self.asked.domains.len()
    }

    /// One result for the whole request (M2, M5, M6, M10).
    pub(super) fn whole(&self, line: &Line) -> Judgement {
        let one_host = self.hosts() == 1;
        if !one_host && line.refuses_a_name() {
            return self.split(&line.verdict, "the reply refuses a name without saying which");
        }
        let mut settled = self.settle(line, &self.families);
        if !one_host && !self.dialect.reply.atomic {
            for verdict in settled.iter_mut().filter(|verdict| verdict.class.claims_success()) {
                verdict.assumed = true;
            }
        }
        self.judgement(vec![settled; self.hosts()])
    }

    /// The lines of a reply, at least one of them with a word of the dialect.
    pub(super) fn lines(&self, lines: &[Line], per_line: bool) -> Judgement {
        let worst = worst(lines);
        let (h, f, l) = (self.hosts(), self.families.len(), lines.len());
        if l == 1 {
            return self.whole(worst);
        }
        if let Some(refusal) = self.refusal(lines).filter(|_| l != h && l != h * f) {
            return self.whole(refusal);
        }
        // Rows picked out of a page or found by patterns: for a single name they are one result.
        let picked = matches!(self.dialect.reply.style, Style::Patterns | Style::Markup | Style::Header(_));
        let names = Names::read(self, lines);
        if (self.dialect.reply.names_hosts && names.any()) || (h > 1 && picked && names.all()) {
            return self.by_name(lines, &names);
        }
        if !per_line || (h == 1 && picked) {
            return self.whole(worst);
        }
        if l == h {
            return self.by_position(lines.iter().map(|line| self.settle(line, &self.families)).collect());
        }
        if h == 1 && l == f {
            return self.judgement(vec![self.per_family(lines)]);
        }
        if l == h * f && self.families_agree(lines) {
            return self.by_position(lines.chunks(f).map(|pair| self.pair(pair)).collect());
        }
        if l < h && lines.iter().all(|line| self.settle(line, &self.families).iter().all(|v| v.class.is_success())) {
            return self.too_few(lines);
        }
        self.unmappable(worst, lines)
    }

    /// M0: the worst line that refuses the account or our program, if there is one.
    fn refusal<'l>(&self, lines: &'l [Line]) -> Option<&'l Line> {
        let refuses = |verdict: &Verdict| matches!(verdict.class, Class::BlockedAccount | Class::BlockedClient);
        lines.iter().filter(|line| self.settle(line, &self.families).iter().any(refuses)).max_by_key(|line| badness(line))
    }

    /// M1 and M4, and the exception for `abuse`, which may mean the account or one name: where another name is served, only
    /// that name is refused.
    pub(super) fn by_position(&self, mut hosts: Vec<Settled>) -> Judgement {
        let served: Vec<_> = hosts.iter().map(|host| host.iter().any(|verdict| verdict.class.is_success())).collect();
        for (at, host) in hosts.iter_mut().enumerate() {
            let neighbour_served = served.iter().enumerate().any(|(other, served)| other != at && *served);
            for verdict in host.iter_mut().filter(|verdict| neighbour_served && is_abuse(verdict)) {
                verdict.class = Class::BlockedHost;
                verdict.scope = Scope::Domain;
            }
        }
        self.judgement(hosts)
    }

    /// M3: by the addresses in the lines, else in the order of the request.
    fn per_family(&self, lines: &[Line]) -> Settled {
        let family = |line: &Line| named::family(&line.addresses);
        let swapped = match lines {
            [first, second] => match (family(first), family(second)) {
                (Some(Family::V6), hint) => hint != Some(Family::V6),
                (hint, Some(Family::V4)) => hint != Some(Family::V4),
                _ => false,
            },
            _ => false,
        };
        match lines {
            [first, second] if swapped => self.pair(&[second.clone(), first.clone()]),
            _ => self.pair(lines),
        }
    }

    /// One line per family, in the order of the request.
    fn pair(&self, lines: &[Line]) -> Settled {
        let each = self.families.iter().zip(lines);
        each.flat_map(|(family, line)| self.settle(line, &[*family])).collect()
    }

    /// Does no line of M4 name addresses of the other family only?
    fn families_agree(&self, lines: &[Line]) -> bool {
        let expected = self.families.iter().cycle();
        lines.iter().zip(expected).all(|(line, family)| named::family(&line.addresses).is_none_or(|named| named == *family))
    }

    /// M7: the first names are served, the rest is asked one by one.
    fn too_few(&self, lines: &[Line]) -> Judgement {
        let mut hosts: Vec<_> = lines.iter().map(|line| self.settle(line, &self.families)).collect();
        hosts.resize(self.hosts(), self.alone("too-few-lines", Duration::ZERO));
        let mut judgement = self.judgement(hosts);
        judgement.notices.push(format!("the reply has {} lines for {} names", lines.len(), self.hosts()));
        judgement
    }

    /// M8, and M7 with errors: nothing counts as published. A refused account stays refused; and for a single name
    /// there is nothing to split, so its worst line counts if that is an error.
    fn unmappable(&self, worst: &Line, lines: &[Line]) -> Judgement {
        if let Some(refusal) = self.refusal(lines) {
            return self.whole(refusal);
        }
        if self.hosts() == 1 && !worst.verdict.class.claims_success() {
            return self.whole(worst);
        }
        let longest = longest_wait(lines);
        let code = if lines.len() < self.hosts() { "too-few-lines" } else { "too-many-lines" };
        let mut judgement = self.judgement(vec![self.alone(code, longest); self.hosts()]);
        for (_, _, verdict) in &mut judgement.verdicts {
            verdict.line.clone_from(&worst.verdict.line);
        }
        judgement.notices.push(format!("the reply has {} lines for {} names", lines.len(), self.hosts()));
        judgement
    }

    /// Every name alone, later.
    fn split(&self, said: &Verdict, hint: &str) -> Judgement {
        let floor = said.wait.map(|wait| wait.first).unwrap_or_default();
        let verdict = Verdict {
            line: said.line.clone(),
            ..Verdict::new(Class::SplitBatch, &said.code).with_wait(wait::SPLIT.at_least(floor)).with_hint(hint)
        };
        self.judgement(vec![vec![verdict; self.families.len()]; self.hosts()])
    }

    /// A name that the reply says nothing reliable about.
    pub(super) fn alone(&self, code: &str, floor: Duration) -> Settled {
        let verdict = Verdict::new(Class::SplitBatch, code)
            .with_wait(wait::SPLIT.at_least(floor))
            .with_hint("the reply cannot be mapped to the names; each is asked alone");
        vec![verdict; self.families.len()]
    }

    fn judgement(&self, hosts: Vec<Settled>) -> Judgement {
        let mut verdicts = Vec::with_capacity(hosts.len() * self.families.len());
        for (at, settled) in hosts.into_iter().enumerate() {
            verdicts.extend(self.families.iter().copied().zip(settled).map(|(family, verdict)| (at, family, verdict)));
        }
        let batch_limit = self.hosts() > 1 && verdicts.iter().any(|(_, _, verdict)| verdict.class == Class::SplitBatch);
        Judgement { verdicts, batch_limit, notices: Vec::new() }
    }
}

fn is_abuse(verdict: &Verdict) -> bool {
    verdict.class == Class::BlockedAccount && (verdict.code.starts_with("abuse") || verdict.code.starts_with("blocked"))
}

/// How much a line weighs against others about the same name.
pub(super) fn badness(line: &Line) -> (u8, Duration) {
    (line.verdict.class.badness(), line.verdict.wait.map(|wait| wait.first).unwrap_or_default())
}

/// The longest first wait of `lines`; zero if none waits.
pub(super) fn longest_wait<L: Borrow<Line>>(lines: &[L]) -> Duration {
    lines.iter().filter_map(|line| line.borrow().verdict.wait).map(|wait| wait.first).max().unwrap_or_default()
}

/// The line that decides when they cannot be told apart; there is at least one.
fn worst(lines: &[Line]) -> &Line {
    lines.iter().max_by_key(|line| badness(line)).expect("a reading of lines holds at least one")
}
