//! `wanbeacon detect`: every address source, what it said, which rule rejected it, and what was chosen.

use serde::Serialize;

use super::args::Options;
use super::exit::Exit;
use super::look::look;
use super::out::{Out, Tone};
use crate::engine::Run;
use crate::rules::address::{Observed, PerFamily};
use crate::rules::consensus::SourceReport;

/// `detect --json`: `docs/reference.md` lists its fields.
#[derive(Serialize)]
struct Report {
    wan: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    #[serde(flatten)]
    families: PerFamily<Found>,
}

#[derive(Serialize)]
struct Found {
    address: Option<std::net::IpAddr>,
    reason: Option<String>,
    sources: Vec<SourceReport>,
}

pub(super) fn run(options: &Options, json: bool, out: &mut Out) -> Exit {
    let engine = match look(options, Run::Survey) {
        Ok((engine, _)) => engine,
        Err(exit) => return exit,
    };
    let wan: Vec<Line> = engine
        .reports()
        .into_iter()
        .map(|(name, families)| Line { name, families: families.map(|(observed, sources)| found(observed, sources)) })
        .collect();
    let exit =
        if wan.iter().any(|line| line.families.iter().all(|(_, found)| found.address.is_none())) { Exit::NoAddress } else { Exit::Success };
    if json {
        out.json(&Report { wan });
    } else {
        for line in &wan {
            show(line, out);
        }
    }

    exit
}

fn found(observed: Option<Observed>, sources: Vec<SourceReport>) -> Found {
    let (address, reason) = match observed {
        Some(Observed::Known(sighting)) => (Some(sighting.address), sighting.warning),
        Some(Observed::Absent(why) | Observed::Unavailable(why)) => (None, Some(why)),
        None => (None, Some("not looked at".to_owned())),
    };
    Found { address, reason, sources }
}

fn show(line: &Line, out: &mut Out) {
    for (family, found) in line.families.iter() {
        let chosen = match found.address {
            Some(address) => out.paint(Tone::Good, address),
            None => out.paint(Tone::Warning, "(none)"),
        };
        out.line(format_args!("wan {}  {family}  {chosen}", line.name));
        for source in &found.sources {
            let address = source.address.map_or_else(|| "(none)".to_owned(), |address| address.to_string());
            let rejected = source.rejected.as_ref().map_or_else(String::new, |why| format!("  not used: {why}"));
            out.line(format_args!("    {:<40}  {address}{rejected}", source.source));
        }
        if let Some(reason) = &found.reason {
            out.line(format_args!("    {reason}"));
        }
    }
}
