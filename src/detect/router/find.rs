//! Finds the router in front of a line: the gateway is asked first, then everything that may be one is asked at the same time.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use tokio::time::Instant;
use url::Url;

use super::place::{FACTORY, PORT, at, by_name, near};
use super::search::search;
use super::{Wanted, explain, unreachable};
use crate::detect::interface::{self, Ways};
use crate::http::Clients;
use crate::resolve::Names;
use crate::tr064::client::{CallError, Router};
use crate::tr064::ssdp::{self, Announced};

/// How long a router is looked for in all.
pub(super) const SEARCH: Duration = Duration::from_secs(3);

/// A box that is the gateway answers within this; the rest of the network is not bothered then.
const HEAD_START: Duration = Duration::from_millis(200);

/// Most of our addresses that a search goes out from.
const SOURCES: usize = 2;

/// Where to look.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) gateway: Option<Ipv4Addr>,
    /// Addresses that a box may have, and that are reached without the internet.
    pub(super) factory: Vec<Ipv4Addr>,
    /// Our addresses in the networks to search.
    pub(super) sources: Vec<Ipv4Addr>,
    pub(super) group: SocketAddr,
    pub(super) port: u16,
}

/// A router that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Scheme, host and port.
    pub(super) place: Url,
    pub(super) address: IpAddr,
    pub(super) router: Router,
}

/// Why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) why: String,
    /// The places of a box (the gateway, or its name in the LAN) where somebody is, who does not describe himself without login.
    /// A login is for nobody else: anybody can answer a search.
    pub(super) closed: Vec<Url>,
}

/// A place without a router.
struct Failed {
    place: Url,
    why: CallError,
    /// It is the gateway, or the name of the box leads there.
    closed: bool,
}

/// Who asks, and until when.
pub(super) struct Seeker<'a> {
    pub(super) clients: &'a Clients,
    pub(super) names: &'a Names,
    pub(super) wanted: Wanted,
    pub(super) via: Option<&'a str>,
    pub(super) deadline: Instant,
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
            gateway: ways.gateway(),
            factory: FACTORY.into_iter().filter(|&address| ways.lead_to(address)).collect(),
            sources: sources.take(SOURCES).collect(),
            group: ssdp::GROUP,
            port: PORT,
        }
    }
}

