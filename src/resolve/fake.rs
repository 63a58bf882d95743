//! A name server on loopback for tests: UDP and TCP at the same port.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, NS, SOA};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

/// What the fake does with questions that no rule fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    NoName,
    Fail,
    Silence,
}

/// What the fake answers.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) records: Vec<Record>,
    pub(crate) authoritative: bool,
    /// Answers over UDP are empty and truncated.
    pub(crate) truncated: bool,
    pub(crate) otherwise: Otherwise,
}

/// A running fake; ends with the test's runtime.
pub(crate) struct FakeDns {
    pub(crate) address: SocketAddr,
    /// What was asked, in order.
    pub(crate) asked: Arc<Mutex<Vec<(Name, RecordType)>>>,
}

pub(crate) fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("a name in a test")
}

fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(name(owner), 60, data)
}

/// A or AAAA.
pub(crate) fn address(owner: &str, address: &str) -> Record {
    record(
        owner,
        match address.parse().expect("an address in a test") {
            std::net::IpAddr::V4(address) => RData::A(A(address)),
            std::net::IpAddr::V6(address) => RData::AAAA(AAAA(address)),
        },
    )
}

pub(crate) fn ns(owner: &str, server: &str) -> Record {
    record(owner, RData::NS(NS(name(server))))
}

pub(crate) fn alias(owner: &str, target: &str) -> Record {
    record(owner, RData::CNAME(CNAME(name(target))))
}

impl Zone {
    /// An authoritative zone with these records; other names do not exist.
    pub(crate) fn new(records: Vec<Record>) -> Self {
        Self { records, authoritative: true, truncated: false, otherwise: Otherwise::NoName }
    }

    fn answer(&self, question: &Message, udp: bool) -> Option<Message> {
        let query = question.queries.first()?;
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.add_query(query.clone());
        answer.metadata.authoritative = self.authoritative;
        answer.metadata.recursion_available = !self.authoritative;
        let known = self.records.iter().any(|record| record.name == *query.name());
        if !known && self.otherwise == Otherwise::Silence {
            return None;
        }
        if self.truncated && udp {
            answer.metadata.truncation = true;
            return Some(answer);
        }
        let mut owner = query.name().clone();
        for _ in 0..4 {
            answer.add_answers(self.records.iter().filter(|r| r.name == owner && r.record_type() == query.query_type()).cloned());
            let Some(record) = self.records.iter().find(|r| r.name == owner && r.record_type() == RecordType::CNAME) else {
                break;
            };
            answer.add_answer(record.clone());
            let RData::CNAME(target) = &record.data else {
                break;
            };
            owner = target.0.clone();
        }
        if answer.answers.is_empty() {
            answer.metadata.response_code = match self.otherwise {
                _ if known => ResponseCode::NoError,
                Otherwise::Fail => ResponseCode::ServFail,
                _ => ResponseCode::NXDomain,
            };
            let soa = SOA::new(name("ns.test."), name("admin.test."), 1, 2, 3, 4, 5);
            answer.add_authority(record("test.", RData::SOA(soa)));
        }
        Some(answer)
    }
}

impl FakeDns {
    /// Serves `zone` at `at` (port 0: any free one).
    pub(crate) async fn start(at: &str, zone: Zone) -> Self {
        let (udp, tcp) = bind(at.parse().expect("an address in a test")).await;
        let fake = Self { address: udp.local_addr().expect("bound"), asked: Arc::default() };
        let (zone, asked) = (Arc::new(zone), Arc::clone(&fake.asked));
        tokio::spawn(serve_udp(udp, Arc::clone(&zone), Arc::clone(&asked)));
        tokio::spawn(serve_tcp(tcp, zone, asked));
        fake
    }
}

type Asked = Arc<Mutex<Vec<(Name, RecordType)>>>;

fn note(asked: &Asked, question: &Message) {
    let query = question.queries.first().expect("a question");
    asked.lock().expect("not poisoned").push((query.name().clone(), query.query_type()));
}

/// The same port for both transports; another program may hold one of the two.
async fn bind(at: SocketAddr) -> (UdpSocket, TcpListener) {
    for _ in 0..50 {
        let udp = UdpSocket::bind(at).await.expect("loopback can be bound");
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("bound")).await {
            return (udp, tcp);
        }
    }
    panic!("no free port for UDP and TCP at {at}");
}

async fn serve_udp(socket: UdpSocket, zone: Arc<Zone>, asked: Asked) {
    let mut buffer = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let question = Message::from_vec(&buffer[..length]).expect("a message");
        note(&asked, &question);
        if let Some(answer) = zone.answer(&question, true) {
            socket.send_to(&answer.to_vec().expect("encodable"), from).await.expect("loopback takes datagrams");
        }
    }
}

async fn serve_tcp(listener: TcpListener, zone: Arc<Zone>, asked: Asked) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let Ok(length) = stream.read_u16().await else {
            continue;
        };
        let mut bytes = vec![0; usize::from(length)];
        stream.read_exact(&mut bytes).await.expect("a whole message");
        let question = Message::from_vec(&bytes).expect("a message");
        note(&asked, &question);
        if let Some(answer) = zone.answer(&question, false) {
            let bytes = answer.to_vec().expect("encodable");
            let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
            stream.write_all(&[&length, &bytes[..]].concat()).await.expect("the client reads");
        }
    }
}
