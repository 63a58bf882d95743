use rcgen::generate_simple_self_signed;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;

use super::*;
use crate::http::Options;
use crate::http::fake::{Answer, End, FakeHttp};
use crate::rules::fingerprint::Fingerprint;
use crate::rules::secret::Secret;
use crate::tr064::description::Service;
use crate::tr064::remote_access::SERVICE;
use crate::tr064::trust::KNOWN_BOXES;

const LOOPBACK: &str = "127.0.0.1:0";
const TR64: &str = include_str!("../../../tests/fixtures/fritzbox/tr64desc-7530.xml");

fn described() -> Answer {
    Answer::reply("200 OK", "Content-Type: text/xml\r\n", TR64)
}

/// The answer to `action` with these results and header blocks.
fn answer(action: &str, header: &str, results: &[(&str, &str)]) -> Answer {
    let results: Vec<String> = results.iter().map(|(name, value)| format!("<{name}>{value}</{name}>\r\n")).collect();
    Answer::ok(&format!(
        "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\r\n<s:Header>{header}</s:Header>\
         <s:Body>\r\n<u:{action}Response xmlns:u=\"urn:x\">\r\n{}</u:{action}Response>\r\n</s:Body>\r\n</s:Envelope>",
        results.concat()
    ))
}

fn ok() -> Answer {
    answer("GetInfo", "", &[("NewEnabled", "1")])
}

fn port(port: u16) -> Answer {
    answer("GetSecurityPort", "", &[("NewSecurityPort", &port.to_string())])
}

fn fault(code: u32) -> Answer {
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode>s:Client</faultcode>\
         <faultstring>UPnPError</faultstring><detail><UPnPError><errorCode>{code}</errorCode><errorDescription>no</errorDescription>\
         </UPnPError></detail></s:Fault></s:Body></s:Envelope>"
    );
    Answer::reply("500 Internal Server Error", "", body)
}

/// HTTP 401 with this nonce and more parameters.
fn challenge(nonce: &str, more: &str) -> Answer {
    let field = format!("WWW-Authenticate: Digest realm=\"HTTPS Access\",nonce=\"{nonce}\",algorithm=MD5,qop=\"auth\"{more}\r\n");
    Answer::reply("401 Unauthorized", &format!("{field}Content-Type: text/html\r\n"), "<HTML>no</HTML>")
}

/// The header block of a content-level login.
fn inside(block: &str, status: &str, nonce: &str) -> String {
    format!("<h:{block} xmlns:h=\"x\"><Status>{status}</Status><Nonce>{nonce}</Nonce><Realm>F!Box SOAP-Auth</Realm></h:{block}>")
}

/// A box without TLS.
async fn plain(answers: Vec<Answer>) -> FakeHttp {
    FakeHttp::start(LOOPBACK, [vec![described(), fault(401)], answers].concat()).await
}

/// A box with TLS and its certificate.
async fn tls(answers: Vec<Answer>) -> (FakeHttp, Fingerprint) {
    let made = generate_simple_self_signed(["fritz.box".to_owned()]).unwrap();
    let fingerprint = Fingerprint(<sha2::Sha256 as sha2::Digest>::digest(made.cert.der()).into());
    let config = ServerConfig::builder_with_provider(std::sync::Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()))
        .unwrap();
    (FakeHttp::start_tls(LOOPBACK, answers, config).await, fingerprint)
}

fn login(username: &str) -> Login {
    Login { username: username.into(), password: Secret::new("geheim".into()) }
}

async fn open(server: &FakeHttp, login: impl Into<Option<Login>>, trust: Trust) -> Result<Session, CallError> {
    open_via(server, None, login, trust).await
}

async fn open_via(server: &FakeHttp, via: Option<&str>, login: impl Into<Option<Login>>, trust: Trust) -> Result<Session, CallError> {
    let clients = Clients::new(&Options::default()).unwrap();
    let place = Url::parse(&server.url("/")).unwrap();
    Session::open(&clients, &place, via, login.into(), trust).await.map(|session| session.asking_every(Duration::ZERO))
}

const FIRST_USE: Trust = Trust::FirstUse { file: None };

