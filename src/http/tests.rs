use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::resolve::fake::{FakeDns, Zone};
use crate::rules::secret::Secret;

use super::fake::{Answer, Authority, End, FakeHttp};
use super::*;

const V4: &str = "127.0.0.1:0";

/// The library's own limits, but short: what runs into one is over soon.
const SHORT: Limits = Limits { connect: Duration::from_millis(200), total: Duration::from_millis(400), body: BODY_LIMIT };

fn options() -> Options {
    Options { user_agent: "wanbeacon/test".into(), ..Options::default() }
}

fn clients() -> Clients {
    Clients::new(&options()).expect("nothing to read")
}

fn prepared(url: &str) -> Prepared {
    Prepared {
        via: None,
        method: "GET".into(),
        url: Secret::new(url.into()),
        shown: url.into(),
        host: "localhost".into(),
        headers: Vec::new(),
        body: None,
        basic: Some(("user".into(), Secret::new("geheim".into()))),
        only: None,
        secrets: Vec::new(),
    }
}

/// `base64("user:geheim")`.
const CREDENTIALS: &str = "Basic dXNlcjpnZWhlaW0=";

async fn get(answer: Answer) -> Result<Reply, Fault> {
    let server = FakeHttp::start(V4, vec![answer]).await;
    clients().get(&server.url("/"), None, None, &Limits::default()).await
}

async fn send(url: &str) -> Result<Reply, Fault> {
    clients().send(&prepared(url), &Limits::default()).await
}

