//! Just enough of an HTTP/1.1 server for the counterparts: one request per connection.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Longest request, head and body: ours are far shorter.
const LONGEST: u64 = 64 * 1024;

/// What a client wants.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// Field names in lower case.
    headers: Vec<(String, String)>,
}

/// What it gets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: &'static str,
    /// Empty: there is no body.
    pub(super) content_type: &'static str,
    /// Further header fields.
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Request {
    #[cfg(test)]
    pub(super) fn new(target: &str, headers: &[(&str, &str)]) -> Self {
        Self {
            method: "GET".into(),
            target: target.into(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        }
    }

    /// The first header field of this name (in lower case); empty if there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }
}

/// Answers every request until the runtime ends.
pub(super) fn serve(listener: TcpListener, answer: impl Fn(&Request) -> Response + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            // A client that broke off notices that itself.
            tokio::spawn(async move { converse(stream, &*answer).await.ok() });
        }
    });
}

async fn converse(mut stream: TcpStream, answer: &(dyn Fn(&Request) -> Response + Send + Sync)) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let request = read(BufReader::new(reader.take(LONGEST))).await?;
    let Response { status, content_type, mut fields, body } = answer(&request);
    if !content_type.is_empty() {
        fields.push(("Content-Type", content_type.to_owned()));
    }
    let fields = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    writer.write_all(format!("{head}{body}").as_bytes()).await?;
    writer.shutdown().await
}

/// Reads one request; its body is taken from the wire and ignored.
async fn read(mut stream: impl AsyncBufRead + Unpin) -> io::Result<Request> {
    let mut request = Request::default();
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split(' ').map(str::to_owned);
    request.method = words.next().unwrap_or_default();
    request.target = words.next().unwrap_or_default();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut body = vec![0; request.header("content-length").parse().unwrap_or(0).min(LONGEST as usize)];
    stream.read_exact(&mut body).await?;
    Ok(request)
}