impl Seeker<'_> {
    pub(super) async fn find(&self, scene: &Scene) -> Result<Candidate, Missing> {
        // What is not private is not asked: it may be anybody's.
        let gateway = scene.gateway.filter(|gateway| near(IpAddr::V4(*gateway)));
        let direct = pin!(async {
            match gateway {
                Some(gateway) => Some(self.open(gateway.into(), scene.port, true).await),
                None => None,
            }
        });
        let elsewhere = pin!(async {
            if gateway.is_some() {
                tokio::time::sleep(HEAD_START).await;
            }
            self.elsewhere(scene, gateway).await
        });
        let (first, others) = match select(direct, elsewhere).await {
            Either::Left((Some(Ok(found)), _)) if self.wanted.accepts(&found.router) => return Ok(found),
            Either::Left((first, elsewhere)) => (first, elsewhere.await),
            Either::Right((others, direct)) => (direct.await, others),
        };
        let mut failed = Vec::new();
        let found = first.into_iter().chain(others).filter_map(|result| result.map_err(|problem| failed.push(problem)).ok()).collect();
        choose(found, self.wanted, gateway).map_err(|why| Missing {
            why: why.unwrap_or_else(|| nobody(scene.gateway, gateway, &failed)),
            closed: failed.into_iter().filter(|problem| problem.closed).map(|problem| problem.place).collect(),
        })
    }

    /// Everybody but the gateway, in the order of trust.
    async fn elsewhere(&self, scene: &Scene, gateway: Option<Ipv4Addr>) -> Vec<Result<Candidate, Failed>> {
        let other = |address: &IpAddr| gateway.map(IpAddr::V4) != Some(*address);
        let named = async {
            match by_name(self.names).await.filter(other) {
                Some(address) => Some(self.open(address, scene.port, true).await),
                None => None,
            }
        };
        let factory = scene.factory.iter().copied().map(IpAddr::V4).filter(other).map(|address| self.open(address, scene.port, false));
        let announced = async {
            // A gateway that is no FRITZ!Box does not end the search for one; one that is was asked directly.
            let enough = gateway.filter(|_| self.wanted == Wanted::Any);
            let found = search(scene.group, &scene.sources, self.via, enough).await;
            let mut routers: Vec<IpAddr> = found.iter().map(|announced| announced.address).collect();
            routers.sort_unstable();
            routers.dedup();
            join_all(routers.iter().map(|router| self.follow(found.iter().filter(|announced| announced.address == *router)))).await
        };
        let (named, factory, announced) = futures_util::join!(named, join_all(factory), announced);
        named.into_iter().chain(factory).chain(announced.into_iter().flatten()).collect()
    }

    /// Reads what one router announces: its first description that is one.
    async fn follow(&self, announced: impl Iterator<Item = &Announced>) -> Option<Result<Candidate, Failed>> {
        let mut problem = None;
        for Announced { address, location, tr064 } in announced {
            let mut place = location.clone();
            place.set_path("/");
            place.set_query(None);
            let result = if *tr064 {
                Err(CallError::Malformed("only TR-064 was announced, which needs a login".into()))
            } else {
                self.within(Router::describe(self.clients, location, self.via)).await
            };
            match result {
                Ok(router) => return Some(Ok(Candidate { place, address: *address, router })),
                Err(why) => problem = problem.or(Some(Err(Failed { place, why, closed: false }))),
            }
        }
        problem
    }

    /// `box_here`: somebody who is there and says nothing may be a box.
    async fn open(&self, address: IpAddr, port: u16, box_here: bool) -> Result<Candidate, Failed> {
        let place = at(address, port);
        match self.within(Router::open(self.clients, &place, self.via)).await {
            Ok(router) => Ok(Candidate { place, address, router }),
            Err(why) => Err(Failed { place, closed: box_here && !unreachable(&why), why }),
        }
    }

    /// One that does not answer does not keep the others.
    pub(super) async fn within<T>(&self, question: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
        let late = || Err(CallError::Malformed(format!("no complete answer within {SEARCH:?}")));
        tokio::time::timeout_at(self.deadline, question).await.unwrap_or_else(|_| late())
    }
}

/// The gateway's, or the only one: nobody guesses. `Err(None)`: there is nobody at all.
fn choose(mut found: Vec<Candidate>, wanted: Wanted, gateway: Option<Ipv4Addr>) -> Result<Candidate, Option<String>> {
    let name = |candidate: &Candidate| format!("{:?} at {}", candidate.router.model, candidate.place);
    let refused = found.iter().find(|candidate| !wanted.accepts(&candidate.router)).map(name);
    found.retain(|candidate| wanted.accepts(&candidate.router));
    if let Some(index) = found.iter().position(|candidate| Some(candidate.address) == gateway.map(IpAddr::V4)) {
        return Ok(found.swap_remove(index));
    }
    // One router may have several addresses.
    let same = |one: &Candidate, other: &Candidate| {
        one.address == other.address || (!one.router.udn.is_empty() && one.router.udn == other.router.udn)
    };
    let mut distinct: Vec<Candidate> = Vec::new();
    for candidate in found {
        if !distinct.iter().any(|known| same(known, &candidate)) {
            distinct.push(candidate);
        }
    }
    if distinct.len() > 1 {
        let names: Vec<String> = distinct.iter().map(name).collect();
        return Err(Some(format!(
            "several routers answer, and none of them is the gateway: {}; set [fritzbox] address to the one that counts",
            names.join(", ")
        )));
    }
    let refused = || refused.map(|router| format!("no FRITZ!Box was found, but {router}; the source \"upnp\" reads any router"));
    distinct.pop().ok_or_else(refused)
}

fn nobody(gateway: Option<Ipv4Addr>, asked: Option<Ipv4Addr>, failed: &[Failed]) -> String {
    match (gateway, asked, failed.first()) {
        (_, _, Some(Failed { place, why, .. })) => format!("no router answers at {place}: {}", explain(why)),
        (Some(gateway), None, None) => {
            format!("no router was found: the gateway {gateway} is not in a private network and was not asked; set [fritzbox] address")
        }
        _ => "no router was found: there is no default gateway; set [fritzbox] address".into(),
    }
}

#[cfg(test)]
mod tests;
