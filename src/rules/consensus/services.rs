//! Outside services: the built-in echo services, when each may be asked, and what is remembered of it.

use std::net::IpAddr;
use std::time::Duration;

use super::{Line, ServiceRecord, Services};
use crate::rules::address::{Family, PerFamily};
use crate::rules::moment::Moment;

/// Least time between two questions to one built-in service, and longest life of an answer (the rule of Dyn's `CheckIP`).
pub const REST: Duration = Duration::from_secs(600);

/// Most that a service's Retry-After is followed: a mistake there must not silence a service for ever.
const REST_CAP: Duration = Duration::from_secs(24 * 3600);

/// Dissents in a row that bench a service, and for how long.
const DISSENTS: u32 = 3;
const BENCH: Duration = Duration::from_secs(24 * 3600);

/// A service that answers with the address it sees. No two in the table belong to one operator.
#[derive(Debug)]
pub struct BuiltIn {
    /// Who runs it.
    pub operator: &'static str,
    /// Where it answers, per family.
    pub url: PerFamily<&'static str>,
}

/// Independent operators; all answer over https in one of the formats that are read strictly.
pub static BUILT_IN: [BuiltIn; 9] = [
    service("ipify", "https://api.ipify.org/", "https://api6.ipify.org/"),
    service("Cloudflare", "https://ipv4.icanhazip.com/", "https://ipv6.icanhazip.com/"),
    service("deSEC", "https://checkipv4.dedyn.io/", "https://checkipv6.dedyn.io/"),
    service("nsupdate.info", "https://ipv4.nsupdate.info/myip", "https://ipv6.nsupdate.info/myip"),
    service("dnshome", "https://ip4.dnshome.de/", "https://ip6.dnshome.de/"),
    service("ident.me", "https://v4.ident.me/", "https://v6.ident.me/"),
    service("Joker", "https://ipv4.svc.joker.com/nic/checkip", "https://ipv6.svc.joker.com/nic/checkip"),
    service("MyOnlinePortal", "https://ipv4.myonlineportal.net/checkip", "https://ipv6.myonlineportal.net/checkip"),
    service("spDYN", "https://checkip4.spdyn.de/", "https://checkip6.spdyn.de/"),
];

const fn service(operator: &'static str, v4: &'static str, v6: &'static str) -> BuiltIn {
    BuiltIn { operator, url: PerFamily { v4, v6 } }
}

/// A name server that tells who asks. Asked directly, never through a resolver: that one would be told its own address.
#[derive(Debug, PartialEq, Eq)]
pub struct Whoami {
    /// Who runs it.
    pub operator: &'static str,
    /// Addresses of the server, per family; it answers with the address of the family it is asked over.
    pub server: PerFamily<Option<IpAddr>>,
    /// The name to ask for.
    pub name: &'static str,
    /// The kind of question.
    pub question: Question,
    /// The server is authoritative for the name: an answer without that flag is somebody else's.
    pub authoritative: bool,
}

/// What is asked of a [`Whoami`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A or AAAA, by the family.
    Address,
    /// TXT.
    Text,
    /// TXT in the class CHAOS.
    Chaos,
}

/// A STUN server.
#[derive(Debug, PartialEq, Eq)]
pub struct StunServer {
    /// Who runs it.
    pub operator: &'static str,
    /// Host name.
    pub host: &'static str,
    /// UDP port.
    pub port: u16,
}

/// Why a service is not asked now: the words for a report.
pub(super) fn resting(record: Option<&ServiceRecord>, spaced: bool, now: Moment) -> Option<String> {
    let record = record?;
    // A moment ahead of its possible span was written by a clock that has been set back since.
    let ahead = |until: Option<Moment>, most: Duration| until.filter(|&until| until > now && until <= now.plus(most));
    if let Some(until) = ahead(record.benched_until, BENCH) {
        return Some(format!("contradicted the others {DISSENTS} times in a row; not asked before {until}"));
    }
    if let Some(until) = ahead(record.rest_until, REST_CAP) {
        return Some(format!("asked for rest; not asked before {until}"));
    }
    let spacing = record.last_query.filter(|_| spaced).map(|asked| asked.plus(REST));
    ahead(spacing, REST).map(|until| format!("was asked less than {} s ago; not asked before {until}", REST.as_secs()))
}

/// The last answer, if it is younger than the rest and of this family (a service that the user names may serve both).
pub(super) fn young_answer(record: Option<&ServiceRecord>, family: Family, now: Moment) -> Option<(IpAddr, Moment)> {
    let record = record?;
    let at = record.answered_at.filter(|&at| at <= now && now.since(at) < REST)?;
    record.last_answer.filter(|&address| Family::of(address) == family).map(|address| (address, at))
}

/// What the services of this line said of `family` is an answer no more, unless it was `but`: somebody knows better since.
pub fn forget_answers(services: &mut Services, line: &Line, family: Family, but: Option<IpAddr>) {
    let asked_there = |key: &str| key.split_once(VIA).map(|(_, interface)| interface) == line.interface.as_deref();
    for (_, record) in services.iter_mut().filter(|(key, _)| asked_there(key)) {
        if record.last_answer.is_some_and(|it| Family::of(it) == family && Some(it) != but) {
            (record.last_answer, record.answered_at) = (None, None);
        }
    }
}

/// Stands between a service and the interface that it is asked through.
const VIA: &str = " via ";

/// The record of a service that is asked through `interface`: another line sees another address.
pub(super) fn key(service: &str, interface: Option<&str>) -> String {
    interface.map_or_else(|| service.to_owned(), |interface| format!("{service}{VIA}{interface}"))
}

/// Books what a service did.
pub(super) struct Book<'a>(pub &'a mut ServiceRecord);

impl<'a> Book<'a> {
    pub(super) fn of(services: &'a mut Services, key: &str) -> Self {
        Self(services.entry(key.to_owned()).or_default())
    }

    pub(super) fn answered(&mut self, address: IpAddr, now: Moment) {
        self.0.last_answer = Some(address);
        self.0.answered_at = Some(now);
        self.0.rest_until = None;
    }

    /// HTTP `status` says that it wants rest: 429 or 5xx. A service that the user names is asked when needed: only 429 and
    /// its own Retry-After hold it back.
    pub(super) fn refused(&mut self, status: u16, retry_after: Option<Duration>, named: bool, now: Moment) {
        if status != 429 && !(500..600).contains(&status) {
            return;
        }
        let least = if named && status != 429 { Duration::ZERO } else { REST };
        let rest = retry_after.unwrap_or(least).clamp(least, REST_CAP);
        self.0.rest_until = (!rest.is_zero()).then(|| now.plus(rest));
    }

    /// The quorum said the same, or something else.
    pub(super) fn compared(&mut self, agreed: bool, now: Moment) {
        self.0.dissents = if agreed { 0 } else { self.0.dissents.saturating_add(1) };
        if self.0.dissents >= DISSENTS {
            self.0.dissents = 0;
            self.0.benched_until = Some(now.plus(BENCH));
        }
    }
}
