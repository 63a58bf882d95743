use std::sync::Mutex;

use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::*;
use crate::http::Options;
use crate::http::fake::{Answer, FakeHttp};
use crate::rules::address::PerFamily;

fn line(interface: Option<&str>, v4: &[Source], v6: &[Source]) -> Line {
    let sources = PerFamily { v4: v4.to_vec(), v6: v6.to_vec() };
    Line { name: "default".into(), interface: interface.map(str::to_owned), sources }
}

fn clients() -> Clients {
    Clients::new(&Options { user_agent: "test".into(), ..Options::default() }).unwrap()
}

/// Finds no router, and notes when it was looked for.
fn nobody(asked: &Arc<Mutex<Vec<Instant>>>) -> Find {
    let asked = Arc::clone(asked);
    Arc::new(move |_, _| {
        asked.lock().unwrap().push(Instant::now());
        async { Err("nobody is there".to_owned()) }.boxed()
    })
}

fn grants(sid: &str) -> Answer {
    Answer::reply("200 OK", &format!("SID: {sid}\r\nTIMEOUT: Second-300\r\n"), "")
}

/// The router calls back as the nth of its subscriptions says.
async fn call(router: &FakeHttp, nth: usize, sid: &str, seq: u32, address: &str) {
    let request = router.requests().remove(nth);
    let callback = request.lines().find_map(|line| line.strip_prefix("callback: <http://")).expect("a callback");
    let (host, path) = callback.trim_end_matches('>').split_once('/').expect("a path");
    let body = format!("<e:propertyset><e:property><ExternalIPAddress>{address}</ExternalIPAddress></e:property></e:propertyset>");
    let head = format!("NOTIFY /{path} HTTP/1.1\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\nSID: {sid}\r\nSEQ: {seq}\r\n");
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

/// Until the router was asked so often.
async fn asked(router: &FakeHttp, times: usize) {
    for _ in 0..100_000 {
        if router.requests().len() >= times {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("asked {} times: {:?}", router.requests().len(), router.requests());
}

#[test]
fn lines_behind_the_same_interface_share_a_subscription() {
    let lines = [
        line(None, &[Source::Interface(None), Source::FritzBox, Source::Web], &[Source::FritzBox]),
        line(None, &[Source::Upnp], &[]),
        line(Some("eth1"), &[Source::Upnp], &[Source::Upnp]),
        line(Some("eth2"), &[Source::Pcp, Source::Web], &[]),
    ];
    let expected = [(None, vec![Probe::FritzBox, Probe::Upnp]), (Some("eth1".to_owned()), vec![Probe::Upnp])];
    assert_eq!(routers(&lines), BTreeMap::from(expected));
}

#[tokio::test(start_paused = true)]
async fn where_no_line_asks_a_router_nothing_runs() {
    let times = Arc::default();
    let subscriptions = Subscriptions::keep(&[line(None, &[Source::Web], &[Source::Interface(None)])], &clients(), &nobody(&times));
    assert!(subscriptions.tasks.is_empty());
    subscriptions.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_router_that_does_not_tell_is_asked_more_and_more_rarely_until_the_network_changes() {
    let times = Arc::default();
    let mut subscriptions = Subscriptions::keep(&[line(None, &[Source::Upnp], &[])], &clients(), &nobody(&times));
    let day = Duration::from_secs(86_400);
    assert!(tokio::time::timeout(day, subscriptions.next()).await.is_err(), "no news");
    let gaps = |times: &Arc<Mutex<Vec<Instant>>>| -> Vec<u64> {
        times.lock().unwrap().windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect()
    };
    let told = gaps(&times);
    assert_eq!(told[..9], [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    times.lock().unwrap().clear();
    subscriptions.nudge();
    let minutes = Duration::from_secs(100);
    assert!(tokio::time::timeout(minutes, subscriptions.next()).await.is_err(), "no news");
    assert_eq!(gaps(&times), [30, 60], "at once, and from the beginning");
}

#[tokio::test]
async fn what_the_router_tells_becomes_news_and_a_gap_is_a_loss_and_a_new_subscription() {
    let router =
        FakeHttp::start("127.0.0.1:0", vec![grants("uuid:1"), grants("uuid:1"), Answer::ok(""), grants("uuid:2"), Answer::ok("")]).await;
    let publisher = Publisher { url: Url::parse(&router.url("/evt")).unwrap(), peer: router.address.ip(), via: None };
    let find: Find = Arc::new(move |_, _| {
        let publisher = publisher.clone();
        async { Ok(publisher) }.boxed()
    });
    let mut subscriptions = Subscriptions::keep(&[line(None, &[Source::FritzBox], &[])], &clients(), &find);
    let proven = RouterNews::Proven(PerFamily { v4: true, v6: false });
    let expect = async |subscriptions: &mut Subscriptions, expected: RouterNews| match subscriptions.next().await {
        Event::Router { via: None, news } => assert_eq!(news, expected),
        other => panic!("{other:?}"),
    };
    asked(&router, 1).await;
    call(&router, 0, "uuid:1", 0, "91.0.0.1").await;
    expect(&mut subscriptions, proven).await;
    call(&router, 0, "uuid:1", 1, "91.0.0.2").await;
    expect(&mut subscriptions, RouterNews::Changed).await;
    // Still there? It is.
    subscriptions.nudge();
    asked(&router, 2).await;
    call(&router, 0, "uuid:1", 9, "91.0.0.2").await;
    expect(&mut subscriptions, RouterNews::Lost).await;
    asked(&router, 3).await;
    // So early a subscription is not renewed without a pause; another network is a reason.
    subscriptions.nudge();
    asked(&router, 4).await;
    call(&router, 3, "uuid:2", 0, "91.0.0.2").await;
    expect(&mut subscriptions, proven).await;
    subscriptions.end().await;
    let methods: Vec<String> = router.requests().iter().map(|request| request.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["SUBSCRIBE", "SUBSCRIBE", "UNSUBSCRIBE", "SUBSCRIBE", "UNSUBSCRIBE"]);
    assert!(router.requests()[4].contains("uuid:2"));
}
