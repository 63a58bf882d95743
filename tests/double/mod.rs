//! A FRITZ!Box on loopback, made from captured descriptions: IGD, TR-064, events, TLS, and everything that can go wrong with them.
//!
//! The files are those of a 7530 with 8.02; IGD and the WAN connections are a 7590's (tests/fixtures/fritzbox/README.md).

pub(crate) mod gena;
pub(crate) mod line;
pub(crate) mod login;
pub(crate) mod odd;
pub(crate) mod remote;
pub(crate) mod second;
pub(crate) mod services;
mod soap;
mod tls;
pub(crate) mod wire;
mod xml;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use gena::{Delivered, Events};
use line::Line;
use login::Login;
use odd::{Odd, Oddity};
use remote::{Remote, Results};
use second::SecondFactor;
use services::{Service, Services};
use soap::Call;
use tls::Identity;
use wire::{Answer, Request, Then};

/// Longest wait for anything: far above what a busy machine needs, so that only a defect reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// "Transmit status information over `UPnP`".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Igd {
    Off,
    /// In the first version of the standard.
    First,
    /// In the second version as well.
    Both,
}

/// How the box stands. Everything may be changed while it runs ([`Double::change`]).
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) line: Line,
    /// "Allow access for applications".
    pub(crate) tr064: bool,
    pub(crate) igd: Igd,
    pub(crate) login: Login,
    pub(crate) remote: Remote,
    pub(crate) second: SecondFactor,
    pub(crate) events: Events,
    pub(crate) odd: Odd,
    /// Faults in one line; a box breaks them.
    pub(crate) compact: bool,
    /// What `GetSecurityPort` tells.
    pub(crate) secure_port: u16,
}

#[derive(Debug)]
struct Shared {
    services: Services,
    state: Mutex<State>,
    identity: Mutex<Identity>,
    log: watch::Sender<Vec<Request>>,
    /// What was answered, in the order of the answers.
    answers: Mutex<Vec<Vec<u8>>>,
    delivered: watch::Sender<Vec<Delivered>>,
}

/// A running box. It ends with the runtime that it was started in.
#[derive(Clone, Debug)]
pub(crate) struct Double {
    /// Where HTTP is spoken.
    pub(crate) http: SocketAddr,
    /// Where TLS is spoken.
    pub(crate) tls: SocketAddr,
    shared: Arc<Shared>,
}

