//! What comes in and what goes out.

use std::sync::Arc;
use std::time::Duration;

use crate::rules::address::{Family, PerFamily};
use crate::rules::answer::DnsAnswer;
use crate::rules::consensus::{Probe, ProbeFault, Reading};
use crate::rules::dialect::Class;
use crate::rules::domain::{Domain, Entry};
use crate::rules::order::Order;
use crate::rules::push::Push;
use crate::rules::reply::Outcome;
use crate::rules::write::Write;

/// Names one thing that was started; what comes back carries it.
pub type Ticket = u64;

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// The wake-up that was asked for, or the start.
    Tick,
    /// An address source answered.
    Detected {
        /// Of [`Action::Detect`].
        ticket: Ticket,
        /// What it said.
        result: Result<Reading, ProbeFault>,
    },
    /// A provider answered, or did not.
    Replied {
        /// Of [`Action::Send`].
        ticket: Ticket,
        /// What came back.
        outcome: Outcome,
    },
    /// Name servers answered.
    Answered {
        /// Of [`Action::Ask`].
        ticket: Ticket,
        /// What they say.
        answer: DnsAnswer,
    },
    /// New settings are in force.
    Reconfigured(Box<super::Rules>),
    /// The link or the route of a family came or went.
    LinkChanged(PerFamily<bool>),
    /// The kernel's changes are followed from now on, or not any more.
    Followed(bool),
    /// A router told something.
    Router {
        /// Of the lines with this interface ([`Line::interface`](crate::rules::consensus::Line)).
        via: Option<String>,
        /// What.
        news: RouterNews,
    },
    /// The machine slept, somebody set the clock, or another box is asked: what was seen is not known any more.
    Resumed,
    /// Somebody wants the addresses looked at now (SIGUSR1).
    LookNow,
    /// A person opens locks.
    Unlock {
        /// Of this name; of all without.
        domain: Option<Domain>,
        /// Who.
        by: String,
    },
    /// A person asks for an update.
    Update {
        /// Of this name; of all without.
        domain: Option<Domain>,
    },
    /// A router pushed addresses.
    Pushed(Push),
    /// A save failed, and so the sends behind it did not happen.
    Unsaved {
        /// The disk is full or faulty: it may work later. Otherwise the folder cannot be written at all.
        full: bool,
        /// The sends that did not happen.
        tickets: Vec<Ticket>,
    },
    /// The state folder, which could not be written, can be written now.
    Writable,
    /// The program is to end.
    Stop,
}

/// Something is to be done.
#[derive(Debug)]
pub enum Action {
    /// Ask an address source.
    Detect {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Over this family's transport.
        family: Family,
        /// What to ask.
        probe: Probe,
        /// Through this interface ([`Line::interface`](crate::rules::consensus::Line)).
        via: Option<String>,
    },
    /// Send one request to a provider. Not before every [`Action::Save`] ahead of it is on disk.
    Send {
        /// Comes back with the reply.
        ticket: Ticket,
        /// The settings to send with.
        entry: Arc<Entry>,
        /// What to send.
        order: Order,
    },
    /// Ask the authoritative servers of a name.
    Ask {
        /// Comes back with the answer.
        ticket: Ticket,
        /// The name.
        domain: Domain,
        /// The record type by its family.
        family: Family,
    },
    /// Make these changes durable.
    Save(Vec<Write>),
    /// Tell the operator.
    Announce(Notice),
    /// Come back with [`Event::Tick`] at this boot time.
    WakeAt(Duration),
    /// The round is over, or nothing is left in the air after [`Event::Stop`].
    Finish,
}

/// What a subscription to a router's events tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterNews {
    /// Something about the line may be different.
    Changed,
    /// The router was seen to tell when the address of these families changes: polling may be rare.
    Proven(PerFamily<bool>),
    /// It tells no more.
    Lost,
}

/// How loud a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Debug,
    /// Something happened that one wants to know of.
    Notice,
    /// Something is not as it should be, and we go on.
    Warning,
    /// Somebody should act.
    Error,
}

/// One sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How loud.
    pub level: Level,
    /// The name it is about.
    pub domain: Option<Domain>,
    /// The family it is about.
    pub family: Option<Family>,
    /// What a reply, fault or answer amounted to.
    pub class: Option<Class>,
    /// The sentence. Untrusted text in it is quoted; there is nothing secret in it.
    pub text: String,
}

impl Notice {
    /// A notice about nothing in particular.
    #[must_use]
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, domain: None, family: None, class: None, text: text.into() }
    }

    /// The text, with what it is about in front.
    #[must_use]
    pub fn sentence(&self) -> String {
        match (&self.domain, self.family) {
            (Some(domain), Some(family)) => format!("{domain} {family}: {}", self.text),
            (Some(domain), None) => format!("{domain}: {}", self.text),
            _ => self.text.clone(),
        }
    }

    /// The clock is wrong: as good as no network.
    #[must_use]
    pub fn about_clock(text: String) -> Self {
        Self { class: Some(Class::NetworkError), ..Self::new(Level::Warning, text) }
    }
}
