//! Follows the machine's interfaces for as long as the daemon runs, whatever happens to the conversation with the kernel.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::detect::interface::Watch;

/// Shortest time between two attempts to follow the interfaces.
const PAUSE: Duration = Duration::from_secs(60);

type Open = fn() -> BoxFuture<'static, Result<Watch, String>>;

/// The links of this machine.
pub(super) struct Links {
    open: Open,
    watch: Option<Watch>,
    /// When a watch was last attempted.
    attempt: Instant,
    /// There was a link at some time: a machine that never had one (a network namespace) does not lose it.
    linked: bool,
    /// That there is no link was the last thing told.
    down: bool,
}

impl Links {
    /// Begins to follow. What fails is tried again by [`Self::changed`]; until then polling finds every change.
    pub(super) async fn follow() -> Self {
        Self::with(|| Watch::new().boxed()).await
    }

    async fn with(open: Open) -> Self {
        let mut links = Self { open, watch: None, attempt: Instant::now(), linked: false, down: false };
        if let Err(error) = links.attempt().await {
            tracing::warn!("changes of interfaces are found by polling only: {error}");
        }
        links
    }

    /// Waits for the next change and tells whether there is a link. After a gap in which changes may have been missed it
    /// tells so as well. May be dropped while it waits.
    pub(super) async fn changed(&mut self) -> bool {
        loop {
            if let Some(watch) = &mut self.watch {
                if !watch.changed().await {
                    tracing::warn!("the kernel does not tell changes of interfaces any more; it is asked again");
                    self.watch = None;
                    self.down = false;
                    return true;
                }
                let told = self.down;
                self.down = self.is_down();
                // Without a link nothing that changes is news.
                if !(told && self.down) {
                    return !self.down;
                }
            } else {
                tokio::time::sleep_until(self.attempt + PAUSE).await;
                match self.attempt().await {
                    Ok(()) => {
                        tracing::info!("changes of interfaces are followed");
                        self.down = self.is_down();
                        return !self.down;
                    }
                    Err(error) => tracing::debug!("changes of interfaces are found by polling only: {error}"),
                }
            }
        }
    }

    /// Does the kernel tell?
    pub(super) const fn is_followed(&self) -> bool {
        self.watch.is_some()
    }

    async fn attempt(&mut self) -> Result<(), String> {
        let opened = (self.open)().await;
        self.attempt = Instant::now();
        let watch = opened?;
        self.linked |= watch.is_linked();
        self.watch = Some(watch);
        Ok(())
    }

    /// Is the link gone that once was there?
    fn is_down(&mut self) -> bool {
        let linked = self.watch.as_ref().is_some_and(Watch::is_linked);
        self.linked |= linked;
        self.linked && !linked
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::detect::interface::fake::watch;

    #[tokio::test(start_paused = true)]
    async fn after_the_kernel_fell_silent_there_is_a_look_a_new_watch_and_another_look() {
        static OPENED: AtomicUsize = AtomicUsize::new(0);
        let open: Open = || {
            let nth = OPENED.fetch_add(1, Ordering::Relaxed);
            async move {
                match nth {
                    // Loses its link, then falls silent.
                    0 => watch(&[Ok(true), Ok(false)]).await,
                    1 => Err("no sockets left".into()),
                    // The link is still gone, and comes back.
                    _ => watch(&[Ok(false), Ok(true)]).await,
                }
            }
            .boxed()
        };
        let begun = Instant::now();
        let mut links = Links::with(open).await;
        assert!(!links.changed().await, "the link is gone");
        assert!(links.changed().await, "nobody knows: look");
        assert_eq!((OPENED.load(Ordering::Relaxed), begun.elapsed()), (1, Duration::ZERO));
        assert!(!links.changed().await, "still gone");
        assert_eq!((OPENED.load(Ordering::Relaxed), begun.elapsed().as_secs()), (3, 120));
        assert!(links.changed().await, "back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_kernel_that_could_not_be_asked_is_a_change() {
        let mut links = Links::with(|| async { watch(&[Ok(true), Err("too many open files".into())]).await }.boxed()).await;
        assert!(links.changed().await);
        assert!(links.watch.is_none(), "a new watch is needed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_never_had_a_link_does_not_lose_one() {
        let mut links = Links::with(|| async { watch(&[Ok(false)]).await }.boxed()).await;
        assert!(links.changed().await, "silent");
        assert!(links.changed().await, "a new watch, still without a link");
    }
}
