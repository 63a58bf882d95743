//! Who tells of changes by itself, and how rarely the others are asked because of that.

use std::time::Duration;

use super::Engine;
use super::event::RouterNews;
use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::consensus::Source;
use crate::rules::moment::Moment;

/// Where changes are told polling only catches what was not: so many intervals apart.
const RARELY: u32 = 6;

impl Engine {
    /// A router told something.
    pub(super) fn router_told(&mut self, via: Option<&str>, news: RouterNews, now: Moment) {
        for wan in self.wans.iter_mut().filter(|wan| wan.line.interface.as_deref() == via) {
            match news {
                RouterNews::Proven(families) => wan.told = families,
                // What changed since it fell silent, nobody knows.
                RouterNews::Lost => wan.told = PerFamily::default(),
                RouterNews::Changed => {}
            }
            if matches!(news, RouterNews::Proven(_)) {
                continue;
            }
            for family in Family::ALL {
                let asks_router = wan.line.sources[family].iter().any(Source::router);
                let sight = &mut wan.sights[family];
                if asks_router && !sight.down {
                    sight.look_now(now);
                }
            }
        }
    }

    /// Nobody knows what happened meanwhile: what was seen is a memory, and so is what is answered to a question from before.
    pub(super) fn resumed(&mut self, now: Moment) {
        self.looks.retain(|_, it| it.late);
        for sight in self.sights_mut().filter(|sight| !sight.down) {
            sight.round = None;
            sight.forget();
            sight.look_now(now);
        }
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
            Source::Interface(_) => self.followed,
            // Routers that are asked otherwise may be others.
            Source::FritzBox | Source::Upnp => wan.told[family],
            _ => false,
        });
        if told { self.rules.interval * RARELY } else { self.rules.interval }
    }
}
