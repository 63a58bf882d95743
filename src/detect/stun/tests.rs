use super::*;
use crate::detect::datagram::fake::{Responder, closed};

/// A success with 192.0.2.1 in the transaction of `request` (RFC 5769 2.2).
fn success(request: &[u8]) -> Vec<u8> {
    [b"\x01\x01\x00\x0c", &request[4..20], b"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"].concat()
}

fn seen() -> Result<IpAddr, ProbeFault> {
    Ok("192.0.2.1".parse().expect("an address"))
}

#[tokio::test]
async fn a_server_is_looked_up_and_tells_what_it_saw() {
    let server = Responder::start("127.0.0.1:0", |request| vec![success(request)]).await;
    let named = StunServer { operator: "Test", host: "localhost", port: server.address.port() };
    assert_eq!(ask(&named, Family::V4, None, &Names::new(&[])).await, seen());
    assert_eq!(ask(&named, Family::V4, Some("lo"), &Names::new(&[])).await, seen());
    let asked = server.asked();
    assert!(asked.iter().all(|request| request.len() == 20));
    assert_ne!(asked[0][8..], asked[1][8..], "every transaction has its own number");
}

#[tokio::test]
async fn forged_answers_are_passed_over() {
    let server = Responder::start("127.0.0.1:0", |request| {
        let mut other = success(request);
        other[19] ^= 1;
        vec![b"garbage".to_vec(), request.to_vec(), other, success(request)]
    })
    .await;
    assert_eq!(ask_at(server.address, Family::V4, None).await, seen());
}

#[tokio::test]
async fn an_answer_that_is_no_evidence_ends_the_question() {
    let server = Responder::start("127.0.0.1:0", |request| {
        let mut plain = success(request);
        plain[21] = 0x01;
        vec![plain]
    })
    .await;
    let fault = ask_at(server.address, Family::V4, None).await.unwrap_err();
    assert_eq!(fault, ProbeFault::Failed("the answer has no XOR-MAPPED-ADDRESS".into()));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_is_asked_four_times() {
    let silent = Responder::silent().await;
    let fault = ask_at(silent.address, Family::V4, None).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("within 7.5s")), "{fault:?}");
    assert_eq!(silent.asked().len(), 4);
    assert_eq!(silent.asked()[0], silent.asked()[3], "a repeat is the same transaction");
}

#[tokio::test]
async fn a_name_without_the_family_is_a_fault() {
    let fault = ask_at(closed(), Family::V4, None).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("refuses")), "{fault:?}");
    let dns = crate::resolve::fake::FakeDns::start(
        "127.0.0.1:0",
        crate::resolve::fake::Zone::new(vec![crate::resolve::fake::address("stun.test.", "127.0.0.1")]),
    )
    .await;
    let named = StunServer { operator: "Test", host: "stun.test", port: 3478 };
    let fault = ask(&named, Family::V6, None, &Names::new(&[dns.address])).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) | ProbeFault::NoRoute(why) if why.contains("IPv6")), "{fault:?}");
}
