use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::http::Options;
use crate::http::fake::{Answer, FakeHttp};
use crate::tr064::gena::BODY;

/// A subscription at a router on loopback that gives `answers`, and the address that it calls back.
struct Stage {
    router: FakeHttp,
    subscription: Subscription,
    /// `ADDRESS:PORT` and path.
    callback: (String, String),
}

fn clients() -> Clients {
    Clients::new(&Options { user_agent: "test".into(), ..Options::default() }).unwrap()
}

fn publisher(router: &FakeHttp) -> Publisher {
    Publisher { url: Url::parse(&router.url("/evt/IPConn")).unwrap(), peer: router.address.ip(), via: None }
}

fn grant(lives: &str) -> Answer {
    Answer::reply("200 OK", &format!("SID: uuid:7\r\nTIMEOUT: {lives}\r\n"), "")
}

impl Stage {
    async fn set(answers: Vec<Answer>) -> Self {
        let router = FakeHttp::start("127.0.0.1:0", answers).await;
        let subscription = Subscription::open(&clients(), publisher(&router)).await.unwrap();
        let request = router.requests().remove(0);
        let callback = field(&request, "callback").expect("a callback");
        let callback = callback.strip_prefix("<http://").and_then(|rest| rest.strip_suffix('>')).expect("exactly one");
        let (host, path) = callback.split_once('/').expect("a path");
        Self { router, subscription, callback: (host.into(), format!("/{path}")) }
    }

    /// An event with the external address as its only variable.
    fn event(&self, seq: u32, address: &str) -> String {
        self.message("uuid:7", seq, &format!("<x><property><ExternalIPAddress>{address}</ExternalIPAddress></property></x>"))
    }

    fn message(&self, sid: &str, seq: u32, body: &str) -> String {
        let body = body.replace("<x>", "<e:propertyset xmlns:e=\"urn:schemas-upnp-org:event-1-0\">").replace("</x>", "</e:propertyset>");
        format!(
            "NOTIFY {} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/xml\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\nSID: {sid}\r\n\
             SEQ: {seq}\r\nContent-Length: {}\r\n\r\n{body}",
            self.callback.1,
            self.callback.0,
            body.len()
        )
    }

    async fn connect(&self, from: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        socket.connect(self.callback.0.parse().unwrap()).await.unwrap()
    }

    /// Sends these one after the other, each on its own connection, and gives back what is heard, and how each was answered.
    async fn play(&mut self, from: &str, messages: &[String]) -> (Heard, Vec<String>) {
        let mut callers = Vec::new();
        for message in messages {
            let mut caller = self.connect(from).await;
            caller.write_all(message.as_bytes()).await.unwrap();
            callers.push(caller);
        }
        let heard = self.subscription.heard().await;
        let mut answers = Vec::new();
        for mut caller in callers {
            answers.push(rest(&mut caller).await);
        }
        (heard, answers)
    }

    /// The first event.
    async fn prove(&mut self) {
        let first = self.event(0, "91.0.0.1");
        let (heard, answers) = self.play("127.0.0.1", &[first]).await;
        assert_eq!(heard, Heard::Proven(PerFamily { v4: true, v6: false }));
        assert_eq!(answers, ["200 OK"]);
    }
}

/// The status line of an answer without the version; empty if there was none.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset ends it as well.
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).unwrap_or_default().to_owned()
}

fn field(request: &str, name: &str) -> Option<String> {
    request.lines().find_map(|line| Some(line.split_once(": ").filter(|(it, _)| it.eq_ignore_ascii_case(name))?.1.to_owned()))
}

async fn pass(span: Duration) {
    tokio::time::pause();
    tokio::time::advance(span).await;
    tokio::time::resume();
}

#[tokio::test]
async fn the_first_event_proves_and_only_other_values_are_changes() {
    let mut stage = Stage::set(vec![grant("Second-1800")]).await;
    let request = stage.router.requests().remove(0);
    assert!(request.starts_with("SUBSCRIBE /evt/IPConn HTTP/1.1\r\n"), "{request}");
    assert_eq!(field(&request, "nt").as_deref(), Some("upnp:event"));
    assert_eq!(field(&request, "timeout").as_deref(), Some("Second-1800"));
    assert_eq!(stage.callback.1.len(), 33, "128 bits: {}", stage.callback.1);
    stage.prove().await;
    let events = [stage.event(1, "91.0.0.1"), stage.event(2, "91.0.0.2")];
    let (heard, answers) = stage.play("127.0.0.1", &events).await;
    assert_eq!(heard, Heard::Changed);
    assert_eq!(answers, ["200 OK", "200 OK"]);
}

#[tokio::test]
async fn strangers_are_turned_away_before_they_say_a_word() {
    let mut stage = Stage::set(vec![grant("Second-1800")]).await;
    stage.prove().await;
    let mut silent = stage.connect("127.0.0.2").await;
    let mut knowing = stage.connect("127.0.0.2").await;
    knowing.write_all(stage.event(1, "91.0.0.66").as_bytes()).await.unwrap();
    let event = stage.event(1, "91.0.0.2");
    let (heard, answers) = stage.play("127.0.0.1", &[event]).await;
    assert_eq!((heard, answers), (Heard::Changed, vec!["200 OK".to_owned()]), "its number was still free");
    assert_eq!((rest(&mut silent).await, rest(&mut knowing).await), (String::new(), String::new()));
}

