//! The daemon's end of the socket.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as Knock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{LONGEST_PATH, Reply, Request};

/// Clients that are served at the same time; others wait to be accepted.
const CLIENTS: usize = 8;

/// Longest request in bytes: a command and one name fit many times.
const LONGEST_REQUEST: u64 = 4096;

/// How long a client may take to ask.
const ASKING: Duration = Duration::from_secs(5);

/// How long the daemon may take to answer: `plan` asks address sources.
const ANSWERING: Duration = Duration::from_secs(120);

/// How long a client may take to read the answer.
const READING: Duration = Duration::from_secs(10);

/// Rest after a connection could not be accepted (no file descriptors left).
const ACCEPT_REST: Duration = Duration::from_secs(1);

/// Why the socket could not be opened.
#[derive(Debug, Error)]
pub enum BindError {
    /// The path does not fit into a socket address.
    #[error("the path of the control socket, {path:?}, has {length} bytes; {LONGEST_PATH} are possible: choose a shorter --state-dir")]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
    },
    /// Somebody listens there already.
    #[error("another wanbeacon listens on the control socket {path:?}")]
    Busy {
        /// The path.
        path: PathBuf,
    },
    /// Anything else.
    #[error("cannot open the control socket {path:?}: {source}")]
    Failed {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The open socket. Its file goes when this is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Opens the socket at `path` with mode 0600, in place of one that a crash left behind.
///
/// # Errors
///
/// The path is too long, somebody listens there, or the file cannot be made.
pub fn bind(path: &Path) -> Result<Listener, BindError> {
    let length = path.as_os_str().len();
    if length > LONGEST_PATH {
        return Err(BindError::TooLong { path: path.to_owned(), length });
    }
    if Knock::connect(path).is_ok() {
        return Err(BindError::Busy { path: path.to_owned() });
    }
    // Made under another name and then moved: nobody meets it with a wider mode, and a stale one is replaced.
    let fresh = path.with_extension("new");
    let open = || {
        let _ = fs::remove_file(&fresh);
        let socket = UnixListener::bind(&fresh)?;
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
        fs::rename(&fresh, path)?;
        Ok(socket)
    };
    let socket = open().map_err(|source| BindError::Failed { path: path.to_owned(), source })?;
    Ok(Listener { socket, path: path.to_owned() })
}

/// Serves clients until it is dropped: every request goes to `requests` with the place for its reply.
pub async fn serve(listener: Listener, requests: mpsc::Sender<(Request, oneshot::Sender<Reply>)>) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    let mut clients = JoinSet::new();
    loop {
        // Nobody closes the semaphore.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        while clients.try_join_next().is_some() {}
        match listener.socket.accept().await {
            Ok((client, _)) => {
                let requests = requests.clone();
                clients.spawn(async move {
                    // A client that goes away or stalls is its own loss.
                    let _ = attend(client, &requests).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!("cannot accept on the control socket: {error}");
                sleep(ACCEPT_REST).await;
            }
        }
    }
}

async fn attend(client: UnixStream, requests: &mpsc::Sender<(Request, oneshot::Sender<Reply>)>) -> io::Result<()> {
    let (reader, mut writer) = client.into_split();
    let mut line = Vec::new();
    timeout(ASKING, BufReader::new(reader.take(LONGEST_REQUEST)).read_until(b'\n', &mut line)).await??;
    let reply = match serde_json::from_slice(&line) {
        Ok(request) => ask(request, requests).await,
        Err(error) => Reply::refused(64, format!("not a request: {error}")),
    };
    let mut text = serde_json::to_vec(&reply)?;
    text.push(b'\n');
    timeout(READING, async {
        writer.write_all(&text).await?;
        writer.shutdown().await
    })
    .await?
}

async fn ask(request: Request, requests: &mpsc::Sender<(Request, oneshot::Sender<Reply>)>) -> Reply {
    let answer = async {
        let (place, reply) = oneshot::channel();
        requests.send((request, place)).await.ok()?;
        reply.await.ok()
    };
    match timeout(ANSWERING, answer).await {
        Ok(Some(reply)) => reply,
        Ok(None) => Reply::refused(75, "the daemon is stopping"),
        Err(_) => Reply::refused(75, format!("the daemon did not answer within {} s", ANSWERING.as_secs())),
    }
}
