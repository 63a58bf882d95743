//! Events of the pretended box (`UPnP` Device Architecture 1.0, section 4): who subscribed is told what changed.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::web::{Request, Response};

/// What a subscription lives: longer than any demonstration.
const GRANTED: &str = "Second-1800";

/// Who wants to be told.
#[derive(Clone, Default)]
pub(super) struct Subscribers(Arc<Mutex<Vec<Subscriber>>>);

#[derive(Clone)]
struct Subscriber {
    /// Host and port.
    place: String,
    path: String,
    name: String,
    /// Number of the next event.
    next: u32,
}

impl Subscribers {
    /// Answers SUBSCRIBE; who is new is told `values` first. Who leaves is forgotten.
    pub(super) fn answer(&self, request: &Request, values: &[(&str, String)]) -> Response {
        let known = request.header("sid").to_owned();
        if request.method == "UNSUBSCRIBE" {
            self.lock().retain(|it| it.name != known);
            return Response { status: "200 OK", ..Response::default() };
        }
        if !known.is_empty() {
            let status = if self.lock().iter().any(|it| it.name == known) { "200 OK" } else { "412 Precondition Failed" };
            return granted(status, &known);
        }
        let callback = request.header("callback").trim_matches(['<', '>']);
        let Some((place, path)) =
            Url::parse(callback).ok().and_then(|url| Some((format!("{}:{}", url.host_str()?, url.port()?), url.path().to_owned())))
        else {
            return Response { status: "412 Precondition Failed", ..Response::default() };
        };
        let name = format!("uuid:pretended-{}", self.lock().len() + 1);
        self.lock().push(Subscriber { place, path, name: name.clone(), next: 0 });
        self.tell(values);
        granted("200 OK", &name)
    }

    /// Tells everybody. Who does not listen misses it.
    pub(super) fn tell(&self, values: &[(&str, String)]) {
        let properties = values.iter().map(|(name, value)| format!("<e:property><{name}>{value}</{name}></e:property>"));
        let properties = properties.collect::<Vec<_>>().concat();
        let body =
            format!("<?xml version=\"1.0\"?>\n<e:propertyset xmlns:e=\"urn:schemas-upnp-org:event-1-0\">{properties}</e:propertyset>\n");
        for subscriber in self.lock().iter_mut() {
            tokio::spawn(notify(subscriber.clone(), body.clone()));
            subscriber.next += 1;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Subscriber>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn granted(status: &'static str, name: &str) -> Response {
    Response { status, fields: vec![("SID", name.to_owned()), ("TIMEOUT", GRANTED.to_owned())], ..Response::default() }
}

async fn notify(to: Subscriber, body: String) -> io::Result<()> {
    let Subscriber { place, path, name, next } = to;
    let mut stream = TcpStream::connect(&place).await?;
    let head = format!(
        "NOTIFY {path} HTTP/1.1\r\nHOST: {place}\r\nCONTENT-TYPE: text/xml\r\nCONTENT-LENGTH: {}\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\n\
         SID: {name}\r\nSEQ: {next}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    // Until the other side has heard it all.
    stream.take(4096).read_to_end(&mut Vec::new()).await.map(drop)
}
