//! The web listener of the daemon on this machine: it answers where there is no socket, because the state folder cannot be used or
//! there is none.
//!
//! Asked without the HTTP client: a health check comes every minute, and one question to ourselves needs neither TLS nor a runtime.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::args::Options;
use super::folder;
use crate::config::Settings;
use crate::store;

/// A daemon whose loop takes longer for one event is not well. Below the usual 30 s of Docker.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// Where the daemon with these settings can be reached from here.
pub(super) fn address(options: &Options, settings: &Settings) -> Option<SocketAddr> {
    // Who listens there may be another daemon: where there should be a socket, it counts.
    if folder::state_folder(options, &settings.daemon.state_dir).is_some_and(|folder| store::was_used(&folder)) {
        return None;
    }
    let web = &settings.web;
    let host = match web.listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    web.enabled.then(|| SocketAddr::new(host, web.listen.port()))
}

/// What is behind `path`, of an answer of at most `longest` bytes; `None`: there is nobody, or no 200.
pub(super) fn get(address: SocketAddr, path: &str, longest: u64) -> Option<Vec<u8>> {
    let answer = answer(address, path, longest).ok()?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let fine = answer.starts_with(b"HTTP/1.0 200 ") || answer.starts_with(b"HTTP/1.1 200 ");
    fine.then(|| answer[end + 4..].to_vec())
}

fn answer(address: SocketAddr, path: &str, longest: u64) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(longest).read_to_end(&mut answer)?;
    Ok(answer)
}
