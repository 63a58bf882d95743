//! One connection from the router: an event, and our answer.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::tr064::gena::{self, Answer, BODY, HEAD, Incoming, Properties};

/// Who has not said everything by then is not listened to any longer: events are small, and the router is near.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes that are read at a time.
const PIECE: usize = 2048;

/// Somebody who calls.
#[derive(Debug)]
pub(super) struct Caller {
    stream: TcpStream,
    bytes: Vec<u8>,
    until: Instant,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing for us.
    Nothing,
    /// An event of our subscription.
    Event { seq: u32, properties: Result<Properties, String> },
}

impl Caller {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, bytes: Vec::new(), until: Instant::now() + PATIENCE }
    }

    /// Listens to the end, and answers. May be dropped while it waits: what was said so far is kept.
    pub(super) async fn says(&mut self, path: &str, sid: &str) -> Said {
        loop {
            let (answer, result) = match gena::read(&self.bytes, path, sid) {
                Incoming::More => match tokio::time::timeout_at(self.until, self.more()).await {
                    Ok(Ok(true)) => continue,
                    ended => {
                        tracing::debug!("the router called and did not end its sentence: {ended:?}");
                        return Said::Nothing;
                    }
                },
                Incoming::Refused(answer) => (answer, Said::Nothing),
                Incoming::Notify { seq, properties } => {
                    let answer = if properties.is_ok() { Answer::Ok } else { Answer::BadRequest };
                    (answer, Said::Event { seq, properties })
                }
            };
            if answer != Answer::Ok {
                tracing::debug!("the router called with something that is no event for us: {answer:?}");
            }
            // So little fits into the buffer of a new connection: nobody waits here. Who left does not need the answer.
            let _ = self.stream.write_all(answer.wire().as_bytes()).await;
            return result;
        }
    }

    /// `false`: nothing more comes.
    async fn more(&mut self) -> io::Result<bool> {
        // What is longer than this has been refused.
        let room = (HEAD + BODY + 1).saturating_sub(self.bytes.len()).min(PIECE);
        self.bytes.reserve(room);
        Ok((&mut self.stream).take(room as u64).read_buf(&mut self.bytes).await? > 0)
    }
}