async fn opened(server: &FakeHttp) -> Session {
    open(server, login("user"), FIRST_USE).await.expect("the fake describes itself")
}

async fn get_info(session: &Session) -> Result<String, CallError> {
    session.call(SERVICE, "GetInfo", &[]).await.map(|results| results["NewEnabled"].clone())
}

fn unauthorized() -> CallError {
    CallError::Unauthorized { user: "user".into() }
}

mod login {
    use super::*;

    #[tokio::test]
    async fn it_goes_over_tls_and_only_when_asked_for() {
        let (secure, fingerprint) = tls(vec![described(), challenge("A", ""), ok(), ok()]).await;
        let open_door = FakeHttp::start(LOOPBACK, vec![described(), port(secure.address.port())]).await;
        let session = open(&open_door, super::login("user"), Trust::Pinned(fingerprint)).await.unwrap();
        assert_eq!((session.model(), session.version(), session.secured()), ("FRITZ!Box 7530", Some("164.08.02"), true));
        assert_eq!(get_info(&session).await, Ok("1".into()));
        assert_eq!(get_info(&session).await, Ok("1".into()));
        assert!(open_door.requests().iter().all(|request| !request.to_lowercase().contains("authorization")));
        let asked = secure.requests();
        assert!(!asked[1].to_lowercase().contains("authorization"));
        assert!(asked[2].contains("Digest username=\"user\"") && asked[2].contains("uri=\"/upnp/control/x_remote\""), "{}", asked[2]);
        assert!(asked[2].contains("nc=00000001") && asked[3].contains("nc=00000002"), "the nonce is used again, counted");
        assert!(asked[2].to_lowercase().contains("soapaction: \"urn:dslforum-org:service:x_avm-de_remoteaccess:1#getinfo\""));
        assert!(asked.iter().all(|request| !request.contains("geheim")));
    }

    #[tokio::test]
    async fn a_wrong_one_is_tried_once() {
        let server = plain(vec![challenge("A", ""), challenge("B", "")]).await;
        let session = opened(&server).await;
        assert_eq!(get_info(&session).await, Err(unauthorized()));
        assert_eq!(get_info(&session).await, Err(unauthorized()));
        assert_eq!(server.requests().len(), 4);
    }

    #[tokio::test]
    async fn a_stale_nonce_is_no_wrong_login() {
        let server = plain(vec![challenge("A", ""), challenge("B", ",stale=true"), ok(), challenge("C", ""), ok()]).await;
        let session = opened(&server).await;
        assert_eq!(get_info(&session).await, Ok("1".into()));
        // A box that restarted knows no old nonce, and does not say so.
        assert_eq!(get_info(&session).await, Ok("1".into()));
        let nonces =
            server.requests()[3..].iter().filter_map(|request| request.split("nonce=\"").nth(1)?.chars().next()).collect::<String>();
        assert_eq!(nonces, "ABBC");
    }

    #[tokio::test]
    async fn nonces_that_are_always_stale_come_to_an_end() {
        let server = plain(vec![challenge("A", ",stale=true")]).await;
        let error = get_info(&opened(&server).await).await.unwrap_err();
        assert!(error.to_string().contains("again and again"), "{error}");
    }

    #[tokio::test]
    async fn inside_the_envelope_is_the_second_choice() {
        let none = Answer::reply("401 Unauthorized", "", "");
        let refused = answer("X", &inside("Challenge", "Unauthenticated", "F758BE72FB999CEA"), &[]);
        let accepted = answer("GetInfo", &inside("NextChallenge", "Authenticated", "B"), &[("NewEnabled", "1")]);
        let server = plain(vec![none, refused, accepted]).await;
        let session = opened(&server).await;
        assert_eq!(get_info(&session).await, Ok("1".into()));
        assert_eq!(get_info(&session).await, Ok("1".into()));
        let asked = server.requests();
        assert!(asked[3].contains("<h:InitChallenge") && asked[3].contains("<UserID>user</UserID>"), "{}", asked[3]);
        assert!(asked[4].contains("<Nonce>F758BE72FB999CEA</Nonce><Auth>"), "{}", asked[4]);
        assert!(asked[5].contains("<Nonce>B</Nonce><Auth>"), "{}", asked[5]);
    }

