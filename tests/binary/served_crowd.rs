//! Far more connections than are allowed, idle and slow ones, while there is something to do.

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
use crate::support::served::{ADMIN, ROUTER, web};
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
