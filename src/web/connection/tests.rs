//! In memory and with a clock that only moves when nobody has anything to do.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::super::Question;
use super::super::fake;
use super::*;

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const STATUS: &[u8] = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Line {
    client: DuplexStream,
    serving: JoinHandle<Result<(), String>>,
    open: watch::Sender<()>,
    began: Instant,
}

impl Line {
    /// A connection whose two buffers hold `room` bytes each.
    fn new(room: usize, questions: mpsc::Sender<Question>) -> Self {
        let (client, stream) = duplex(room);
        let settings = fake::web();
        let (open, is_open) = watch::channel(());
        let visit = Visit {
            peer: std::net::Ipv4Addr::LOCALHOST.into(),
            door: (settings.listen, false),
            shared: Arc::new(Shared::new(settings, questions)),
            pace: Pace::new(Phase::Fresh),
            open: is_open,
        };
        Self { client, serving: tokio::spawn(converse(visit, stream)), open, began: Instant::now() }
    }

    fn quiet() -> Self {
        Self::new(64 * 1024, mpsc::channel(1).0)
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.client.write_all(bytes).await.expect("the server reads");
    }

    /// Until the other side closes.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // Broken off in the middle is an end as well.
        let _ = self.client.read_to_end(&mut bytes).await;
        String::from_utf8(bytes).expect("text")
    }

    /// One answer whose body is `ok`.
    async fn healthy(&mut self) {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\nok") {
            bytes.push(self.client.read_u8().await.expect("an answer"));
        }
    }

    /// Writes `piece` every second until the server has enough of it; how long that took.
    async fn dribble(&mut self, piece: &[u8]) -> Duration {
        for _ in 0..1000 {
            if self.client.write_all(piece).await.is_err() {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
        self.began.elapsed()
    }

    async fn end(self) -> Result<(), String> {
        self.serving.await.expect("no panic")
    }
}

fn seconds(from: u64, to: u64) -> std::ops::RangeInclusive<Duration> {
    Duration::from_secs(from)..=Duration::from_secs(to)
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_sent_away_after_ten_seconds() {
    let mut line = Line::quiet();
    assert_eq!(line.rest().await, "");
    assert_eq!(line.began.elapsed(), Duration::from_secs(10));
    assert!(line.end().await.expect_err("too slow").contains("Fresh"));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let mut line = Line::quiet();
    line.send(b"GET / HTTP/1.1\r\nX: ").await;
    let took = line.dribble(b"x").await;
    assert!(seconds(10, 12).contains(&took), "{took:?}");
    assert!(line.end().await.expect_err("too slow").contains("Head"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_byte_by_byte_is_not_waited_for() {
    for length in ["Content-Length: 60000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"] {
        let mut line = Line::quiet();
        line.send(format!("POST /nic/update HTTP/1.1\r\n{length}").as_bytes()).await;
        let piece: &[u8] = if length.starts_with('C') { b"x" } else { b"1\r\nx\r\n" };
        let took = line.dribble(piece).await;
        assert!(seconds(10, 12).contains(&took), "{took:?}");
        assert!(line.end().await.expect_err("too slow").contains("Body"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_read_or_read_byte_by_byte_is_given_up() {
    for reads in [false, true] {
        let (questions, _) = fake::daemon(fake::snapshot(&"long".repeat(1000)));
        let mut line = Line::new(64, questions);
        line.send(STATUS).await;
        let began = Instant::now();
        while !line.serving.is_finished() {
            if reads {
                let _ = line.client.read_u8().await;
            }
            sleep(Duration::from_secs(1)).await;
        }
        let took = began.elapsed();
        assert!(seconds(10, 12).contains(&took), "{took:?}");
        assert!(line.end().await.expect_err("too slow").contains("Writing"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_stays_for_a_minute_after_each_answer_and_ends_without_complaint() {
    let mut line = Line::quiet();
    for _ in 0..3 {
        line.send(HEALTH).await;
        line.healthy().await;
        sleep(Duration::from_secs(59)).await;
    }
    assert_eq!(line.rest().await, "");
    assert_eq!(line.began.elapsed(), Duration::from_secs(2 * 59 + 60));
    assert_eq!(line.end().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn requests_that_come_in_one_go_are_answered_one_by_one() {
    let mut line = Line::quiet();
    line.send(&HEALTH.repeat(20)).await;
    for _ in 0..20 {
        line.healthy().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_does_not_answer_is_an_error_and_no_hang() {
    let (questions, _held) = mpsc::channel(1);
    let mut line = Line::new(64 * 1024, questions);
    line.send(STATUS).await;
    let answer = line.rest().await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert_eq!(line.began.elapsed(), Duration::from_secs(10 + 60));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_long_is_refused_before_it_is_sent() {
    let mut line = Line::quiet();
    line.send(b"POST /nic/update HTTP/1.1\r\nContent-Length: 65537\r\nExpect: 100-continue\r\n\r\n").await;
    let answer = line.rest().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\r\n\r\n<HTML>"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_turns_out_too_long_is_refused_and_what_still_comes_is_thrown_away() {
    let mut line = Line::new(4096, mpsc::channel(1).0);
    line.send(b"POST /nic/update HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(4096));
    for _ in 0..40 {
        line.send(chunk.as_bytes()).await;
    }
    let answer = line.rest().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_of_the_longest_length_is_read() {
    let body = "x".repeat(64 * 1024);
    let one = format!("POST /none HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let parts =
        format!("POST /none HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for request in [one, parts] {
        let mut line = Line::new(200 * 1024, mpsc::channel(1).0);
        line.send(request.as_bytes()).await;
        let answer = line.rest().await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_with_too_many_bytes_or_fields_is_refused() {
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(LONGEST_HEAD));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(MOST_FIELDS + 1));
    let endless = format!("GET /{}", "x".repeat(3 * LONGEST_HEAD));
    for request in [long, many, endless] {
        let mut line = Line::quiet();
        line.send(request.as_bytes()).await;
        let answer = line.rest().await;
        assert!(answer.starts_with("HTTP/1.1 431 ") || answer.starts_with("HTTP/1.1 414 "), "{answer:?}");
        assert!(line.end().await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_with_as_many_fields_as_may_be_is_read() {
    let mut line = Line::quiet();
    line.send(format!("GET /healthz HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(MOST_FIELDS)).as_bytes()).await;
    line.healthy().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_http_ends_the_connection() {
    for junk in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ] {
        let mut line = Line::quiet();
        line.send(junk).await;
        let answer = line.rest().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer:?}");
        assert!(line.end().await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_may_close_its_side_once_it_has_asked() {
    let (questions, _) = fake::daemon(fake::snapshot("default"));
    let mut line = Line::new(64 * 1024, questions);
    line.send(STATUS).await;
    line.client.shutdown().await.expect("open");
    let answer = line.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn when_the_door_closes_an_answer_on_its_way_still_arrives_and_nothing_after_it() {
    let (questions, mut daemon) = mpsc::channel(1);
    let mut line = Line::new(64 * 1024, questions);
    line.send(STATUS).await;
    let Some(Question::Status(place)) = daemon.recv().await else {
        panic!("a question about the state");
    };
    drop(std::mem::replace(&mut line.open, watch::channel(()).0));
    tokio::task::yield_now().await;
    place.send(fake::snapshot("default")).expect("somebody waits");
    let answer = line.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
    assert_eq!(line.end().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn when_the_door_closes_a_connection_without_a_request_ends_at_once() {
    for asked in [false, true] {
        let mut line = Line::quiet();
        if asked {
            line.send(HEALTH).await;
            line.healthy().await;
        }
        drop(std::mem::replace(&mut line.open, watch::channel(()).0));
        assert_eq!(line.rest().await, "");
        assert_eq!(line.began.elapsed(), Duration::ZERO);
        assert_eq!(line.end().await, Ok(()));
    }
}