    #[tokio::test]
    async fn a_wrong_one_inside_the_envelope_is_tried_once() {
        let refused = answer("X", &inside("Challenge", "Unauthenticated", "A"), &[]);
        let server = plain(vec![refused]).await;
        let session = opened(&server).await;
        assert_eq!(get_info(&session).await, Err(unauthorized()));
        assert_eq!(get_info(&session).await, Err(unauthorized()));
        assert_eq!(server.requests().len(), 4);
    }

    #[tokio::test]
    async fn without_one_the_box_is_asked_in_the_open_and_may_want_one() {
        let server = FakeHttp::start(LOOPBACK, vec![described(), ok(), challenge("A", "")]).await;
        let session = open(&server, None, FIRST_USE).await.unwrap();
        assert_eq!(get_info(&session).await, Ok("1".into()));
        assert_eq!(get_info(&session).await, Err(CallError::LoginMissing));
    }

    #[tokio::test]
    async fn without_a_name_it_takes_the_last_user_of_the_box() {
        let list =
            "&lt;List&gt;&lt;Username last_user=\"0\"&gt;a&lt;/Username&gt;&lt;Username last_user=\"1\"&gt;b&lt;/Username&gt;&lt;/List&gt;";
        let users = answer("X_AVM-DE_GetUserList", "", &[("NewX_AVM-DE_UserList", list)]);
        for (users, expected) in [(users, "b"), (fault(401), "dslf-config")] {
            let server = plain(vec![users, challenge("A", ""), ok()]).await;
            let session = open(&server, super::login(""), FIRST_USE).await.unwrap();
            get_info(&session).await.unwrap();
            assert!(server.requests()[4].contains(&format!("username=\"{expected}\"")), "{}", server.requests()[4]);
        }
    }
}

mod trust {
    use super::*;

    /// Two visits to the same address; gives the result of the second.
    async fn visits(second: Answer, folder: &TempDir, first: &FakeHttp) -> (FakeHttp, Result<Session, CallError>) {
        let door = FakeHttp::start(LOOPBACK, vec![described(), port(first.address.port()), described(), second]).await;
        let trust = Trust::FirstUse { file: Some(folder.path().join(KNOWN_BOXES)) };
        open(&door, super::login("user"), trust.clone()).await.expect("the first certificate is accepted");
        let second = open(&door, super::login("user"), trust).await;
        (door, second)
    }

