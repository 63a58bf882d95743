//! What the serving side asks for: how everything is, what a router pushes, and changes of settings.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Daemon, Event};
use crate::config::{OVERLAY, Overlay, Problem, Served, Settings, Severity, Web};
use crate::engine::Memory;
use crate::rules::push::{Push, Taken};
use crate::store::overlay;
use crate::tr064::remote_access::RemoteInfo;
use crate::tr064::served::change::{self, Standing};
use crate::tr064::served::{Change, Refusal, View};
use crate::web::{Question, Server};

/// The port that is told before there is one: it has to be one (service document, table 2).
const HTTPS: u16 = 443;

/// Questions that wait; who comes later waits at its own connection.
const WAITING: usize = 16;

/// The serving side as the daemon sees it.
pub(super) struct Serving {
    server: Server,
    questions: mpsc::Receiver<Question>,
    web: Web,
    served: Served,
    /// What of the overlay is in force.
    overlay: Overlay,
    /// On the boot-time clock.
    begun: Duration,
}

impl Serving {
    /// Opens what the settings name.
    pub(super) fn begin(settings: &Settings, folder: Option<&Path>, now: Duration) -> Self {
        let (sender, questions) = mpsc::channel(WAITING);
        let server = Server::start(&settings.web, folder, sender);
        let Settings { web, served, overlay, .. } = settings.clone();
        Self { server, questions, web, served, overlay, begun: now }
    }

    /// The next question; never for who serves nothing. May be dropped while it waits.
    pub(super) async fn next(serving: &mut Option<Self>) -> Question {
        let asked = match serving {
            Some(it) => it.questions.recv().await,
            None => None,
        };
        match asked {
            Some(question) => question,
            None => std::future::pending().await,
        }
    }

    /// Other settings are in force. What cannot be opened was said, and is tried again.
    pub(super) fn follow(&mut self, settings: &Settings) {
        self.web = settings.web.clone();
        self.served = settings.served.clone();
        self.overlay = settings.overlay.clone();
        let _ = self.server.follow(&self.web);
    }

    /// Closes everything.
    pub(super) async fn end(self) {
        self.server.end().await;
    }

    /// The remote access: is it on, and on which port?
    fn remote(&self) -> RemoteInfo {
        let configured = self.web.tls_listen.map(|address| address.port()).filter(|port| *port != 0);
        let remembered = || self.overlay.remote.as_ref().map(|it| it.port).filter(|port| *port != 0);
        RemoteInfo {
            enabled: self.web.tls_listen.is_some(),
            port: configured.or_else(|| self.server.tls_port()).or_else(remembered).unwrap_or(HTTPS),
            username: self.web.remote_user.clone().unwrap_or_default(),
            lets_encrypt: Some(false),
            lets_encrypt_state: Some("not_used".to_owned()),
        }
    }
}

impl Daemon {
    pub(super) fn questioned(&mut self, question: Question) {
        // Who went away was told that nothing came of it.
        if is_asker_gone(&question) {
            return;
        }
        match question {
            Question::Status(answer) => drop(answer.send(self.engine.snapshot(self.clock.now()))),
            Question::Push(push, answer) => drop(answer.send(self.pushed(push))),
            Question::SecurityPort(answer) => {
                let port = self.serving.as_ref().and_then(|serving| serving.server.security_port());
                let _ = answer.send(port.unwrap_or(0));
            }
            Question::View(answer) => {
                if let Some(view) = self.view() {
                    drop(answer.send(view));
                }
            }
            Question::Change(wanted, answer) => drop(answer.send(self.change(&wanted))),
        }
    }

    /// `None`: it could not be stored. It is in use nevertheless, and the router comes again.
    fn pushed(&mut self, push: Push) -> Option<Vec<Taken>> {
        let taken = self.engine.takes(&push, self.clock.now());
        let actions = self.engine.handle(self.clock.now(), Event::Pushed(push));
        let unsaved = self.perform(actions);
        if let Some(unsaved) = unsaved {
            self.happened(unsaved);
        }
        self.show();
        (!self.engine.has_unsaved_pushes() && self.engine.memory() != Memory::Unwritable).then_some(taken)
    }

    fn view(&self) -> Option<View> {
        let (now, serving) = (self.clock.now(), self.serving.as_ref()?);
        Some(View {
            picture: self.engine.snapshot(now),
            served: serving.served.clone(),
            remote: serving.remote(),
            uptime: now.boot.saturating_sub(serving.begun),
        })
    }

