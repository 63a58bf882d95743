use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::*;

/// Far beyond what any of these take; only a hang meets it.
const LIMIT: Duration = Duration::from_secs(30);

/// A served socket whose daemon answers every request with its own name, in a thread of its own.
struct Daemon {
    dir: tempfile::TempDir,
    _stop: oneshot::Sender<()>,
}

impl Daemon {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = socket(dir.path());
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, is_ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            runtime().block_on(async {
                let listener = bind(&path).unwrap();
                ready.send(()).unwrap();
                let (sender, mut requests) = mpsc::channel::<(Request, oneshot::Sender<Reply>)>(1);
                let answering = async {
                    while let Some((request, reply)) = requests.recv().await {
                        let _ = reply.send(answer(&request));
                    }
                };
                tokio::select! {
                    () = serve(listener, sender) => {}
                    () = answering => {}
                    _ = stopped => {}
                }
            });
        });
        is_ready.recv().unwrap();
        Self { dir, _stop: stop }
    }

    fn path(&self) -> PathBuf {
        socket(self.dir.path())
    }

    fn call(&self, request: &Request) -> Result<serde_json::Value, CallError> {
        runtime().block_on(call(&self.path(), request, LIMIT))
    }

    fn raw(&self, bytes: &[u8]) -> String {
        let mut client = UnixStream::connect(self.path()).unwrap();
        client.set_read_timeout(Some(LIMIT)).unwrap();
        client.write_all(bytes).unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        text
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn answer(request: &Request) -> Reply {
    match request {
        Request::Unlock { domain: None } => Reply::refused(77, "nothing is locked"),
        // More than the buffers of a socket hold.
        Request::Status => Reply::done(&"x".repeat(4 * 1024 * 1024)),
        _ => Reply::done(request),
    }
}

#[test]
fn a_request_is_handed_on_and_its_reply_comes_back() {
    let daemon = Daemon::start();
    let request = Request::Update { domain: Some(Domain::parse("home.example.de").unwrap()) };
    assert_eq!(daemon.call(&request).unwrap(), json!({"command": "update", "domain": "home.example.de"}));
    let refused = daemon.call(&Request::Unlock { domain: None }).expect_err("it says no");
    assert!(matches!(refused, CallError::Refused { code: 77, ref error } if error == "nothing is locked"), "{refused:?}");
}

#[test]
fn the_wire_is_one_json_line_each_way() {
    let daemon = Daemon::start();
    assert_eq!(daemon.raw(b"{\"command\":\"health\"}\n"), "{\"ok\":true,\"result\":{\"command\":\"health\"}}\n");
    assert_eq!(daemon.raw(b"{\"command\":\"unlock\",\"domain\":null}\n"), "{\"ok\":false,\"error\":\"nothing is locked\",\"code\":77}\n");
}

#[test]
fn what_is_no_request_is_refused_as_wrong_use() {
    let daemon = Daemon::start();
    let endless = [b'x'; 4096];
    for bytes in [&b"\n"[..], b"hello\n", b"{\"command\":\"format\"}\n", b"{\"command\":\"unlock\",\"domain\":\"not a name\"}\n", &endless]
    {
        let reply: serde_json::Value = serde_json::from_str(&daemon.raw(bytes)).unwrap();
        assert_eq!((&reply["ok"], &reply["code"]), (&json!(false), &json!(64)), "{reply}");
    }
}

#[test]
fn clients_that_say_nothing_or_do_not_read_hold_nobody_up() {
    let daemon = Daemon::start();
    let silent: Vec<_> = (0..4).map(|_| UnixStream::connect(daemon.path()).unwrap()).collect();
    let stuck: Vec<_> = (0..3)
        .map(|_| {
            let mut client = UnixStream::connect(daemon.path()).unwrap();
            client.write_all(b"{\"command\":\"status\"}\n").unwrap();
            client
        })
        .collect();
    assert_eq!(daemon.call(&Request::Health).unwrap(), json!({"command": "health"}));
    drop((silent, stuck));
}

#[test]
fn a_reply_of_several_megabytes_arrives_whole() {
    let reply = Daemon::start().call(&Request::Status).unwrap();
    assert_eq!(reply.as_str().map(str::len), Some(4 * 1024 * 1024));
}

#[test]
fn without_a_daemon_the_client_says_so_whether_or_not_a_socket_was_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let path = socket(dir.path());
    let ask = || runtime().block_on(call(&path, &Request::Health, LIMIT));
    assert!(matches!(ask(), Err(CallError::NoDaemon)));
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    assert!(matches!(ask(), Err(CallError::NoDaemon)));
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = socket(dir.path());
    drop(UnixListener::bind(&path).unwrap());
    let listener = bind(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert!(matches!(bind(&path), Err(BindError::Busy { .. })));
    drop(listener);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_path_that_is_too_long_is_told_with_its_length() {
    let path = Path::new("/tmp").join("x".repeat(100)).join(SOCKET);
    let error = bind(&path).expect_err("118 bytes do not fit").to_string();
    assert!(error.contains("118 bytes") && error.contains("--state-dir"), "{error}");
}

#[test]
fn a_daemon_that_never_answers_costs_the_client_its_limit_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let path = socket(dir.path());
    let _mute = UnixListener::bind(&path).unwrap();
    let result = runtime().block_on(call(&path, &Request::Health, Duration::from_millis(1)));
    assert!(matches!(result, Err(CallError::Failed(ref text)) if text.contains("did not answer")), "{result:?}");
}
