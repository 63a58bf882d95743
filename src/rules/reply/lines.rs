//! Lines → names and families (`dyndns2.md` 3.3, rules M0 to M10).

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::super::address::Family;
use super::super::dialect::{Class, Dialect, Scope, Style};
use super::super::domain::Domain;
use super::words::Line;
use super::{Asked, Judgement, Verdict, display, named, wait};

/// What was asked, as the mapping needs it.
pub(super) struct Mapping<'a> {
    pub(super) dialect: &'a Dialect,
    pub(super) asked: &'a Asked<'a>,
    /// Families of the request, v4 first.
    families: Vec<Family>,
}

/// One verdict per family of the request.
type Settled = Vec<Verdict>;

impl<'a> Mapping<'a> {
    pub(super) fn new(dialect: &'a Dialect, asked: &'a Asked<'a>) -> Self {
        let families = Family::ALL.into_iter().filter(|family| asked.addresses[*family].is_some()).collect();
        Self { dialect, asked, families }
    }

    fn hosts(&self) -> usize {
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
        let refused = matches!(worst.verdict.class, Class::BlockedAccount | Class::BlockedClient);
        if l == 1 || (refused && l != h && l != h * f) {
            return self.whole(worst);
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

    /// M1 and M4, and the exception for abuse (A22): the account is served, so only that name is refused.
    fn by_position(&self, mut hosts: Vec<Settled>) -> Judgement {
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
        let refused = matches!(worst.verdict.class, Class::BlockedAccount | Class::BlockedClient);
        if refused || (self.hosts() == 1 && !worst.verdict.class.claims_success()) {
            return self.whole(worst);
        }
        let longest = lines.iter().filter_map(|line| line.verdict.wait).map(|wait| wait.first).max();
        let code = if lines.len() < self.hosts() { "too-few-lines" } else { "too-many-lines" };
        let mut judgement = self.judgement(vec![self.alone(code, longest.unwrap_or_default()); self.hosts()]);
        for (_, _, verdict) in &mut judgement.verdicts {
            verdict.line.clone_from(&worst.verdict.line);
        }
        judgement.notices.push(format!("the reply has {} lines for {} names", lines.len(), self.hosts()));
        judgement
    }

    /// M9: by the names in the lines.
    fn by_name(&self, lines: &[Line], names: &Names) -> Judgement {
        let unnamed = names.hosts.iter().zip(lines).filter(|(host, _)| **host == Named::Nobody);
        let longest = unnamed.filter_map(|(_, line)| line.verdict.wait).map(|wait| wait.first).max();
        let mut own: HashMap<usize, Vec<&Line>> = HashMap::new();
        for (host, line) in names.hosts.iter().zip(lines) {
            if let Named::Asked(at) = host {
                own.entry(*at).or_default().push(line);
            }
        }
        let hosts = (0..self.hosts())
            .map(|at| {
                let lines = own.get(&at).map_or(&[][..], Vec::as_slice);
                self.named_host(lines).unwrap_or_else(|| self.alone("not-named", longest.unwrap_or_default()))
            })
            .collect();
        let mut judgement = self.by_position(hosts);
        judgement.notices.extend(
            names.strangers.iter().map(|name| format!("the reply names {:?}, which was not asked for", display::line(name.as_str()))),
        );
        judgement
    }

    /// The lines about one name; `None` if none of them is about a family that was asked for.
    fn named_host(&self, lines: &[&Line]) -> Option<Settled> {
        let about =
            |line: &Line| named::record_type(&line.text).or_else(|| named::family(&line.addresses).filter(|_| self.families.len() > 1));
        let by_family: Vec<_> = self
            .families
            .iter()
            .map(|family| {
                let mine = |line: &&&Line| about(line).is_none_or(|named| named == *family);
                let worst = lines.iter().filter(mine).max_by_key(|line| badness(line))?;
                let settled = self.settle(worst, &[*family]);
                settled.into_iter().next()
            })
            .collect();
        let told = by_family.iter().flatten().next()?.clone();
        // A family that the reply is silent about shares the other's fate, to be verified.
        let silent = Verdict { assumed: told.class.claims_success(), address: None, ..told };
        Some(by_family.into_iter().map(|verdict| verdict.unwrap_or_else(|| silent.clone())).collect())
    }

    /// One line for these families: its word, weighed against the addresses that it names (rule 10; M2).
    fn settle(&self, line: &Line, families: &[Family]) -> Settled {
        let verdict = &line.verdict;
        if verdict.class == Class::SplitBatch && self.hosts() == 1 {
            let blocked =
                Verdict { line: verdict.line.clone(), hint: verdict.hint.clone(), ..Verdict::new(Class::BlockedConfig, &verdict.code) };
            return vec![blocked; families.len()];
        }
        if verdict.class == Class::NotApplicable && families.len() > 1 {
            // Which family is not set up is left open (A12).
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
            let mut found = line.addresses.iter().filter(|address| named::is_public(**address));
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
    fn alone(&self, code: &str, floor: Duration) -> Settled {
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
        let batch_limit = verdicts.iter().any(|(_, _, verdict)| verdict.class == Class::SplitBatch);
        Judgement { verdicts, batch_limit, notices: Vec::new() }
    }
}

/// Whom a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// Index of a name that was asked for.
    Asked(usize),
    /// A name that was not.
    Stranger,
    /// It names nobody.
    Nobody,
}

/// Whom the lines are about.
struct Names {
    hosts: Vec<Named>,
    strangers: Vec<Domain>,
}

impl Names {
    fn read(mapping: &Mapping<'_>, lines: &[Line]) -> Self {
        let index: HashMap<_, _> = mapping.asked.domains.iter().enumerate().map(|(at, domain)| (domain.as_str(), at)).collect();
        let mut strangers = Vec::new();
        let hosts = lines
            .iter()
            .map(|line| {
                let mut stranger = None;
                for domain in named::hosts(&line.text) {
                    match index.get(domain.as_str()) {
                        Some(at) => return Named::Asked(*at),
                        None => stranger = stranger.or(Some(domain)),
                    }
                }
                let Some(domain) = stranger else {
                    return Named::Nobody;
                };
                strangers.push(domain);
                Named::Stranger
            })
            .collect();
        Self { hosts, strangers }
    }

    fn any(&self) -> bool {
        self.hosts.iter().any(|host| matches!(host, Named::Asked(_)))
    }

    fn all(&self) -> bool {
        self.hosts.iter().all(|host| matches!(host, Named::Asked(_)))
    }
}

fn is_abuse(verdict: &Verdict) -> bool {
    verdict.class == Class::BlockedAccount && (verdict.code.starts_with("abuse") || verdict.code.starts_with("blocked"))
}

fn badness(line: &Line) -> (u8, Duration) {
    (line.verdict.class.badness(), line.verdict.wait.map(|wait| wait.first).unwrap_or_default())
}

/// The line that decides when they cannot be told apart; there is at least one.
fn worst(lines: &[Line]) -> &Line {
    lines.iter().max_by_key(|line| badness(line)).expect("a reading of lines holds at least one")
}
