//! A box, our client, and a folder for what it remembers.

use std::time::Duration;

use tempfile::TempDir;
use wanbeacon::config::Login;
use wanbeacon::http::{Clients, Options};
use wanbeacon::rules::secret::Secret;
use wanbeacon::tr064::session::{CallError, Session, Trust};

use crate::double::Double;
use crate::double::odd::Oddity;
use crate::double::wire::{Request, Then};

pub(crate) const PASSWORD: &str = "gurkensalat";

pub(crate) struct Rig {
    pub(crate) double: Double,
    pub(crate) clients: Clients,
    pub(crate) folder: TempDir,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let clients = Clients::new(&Options { user_agent: "wanbeacon/test".into(), ..Options::default() }).expect("it is sound");
        Self { double: Double::start().await, clients, folder: tempfile::tempdir().expect("it is sound") }
    }

    /// Remembers certificates in the folder: what the process remembers would be shared with the other tests.
    pub(crate) fn trust(&self) -> Trust {
        Trust::FirstUse { file: Some(self.folder.path().join("known_boxes")) }
    }

    pub(crate) async fn open_as(&self, user: &str, password: &str) -> Result<Session, CallError> {
        self.open(Some(login(user, password)), self.trust()).await
    }

    pub(crate) async fn open(&self, login: Option<Login>, trust: Trust) -> Result<Session, CallError> {
        let place = url::Url::parse(&self.double.url("/")).expect("it is sound");
        let session = Session::open(&self.clients, &place, None, login, trust).await?;
        Ok(session.asking_every(Duration::ZERO))
    }

    /// The session of the first account.
    pub(crate) async fn admin(&self) -> Session {
        self.open_as("admin", PASSWORD).await.expect("it is sound")
    }

    /// What was asked since `from` requests ago, in short.
    pub(crate) fn since(&self, from: usize) -> Vec<String> {
        self.double.brief().split_off(from)
    }

    pub(crate) fn count(&self) -> usize {
        self.double.asked().len()
    }

    /// Every `Authorization` field that was sent.
    pub(crate) fn proofs(&self) -> Vec<String> {
        self.double.asked().iter().filter_map(|request| request.field("authorization").map(str::to_owned)).collect()
    }
}

pub(crate) fn login(user: &str, password: &str) -> Login {
    Login { username: user.into(), password: Secret::new(password.into()) }
}

/// The error's words; no password, no proof of one and no line break is in them.
pub(crate) fn words(rig: &Rig, error: &CallError) -> String {
    let text = error.to_string();
    let proofs = rig.proofs();
    let responses = proofs.iter().filter_map(|proof| proof.split_once("response=\"")?.1.get(..32));
    for secret in responses.chain([PASSWORD, "geheim", "besuch", "falsch"]) {
        assert!(!text.contains(secret) && !format!("{error:?}").contains(secret), "{error:?}");
    }
    assert!(!text.contains('\n') && text.chars().count() < 500, "{text}");
    text
}

/// A parameter of a digest.
pub(crate) fn parameter(request: &Request, name: &str) -> String {
    let field = request.field("authorization").unwrap_or_else(|| panic!("no login in {}", request.head));
    let value = field.split_once(&format!(" {name}=")).unwrap_or_else(|| panic!("no {name} in {field}")).1;
    value.split(',').next().expect("it is sound").trim_matches('"').to_owned()
}

/// Answers that are no answer, at once.
pub(crate) fn broken() -> Vec<Oddity> {
    let long = format!("<root>{}</root>", "<a>b</a>".repeat(40_000));
    let deep = "<a>".repeat(100_000);
    vec![
        Oddity::malformed(),
        Oddity::entity_bomb(),
        Oddity::Endless(Then::Flood),
        Oddity::Endless(Then::Close),
        Oddity::Xml(String::new()),
        Oddity::Xml("\u{0}\u{1}".into()),
        Oddity::Xml("<root/>".into()),
        Oddity::Xml(long),
        Oddity::Xml(deep),
        Oddity::Raw(Vec::new(), Then::Close),
        Oddity::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n<root>".to_vec(), Then::Close),
        Oddity::Raw(b"SSH-2.0-box\r\n".to_vec(), Then::Close),
        Oddity::Raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 1\r\n\r\nx".to_vec(), Then::Close),
        Oddity::Page(500),
    ]
}

/// Answers that never end, and never grow too long in any time that a person would wait.
pub(crate) fn endless() -> [Oddity; 3] {
    [Oddity::Endless(Then::Hang), Oddity::Endless(Then::Drip), Oddity::Raw(Vec::new(), Then::Hang)]
}

/// The result of `run`, with a clock that does not make anybody wait once the box was asked something more.
pub(crate) async fn hurried<T>(double: &Double, run: impl Future<Output = T>) -> T {
    let from = double.asked().len();
    let hurry = async {
        double.wait_asked(|asked| asked.len() > from).await;
        tokio::time::pause();
        std::future::pending::<()>().await;
    };
    let result = tokio::select! {
        result = run => result,
        () = hurry => unreachable!("it waits for ever"),
    };
    tokio::time::resume();
    result
}
