//! What all connections share.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::Question;
use super::gate::Gate;
use super::refusals::Refusals;
use super::tr064::Logins;
use crate::config::Web;

/// How long the daemon may take to answer: it answers at its next turn.
const ANSWERING: Duration = Duration::from_secs(10);

/// Settings, and the way to the daemon.
#[derive(Debug)]
pub(crate) struct Shared {
    settings: RwLock<Arc<Web>>,
    questions: mpsc::Sender<Question>,
    /// Who tried to log in how often.
    pub(crate) gate: Mutex<Gate>,
    /// What was said of pushes that were refused.
    refusals: Mutex<Refusals>,
    /// Where the gate's time begins.
    started: Instant,
    /// What clients of the TR-064 service may answer to.
    pub(crate) logins: Logins,
}

impl Shared {
    pub(super) fn new(settings: Web, questions: mpsc::Sender<Question>) -> Self {
        Self {
            settings: RwLock::new(Arc::new(settings)),
            questions,
            gate: Mutex::new(Gate::default()),
            refusals: Mutex::default(),
            started: Instant::now(),
            logins: Logins::default(),
        }
    }

    /// The settings as they are now.
    pub(crate) fn settings(&self) -> Arc<Web> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on.
    pub(super) fn follow(&self, settings: Web) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// Asks the daemon. `None`: it is stopping, or too busy.
    pub(crate) async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Question) -> Option<T> {
        let (place, answer) = oneshot::channel();
        timeout(ANSWERING, async {
            self.questions.send(question(place)).await.ok()?;
            answer.await.ok()
        })
        .await
        .ok()?
    }

    /// May this client log in? To be asked before a login is looked at.
    ///
    /// # Errors
    ///
    /// How long it has to wait: the answer is 503 with [`retry_after`](super::request::retry_after).
    pub(crate) fn admits(&self, client: IpAddr) -> Result<(), Duration> {
        self.gate().admits(client, self.started.elapsed())
    }

    /// May this client, which has no login, be asked for one? To be asked before that is done.
    ///
    /// # Errors
    ///
    /// As those of [`admits`](Self::admits).
    pub(crate) fn asks(&self, client: IpAddr) -> Result<(), Duration> {
        self.gate().asks(client, self.started.elapsed())
    }

    /// May this client make a call that needs no login? Books it.
    ///
    /// # Errors
    ///
    /// As those of [`admits`](Self::admits).
    pub(crate) fn opens(&self, client: IpAddr) -> Result<(), Duration> {
        self.gate().opens(client, self.started.elapsed())
    }

    /// It came without a login where one is needed.
    pub(crate) fn came_without(&self, client: IpAddr) {
        self.gate().came_without(client, self.started.elapsed());
    }

    /// Its login was wrong.
    pub(crate) fn failed(&self, client: IpAddr) {
        if self.gate().failed(client, self.started.elapsed()) {
            tracing::warn!("a login from {client} was wrong");
        }
    }

    /// Its login was right.
    pub(crate) fn let_in(&self, client: IpAddr) {
        self.gate().let_in(client, self.started.elapsed());
    }

    /// Is it news for the log that a push of `client` was answered with `word`, as `sentence` has it?
    pub(super) fn is_news(&self, client: IpAddr, word: &'static str, sentence: &str) -> bool {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).is_news(client, word, sentence)
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
