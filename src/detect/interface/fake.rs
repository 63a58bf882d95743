//! A kernel that tells what a test wants.

use std::sync::Mutex;

use futures_util::{FutureExt as _, StreamExt as _};

use super::View;
use super::defaults::Hint;
use super::watch::Watch;

/// Finds these states (is there a link?) one after the other, each after a message, and then falls silent.
pub(crate) async fn watch(states: &[Result<bool, String>]) -> Result<Watch, String> {
    let told = |linked| (View { linked, ..View::default() }, None);
    let states: Vec<_> = states.iter().cloned().map(|state| state.map(told)).collect();
    // Pending between two messages: what comes in one burst is one change.
    let messages = futures_util::stream::iter(1..states.len())
        .then(async |_| {
            tokio::task::yield_now().await;
            Hint::Interfaces
        })
        .boxed();
    let states = Mutex::new(states.into_iter());
    let look = Box::new(move |_| {
        let next = states.lock().expect("not poisoned").next().expect("as many looks as states");
        async { next }.boxed()
    });
    Watch::of(messages, tokio::spawn(async {}), look).await
}
