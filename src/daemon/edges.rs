//! The edges, started as tasks; their results come back as events.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, mpsc};

use super::clock::Clock;
use super::subscriptions::{Find, Subscriptions};
use crate::config::{FritzBox, Settings};
use crate::detect::Detectors;
use crate::engine::Run;
use crate::engine::event::{Event, Ticket};
use crate::http::{self, Clients, Limits};
use crate::resolve::Names;
use crate::rules::address::Family;
use crate::rules::consensus::{Line, Probe};
use crate::rules::domain::{Domain, Entry};
use crate::rules::order::{Order, prepare};
use crate::rules::reply::{Fault, Outcome};
use crate::tr064::events::Publisher;
use crate::tr064::trust::KNOWN_BOXES;
use crate::update::{Time, Updater};
use crate::verify::Verifier;

/// Requests to different accounts that are under way at the same time.
const SENDS: usize = 8;
/// Questions to name servers that are under way at the same time.
const QUESTIONS: usize = 16;
/// What a single round waits for name servers: what they do not say in time is asked in the next one.
const SINGLE_ROUND: Duration = Duration::from_secs(5);

/// Everything that touches the network.
pub struct Edges {
    fritzbox: FritzBox,
    clients: Clients,
    detectors: Arc<Detectors>,
    updater: Updater,
    verifier: Verifier,
    run: Run,
    sends: Arc<Semaphore>,
    questions: Arc<Semaphore>,
    events: mpsc::UnboundedSender<Event>,
}

impl Edges {
    /// The edges for these settings; results are handed to `events`, and what is counted is counted by `clock`. `folder` is the
    /// state folder, if there is one.
    ///
    /// # Errors
    ///
    /// A CA file cannot be used, in words.
    pub fn new(
        settings: &Settings,
        run: Run,
        folder: Option<&Path>,
        dns_port: u16,
        clock: Clock,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Self, String> {
        let known_boxes = folder.map(|folder| folder.join(KNOWN_BOXES));
        let clients = clients(settings)?;
        let names = Names::new(&settings.daemon.resolver);
        Ok(Self {
            fritzbox: settings.fritzbox.clone(),
            detectors: Arc::new(Detectors::new(clients.clone(), &settings.fritzbox, names, known_boxes)?),
            updater: Updater::new(clients.clone(), Limits::default(), Time::new(move || clock.now().boot)),
            verifier: Verifier::new(&settings.daemon.resolver).with_port(dns_port),
            clients,
            run,
            sends: Arc::new(Semaphore::new(SENDS)),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            events,
        })
    }

    /// The run that they serve.
    #[must_use]
    pub const fn run(&self) -> Run {
        self.run
    }

    /// Do both ask the FRITZ!Box in the same way?
    #[must_use]
    pub fn asks_the_same_box(&self, other: &Self) -> bool {
        self.fritzbox == other.fritzbox
    }

    /// Sends a request.
    pub fn send(&self, ticket: Ticket, entry: &Entry, order: &Order) {
        let (updater, events, sends, spacing) =
            (self.updater.clone(), self.events.clone(), Arc::clone(&self.sends), entry.dialect.request.spacing);
        let prepared = prepare(entry, order);
        tokio::spawn(async move {
            let outcome = match prepared {
                Ok(prepared) => {
                    tracing::debug!("{} {}", prepared.method, prepared.shown);
                    let _turn = sends.acquire().await;
                    updater.send(&prepared, spacing).await
                }
                Err(why) => Outcome::Failed(Fault::Unsendable(why)),
            };
            // The loop ends only when the program does.
            let _ = events.send(Event::Replied { ticket, outcome });
        });
    }

    /// Asks an address source.
    pub fn detect(&self, ticket: Ticket, family: Family, probe: Probe, via: Option<String>) {
        let (detectors, events) = (Arc::clone(&self.detectors), self.events.clone());
        tokio::spawn(async move {
            let result = detectors.ask(&probe, family, via.as_deref()).await;
            let _ = events.send(Event::Detected { ticket, result });
        });
    }

    /// Listens to the routers of these lines.
    pub fn subscriptions(&self, lines: &[Line]) -> Subscriptions {
        let detectors = Arc::clone(&self.detectors);
        let find: Find = Arc::new(move |probe, via| {
            let detectors = Arc::clone(&detectors);
            async move {
                let found = detectors.eventing(&probe, via.as_deref()).await?;
                Ok(Publisher { url: found.url, peer: found.peer, via })
            }
            .boxed()
        });
        Subscriptions::keep(lines, &self.clients, &find)
    }

    /// Asks the authoritative servers of a name.
    pub fn ask(&self, ticket: Ticket, domain: Domain, family: Family) {
        let (verifier, events, questions) = (self.verifier.clone(), self.events.clone(), Arc::clone(&self.questions));
        let (run, begun) = (self.run, tokio::time::Instant::now());
        tokio::spawn(async move {
            let _turn = questions.acquire().await;
            // More names do not make a single round longer: there, waiting for the turn counts.
            let verifier = if run == Run::Once { verifier.with_limit(SINGLE_ROUND.saturating_sub(begun.elapsed())) } else { verifier };
            let answer = verifier.ask(&domain, family).await;
            let _ = events.send(Event::Answered { ticket, answer });
        });
    }
}

/// HTTP clients for these settings.
///
/// # Errors
///
/// A CA file cannot be used, in words.
pub fn clients(settings: &Settings) -> Result<Clients, String> {
    Clients::new(&http::Options {
        ca_file: settings.daemon.ca_file.clone(),
        ssl_cert_file: std::env::var_os("SSL_CERT_FILE").map(Into::into),
        user_agent: settings.daemon.user_agent.clone(),
        resolver: settings.daemon.resolver.clone(),
    })
}