    #[tokio::test]
    async fn the_first_certificate_is_remembered_and_another_one_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let ((first, known), (second, found)) = (tls(vec![described()]).await, tls(vec![described()]).await);
        let (door, result) = visits(port(second.address.port()), &folder, &first).await;
        let Err(CallError::Certificate(why)) = result else { panic!("{result:?}") };
        for part in [known.to_string(), found.to_string(), KNOWN_BOXES.into(), "tls_fingerprint".into()] {
            assert!(why.contains(&part), "{part} is missing in {why}");
        }
        assert_eq!(second.requests(), Vec::<String>::new());
        let file = std::fs::read_to_string(folder.path().join(KNOWN_BOXES)).unwrap();
        assert_eq!(file, format!("127.0.0.1:{} {known}\n", door.address.port()));
    }

    #[tokio::test]
    async fn the_same_certificate_is_accepted_again() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = tls(vec![described()]).await;
        let (_door, result) = visits(port(first.address.port()), &folder, &first).await;
        assert!(result.is_ok_and(|session| session.secured()));
    }

    #[tokio::test]
    async fn a_box_that_had_tls_gets_no_login_without() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = tls(vec![described()]).await;
        let (_door, result) = visits(fault(401), &folder, &first).await;
        assert!(matches!(result, Err(CallError::Certificate(ref why)) if why.contains("offers no TLS")), "{result:?}");
    }

    #[tokio::test]
    async fn once_a_box_is_known_nothing_is_said_to_a_stranger_who_was_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(KNOWN_BOXES);
        let ((mine, known), (strange, _)) = (tls(vec![described(), ok()]).await, tls(vec![described()]).await);
        std::fs::write(&file, format!("192.168.178.1 {known}\n")).unwrap();
        let trust = Trust::Known { file: Some(file) };
        let home = FakeHttp::start(LOOPBACK, vec![described(), port(mine.address.port())]).await;
        let session = open(&home, super::login("user"), trust.clone()).await.unwrap();
        assert_eq!(get_info(&session).await, Ok("1".into()));
        let over_tls = FakeHttp::start(LOOPBACK, vec![described(), port(strange.address.port())]).await;
        for elsewhere in [over_tls, FakeHttp::start(LOOPBACK, vec![described(), port(0)]).await] {
            let result = open(&elsewhere, super::login("user"), trust.clone()).await;
            assert!(matches!(result, Err(CallError::Certificate(ref why)) if why.contains("a stranger's")), "{result:?}");
            assert_eq!(elsewhere.requests().len(), 2);
        }
        assert_eq!(strange.requests(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn behind_another_interface_is_another_box() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(KNOWN_BOXES);
        let ((first, one), (second, two)) = (tls(vec![described(), ok()]).await, tls(vec![described()]).await);
        let answers = vec![described(), port(first.address.port()), described(), port(second.address.port())];
        let door = FakeHttp::start(LOOPBACK, answers).await;
        let trust = Trust::FirstUse { file: Some(file.clone()) };
        // Everything goes through that interface: where there is none, nothing arrives.
        assert!(matches!(open_via(&door, Some("nowhere0"), super::login("user"), trust.clone()).await, Err(CallError::Http(_))));
        let place = Url::parse(&door.url("/")).unwrap();
        let pin = Pin::new("nowhere.test", FIRST_USE).unwrap();
        let wire = Wire::new(&Clients::new(&Options::default()).unwrap(), &place, Some("nowhere0"), pin);
        let service = Service { kind: "a:1".into(), control: "/a".into(), events: String::new(), scpd: String::new() };
        assert!(matches!(wire.call(&mut Signer::new(None), &[], &service, "GetInfo", &[]).await, Err(CallError::Http(_))));
        assert_eq!(door.requests(), Vec::<String>::new());
        let session = open_via(&door, Some("lo"), super::login("user"), trust.clone()).await.unwrap();
        get_info(&session).await.unwrap();
        open(&door, super::login("user"), trust).await.unwrap();
        let name = format!("127.0.0.1:{}", door.address.port());
        assert_eq!(std::fs::read_to_string(file).unwrap(), format!("{name}%lo {one}\n{name} {two}\n"));
    }

    #[tokio::test]
    async fn without_a_file_the_first_certificate_counts_for_this_run() {
        let ((first, _), (second, _)) = (tls(vec![described()]).await, tls(vec![described()]).await);
        let answers = vec![described(), port(first.address.port()), described(), port(second.address.port())];
        let door = FakeHttp::start(LOOPBACK, answers).await;
        assert!(open(&door, super::login("user"), FIRST_USE).await.is_ok());
        assert!(matches!(open(&door, super::login("user"), FIRST_USE).await, Err(CallError::Certificate(_))));
    }

    #[tokio::test]
    async fn another_certificate_than_the_configured_one_is_refused() {
        let (secure, found) = tls(vec![described()]).await;
        let door = FakeHttp::start(LOOPBACK, vec![described(), port(secure.address.port())]).await;
        let result = open(&door, super::login("user"), Trust::Pinned(Fingerprint([7; 32]))).await;
        assert!(matches!(result, Err(CallError::Certificate(ref why)) if why.contains(&found.to_string())), "{result:?}");
        assert_eq!(secure.requests(), Vec::<String>::new());
    }
}

mod answers {
    use super::*;

    async fn opening(answer: Answer) -> CallError {
        let server = FakeHttp::start(LOOPBACK, vec![answer]).await;
        open(&server, None, FIRST_USE).await.expect_err("nothing to talk to")
    }

    #[tokio::test]
    async fn an_error_page_instead_of_the_description_means_access_is_off() {
        for answer in [
            Answer::reply("200 OK", "Content-Type: text/html; charset=utf-8\r\n", "<br>"),
            Answer::ok("\n<!DOCTYPE HTML><html></html>"),
            Answer::reply("404 Not Found", "Content-Type: text/html\r\n", "<HTML>404</HTML>"),
        ] {
            assert_eq!(opening(answer).await, CallError::AccessOff);
        }
        assert_eq!(opening(Answer::reply("503 Busy", "", "")).await, CallError::Throttled);
        let error = opening(Answer::reply("500 Oops", "", "")).await;
        assert_eq!(error, CallError::Status { path: "/tr64desc.xml".into(), status: 500 });
    }

