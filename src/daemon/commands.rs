//! What the control socket asks for.

use super::Daemon;
use crate::control::{Reply, Request};
use crate::engine::event::{Action, Event};
use crate::rules::domain::Domain;

/// `EX_USAGE`: the name is not in the configuration.
const USAGE: u8 = 64;

impl Daemon {
    pub(super) fn reply(&mut self, request: Request) -> Reply {
        match request {
            Request::Status => Reply::done(&self.engine.snapshot(self.clock.now())),
            Request::Plan => Reply::done(&self.engine.plan(self.clock.now())),
            Request::Health => Reply::done(&true),
            Request::Unlock { domain } => {
                let by = "command".to_owned();
                self.wish(domain.clone(), Event::Unlock { domain, by }, "nothing is locked")
            }
            Request::Update { domain } => self.wish(domain.clone(), Event::Update { domain }, "asked for"),
        }
    }

    /// Hands a person's wish to the engine and answers with what it says about it.
    fn wish(&mut self, domain: Option<Domain>, event: Event, silent: &str) -> Reply {
        if let Some(domain) = domain.filter(|domain| !self.knows(domain)) {
            return Reply::refused(USAGE, format!("{domain} is not in the configuration; `wanbeacon status` lists the names"));
        }
        let mut words: Vec<String> = Vec::new();
        let actions = self.engine.handle(self.clock.now(), event);
        words.extend(actions.iter().filter_map(|action| match action {
            Action::Announce(notice) => Some(notice.sentence()),
            _ => None,
        }));
        if let Some(unsaved) = self.perform(actions) {
            self.happened(unsaved);
        }
        self.show();
        Reply::done(&if words.is_empty() { silent.to_owned() } else { words.join("\n") })
    }

    fn knows(&self, domain: &Domain) -> bool {
        self.engine.snapshot(self.clock.now()).ddns.iter().any(|name| name.domain == *domain)
    }
}
