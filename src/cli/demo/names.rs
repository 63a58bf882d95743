//! The pretended name server: for the zone of the names, and as the resolver that finds that zone.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use hickory_resolver::proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::{NS, SOA};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;

use super::provider::{Book, Records};
use crate::resolve::record_type;
use crate::rules::address::Family;

/// The zone (RFC 6761: names below `test` are nobody's).
pub(super) const ZONE: &str = "freedyn.test";
/// Its name server.
const SERVER: &str = "ns.freedyn.test";
/// How long an answer may be kept, in seconds.
const TTL: u32 = 60;
/// Longest question: without EDNS no datagram is longer.
const DATAGRAM: usize = 512;

/// Starts the server over what the provider has in its book; it ends with the runtime.
pub(super) async fn start(book: Arc<Mutex<Book>>) -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = socket.local_addr()?;
    tokio::spawn(async move {
        let mut buffer = [0; DATAGRAM];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let answer = Message::from_vec(&buffer[..length]).ok().and_then(|question| {
                let book = book.lock().unwrap_or_else(PoisonError::into_inner);
                answer(&question, &book.records).to_vec().ok()
            });
            if let Some(bytes) = answer {
                // Who does not wait for the answer does not need it.
                let _ = socket.send_to(&bytes, from).await;
            }
        }
    });
    Ok(address)
}

/// Who wants recursion asks the resolver, everybody else the zone's own server.
fn answer(question: &Message, records: &Records) -> Message {
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = question.metadata.recursion_desired;
    answer.metadata.authoritative = !question.metadata.recursion_desired;
    let Some(query) = question.queries.first() else {
        answer.metadata.response_code = ResponseCode::FormErr;
        return answer;
    };
    answer.add_query(query.clone());
    let name = query.name().to_ascii().to_ascii_lowercase();
    let name = name.trim_end_matches('.');
    answer.add_answers(found(name, query, records));
    if answer.answers.is_empty() {
        let known = name == ZONE || name == SERVER || records.keys().any(|(owner, _)| owner == name);
        answer.metadata.response_code = if known { ResponseCode::NoError } else { ResponseCode::NXDomain };
        let soa = SOA::new(domain(SERVER), domain(ZONE), 1, 3600, 600, 86_400, TTL);
        answer.add_authority(Record::from_rdata(domain(ZONE), TTL, RData::SOA(soa)));
    }
    answer
}

fn found(name: &str, query: &Query, records: &Records) -> Option<Record> {
    let wanted = query.query_type();
    let data = if name == ZONE && wanted == RecordType::NS {
        RData::NS(NS(domain(SERVER)))
    } else if name == SERVER && wanted == RecordType::A {
        RData::A(Ipv4Addr::LOCALHOST.into())
    } else {
        let family = Family::ALL.into_iter().find(|family| record_type(*family) == wanted)?;
        RData::from(*records.get(&(name.to_owned(), family))?)
    };
    Some(Record::from_rdata(query.name().clone(), TTL, data))
}

/// `text` as a complete name.
fn domain(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).expect("the zone's names are names")
}
