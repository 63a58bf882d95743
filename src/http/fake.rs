//! An HTTP server on loopback for tests: it says what it is told, byte for byte.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How a connection ends after its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order.
    Close,
    /// With a reset.
    Reset,
    /// Not at all: one more byte now and then.
    Dribble,
}

/// The answer to one connection.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

impl Answer {
    /// A complete reply.
    pub(crate) fn reply(status: &str, fields: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
        Self { bytes: [head.as_bytes(), body].concat(), end: End::Close }
    }

    /// 200 with `body`.
    pub(crate) fn ok(body: &str) -> Self {
        Self::reply("200 OK", "", body)
    }

    /// A redirect; `{self}` in it is the address of the fake.
    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::reply(&format!("{status} Elsewhere"), &format!("Location: {to}\r\n"), "")
    }

    /// Exactly these bytes.
    pub(crate) fn raw(bytes: &str, end: End) -> Self {
        Self { bytes: bytes.into(), end }
    }

    fn of(&self, server: SocketAddr) -> Self {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => Self { bytes: text.replace("{self}", &server.to_string()).into(), end: self.end },
            Err(_) => self.clone(),
        }
    }
}

/// A running fake; ends with the test's runtime.
pub(crate) struct FakeHttp {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl FakeHttp {
    /// Gives one of `answers` to each connection, the last one to all that follow.
    pub(crate) async fn start(at: &str, answers: Vec<Answer>) -> Self {
        Self::serve(at, answers, None).await
    }

    /// The same with TLS.
    pub(crate) async fn start_tls(at: &str, answers: Vec<Answer>, tls: rustls::ServerConfig) -> Self {
        Self::serve(at, answers, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    async fn serve(at: &str, answers: Vec<Answer>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(at).await.expect("loopback can be bound");
        let fake = Self { address: listener.local_addr().expect("bound"), requests: Arc::default() };
        let (requests, address) = (Arc::clone(&fake.requests), fake.address);
        tokio::spawn(async move {
            let mut index = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answers[index.min(answers.len() - 1)].of(address);
                index += 1;
                tokio::spawn(connection(stream, tls.clone(), answer, Arc::clone(&requests)));
            }
        });
        fake
    }

    /// Everything that clients sent, head and body, one text per connection.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("not poisoned").clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, answer: Answer, requests: Arc<Mutex<Vec<String>>>) {
    match tls {
        None => {
            if let Some(stream) = converse(stream, &answer, &requests).await.filter(|_| answer.end == End::Reset) {
                stream.set_zero_linger().expect("a TCP option");
            }
        }
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                converse(stream, &answer, &requests).await;
            }
        }
    }
}

/// Gives the stream back if the client was still there.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &Answer, requests: &Mutex<Vec<String>>) -> Option<S> {
    let request = read_request(&mut stream).await?;
    requests.lock().expect("not poisoned").push(request);
    stream.write_all(&answer.bytes).await.ok()?;
    stream.flush().await.ok()?;
    if answer.end == End::Dribble {
        let mut beat = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..500 {
            beat.tick().await;
            stream.write_all(b"x").await.ok()?;
        }
    } else if answer.end == End::Close {
        stream.shutdown().await.ok()?;
        // Until the client has closed as well, or the rest of what it sends would reset the connection.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
    }
    Some(stream)
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        seen.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let field = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= field.unwrap_or(0) {
                return Some(text);
            }
        }
    }
}

/// A private authority.
pub(crate) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("signed").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn write_to(&self, file: &Path) {
        std::fs::write(file, &self.pem).expect("a writable folder");
    }

    /// A server for `name` with a certificate that ends with the year.
    pub(crate) fn server(&self, name: &str, last_year: i32) -> rustls::ServerConfig {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        let certificate = params.signed_by(&key, &self.issuer).expect("signed").der().clone();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a key that fits")
    }
}
