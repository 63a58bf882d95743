use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use tempfile::TempDir;
use tokio::sync::mpsc;
use url::Url;

use super::*;
use crate::config::{DEFAULT_LISTEN, Face, LoginForm, Served, User, Web};
use crate::http::{Clients, Options};
use crate::rules::domain::Mode;
use crate::rules::rights::Right;
use crate::rules::secret::Secret;
use crate::rules::snapshot::{Snapshot, VERSION};
use crate::tr064::content;
use crate::tr064::digest::{self, Challenge};
use crate::tr064::remote_access::{RemoteInfo, SERVICE};
use crate::tr064::served::{Change, Refusal, View};
use crate::tr064::session::{CallError, Session, Trust};
use crate::tr064::soap::{self, SoapFault};
use crate::web::{Question, Server};

const REMOTE: &str = "/upnp/control/x_remote";
const KIND: &str = "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1";
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn settings() -> Web {
    let user = |name: &str, password: &str, rights: &[Right]| User {
        name: name.into(),
        password: Secret::new(password.into()),
        rights: rights.iter().copied().collect(),
    };
    Web {
        enabled: true,
        listen: DEFAULT_LISTEN,
        tls_listen: None,
        remote_user: None,
        users: vec![user("admin", "gurkensalat", &[Right::Config]), user("phone", "hoerer", &[Right::Phone]), user("none", "nichts", &[])],
        dyndns: Face::default(),
        tr064: Face { enabled: true, listen: None, tls_listen: Some(SocketAddr::new(CLIENT, 49443)) },
        login: LoginForm::default(),
    }
}

fn view() -> View {
    View {
        picture: Snapshot { version: VERSION, wan: Vec::new(), ddns: Vec::new() },
        served: Served {
            own_name: "Benutzerdefiniert".into(),
            enabled: true,
            provider: None,
            update_url: Secret::new("https://ddns.example/u?host=<domain>&ip=<ipaddr>".into()),
            domains: Vec::new(),
            username: "1234".into(),
            mode: Mode::Both,
            server_ipv4: String::new(),
            server_ipv6: String::new(),
            own_url: true,
            instead_of: None,
            service: String::new(),
        },
        remote: RemoteInfo {
            enabled: true,
            port: 443,
            username: "admin".into(),
            lets_encrypt: Some(false),
            lets_encrypt_state: Some("not_used".into()),
        },
        uptime: Duration::from_secs(7),
    }
}

/// What the daemon answers to every change, and the changes it was asked for.
type Answer = Result<u16, Refusal>;
type Changes = Arc<Mutex<Vec<Change>>>;

/// Answers as the daemon would.
async fn daemon(mut questions: mpsc::Receiver<Question>, answer: Answer, changes: Changes, security_port: u16) {
    while let Some(question) = questions.recv().await {
        match question {
            Question::SecurityPort(place) => drop(place.send(security_port)),
            Question::View(place) => drop(place.send(view())),
            Question::Change(change, place) => {
                changes.lock().unwrap().push(change);
                drop(place.send(answer.clone()));
            }
            _ => panic!("the service asks for nothing else"),
        }
    }
}

/// The service beside a daemon.
struct Rig {
    shared: Shared,
    changes: Changes,
}

impl Rig {
    fn new(web: Web, answer: Answer) -> Self {
        let (sender, questions) = mpsc::channel(1);
        let changes = Changes::default();
        tokio::spawn(daemon(questions, answer, Arc::clone(&changes), 49443));
        Self { shared: Shared::new(web, sender), changes }
    }

    fn plain() -> Self {
        Self::new(settings(), Ok(443))
    }

