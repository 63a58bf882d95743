use super::*;
use crate::detect::datagram::fake::{Responder, closed};

fn told(address: &str) -> Result<RouterReading, ProbeFault> {
    Ok(RouterReading { address: address.into(), ..RouterReading::default() })
}

/// A gateway that only speaks PCP, and answers a mapping with 91.0.0.1.
fn pcp_only(request: &[u8]) -> Vec<Vec<u8>> {
    match request {
        [2, 1, ..] => {
            let mut answer = request.to_vec();
            answer[1] |= 0x80;
            answer[8..24].fill(0);
            answer[44..].copy_from_slice(&Ipv4Addr::new(91, 0, 0, 1).to_ipv6_mapped().octets());
            vec![answer]
        }
        _ => vec![[&[2, 0x80, 0, 1][..], &[0; 20]].concat()],
    }
}

#[tokio::test]
async fn nat_pmp_is_enough_where_it_is_spoken() {
    let gateway = Responder::start("127.0.0.1:0", |_| vec![b"\x00\x80\x00\x00\x00\x00\x00\x3c\x5b\x00\x00\x01".to_vec()]).await;
    assert_eq!(ask_at(gateway.address, None).await, told("91.0.0.1"));
    assert_eq!(ask_at(gateway.address, Some("lo")).await, told("91.0.0.1"));
    assert_eq!(gateway.asked(), [[0, 0], [0, 0]], "nothing is changed at the gateway");
}

#[tokio::test]
async fn a_mapping_is_made_and_ended_where_only_pcp_is_spoken() {
    let gateway = Responder::start("127.0.0.1:0", pcp_only).await;
    assert_eq!(ask_at(gateway.address, None).await, told("91.0.0.1"));
    // The last packet may still be under way to the fake's task.
    for _ in 0..100 {
        if gateway.asked().len() > 2 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let asked = gateway.asked();
    let [_, made, ended] = asked.as_slice() else { panic!("three packets were expected: {asked:?}") };
    assert_eq!(made[4..8], LIFETIME.to_be_bytes());
    assert_eq!(made[8..24], Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets(), "the address that the gateway sees");
    assert_eq!(ended[4..8], [0; 4]);
    assert_eq!(made[24..], ended[24..], "the same mapping");
}

#[tokio::test]
async fn a_refusal_is_a_fault() {
    let gateway = Responder::start("127.0.0.1:0", |_| vec![vec![], b"noise".to_vec(), vec![0, 0x80, 0, 3, 0, 0, 0, 60]]).await;
    let fault = ask_at(gateway.address, None).await.unwrap_err();
    assert_eq!(fault, ProbeFault::Failed("the gateway has no address outside yet (network failure)".into()));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_without_either_is_a_fault() {
    let fault = ask_at(closed(), None).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("refuses")), "{fault:?}");
    let silent = Responder::silent().await;
    let fault = ask_at(silent.address, None).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("within 3.75s")), "{fault:?}");
    assert_eq!(silent.asked().len(), 4);
}

#[tokio::test]
async fn there_is_no_nat_to_ask_with_ipv6() {
    let fault = ask(Family::V6, None).await.unwrap_err();
    assert!(matches!(&fault, ProbeFault::Failed(why) if why.contains("about IPv4 only")), "{fault:?}");
}
