//! Name servers that tell who asks, asked directly.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout};

use super::datagram::{connect, exchange, random, unusable};
use crate::rules::address::{Family, PerFamily};
use crate::rules::consensus::services::Whoami;
use crate::rules::consensus::{DnsReading, ProbeFault};

pub mod wire;

use wire::{Asked, Heard};

/// The port of name servers.
const PORT: u16 = 53;

/// Addresses for documentation (RFC 5737, RFC 3849): nobody can have them, so whatever answers there answers in everybody's place.
const NOBODY: PerFamily<IpAddr> =
    PerFamily { v4: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 53)), v6: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53)) };

/// One repeat of a lost packet, and 3 s in all.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// How long TCP may take for an answer that does not fit into a datagram.
const TCP: Duration = Duration::from_secs(3);

/// How long an answer from nobody is waited for at least, once the real one is there. Who intercepts is nearer than who was asked.
const GRACE: Duration = Duration::from_millis(100);

/// Asks `whoami` over `family`.
pub(super) async fn ask(whoami: &Whoami, family: Family, via: Option<&str>) -> Result<DnsReading, ProbeFault> {
    let Some(server) = whoami.server[family] else {
        return Err(ProbeFault::Failed(format!("{} has no name server with {family}", whoami.operator)));
    };
    ask_at(SocketAddr::new(server, PORT), SocketAddr::new(NOBODY[family], PORT), whoami, family, via).await
}

/// Asks at `server`, and at the same time `nobody`.
async fn ask_at(
    server: SocketAddr,
    nobody: SocketAddr,
    whoami: &Whoami,
    family: Family,
    via: Option<&str>,
) -> Result<DnsReading, ProbeFault> {
    let asked = || Asked::new(whoami, family, u16::from_be_bytes(random()?)).map_err(ProbeFault::Failed);
    let (question, decoy) = (asked()?, asked()?);
    let began = Instant::now();
    let decoy = pin!(answers(nobody, via, &decoy));
    let real = pin!(real(server, via, &question));
    let (reading, intercepted) = match select(real, decoy).await {
        Either::Left((reading, decoy)) => {
            let reading = reading?;
            let intercepted = timeout(began.elapsed().max(GRACE), decoy).await;
            (reading, intercepted.unwrap_or(false))
        }
        Either::Right((intercepted, real)) => (real.await?, intercepted),
    };
    Ok(DnsReading { intercepted, ..reading })
}

async fn real(server: SocketAddr, via: Option<&str>, asked: &Asked) -> Result<DnsReading, ProbeFault> {
    let question = asked.bytes().map_err(ProbeFault::Failed)?;
    let socket = connect(server, via).await?;
    let heard = match exchange(&socket, &question, &PAUSES, |bytes| asked.read(bytes)).await? {
        Heard::Truncated => over_tcp(server, via, asked, &question).await?,
        heard @ Heard::Answer(_) => heard,
    };
    match heard {
        Heard::Answer(reading) => reading.map_err(ProbeFault::Failed),
        Heard::Truncated => Err(ProbeFault::Failed("the answer is truncated even over TCP".into())),
    }
}

/// Does anything answer at `nobody`? A refusal, an unreachable network and silence are what has to be.
async fn answers(nobody: SocketAddr, via: Option<&str>, asked: &Asked) -> bool {
    let Ok(question) = asked.bytes() else {
        return false;
    };
    let Ok(socket) = connect(nobody, via).await else {
        return false;
    };
    // The id is enough: what answers there is a liar, so its words do not matter.
    let (id, all) = (&question[..2], [PAUSES[0] + PAUSES[1]]);
    exchange(&socket, &question, &all, |bytes| bytes.starts_with(id).then_some(())).await.is_ok()
}

async fn over_tcp(server: SocketAddr, via: Option<&str>, asked: &Asked, question: &[u8]) -> Result<Heard, ProbeFault> {
    let failed = |error: std::io::Error| ProbeFault::Failed(format!("{server} cannot be asked over TCP: {error}"));
    let socket = if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
    if let Some(interface) = via {
        socket.bind_device(Some(interface.as_bytes())).map_err(|error| unusable(interface, &error))?;
    }
    let talk = async {
        let mut stream = socket.connect(server).await?;
        let length = u16::try_from(question.len()).map_err(std::io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
        let mut buffer = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut buffer).await?;
        Ok(buffer)
    };
    let answer = timeout(TCP, talk).await.map_err(|_| ProbeFault::Failed(format!("{server} did not answer over TCP within {TCP:?}")))?;
    let foreign = || ProbeFault::Failed(format!("{server} answers another question over TCP"));
    asked.read(&answer.map_err(failed)?).ok_or_else(foreign)
}

#[cfg(test)]
mod tests;