    #[tokio::test]
    async fn redirects_and_endless_or_broken_descriptions_are_refused() {
        assert!(matches!(opening(Answer::redirect(302, "http://{self}/there")).await, CallError::Http(_)));
        let long = Answer::ok(&format!("<root>{}</root>", " ".repeat(300 * 1024)));
        assert!(matches!(opening(long).await, CallError::Malformed(why) if why.contains("longer")));
        assert!(matches!(opening(Answer::ok("<root>")).await, CallError::Malformed(_)));
    }

    #[tokio::test]
    async fn a_redirect_of_a_call_is_not_followed() {
        let server = plain(vec![Answer::redirect(307, "/upnp/control/x_remote")]).await;
        assert!(matches!(get_info(&opened(&server).await).await, Err(CallError::Http(_))));
        assert_eq!(server.requests().len(), 3);
    }

    #[tokio::test]
    async fn too_many_logins_and_other_refusals_have_their_own_words() {
        for (answer, expected) in [
            (Answer::reply("503 Busy", "", "<HTML></HTML>"), CallError::Throttled),
            (Answer::reply("404 No", "", ""), CallError::Status { path: "/upnp/control/x_remote".into(), status: 404 }),
            (fault(606), CallError::Refused(SoapFault { code: 606, text: "no".into() })),
        ] {
            let server = plain(vec![answer]).await;
            assert_eq!(get_info(&opened(&server).await).await, Err(expected));
        }
        let server = plain(vec![Answer::reply("500 Oops", "", "<HTML>oops</HTML>")]).await;
        assert!(matches!(get_info(&opened(&server).await).await, Err(CallError::Malformed(_))));
    }

    #[tokio::test]
    async fn http_1_0_is_understood() {
        let Answer { bytes, .. } = ok();
        let old = String::from_utf8(bytes).unwrap().replace("HTTP/1.1", "HTTP/1.0");
        let server = plain(vec![Answer::raw(&old, End::Close)]).await;
        assert_eq!(get_info(&opened(&server).await).await, Ok("1".into()));
    }

    #[tokio::test]
    async fn nothing_goes_to_another_host_and_everything_to_the_port_in_use() {
        let path = "/upnp/control/x_remote";
        let elsewhere = TR64.replace(path, "http://192.0.2.1/upnp/control/x_remote");
        let server = FakeHttp::start(LOOPBACK, vec![Answer::ok(&elsewhere)]).await;
        let session = open(&server, None, FIRST_USE).await.unwrap();
        assert!(matches!(get_info(&session).await, Err(CallError::Malformed(why)) if why.contains("another host")));
        let whole = TR64.replace(path, "http://127.0.0.1:1/upnp/control/x_remote");
        let server = FakeHttp::start(LOOPBACK, vec![Answer::ok(&whole), ok()]).await;
        let session = open(&server, None, FIRST_USE).await.unwrap();
        assert_eq!(get_info(&session).await, Ok("1".into()));
    }

