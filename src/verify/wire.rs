//! One question to one server: UDP, and TCP if the answer does not fit.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Longest wait for one answer over one transport.
const LIMIT: Duration = Duration::from_secs(3);

/// Room for one datagram; without EDNS no server sends more than 512 bytes.
const DATAGRAM: usize = 4096;

/// Asks `server` without wanting recursion.
pub(super) async fn ask(server: SocketAddr, name: &Name, wanted: RecordType) -> Result<Message, String> {
    let mut question = Message::query();
    question.metadata.recursion_desired = false;
    question.add_query(Query::query(name.clone(), wanted));
    let bytes = question.to_vec().map_err(|error| format!("the question cannot be built: {error}"))?;
    let answer = limited(over_udp(server, &question, &bytes)).await?;
    if answer.metadata.truncation { limited(over_tcp(server, &question, &bytes)).await } else { Ok(answer) }
}

async fn limited(exchange: impl Future<Output = io::Result<Message>>) -> Result<Message, String> {
    match timeout(LIMIT, exchange).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    }
}

async fn over_udp(server: SocketAddr, question: &Message, bytes: &[u8]) -> io::Result<Message> {
    let any: SocketAddr = if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any).await?;
    // Connected: datagrams from elsewhere do not get in.
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // What is not the answer may be forged or late: the answer may still come.
        if let Some(answer) = Message::from_vec(&buffer[..length]).ok().filter(|answer| fits(answer, question)) {
            return Ok(answer);
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Message, bytes: &[u8]) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let length = stream.read_u16().await?;
    let mut buffer = vec![0; usize::from(length)];
    stream.read_exact(&mut buffer).await?;
    let answer = Message::from_vec(&buffer).map_err(io::Error::other)?;
    if fits(&answer, question) { Ok(answer) } else { Err(io::Error::other("the answer belongs to another question")) }
}

fn fits(answer: &Message, question: &Message) -> bool {
    answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == question.metadata.id
        && answer.queries == question.queries
}
