//! An HTTP server on loopback, over both families at one port: it does what it is told, byte for byte. In a network of its
//! own it may be reached at any address.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::Watched;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) peer: IpAddr,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&format!("http://fake{}", self.target)).ok()?;
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// What happens after the bytes of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    Close,
    Reset,
    /// Nothing more, until the client goes.
    Hang,
    /// So many bytes of filler, or until the client goes.
    Flood(usize),
    /// A byte at this interval, until the client goes.
    Drip(Duration),
}

/// The answer to one request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) then: Then,
}

impl Answer {
    pub(crate) fn reply(status: u16, fields: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let fields = fields.concat();
        let head = format!("HTTP/1.1 {status} Status\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        Self { bytes: [head.as_bytes(), body].concat(), then: Then::Close }
    }

    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::reply(200, &[], body)
    }

    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::reply(status, &[("Location", to)], "")
    }

    pub(crate) fn raw(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        Self { bytes: bytes.into(), then }
    }

    /// The success of the dyndns2 protocol for the address that `seen` carries, or comes from.
    pub(crate) fn good(seen: &Seen) -> Self {
        let address = ["myip", "ip", "myip2", "ip6"].into_iter().find_map(|key| seen.parameter(key));
        Self::ok(format!("good {}", address.unwrap_or_else(|| "91.12.34.57".into())))
    }
}

#[derive(Debug, Default)]
struct Log {
    requests: Vec<Seen>,
    connections: usize,
    active: usize,
}

/// A running fake; its threads end with the test program.
#[derive(Clone, Debug)]
pub(crate) struct Fake {
    pub(crate) port: u16,
    log: Arc<Watched<Log>>,
}

type Play = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

/// The path that [`Fake::settle`] asks for.
const MARKER: &str = "/marker-of-the-test";

impl Fake {
    pub(crate) fn start(play: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::serve(&(Arc::new(play) as Play), None, Ipv4Addr::LOCALHOST)
    }

    /// At every IPv4 address of this network, for tests that have one of their own.
    pub(crate) fn start_everywhere(play: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::serve(&(Arc::new(play) as Play), None, Ipv4Addr::UNSPECIFIED)
    }

    pub(crate) fn start_tls(tls: rustls::ServerConfig, play: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::serve(&(Arc::new(play) as Play), Some(&Arc::new(tls)), Ipv4Addr::LOCALHOST)
    }

    fn serve(play: &Play, tls: Option<&Arc<rustls::ServerConfig>>, at: Ipv4Addr) -> Self {
        let (v4, v6, port) = bind(at);
        let fake = Self { port, log: Arc::default() };
        for listener in [v4, v6] {
            let (play, tls, log) = (Arc::clone(play), tls.cloned(), Arc::clone(&fake.log));
            thread::spawn(move || {
                while let Ok((stream, peer)) = listener.accept() {
                    log.change(|log| {
                        log.connections += 1;
                        log.active += 1;
                    });
                    let (play, tls, log) = (Arc::clone(&play), tls.clone(), Arc::clone(&log));
                    thread::spawn(move || {
                        connection(stream, peer.ip(), tls, &play, &log);
                        log.change(|log| log.active -= 1);
                    });
                }
            });
        }
        fake
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.log.lock().requests.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.log.lock().requests.len()
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.lock().connections
    }

    /// Waits for the request with this number, counted from 1.
    pub(crate) fn wait_for(&self, number: usize) -> Seen {
        assert!(self.log.wait(|log| log.requests.len() >= number), "request {number} never came: {:?}", self.requests());
        self.log.lock().requests[number - 1].clone()
    }

    /// Waits until everything that was sent to the fake so far has been read.
    pub(crate) fn settle(&self) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("the fake listens");
        stream.write_all(format!("GET {MARKER} HTTP/1.1\r\n\r\n").as_bytes()).expect("the fake reads");
        let _ = stream.read_to_end(&mut Vec::new());
        drop(stream);
        assert!(self.log.wait(|log| log.active == 0), "a connection never ended");
    }

    /// The URL of `path_and_query` at 127.0.0.1.
    pub(crate) fn v4(&self, path_and_query: &str) -> String {
        format!("http://127.0.0.1:{}{path_and_query}", self.port)
    }

    /// The URL at `::1`.
    pub(crate) fn v6(&self, path_and_query: &str) -> String {
        format!("http://[::1]:{}{path_and_query}", self.port)
    }

    /// The URL at a name that has both addresses.
    pub(crate) fn named(&self, scheme: &str, path_and_query: &str) -> String {
        format!("{scheme}://localhost:{}{path_and_query}", self.port)
    }
}

fn bind(at: Ipv4Addr) -> (TcpListener, TcpListener, u16) {
    for _ in 0..100 {
        let v4 = TcpListener::bind((at, 0)).expect("our own address can be bound");
        let port = v4.local_addr().expect("bound").port();
        if let Ok(v6) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
            return (v4, v6, port);
        }
    }
    panic!("no port is free in both families; is ::1 there?");
}

/// A port where nobody listens.
pub(crate) fn closed_port() -> u16 {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("loopback can be bound");
    listener.local_addr().expect("bound").port()
}

fn connection(mut stream: TcpStream, peer: IpAddr, tls: Option<Arc<rustls::ServerConfig>>, play: &Play, log: &Watched<Log>) {
    match tls {
        None => {
            if converse(&mut stream, peer, play, log) {
                let stream = tokio::net::TcpSocket::from_std_stream(stream);
                stream.set_zero_linger().expect("a TCP option");
            }
        }
        Some(tls) => {
            let session = rustls::ServerConnection::new(tls).expect("a TLS configuration");
            converse(&mut rustls::StreamOwned::new(session, stream), peer, play, log);
        }
    }
}

/// Returns true if the connection is to be reset.
fn converse(stream: &mut (impl Read + Write), peer: IpAddr, play: &Play, log: &Watched<Log>) -> bool {
    let Some(seen) = read_request(stream, peer) else {
        return false;
    };
    if seen.target == MARKER {
        let _ = stream.write_all(b"HTTP/1.1 204 Marked\r\n\r\n");
        return false;
    }
    log.change(|log| log.requests.push(seen.clone()));
    let Answer { bytes, then } = play(&seen);
    // A client that is gone does not want the answer.
    let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
    let mut rest = [0; 1024];
    match then {
        Then::Reset => return true,
        Then::Close => {}
        Then::Hang => while stream.read(&mut rest).is_ok_and(|length| length > 0) {},
        Then::Flood(total) => {
            let chunk = vec![b'x'; 65536];
            let mut left = total;
            while left > 0 && stream.write_all(&chunk).is_ok() {
                left = left.saturating_sub(chunk.len());
            }
        }
        Then::Drip(interval) => {
            while stream.write_all(b"x").and_then(|()| stream.flush()).is_ok() {
                thread::sleep(interval);
            }
        }
    }
    false
}

fn read_request(stream: &mut impl Read, peer: IpAddr) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = stream.read(&mut chunk).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let fields: Vec<(String, String)> =
            lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        let seen = Seen { peer, method, target, fields, body: body.to_owned() };
        let wanted = seen.field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if body.len() >= wanted {
            return Some(seen);
        }
    }
}
