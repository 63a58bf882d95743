//! `wanbeacon status`: the last known state of every entry, from the running daemon or else from the state folder.

use std::collections::BTreeMap;
use std::time::Duration;

use super::args::Options;
use super::ask::{ask, refuse};
use super::exit::Exit;
use super::folder::state_folder;
use super::out::{Out, Tone};
use super::run::{exit, settings};
use crate::control::{CallError, Request};
use crate::daemon::clock::Clock;
use crate::daemon::rules;
use crate::engine::{Engine, Memory, Run};
use crate::rules::address::{Family, PerFamily};
use crate::rules::snapshot::{NamePicture, Snapshot, StatusPicture};
use crate::store;

/// A daemon answers from memory.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) fn run(options: &Options, json: bool, out: &mut Out) -> Exit {
    let picture = match ask(options, &Request::Status, LIMIT) {
        Ok(value) => match serde_json::from_value::<Snapshot>(value) {
            Ok(picture) => picture,
            Err(error) => {
                out.complain(format_args!("the daemon's answer cannot be read ({error}); is it another version?"));
                return Exit::Defect;
            }
        },
        Err(CallError::NoDaemon) => match from_disk(options) {
            Ok(picture) => picture,
            Err(exit) => return exit,
        },
        Err(error) => return refuse(out, &error),
    };
    if json {
        out.json(&picture);
    } else {
        show(&picture, out);
    }
    exit(&picture)
}

/// Without a daemon: the configuration and what the state says of it.
fn from_disk(options: &Options) -> Result<Snapshot, Exit> {
    let settings = settings(options)?;
    let records = match state_folder(options, &settings.daemon.state_dir).map(|folder| store::read_only(&folder)) {
        Some(Ok(loaded)) => {
            for notice in loaded.notices {
                tracing::warn!("{notice}");
            }
            loaded.records
        }
        Some(Err(error)) => {
            tracing::warn!("{error}");
            BTreeMap::new()
        }
        None => BTreeMap::new(),
    };
    let now = Clock::default().now();
    let mut engine = Engine::new(Run::Still, Memory::Off, rules(&settings), records);
    engine.recall(now);
    Ok(engine.snapshot(now))
}

fn show(picture: &Snapshot, out: &mut Out) {
    for line in &picture.wan {
        for (family, it) in line.families.iter() {
            let address = it.address.map_or_else(|| "(none)".to_owned(), |address| address.to_string());
            let source = it.source.as_ref().map_or_else(String::new, |source| format!("  from {source}"));
            let reason = it.reason.as_ref().map_or_else(String::new, |reason| format!("  {reason}"));
            out.line(format_args!("wan {}  {family}  {address}{source}{reason}", line.name));
        }
    }
    for name in &picture.ddns {
        out.line(format_args!("{}  ({}, {})", name.domain, name.provider, name.mode.wire()));
        for (family, it) in wanted(name) {
            show_family(family, it, out);
        }
    }
}

fn wanted(name: &NamePicture) -> impl Iterator<Item = (Family, &StatusPicture)> {
    let families: &PerFamily<StatusPicture> = &name.families;
    families.iter().filter(|(family, _)| name.mode.wants(*family))
}

/// How a status word is meant.
pub(super) fn tone(status: &str) -> Tone {
    match status {
        "complete" | "updated" | "verifying" => Tone::Good,
        "account-disabled" => Tone::Bad,
        _ => Tone::Warning,
    }
}

fn show_family(family: Family, it: &StatusPicture, out: &mut Out) {
    let published = it.published.map_or_else(|| "(none)".to_owned(), |address| address.to_string());
    let status = out.paint(tone(&it.status), &it.status);
    out.line(format_args!("  {family}  {status}  published {published}"));
    let reason = it.reason.iter().cloned();
    let reply = it.last_reply.iter().filter(|_| it.status != "complete").map(|reply| format!("last reply {reply:?}"));
    let next = it.next_attempt.iter().map(|at| format!("next attempt at {at}"));
    let lock = it.locked.iter().map(|lock| {
        let hint = lock.hint.as_deref().unwrap_or("correct the configuration, or remove the cause and call `wanbeacon unlock`");
        format!("locked since {} by {}: {hint}", lock.since, lock.code)
    });
    for line in reason.chain(reply).chain(next).chain(lock) {
        out.line(format_args!("        {line}"));
    }
}