impl Double {
    pub(crate) async fn start() -> Self {
        let bind = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback can be bound");
        let (plain, secure) = (bind().await, bind().await);
        let [http, tls] = [&plain, &secure].map(|listener| listener.local_addr().expect("bound"));
        let state = State {
            line: Line::new(),
            tr064: true,
            igd: Igd::First,
            login: Login::new(),
            remote: Remote::new(),
            second: SecondFactor::new(),
            events: Events::new(),
            odd: Odd::default(),
            compact: false,
            secure_port: tls.port(),
        };
        let shared = Arc::new(Shared {
            services: Services::load(),
            state: Mutex::new(state),
            identity: Mutex::new(Identity::new()),
            log: watch::Sender::default(),
            answers: Mutex::default(),
            delivered: watch::Sender::default(),
        });
        tokio::spawn(accept(plain, Arc::clone(&shared), false));
        tokio::spawn(accept(secure, Arc::clone(&shared), true));
        Self { http, tls, shared }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    pub(crate) fn tls_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.tls)
    }

    /// Changes how the box stands; subscribers hear of what that changes on the line.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.shared.state();
        let before = state.line.clone();
        let result = change(&mut state);
        let State { events, line, .. } = &mut *state;
        events.tell(&before, line);
        result
    }

    /// SHA-256 of the certificate, lower-case hex.
    pub(crate) fn fingerprint(&self) -> String {
        self.shared.identity().fingerprint.clone()
    }

    /// Another key and certificate from the next connection on.
    pub(crate) fn renew_certificate(&self) {
        *self.shared.identity() = Identity::new();
    }

    /// Files that can be fetched.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.shared.services.paths().map(str::to_owned).collect()
    }

    /// Everything it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Request> {
        self.shared.log.borrow().clone()
    }

    /// Everything it was asked, and its answers, for a client that asks one thing after the other.
    pub(crate) fn dialogue(&self) -> Vec<(Request, String)> {
        let answers = self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        self.asked().into_iter().zip(answers.iter().map(text)).collect()
    }

    /// Everything it was asked, in short: `METHOD path` or the action.
    pub(crate) fn brief(&self) -> Vec<String> {
        let brief = |request: &Request| match request.action() {
            "" => format!("{} {}", request.method, request.path),
            action => action.to_owned(),
        };
        self.asked().iter().map(brief).collect()
    }

    /// Waits until what it was asked `fits`.
    pub(crate) async fn wait_asked(&self, fits: impl Fn(&[Request]) -> bool) -> Vec<Request> {
        let mut log = self.shared.log.subscribe();
        let wait = tokio::time::timeout(PATIENCE, log.wait_for(|log| fits(log)));
        wait.await.unwrap_or_else(|_| panic!("it was only asked {:?}", self.brief())).expect("the box is there").clone()
    }

    /// Waits until the answers to NOTIFY `fit`.
    pub(crate) async fn wait_delivered(&self, fits: impl Fn(&[Delivered]) -> bool) -> Vec<Delivered> {
        let mut delivered = self.shared.delivered.subscribe();
        let wait = tokio::time::timeout(PATIENCE, delivered.wait_for(|all| fits(all)));
        wait.await.expect("a NOTIFY never came").expect("the box is there").clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, secure: bool) {
    while let Ok((stream, peer)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            if secure {
                let config = Arc::clone(&shared.identity().config);
                // A client that does not trust the certificate goes.
                if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                    Box::pin(converse(BufReader::new(stream), peer, secure, &shared)).await;
                }
            } else {
                Box::pin(converse(BufReader::new(stream), peer, secure, &shared)).await;
            }
        });
    }
}