    async fn ask(&self, method: &str, path: &str, fields: &[(&'static str, &str)], body: &str) -> Told {
        let fields = fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        let call = Call {
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            path: path.into(),
            query: String::new(),
            headers: fields.collect(),
            body: body.to_owned().into(),
            peer: CLIENT,
            tls: false,
        };
        let reply = serve(&call, &self.shared).await.expect("a path of the service");
        let field = |name: HeaderName| reply.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        Told {
            status: reply.status().as_u16(),
            kind: field(CONTENT_TYPE).unwrap(),
            challenge: field(WWW_AUTHENTICATE),
            wait: field(RETRY_AFTER),
            ext: field(HeaderName::from_static("ext")),
            text: String::from_utf8(reply.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap(),
        }
    }

    /// Calls an action of the remote access, with the login field if there is one.
    async fn call(&self, action: &str, arguments: &[(&str, &str)], login: Option<&str>) -> Told {
        let named = format!("{KIND}#{action}");
        let mut fields = vec![("soapaction", named.as_str())];
        fields.extend(login.map(|field| (AUTHORIZATION_NAME, field)));
        self.ask("POST", REMOTE, &fields, &soap::request(KIND, action, arguments)).await
    }

    /// The same after a challenge.
    async fn call_as(&self, (name, password): (&str, &str), action: &str, arguments: &[(&str, &str)]) -> Told {
        let first = self.call(action, arguments, None).await;
        let field = login(&first, name, password, 1);
        self.call(action, arguments, Some(&field)).await
    }
}

const AUTHORIZATION_NAME: &str = "authorization";
const ADMIN: (&str, &str) = ("admin", "gurkensalat");

/// What the client got.
#[derive(Debug)]
struct Told {
    status: u16,
    kind: String,
    challenge: Option<String>,
    wait: Option<String>,
    ext: Option<String>,
    text: String,
}

impl Told {
    /// The code of the fault that it is; every fault is an answer that is not kept, in the same form.
    fn fault(&self) -> u32 {
        assert_eq!((self.status, self.kind.as_str(), self.ext.as_deref()), (500, "text/xml; charset=\"utf-8\"", Some("")), "{self:?}");
        soap::reply(&self.text, "X").expect("SOAP").expect_err("a fault").code
    }

    /// A result of `action`.
    fn result(&self, action: &str, name: &str) -> String {
        assert_eq!((self.status, self.kind.as_str(), self.ext.as_deref()), (200, "text/xml; charset=\"utf-8\"", Some("")), "{self:?}");
        soap::reply(&self.text, action).expect("SOAP").expect("no fault")[name].clone()
    }

    /// Is it a page in the one form that clients understand, with this status?
    fn is_page(&self, status: u16) {
        assert_eq!((self.status, self.kind.as_str()), (status, "text/html"), "{self:?}");
        assert!(self.text.starts_with("<HTML>"), "{}", self.text);
        // SOAP::Lite takes well-formed XML for an answer, whatever it is and whatever the status.
        assert!(soap::reply(&self.text, "X").is_err_and(|why| why.starts_with("broken XML")), "{}", self.text);
    }
}

/// The answer to a challenge.
fn login(told: &Told, name: &str, password: &str, count: u32) -> String {
    told.is_page(401);
    let challenge = Challenge::choose(&[told.challenge.as_deref().expect("a challenge")]).expect("a challenge");
    let password = Secret::new(password.into());
    challenge.answer(digest::User { name, password: &password }, "POST", REMOTE, count, "0a4f113b").expose().to_owned()
}

#[tokio::test]
async fn the_files_are_there_for_everybody_and_for_reading_only() {
    let rig = Rig::plain();
    let description = rig.ask("GET", "/tr64desc.xml", &[], "").await;
    assert_eq!((description.status, description.kind.as_str()), (200, "text/xml"));
    for service in services::ALL {
        assert!(description.text.contains(service.scpd), "{}", service.scpd);
        let scpd = rig.ask("GET", service.scpd, &[], "").await;
        assert_eq!((scpd.status, scpd.kind.as_str()), (200, "text/xml"), "{}", service.scpd);
    }
    rig.ask("POST", "/tr64desc.xml", &[], "").await.is_page(405);
    for path in ["/igddesc.xml", "/igd2desc.xml", "/", "/upnp/control", "/upnp/control/x_remote/"] {
        let call = Call {
            method: Method::GET,
            path: path.into(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: hyper::body::Bytes::new(),
            peer: CLIENT,
            tls: false,
        };
        assert!(serve(&call, &rig.shared).await.is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_control_path_takes_calls_only() {
    let rig = Rig::plain();
    rig.ask("GET", REMOTE, &[], "").await.is_page(405);
    for method in ["SUBSCRIBE", "UNSUBSCRIBE"] {
        rig.ask(method, REMOTE, &[], "").await.is_page(501);
    }
}

#[tokio::test]
async fn what_is_no_call_is_refused_after_a_login_and_an_unknown_action_at_once() {
    let rig = Rig::plain();
    let call = |action: &str| soap::request(KIND, action, &[]);
    for body in ["", "<a", "<a/>", &call("GetInfo").replace("s:Body", "s:Other")] {
        // curl --digest begins with an empty body.
        let field = login(&rig.ask("POST", REMOTE, &[], body).await, "admin", "gurkensalat", 1);
        assert_eq!(rig.ask("POST", REMOTE, &[(AUTHORIZATION_NAME, &field)], body).await.fault(), 402, "{body:?}");
    }
    assert_eq!(rig.ask("POST", REMOTE, &[], &call("Nonsense")).await.fault(), 401);
    let other = [("soapaction", "urn:dslforum-org:service:DeviceInfo:1#GetInfo")];
    assert_eq!(rig.ask("POST", REMOTE, &other, &call("GetInfo")).await.fault(), 401);
    let bare = rig.ask("POST", "/upnp/control/deviceinfo", &[], &soap::request("x", "GetSecurityPort", &[])).await;
    assert_eq!(bare.result("GetSecurityPort", "NewSecurityPort"), "49443");
}

#[tokio::test]
async fn a_login_is_asked_for_and_taken() {
    let rig = Rig::plain();
    let first = rig.call("GetInfo", &[], None).await;
    let field = login(&first, "admin", "gurkensalat", 1);
    assert_eq!(rig.call("GetInfo", &[], Some(&field)).await.result("GetInfo", "NewPort"), "443");
    // The same again is old; the answer is a new nonce, not a reproach.
    let again = rig.call("GetInfo", &[], Some(&field)).await;
    again.is_page(401);
    assert!(again.challenge.as_deref().unwrap().ends_with(",stale=true"), "{again:?}");
    let wrong = rig.call_as(("admin", "besuch"), "GetInfo", &[]).await;
    wrong.is_page(401);
    let stranger = rig.call_as(("nobody", "gurkensalat"), "GetInfo", &[]).await;
    let form = |told: &Told| told.challenge.as_deref().unwrap().split(',').map(str::len).collect::<Vec<_>>();
    assert_eq!((form(&wrong), &wrong.text), (form(&stranger), &stranger.text), "nobody learns who is known here");
    assert!(!wrong.challenge.unwrap().contains("stale"));
}

#[tokio::test]
async fn two_logins_in_one_request_are_none() {
    let rig = Rig::plain();
    let field = login(&rig.call("GetInfo", &[], None).await, "admin", "gurkensalat", 1);
    let fields = [(AUTHORIZATION_NAME, field.as_str()), (AUTHORIZATION_NAME, "Basic YTpi")];
    let mut headers = HeaderMap::new();
    for (_, value) in fields {
        headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    let body = soap::request(KIND, "GetInfo", &[]).into();
    let call = Call { method: Method::POST, path: REMOTE.into(), query: String::new(), headers, body, peer: CLIENT, tls: false };
    assert_eq!(serve(&call, &rig.shared).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_right_that_is_lacking_is_a_fault_and_no_failed_login() {
    let rig = Rig::plain();
    for _ in 0..40 {
        assert_eq!(rig.call_as(("phone", "hoerer"), "GetDDNSProviders", &[]).await.fault(), 606);
    }
    assert_eq!(rig.call_as(("phone", "hoerer"), "GetInfo", &[]).await.result("GetInfo", "NewPort"), "443");
    assert_eq!(rig.call_as(("none", "nichts"), "GetInfo", &[]).await.fault(), 606);
    assert!(rig.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_guesses_has_to_wait() {
    let rig = Rig::plain();
    for _ in 0..20 {
        let told = rig.call("GetInfo", &[], None).await;
        if told.status != 401 {
            told.is_page(503);
            assert!(told.wait.unwrap().parse::<u64>().unwrap() > 0);
            let open = rig.ask("POST", "/upnp/control/deviceinfo", &[], &soap::request("x", "GetSecurityPort", &[])).await;
            assert_eq!(open.result("GetSecurityPort", "NewSecurityPort"), "49443", "what is open stays so");
            return;
        }
        rig.call("GetInfo", &[], Some(&login(&told, "admin", "besuch", 1))).await;
    }
    panic!("nobody has to wait");
}

#[tokio::test(start_paused = true)]
async fn requests_without_a_login_keep_nobody_out_who_has_one() {
    let rig = Rig::plain();
    let first = rig.call("GetInfo", &[], None).await;
    assert_eq!(rig.call("GetInfo", &[], Some(&login(&first, "admin", "gurkensalat", 1))).await.status, 200);
    let mut last = None;
    for _ in 0..300 {
        last = Some(rig.call("GetInfo", &[], None).await);
    }
    last.unwrap().is_page(503);
    rig.call("GetInfo", &[], Some("Digest nonsense")).await.is_page(503);
    let later = rig.call("GetInfo", &[], Some(&login(&first, "admin", "gurkensalat", 2))).await;
    assert_eq!(later.result("GetInfo", "NewPort"), "443");
    let old = rig.call("GetInfo", &[], Some(&login(&first, "admin", "gurkensalat", 2))).await;
    assert!(old.challenge.expect("whoever knows the password gets another nonce").ends_with(",stale=true"));
}

#[tokio::test]
async fn what_is_open_does_not_trouble_the_daemon_and_has_an_end() {
    let (sender, questions) = mpsc::channel(1);
    drop(questions);
    let deaf = Rig { shared: Shared::new(settings(), sender), changes: Changes::default() };
    let call = async |path: &str, action: &str| deaf.ask("POST", path, &[], &soap::request("x", action, &[])).await;
    for action in ["GetInfo", "X_AVM-DE_GetAnonymousLogin", "X_AVM-DE_GetUserList"] {
        assert_eq!(call("/upnp/control/lanconfigsecurity", action).await.status, 200, "{action}");
    }
    assert_eq!(call("/upnp/control/userif", "GetInfo").await.status, 200);
    assert_eq!(call("/upnp/control/deviceinfo", "GetSecurityPort").await.fault(), 501);
    let mut answered = 0;
    let told = loop {
        let told = call("/upnp/control/lanconfigsecurity", "GetInfo").await;
        if told.status != 200 || answered > 10_000 {
            break told;
        }
        answered += 1;
    };
    told.is_page(503);
    assert!(answered >= 55 && told.wait.is_some(), "{answered}");
    login(&deaf.call("GetInfo", &[], None).await, "admin", "gurkensalat", 1);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_call() {
    let rig = Rig::plain();
    let body = soap::request(KIND, "GetSecurityPort", &[]);
    for field in [("origin", "http://evil.test"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let field_of_form = ("content-type", "text/plain");
        rig.ask("POST", REMOTE, &[field, field_of_form], &body).await.is_page(403);
        rig.ask("POST", "/upnp/control/deviceinfo", &[field], &body).await.is_page(403);
    }
    let own = [("host", "nas.test:49000"), ("origin", "http://nas.test:49000")];
    assert_eq!(rig.ask("POST", "/upnp/control/deviceinfo", &own, &body.replace(KIND, "x")).await.status, 200);
}

#[tokio::test]
async fn the_namespace_of_a_call_without_the_field_is_that_of_the_service() {
    let rig = Rig::plain();
    for (kind, status) in [("urn:dslforum-org:service:DeviceInfo:1", 200), ("x", 200), (KIND, 500)] {
        let told = rig.ask("POST", "/upnp/control/deviceinfo", &[], &soap::request(kind, "GetSecurityPort", &[])).await;
        assert_eq!(told.status, status, "{kind}");
        assert!(status == 200 || told.fault() == 401, "{told:?}");
    }
}

const SET: [(&str, &str); 9] = [
    ("NewEnabled", "1"),
    ("NewProviderName", "Benutzerdefiniert"),
    ("NewUpdateURL", "https://ddns.example/?a=<ipaddr>"),
    ("NewDomain", "home.example.de"),
    ("NewUsername", "user"),
    ("NewMode", "ddns_v4"),
    ("NewServerIPv4", ""),
    ("NewServerIPv6", ""),
    ("NewPassword", "pass"),
];

#[tokio::test]
async fn a_change_is_the_daemons_to_make() {
    let rig = Rig::new(settings(), Ok(8443));
    assert_eq!(rig.call_as(ADMIN, "SetEnable", &[("NewEnabled", "1")]).await.result("SetEnable", "NewPort"), "8443");
    assert_eq!(rig.call_as(ADMIN, "SetDDNSConfig", &SET).await.status, 200);
    assert_eq!(rig.call_as(ADMIN, "SetDDNSConfig", &SET[..8]).await.fault(), 402);
    assert_eq!(rig.call_as(ADMIN, "SetLetsEncryptEnable", &[("NewLetsEncryptEnabled", "1")]).await.fault(), 501);
    let changes = rig.changes.lock().unwrap();
    assert!(matches!(&changes[..], [Change::Enable(true), Change::Ddns(ddns)] if ddns.domain == "home.example.de"), "{changes:?}");
}

#[tokio::test]
async fn what_the_daemon_refuses_is_a_fault_of_its_own() {
    for (refusal, code) in [(Refusal::Invalid("no".into()), 402), (Refusal::Failed("full".into()), 820)] {
        let rig = Rig::new(settings(), Err(refusal));
        assert_eq!(rig.call_as(ADMIN, "SetDDNSConfig", &SET).await.fault(), code);
    }
    let (sender, questions) = mpsc::channel(1);
    drop(questions);
    let deaf = Rig { shared: Shared::new(settings(), sender), changes: Changes::default() };
    assert_eq!(deaf.call_as(ADMIN, "GetInfo", &[]).await.fault(), 501);
}

#[tokio::test]
async fn a_login_inside_the_envelope_is_taken_where_that_is_switched_on() {
    let call = |block: &str| soap::request_with(&[block], KIND, "GetInfo", &[]);
    let strict = Rig::plain();
    strict.ask("POST", REMOTE, &[], &call(&content::init("admin"))).await.is_page(401);

    let rig = Rig::new(Web { login: LoginForm { content: true, ..LoginForm::default() }, ..settings() }, Ok(443));
    let first = rig.ask("POST", REMOTE, &[], &call(&content::init("admin"))).await;
    assert_eq!(first.status, 200);
    assert!(first.text.contains("<h:Challenge ") && first.text.contains("<errorCode>503</errorCode>"), "{}", first.text);
    let answer = |told: &Told, name: &str, password: &str| {
        let password = Secret::new(password.into());
        content::Challenge::read(&told.text).expect("a challenge").answer(digest::User { name, password: &password })
    };
    let wrong = rig.ask("POST", REMOTE, &[], &call(&answer(&first, "admin", "besuch"))).await;
    assert!(wrong.status == 200 && wrong.text.contains("<h:Challenge "), "{wrong:?}");
    let right = call(&answer(&wrong, "admin", "gurkensalat"));
    let in_there = rig.ask("POST", REMOTE, &[], &right).await;
    assert_eq!(in_there.result("GetInfo", "NewPort"), "443");
    assert!(in_there.text.contains("<h:NextChallenge ") && in_there.text.contains("<u:GetInfoResponse "), "{}", in_there.text);
    let again = rig.ask("POST", REMOTE, &[], &right).await;
    assert!(again.text.contains("<h:Challenge "), "a proof counts once: {}", again.text);
    let phone = answer(&again, "phone", "hoerer");
    let lacking = rig.ask("POST", REMOTE, &[], &soap::request_with(&[&phone], KIND, "GetDDNSProviders", &[])).await;
    assert!(lacking.fault() == 606 && lacking.text.contains("<h:NextChallenge "), "{lacking:?}");
    // Digest stays.
    assert_eq!(rig.call_as(ADMIN, "GetInfo", &[]).await.status, 200);
}

/// A port that was free a moment ago.
fn free() -> SocketAddr {
    TcpListener::bind((CLIENT, 0)).unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn our_own_client_works_with_it_over_sockets_with_and_without_tls() {
    for login in [LoginForm::default(), LoginForm { sha256: true, strict_uri: true, content: true }] {
        for tls in [None, Some(free())] {
            let (folder, listen) = (TempDir::new().unwrap(), free());
            let web = Web { listen, tr064: Face { enabled: true, listen: None, tls_listen: tls }, login, ..settings() };
            let (sender, questions) = mpsc::channel(1);
            let server = Server::start(&web, Some(folder.path()), sender);
            tokio::spawn(daemon(questions, Ok(443), Changes::default(), server.security_port().unwrap_or(0)));
            let clients = Clients::new(&Options::default()).unwrap();
            let place = Url::parse(&format!("http://{listen}/")).unwrap();
            let open = |password: &str| {
                let login = crate::config::Login { username: "admin".into(), password: Secret::new(password.into()) };
                let trust = server.fingerprint().map_or(Trust::FirstUse { file: None }, Trust::Pinned);
                Session::open(&clients, &place, None, Some(login), trust)
            };
            let session = open("gurkensalat").await.expect("it describes itself");
            assert_eq!((session.model(), session.secured()), ("wanbeacon", tls.is_some()));
            for _ in 0..3 {
                assert_eq!(session.call(SERVICE, "GetInfo", &[]).await.expect("results")["NewPort"], "443");
            }
            assert_eq!(session.call(SERVICE, "SetDDNSConfig", &SET).await, Ok(std::collections::BTreeMap::new()));
            let refused = session.call(SERVICE, "SetDDNSConfig", &SET[1..]).await;
            assert!(matches!(refused, Err(CallError::Refused(SoapFault { code: 402, .. }))), "{refused:?}");
            let wrong = open("besuch").await.expect("it describes itself").call(SERVICE, "GetInfo", &[]).await;
            assert_eq!(wrong, Err(CallError::Unauthorized { user: "admin".into() }));
            server.end().await;
        }
    }
}
