//! One small question over UDP: sent again until the one who was asked answers.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::rules::consensus::ProbeFault;

/// Room for one datagram. DNS without EDNS ends at 512 bytes (RFC 1035 4.2.1), PCP at 1100 (RFC 6887 7), STUN at 1280 (RFC 8489 6.1).
const ROOM: usize = 2048;

/// Most datagrams that are looked at: a stream of garbage is no reason to stay busy.
const HEARD: usize = 64;

/// A socket for talking to `to` alone: the kernel keeps out what comes from anybody else. Its port is the kernel's choice, at random.
pub(super) async fn connect(to: SocketAddr, via: Option<&str>) -> Result<UdpSocket, ProbeFault> {
    let any: SocketAddr = if to.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let failed = |error: &io::Error| {
        if unroutable(error) { ProbeFault::NoRoute(format!("there is no route to {}: {error}", to.ip())) } else { broken(to, error) }
    };
    let socket = UdpSocket::bind(any).await.map_err(|error| failed(&error))?;
    if let Some(interface) = via {
        socket.bind_device(Some(interface.as_bytes())).map_err(|error| unusable(interface, &error))?;
    }
    socket.connect(to).await.map_err(|error| failed(&error))?;
    Ok(socket)
}

/// Sends `question` and waits as long as the first of `pauses` for what `read` takes for the answer, sends it again, and so on.
pub(super) async fn exchange<T>(
    socket: &UdpSocket,
    question: &[u8],
    pauses: &[Duration],
    mut read: impl FnMut(&[u8]) -> Option<T>,
) -> Result<T, ProbeFault> {
    let to = socket.peer_addr().map_err(|error| ProbeFault::Failed(error.to_string()))?;
    let mut buffer = vec![0; ROOM];
    let mut heard = 0;
    for pause in pauses {
        socket.send(question).await.map_err(|error| broken(to, &error))?;
        let answer = timeout(*pause, async {
            while heard < HEARD {
                let length = socket.recv(&mut buffer).await.map_err(|error| broken(to, &error))?;
                // What is not the answer may be forged or late: the answer may still come.
                if let Some(answer) = read(&buffer[..length]) {
                    return Ok(answer);
                }
                heard += 1;
            }
            Err(ProbeFault::Failed(format!("{to} sends nothing but what was not asked")))
        });
        if let Ok(answer) = answer.await {
            return answer;
        }
    }
    let waited: Duration = pauses.iter().sum();
    let noise = if heard > 0 { format!(", but sent {heard} datagrams that are no answer") } else { String::new() };
    Err(ProbeFault::Failed(format!("{to} did not answer within {waited:?}{noise}")))
}

/// `N` bytes that nobody can predict: what an answer has to repeat.
pub(super) fn random<const N: usize>() -> Result<[u8; N], ProbeFault> {
    let mut bytes = [0; N];
    // The system gives up to 256 bytes at once (getrandom(2)).
    match getrandom(&mut bytes[..], GetRandomFlags::empty()) {
        Ok(length) if length == N => Ok(bytes),
        Ok(_) => Err(ProbeFault::Failed("the system has too few random numbers".into())),
        Err(error) => Err(ProbeFault::Failed(format!("the system gives no random numbers: {error}"))),
    }
}

/// Why requests cannot go through `interface`.
pub(super) fn unusable(interface: &str, error: &io::Error) -> ProbeFault {
    ProbeFault::Failed(format!("nothing can be sent through the interface {interface:?}: {error}"))
}

/// Does the failure to get a socket to somewhere say that this machine has no way there?
fn unroutable(error: &io::Error) -> bool {
    let no_family = matches!(Errno::from_io_error(error), Some(Errno::AFNOSUPPORT));
    no_family
        || matches!(error.kind(), io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::AddrNotAvailable)
}

fn broken(to: SocketAddr, error: &io::Error) -> ProbeFault {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ProbeFault::Failed(format!("{to} refuses: nothing listens there")),
        _ => ProbeFault::Failed(format!("{to} cannot be asked: {error}")),
    }
}

#[cfg(test)]
pub(super) mod fake;
#[cfg(test)]
mod tests;
