//! What all connections share.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::Question;
use super::gate::Gate;
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
}

impl Shared {
    pub(super) fn new(settings: Web, questions: mpsc::Sender<Question>) -> Self {
        Self { settings: RwLock::new(Arc::new(settings)), questions, gate: Mutex::new(Gate::default()) }
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
}
