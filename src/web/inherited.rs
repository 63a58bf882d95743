//! Sockets that the service manager opened for us (`sd_listen_fds(3)`, systemd/wanbeacon.socket).

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{LazyLock, Mutex, PoisonError};

use listenfd::ListenFd;

/// Those that nobody has taken yet.
static SOCKETS: LazyLock<Mutex<Vec<TcpListener>>> = LazyLock::new(|| {
    let mut given = ListenFd::from_env();
    // What is no socket for TCP is not for us.
    Mutex::new((0..given.len()).filter_map(|index| given.take_tcp_listener(index).ok().flatten()).collect())
});

/// The one that listens on `address`, if there is one.
pub(super) fn take(address: SocketAddr) -> Option<io::Result<tokio::net::TcpListener>> {
    let mut sockets = SOCKETS.lock().unwrap_or_else(PoisonError::into_inner);
    let at = sockets.iter().position(|socket| socket.local_addr().is_ok_and(|it| it == address))?;
    let socket = sockets.swap_remove(at);
    Some(socket.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(socket)))
}
