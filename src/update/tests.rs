use crate::http::Options;
use crate::http::fake::{Answer, End, FakeHttp};
use crate::resolve::fake::{FakeDns, Otherwise, Zone};
use crate::rules::secret::Secret;

use super::*;

fn updater(options: Options) -> Updater {
    let options = Options { user_agent: "wanbeacon/test".into(), ..options };
    Updater::new(Clients::new(&options).expect("nothing to read"), Limits::default(), Time::new(|| Duration::ZERO))
}

fn prepared(url: &str) -> Prepared {
    Prepared {
        via: None,
        method: "GET".into(),
        url: Secret::new(url.into()),
        shown: url.into(),
        host: "provider.test".into(),
        headers: Vec::new(),
        body: None,
        basic: Some(("user".into(), Secret::new("Geheim1".into()))),
        only: None,
        secrets: vec![Secret::new("tok%2Fen".into())],
    }
}

#[tokio::test]
async fn a_reply_that_repeats_the_secrets_comes_back_without_them() {
    let answer = Answer::reply("200 OK", "X-Debug: user=Geheim1\r\n", "badauth Geheim1\ntoken tok%2fen\n");
    let server = FakeHttp::start("127.0.0.1:0", vec![answer]).await;
    let outcome = updater(Options::default()).send(&prepared(&server.url("/")), Duration::ZERO).await;
    let Outcome::Replied(reply) = outcome else { panic!("there was a reply: {outcome:?}") };
    assert_eq!(String::from_utf8_lossy(&reply.body), "badauth ...\ntoken ...\n");
    assert!(reply.headers.contains(&("x-debug".into(), "user=...".into())), "{:?}", reply.headers);
}

#[tokio::test]
async fn a_redirect_that_repeats_a_secret_comes_back_without_it() {
    let answer = Answer::redirect(302, "http://portal.test/Geheim1/login");
    let server = FakeHttp::start("127.0.0.1:0", vec![answer]).await;
    let outcome = updater(Options::default()).send(&prepared(&server.url("/")), Duration::ZERO).await;
    assert_eq!(outcome, Outcome::Failed(Fault::Redirect { to: "http://portal.test/.../login".into(), other_host: true }));
}

#[tokio::test]
async fn what_went_out_is_not_sent_again() {
    let server = FakeHttp::start("127.0.0.1:0", vec![Answer::raw("", End::Close)]).await;
    let outcome = updater(Options::default()).send(&prepared(&server.url("/")), Duration::ZERO).await;
    assert!(matches!(outcome, Outcome::Failed(Fault::Ambiguous(_))), "{outcome:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_failed_lookup_is_tried_once_more() {
    let zone = Zone { otherwise: Otherwise::Fail, ..Zone::new(vec![]) };
    let dns = FakeDns::start("127.0.0.1:0", zone).await;
    let updater = updater(Options { resolver: vec![dns.address], ..Options::default() });
    let order = prepared("http://provider.test/");
    updater.clients.send(&order, &Limits::default()).await.expect_err("the name server fails");
    let one_try = dns.asked.lock().expect("not poisoned").len();
    let outcome = updater.send(&order, Duration::ZERO).await;
    assert!(matches!(outcome, Outcome::Failed(Fault::Lookup(_))), "{outcome:?}");
    assert_eq!(dns.asked.lock().expect("not poisoned").len(), 3 * one_try);
}
