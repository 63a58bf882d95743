//! A name server: recursive and authoritative for one zone at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, NS, SOA};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::Watched;

/// The zone's records and what was asked.
#[derive(Debug, Default)]
pub(crate) struct Zone {
    /// Name without its final dot → addresses.
    pub(crate) addresses: BTreeMap<String, Vec<IpAddr>>,
    /// Every question fails.
    pub(crate) broken: bool,
    pub(crate) asked: Vec<String>,
}

/// A running server for `example.org`.
#[derive(Clone, Debug)]
pub(crate) struct Dns {
    pub(crate) address: SocketAddr,
    pub(crate) zone: Arc<Watched<Zone>>,
}

const ZONE: &str = "example.org.";
const SERVER: &str = "ns.example.org.";

impl Dns {
    /// Serves at 127.0.0.1 and this port; 0 = any.
    pub(crate) fn start(port: u16) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).expect("loopback can be bound");
        let dns = Self { address: socket.local_addr().expect("bound"), zone: Arc::default() };
        dns.set("ns.example.org", &["127.0.0.1"]);
        let zone = Arc::clone(&dns.zone);
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                if let Some(answer) = Message::from_vec(&buffer[..length]).ok().and_then(|question| answer(&question, &zone)) {
                    let _ = socket.send_to(&answer.to_vec().expect("encodable"), from);
                }
            }
        });
        dns
    }

    /// Sets the addresses of `name`.
    pub(crate) fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
        self.zone.change(|zone| {
            zone.addresses.insert(name.to_owned(), addresses);
        });
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("a name")
}

fn answer(question: &Message, zone: &Watched<Zone>) -> Option<Message> {
    let query = question.queries.first()?.clone();
    let owner = query.name().to_ascii().trim_end_matches('.').to_lowercase();
    zone.change(|zone| zone.asked.push(format!("{owner} {}", query.query_type())));
    let zone = zone.lock();
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.metadata.authoritative = true;
    answer.metadata.recursion_available = true;
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.add_query(query.clone());
    if zone.broken {
        answer.metadata.response_code = ResponseCode::ServFail;
        return Some(answer);
    }
    let add = |answer: &mut Message, data: RData| {
        answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
    };
    if *query.name() == name(ZONE) && query.query_type() == RecordType::NS {
        add(&mut answer, RData::NS(NS(name(SERVER))));
    }
    for address in zone.addresses.get(&owner).into_iter().flatten() {
        match (address, query.query_type()) {
            (IpAddr::V4(it), RecordType::A) => add(&mut answer, RData::A(A(*it))),
            (IpAddr::V6(it), RecordType::AAAA) => add(&mut answer, RData::AAAA(AAAA(*it))),
            _ => {}
        }
    }
    if answer.answers.is_empty() {
        if !zone.addresses.contains_key(&owner) && *query.name() != name(ZONE) {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        let soa = SOA::new(name(SERVER), name("admin.example.org."), 1, 2, 3, 4, 5);
        answer.add_authority(Record::from_rdata(name(ZONE), 60, RData::SOA(soa)));
    }
    Some(answer)
}
