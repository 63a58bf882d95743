//! What was pushed for the names of each entry and line: what they go by, and what is shown of it.

use std::collections::{BTreeMap, BTreeSet};

use super::basis::{is_before, rank_of_push, stands_in};
use super::configure::about;
use super::event::Level;
use super::feeds::uses_prefix;
use super::parts::{Calm, Heard};
use super::{Engine, Group, Run, Spot, Turn, Wan, json};
use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::consensus::{Source, SourceReport};
use crate::rules::domain::{Domain, Entry};
use crate::rules::moment::Moment;
use crate::rules::push::{Apart, EACH_ITS_OWN, NOTHING_YET, OVERTAKEN, Pushed, apart, latest, push_key};
use crate::rules::schedule::TOGETHER_GRACE;

impl Engine {
    /// What was pushed for the names of this entry, where its line has such a source.
    pub(super) fn hear(&mut self, entry: usize) {
        let group = &self.groups[entry];
        let heard = PerFamily::from_fn(|family| {
            let sources = &self.wan_of(&group.entry)?.line.sources[family];
            rank_of_push(sources)?;
            let names = group.entry.domains.iter().filter_map(|domain| Some((domain, &self.pushes.known.get(domain)?[family])));
            let machine = group.entry.ipv6_host.is_some();
            let (observed, since) = latest(names.clone().map(|(_, pushed)| pushed), machine);
            let apart = apart(names, machine && family == Family::V6);
            let since = since.unwrap_or(Moment(i64::MIN));
            let before = group.heard[family].as_ref();
            let (calm, shows) = before.map_or((Calm::new(), false), |it| (it.calm, it.shows));
            Some(Heard { observed, since, apart, calm, shows })
        });
        self.groups[entry].heard = heard;
    }

    /// The names of this entry were pushed different things, and it goes by what came last.
    pub(super) fn at_odds(&self, entry: usize, family: Family) -> Option<&Apart> {
        let Group { entry: settings, heard, .. } = &self.groups[entry];
        let apart = heard[family].as_ref()?.apart.as_ref()?;
        let counts = settings.enabled && settings.mode.wants(family);
        (counts && self.basis(entry, family).is_some_and(|basis| basis.pushed)).then_some(apart)
    }

    /// Says once of an entry that several sites share it.
    pub(super) fn warn_of_sites(&mut self, turn: &mut Turn) {
        for (_, entry, family) in self.sites_to_warn_of().filter(|(at, ..)| *at <= turn.now).collect::<Vec<_>>() {
            let Some(text) = self.at_odds(entry, family).map(|it| it.text.clone()) else {
                continue;
            };
            let settings = &self.groups[entry].entry;
            turn.tell(about(settings, Spot { entry, name: 0, family }, Level::Warning, &text));
            self.pushes.warned.extend(settings.domains.first().map(|domain| (domain.clone(), family)));
        }
    }

    /// When [`warn_of_sites`](Self::warn_of_sites) has something to say.
    pub(super) fn next_site(&self) -> Option<Moment> {
        self.sites_to_warn_of().map(|(at, ..)| at).min()
    }

