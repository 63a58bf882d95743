//! One connection: TLS, HTTP, and its limits.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::pace::{Pace, Paced, Phase};
use super::request::{Reply, finished, read};
use super::route;
use super::shared::Shared;

/// Longest head of a request in bytes: browsers with many cookies send half of it.
const LONGEST_HEAD: usize = 16 * 1024;

/// Most fields of a head: browsers send twenty.
const MOST_FIELDS: usize = 100;

/// A client that was let in.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) peer: IpAddr,
    /// Where it came in: the address as configured, and whether TLS is spoken there.
    pub(super) door: (SocketAddr, bool),
    pub(super) shared: Arc<Shared>,
    pub(super) pace: Arc<Pace>,
    /// Its sender goes when the door closes: what is being answered is finished then, nothing more.
    pub(super) open: watch::Receiver<()>,
}

/// Serves a client until either side has enough. The error is for who looks for one.
pub(super) async fn attend(visit: Visit, stream: TcpStream, tls: Option<TlsAcceptor>) -> Result<(), String> {
    // Answers are one write each: waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return converse(visit, stream).await;
    };
    let (_, deadline) = visit.pace.deadline();
    let mut open = visit.open.clone();
    let stream = tokio::select! {
        shaken = timeout_at(deadline, tls.accept(stream)) => match shaken {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(format!("no TLS: {error}")),
            Err(_) => return Err("the TLS handshake took too long".to_owned()),
        },
        _ = open.changed() => return Ok(()),
    };
    visit.pace.enter(Phase::Fresh);
    converse(visit, stream).await
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut visit: Visit, stream: S) -> Result<(), String> {
    let pace = Arc::clone(&visit.pace);
    let (peer, door, shared) = (visit.peer, visit.door, visit.shared);
    let service = service_fn(|request| answer(request, peer, door, &shared, &pace));
    let mut builder = Builder::new();
    // Our own limits know the phases; a client may close its side once it has asked.
    builder.timer(TokioTimer::new()).header_read_timeout(None).half_close(true);
    builder.max_headers(MOST_FIELDS).max_header_size(LONGEST_HEAD).max_buf_size(2 * LONGEST_HEAD);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(Paced::new(stream, Arc::clone(&pace))), service));
    let mut closing = pin!(visit.open.changed());
    let mut is_closing = false;
    let mut alarm = pin!(sleep_until(pace.deadline().1));
    poll_fn(|cx| {
        if !is_closing && closing.as_mut().poll(cx).is_ready() {
            is_closing = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(end) = connection.as_mut().poll(cx) {
            return Poll::Ready(end.map_err(|error| error.to_string()));
        }
        // Only this very task moves from phase to phase.
        let (phase, deadline) = pace.deadline();
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(cx).map(|()| match phase {
            Phase::Idle => Ok(()),
            phase => Err(format!("too slow: {phase:?}")),
        })
    })
    .await
}

async fn answer(
    request: Request<Incoming>,
    peer: IpAddr,
    door: (SocketAddr, bool),
    shared: &Shared,
    pace: &Pace,
) -> Result<Reply, Infallible> {
    pace.enter(Phase::Body);
    let reply = match read(request, peer, door.1).await {
        Ok(call) => {
            pace.enter(Phase::Thinking);
            route::answer(&call, door, shared).await
        }
        Err(refusal) => {
            pace.leave_unread();
            *refusal
        }
    };
    pace.enter(Phase::Writing);
    Ok(finished(reply))
}

#[cfg(test)]
mod tests;
