//! How far a connection has come, and how long it may stay there: time limits that no client can stretch byte by byte.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What a client that is alive does within a second may take this long: handshake, head, body, taking the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Until the next request: browsers and routers come back at once or after minutes.
const IDLE: Duration = Duration::from_secs(60);

/// For the answer itself. Every question to the daemon has a limit of its own; this one is for mishaps.
const THINKING: Duration = Duration::from_secs(60);

/// For what a refused client still sends: closing before it has read the refusal would take that away from it.
const CLOSING: Duration = Duration::from_secs(2);

/// Bytes that a refused client may still send.
const CLOSING_BYTES: usize = 256 * 1024;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing but TLS so far.
    Handshake,
    /// Open, and nothing came yet.
    Fresh,
    /// The head of a request is coming in.
    Head,
    /// Its body is coming in.
    Body,
    /// The answer is being found.
    Thinking,
    /// The answer is going out.
    Writing,
    /// The last answer is out, nothing new came.
    Idle,
    /// Refused; what still comes is thrown away.
    Closing,
}

impl Phase {
    fn limit(self) -> Duration {
        match self {
            Self::Handshake | Self::Fresh | Self::Head | Self::Body | Self::Writing => PATIENCE,
            Self::Thinking => THINKING,
            Self::Idle => IDLE,
            Self::Closing => CLOSING,
        }
    }
}

/// Shared between a connection, its stream, and who counts connections.
#[derive(Debug)]
pub(super) struct Pace(Mutex<Standing>);

#[derive(Debug)]
struct Standing {
    phase: Phase,
    since: Instant,
    /// Something of the answer was written.
    wrote: bool,
    /// A request was not read to its end.
    unread: bool,
}

impl Pace {
    /// Begins with this phase.
    pub(super) fn new(phase: Phase) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Standing { phase, since: Instant::now(), wrote: false, unread: false })))
    }

    /// From now on.
    pub(super) fn enter(&self, phase: Phase) {
        self.standing().enter(phase);
    }

    /// The request was refused before it was read to its end.
    pub(super) fn leave_unread(&self) {
        self.standing().unread = true;
    }

    /// Where it stands, and until when it may.
    pub(super) fn deadline(&self) -> (Phase, Instant) {
        let standing = self.standing();
        (standing.phase, standing.since + standing.phase.limit())
    }

    /// Since when nothing went on that counts; `None`: the daemon is at work on the answer.
    pub(super) fn resting_since(&self) -> Option<Instant> {
        let standing = self.standing();
        (standing.phase != Phase::Thinking).then_some(standing.since)
    }

    /// Since when it waits for a next request; `None`: it does not.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let standing = self.standing();
        (standing.phase == Phase::Idle).then_some(standing.since)
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn enter(&mut self, phase: Phase) {
        (self.phase, self.since, self.wrote) = (phase, Instant::now(), false);
    }
}

/// A stream that tells its pace what happens on it.
#[derive(Debug)]
pub(super) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
    /// The writing side is closed.
    shut: bool,
    thrown_away: usize,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Arc<Pace>) -> Self {
        Self { stream, pace, shut: false, thrown_away: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let mut standing = this.pace.standing();
        if buf.filled().len() > before && matches!(standing.phase, Phase::Fresh | Phase::Idle) {
            standing.enter(Phase::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let length = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        this.pace.standing().wrote = true;
        Poll::Ready(Ok(length))
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let length = ready!(Pin::new(&mut this.stream).poll_write_vectored(cx, bytes))?;
        this.pace.standing().wrote = true;
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        // Only asked for when nothing is left in the buffers above: the whole answer is out.
        let mut standing = this.pace.standing();
        if standing.phase == Phase::Writing && standing.wrote {
            standing.enter(Phase::Idle);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.shut {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.shut = true;
            let mut standing = this.pace.standing();
            if !standing.unread && standing.phase != Phase::Head {
                return Poll::Ready(Ok(()));
            }
            standing.enter(Phase::Closing);
        }
        let mut space = [0; 4096];
        while this.pace.deadline().0 == Phase::Closing && this.thrown_away < CLOSING_BYTES {
            let mut buf = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buf))?;
            match buf.filled().len() {
                0 => break,
                length => this.thrown_away += length,
            }
        }
        Poll::Ready(Ok(()))
    }
}
