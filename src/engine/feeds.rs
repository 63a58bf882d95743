//! Who tells of changes by itself, and how rarely the others are asked because of that.

use std::net::IpAddr;
use std::time::Duration;

use super::event::{Level, Notice, RouterNews};
use super::{Engine, Turn};
use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::consensus::Source;
use crate::rules::consensus::services::forget_answers;
use crate::rules::domain::Entry;
use crate::rules::moment::Moment;
use crate::rules::order::Slot;
use crate::rules::schedule;
use crate::rules::template::Placeholder;

impl Engine {
    /// The kernel's changes are followed from now on, or not any more.
    pub(super) fn kernel_told(&mut self, followed: bool, now: Moment) {
        let vouched_for = self.vouched_for();
        self.followed = followed;
        self.see_again(vouched_for, now);
    }

    /// Families of lines that are looked at rarely, because somebody tells when they change.
    fn vouched_for(&self) -> Vec<(usize, Family)> {
        let all = (0..self.wans.len()).flat_map(|wan| Family::ALL.map(|family| (wan, family)));
        let rarely = |wan: usize, family| {
            let observed = self.wans[wan].sights[family].observed.as_ref();
            observed.is_some_and(|observed| self.pause(wan, family, observed) > self.rules.interval)
        };
        all.filter(|&(wan, family)| rarely(wan, family)).collect()
    }

    /// Of these somebody told `before`. Where nobody does any more, what was seen may be as old as polling was rare.
    fn see_again(&mut self, before: Vec<(usize, Family)>, now: Moment) {
        let still = self.vouched_for();
        for (wan, family) in before.into_iter().filter(|it| !still.contains(it)) {
            let sight = &mut self.wans[wan].sights[family];
            sight.forget();
            sight.stir(now);
        }
    }

    /// A router told something.
    pub(super) fn router_told(&mut self, via: Option<&str>, news: RouterNews, turn: &mut Turn) {
        if let RouterNews::Proven(families) = news {
            let text = format!("the router{} tells by itself when {} changes", through(via), variables(families));
            if self.told.insert(text.clone()) {
                turn.tell(Notice::new(Level::Notice, text));
            }
        }
        let vouched_for = self.vouched_for();
        for wan in self.wans.iter_mut().filter(|wan| wan.line.interface.as_deref() == via) {
            match news {
                // Its first event may be younger than what was read.
                RouterNews::Proven(families) => wan.told = families,
                // What changed since it fell silent, nobody knows.
                RouterNews::Lost => wan.told = PerFamily::default(),
                RouterNews::Changed => {}
            }
            for family in Family::ALL {
                let asks_router = wan.line.sources[family].iter().any(Source::router);
                let sight = &mut wan.sights[family];
                if asks_router && !sight.down {
                    sight.stir(turn.now);
                }
            }
        }
        self.see_again(vouched_for, turn.now);
    }

    /// Nobody knows what happened meanwhile: what was seen is a memory, and so is what is answered to a question from before.
    pub(super) fn resumed(&mut self, now: Moment) {
        self.looks.clear();
        for sight in self.sights_mut().filter(|sight| !sight.down) {
            sight.round = None;
            sight.look_again = None;
            sight.forget();
            sight.look_from(now);
        }
        for (wan, family) in (0..self.wans.len()).flat_map(|wan| Family::ALL.map(|family| (wan, family))) {
            self.outdate(wan, family, None);
        }
    }

    /// What was seen outside of this line a while ago does not stand in for an answer any more, unless it was `but`.
    pub(super) fn outdate(&mut self, wan: usize, family: Family, but: Option<IpAddr>) {
        forget_answers(&mut self.services, &self.wans[wan].line, family, but);
    }

    /// Until the next look after this observation.
    pub(super) fn pause(&self, wan: usize, family: Family, observed: &Observed) -> Duration {
        let wan = &self.wans[wan];
        let who = match observed {
            Observed::Known(sighting) => &sighting.source,
            Observed::Prefix(lan) => &lan.source,
            Observed::Absent(_) | Observed::Unavailable(_) => return self.rules.interval,
        };
        let decided = wan.line.sources[family].iter().find(|source| source.to_string() == *who);
        let told = decided.is_some_and(|source| match source {
            // That a prefix is advertised no more shows in lifetimes only (RFC 9096), and those are no news.
            Source::Interface(_) => self.followed && family == Family::V4,
            // Routers that are asked otherwise may be others.
            Source::FritzBox | Source::Upnp => wan.told[family] && !(family == Family::V6 && self.needs_prefix(&wan.line.name)),
            _ => false,
        });
        if told { self.rules.interval * schedule::RARELY } else { self.rules.interval }
    }

    /// Does somebody publish what is behind the prefix of this line? Routers tell of their address, not of the prefix.
    fn needs_prefix(&self, line: &str) -> bool {
        self.groups.iter().any(|group| group.entry.wan == line && uses_prefix(&group.entry))
    }
}

/// Does this entry publish what is behind the prefix of its line, or send the prefix along?
pub(super) fn uses_prefix(entry: &Entry) -> bool {
    entry.ipv6_host.is_some() || carries_prefix(entry)
}

/// Does any request of this entry carry the prefix of the LAN?
pub(super) fn carries_prefix(entry: &Entry) -> bool {
    [Slot::Single(Family::V4), Slot::Single(Family::V6), Slot::Together].into_iter().any(|slot| sends_prefix(entry, slot))
}

/// Does a request of this kind carry the prefix of the LAN?
pub(super) fn sends_prefix(entry: &Entry, slot: Slot) -> bool {
    let sending = &entry.sending;
    let url = match slot {
        Slot::Single(family) => sending.single[family].as_ref(),
        Slot::Together => sending.together.as_ref(),
    };
    let mut texts = sending.headers.iter().map(|(_, text)| text).chain(&sending.body);
    url.is_some_and(|url| url.uses(Placeholder::LanPrefix)) || texts.any(|text| text.uses(Placeholder::LanPrefix))
}

fn through(via: Option<&str>) -> String {
    via.map(|via| format!(" behind {via}")).unwrap_or_default()
}

fn variables(families: PerFamily<bool>) -> &'static str {
    match (families.v4, families.v6) {
        (true, true) => "an address of the line",
        (true, false) => "the line's IPv4 address",
        (false, true) => "the line's IPv6 address",
        (false, false) => "something else than an address",
    }
}