    fn is_remote_open(&self) -> Result<(), String> {
        let closed = self.serving.iter().any(|it| it.web.tls_listen.is_some() && it.server.tls_port().is_none());
        if closed { Err("the port for the remote access could not be opened; the log of wanbeacon says why".to_owned()) } else { Ok(()) }
    }

    /// Checks, stores and applies a change. The port of the remote access after it; 0 if there is none.
    fn change(&mut self, wanted: &Change) -> Result<u16, Refusal> {
        let (Some(folder), Some(serving)) = (self.folder.clone(), self.serving.as_ref()) else {
            return Err(Refusal::Failed("there is no state folder in which a setting could be kept".to_owned()));
        };
        let before = serving.overlay.clone();
        let standing = Standing { overlay: &before, web: &serving.web, served: &serving.served };
        if let Some(after) = change::overlay(wanted, standing, free_port())? {
            let settings = self.read_with(Some(&after)).map_err(|problems| refusal(&problems, self.read_with(Some(&before)).is_ok()))?;
            let keep = |what: &Overlay| overlay::write(&folder, what).map_err(|error| failed(&folder, &error));
            keep(&after)?;
            let opened = |it: &Self| if after.remote == before.remote { Ok(()) } else { it.is_remote_open() };
            if let Err(problem) = self.take(&settings).and_then(|()| opened(self)) {
                // In the folder is what did not work if this fails, and the log says so.
                let _ = keep(&before);
                self.take_back(&before);
                return Err(Refusal::Failed(problem));
            }
        }
        let remote = self.serving.as_ref().map(Serving::remote);
        Ok(remote.filter(|it| it.enabled || *wanted != Change::Enable(true)).map_or(0, |it| it.port))
    }
}

/// Nobody waits for the answer any more, and it was all that was wanted, or was told to have failed.
fn is_asker_gone(question: &Question) -> bool {
    match question {
        // Some routers do not listen to the answer.
        Question::Push(..) => false,
        Question::Status(answer) => answer.is_closed(),
        Question::SecurityPort(answer) => answer.is_closed(),
        Question::View(answer) => answer.is_closed(),
        Question::Change(_, answer) => answer.is_closed(),
    }
}

/// A port that nobody listens on, for the remote access; 0 if the system has none to give.
fn free_port() -> u16 {
    let free = |address: IpAddr| TcpListener::bind((address, 0)).and_then(|it| it.local_addr()).map(|it| it.port());
    free(Ipv6Addr::UNSPECIFIED.into()).or_else(|_| free(Ipv4Addr::UNSPECIFIED.into())).unwrap_or(0)
}

fn failed(folder: &Path, error: &std::io::Error) -> Refusal {
    let text = format!("could not store {}: {error}", folder.join(OVERLAY).display());
    tracing::error!("{text}");
    Refusal::Failed("the setting could not be stored; the log of wanbeacon says why".to_owned())
}

/// What is wrong with the configuration that a change would make. Where it `was_in_order` before, the change is to blame.
fn refusal(problems: &[Problem], was_in_order: bool) -> Refusal {
    let errors = || problems.iter().filter(|it| it.severity == Severity::Error);
    if let Some(problem) = errors().find(|it| it.file == OVERLAY).or_else(|| errors().next().filter(|_| was_in_order)) {
        return Refusal::Invalid(in_words_of_the_client(problem));
    }
    for problem in errors() {
        tracing::error!("{problem}");
    }
    Refusal::Failed("the configuration file cannot be used as it is now; `wanbeacon check` says why".to_owned())
}

/// A problem of the overlay, with the arguments that clients know in place of its keys.
fn in_words_of_the_client(problem: &Problem) -> String {
    let key = if problem.file == OVERLAY { problem.key.as_str() } else { "" };
    let argument = match key.split('[').next().unwrap_or_default() {
        "ddns.provider" => "NewProviderName",
        "ddns.update_url" => "NewUpdateURL",
        "ddns.domain" => "NewDomain",
        "ddns.username" | "remote.user.name" => "NewUsername",
        "ddns.password" | "remote.user.password" => "NewPassword",
        "ddns.mode" => "NewMode",
        "ddns.server_ipv4" => "NewServerIPv4",
        "ddns.server_ipv6" => "NewServerIPv6",
        "remote.port" => "NewPort",
        _ => return problem.to_string(),
    };
    let Problem { message, remedy, .. } = problem;
    if remedy.is_empty() { format!("{argument}: {message}") } else { format!("{argument}: {message}; {remedy}") }
}

#[cfg(test)]
mod tests;