async fn converse(mut stream: BufReader<impl AsyncRead + AsyncWrite + Unpin>, peer: SocketAddr, secure: bool, shared: &Shared) {
    while let Some(request) = wire::read(&mut stream, peer, secure).await {
        shared.log.send_modify(|log| log.push(request.clone()));
        let (bytes, then) = shared.answer(&request);
        shared.answers.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.clone());
        if shared.state().events.early {
            let greeted = shared.greet();
            let mut delivered = shared.delivered.subscribe();
            let _none = delivered.wait_for(|all| greeted.iter().all(|sid| all.iter().any(|one| one.sid == *sid))).await.is_err();
        }
        let then = if request.field("connection").is_some_and(|field| field.eq_ignore_ascii_case("close")) && then == Then::Continue {
            Then::Close
        } else {
            then
        };
        let goes_on = wire::write(&mut stream, &bytes, then).await;
        shared.greet();
        if !goes_on {
            return;
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn identity(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn greet(&self) -> Vec<String> {
        let mut state = self.state();
        let State { events, line, .. } = &mut *state;
        events.greet(line)
    }

    fn answer(&self, request: &Request) -> (Vec<u8>, Then) {
        let mut state = self.state();
        let odd = state.odd.strike(request);
        if let Some(answer) = odd.as_ref().and_then(Oddity::bytes) {
            return answer;
        }
        match odd {
            Some(Oddity::Challenge) => (state.login.challenge(false).bytes(false), Then::Continue),
            Some(Oddity::Old) => (self.right_answer(request, &mut state, None).bytes(true), Then::Close),
            Some(Oddity::Fault(code)) => (self.right_answer(request, &mut state, Some(code)).bytes(false), Then::Continue),
            _ => (self.right_answer(request, &mut state, None).bytes(false), Then::Continue),
        }
    }

    fn right_answer(&self, request: &Request, state: &mut State, forced: Option<u32>) -> Answer {
        let missing = match request.path.as_str() {
            "/tr64desc.xml" => !state.tr064,
            "/igddesc.xml" => state.igd == Igd::Off,
            "/igd2desc.xml" => state.igd != Igd::Both,
            _ => false,
        };
        let service = self.services.at(&request.path).filter(|service| if service.is_open() { state.igd != Igd::Off } else { state.tr064 });
        let answer = match (request.method.as_str(), self.services.file(&request.path), service) {
            ("GET", Some(text), _) if !missing => Answer::new(200, "text/xml", text),
            ("POST", _, Some(service)) => call(request, service, state, forced),
            ("SUBSCRIBE" | "UNSUBSCRIBE", _, Some(service)) => state.events.answer(request, service, &self.delivered),
            ("GET", _, Some(_)) => Answer::page(405),
            _ => Answer::page(404),
        };
        answer.with("SERVER", "FRITZ!Box 7530 UPnP/1.0 AVM FRITZ!Box 7530 164.08.02")
    }
}

/// Answers a call: known? let in? allowed? guarded? complete? – in this order.
fn call(request: &Request, service: &Service, state: &mut State, forced: Option<u32>) -> Answer {
    let compact = state.compact;
    let refuse = |code: u32, header: &str| soap::fault(&service.kind, code, header, compact);
    let (kind, name) = request.soap_action().unwrap_or_default();
    let Some(action) = service.actions.get(name).filter(|_| kind == service.kind) else {
        return refuse(401, "");
    };
    let Ok(call) = Call::parse(&request.body) else {
        return refuse(402, "");
    };
    // One known client appends a word.
    if call.element != name && call.element.strip_suffix("Request") != Some(name) {
        return refuse(401, "");
    }
    let mut header = String::new();
    if login::needs_login(service, name) {
        match state.login.admit(request, &service.kind, &call) {
            Err(answer) => return answer,
            Ok(admitted) if !login::may(&admitted.rights, service, name) => return refuse(606, &admitted.header),
            Ok(admitted) => header = admitted.header,
        }
    }
    let result = match forced {
        Some(code) => Err(code),
        None => {
            state.second.guard(name, &call).and_then(|()| if call.fits(action) { state.perform(service, name, &call) } else { Err(402) })
        }
    };
    match result {
        Ok(values) => soap::results(&service.kind, name, action, &values, &header),
        Err(code) => refuse(code, &header),
    }
}

impl State {
    fn perform(&mut self, service: &Service, action: &str, call: &Call) -> Results {
        match (service.name(), action) {
            ("X_AVM-DE_RemoteAccess", _) => {
                let names: Vec<String> = self.login.users.iter().map(|user| user.name.clone()).collect();
                self.remote.call(action, call, &names)
            }
            ("X_AVM-DE_Auth", _) => self.second.call(action, call),
            ("DeviceInfo", "GetSecurityPort") => Ok(vec![("NewSecurityPort", self.secure_port.to_string())]),
            ("DeviceInfo", "GetInfo") => Ok(vec![
                ("NewManufacturerName", "AVM".into()),
                ("NewModelName", "FRITZ!Box 7530".into()),
                ("NewSerialNumber", "001122334455".into()),
                ("NewSoftwareVersion", "164.08.02".into()),
            ]),
            ("LANConfigSecurity", "X_AVM-DE_GetUserList") => Ok(vec![("NewX_AVM-DE_UserList", self.login.list())]),
            ("X_AVM-DE_UPnP", "GetInfo") => Ok(vec![("NewEnable", u8::from(self.igd != Igd::Off).to_string())]),
            (name, _) if name.starts_with("WAN") || name == "Layer3Forwarding" => Ok(self.line_of(service).results(action)),
            _ => Ok(Vec::new()),
        }
    }

    /// TR-064 names two connections; the one that is not in use is not configured.
    fn line_of(&self, service: &Service) -> Line {
        let idle = !service.is_open() && service.name().ends_with("Connection") && !self.line.default.contains(service.name());
        if idle {
            return Line { status: "Unconfigured".into(), v4: String::new(), ..self.line.clone() };
        }
        self.line.clone()
    }
}

/// A raw connection, for what no client library says.
pub(crate) async fn connect(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).await.expect("the box listens")
}
