//! Finds the router in front of a line. Only the way out counts, in this order:
//!
//! 1. what `[fritzbox] address` names (that is not looked for here);
//! 2. the default gateway (of the line's interface), whichever port its description is on: an answer to a search counts only if
//!    it comes from the gateway's own address. If the gateway describes itself, it is the router, and nobody else is asked, even
//!    if it is of another maker than wanted;
//! 3. `fritz.box`, as the LAN's resolver says, if that is near;
//! 4. the addresses that a FRITZ!Box has from its factory, where they are reached through the gateway: a box upstream of a router
//!    of one's own. One on a network of ours is beside the way out.
//!
//! Anybody on a LAN can answer a search. Who is not the gateway counts only where there is no default route over IPv4 at all, and if
//! there is one such router only; otherwise it is named in the reason. What is neither configured nor the gateway is looked for
//! afresh after a while. A default route without a gateway leads out of this machine itself: there is no router to be asked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;
use url::Url;

use super::place::{FACTORY, PORT, at, by_name, near};
use super::search::search;
use super::unreachable;
use crate::detect::interface::{self, Ways};
use crate::http::Clients;
use crate::resolve::Names;
use crate::tr064::client::{CallError, Router};
use crate::tr064::ssdp::{self, Announced};

mod found;

pub(super) use found::{Candidate, Failed, Found, Missing, Rank};

/// How long a router is looked for in all.
pub(super) const SEARCH: Duration = Duration::from_secs(3);

/// A box that is the gateway answers within this; the rest of the network is not bothered then.
const HEAD_START: Duration = Duration::from_millis(200);

/// Most of our addresses that a search goes out from.
const SOURCES: usize = 2;

/// Where packets go that leave the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WayOut {
    /// There is no default route.
    None,
    /// The default route has no gateway.
    Itself,
    Gateway(Ipv4Addr),
}

/// Where to look.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) way_out: WayOut,
    /// What goes through the gateway, and what stands beside it.
    pub(super) ways: Ways,
    /// Addresses that a box may have, and that are reached through the gateway.
    pub(super) factory: Vec<Ipv4Addr>,
    /// Our addresses in the networks to search.
    pub(super) sources: Vec<Ipv4Addr>,
    pub(super) group: SocketAddr,
    pub(super) port: u16,
}

/// Who asks, and until when.
pub(super) struct Seeker<'a> {
    pub(super) clients: &'a Clients,
    pub(super) names: &'a Names,
    pub(super) via: Option<&'a str>,
    pub(super) deadline: Instant,
}

impl WayOut {
    fn of(ways: &Ways) -> Self {
        match ways.way_out() {
            None => Self::None,
            Some(route) => route.gateway.map_or(Self::Itself, Self::Gateway),
        }
    }
}

impl Scene {
    /// What the kernel knows; a failure to ask it leaves the name.
    pub(super) async fn read(ways: &Ways, via: Option<&str>) -> Self {
        let link = via.or_else(|| ways.interface());
        let fit = interface::addresses().await.unwrap_or_default().into_iter().filter(|entry| {
            let here = link.is_none_or(|link| entry.interface == link);
            here && entry.up && !entry.tunnel
        });
        let sources = fit.filter_map(|entry| match entry.address {
            Some(IpAddr::V4(address)) if near(address.into()) && !address.is_loopback() => Some(address),
            _ => None,
        });
        Self {
            way_out: WayOut::of(ways),
            ways: ways.clone(),
            factory: FACTORY.into_iter().filter(|&address| ways.leave_for(address)).collect(),
            sources: sources.take(SOURCES).collect(),
            group: ssdp::GROUP,
            port: PORT,
        }
    }
}

