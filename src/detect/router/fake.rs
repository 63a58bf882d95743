//! A router on loopback for tests: pages by path, results by action.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::http::fake::{Answer, End};

pub(crate) const BOX: &str = include_str!("../../../tests/fixtures/fritzbox/igddesc-7590.xml");
pub(crate) const BOX_SCPD: &str = include_str!("../../../tests/fixtures/fritzbox/igdconn-scpd-7590.xml");
pub(crate) const MINI: &str = include_str!("../../../tests/fixtures/fritzbox/miniupnpd-desc.xml");
pub(crate) const MINI_SCPD: &str = include_str!("../../../tests/fixtures/fritzbox/miniupnpd-wanipcn-scpd.xml");
const FAULT: &str = include_str!("../../../tests/fixtures/fritzbox/fault401.xml");

type Answers = Arc<Mutex<BTreeMap<String, Answer>>>;

/// A running router; ends with the test's runtime.
pub(crate) struct FakeRouter {
    pub(crate) address: SocketAddr,
    answers: Answers,
    asked: Arc<Mutex<Vec<String>>>,
    guarded: Arc<AtomicBool>,
}

/// How a box asks for a login.
pub(crate) fn challenge() -> Answer {
    let field = "WWW-Authenticate: Digest realm=\"HTTPS Access\",nonce=\"F758BE72FB999CEA\",algorithm=MD5,qop=\"auth\"\r\n";
    Answer::reply("401 Unauthorized", field, "<html><body>401</body></html>")
}

impl FakeRouter {
    /// A router with `pages`, that knows no action.
    pub(crate) async fn start(at: &str, pages: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind(at).await.expect("loopback can be bound");
        let address = listener.local_addr().expect("bound");
        let fake = Self { address, answers: Answers::default(), asked: Arc::default(), guarded: Arc::default() };
        for (path, page) in pages {
            fake.set(path, Answer::ok(page));
        }
        let (answers, asked, guarded) = (Arc::clone(&fake.answers), Arc::clone(&fake.asked), Arc::clone(&fake.guarded));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&answers), Arc::clone(&asked), Arc::clone(&guarded)));
            }
        });
        fake
    }

    /// The box with everything that it describes, connected over IPv4.
    pub(crate) async fn fritz_box(at: &str) -> Self {
        let fake = Self::start(at, &[("/igddesc.xml", BOX), ("/igdconnSCPD.xml", BOX_SCPD)]).await;
        fake.says("GetExternalIPAddress", &[("NewExternalIPAddress", "91.12.34.57")]);
        fake.says("GetStatusInfo", &[("NewConnectionStatus", "Connected"), ("NewUptime", "12")]);
        fake
    }

    /// Asks everybody who calls an action for a login, and takes any; the port of TLS is told without.
    pub(crate) fn guard(&self) {
        self.guarded.store(true, Ordering::Relaxed);
    }

    /// Answers `what`, a path, an action or `PATH#ACTION`, like this from now on.
    pub(crate) fn set(&self, what: &str, answer: Answer) {
        self.answers.lock().expect("not poisoned").insert(what.to_owned(), answer);
    }

    /// Answers `action` with these results.
    pub(crate) fn says(&self, action: &str, values: &[(&str, &str)]) {
        self.set(action, results(action, values));
    }

    /// Paths and actions that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }

    /// How often.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == what).count()
    }

    pub(crate) fn place(&self) -> Url {
        Url::parse(&format!("http://{}/", self.address)).expect("an address is a host")
    }
}

/// Results in the manner of a FRITZ!Box.
pub(crate) fn results(action: &str, values: &[(&str, &str)]) -> Answer {
    let values: Vec<String> = values.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    Answer::ok(&format!(
        "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\n<s:Body>\n\
         <u:{action}Response xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\n{}\n</u:{action}Response>\n</s:Body>\n\
         </s:Envelope>",
        values.join("\n")
    ))
}

async fn connection(mut stream: TcpStream, answers: Answers, asked: Arc<Mutex<Vec<String>>>, guarded: Arc<AtomicBool>) -> Option<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    // SOAP bodies end with the envelope; pages have none.
    while !request.ends_with(b"\r\n\r\n") && !request.ends_with(b"</s:Envelope>\n") {
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        request.extend_from_slice(&chunk[..length]);
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let action = text.lines().find(|line| line.to_ascii_lowercase().starts_with("soapaction")).and_then(|line| line.split_once('#'));
    let what = match action {
        Some((_, action)) => action.trim_end_matches('"').to_owned(),
        None => text.split(' ').nth(1)?.to_owned(),
    };
    asked.lock().expect("not poisoned").push(what.clone());
    let unknown = if action.is_some() {
        Answer::reply("500 Internal Server Error", "", FAULT)
    } else {
        Answer::reply("404 Not Found", "", "<html><body>no</body></html>")
    };
    let path = text.split(' ').nth(1)?;
    // A service at another path may answer the same action in another way.
    let known = {
        let answers = answers.lock().expect("not poisoned");
        answers.get(&format!("{path}#{what}")).or_else(|| answers.get(&what)).cloned()
    };
    let stranger = guarded.load(Ordering::Relaxed)
        && action.is_some()
        && what != "GetSecurityPort"
        && !text.to_ascii_lowercase().contains("\r\nauthorization:");
    let answer = if stranger { challenge() } else { known.unwrap_or(unknown) };
    stream.write_all(&answer.bytes).await.ok()?;
    match answer.end {
        End::Close => stream.shutdown().await.ok(),
        End::Reset => stream.set_zero_linger().ok(),
        End::Dribble => {
            let mut beat = tokio::time::interval(Duration::from_millis(20));
            for _ in 0..500 {
                beat.tick().await;
                stream.write_all(b"x").await.ok()?;
            }
            None
        }
    }
}