#[tokio::test]
async fn what_is_no_event_for_us_is_refused_and_changes_nothing() {
    let mut stage = Stage::set(vec![grant("Second-1800")]).await;
    stage.prove().await;
    let large = stage.message("uuid:7", 1, &" ".repeat(BODY + 1));
    let messages = [
        stage.message("uuid:8", 1, "<x></x>"),
        format!("GET {} HTTP/1.1\r\n\r\n", stage.callback.1),
        "NOTIFY / HTTP/1.1\r\n\r\n".to_owned(),
        "hello\r\n\r\n".to_owned(),
        large[..large.len() - BODY].to_owned(),
        stage.event(1, "91.0.0.2"),
    ];
    let (heard, answers) = stage.play("127.0.0.1", &messages).await;
    assert_eq!(heard, Heard::Changed);
    let refused = ["412 Precondition Failed", "405 Method Not Allowed", "404 Not Found", "400 Bad Request", "400 Bad Request", "200 OK"];
    assert_eq!(answers, refused);
}

#[tokio::test]
async fn who_does_not_end_a_sentence_does_not_keep_the_next_one_waiting() {
    let mut stage = Stage::set(vec![grant("Second-1800")]).await;
    stage.prove().await;
    let mut slow = stage.connect("127.0.0.1").await;
    let event = stage.event(1, "91.0.0.2");
    slow.write_all(&event.as_bytes()[..event.len() - 1]).await.unwrap();
    tokio::time::pause();
    let (heard, answers) = stage.play("127.0.0.1", &[event]).await;
    assert_eq!((heard, answers), (Heard::Changed, vec!["200 OK".to_owned()]));
    assert_eq!(rest(&mut slow).await, "");
}

#[tokio::test]
async fn an_interrupted_listener_goes_on_where_it_was() {
    let mut stage = Stage::set(vec![grant("Second-1800")]).await;
    let event = stage.event(0, "91.0.0.1");
    let mut caller = stage.connect("127.0.0.1").await;
    let (begin, end) = event.split_at(event.len() / 2);
    caller.write_all(begin.as_bytes()).await.unwrap();
    let turns = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        heard = stage.subscription.heard() => panic!("half an event: {heard:?}"),
        () = turns => {}
    }
    caller.write_all(end.as_bytes()).await.unwrap();
    assert!(matches!(stage.subscription.heard().await, Heard::Proven(_)));
}

#[tokio::test]
async fn a_gap_and_a_body_without_meaning_end_it() {
    let mut stage = Stage::set(vec![grant("Second-1800")]).await;
    stage.prove().await;
    let event = stage.event(2, "91.0.0.1");
    let (heard, _) = stage.play("127.0.0.1", &[event]).await;
    assert_eq!(heard, Heard::Ended("event 2 came where 1 was due".into()));
    let event = stage.message("uuid:7", 1, "<html>");
    let (heard, answers) = stage.play("127.0.0.1", &[event]).await;
    assert!(matches!(heard, Heard::Ended(_)), "{heard:?}");
    assert_eq!(answers, ["400 Bad Request"]);
}

#[tokio::test]
async fn it_is_renewed_at_half_its_time_until_the_router_has_forgotten_it() {
    let mut stage = Stage::set(vec![grant("Second-300"), grant("Second-600"), Answer::reply("412 Precondition Failed", "", "")]).await;
    stage.prove().await;
    stage.subscription.renew().await.unwrap();
    pass(Duration::from_secs(300)).await;
    let Heard::Ended(why) = stage.subscription.heard().await else { panic!("forgotten") };
    assert!(why.contains("412"), "{why}");
    let requests = stage.router.requests();
    assert_eq!(requests.len(), 3);
    for renewal in &requests[1..] {
        assert_eq!(field(renewal, "sid").as_deref(), Some("uuid:7"));
        assert_eq!((field(renewal, "callback"), field(renewal, "nt")), (None, None));
    }
}

#[tokio::test]
async fn a_promise_that_is_not_kept_is_told_once_and_listening_goes_on() {
    let mut stage = Stage::set(vec![grant("Second-300")]).await;
    pass(PROOF).await;
    let Heard::Silent(why) = stage.subscription.heard().await else { panic!("nothing came") };
    assert!(why.contains(&stage.callback.0), "{why}");
    stage.prove().await;
}

#[tokio::test]
async fn a_router_that_does_not_agree_is_quoted() {
    let table = [
        (Answer::reply("501 Not Implemented", "", ""), "HTTP 501"),
        (Answer::reply("503 Busy", "", ""), "HTTP 503"),
        (Answer::ok(""), "does not name the subscription"),
        (Answer::redirect(302, "http://192.0.2.1/"), "192.0.2.1"),
    ];
    for (answer, expected) in table {
        let router = FakeHttp::start("127.0.0.1:0", vec![answer]).await;
        let why = Subscription::open(&clients(), publisher(&router)).await.unwrap_err();
        assert!(why.contains(expected), "{why}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let publisher = Publisher { url: Url::parse(&format!("http://{gone}/")).unwrap(), peer: gone.ip(), via: None };
    let why = Subscription::open(&clients(), publisher).await.unwrap_err();
    assert!(why.starts_with("SUBSCRIBE failed: "), "{why}");
}

#[tokio::test]
async fn the_farewell_names_the_subscription() {
    let stage = Stage::set(vec![grant("Second-300"), Answer::ok("")]).await;
    stage.subscription.close().await;
    let farewell = stage.router.requests().remove(1);
    assert!(farewell.starts_with("UNSUBSCRIBE /evt/IPConn HTTP/1.1\r\n"), "{farewell}");
    assert_eq!(field(&farewell, "sid").as_deref(), Some("uuid:7"));
}

#[tokio::test]
async fn another_address_of_this_machine_ends_it() {
    let mut stage = Stage::set(vec![grant("Second-300")]).await;
    stage.subscription.local = "127.0.0.9:1".parse().unwrap();
    let why = stage.subscription.renew().await.unwrap_err();
    assert!(why.contains("127.0.0.9"), "{why}");
    assert_eq!(stage.router.requests().len(), 1, "nothing was asked");
}
