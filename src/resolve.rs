//! Names → addresses: the hosts file first, then the system's name servers or the configured ones.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{Hosts, TokioResolver};

use crate::rules::address::Family;

/// One question to one server: two tries of all servers stay below the connect limit of HTTP (10 s).
const QUESTION_LIMIT: Duration = Duration::from_secs(2);

/// Tries after the first one.
const RETRIES: usize = 1;

/// All of one lookup, so that a slow lookup is reported as one and not as a slow connection.
const LOOKUP_LIMIT: Duration = Duration::from_secs(8);

/// Files whose change makes a new resolver: the line came up, DHCP wrote other servers.
const WATCHED: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// Looks names up. Cheap to clone; clones share the cache.
#[derive(Clone, Debug)]
pub struct Names {
    servers: Arc<[SocketAddr]>,
    built: Arc<Mutex<Option<Built>>>,
}

/// When [`WATCHED`] were last written.
type Stamp = [Option<SystemTime>; 2];

#[derive(Debug)]
struct Built {
    stamp: Stamp,
    tools: Tools,
}

#[derive(Clone, Debug)]
struct Tools {
    resolver: TokioResolver,
    hosts: Arc<Hosts>,
}

/// What a question for name servers of a zone found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneServers {
    /// The name is the top of a zone; these serve it.
    Served(Vec<Name>),
    /// The name is not the top of a zone.
    NoZone,
}

impl Names {
    /// Looks up at `servers` (recursive name servers), or at the system's if there are none.
    #[must_use]
    pub fn new(servers: &[SocketAddr]) -> Self {
        Self { servers: servers.into(), built: Arc::default() }
    }

    /// The addresses of `host`, IPv6 first; of one family if `only` says so. Never empty.
    ///
    /// # Errors
    ///
    /// Names the host and says why there is no address.
    pub async fn addresses(&self, host: &str, only: Option<Family>) -> Result<Vec<IpAddr>, String> {
        let search = async {
            let name = parse(host)?;
            let tools = self.tools()?;
            tools.addresses(&name, only).await
        };
        match tokio::time::timeout(LOOKUP_LIMIT, search).await {
            Ok(found) => found.map_err(|why| format!("failed to look up {host:?}: {why}")),
            Err(_) => Err(format!("failed to look up {host:?}: no answer within {} s", LOOKUP_LIMIT.as_secs())),
        }
    }

    /// The name servers of the zone whose top is `name`.
    ///
    /// # Errors
    ///
    /// Says why the question could not be answered: nothing follows from that about the zone.
    pub async fn zone_servers(&self, name: &Name) -> Result<ZoneServers, String> {
        let resolver = self.tools()?.resolver;
        let lookup = tokio::time::timeout(LOOKUP_LIMIT, resolver.lookup(name.clone(), RecordType::NS))
            .await
            .map_err(|_| format!("no answer within {} s", LOOKUP_LIMIT.as_secs()))?;
        let lookup = match lookup {
            Ok(lookup) => lookup,
            Err(error) if error.is_no_records_found() => return Ok(ZoneServers::NoZone),
            Err(error) => return Err(error.to_string()),
        };
        // Behind an alias the servers are those of another name.
        let servers: Vec<Name> = lookup
            .answers()
            .iter()
            .filter(|record| record.name == *name)
            .filter_map(|record| match &record.data {
                RData::NS(server) => Some(server.0.clone()),
                _ => None,
            })
            .collect();
        Ok(if servers.is_empty() { ZoneServers::NoZone } else { ZoneServers::Served(servers) })
    }

    /// The resolver, built again if the system's files have changed.
    fn tools(&self) -> Result<Tools, String> {
        let stamp = WATCHED.map(|file| Path::new(file).metadata().and_then(|meta| meta.modified()).ok());
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = built.as_ref().filter(|built| built.stamp == stamp) {
            return Ok(built.tools.clone());
        }
        let resolver = build(&self.servers).map_err(|error| error.to_string())?;
        let hosts = Arc::new(Hosts::from_system().unwrap_or_default());
        let tools = Tools { resolver, hosts };
        *built = Some(Built { stamp, tools: tools.clone() });
        Ok(tools)
    }
}

