use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::super::fake;
use super::*;

/// A server on loopback, and its daemon.
struct Stage {
    server: Server,
    asked: Arc<AtomicUsize>,
    folder: tempfile::TempDir,
}

impl Stage {
    fn with(settings: &Web) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (questions, asked) = fake::daemon(fake::snapshot("default"));
        Self { server: Server::start(settings, Some(folder.path()), questions), asked, folder }
    }

    fn new() -> Self {
        Self::with(&fake::web())
    }

    /// Of the first listener.
    fn address(&self) -> SocketAddr {
        self.server.doors[0].address().expect("it is open")
    }

    /// What a client gets that sends this head.
    async fn ask(&self, head: &str) -> String {
        ask(self.address(), head).await
    }

    async fn get(&self, path: &str, fields: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{fields}\r\n")).await
    }
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut client = TcpStream::connect(address).await.expect("it listens");
    client.write_all(request.as_bytes()).await.expect("it reads");
    rest(&mut client).await
}

async fn rest(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = client.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).expect("text")
}

/// One answer whose body is `ok`, on a connection that stays.
async fn healthy(client: &mut TcpStream) -> bool {
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if client.write_all(request).await.is_err() {
        return false;
    }
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\nok") {
        match client.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => return false,
        }
    }
    true
}

const ADMIN: &str = "Authorization: Basic YWRtaW46Z2VoZWlt\r\n";
const GUEST: &str = "Authorization: Basic Z3Vlc3Q6Z2VoZWlt\r\n";
const WRONG: &str = "Authorization: Basic YWRtaW46ZmFsc2No\r\n";
/// A name that somebody else has pointed here.
const FOREIGN: &str = "Host: evil.test\r\n";

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[track_caller]
fn is_page(answer: &str, status: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("\r\ncontent-type: text/html\r\n"), "{answer}");
    assert!(body(answer).starts_with("<HTML>"), "{answer}");
}

mod answers {
    use super::*;

