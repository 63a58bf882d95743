//! `wanbeacon detect`: every address source, what it said, which rule rejected it, and what was chosen.

use std::net::IpAddr;

use serde::Serialize;

use super::args::Options;
use super::exit::Exit;
use super::look::look;
use super::out::{Out, Tone};
use crate::engine::Run;
use crate::rules::address::{Observed, PerFamily};
use crate::rules::consensus::SourceReport;
use crate::rules::push::EACH_ITS_OWN;

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

#[derive(Default, Serialize)]
struct Found {
    address: Option<IpAddr>,
    /// The source that decided.
    source: Option<String>,
    /// Of the LAN, with its length.
    prefix: Option<String>,
    /// Something about the line is not as it should be, although there is an address.
    warning: Option<String>,
    /// Why there is no address, or the warning.
    reason: Option<String>,
    sources: Vec<SourceReport>,
}

pub(super) fn run(options: &Options, json: bool, out: &mut Out) -> Exit {
    let engine = match look(options, Run::Survey) {
        Ok(looked) => looked.engine,
        Err(exit) => return exit,
    };
    let wan: Vec<Line> = engine
        .reports()
        .into_iter()
        .map(|(name, families)| Line { name, families: families.map(|(observed, sources)| found(observed, sources)) })
        .collect();
    let nothing = |found: &Found| found.address.is_none() && found.prefix.is_none() && found.reason.as_deref() != Some(EACH_ITS_OWN);
    let without = wan.iter().any(|line| line.families.iter().all(|(_, found)| nothing(found)));
    let exit = if without { Exit::NoAddress } else { Exit::Success };
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
    let Some(observed) = observed else {
        return Found { reason: Some("not looked at".to_owned()), sources, ..Found::default() };
    };
    let prefix = observed.prefix().map(|prefix| prefix.to_string());
    let found = Found { address: observed.address(), prefix, sources, ..Found::default() };
    match observed {
        Observed::Known(sighting) => {
            Found { source: Some(sighting.source), warning: sighting.warning.clone(), reason: sighting.warning, ..found }
        }
        Observed::Prefix(ref lan) => Found { source: Some(lan.source.clone()), reason: observed.publish(None).err(), ..found },
        Observed::Absent(why) | Observed::Unavailable(why) => Found { reason: Some(why), ..found },
    }
}

/// Nothing is printed beyond this column, but for words that are longer.
const WIDTH: usize = 100;

/// Longest name of a source in the first column; longer ones push the rest of their line.
const NAME: usize = 40;

fn show(line: &Line, out: &mut Out) {
    for (family, found) in line.families.iter() {
        let chosen = match found.address {
            Some(address) => out.paint(Tone::Good, address),
            None => out.paint(Tone::Warning, "(none)"),
        };
        let title = out.paint(Tone::Heading, format_args!("wan {}  {family}", line.name));
        let from = match (&found.source, found.address) {
            (Some(source), Some(_)) => format!("  from {source}, the first in order of trust that knows"),
            _ => String::new(),
        };
        out.line(format_args!("{title}  {chosen}{from}"));
        if !found.sources.is_empty() {
            table(found, out);
        }
        if let Some(prefix) = &found.prefix {
            out.line(format_args!("    prefix of the LAN: {prefix}"));
        }
        let label = if found.warning.is_some() { "warning: " } else { "" };
        let reason = found
            .reason
            .as_deref()
            .map(|reason| if repeats_the_table(reason, found) { "no source has an address that can be published" } else { reason });
        for part in reason.iter().flat_map(|reason| wrapped(&format!("{label}{reason}"), WIDTH - 4)) {
            out.line(format_args!("    {part}"));
        }
    }
}

/// A reason that lists what several sources said.
fn repeats_the_table(reason: &str, found: &Found) -> bool {
    let said = |report: &&SourceReport| report.rejected.as_deref().is_some_and(|why| reason.contains(why));
    found.address.is_none() && found.sources.iter().filter(said).count() > 1
}

