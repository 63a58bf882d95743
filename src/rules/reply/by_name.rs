//! Lines that name their hosts → names (rule M9 in `docs/behaviour.md`).

use std::collections::HashMap;

use super::super::domain::Domain;
use super::lines::{Mapping, Settled, badness, longest_wait};
use super::words::Line;
use super::{Judgement, Verdict, display, named};

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
pub(super) struct Names {
    hosts: Vec<Named>,
    strangers: Vec<Domain>,
}

impl Names {
    pub(super) fn read(mapping: &Mapping<'_>, lines: &[Line]) -> Self {
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

    pub(super) fn any(&self) -> bool {
        self.hosts.iter().any(|host| matches!(host, Named::Asked(_)))
    }

    pub(super) fn all(&self) -> bool {
        self.hosts.iter().all(|host| matches!(host, Named::Asked(_)))
    }
}

impl Mapping<'_> {
    /// M9: by the names in the lines.
    pub(super) fn by_name(&self, lines: &[Line], names: &Names) -> Judgement {
        let about = |whom: Named| names.hosts.iter().zip(lines).filter(move |(host, _)| **host == whom).map(|(_, line)| line);
        let longest = longest_wait(&about(Named::Nobody).collect::<Vec<_>>());
        let mut own: HashMap<usize, Vec<&Line>> = HashMap::new();
        for (host, line) in names.hosts.iter().zip(lines) {
            if let Named::Asked(at) = host {
                own.entry(*at).or_default().push(line);
            }
        }
        let hosts = (0..self.hosts())
            .map(|at| {
                let lines = own.get(&at).map_or(&[][..], Vec::as_slice);
                self.named_host(lines).unwrap_or_else(|| self.alone("not-named", longest))
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
}
