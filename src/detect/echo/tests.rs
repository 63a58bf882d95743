use crate::http::Options;
use crate::http::fake::{Answer, End, FakeHttp};

use super::*;

async fn get(answer: Answer) -> Result<Reading, ProbeFault> {
    let fake = FakeHttp::start("127.0.0.1:0", vec![answer]).await;
    let clients = Clients::new(&Options { user_agent: "wanbeacon/test".into(), ..Options::default() }).unwrap();
    ask(&clients, &fake.url("/ip"), Family::V4, None).await
}

#[tokio::test]
async fn a_page_is_handed_back_with_its_status_and_the_wish_for_rest() {
    let wanted = Reading::Echo { status: 200, retry_after: None, body: "91.12.34.57\n".into() };
    assert_eq!(get(Answer::ok("91.12.34.57\n")).await, Ok(wanted));
    let wanted = Reading::Echo { status: 429, retry_after: Some(Duration::from_secs(900)), body: String::new() };
    assert_eq!(get(Answer::reply("429 Slow down", "Retry-After: 900\r\n", "")).await, Ok(wanted));
    let read = get(Answer::reply("503 Later", "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n", "")).await;
    assert!(matches!(read, Ok(Reading::Echo { status: 503, retry_after: Some(rest), .. }) if rest > Duration::from_secs(86_400)));
}

#[tokio::test]
async fn a_redirect_a_long_page_and_a_reset_are_faults() {
    for (answer, word) in [
        (Answer::redirect(302, "http://127.0.0.2/login"), "captive portal"),
        (Answer::redirect(301, "/other"), "not followed"),
        (Answer::ok(&"x".repeat(LIMITS.body + 1)), "longer than 16384"),
        (Answer::reply("200 OK", "Content-Encoding: br\r\n", "x"), "\"br\""),
        (Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n91.12.34.57", End::Close), ""),
        (Answer::raw("nonsense", End::Close), ""),
    ] {
        let fault = get(answer).await.unwrap_err();
        let (ProbeFault::Failed(why) | ProbeFault::Portal(why) | ProbeFault::NoRoute(why)) = &fault;
        assert!(why.contains(word) && !why.is_empty(), "{word}: {fault:?}");
        assert_eq!(matches!(fault, ProbeFault::Portal(_)), word == "captive portal", "{fault:?}");
    }
}

#[tokio::test]
async fn a_service_that_is_near_and_closed_says_nothing_about_the_line() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let clients = Clients::new(&Options { user_agent: "wanbeacon/test".into(), ..Options::default() }).unwrap();
    let fault = ask(&clients, &format!("http://{closed}/"), Family::V4, None).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("no connection")), "{fault:?}");
    let wrong = ask(&clients, &format!("http://{closed}/"), Family::V6, None).await.unwrap_err();
    assert!(matches!(&wrong, ProbeFault::Failed(why) if why.contains("IPv6")), "{wrong:?}");
}

#[test]
fn only_services_behind_the_line_tell_of_a_missing_route() {
    for (url, behind) in [
        ("https://api.ipify.org/", true),
        ("https://91.12.34.57/", true),
        ("http://127.0.0.1:8080/", false),
        ("http://[::1]/", false),
        ("http://192.168.178.1/ip", false),
        ("http://localhost:1/", false),
    ] {
        assert_eq!(far(url), behind, "{url}");
    }
    assert!(may_lack_route(&Fault::Connect("Network is unreachable (os error 101)".into())));
    assert!(!may_lack_route(&Fault::Connect("Connection refused (os error 111)".into())));
    assert!(!may_lack_route(&Fault::Ambiguous("no complete reply".into())));
}
