//! What an entry's names go by: what their line shows, or what a router pushed for them.

use std::net::IpAddr;

use super::heard::says_something;
use super::parts::{Heard, Shown, Wan};
use super::{Engine, Group, Turn};
use crate::rules::address::{Family, Observed};
use crate::rules::consensus::Source;
use crate::rules::domain::Entry;
use crate::rules::moment::Moment;
use crate::rules::push::{Push, is_dated_by_prefix};

/// What the names of one entry and family go by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis<'a> {
    pub(super) observed: Option<&'a Observed>,
    /// From when on it may be acted on.
    pub(super) settled_at: Moment,
    pub(super) since: Moment,
    /// It was pushed.
    pub(super) pushed: bool,
}

impl Engine {
    /// What the names of this entry go by: of what its line shows and what was pushed for it, the first in order of trust that
    /// gives them an address.
    pub(super) fn basis(&self, entry: usize, family: Family) -> Option<Basis<'_>> {
        let group = &self.groups[entry];
        let wan = self.wan_of(&group.entry)?;
        let sight = &wan.sights[family];
        let own = Basis { observed: sight.observed.as_ref(), settled_at: sight.calm.settled_at, since: sight.since, pushed: false };
        let Some(heard) = &group.heard[family] else {
            return Some(own);
        };
        let own = Basis { settled_at: heard.calm.settled_at, ..own };
        Some(if self.goes_by_push(wan, &group.entry, heard, family) {
            Basis { observed: Some(&heard.observed), since: heard.since, pushed: true, ..own }
        } else {
            own
        })
    }

    fn goes_by_push(&self, wan: &Wan, entry: &Entry, heard: &Heard, family: Family) -> bool {
        let sources = &wan.line.sources[family];
        let Some(rank) = rank_of_push(sources) else {
            return false;
        };
        let sight = &wan.sights[family];
        let gives = |observed: &Observed| observed.publish(entry.ipv6_host).is_ok();
        let first = |who: &str| is_before(rank, sources, who);
        if !stands_in(wan, entry, heard, family) {
            return false;
        }
        match &sight.observed {
            _ if self.is_offline() => false,
            // Who comes first has not been asked yet.
            None => rank == 0 && (gives(&heard.observed) || sources.len() == 1),
            Some(own) if gives(own) => gives(&heard.observed) && !own.source().is_some_and(first),
            Some(_) => gives(&heard.observed) || sources.len() == 1 || says_something(heard),
        }
    }

    /// A source answered. Where it is trusted more than what was pushed, that is overtaken.
    pub(super) fn overtake(&mut self, wan: usize, family: Family, observed: &Observed, now: Moment) {
        let Wan { line, sights, .. } = &self.wans[wan];
        let (sources, gave) = (&line.sources[family], sights[family].gave);
        let trusted = rank_of_push(sources).zip(observed.source()).is_some_and(|(rank, who)| is_before(rank, sources, who));
        // What was overtaken before is not written once more.
        let overtakes = |machine: bool| {
            self.groups.iter().filter(|group| group.entry.wan == line.name && group.entry.ipv6_host.is_some() == machine).any(|group| {
                let newer = |heard: &Heard| says_something(heard) && gave.to(machine).is_none_or(|gave| gave < heard.since);
                group.heard[family].as_ref().is_some_and(newer) && observed.publish(group.entry.ipv6_host).is_ok()
            })
        };
        let (address, machines) = (trusted && overtakes(false), trusted && overtakes(true));
        let gave = &mut self.wans[wan].sights[family].gave;
        if address {
            gave.gave_address = Some(now);
        }
        if machines {
            gave.gave_machines = Some(now);
        }
    }

    /// Would this entry go by what was pushed for it, were what `push` repeats of that said now?
    pub(super) fn is_overtaken(&self, entry: usize, family: Family, push: &Push) -> bool {
        let group = &self.groups[entry];
        let Some((wan, heard)) = self.wan_of(&group.entry).zip(group.heard[family].as_ref()) else {
            return false;
        };
        let own = wan.sights[family].observed.as_ref();
        // Else it would be as old as before, however often it is repeated.
        let dates = if is_dated_by_prefix(&heard.observed, group.entry.ipv6_host.is_some()) {
            push.prefix_of(family).is_some()
        } else {
            push.addresses[family].is_some()
        };
        let unseen = own.is_some_and(|own| own.publish(group.entry.ipv6_host).is_err());
        dates && unseen && says_something(heard) && !stands_in(wan, &group.entry, heard, family)
    }

    /// Does this entry go by what was pushed for it, whatever its line shows? Then nobody needs to look at that.
    pub(super) fn needs_no_look(&self, entry: usize, family: Family) -> bool {
        let group = &self.groups[entry];
        let sources = self.wan_of(&group.entry).map_or(&[][..], |wan| &wan.line.sources[family]);
        let gives = |heard: &Heard| heard.observed.publish(group.entry.ipv6_host).is_ok();
        let first = sources.first() == Some(&Source::Push);
        first && group.heard[family].as_ref().is_some_and(|heard| sources.len() == 1 || gives(heard))
    }

    /// Is somebody without an address if the line shows none? Not where something was pushed for every name.
    pub(super) fn is_missed(&self, wan: usize, family: Family) -> bool {
        let wan = &self.wans[wan];
        let follows = |entry: &Entry| entry.enabled && entry.wan == wan.line.name && entry.mode.wants(family);
        let pushed = |group: &Group| {
            let heard = group.heard[family].as_ref();
            heard.is_some_and(|heard| stands_in(wan, &group.entry, heard, family) && heard.observed.publish(group.entry.ipv6_host).is_ok())
        };
        let mut followers = self.groups.iter().filter(|group| follows(&group.entry)).peekable();
        followers.peek().is_none() || !followers.all(pushed)
    }

    /// The address that the names of this entry should show.
    pub(super) fn wanted(&self, entry: usize, family: Family) -> Option<IpAddr> {
        self.basis(entry, family)?.observed?.publish(self.groups[entry].entry.ipv6_host).ok()
    }

    /// Where something may be pushed, each entry has its own changes: they come to rest like those of a line.
    pub(super) fn calm_down(&mut self, turn: &Turn) {
        let (run, settle) = (self.run, self.rules.settle);
        for entry in 0..self.groups.len() {
            for family in Family::ALL {
                if self.groups[entry].heard[family].is_none() {
                    continue;
                }
                let shown = self.basis(entry, family).and_then(|basis| Shown::of(basis.observed?));
                if let Some(heard) = &mut self.groups[entry].heard[family] {
                    let still = std::mem::replace(&mut heard.shows, shown.is_some());
                    if let Some(shown) = shown {
                        heard.calm.see(shown, still, run, settle, turn.now);
                    }
                }
            }
        }
    }

    /// Who has no link at all sends nothing.
    pub(super) fn is_offline(&self) -> bool {
        self.wans.iter().all(|wan| wan.sights.iter().all(|(_, sight)| sight.down))
    }

    /// The line that an entry follows.
    pub(super) fn wan_of(&self, entry: &Entry) -> Option<&Wan> {
        self.wans.iter().find(|wan| wan.line.name == entry.wan)
    }
}

/// Was it pushed after the last time that a source which is trusted more gave this entry an address? What is older was
/// overtaken by that.
pub(super) fn stands_in(wan: &Wan, entry: &Entry, heard: &Heard, family: Family) -> bool {
    wan.sights[family].gave.to(entry.ipv6_host.is_some()).is_none_or(|gave| heard.since > gave)
}

/// Is this one of the sources that are trusted more than the one at `rank`?
pub(super) fn is_before(rank: usize, sources: &[Source], who: &str) -> bool {
    sources[..rank].iter().any(|source| source.to_string() == who)
}

/// Where `push` stands in the order of trust.
pub(super) fn rank_of_push(sources: &[Source]) -> Option<usize> {
    sources.iter().position(|source| *source == Source::Push)
}
