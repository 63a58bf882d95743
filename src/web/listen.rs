//! Sockets that clients connect to: opened, tried again, closed.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsAcceptor;

use super::connection::{Visit, attend};
use super::inherited;
use super::pace::{Pace, Phase};
use super::places::Places;
use super::shared::Shared;
use crate::config::Listener;

/// Connections that the kernel keeps until they are accepted, as the standard library has it.
const BACKLOG: u32 = 128;

/// Rest after a connection could not be accepted (no descriptors left).
const ACCEPT_REST: Duration = Duration::from_secs(1);

/// Accepting fails for a while or for good: the log hears of it this often.
const ACCEPT_TELLING: Duration = Duration::from_secs(60);

/// Rest before an address that could not be opened is tried again: it may belong to an interface that is still to come.
const BIND_REST: Duration = Duration::from_secs(60);

/// What every door needs.
#[derive(Clone, Debug)]
pub(super) struct House {
    pub(super) shared: Arc<Shared>,
    pub(super) places: Arc<Places>,
    /// Whoever holds this is a connection that still runs.
    pub(super) alive: mpsc::Sender<std::convert::Infallible>,
}

/// The socket, if it is open. Held by the door and by who accepts, so that closing does not wait for anybody's turn.
type Socket = Arc<Mutex<Option<TcpListener>>>;

/// An address that is listened on, or should be.
pub(super) struct Door {
    pub(super) listener: Listener,
    socket: Socket,
    accepting: JoinHandle<()>,
    /// Dropped with the door: that is what tells its connections.
    _open: watch::Sender<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        lock(&self.socket).take();
        self.accepting.abort();
    }
}

impl Door {
    /// Opens it; where that fails now it is tried again every minute. The problem in words.
    pub(super) fn open(listener: Listener, tls: Option<TlsAcceptor>, house: House) -> (Self, Option<String>) {
        let (bound, problem) = match bind(listener.address) {
            Ok(bound) => {
                announce(&listener, &bound);
                (Some(bound), None)
            }
            Err(error) => (None, Some(explain(&listener, &error))),
        };
        let socket = Arc::new(Mutex::new(bound));
        let (open, is_open) = watch::channel(());
        let accepting = tokio::spawn(keep(listener, Arc::clone(&socket), tls, house, is_open));
        (Self { listener, socket, accepting, _open: open }, problem)
    }

    /// Where it listens; `None`: it could not be opened so far.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        lock(&self.socket).as_ref()?.local_addr().ok()
    }
}

fn lock(socket: &Mutex<Option<TcpListener>>) -> MutexGuard<'_, Option<TcpListener>> {
    socket.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn keep(listener: Listener, socket: Socket, tls: Option<TlsAcceptor>, house: House, open: watch::Receiver<()>) {
    while lock(&socket).is_none() {
        sleep(BIND_REST).await;
        match bind(listener.address) {
            Ok(bound) => {
                announce(&listener, &bound);
                *lock(&socket) = Some(bound);
            }
            Err(error) => tracing::debug!("{}", explain(&listener, &error)),
        }
    }
    let mut told: Option<Instant> = None;
    loop {
        let accepted = poll_fn(|cx| match lock(&socket).as_ref() {
            Some(socket) => socket.poll_accept(cx),
            // Closed; this task ends at its next turn.
            None => Poll::Pending,
        });
        match accepted.await {
            Ok((stream, peer)) => let_in(stream, peer, &listener, tls.clone(), &house, open.clone()),
            // The client's doing, not ours.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                if told.is_none_or(|at| at.elapsed() >= ACCEPT_TELLING) {
                    told = Some(Instant::now());
                    tracing::warn!("cannot accept connections on {}: {error}", listener.address);
                }
                sleep(ACCEPT_REST).await;
            }
        }
    }
}

fn let_in(stream: TcpStream, peer: SocketAddr, at: &Listener, tls: Option<TlsAcceptor>, house: &House, open: watch::Receiver<()>) {
    let peer = peer.ip().to_canonical();
    let pace = Pace::new(if tls.is_some() { Phase::Handshake } else { Phase::Fresh });
    let visit = Visit { peer, door: (at.address, at.tls), shared: Arc::clone(&house.shared), pace: Arc::clone(&pace), open };
    let alive = house.alive.clone();
    let admitted = house.places.open(peer, pace, |seat| {
        let serving = async move {
            if let Err(why) = attend(visit, stream, tls).await {
                tracing::debug!("a connection of {peer} ended: {why}");
            }
            drop((seat, alive));
        };
        tokio::spawn(serving).abort_handle()
    });
    if !admitted {
        tracing::debug!("a connection of {peer} was closed at once: there are too many");
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match inherited::take(address).unwrap_or_else(|| open(address)) {
        // Built or started without IPv6.
        Err(error)
            if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
                && (error.kind() == ErrorKind::AddrNotAvailable
                    || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())) =>
        {
            open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port()))
        }
        result => result,
    }
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if address.is_ipv6() {
        // "[::]" means everybody, whatever the system's default is.
        rustix::net::sockopt::set_ipv6_v6only(&socket, false)?;
    }
    // A restart must not wait for the connections of the last run.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What is served there, in words.
fn faces(listener: &Listener) -> String {
    let words = [(listener.web, "status"), (listener.dyndns, "pushes"), (listener.tr064, "TR-064")];
    words.into_iter().filter_map(|(is_there, word)| is_there.then_some(word)).collect::<Vec<_>>().join(", ")
}

fn announce(listener: &Listener, bound: &TcpListener) {
    let address = bound.local_addr().unwrap_or(listener.address);
    let scheme = if listener.tls { "https" } else { "http" };
    tracing::info!("listening on {scheme}://{address} ({})", faces(listener));
}

fn explain(listener: &Listener, error: &io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::AddrInUse => "another program listens there: stop it, or choose another port",
        ErrorKind::AddrNotAvailable => "this machine does not have this address (yet): correct it, or wait for its interface",
        ErrorKind::PermissionDenied => "choose a port from 1024 on, or give wanbeacon the capability CAP_NET_BIND_SERVICE",
        _ => "see that the address fits this machine",
    };
    let address = listener.address;
    format!("cannot listen on {address} ({}): {error}; {remedy}; it is tried again every minute", faces(listener))
}