/// Source, what it says, what became of it. A verdict that does not fit goes below.
fn table(found: &Found, out: &mut Out) {
    let says = |report: &SourceReport| report.address.map_or_else(|| "(none)".to_owned(), |address| address.to_string());
    let widest = |lengths: &mut dyn Iterator<Item = usize>, least: usize| lengths.max().unwrap_or(0).max(least);
    let name = widest(&mut found.sources.iter().map(|it| it.source.chars().count()), "source".len()).min(NAME);
    let address = widest(&mut found.sources.iter().map(|it| says(it).len()), "says".len());
    out.line(out.paint(Tone::Faint, format_args!("    {:<name$}  {:<address$}  verdict", "source", "says")));
    let mut chosen = found.address;
    for report in &found.sources {
        let verdict = match &report.rejected {
            Some(why) => why.clone(),
            None if report.address.is_some() && report.address == chosen.take_if(|it| Some(*it) == report.address) => "chosen".to_owned(),
            None if report.address == found.address => "agrees".to_owned(),
            None => format!("not needed: {} comes first", found.source.as_deref().unwrap_or("(none)")),
        };
        let row = format!("    {:<name$}  {:<address$}", report.source, says(report));
        if row.chars().count() + 2 + verdict.chars().count() <= WIDTH {
            out.line(format_args!("{row}  {verdict}"));
        } else {
            out.line(row.trim_end());
            for part in wrapped(&verdict, WIDTH - 8) {
                out.line(format_args!("        {part}"));
            }
        }
    }
}

/// Lines of at most `width` characters, broken at blanks.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is one from the beginning");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::out::tests::Page;
    use super::*;
    use crate::rules::address::{Lan, Prefix, Sighting};

    fn report(source: &str, address: Option<&str>, rejected: Option<&str>) -> SourceReport {
        let address = address.map(|text| text.parse().expect("an address"));
        SourceReport { source: source.into(), address, rejected: rejected.map(str::to_owned) }
    }

    fn shown(v4: Found, v6: Found) -> String {
        let page = Page::default();
        let mut out = page.out();
        show(&Line { name: "default".into(), families: PerFamily { v4, v6 } }, &mut out);
        out.finish().expect("a page takes everything");
        page.text()
    }

    #[test]
    fn the_table_tells_who_was_chosen_who_agrees_and_who_was_refused() {
        let warning = "carrier NAT: the router's own address is 100.64.3.4; connections from outside do not arrive over IPv4, use IPv6";
        let known = Sighting {
            address: "91.12.34.57".parse().expect("an address"),
            source: "web".into(),
            prefix: None,
            warning: Some(warning.into()),
        };
        let sources = vec![
            report(
                "interface",
                Some("192.168.178.20"),
                Some("192.168.178.20 must not be published: private (192.168.0.0/16, RFC 1918) on eth0"),
            ),
            report("https://api.ipify.org/", Some("91.12.34.57"), None),
            report("stun:stun.example.net:3478", Some("91.12.34.57"), None),
            report("dns:whoami.example.net@192.0.2.1", Some("91.12.34.58"), None),
        ];
        let v6 = Observed::Prefix(Lan {
            prefix: Prefix::parse("2003:e7:1:5600::/56").expect("a prefix"),
            source: "fritzbox".into(),
            reason: "the router is connected and has no IPv6 address".into(),
        });
        let text = shown(found(Some(Observed::Known(known)), sources), found(Some(v6), Vec::new()));
        for part in [
            "wan default  IPv4  91.12.34.57  from web",
            "    https://api.ipify.org/            91.12.34.57     chosen\n",
            "    stun:stun.example.net:3478        91.12.34.57     agrees\n",
            "91.12.34.58     not needed: web comes first\n",
            "\n        192.168.178.20 must not be published",
            "warning: carrier NAT",
            "wan default  IPv6  (none)\n    prefix of the LAN: 2003:e7:1:5600::/56\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn a_line_without_an_address_says_why() {
        let text = shown(found(Some(Observed::Absent("there is no link".into())), Vec::new()), found(None, Vec::new()));
        assert!(text.contains("(none)\n    there is no link\n") && text.contains("not looked at"), "{text}");
    }
}
