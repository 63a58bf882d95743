//! Somebody on loopback who answers datagrams as a test wants it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

/// A running fake; ends with the test's runtime.
pub(crate) struct Responder {
    pub(crate) address: SocketAddr,
    /// What came, in order.
    pub(crate) asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Responder {
    /// Listens at `at` (port 0: any free one) and sends what `answers` makes of each datagram.
    pub(crate) async fn start(at: &str, mut answers: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind(at).await.expect("loopback can be bound");
        let responder = Self { address: socket.local_addr().expect("bound"), asked: Arc::default() };
        let asked = Arc::clone(&responder.asked);
        tokio::spawn(async move {
            let mut buffer = [0; 2048];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                asked.lock().expect("not poisoned").push(buffer[..length].to_vec());
                for answer in answers(&buffer[..length]) {
                    // The other side may have heard enough.
                    let _gone = socket.send_to(&answer, from).await;
                }
            }
        });
        responder
    }

    /// Listens and says nothing.
    pub(crate) async fn silent() -> Self {
        Self::start("127.0.0.1:0", |_| Vec::new()).await
    }

    pub(crate) fn asked(&self) -> Vec<Vec<u8>> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

/// A port of loopback where nobody listens.
pub(crate) fn closed() -> SocketAddr {
    std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("loopback can be bound")
}