impl Seeker<'_> {
    /// Asks everybody who may be the way out at the same time, the gateway a little earlier.
    pub(super) async fn find(&self, scene: &Scene) -> Found {
        let gateway = match scene.way_out {
            WayOut::Itself => return Found::new(scene.way_out),
            WayOut::None => None,
            WayOut::Gateway(gateway) => Some(gateway),
        };
        // What is not private is not asked: it may be anybody's.
        let asked = gateway.filter(|gateway| near(IpAddr::V4(*gateway)));
        let mut found = Found::new(scene.way_out);
        let mut questions: FuturesUnordered<BoxFuture<'_, Found>> = FuturesUnordered::new();
        questions.extend(asked.map(|gateway| self.open(scene, gateway.into(), Rank::Gateway).boxed()));
        questions.push(later(asked, self.named(scene, gateway)).boxed());
        if gateway == asked {
            questions.push(later(asked, self.announced(scene, asked)).boxed());
        }
        let factory = scene.factory.iter().copied().filter(|&address| asked.is_some_and(|gateway| gateway != address));
        questions.extend(factory.map(|address| later(asked, self.open(scene, address.into(), Rank::Factory)).boxed()));
        while let Some(answer) = questions.next().await {
            found.add(answer);
            if found.gateway().is_some() {
                break;
            }
        }
        found
    }

    /// The box by its name in the LAN.
    async fn named(&self, scene: &Scene, gateway: Option<Ipv4Addr>) -> Found {
        match by_name(self.names).await.filter(|address| gateway.map(IpAddr::V4) != Some(*address)) {
            // In the same LAN as the gateway it is the box of another line.
            Some(IpAddr::V4(beside)) if gateway.is_some() && !scene.ways.leave_for(beside) => {
                let mut found = Found::new(scene.way_out);
                found.strangers.push(beside.into());
                found
            }
            Some(address) => self.open(scene, address, Rank::Named).await,
            None => Found::new(scene.way_out),
        }
    }

    /// Who answers a search: the gateway, or whoever there is where there is none.
    async fn announced(&self, scene: &Scene, gateway: Option<Ipv4Addr>) -> Found {
        let answers = search(scene.group, &scene.sources, self.via, gateway).await;
        let mut routers: Vec<IpAddr> = answers.iter().map(|announced| announced.address).collect();
        routers.sort_unstable();
        routers.dedup();
        let gateway = gateway.map(IpAddr::V4);
        let rank = if gateway.is_some() { Rank::Gateway } else { Rank::Announced };
        let (asked, strangers): (Vec<_>, Vec<_>) = routers.into_iter().partition(|router| gateway.is_none_or(|it| it == *router));
        let follow = |router: IpAddr| self.follow(rank, answers.iter().filter(move |announced| announced.address == router));
        let mut found = Found::new(scene.way_out);
        found.strangers = strangers;
        for result in join_all(asked.into_iter().map(follow)).await.into_iter().flatten() {
            found.take(result);
        }
        found
    }

    /// Reads what one router announces: its first description that is one.
    async fn follow(&self, rank: Rank, announced: impl Iterator<Item = &Announced>) -> Option<Result<Candidate, Failed>> {
        let mut problem = None;
        for Announced { location, tr064, .. } in announced {
            let mut place = location.clone();
            place.set_path("/");
            place.set_query(None);
            let result = if *tr064 {
                Err(CallError::Malformed("only TR-064 was announced, which needs a login".into()))
            } else {
                self.within(Router::describe(self.clients, location, self.via)).await
            };
            match result {
                Ok(router) => return Some(Ok(Candidate { place, router, rank })),
                Err(why) => problem = problem.or(Some(Err(Failed { place, why, rank, closed: false }))),
            }
        }
        problem
    }

    /// The router at an address. Somebody who is there and says nothing may be a box, where a box should be.
    async fn open(&self, scene: &Scene, address: IpAddr, rank: Rank) -> Found {
        self.open_at(Found::new(scene.way_out), at(address, scene.port), rank).await
    }

    /// Adds the router at `place`, or why there is none.
    pub(super) async fn open_at(&self, mut found: Found, place: Url, rank: Rank) -> Found {
        found.take(match self.within(Router::open(self.clients, &place, self.via)).await {
            Ok(router) => Ok(Candidate { place, router, rank }),
            Err(why) => Err(Failed { closed: rank.may_log_in() && !unreachable(&why), place, why, rank }),
        });
        found
    }

    /// One that does not answer does not keep the others.
    async fn within<T>(&self, question: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
        let late = || Err(CallError::Malformed(format!("no complete answer within {SEARCH:?}")));
        tokio::time::timeout_at(self.deadline, question).await.unwrap_or_else(|_| late())
    }
}

/// Leaves the `gateway` its head start.
async fn later<T>(gateway: Option<Ipv4Addr>, question: impl Future<Output = T>) -> T {
    if gateway.is_some() {
        tokio::time::sleep(HEAD_START).await;
    }
    question.await
}

#[cfg(test)]
mod tests;
