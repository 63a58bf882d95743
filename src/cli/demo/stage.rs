//! Watches a running daemon, shows what passes by, and compares it with what is expected.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Failure;
use super::show::Show;
use crate::daemon::Seen;
use crate::daemon::clock::Clock;
use crate::engine::event::Event;
use crate::rules::address::Family;
use crate::rules::snapshot::{Snapshot, StatusPicture};
use crate::rules::status::Status;

/// What is expected comes within a second; a machine that is very busy may take this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A name's family, and the words it is to pass in this order; others may lie between.
pub(super) type Expected<'e> = (&'e str, Family, &'e [Status]);

/// The place from where one looks on.
pub(super) struct Stage<'a> {
    pub(super) show: Show<'a>,
    clock: Clock,
    seen: mpsc::UnboundedReceiver<Seen>,
    events: mpsc::UnboundedSender<Event>,
    picture: Option<Snapshot>,
    /// Every status that was shown, in order, and how many of them belong to chapters that are over.
    passed: Vec<(String, Family, String)>,
    over: usize,
    shown: BTreeMap<(String, Family), String>,
}

/// The other ends of a stage: they belong to the daemon.
pub(super) struct Ends {
    pub(super) watch: mpsc::UnboundedSender<Seen>,
    pub(super) events: (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>),
}

impl<'a> Stage<'a> {
    pub(super) fn new(show: Show<'a>, clock: Clock) -> (Self, Ends) {
        let (watch, seen) = mpsc::unbounded_channel();
        let events = mpsc::unbounded_channel();
        let stage =
            Self { show, clock, seen, events: events.0.clone(), picture: None, passed: Vec::new(), over: 0, shown: BTreeMap::new() };
        (stage, Ends { watch, events })
    }

    /// Another daemon: what passed before is over.
    pub(super) fn again(&mut self) -> Ends {
        let (watch, seen) = mpsc::unbounded_channel();
        let events = mpsc::unbounded_channel();
        self.seen = seen;
        self.events = events.0.clone();
        self.over = self.passed.len();
        self.shown.clear();
        Ends { watch, events }
    }

    /// Something happens to the daemon.
    pub(super) fn tell(&self, event: Event) {
        // A daemon that has ended is noticed by who waits for it.
        let _ = self.events.send(event);
    }

    /// Gives time to read.
    pub(super) async fn pause(&mut self, span: Duration) -> Result<(), Failure> {
        let end = Instant::now() + span;
        while let Ok(seen) = tokio::time::timeout_at(end, self.seen.recv()).await {
            self.take(seen.ok_or(Failure::Interrupted)?);
        }
        Ok(())
    }

    /// `span` passes in no time.
    pub(super) fn skip(&mut self, span: Duration, why: &str) {
        self.show.later(span, why);
        self.clock.skip(span);
    }

    /// Looks on until all of `expected` has passed.
    pub(super) async fn expect(&mut self, expected: &[Expected<'_>]) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        while let Some(missing) = expected.iter().find_map(|it| self.missing(*it)) {
            let late = |_| Failure::Differs(missing);
            let seen = tokio::time::timeout_at(end, self.seen.recv()).await.map_err(late)?;
            self.take(seen.ok_or(Failure::Interrupted)?);
        }
        self.over = self.passed.len();
        Ok(())
    }

    /// Looks on until `happened` says so.
    pub(super) async fn until(&mut self, what: &str, happened: impl Fn() -> bool) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        while !happened() {
            let late = |_| Failure::Differs(format!("{what} did not happen"));
            let seen = tokio::time::timeout_at(end, self.seen.recv()).await.map_err(late)?;
            self.take(seen.ok_or(Failure::Interrupted)?);
        }
        Ok(())
    }

    /// How `name` is now.
    pub(super) fn now(&self, name: &str, family: Family) -> Option<&StatusPicture> {
        let name = self.picture.as_ref()?.ddns.iter().find(|it| it.domain.as_str() == name)?;
        Some(&name.families[family])
    }

    /// The last picture.
    pub(super) fn picture(&self) -> Option<&Snapshot> {
        self.picture.as_ref()
    }

    /// What is not yet as expected, in words.
    fn missing(&self, (name, family, words): Expected<'_>) -> Option<String> {
        let passed: Vec<&str> = (self.passed[self.over..].iter())
            .filter(|(domain, it, _)| domain == name && *it == family)
            .map(|(.., word)| word.as_str())
            .collect();
        let mut rest = passed.iter();
        let missing = words.iter().map(|status| status.word(family)).find(|word| !rest.any(|it| it == word))?;
        Some(format!("{name} {family} should have become {missing:?}; it went through {passed:?}"))
    }

    fn take(&mut self, seen: Seen) {
        let now = self.clock.now().wall;
        match seen {
            Seen::Notice(notice) => self.show.notice(now, &notice),
            Seen::Picture(picture) => {
                for name in &picture.ddns {
                    for (family, it) in name.families.iter().filter(|(family, _)| name.mode.wants(*family)) {
                        let key = (name.domain.to_string(), family);
                        if self.shown.get(&key) != Some(&it.status) {
                            self.show.status(now, name.domain.as_str(), family, it);
                            self.passed.push((key.0.clone(), family, it.status.clone()));
                            self.shown.insert(key, it.status.clone());
                        }
                    }
                }
                self.picture = Some(*picture);
            }
        }
    }
}
