//! `wanbeacon status`: the last known state of every entry, from the running daemon or else from the state folder.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use super::args::Options;
use super::ask::{ask, refuse};
use super::exit::Exit;
use super::folder::{is_blank, nothing_known, state_folder};
use super::listener;
use super::out::{Out, Tone};
use super::run::exit;
use super::spare;
use crate::config::Settings;
use crate::control::{CallError, Request};
use crate::daemon::clock::Clock;
use crate::engine::{Engine, Memory, Run};
use crate::rules::address::{Family, PerFamily};
use crate::rules::domain::Domain;
use crate::rules::snapshot::{NamePicture, Snapshot, StatusPicture};
use crate::store;

/// Longest status in bytes that is taken: ten thousand names have about 10 MB.
const LONGEST: u64 = 256 * 1024 * 1024;

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
        Err(error @ CallError::Refused { .. }) => return refuse(out, &error),
        Err(error) => match without_socket(options, &error, out) {
            Ok(picture) => picture,
            Err(exit) => return exit,
        },
    };
    if json {
        out.json(&picture);
    } else {
        show(&picture, out);
    }
    exit(&picture)
}

/// The daemon may have no state folder that it could have a socket in; otherwise there is none, or it cannot be asked.
fn without_socket(options: &Options, error: &CallError, out: &mut Out) -> Result<Snapshot, Exit> {
    if let Some((picture, address)) = spare::load(options).ok().and_then(|found| from_web(options, &found.loaded.settings)) {
        out.complain(format_args!("{error}; this is what the daemon at http://{address} says"));
        return Ok(picture);
    }
    if matches!(error, CallError::NoDaemon) { from_disk(options, out) } else { Err(refuse(out, error)) }
}

/// What the web listener says. Another daemon than the configured one has other names.
fn from_web(options: &Options, settings: &Settings) -> Option<(Snapshot, SocketAddr)> {
    let address = listener::address(options, settings)?;
    let picture: Snapshot = serde_json::from_slice(&listener::get(address, "/api/v1/status", LONGEST)?).ok()?;
    let theirs: BTreeSet<&Domain> = picture.ddns.iter().map(|name| &name.domain).collect();
    let ours: BTreeSet<&Domain> = settings.entries.iter().flat_map(|entry| &entry.domains).collect();
    (theirs == ours).then_some((picture, address))
}

/// The configuration, and what the state says of it.
fn from_disk(options: &Options, out: &mut Out) -> Result<Snapshot, Exit> {
    let mut settings = spare::settings(options)?;
    let folder = state_folder(options, &settings.daemon.state_dir);
    let records = match folder.as_deref().map(store::read_only) {
        Some(Ok(loaded)) => {
            for notice in loaded.notices {
                tracing::warn!("{notice}");
            }
            Some(loaded.records)
        }
        Some(Err(error)) => {
            out.complain(error);
            None
        }
        None => Some(BTreeMap::new()),
    };
    if records.as_ref().is_some_and(is_blank) {
        out.complain(nothing_known(folder.as_deref()));
    }
    let records = records.unwrap_or_default();
    let unknown = is_blank(&records);
    let now = Clock::default().now();
    let rules = spare::rules(&mut settings, &records)?;
    let mut engine = Engine::new(Run::Still, Memory::Off, rules, records);
    engine.recall(now);
    let mut picture = engine.snapshot(now);
    if unknown {
        picture.forget();
    }
    Ok(picture)
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
