//! A kernel that tells what a test wants.

use std::net::Ipv4Addr;
use std::sync::Mutex;

use futures_util::{FutureExt as _, StreamExt as _};

use super::watch::Watch;
use crate::rules::consensus::InterfaceAddress;

/// Finds these states (is there a link?) one after the other, each after a message, and then falls silent.
pub(crate) async fn watch(states: &[Result<bool, String>]) -> Result<Watch, String> {
    let told = |up| InterfaceAddress { up, address: Some(Ipv4Addr::new(192, 0, 2, 1).into()), ..InterfaceAddress::default() };
    let states: Vec<_> = states.iter().cloned().map(|state| state.map(|up| (vec![told(up)], Vec::new()))).collect();
    // Pending between two messages: what comes in one burst is one change.
    let messages = futures_util::stream::iter(1..states.len()).then(|_| tokio::task::yield_now()).boxed();
    let states = Mutex::new(states.into_iter());
    let look = Box::new(move || {
        let next = states.lock().expect("not poisoned").next().expect("as many looks as states");
        async { next }.boxed()
    });
    Watch::of(messages, tokio::spawn(async {}), look).await
}