    /// Entries that several sites share, and when that is certain: one router that calls once per name is through by then.
    fn sites_to_warn_of(&self) -> impl Iterator<Item = (Moment, usize, Family)> + '_ {
        let told = |entry: &Entry, family| entry.domains.first().is_some_and(|it| self.pushes.warned.contains(&(it.clone(), family)));
        let all = (0..self.groups.len()).filter(|_| self.run == Run::Daemon).flat_map(|entry| Family::ALL.map(|family| (entry, family)));
        all.filter_map(move |(entry, family)| {
            let since = self.at_odds(entry, family)?.since;
            (!told(&self.groups[entry].entry, family)).then(|| (since.plus(TOGETHER_GRACE), entry, family))
        })
    }

    /// What is known of every entry's changes, by the names.
    pub(super) fn calms(&self) -> BTreeMap<Domain, PerFamily<Option<Heard>>> {
        let groups = self.groups.iter().filter(|group| group.heard.iter().any(|(_, heard)| heard.is_some()));
        groups.flat_map(|group| group.entry.domains.iter().map(|domain| (domain.clone(), group.heard.clone()))).collect()
    }

    /// New settings: every entry has what was pushed for its names; what was pushed for names that left is put away.
    pub(super) fn hear_anew(&mut self, calms: &BTreeMap<Domain, PerFamily<Option<Heard>>>) {
        if !self.pushes.known.is_empty() {
            let named: BTreeSet<&Domain> = self.groups.iter().flat_map(|group| &group.entry.domains).collect();
            let left: Vec<Domain> = self.pushes.known.keys().filter(|domain| !named.contains(domain)).cloned().collect();
            for domain in left {
                let families = self.pushes.known.remove(&domain).unwrap_or_default();
                for (family, pushed) in families.iter().filter(|(_, pushed)| **pushed != Pushed::default()) {
                    let (key, text) = (push_key(&domain, family), json(pushed));
                    self.attic.insert(key.clone(), text.clone());
                    self.orphaned.insert(key, text);
                }
            }
        }
        for entry in 0..self.groups.len() {
            let before = self.groups[entry].entry.domains.iter().find_map(|domain| calms.get(domain)).cloned();
            self.groups[entry].heard = before.unwrap_or_default();
            self.hear(entry);
        }
    }

    /// What a line shows of `family`, and since when: its own address, or the one that was pushed for all of its names.
    pub(super) fn line_shows(&self, wan: &Wan, family: Family) -> Option<(Observed, Option<Moment>)> {
        let sight = &wan.sights[family];
        let own = sight.told().map(|observed| (observed, Some(sight.since)));
        let sources = &wan.line.sources[family];
        let Some(rank) = rank_of_push(sources) else {
            return own;
        };
        let first = |who: &str| is_before(rank, sources, who);
        if self.is_offline() || sight.observed.as_ref().and_then(Observed::source).is_some_and(first) {
            return own;
        }
        match self.pushed_on(wan, family, true) {
            Call::Nothing if sources.len() > 1 => own,
            Call::Nothing => Some((Observed::Unavailable(NOTHING_YET.to_owned()), None)),
            Call::Several => Some((Observed::Unavailable(EACH_ITS_OWN.to_owned()), None)),
            Call::One(heard) => Some((heard.observed.clone(), Some(heard.since))),
        }
    }

    /// What was pushed for the names that follow this line; `standing`: only what a trusted source has not overtaken.
    fn pushed_on(&self, wan: &Wan, family: Family, standing: bool) -> Call<'_> {
        let follows = |entry: &Entry| entry.enabled && entry.wan == wan.line.name;
        let groups = self.groups.iter().filter(|group| follows(&group.entry) && listens(group, family));
        let counts = |group: &Group, it: &Heard| says_something(it) && (!standing || stands_in(wan, &group.entry, it, family));
        let heard: Vec<&Heard> = groups.filter_map(|group| group.heard[family].as_ref().filter(|it| counts(group, it))).collect();
        // Who has an address speaks for those who have a prefix only.
        let Some(best) = heard.iter().max_by_key(|it| (it.observed.address().is_some(), it.observed.prefix().is_some(), it.since)) else {
            return Call::Nothing;
        };
        let differs = |it: &&Heard| match (best.observed.address(), it.observed.address()) {
            (Some(best), Some(address)) => best != address,
            (None, None) => best.observed.prefix() != it.observed.prefix(),
            _ => false,
        };
        if heard.iter().any(differs) { Call::Several } else { Call::One(best) }
    }

    /// Every source's part in what a line shows.
    pub(super) fn parts_of(&self, wan: &Wan, family: Family) -> Vec<SourceReport> {
        let mut parts = wan.sights[family].reports.clone();
        if let Some(rank) = rank_of_push(&wan.line.sources[family]) {
            let overtaken = matches!(self.pushed_on(wan, family, true), Call::Nothing).then(|| OVERTAKEN.to_owned());
            let (address, rejected) = match self.pushed_on(wan, family, false) {
                Call::Nothing => (None, Some(NOTHING_YET.to_owned())),
                Call::Several => (None, Some(EACH_ITS_OWN.to_owned())),
                Call::One(heard) => (heard.observed.address(), heard.observed.publish(None).err().or(overtaken)),
            };
            let at = if rank == 0 { 0 } else { parts.len() };
            parts.insert(at, SourceReport { source: Source::Push.to_string(), address, rejected });
        }
        parts
    }
}

/// What was pushed for the names of a line.
enum Call<'a> {
    Nothing,
    /// The same for all that have something.
    One(&'a Heard),
    Several,
}

/// Do the names of this entry take what is pushed of `family`?
pub(super) fn listens(group: &Group, family: Family) -> bool {
    let Group { entry, heard, .. } = group;
    heard[family].is_some() && (entry.mode.wants(family) || (family == Family::V6 && uses_prefix(entry)))
}

/// Something was pushed.
pub(super) fn says_something(heard: &Heard) -> bool {
    matches!(heard.observed, Observed::Known(_) | Observed::Prefix(_))
}
