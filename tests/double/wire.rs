//! HTTP byte by byte: what was asked, and answers good and bad.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest head and body that are read, in bytes.
const LIMIT: usize = 256 * 1024;

static FILLER: [u8; 16 * 1024] = [b'x'; 16 * 1024];

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) peer: SocketAddr,
    /// It came over TLS.
    pub(crate) secure: bool,
    pub(crate) method: String,
    pub(crate) path: String,
    /// First line and fields, byte for byte, without the empty line.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Service type and action of `SOAPAction`, with or without quotes.
    pub(crate) fn soap_action(&self) -> Option<(&str, &str)> {
        self.field("soapaction")?.trim_matches('"').rsplit_once('#')
    }

    /// The action alone; empty if there is none.
    pub(crate) fn action(&self) -> &str {
        self.soap_action().map_or("", |(_, action)| action)
    }

    /// Does it carry an `Authorization` field?
    pub(crate) fn authorized(&self) -> bool {
        self.field("authorization").is_some()
    }
}

/// The next request of a connection, or none at its end.
pub(crate) async fn read(stream: &mut (impl AsyncBufRead + Unpin), peer: SocketAddr, secure: bool) -> Option<Request> {
    // What is not HTTP, such as the beginning of TLS, is not waited for.
    if !stream.fill_buf().await.ok()?.first()?.is_ascii_uppercase() {
        return None;
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let length = stream.read_until(b'\n', &mut head).await.ok()?;
        if length == 0 || head.len() > LIMIT {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head).trim_end().to_owned();
    let mut first = head.lines().next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let mut request = Request { peer, secure, method, path, head, body: String::new() };
    let length = request.field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; Some(length).filter(|length| *length <= LIMIT)?];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}

/// What follows the bytes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next request.
    Continue,
    Close,
    /// Nothing, until the client goes.
    Hang,
    /// Filler without an end.
    Flood,
    /// A byte of filler now and again, without an end.
    Drip,
}

/// An answer, before it is bytes.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<String>) -> Self {
        Self { status, fields: vec![("Content-Type".into(), kind.into())], body: body.into() }
    }

    /// A box's error page: HTML whatever was asked for.
    pub(crate) fn page(status: u16) -> Self {
        let line = format!("{status} {}", reason(status));
        Self::new(
            status,
            "text/html",
            format!("<HTML><HEAD><TITLE>{line}</TITLE></HEAD><BODY><H1>{line}</H1><HR>no & such <b>thing</BODY></HTML>\n"),
        )
    }

    /// Nothing but fields.
    pub(crate) fn bare(status: u16, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Self { status, fields, body: String::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// As HTTP/1.1 with a length, or as HTTP/1.0 without one.
    pub(crate) fn bytes(&self, old: bool) -> Vec<u8> {
        let version = if old { "1.0" } else { "1.1" };
        let first = format!("HTTP/{version} {} {}\r\n", self.status, reason(self.status));
        let fields: Vec<String> = self.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = if old { String::new() } else { format!("Content-Length: {}\r\n", self.body.len()) };
        [first.as_bytes(), fields.concat().as_bytes(), length.as_bytes(), b"\r\n", self.body.as_bytes()].concat()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        412 => "Precondition Failed",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

/// Writes an answer and what follows; true if the connection goes on.
pub(crate) async fn write(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes: &[u8], then: Then) -> bool {
    let mut written = stream.write_all(bytes).await.and(stream.flush().await);
    let mut rest = [0; 1024];
    match then {
        Then::Continue => return written.is_ok(),
        Then::Close => {}
        Then::Hang => while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {},
        Then::Flood => {
            while written.is_ok() {
                written = stream.write_all(&FILLER).await;
            }
        }
        Then::Drip => {
            while written.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
                written = stream.write_all(b"x").await.and(stream.flush().await);
            }
        }
    }
    let _gone_is_fine = stream.shutdown().await;
    false
}