    #[tokio::test]
    async fn health_is_told_to_everybody_and_asks_nobody() {
        let stage = Stage::new();
        for fields in ["", FOREIGN, WRONG] {
            let answer = stage.get("/healthz", fields).await;
            assert!(answer.starts_with("HTTP/1.1 200 ") && body(&answer) == "ok", "{answer}");
        }
        assert_eq!(stage.asked.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn every_answer_says_how_long_it_is_and_that_it_is_not_to_be_kept_or_guessed_at() {
        let stage = Stage::new();
        for path in ["/", "/healthz", "/api/v1/status", "/none"] {
            let answer = stage.get(path, "").await;
            for field in [
                &format!("content-length: {}", body(&answer).len()),
                "cache-control: no-store",
                "x-content-type-options: nosniff",
                "server: wanbeacon",
            ] {
                assert!(answer.contains(&format!("\r\n{field}\r\n")), "{path} lacks {field}: {answer}");
            }
        }
    }

    #[tokio::test]
    async fn a_head_is_like_a_get_without_the_body() {
        let stage = Stage::new();
        for path in ["/", "/healthz", "/api/v1/status"] {
            let get = stage.get(path, "").await;
            let head = stage.ask(&format!("HEAD {path} HTTP/1.1\r\nConnection: close\r\n\r\n")).await;
            let without_date = |text: &str| text.lines().filter(|line| !line.starts_with("date:")).map(str::to_owned).collect::<Vec<_>>();
            let (get_head, _) = get.split_once("\r\n\r\n").expect("a head");
            assert_eq!(without_date(head.trim_end()), without_date(get_head), "{path}");
            assert_eq!(body(&head), "");
        }
    }

    #[tokio::test]
    async fn other_methods_are_told_which_ones_there_are() {
        let stage = Stage::new();
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            for path in ["/", "/healthz", "/api/v1/status"] {
                let answer = stage.ask(&format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n\r\n")).await;
                is_page(&answer, "405");
                assert!(answer.contains("\r\nallow: GET, HEAD\r\n"), "{answer}");
            }
        }
        assert_eq!(stage.asked.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn the_root_names_what_there_is() {
        let answer = Stage::new().get("/", "").await;
        is_page(&answer, "404");
        assert!(answer.contains("/api/v1/status") && answer.contains("/healthz"), "{answer}");
    }

    #[tokio::test]
    async fn paths_are_taken_literally() {
        let stage = Stage::new();
        let paths = [
            "//healthz",
            "/healthz/",
            "/./healthz",
            "/x/../healthz",
            "/%68ealthz",
            "/%2e/healthz",
            "/HEALTHZ",
            "/healthz%00",
            "/healthz;a",
            "*",
            "/api/v1/",
        ];
        for path in paths {
            is_page(&stage.get(path, "").await, "404");
        }
        assert!(stage.get("/healthz?a=b", "").await.starts_with("HTTP/1.1 200 "));
    }

    #[tokio::test]
    async fn a_page_that_says_what_went_wrong_does_not_repeat_what_the_client_said() {
        let answer = Stage::new().get("/<script>alert(1)</script>", "").await;
        assert!(!answer.contains("script"), "{answer}");
        assert!(!Stage::new().get("/%3Cscript%3E", "").await.contains("script"));
    }

    #[tokio::test]
    async fn http_1_0_gets_one_answer_and_the_end() {
        let stage = Stage::new();
        let answer = stage.ask("GET /healthz HTTP/1.0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.0 200 ") && answer.contains("content-length: 2\r\n") && body(&answer) == "ok", "{answer}");
    }

    #[tokio::test]
    async fn who_sends_too_much_still_gets_to_read_why_it_is_refused() {
        let stage = Stage::new();
        for fields in ["Content-Length: 200000\r\n", "Content-Length: 200000\r\nExpect: 100-continue\r\n"] {
            let request = format!("POST /none HTTP/1.1\r\n{fields}\r\n{}", "x".repeat(200_000));
            is_page(&stage.ask(&request).await, "413");
        }
    }

    #[tokio::test]
    async fn an_absolute_target_is_read_like_its_path_and_its_authority_counts_as_the_host() {
        let stage = Stage::new();
        let answer = stage.get("http://evil.test/api/v1/status", "Host: localhost\r\n").await;
        is_page(&answer, "401");
        let answer = stage.get("http://localhost/api/v1/status", FOREIGN).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        is_page(&stage.get("/api/v1/status", "Host: localhost\r\nHost: evil.test\r\n").await, "400");
        is_page(&stage.ask("CONNECT localhost:80 HTTP/1.1\r\nConnection: close\r\n\r\n").await, "404");
    }

    #[tokio::test]
    async fn a_face_without_the_web_serves_no_state() {
        let mut settings = fake::web();
        settings.tr064 = crate::config::Face { enabled: true, listen: Some("127.0.0.2:0".parse().expect("an address")), tls_listen: None };
        let stage = Stage::with(&settings);
        let other = stage.server.doors[1].address().expect("it is open");
        is_page(&ask(other, "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").await, "404");
        is_page(&ask(other, "GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n\r\n").await, "404");
        assert!(stage.get("/healthz", "").await.starts_with("HTTP/1.1 200 "));
    }
}

mod the_state {
    use super::*;

    #[tokio::test]
    async fn it_is_shown_to_this_machine_as_json() {
        let stage = Stage::new();
        for fields in ["", "Host: 127.0.0.1:8245\r\n", "Host: localhost\r\n", "Host: [::1]:8245\r\n", WRONG] {
            let answer = stage.get("/api/v1/status", fields).await;
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\r\ncontent-type: application/json\r\n"), "{answer}");
            let shown: crate::rules::snapshot::Snapshot = serde_json::from_str(body(&answer)).expect("a snapshot");
            assert_eq!(shown, fake::snapshot("default"));
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_ours_and_a_proxy_need_a_login() {
        let stage = Stage::new();
        for fields in [
            FOREIGN,
            "Host: \r\n",
            "X-Forwarded-For: 192.0.2.1\r\n",
            "Forwarded: for=192.0.2.1\r\n",
            "Via: 1.1 x\r\n",
            "X-Real-IP: 192.0.2.1\r\n",
        ] {
            let answer = stage.get("/api/v1/status", fields).await;
            is_page(&answer, "401");
            assert!(answer.contains("\r\nwww-authenticate: Basic realm=\"wanbeacon\", charset=\"UTF-8\"\r\n"), "{answer}");
            let answer = stage.get("/api/v1/status", &format!("{fields}{ADMIN}")).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
        assert_eq!(stage.asked.load(Ordering::Relaxed), 6);
    }

    #[tokio::test]
    async fn a_user_without_a_right_and_a_wrong_password_see_nothing() {
        let stage = Stage::new();
        is_page(&stage.get("/api/v1/status", &format!("{FOREIGN}{GUEST}")).await, "403");
        is_page(&stage.get("/api/v1/status", &format!("{FOREIGN}{WRONG}")).await, "401");
        assert_eq!(stage.asked.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_guesses_is_refused_for_a_while_even_with_the_right_password() {
        let stage = Stage::new();
        for _ in 0..10 {
            is_page(&stage.get("/api/v1/status", &format!("{FOREIGN}{WRONG}")).await, "401");
        }
        let answer = stage.get("/api/v1/status", &format!("{FOREIGN}{ADMIN}")).await;
        is_page(&answer, "503");
        assert!(answer.contains("\r\nretry-after: "), "{answer}");
        assert!(stage.get("/api/v1/status", "").await.starts_with("HTTP/1.1 200 "));
        assert!(stage.get("/healthz", "").await.starts_with("HTTP/1.1 200 "));
    }

    #[tokio::test]
    async fn users_are_looked_up_at_every_request() {
        let mut stage = Stage::new();
        let mut settings = fake::web();
        settings.users.clear();
        stage.server.follow(&settings);
        is_page(&stage.get("/api/v1/status", &format!("{FOREIGN}{ADMIN}")).await, "401");
    }
}

mod listening {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_stays_keeps_its_connections_and_one_that_goes_does_not() {
        let mut settings = fake::web();
        settings.tr064 = crate::config::Face { enabled: true, listen: Some("127.0.0.2:0".parse().expect("an address")), tls_listen: None };
        let mut stage = Stage::with(&settings);
        let (stays, goes) = (stage.address(), stage.server.doors[1].address().expect("it is open"));
        let mut staying = TcpStream::connect(stays).await.expect("it listens");
        assert!(healthy(&mut staying).await);
        let mut going = TcpStream::connect(goes).await.expect("it listens");
        settings.tr064 = crate::config::Face::default();
        assert_eq!(stage.server.follow(&settings), [""; 0]);
        assert_eq!(rest(&mut going).await, "");
        assert!(TcpStream::connect(goes).await.is_err());
        assert!(healthy(&mut staying).await);
        assert_eq!(stage.address(), stays);
        settings.enabled = false;
        stage.server.follow(&settings);
        assert_eq!(rest(&mut staying).await, "");
        assert!(TcpStream::connect(stays).await.is_err());
    }

    #[tokio::test]
    async fn a_wider_address_takes_over_the_port_of_a_narrower_one() {
        let mut settings = fake::web();
        // The first is everybody's, so that the port is nobody else's.
        settings.listen = "0.0.0.0:0".parse().expect("an address");
        let mut stage = Stage::with(&settings);
        let port = stage.address().port();
        let mut clients = Vec::new();
        for host in ["127.0.0.1", "0.0.0.0", "[::]", "127.0.0.1", "[::]"] {
            settings.listen = format!("{host}:{port}").parse().expect("an address");
            assert_eq!(stage.server.follow(&settings), [""; 0], "{host}");
            let mut client = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
            assert!(healthy(&mut client).await, "{host}");
            clients.push(client);
        }
    }

    #[tokio::test]
    async fn both_families_are_served_at_the_address_for_everybody_and_ipv4_is_seen_as_ipv4() {
        let mut settings = fake::web();
        settings.listen = "[::]:0".parse().expect("an address");
        let stage = Stage::with(&settings);
        let port = stage.address().port();
        let answer = ask(([127, 0, 0, 1], port).into(), "GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_told_with_a_remedy_and_opened_later() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let mut settings = fake::web();
        settings.listen = taken.local_addr().expect("bound");
        let mut stage = Stage::with(&settings);
        let problems = stage.server.follow(&settings);
        assert!(
            matches!(&problems[..], [it] if it.contains(&settings.listen.to_string()) && it.contains("another program")),
            "{problems:?}"
        );
        drop(taken);
        assert_eq!(stage.server.follow(&settings), [""; 0]);
        assert!(stage.get("/healthz", "").await.starts_with("HTTP/1.1 200 "));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_is_taken_is_tried_again_every_minute() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let mut settings = fake::web();
        settings.listen = taken.local_addr().expect("bound");
        let stage = Stage::with(&settings);
        assert_eq!(stage.server.doors[0].address(), None);
        tokio::time::sleep(Duration::from_secs(61)).await;
        assert_eq!(stage.server.doors[0].address(), None);
        drop(taken);
        tokio::time::sleep(Duration::from_secs(61)).await;
        assert_eq!(stage.server.doors[0].address(), Some(settings.listen));
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_told_and_hinders_nothing_else() {
        let mut settings = fake::web();
        settings.tr064 = crate::config::Face { enabled: true, listen: Some("192.0.2.1:0".parse().expect("an address")), tls_listen: None };
        let mut stage = Stage::with(&settings);
        let problems = stage.server.follow(&settings);
        assert!(
            matches!(&problems[..], [it] if it.contains("192.0.2.1:0 (TR-064)") && it.contains("does not have this address")),
            "{problems:?}"
        );
        assert!(stage.get("/healthz", "").await.starts_with("HTTP/1.1 200 "));
    }

    #[tokio::test]
    async fn ports_are_told_once_they_are_open() {
        let mut settings = fake::web();
        let mut stage = Stage::with(&settings);
        assert_eq!((stage.server.tls_port(), stage.server.security_port(), stage.server.fingerprint()), (None, None, None));
        settings.tls_listen = Some("127.0.0.1:0".parse().expect("an address"));
        settings.tr064 = crate::config::Face { enabled: true, listen: None, tls_listen: Some("127.0.0.2:0".parse().expect("an address")) };
        assert_eq!(stage.server.follow(&settings), [""; 0]);
        let (web, tr064) = (stage.server.tls_port(), stage.server.security_port());
        assert!(web.is_some() && tr064.is_some() && web != tr064);
        settings.tr064.tls_listen = None;
        stage.server.follow(&settings);
        assert_eq!((stage.server.tls_port(), stage.server.security_port()), (web, web));
    }
}

mod ending {
    use super::*;

    #[tokio::test]
    async fn an_answer_on_its_way_arrives_and_nobody_else_is_let_in() {
        let (questions, mut daemon) = mpsc::channel(1);
        let server = Server::start(&fake::web(), None, questions);
        let address = server.doors[0].address().expect("it is open");
        let mut client = TcpStream::connect(address).await.expect("it listens");
        client.write_all(b"GET /api/v1/status HTTP/1.1\r\n\r\n").await.expect("it reads");
        let Some(Question::Status(place)) = daemon.recv().await else {
            panic!("a question about the state");
        };
        let client_side = async {
            assert!(TcpStream::connect(address).await.is_err());
            place.send(fake::snapshot("default")).expect("somebody waits");
            rest(&mut client).await
        };
        let ((), answer) = tokio::join!(server.end(), client_side);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    #[tokio::test]
    async fn nobody_can_hold_it_up() {
        let (questions, _daemon) = mpsc::channel(1);
        let server = Server::start(&fake::web(), None, questions);
        let address = server.doors[0].address().expect("it is open");
        let mut silent = TcpStream::connect(address).await.expect("it listens");
        assert!(healthy(&mut silent).await);
        let mut asking = TcpStream::connect(address).await.expect("it listens");
        asking.write_all(b"GET /api/v1/status HTTP/1.1\r\n\r\nGET /").await.expect("it reads");
        let mut writing = TcpStream::connect(address).await.expect("it listens");
        writing.write_all(b"GET / HTTP/1.1\r\nX: ").await.expect("it reads");
        server.end().await;
        for client in [&mut silent, &mut asking, &mut writing] {
            assert_eq!(rest(client).await, "");
        }
    }
}

mod tls {
    use super::*;

    fn settings() -> Web {
        let mut settings = fake::web();
        settings.tls_listen = Some("127.0.0.1:0".parse().expect("an address"));
        settings
    }

    /// A client that trusts the certificate in the folder and nothing else.
    fn client(stage: &Stage, versions: &[&'static rustls::SupportedProtocolVersion]) -> reqwest::Client {
        use rustls_pki_types::pem::PemObject as _;
        let file = stage.folder.path().join("web_certificate.pem");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(rustls_pki_types::CertificateDer::from_pem_file(file).expect("a certificate")).expect("usable");
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("ring has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy().build().expect("a client")
    }

    #[tokio::test]
    async fn a_client_that_knows_the_certificate_is_served_with_both_versions() {
        let stage = Stage::with(&settings());
        let port = stage.server.tls_port().expect("it is open");
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            for host in ["localhost", "127.0.0.1"] {
                let url = format!("https://{host}:{port}/healthz");
                let answer = client(&stage, &[version]).get(url).send().await.expect("an answer");
                assert_eq!((answer.status().as_u16(), answer.text().await.expect("text").as_str()), (200, "ok"));
            }
        }
    }

    #[tokio::test]
    async fn the_state_needs_a_login_whoever_asks() {
        let stage = Stage::with(&settings());
        let url = format!("https://127.0.0.1:{}/api/v1/status", stage.server.tls_port().expect("it is open"));
        let client = client(&stage, &[&rustls::version::TLS13]);
        assert_eq!(client.get(&url).send().await.expect("an answer").status().as_u16(), 401);
        let answer = client.get(&url).basic_auth("admin", Some("geheim")).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_that_does_not_go_on_ends_and_gives_its_place_back() {
        let stage = Stage::with(&settings());
        let address = SocketAddr::from(([127, 0, 0, 1], stage.server.tls_port().expect("it is open")));
        let mut silent = TcpStream::connect(address).await.expect("it listens");
        silent.write_all(b"\x16\x03\x01").await.expect("it reads");
        assert_eq!(rest(&mut silent).await, "");
        assert_eq!(stage.server.house.places.count(), 0);
    }

    #[tokio::test]
    async fn the_certificate_is_the_same_after_a_restart() {
        let stage = Stage::with(&settings());
        let again = Server::start(&settings(), Some(stage.folder.path()), mpsc::channel(1).0);
        assert!(again.fingerprint().is_some());
        assert_eq!(again.fingerprint(), stage.server.fingerprint());
    }

    #[tokio::test]
    async fn a_certificate_that_was_replaced_is_shown_to_the_next_client() {
        let mut stage = Stage::with(&settings());
        let port = stage.server.tls_port().expect("it is open");
        let url = format!("https://127.0.0.1:{port}/healthz");
        let before = client(&stage, &[&rustls::version::TLS13]);
        let other = tempfile::tempdir().expect("a temporary folder");
        let fingerprint = identity(Some(other.path()), &[]).expect("a certificate").fingerprint();
        for file in ["web_certificate.pem", "web_key.pem"] {
            std::fs::copy(other.path().join(file), stage.folder.path().join(file)).expect("writable");
        }
        stage.server.follow(&settings());
        assert_eq!((stage.server.tls_port(), stage.server.fingerprint()), (Some(port), Some(fingerprint)));
        assert!(before.get(&url).send().await.is_err());
        let after = client(&stage, &[&rustls::version::TLS13]).get(format!("https://localhost:{port}/healthz")).send().await;
        assert_eq!(after.expect("an answer").status().as_u16(), 200);
        std::fs::write(stage.folder.path().join("web_key.pem"), "damaged").expect("writable");
        stage.server.follow(&settings());
        assert_eq!(stage.server.fingerprint(), Some(fingerprint));
    }

    #[tokio::test]
    async fn a_client_without_tls_is_sent_away() {
        let stage = Stage::with(&settings());
        let address = SocketAddr::from(([127, 0, 0, 1], stage.server.tls_port().expect("it is open")));
        let answer = ask(address, "GET /healthz HTTP/1.1\r\n\r\n").await;
        assert!(!answer.contains("HTTP/"), "{answer}");
    }
}

mod crowds {
    use super::*;

    /// For both ends of all connections; systems begin with 1024 and allow more.
    fn room_for_descriptors() {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let wanted = maximum.map_or(4096, |maximum| maximum.min(4096));
        if current.is_some_and(|current| current < wanted) {
            setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).expect("up to the maximum everybody may");
        }
    }

    async fn from(source: [u8; 4], to: SocketAddr) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((source, 0).into()).expect("an address of loopback");
        let client = socket.connect(to).await.expect("it listens");
        // Ports of a crowd that has gone are free at once.
        client.set_zero_linger().expect("a TCP option");
        client
    }

    #[tokio::test]
    async fn a_thousand_idle_slowly_writing_and_slowly_reading_clients_keep_nobody_else_out() {
        room_for_descriptors();
        let stage = Stage::new();
        let address = stage.address();
        let mut crowd = Vec::new();
        for number in 0..1000_u32 {
            let mut client = from([127, 0, 1, 1 + u8::try_from(number % 40).expect("small")], address).await;
            // Ended already, if there are too many.
            let _ = match number % 4 {
                0 | 1 => Ok(()),
                2 => client.write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX: ").await,
                _ => client.write_all(&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200)).await,
            };
            crowd.push(client);
            if number % 10 == 9 {
                let mut client = from([127, 0, 2, 1], address).await;
                assert!(healthy(&mut client).await, "after {number}");
                assert!(stage.server.house.places.count() <= 256);
            }
        }
        assert_eq!(stage.asked.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn one_client_has_its_share_and_no_more() {
        let stage = Stage::new();
        let mut clients = Vec::new();
        for _ in 0..40 {
            clients.push(from([127, 0, 3, 1], stage.address()).await);
        }
        let mut other = from([127, 0, 3, 2], stage.address()).await;
        assert!(healthy(&mut other).await);
        let mut served = 0;
        for client in &mut clients {
            served += usize::from(healthy(client).await);
        }
        assert_eq!(served, 32);
        drop(clients);
        let mut again = from([127, 0, 3, 1], stage.address()).await;
        for _ in 0..100 {
            if healthy(&mut again).await {
                return;
            }
            again = from([127, 0, 3, 1], stage.address()).await;
        }
        panic!("places are not given back");
    }

    // go-tr064 leaves a connection open with every challenge that it gets.
    #[tokio::test]
    async fn a_client_that_leaves_its_connections_open_goes_on_with_new_ones() {
        let stage = Stage::new();
        let mut left = Vec::new();
        for number in 0..40 {
            let mut client = from([127, 0, 3, 1], stage.address()).await;
            assert!(healthy(&mut client).await, "after {number}");
            left.push(client);
            assert!(stage.server.house.places.count() <= 32);
        }
        assert!(!healthy(&mut left[0]).await && healthy(&mut left[39]).await, "the one that rests longest goes");
    }

    #[tokio::test]
    async fn a_request_that_the_daemon_is_answering_is_not_given_up_for_others() {
        let (questions, mut daemon) = mpsc::channel(1);
        let server = Server::start(&fake::web(), None, questions);
        let address = server.doors[0].address().expect("it is open");
        let mut asking = from([127, 0, 4, 1], address).await;
        asking.write_all(b"GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n\r\n").await.expect("it reads");
        let Some(Question::Status(place)) = daemon.recv().await else {
            panic!("a question about the state");
        };
        let mut crowd = Vec::new();
        for number in 0..400_u32 {
            crowd.push(from([127, 0, 5, 1 + u8::try_from(number % 20).expect("small")], address).await);
        }
        let mut other = from([127, 0, 4, 2], address).await;
        assert!(healthy(&mut other).await);
        place.send(fake::snapshot("default")).expect("somebody waits");
        assert!(rest(&mut asking).await.starts_with("HTTP/1.1 200 "));
    }
}
