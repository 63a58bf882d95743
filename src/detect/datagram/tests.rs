use super::fake::{Responder, closed};
use super::*;

const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

async fn talk(to: SocketAddr, via: Option<&str>) -> Result<Vec<u8>, ProbeFault> {
    let socket = connect(to, via).await?;
    exchange(&socket, b"who", &PAUSES, |bytes| bytes.starts_with(b"you").then(|| bytes.to_vec())).await
}

fn why(result: Result<Vec<u8>, ProbeFault>) -> String {
    match result {
        Err(ProbeFault::Failed(why)) => why,
        other => panic!("a failure was expected: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_answer_is_passed_over() {
    let responder = Responder::start("127.0.0.1:0", |_| vec![vec![], b"noise".to_vec(), vec![0; 9000], b"you are".to_vec()]).await;
    assert_eq!(talk(responder.address, None).await, Ok(b"you are".to_vec()));
    assert_eq!(talk(responder.address, Some("lo")).await, Ok(b"you are".to_vec()));
}

#[tokio::test]
async fn nobody_else_is_heard() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let other = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 16];
        let (_, from) = socket.recv_from(&mut buffer).await.unwrap();
        other.send_to(b"you are forged", from).await.unwrap();
        socket.send_to(b"you are", from).await.unwrap();
    });
    assert_eq!(talk(address, None).await, Ok(b"you are".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn silence_is_asked_again_after_every_pause_and_then_reported() {
    let silent = Responder::silent().await;
    let why = why(talk(silent.address, None).await);
    assert!(why.contains(&format!("{} did not answer within 3.5s", silent.address)), "{why}");
    assert_eq!(silent.asked(), vec![b"who".to_vec(); 3]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_packet_costs_one_pause() {
    let mut first = true;
    let responder = Responder::start("127.0.0.1:0", move |_| if std::mem::take(&mut first) { vec![] } else { vec![b"you".to_vec()] }).await;
    assert_eq!(talk(responder.address, None).await, Ok(b"you".to_vec()));
    assert_eq!(responder.asked().len(), 2);
}

#[tokio::test]
async fn a_stream_of_garbage_ends_the_question() {
    let responder = Responder::start("127.0.0.1:0", |_| vec![b"noise".to_vec(); HEARD + 10]).await;
    let why = why(talk(responder.address, None).await);
    assert!(why.contains("nothing but what was not asked"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_little_garbage_is_told_of() {
    let responder = Responder::start("127.0.0.1:0", |_| vec![b"noise".to_vec()]).await;
    let why = why(talk(responder.address, None).await);
    assert!(why.contains("3 datagrams that are no answer"), "{why}");
}

#[tokio::test]
async fn a_closed_port_and_a_missing_interface_are_named() {
    let closed = closed();
    assert_eq!(why(talk(closed, None).await), format!("{closed} refuses: nothing listens there"));
    let why = why(talk(closed, Some("none-such0")).await);
    assert!(why.starts_with("nothing can be sent through the interface \"none-such0\": "), "{why}");
}

#[test]
fn only_the_want_of_a_way_is_a_missing_route() {
    for (errno, missing) in [
        (Errno::NETUNREACH, true),
        (Errno::HOSTUNREACH, true),
        (Errno::ADDRNOTAVAIL, true),
        (Errno::AFNOSUPPORT, true),
        (Errno::CONNREFUSED, false),
        (Errno::MFILE, false),
        (Errno::PERM, false),
    ] {
        assert_eq!(unroutable(&errno.into()), missing, "{errno}");
    }
}

#[test]
fn two_draws_differ() {
    assert_ne!(random::<12>().unwrap(), random::<12>().unwrap());
}
