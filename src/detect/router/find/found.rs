//! Who was found, and which of them is the router: nobody guesses.

use std::net::IpAddr;

use url::Url;

use super::super::place::near;
use super::super::{Wanted, explain};
use super::WayOut;
use crate::tr064::client::{CallError, Router};

/// Where somebody was found, the surest place first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::detect::router) enum Rank {
    /// Configured as an address.
    Configured,
    /// Configured as a name, which may lead elsewhere some day.
    Meant,
    Gateway,
    Named,
    Factory,
    Announced,
}

/// A router that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::detect::router) struct Candidate {
    /// Scheme, host (an address) and port.
    pub(in crate::detect::router) place: Url,
    pub(in crate::detect::router) router: Router,
    pub(in crate::detect::router) rank: Rank,
}

/// A place without a router.
#[derive(Debug)]
pub(in crate::detect::router) struct Failed {
    pub(in crate::detect::router) place: Url,
    pub(in crate::detect::router) why: CallError,
    pub(in crate::detect::router) rank: Rank,
    /// Somebody is there, where a box should be.
    pub(in crate::detect::router) closed: bool,
}

/// Why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::detect::router) struct Missing {
    pub(in crate::detect::router) why: String,
    /// The places of a box (the gateway, its name in the LAN, or what is configured) where somebody is, who does not describe
    /// himself without login. A login is for nobody else: anybody can answer a search.
    pub(in crate::detect::router) closed: Vec<Url>,
}

/// Everybody who was asked.
#[derive(Debug)]
pub(in crate::detect::router) struct Found {
    pub(super) way_out: WayOut,
    pub(in crate::detect::router) candidates: Vec<Candidate>,
    failed: Vec<Failed>,
    /// Who answered a search beside the gateway.
    pub(super) strangers: Vec<IpAddr>,
    /// Why nobody could be asked at all.
    problem: Option<String>,
}

impl Rank {
    pub(super) const fn may_log_in(self) -> bool {
        matches!(self, Self::Configured | Self::Meant | Self::Gateway | Self::Named)
    }
}

impl Candidate {
    /// Is it the router for as long as the way out is the same?
    pub(in crate::detect::router) const fn lasts(&self) -> bool {
        matches!(self.rank, Rank::Configured | Rank::Gateway)
    }

    /// What is configured is taken as it is.
    fn fits(&self, wanted: Wanted) -> bool {
        matches!(self.rank, Rank::Configured | Rank::Meant) || wanted.accepts(&self.router)
    }

    fn name(&self) -> String {
        format!("{:?} at {}", self.router.model, self.place)
    }

    /// One router may have several addresses.
    fn is(&self, other: &Self) -> bool {
        self.place.host() == other.place.host() || (!self.router.udn.is_empty() && self.router.udn == other.router.udn)
    }
}

impl Found {
    /// Nobody yet.
    pub(in crate::detect::router) const fn new(way_out: WayOut) -> Self {
        Self { way_out, candidates: Vec::new(), failed: Vec::new(), strangers: Vec::new(), problem: None }
    }

    /// Nobody could be asked.
    pub(in crate::detect::router) fn problem(why: String) -> Self {
        Self { problem: Some(why), ..Self::new(WayOut::None) }
    }

    pub(in crate::detect::router) fn take(&mut self, result: Result<Candidate, Failed>) {
        match result {
            Ok(candidate) => self.candidates.push(candidate),
            Err(failed) => self.failed.push(failed),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.candidates.extend(other.candidates);
        self.failed.extend(other.failed);
        self.strangers.extend(other.strangers);
    }

    /// The place among the candidates of the one who is surely the way out.
    pub(super) fn gateway(&self) -> Option<usize> {
        self.candidates.iter().position(|candidate| candidate.rank <= Rank::Gateway)
    }

    /// The place of the router among the candidates.
    pub(in crate::detect::router) fn choose(&self, wanted: Wanted) -> Result<usize, Missing> {
        if let Some(index) = self.gateway() {
            let router = &self.candidates[index];
            let other = || {
                format!(
                    "the router is {}, not a FRITZ!Box: the source \"upnp\" reads it; set [fritzbox] address if another box is the way out",
                    router.name()
                )
            };
            return if router.fits(wanted) { Ok(index) } else { Err(Missing { why: other(), closed: Vec::new() }) };
        }
        let fits = |(_, candidate): &(usize, &Candidate)| candidate.fits(wanted);
        let known = self.candidates.iter().enumerate().filter(fits).filter(|(_, candidate)| candidate.rank < Rank::Announced);
        if let Some((index, _)) = known.min_by_key(|(_, candidate)| candidate.rank) {
            return Ok(index);
        }
        self.only(wanted).map_err(|why| {
            let mut closed: Vec<&Failed> = self.failed.iter().filter(|failed| failed.closed).collect();
            closed.sort_by_key(|failed| failed.rank);
            Missing { why, closed: closed.into_iter().map(|failed| failed.place.clone()).collect() }
        })
    }

    /// The only router that answers where there is no gateway.
    fn only(&self, wanted: Wanted) -> Result<usize, String> {
        let mut distinct: Vec<(usize, &Candidate)> = Vec::new();
        for (index, candidate) in self.candidates.iter().enumerate().filter(|(_, candidate)| candidate.fits(wanted)) {
            if !distinct.iter().any(|(_, known)| known.is(candidate)) {
                distinct.push((index, candidate));
            }
        }
        match &distinct[..] {
            [(index, _)] => Ok(*index),
            [] => Err(self.nobody()),
            several => {
                let names: Vec<String> = several.iter().map(|(_, candidate)| candidate.name()).collect();
                Err(format!(
                    "several routers answer, and there is no default gateway: {}; set [fritzbox] address to the one that counts",
                    names.join(", ")
                ))
            }
        }
    }

    fn nobody(&self) -> String {
        if let Some(why) = &self.problem {
            return why.clone();
        }
        if let Some(router) = self.candidates.first() {
            return format!("no FRITZ!Box was found, but {}; the source \"upnp\" reads any router", router.name());
        }
        let beside = if self.strangers.is_empty() {
            String::new()
        } else {
            let all: Vec<String> = self.strangers.iter().map(ToString::to_string).collect();
            format!("; {} answers as a router and is not the gateway: set [fritzbox] address if it is the way out", all.join(", "))
        };
        let failed = self.failed.iter().min_by_key(|failed| failed.rank);
        match (self.way_out, failed) {
            (_, Some(Failed { place, why, .. })) => format!("no router answers at {place}: {}{beside}", explain(why)),
            (WayOut::Gateway(gateway), None) if !near(gateway.into()) => {
                format!("no router was found: the gateway {gateway} is not in a private network and was not asked; set [fritzbox] address")
            }
            (WayOut::Gateway(gateway), None) => format!("no router was found: the gateway {gateway} does not answer{beside}"),
            (WayOut::Itself, None) => "there is no router to be asked: the default route has no gateway, the line ends at this machine; \
                                       use the source \"interface\", or set [fritzbox] address"
                .into(),
            (WayOut::None, None) => "no router was found: there is no default gateway; set [fritzbox] address".into(),
        }
    }
}