impl Tools {
    async fn addresses(&self, name: &Name, only: Option<Family>) -> Result<Vec<IpAddr>, String> {
        // A name in the hosts file is meant to have these addresses and no other. "localhost" is this machine over both
        // families (RFC 6761), whether or not the file lists both.
        let listed = |family| {
            if name.is_localhost() { Vec::new() } else { self.in_hosts(name, family) }
        };
        let fixed: Vec<(Family, IpAddr)> = [Family::V6, Family::V4].into_iter().flat_map(listed).collect();
        if !fixed.is_empty() {
            return chosen(fixed, only).ok_or_else(|| no_address(only));
        }
        let ask = |family| async move { if only.is_none_or(|only| only == family) { Some(self.ask(name, family).await) } else { None } };
        let (v6, v4) = futures_util::join!(ask(Family::V6), ask(Family::V4));
        let mut found = Vec::new();
        let mut failure = None;
        for answer in [v6, v4].into_iter().flatten() {
            match answer {
                Ok(addresses) => found.extend(addresses),
                // "No such record" says less than any other failure.
                Err(error) if error.is_no_records_found() => {
                    if error.is_nx_domain() {
                        failure.get_or_insert_with(|| "there is no such name".to_owned());
                    }
                }
                Err(error) => failure = Some(error.to_string()),
            }
        }
        chosen(found, only).ok_or_else(|| failure.unwrap_or_else(|| no_address(only)))
    }

    fn in_hosts(&self, name: &Name, family: Family) -> Vec<(Family, IpAddr)> {
        let lookup = self.hosts.lookup_static_host(&Query::query(name.clone(), record_type(family)));
        lookup.iter().flat_map(Lookup::answers).filter_map(|record| record.data.ip_addr()).map(sorted).collect()
    }

    async fn ask(&self, name: &Name, family: Family) -> Result<Vec<(Family, IpAddr)>, NetError> {
        let lookup = self.resolver.lookup(name.clone(), record_type(family)).await?;
        Ok(lookup.answers().iter().filter_map(|record| record.data.ip_addr()).map(sorted).collect())
    }
}

/// The record type of `family`'s addresses.
#[must_use]
pub const fn record_type(family: Family) -> RecordType {
    match family {
        Family::V4 => RecordType::A,
        Family::V6 => RecordType::AAAA,
    }
}

/// An address with the family it is reached over: `::ffff:192.0.2.1` in an AAAA record is IPv4 on the wire.
fn sorted(address: IpAddr) -> (Family, IpAddr) {
    let address = address.to_canonical();
    (Family::of(address), address)
}

fn chosen(found: Vec<(Family, IpAddr)>, only: Option<Family>) -> Option<Vec<IpAddr>> {
    let fit = found.into_iter().filter(|(family, _)| only.is_none_or(|only| only == *family));
    let addresses: Vec<IpAddr> = fit.map(|(_, address)| address).collect();
    (!addresses.is_empty()).then_some(addresses)
}

fn no_address(only: Option<Family>) -> String {
    match only {
        Some(family) => format!("the name has no {family} address"),
        None => "the name has no address".into(),
    }
}

/// A name with a dot is complete: the search list could lead its credentials to another host.
fn parse(host: &str) -> Result<Name, String> {
    let mut name = Name::from_ascii(host).map_err(|error| error.to_string())?;
    if name.num_labels() > 1 || name.is_localhost() {
        name.set_fqdn(true);
    }
    Ok(name)
}

fn build(servers: &[SocketAddr]) -> Result<TokioResolver, NetError> {
    let (config, mut options) = if servers.is_empty() {
        // Without the file the local machine is the name server (resolv.conf(5)).
        read_system_conf().unwrap_or_else(|_| (plain(&[(Ipv4Addr::LOCALHOST, 53).into()]), ResolverOpts::default()))
    } else {
        (plain(servers), ResolverOpts::default())
    };
    options.timeout = QUESTION_LIMIT;
    options.attempts = RETRIES;
    options.use_hosts_file = ResolveHosts::Never;
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options).build()
}

fn plain(servers: &[SocketAddr]) -> ResolverConfig {
    let one = |server: &SocketAddr| {
        let mut config = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut config.connections {
            connection.port = server.port();
        }
        config
    };
    ResolverConfig::from_name_servers(servers.iter().map(one).collect())
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
