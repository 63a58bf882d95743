//! Keeps a subscription to the events of every router that a line asks, for as long as the daemon runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use crate::engine::event::{Event, RouterNews};
use crate::http::Clients;
use crate::rules::address::Family;
use crate::rules::consensus::{Line, Probe, Source};
use crate::tr064::events::{Heard, Publisher, Subscription};

/// First pause after a subscription that failed; each one that follows is twice as long …
const FIRST: Duration = Duration::from_secs(30);
/// … up to this: a router that cannot tell may be another one after an update or a move.
const LONGEST: Duration = Duration::from_secs(3600);
/// Who listened as long as this need not pause before the next try.
const STEADY: Duration = Duration::from_secs(60);
/// All farewells together.
const FAREWELLS: Duration = Duration::from_secs(1);

/// Finds where the router behind this probe, through this interface, tells of changes; why not, in words.
pub type Find = Arc<dyn Fn(Probe, Option<String>) -> BoxFuture<'static, Result<Publisher, String>> + Send + Sync>;

/// The subscriptions of all lines.
pub struct Subscriptions {
    news: mpsc::UnboundedReceiver<Event>,
    /// Something about this machine's network is different, so many times; closed: listen no longer.
    changes: watch::Sender<u32>,
    tasks: JoinSet<()>,
}

impl Subscriptions {
    /// Begins. Lines that ask no router cost nothing; those through the same interface share a subscription.
    #[must_use]
    pub fn keep(lines: &[Line], clients: &Clients, find: &Find) -> Self {
        let (sender, news) = mpsc::unbounded_channel();
        let (changes, nudged) = watch::channel(0);
        let mut tasks = JoinSet::new();
        for (via, probes) in routers(lines) {
            let (clients, find, news, nudged) = (clients.clone(), Arc::clone(find), sender.clone(), nudged.clone());
            tasks.spawn(Keeper { via, probes, clients, find, news, nudged, told: None }.keep());
        }
        Self { news, changes, tasks }
    }

    /// The next news of a router. May be dropped while it waits.
    pub async fn next(&mut self) -> Event {
        match self.news.recv().await {
            Some(event) => event,
            // No line asks a router.
            None => std::future::pending().await,
        }
    }

    /// The network may be another one, or the machine slept: are the routers still there?
    pub fn nudge(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Takes leave of the routers, within a second. What was heard meanwhile is nobody's.
    pub async fn end(self) {
        let Self { news: _, changes, mut tasks } = self;
        drop(changes);
        // Who does not come to an end is cut off; the router forgets the subscription after its time.
        let _ = tokio::time::timeout(FAREWELLS, async { while tasks.join_next().await.is_some() {} }).await;
    }
}

/// Through which interfaces routers are asked, and how.
fn routers(lines: &[Line]) -> BTreeMap<Option<String>, Vec<Probe>> {
    let mut all: BTreeMap<Option<String>, Vec<Probe>> = BTreeMap::new();
    for line in lines {
        for source in Family::ALL.iter().flat_map(|family| &line.sources[*family]) {
            let probe = match source {
                Source::FritzBox => Probe::FritzBox,
                Source::Upnp => Probe::Upnp,
                _ => continue,
            };
            let probes = all.entry(line.interface.clone()).or_default();
            if !probes.contains(&probe) {
                probes.push(probe);
            }
        }
    }
    all
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new().with_min_delay(FIRST).with_max_delay(LONGEST).without_max_times().build()
}

/// Keeps one subscription.
struct Keeper {
    via: Option<String>,
    probes: Vec<Probe>,
    clients: Clients,
    find: Find,
    news: mpsc::UnboundedSender<Event>,
    nudged: watch::Receiver<u32>,
    /// What the operator was told last: does the router tell?
    told: Option<bool>,
}

impl Keeper {
    async fn keep(mut self) {
        let mut series = pauses();
        loop {
            let begun = Instant::now();
            let over = match self.subscribe().await {
                Ok(subscription) => self.follow(subscription).await,
                Err(why) => Some(why),
            };
            let Some(why) = over else { return };
            if begun.elapsed() >= STEADY {
                tracing::debug!("the router{} is asked again to tell changes: {why}", self.through());
                series = pauses();
                continue;
            }
            self.tell(false, &format!("the router{} does not tell changes by itself, they are found by polling: {why}", self.through()));
            tokio::select! {
                () = tokio::time::sleep(series.next().unwrap_or(LONGEST)) => {}
                nudged = self.nudged.changed() => match nudged {
                    Ok(()) => series = pauses(),
                    Err(_) => return,
                },
            }
        }
    }

    async fn subscribe(&mut self) -> Result<Subscription, String> {
        // What happened before counts for this try.
        self.nudged.mark_unchanged();
        let mut problem = None;
        let mut refused: Vec<Url> = Vec::new();
        for probe in &self.probes {
            let found = (self.find)(probe.clone(), self.via.clone()).await;
            let opened = match found {
                // The router of both kinds: it has just said no.
                Ok(publisher) if refused.contains(&publisher.url) => continue,
                Ok(publisher) => {
                    refused.push(publisher.url.clone());
                    Box::pin(Subscription::open(&self.clients, publisher)).await
                }
                Err(why) => Err(why),
            };
            match opened {
                Ok(subscription) => return Ok(subscription),
                // The first source is the one that is trusted most.
                Err(why) => {
                    problem.get_or_insert(why);
                }
            }
        }
        Err(problem.unwrap_or_default())
    }

    /// Why it ended; `None`: nobody listens any longer.
    async fn follow(&mut self, mut subscription: Subscription) -> Option<String> {
        let mut proven = false;
        let over = loop {
            tokio::select! {
                heard = subscription.heard() => match heard {
                    Heard::Proven(families) => {
                        proven = true;
                        self.told = Some(true);
                        self.send(RouterNews::Proven(families));
                    }
                    Heard::Changed => self.send(RouterNews::Changed),
                    Heard::Silent(why) => self.tell(false, &why),
                    Heard::Ended(why) => break Some(why),
                },
                nudged = self.nudged.changed() => {
                    if nudged.is_err() {
                        break None;
                    }
                    if let Err(why) = subscription.renew().await {
                        break Some(why);
                    }
                }
            }
        };
        // What changes from now on, nobody tells; what was missed is found by the look that follows.
        if proven && over.is_some() {
            self.send(RouterNews::Lost);
        }
        subscription.close().await;
        over
    }

    fn send(&self, news: RouterNews) {
        // Nobody is there only when nobody listens any longer.
        let _ = self.news.send(Event::Router { via: self.via.clone(), news });
    }

    /// Once is enough, until it is different.
    fn tell(&mut self, tells: bool, sentence: &str) {
        if self.told.replace(tells) == Some(tells) {
            tracing::debug!("{sentence}");
        } else {
            tracing::info!("{sentence}");
        }
    }

    fn through(&self) -> String {
        self.via.as_ref().map(|via| format!(" behind {via}")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
