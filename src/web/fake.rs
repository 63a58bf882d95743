//! Settings, and a daemon that answers, for tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::Question;
use crate::config::{Face, LoginForm, User, Web};
use crate::rules::rights::{Right, Rights};
use crate::rules::secret::Secret;
use crate::rules::snapshot::{LinePicture, Snapshot, VERSION};

/// Serves state and health on any free port of loopback. `admin` may do everything, `guest` nothing; the password is `geheim`.
pub(super) fn web() -> Web {
    let user = |name: &str, rights: &[Right]| User {
        name: name.to_owned(),
        password: Secret::new("geheim".to_owned()),
        rights: rights.iter().copied().collect::<Rights>(),
    };
    Web {
        enabled: true,
        listen: loopback(),
        tls_listen: None,
        remote_user: None,
        users: vec![user("admin", &Right::ALL), user("guest", &[])],
        dyndns: Face::default(),
        tr064: Face::default(),
        login: LoginForm::default(),
    }
}

pub(super) fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

/// With one line of this name.
pub(super) fn snapshot(line: &str) -> Snapshot {
    let line = LinePicture { name: line.to_owned(), families: crate::rules::address::PerFamily::default() };
    Snapshot { version: VERSION, wan: vec![line], ddns: Vec::new() }
}

/// Answers every question about the state, and counts them.
pub(super) fn daemon(snapshot: Snapshot) -> (mpsc::Sender<Question>, Arc<AtomicUsize>) {
    let (sender, mut questions) = mpsc::channel(4);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Some(question) = questions.recv().await {
            counted.fetch_add(1, Ordering::Relaxed);
            if let Question::Status(place) = question {
                let _ = place.send(snapshot.clone());
            }
        }
    });
    (sender, count)
}
