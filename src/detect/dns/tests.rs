use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::TXT;
use hickory_resolver::proto::rr::{RData, Record};

use super::*;
use crate::detect::datagram::fake::{Responder, closed};
use crate::resolve::fake::{FakeDns, Zone, address, name};
use crate::rules::consensus::services::Question;

const WHOAMI: Whoami = Whoami {
    operator: "Test",
    server: PerFamily { v4: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), v6: None },
    name: "whoami.test.",
    question: Question::Address,
    authoritative: true,
};

fn zone() -> Zone {
    Zone::new(vec![address("whoami.test.", "91.0.0.1")])
}

async fn asked_at(server: SocketAddr, nobody: SocketAddr) -> Result<DnsReading, ProbeFault> {
    ask_at(server, nobody, &WHOAMI, Family::V4, None).await
}

/// The right answer to a question, as bytes, after `change`.
fn answer(question: &[u8], change: impl FnOnce(&mut Message)) -> Vec<u8> {
    let mut message = Message::from_vec(question).expect("a question");
    message.metadata.message_type = hickory_resolver::proto::op::MessageType::Response;
    message.metadata.authoritative = true;
    message.add_answer(address("whoami.test.", "91.0.0.1"));
    change(&mut message);
    message.to_vec().expect("encodable")
}

fn right() -> DnsReading {
    DnsReading { authoritative: true, records: vec!["91.0.0.1".into()], intercepted: false }
}

#[tokio::test]
async fn who_is_asked_directly_tells_the_address() {
    let dns = FakeDns::start("127.0.0.1:0", zone()).await;
    let nobody = Responder::silent().await;
    assert_eq!(asked_at(dns.address, nobody.address).await, Ok(right()));
    assert_eq!(nobody.asked().len(), 1, "nobody is asked the same");
    assert_eq!(asked_at(dns.address, closed()).await, Ok(right()), "a refusal is not an answer");
    assert_eq!(ask_at(dns.address, closed(), &WHOAMI, Family::V4, Some("lo")).await, Ok(right()));
}

#[tokio::test]
async fn a_text_in_the_class_chaos_is_read() {
    let responder = Responder::start("127.0.0.1:0", |question| {
        let mut record = Record::from_rdata(name("whoami.test."), 0, RData::TXT(TXT::new(vec!["2003::1".into()])));
        record.dns_class = hickory_resolver::proto::rr::DNSClass::CH;
        vec![answer(question, |message| message.answers = vec![record])]
    })
    .await;
    let whoami = Whoami { question: Question::Chaos, ..WHOAMI };
    let reading = ask_at(responder.address, closed(), &whoami, Family::V4, None).await.unwrap();
    assert_eq!(reading.records, ["2003::1"]);
}

#[tokio::test]
async fn an_answer_where_nobody_is_tells_of_interception() {
    // Whatever it says.
    let refuse = |question: &[u8]| vec![answer(question, |message| message.metadata.response_code = ResponseCode::Refused)];
    let liar = Responder::start("127.0.0.3:0", refuse).await;
    let dns = FakeDns::start("127.0.0.1:0", zone()).await;
    assert_eq!(asked_at(dns.address, liar.address).await, Ok(DnsReading { intercepted: true, ..right() }));
    // What does not belong to the question proves nothing.
    let noise = Responder::start("127.0.0.3:0", |_| vec![b"noise".to_vec()]).await;
    assert_eq!(asked_at(dns.address, noise.address).await, Ok(right()));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_fetched_over_tcp() {
    let dns = FakeDns::start("127.0.0.1:0", Zone { truncated: true, ..zone() }).await;
    assert_eq!(asked_at(dns.address, closed()).await, Ok(right()));
    assert_eq!(dns.asked.lock().unwrap().len(), 2);
    // TCP where nobody listens.
    let cut = Responder::start("127.0.0.1:0", |question| vec![answer(question, |message| message.metadata.truncation = true)]).await;
    let fault = asked_at(cut.address, closed()).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("over TCP")), "{fault:?}");
}

#[tokio::test]
async fn forged_answers_are_passed_over() {
    let responder = Responder::start("127.0.0.1:0", |question| {
        vec![
            b"garbage".to_vec(),
            question.to_vec(),
            answer(question, |message| message.metadata.id ^= 1),
            answer(question, |message| message.queries[0].name = name("other.test.")),
            answer(question, |_| ())[..20].to_vec(),
            answer(question, |_| ()),
        ]
    })
    .await;
    assert_eq!(asked_at(responder.address, closed()).await, Ok(right()));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_and_silence_are_faults() {
    let dns = FakeDns::start("127.0.0.1:0", Zone::new(vec![])).await;
    let fault = asked_at(dns.address, closed()).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("Non-Existent")), "{fault:?}");
    let silent = Responder::silent().await;
    let fault = asked_at(silent.address, closed()).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("within 3s")), "{fault:?}");
    assert_eq!(silent.asked().len(), 2);
}

#[tokio::test]
async fn a_family_that_the_server_lacks_is_not_asked() {
    let fault = ask(&WHOAMI, Family::V6, None).await.unwrap_err();
    assert_eq!(fault, ProbeFault::Failed("Test has no name server with IPv6".into()));
}