    #[tokio::test]
    async fn a_login_in_the_address_is_refused_before_it_goes_anywhere() {
        let server = FakeHttp::start(LOOPBACK, vec![described()]).await;
        let place = Url::parse(&server.url("/").replace("http://", "http://user:geheim@")).unwrap();
        let clients = Clients::new(&Options::default()).unwrap();
        let error = Session::open(&clients, &place, None, None, FIRST_USE).await.expect_err("two places for one login");
        assert!(error.to_string().contains("[fritzbox] username") && !error.to_string().contains("geheim"), "{error}");
        assert_eq!(server.requests(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_service_is_found_by_the_whole_end_of_its_type() {
        let server = FakeHttp::start(LOOPBACK, vec![described()]).await;
        let session = open(&server, None, FIRST_USE).await.unwrap();
        assert!(session.offers(SERVICE) && session.offers("WANPPPConnection:1"));
        assert!(!session.offers("PPPConnection:1") && !session.offers("Nothing:1"));
        assert_eq!(session.call("Nothing:1", "Do", &[]).await, Err(CallError::Missing { service: "Nothing:1".into() }));
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn the_wan_service_in_use_is_told_or_guessed() {
        let told = |name| answer("GetDefaultConnectionService", "", &[("NewDefaultConnectionService", name)]);
        for (answer, expected) in [
            (told("1.WANIPConnection.1"), "WANIPConnection:1"),
            (told("1.WANPPPConnection.1"), "WANPPPConnection:1"),
            (told("1.WANOtherConnection.1"), "WANPPPConnection:1"),
            (fault(606), "WANPPPConnection:1"),
        ] {
            let server = FakeHttp::start(LOOPBACK, vec![described(), answer]).await;
            let session = open(&server, None, FIRST_USE).await.unwrap();
            assert_eq!(session.wan_service().await, Ok(expected.into()));
        }
    }
}

mod second_factor {
    use super::*;

    fn started(state: &str) -> Answer {
        let results = [("NewState", state), ("NewToken", "1-2-3"), ("NewMethods", "button,dtmf;*14048")];
        answer("SetConfig", "", &results)
    }

    fn state(state: &str) -> Answer {
        answer("GetState", "", &[("NewState", state)])
    }

    async fn dance(answers: Vec<Answer>) -> (Result<String, CallError>, Vec<SecondFactor>, Vec<String>) {
        let server = FakeHttp::start(LOOPBACK, [vec![described(), fault(866)], answers].concat()).await;
        let session = open(&server, None, FIRST_USE).await.unwrap();
        let mut told = Vec::new();
        let result = session.call_confirmed(SERVICE, "GetInfo", &[], &mut |factor| told.push(factor.clone())).await;
        (result.map(|results| results["NewEnabled"].clone()), told, server.requests())
    }

    #[tokio::test]
    async fn a_confirmed_change_is_made_with_the_token() {
        let (result, told, asked) = dance(vec![started("waitingforauth"), state("waitingforauth"), state("authenticated"), ok()]).await;
        assert_eq!(result, Ok("1".into()));
        assert_eq!(told, [SecondFactor { ways: vec![Confirmation::Button, Confirmation::Dial("*14048".into())] }]);
        assert!(asked[2].contains("<NewAction>start</NewAction>"), "{}", asked[2]);
        let last = asked.last().unwrap();
        assert!(last.contains("<avm:token xmlns:avm=\"avm.de\" s:mustUnderstand=\"1\">1-2-3</avm:token>"), "{last}");
    }

    #[tokio::test]
    async fn a_refused_change_is_cancelled_at_the_box() {
        for end in ["failure", "blocked", "stopped"] {
            let (result, _, asked) = dance(vec![started("waitingforauth"), state(end), started("stopped")]).await;
            assert!(matches!(result, Err(CallError::Unconfirmed(_))), "{result:?}");
            assert!(asked.last().unwrap().contains("<NewAction>stop</NewAction>"));
        }
    }

    #[tokio::test]
    async fn nobody_at_the_box_ends_after_a_minute_of_questions() {
        let (result, _, asked) = dance(vec![started("waitingforauth"), state("waitingforauth")]).await;
        assert!(matches!(result, Err(CallError::Unconfirmed(_))), "{result:?}");
        assert_eq!(asked.iter().filter(|request| request.contains("GetState xmlns")).count(), 60);
    }

    #[tokio::test]
    async fn the_confirmation_of_somebody_else_is_left_alone() {
        let (result, told, asked) = dance(vec![started("anotherauthprocess")]).await;
        assert!(matches!(result, Err(CallError::Unconfirmed(_))), "{result:?}");
        assert!(told.is_empty() && asked.len() == 3);
    }

    #[tokio::test]
    async fn an_unguarded_change_needs_nothing() {
        let server = FakeHttp::start(LOOPBACK, vec![described(), ok()]).await;
        let session = open(&server, None, FIRST_USE).await.unwrap();
        let result = session.call_confirmed(SERVICE, "GetInfo", &[], &mut |_| panic!("nothing to confirm")).await;
        assert_eq!(result.map(|results| results.len()), Ok(1));
    }
}