fn coded(coding: &str, bytes: &[u8]) -> Answer {
    Answer::reply("200 OK", &format!("Content-Encoding: {coding}\r\n"), bytes)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

mod request {
    use super::*;

    #[tokio::test]
    async fn it_names_the_program_and_holds_the_credentials_in_one_field_only() {
        let server = FakeHttp::start(V4, vec![Answer::ok("good 192.0.2.1")]).await;
        let reply = send(&server.url("/nic/update?hostname=a.test")).await.expect("a reply");
        assert_eq!((reply.status, reply.body), (200, b"good 192.0.2.1".to_vec()));
        let request = server.requests()[0].to_ascii_lowercase();
        assert!(request.starts_with("get /nic/update?hostname=a.test http/1.1\r\n"), "{request}");
        assert!(request.contains("user-agent: wanbeacon/test\r\n"), "{request}");
        assert!(!request.contains("accept-encoding"), "{request}");
        assert_eq!(request.matches("authorization").count(), 1, "{request}");
        assert!(request.contains(&format!("authorization: {CREDENTIALS}\r\n").to_ascii_lowercase()), "{request}");
    }

    #[tokio::test]
    async fn credentials_in_the_url_become_a_field_that_redirects_keep() {
        let server = FakeHttp::start(V4, vec![Answer::redirect(301, "//{self}/next"), Answer::ok("good")]).await;
        let url = server.url("/").replace("http://", "http://user:geh%65im@");
        clients().send(&Prepared { basic: None, ..prepared(&url) }, &Limits::default()).await.expect("a reply");
        assert!(server.requests().iter().all(|request| request.contains(CREDENTIALS)), "{:?}", server.requests());
    }

    #[tokio::test]
    async fn method_fields_and_body_are_sent_as_ordered() {
        let server = FakeHttp::start(V4, vec![Answer::ok("ok")]).await;
        let order = Prepared {
            method: "PATCH".into(),
            headers: vec![("X-Api-Key".into(), Secret::new("k3y".into()))],
            body: Some(Secret::new("{\"ip\":\"192.0.2.1\"}".into())),
            basic: None,
            ..prepared(&server.url("/dns"))
        };
        clients().send(&order, &Limits::default()).await.expect("a reply");
        let request = server.requests().remove(0);
        assert!(request.starts_with("PATCH /dns HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("x-api-key: k3y\r\n") && request.ends_with("\r\n\r\n{\"ip\":\"192.0.2.1\"}"), "{request}");
    }

    #[tokio::test]
    async fn what_cannot_be_sent_is_said_without_the_secret() {
        let field = |name: &str, value: &str| Prepared {
            headers: vec![(name.into(), Secret::new(value.into()))],
            ..prepared("http://127.0.0.1:9/")
        };
        let orders = [
            prepared("geheim"),
            prepared("ftp://127.0.0.1/geheim"),
            Prepared { method: "GET IT".into(), ..prepared("http://127.0.0.1:9/") },
            field("X-Key", "geheim\r\nHost: elsewhere"),
            field("X Key", "geheim"),
        ];
        for order in orders {
            let fault = clients().send(&order, &Limits::default()).await.expect_err("it cannot be sent");
            assert!(matches!(&fault, Fault::Unsendable(text) if !text.contains("geheim")), "{fault:?}");
        }
    }
}

mod reply {
    use super::*;

    #[tokio::test]
    async fn fields_have_lower_case_names() {
        let reply = get(Answer::reply("429 Slow", "Retry-After: 120\r\n", "")).await.expect("a reply");
        assert_eq!(reply.status, 429);
        assert!(reply.headers.contains(&("retry-after".into(), "120".into())), "{:?}", reply.headers);
    }

    #[tokio::test]
    async fn gzip_and_both_kinds_of_deflate_are_decoded_unasked() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(b"good").expect("memory");
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
        raw.write_all(b"good").expect("memory");
        let bodies = [
            ("gzip", gzip(b"good")),
            ("X-GZIP, identity", gzip(b"good")),
            ("deflate", zlib.finish().expect("memory")),
            ("deflate", raw.finish().expect("memory")),
        ];
        for (coding, bytes) in bodies {
            let reply = get(coded(coding, &bytes)).await.expect("a reply");
            assert_eq!((reply.body, reply.oversized), (b"good".to_vec(), false), "{coding}");
        }
    }

    #[tokio::test]
    async fn an_unknown_coding_is_named() {
        let reply = get(coded("br", b"good")).await.expect("a reply");
        assert_eq!((reply.unknown_encoding.as_deref(), reply.body.len()), (Some("br"), 0));
    }

    #[tokio::test]
    async fn a_broken_coding_is_ambiguous() {
        let mut bytes = gzip(b"good");
        bytes.truncate(bytes.len() - 4);
        assert!(matches!(get(coded("gzip", &bytes)).await, Err(Fault::Ambiguous(_))));
        assert!(matches!(get(coded("gzip", b"good")).await, Err(Fault::Ambiguous(_))));
    }

    #[tokio::test]
    async fn a_bomb_is_cut_at_the_limit() {
        let bomb = gzip(&[b"good\n".as_slice(), &vec![b' '; 50 << 20]].concat());
        assert!(bomb.len() < BODY_LIMIT, "the wire holds all of it");
        let reply = get(coded("gzip", &bomb)).await.expect("a reply");
        assert_eq!((reply.body.len(), reply.oversized), (BODY_LIMIT, true));
        assert!(reply.body.capacity() <= 4 * BODY_LIMIT, "{} bytes were unpacked", reply.body.capacity());
    }

    #[tokio::test]
    async fn filler_behind_a_good_line_makes_the_reply_oversized() {
        let filler = [b"good 192.0.2.1\n".as_slice(), &vec![b'x'; 10 << 20]].concat();
        let reply = get(Answer::reply("200 OK", "", filler)).await.expect("a reply");
        assert_eq!((reply.body.len(), reply.oversized), (BODY_LIMIT, true));
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_is_not_oversized() {
        let body = vec![b'x'; BODY_LIMIT];
        for answer in [Answer::reply("200 OK", "", &body), coded("gzip", &gzip(&body))] {
            let reply = get(answer).await.expect("a reply");
            assert_eq!((reply.body.len(), reply.oversized), (BODY_LIMIT, false));
        }
    }
}

mod after_sending {
    use super::*;

    async fn is_ambiguous(answer: Answer) {
        let fault = get(answer.clone()).await.expect_err("no usable reply");
        assert!(matches!(fault, Fault::Ambiguous(_)), "{answer:?}: {fault:?}");
    }

    #[tokio::test]
    async fn broken_framing_is_ambiguous() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        is_ambiguous(Answer::raw(&format!("{chunked}911\r\ngood\r\n0\r\n\r\n"), End::Close)).await;
        is_ambiguous(Answer::raw(&format!("{chunked}good\r\n"), End::Close)).await;
        is_ambiguous(Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ngood", End::Close)).await;
        is_ambiguous(Answer::raw("good\r\n", End::Close)).await;
        is_ambiguous(Answer::raw("", End::Close)).await;
    }

    #[tokio::test]
    async fn a_reset_in_the_middle_of_a_word_is_ambiguous() {
        is_ambiguous(Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoo", End::Reset)).await;
        is_ambiguous(Answer::raw("", End::Reset)).await;
    }

    #[tokio::test]
    async fn a_dribble_ends_at_the_total_limit() {
        let server = FakeHttp::start(V4, vec![Answer::raw("HTTP/1.1 200 OK\r\n\r\ngood", End::Dribble)]).await;
        let limits = Limits { total: Duration::from_secs(1), ..Limits::default() };
        let fault = clients().send(&prepared(&server.url("/")), &limits).await.expect_err("it never ends");
        assert_eq!(fault, Fault::Ambiguous("no complete reply within 1s".into()));
        assert_eq!(server.requests().len(), 1);
    }
}

mod before_sending {
    use super::*;

    #[tokio::test]
    async fn a_refused_connection_says_so() {
        let closed = tokio::net::TcpListener::bind(V4).await.expect("loopback").local_addr().expect("bound");
        let fault = send(&format!("http://{closed}/?password=geheim")).await.expect_err("nobody listens");
        assert!(matches!(&fault, Fault::Connect(text) if text.contains("refused") && !text.contains("geheim")), "{fault:?}");
    }

    #[tokio::test]
    async fn a_handshake_that_nobody_answers_ends_at_the_connect_limit() {
        // The system accepts for a listener that never does: TLS waits for its first answer.
        let mute = tokio::net::TcpListener::bind(V4).await.expect("loopback");
        let url = format!("https://{}/", mute.local_addr().expect("bound"));
        let fault = clients().send(&prepared(&url), &SHORT).await.expect_err("nobody answers");
        assert!(matches!(fault, Fault::Connect(_)), "{fault:?}");
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_a_failed_lookup() {
        let dns = FakeDns::start(V4, Zone::new(vec![])).await;
        let clients = Clients::new(&Options { resolver: vec![dns.address], ..options() }).expect("nothing to read");
        let fault = clients.send(&prepared("http://provider.test/?p=geheim"), &Limits::default()).await;
        assert_eq!(fault, Err(Fault::Lookup("failed to look up \"provider.test\": there is no such name".into())));
    }
}

mod redirects {
    use super::*;

    #[tokio::test]
    async fn within_one_origin_three_are_followed_with_credentials() {
        let hop = Answer::redirect(302, "/next?x=1");
        let server = FakeHttp::start(V4, vec![hop.clone(), hop.clone(), hop, Answer::ok("good")]).await;
        let reply = send(&server.url("/")).await.expect("a reply");
        assert_eq!((reply.body, reply.moved_to), (b"good".to_vec(), None));
        let requests = server.requests();
        assert_eq!(requests.len(), 4);
        assert!(requests.iter().all(|request| request.contains(CREDENTIALS)), "{requests:?}");
    }

    #[tokio::test]
    async fn an_endless_chain_ends() {
        let server = FakeHttp::start(V4, vec![Answer::redirect(301, "/again?p=geheim")]).await;
        let fault = send(&server.url("/")).await;
        assert_eq!(fault, Err(Fault::Redirect { to: server.url("/again"), other_host: false }));
        assert_eq!(server.requests().len(), 4);
    }

    #[tokio::test]
    async fn another_port_or_host_gets_nothing() {
        let other = FakeHttp::start(V4, vec![Answer::ok("good")]).await;
        let elsewhere = format!("http://localhost:{}/", other.address.port());
        for (to, other_host) in [(other.url("/"), false), (elsewhere, true), ("//192.0.2.1/login".into(), true)] {
            let server = FakeHttp::start(V4, vec![Answer::redirect(302, &to)]).await;
            let shown = if to.starts_with("//") { format!("http:{to}") } else { to };
            assert_eq!(send(&server.url("/")).await, Err(Fault::Redirect { to: shown, other_host }));
        }
        assert_eq!(other.requests(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_307_keeps_method_and_body_and_a_303_does_not() {
        for (status, expected) in [(307, "POST /next HTTP/1.1"), (303, "GET /next HTTP/1.1")] {
            let server = FakeHttp::start(V4, vec![Answer::redirect(status, "/next"), Answer::ok("good")]).await;
            let order = Prepared { method: "POST".into(), body: Some(Secret::new("ip=1".into())), ..prepared(&server.url("/")) };
            clients().send(&order, &Limits::default()).await.expect("a reply");
            let request = server.requests().remove(1);
            assert!(request.starts_with(expected), "{request}");
            assert_eq!(request.ends_with("ip=1"), status == 307, "{request}");
        }
    }

    #[tokio::test]
    async fn one_without_a_target_is_refused() {
        let server = FakeHttp::start(V4, vec![Answer::reply("302 Found", "", "")]).await;
        assert_eq!(send(&server.url("/")).await, Err(Fault::Redirect { to: "(none)".into(), other_host: false }));
    }

    #[tokio::test]
    async fn a_get_follows_none() {
        let fault = get(Answer::redirect(301, "/next")).await.expect_err("an echo does not move");
        assert!(matches!(fault, Fault::Redirect { other_host: false, .. }), "{fault:?}");
    }
}

mod families {
    use super::*;

    /// Two servers for "localhost" at one port, one per family, each naming its own.
    async fn both() -> (FakeHttp, FakeHttp) {
        for _ in 0..50 {
            let v4 = FakeHttp::start(V4, vec![Answer::ok("IPv4")]).await;
            let at = format!("[::1]:{}", v4.address.port());
            if tokio::net::TcpListener::bind(&at).await.is_ok() {
                return (v4, FakeHttp::start(&at, vec![Answer::ok("IPv6")]).await);
            }
        }
        panic!("no port is free in both families");
    }

    #[tokio::test]
    async fn a_name_is_reached_over_the_family_that_is_asked_for() {
        let (v4, _v6) = both().await;
        let url = format!("http://localhost:{}/", v4.address.port());
        let clients = clients();
        for family in Family::ALL {
            let reply = clients.get(&url, Some(family), None, &Limits::default()).await.expect("a reply");
            assert_eq!(String::from_utf8_lossy(&reply.body), family.to_string());
        }
    }

    #[tokio::test]
    async fn a_server_that_listens_on_ipv4_only_is_reached_without_a_wish() {
        let v4 = FakeHttp::start(V4, vec![Answer::ok("IPv4")]).await;
        let url = format!("http://localhost:{}/", v4.address.port());
        assert!(clients().get(&url, None, None, &Limits::default()).await.is_ok());
        let fault = clients().get(&url, Some(Family::V6), None, &Limits::default()).await.expect_err("not over IPv6");
        assert!(matches!(fault, Fault::Connect(_)), "{fault:?}");
    }

    #[tokio::test]
    async fn an_address_of_the_other_family_is_refused() {
        for (url, only) in
            [("http://127.0.0.1:9/", Family::V6), ("http://[::1]:9/", Family::V4), ("http://[::ffff:127.0.0.1]:9/", Family::V6)]
        {
            let fault = clients().get(url, Some(only), None, &Limits::default()).await.expect_err("the wrong family");
            assert!(matches!(&fault, Fault::Unsendable(text) if text.contains(&only.to_string())), "{fault:?}");
        }
    }
}

mod tls {
    use super::*;

    const NEVER: i32 = 2999;

    /// Clients that trust `authority`.
    fn trusting(authority: &Authority) -> Clients {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("roots.pem");
        authority.write_to(&file);
        Clients::new(&Options { ca_file: Some(file), ..options() }).expect("a readable file")
    }

    async fn server(authority: &Authority, name: &str, last_year: i32) -> (FakeHttp, String) {
        let server = FakeHttp::start_tls(V4, vec![Answer::ok("good")], authority.server(name, last_year)).await;
        let url = format!("https://localhost:{}/", server.address.port());
        (server, url)
    }

    #[tokio::test]
    async fn a_private_authority_is_trusted_through_either_file() {
        let authority = Authority::new();
        let (_server, url) = server(&authority, "localhost", NEVER).await;
        assert!(trusting(&authority).send(&prepared(&url), &Limits::default()).await.is_ok());
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("roots.pem");
        authority.write_to(&file);
        let clients = Clients::new(&Options { ssl_cert_file: Some(file), ..options() }).expect("a readable file");
        assert!(clients.send(&prepared(&url), &Limits::default()).await.is_ok());
    }

    #[tokio::test]
    async fn bad_certificates_get_no_credentials() {
        let authority = Authority::new();
        for (name, last_year, clients, wrong) in [
            ("localhost", 2002, trusting(&authority), false),
            ("portal.test", NEVER, trusting(&authority), true),
            ("localhost", NEVER, clients(), false),
        ] {
            let (server, url) = server(&authority, name, last_year).await;
            let fault = clients.send(&prepared(&url), &Limits::default()).await.expect_err("not to be trusted");
            assert!(matches!(fault, Fault::Tls { wrong_name, .. } if wrong_name == wrong), "{name} {last_year}: {fault:?}");
            assert_eq!(server.requests(), Vec::<String>::new());
        }
    }

    #[tokio::test]
    async fn a_server_without_tls_is_a_tls_fault() {
        let listener = tokio::net::TcpListener::bind(V4).await.expect("loopback");
        let url = format!("https://{}/", listener.local_addr().expect("bound"));
        let server = async {
            let (mut stream, _) = listener.accept().await.expect("a client");
            tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("a client");
            stream
        };
        let order = prepared(&url);
        let clients = clients();
        let limits = Limits::default();
        let (fault, _stream) = futures_util::join!(clients.send(&order, &limits), server);
        assert!(matches!(fault, Err(Fault::Tls { wrong_name: false, .. })), "{fault:?}");
    }

    #[tokio::test]
    async fn from_http_to_https_on_the_same_host_is_followed_once_as_get() {
        let authority = Authority::new();
        let (secure, url) = server(&authority, "localhost", NEVER).await;
        let plain = FakeHttp::start(V4, vec![Answer::redirect(308, &format!("{url}nic?p=geheim"))]).await;
        let start = format!("http://localhost:{}/", plain.address.port());
        let order = Prepared { method: "POST".into(), body: Some(Secret::new("x".into())), ..prepared(&start) };
        let reply = trusting(&authority).send(&order, &Limits::default()).await.expect("a reply");
        assert_eq!((reply.body, reply.moved_to), (b"good".to_vec(), Some(format!("{url}nic"))));
        let request = secure.requests().remove(0);
        assert!(request.starts_with("GET /nic?p=geheim ") && request.contains(CREDENTIALS), "{request}");
    }

    #[tokio::test]
    async fn from_https_to_http_is_not_followed() {
        let authority = Authority::new();
        let plain = FakeHttp::start(V4, vec![Answer::ok("good")]).await;
        let down = format!("http://localhost:{}/", plain.address.port());
        let tls = authority.server("localhost", NEVER);
        let server = FakeHttp::start_tls(V4, vec![Answer::redirect(301, &down)], tls).await;
        let url = format!("https://localhost:{}/", server.address.port());
        let fault = trusting(&authority).send(&prepared(&url), &Limits::default()).await;
        assert_eq!(fault, Err(Fault::Redirect { to: down, other_host: false }));
        assert_eq!(plain.requests(), Vec::<String>::new());
    }

    #[test]
    fn a_file_of_roots_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "nothing").expect("a writable folder");
        for file in [empty, folder.path().join("missing.pem")] {
            let refused = Clients::new(&Options { ca_file: Some(file.clone()), ..options() }).expect_err("no roots");
            assert!(refused.starts_with(&format!("ca_file {:?}", file.to_string_lossy())), "{refused}");
        }
    }
}
