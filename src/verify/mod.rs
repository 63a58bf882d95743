//! Asks the zone's own name servers what they serve (`docs/behaviour.md`, "Verification").
//!
//! Caches on the way may still hold the old address, so they are only asked where the zone's servers are.

mod reading;
mod wire;

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{Name, RecordType};

use crate::resolve::{self, Names, ZoneServers};
use crate::rules::address::Family;
use crate::rules::answer::{DnsAnswer, Said, ServerAnswer};
use crate::rules::domain::Domain;

use reading::Heard;

/// Most servers of one zone that are asked: no sane zone lists more (the root has 13 names).
const SERVERS: usize = 8;

/// Longest chain of aliases that is followed.
const ALIASES: usize = 8;

/// Tries per address of a server.
const TRIES: usize = 2;

/// All of one question, if nothing else is said: a silent server's tries, after a slow search for the zone.
const LIMIT: Duration = Duration::from_secs(20);

/// Asks authoritative servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Verifier {
    names: Names,
    port: u16,
    limit: Duration,
}

/// The servers of the zone that a name belongs to.
struct Zone {
    top: Name,
    servers: Vec<Name>,
}

impl Verifier {
    /// Finds zones and servers with the help of `resolver` (recursive name servers), or of the system's if there are none.
    #[must_use]
    pub fn new(resolver: &[SocketAddr]) -> Self {
        Self { names: Names::new(resolver), port: 53, limit: LIMIT }
    }

    /// Asks authoritative servers at another port than 53: for servers behind a port forwarding, and for tests.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Waits this long for all that one question needs, instead of 20 s.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// What every authoritative server of `domain` says about its addresses of `family`. An alias is followed to the servers
    /// of the zone it points into. What is not complete in time is no answer.
    pub async fn ask(&self, domain: &Domain, family: Family) -> DnsAnswer {
        let late = || format!("the name servers of {:?} did not answer in time", domain.as_str());
        let asked = tokio::time::timeout(self.limit, self.follow(domain, family)).await;
        asked.unwrap_or_else(|_| DnsAnswer { servers: Vec::new(), failed: Some(late()) })
    }

    async fn follow(&self, domain: &Domain, family: Family) -> DnsAnswer {
        let mut servers = Vec::new();
        let mut failed = None;
        let mut seen = HashSet::new();
        let mut next = match Name::from_ascii(format!("{domain}.")) {
            Ok(name) => vec![name],
            Err(error) => {
                return DnsAnswer { servers, failed: Some(format!("{:?} cannot be asked: {error}", domain.as_str())) };
            }
        };
        while let Some(name) = next.pop() {
            if !seen.insert(name.clone()) {
                failed = Some(format!("the aliases of {:?} lead in a circle", domain.as_str()));
                continue;
            }
            if seen.len() > ALIASES + 1 {
                failed = Some(format!("{:?} is an alias of an alias, more than {ALIASES} times", domain.as_str()));
                break;
            }
            match self.ask_zone(&name, resolve::record_type(family)).await {
                Err(why) => failed = Some(why),
                Ok(heard) => sort(heard, &mut servers, &mut next),
            }
        }
        // One branch that leads nowhere does not outweigh the servers that answered.
        match failed {
            Some(why) if !servers.is_empty() => {
                servers.push(ServerAnswer { server: "(alias)".into(), said: Said::Unreachable(why) });
                DnsAnswer { servers, failed: None }
            }
            failed => DnsAnswer { servers, failed },
        }
    }

    async fn ask_zone(&self, name: &Name, wanted: RecordType) -> Result<Vec<(String, Heard)>, String> {
        let zone = self.zone_of(name).await?;
        let answers = zone.servers.iter().map(|server| async {
            let heard = match self.ask_server(server, name, &zone.top, wanted).await {
                Ok(heard) => heard,
                Err(why) => Heard::Said(Said::Unreachable(why)),
            };
            (shown(server), heard)
        });
        Ok(join_all(answers).await)
    }

    /// Walks up from `name` to the first name that has servers.
    async fn zone_of(&self, name: &Name) -> Result<Zone, String> {
        let mut top = name.clone();
        while !top.is_root() {
            let found = self.names.zone_servers(&top).await;
            match found.map_err(|why| format!("failed to find the name servers of {:?}: {why}", shown(&top)))? {
                ZoneServers::Served(mut servers) => {
                    servers.sort();
                    servers.dedup();
                    servers.truncate(SERVERS);
                    return Ok(Zone { top, servers });
                }
                ZoneServers::NoZone => top = top.base_name(),
            }
        }
        Err(format!("failed to find the name servers of {:?}: no zone on the way up has any", shown(name)))
    }

    /// Tries the server's addresses in turn: one family may not get through from here.
    async fn ask_server(&self, server: &Name, name: &Name, zone: &Name, wanted: RecordType) -> Result<Heard, String> {
        let addresses = self.names.addresses(&server.to_ascii(), None).await?;
        let one = |family| addresses.iter().copied().find(|address: &IpAddr| Family::of(*address) == family);
        let tried: Vec<IpAddr> = Family::ALL.into_iter().filter_map(one).collect();
        let mut failure = String::new();
        for address in tried.iter().cycle().take(tried.len() * TRIES) {
            match wire::ask(SocketAddr::new(*address, self.port), name, wanted).await {
                Ok(message) => return Ok(reading::read(&message, name, zone, wanted)),
                Err(why) => failure = why,
            }
        }
        Err(failure)
    }
}

/// Keeps what is final, and puts the aliases in the queue, each once.
fn sort(heard: Vec<(String, Heard)>, servers: &mut Vec<ServerAnswer>, next: &mut Vec<Name>) {
    for (server, heard) in heard {
        match heard {
            Heard::Said(said) => servers.push(ServerAnswer { server, said }),
            Heard::Alias(target) if next.contains(&target) => {}
            Heard::Alias(target) => next.push(target),
        }
    }
}

/// A name without its final dot.
fn shown(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
