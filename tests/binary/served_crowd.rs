//! Clients that mean harm: what is no request, and far more connections than are allowed while there is something to do.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use crate::support::client::{Client, REMOTE};
use crate::support::fake::{Answer, Fake};
use crate::support::fritzbox::Source;
use crate::support::home::{Home, NAME, V4_NEW, V4_NEXT, custom, memory_now, peak_memory};
use crate::support::served::{ADMIN, ROUTER, serving, web};
use crate::support::told;

/// Connections of each kind.
const EACH: usize = 500;

/// Connections from one address: as many as one client may have.
const PER_ADDRESS: usize = 32;

/// Most memory that the daemon may ever use, in KiB. Measured without optimization: 20 MiB alone, 38 MiB in the crowd, half of it
/// bodies that are still coming in.
const MOST: u64 = 48 * 1024;

/// What a slow client sends at once: a head that does not end, or nearly all of the longest body.
fn beginning(number: usize) -> Vec<u8> {
    if number.is_multiple_of(2) {
        return b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ".to_vec();
    }
    let head = format!("POST {REMOTE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 65536\r\n\r\n");
    [head.as_bytes(), &vec![b'x'; 60_000]].concat()
}

/// Connects from address after address, beginning with 127.0.0.`first`.
fn crowd(client: Client, first: usize, beginning: impl Fn(usize) -> Vec<u8>) -> Vec<TcpStream> {
    let connections = (0..EACH).map(|number| {
        let mut stream = client.at(u8::try_from(first + number / PER_ADDRESS).expect("few addresses")).connect();
        // One that was closed at once takes nothing.
        let _ = stream.write_all(&beginning(number));
        stream
    });
    connections.collect()
}

#[test]
fn five_hundred_idle_and_five_hundred_slow_connections_stop_neither_an_update_nor_another_client() {
    // A thousand sockets of our own beside those of the other tests.
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(4096, |maximum| maximum.min(4096));
    if limit.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).expect("up to the hard limit");
    }
    let provider = Fake::start(Answer::good);
    let echo = Source::echo("192.168.178.2", "");
    let url = provider.v4("/up?host=<domain>&ip=<ipaddr>");
    let wan = format!("ipv4 = [{:?}]\nipv6 = []\n[wan.pushed]\nipv4 = [\"push\"]\nipv6 = []", echo.fake.v4("/"));
    let pushed = "[[ddns]]\nwan = \"pushed\"\ndomain = \"pushed.example.org\"\nmode = \"v4\"\nverify = false\n";
    let home = Home::new(&format!("{pushed}update_url = {url:?}\n{}{}", custom(&url, "v4", &wan), web("")));
    let mut daemon = home.daemon();
    let client = daemon.client();
    daemon.says("no IPv4 address");
    assert_eq!(client.get("/healthz").status, 200);
    let alone = memory_now(daemon.pid()).expect("the daemon runs");

    let idle = crowd(client, 2, |_| Vec::new());
    let slow = crowd(client, 100, beginning);
    let over = Arc::new(AtomicBool::new(false));
    let dripping = thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let mut slow = slow;
            while !over.load(Ordering::Relaxed) {
                // Who was cut off has no say any more.
                slow.retain_mut(|stream| stream.write_all(b"x").is_ok());
                thread::sleep(Duration::from_millis(50));
            }
        }
    });

    echo.move_to(V4_NEW);
    daemon.signal(Signal::USR1);
    let seen = provider.wait_for(1);
    assert_eq!((seen.parameter("host").as_deref(), seen.parameter("ip").as_deref()), (Some(NAME), Some(V4_NEW)));
    daemon.says("answered");
    let other = client.at(99);
    assert_eq!(other.get("/healthz").pair(), (200, "ok"));
    let taken = other.push(ROUTER, &format!("hostname=pushed.example.org&myip={V4_NEXT}"));
    assert_eq!(taken.pair(), (200, format!("good {V4_NEXT}").as_str()));
    assert_eq!(provider.wait_for(2).parameter("ip").as_deref(), Some(V4_NEXT));
    assert_eq!(other.call(ADMIN, "GetInfo", &[]).status, 200);
    home.run(&["status"]).with(0);
    let crowded = memory_now(daemon.pid()).expect("the daemon runs");

    over.store(true, Ordering::Relaxed);
    dripping.join().expect("it ends");
    drop(idle);
    assert_eq!(other.get("/healthz").status, 200);
    let peak = peak_memory(daemon.pid()).expect("the daemon runs");
    told(&format!("memory: {alone} KiB alone, {crowded} KiB among {} connections, {peak} KiB at most", 2 * EACH));
    assert!(peak < MOST, "{alone} KiB alone, {crowded} KiB in the crowd, {peak} KiB at most");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_nobody_should_send_is_refused_and_costs_little() {
    let provider = Fake::start(Answer::good);
    let home = serving(&provider);
    let mut daemon = home.daemon();
    let client = daemon.client();
    let soap = |body: &str| {
        let action = "SOAPAction: urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1#GetInfo";
        format!("POST {REMOTE} HTTP/1.1\r\nHost: x\r\n{action}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let entities: Vec<String> = (1..10).map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10))).collect();
    let bomb = format!("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e0 \"x\">{}]><x>&e9;</x>", entities.concat());
    let outside = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>";
    let fields = |number: usize| (0..number).map(|n| format!("X-{n}: y\r\n")).collect::<Vec<_>>().concat();
    let long = "x".repeat(20_000);
    for (what, request, status) in [
        ("a list of entities", soap(&bomb), 401),
        ("a file", soap(outside), 401),
        ("depth", soap(&"<a>".repeat(15_000)), 401),
        ("width", soap(&format!("<a>{}</a>", "<b/>".repeat(15_000))), 401),
        ("no XML", soap(&"\u{0}".repeat(60_000)), 401),
        ("a long body", soap(&"x".repeat(70_000)), 413),
        ("a length that cannot be", format!("POST {REMOTE} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n"), 413),
        ("a long field", format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"), 431),
        ("many fields", format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", fields(150)), 431),
        ("a long target", format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), 431),
        ("two hosts", "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".to_owned(), 400),
        ("two lengths", format!("POST {REMOTE} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), 400),
        ("no HTTP", "EHLO example.org\r\n\r\n".to_owned(), 400),
    ] {
        let answer = client.raw(request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {answer:?}");
        // Why it is no call is told to those who log in.
        assert!(status != 401 || answer.contains("\r\nwww-authenticate: Digest "), "{what}: {answer:?}");
        assert!(!answer.contains("root:"), "{what}: {answer:?}");
    }
    assert_eq!(client.get("/healthz").pair(), (200, "ok"));
    let peak = peak_memory(daemon.pid()).expect("the daemon runs");
    told(&format!("memory: {peak} KiB at most"));
    assert!(peak < MOST, "{peak} KiB");
    assert_eq!((daemon.stop(), provider.count()), (Some(0), 0));
}
