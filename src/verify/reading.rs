//! What one answer of an authoritative server means. Pure.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use crate::rules::answer::Said;

use super::ALIASES;

/// What one server said, or where it sends us.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Final.
    Said(Said),
    /// The name is an alias; the servers of the target's zone know more.
    Alias(Name),
}

/// Reads `answer` to the question for records `wanted` of `name`, given by a server of `zone`.
pub(super) fn read(answer: &Message, name: &Name, zone: &Name, wanted: RecordType) -> Heard {
    let code = answer.metadata.response_code;
    if !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
        return Heard::Said(Said::Unreachable(format!("the server answers {code}")));
    }
    if !answer.metadata.authoritative {
        let refers = answer.answers.is_empty() && answer.authorities.iter().any(|record| record.record_type() == RecordType::NS);
        let said = if refers { Said::Unreachable("the server refers to others".into()) } else { Said::Intercepted };
        return Heard::Said(said);
    }
    let alias = end_of_aliases(answer, name, zone);
    let end = alias.unwrap_or(name);
    let found = answer.answers.iter().filter(|record| record.name == *end && record.record_type() == wanted);
    let (addresses, lives): (Vec<IpAddr>, Vec<u32>) =
        found.filter_map(|record| record.data.ip_addr().map(|address| (address, record.ttl))).unzip();
    // What a server says about names outside of its zone is not its own knowledge.
    if !addresses.is_empty() && zone.zone_of(end) {
        let life = lives.into_iter().max().unwrap_or(0);
        return Heard::Said(Said::Addresses(addresses, Duration::from_secs(life.into())));
    }
    if let Some(target) = alias {
        return Heard::Alias(target.clone());
    }
    Heard::Said(if code == ResponseCode::NXDomain { Said::NoName } else { Said::Addresses(Vec::new(), Duration::ZERO) })
}

/// Where the aliases in `answer` lead: followed as long as they stay in the zone, and to the first name outside.
fn end_of_aliases<'a>(answer: &'a Message, name: &'a Name, zone: &Name) -> Option<&'a Name> {
    let step = |from: &&'a Name| {
        answer.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == **from && zone.zone_of(from) => Some(&target.0),
            _ => None,
        })
    };
    std::iter::successors(step(&name), step).take(ALIASES).last()
}
