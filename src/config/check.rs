//! The file as written → [`Settings`], with every problem on the way.

use std::collections::HashMap;
use std::path::Path;

use crate::rules::address::Family;

use super::entry::{self, Checked};
use super::file::RawFile;
use super::problem::{Origin, Place, Report};
use super::reader::Key;
use super::secret::RawSecret;
use super::world::World;
use super::{Overlay, Settings, daemon, fritzbox, lines, standing, web};

/// The only version of the format so far.
const VERSION: i64 = 1;

/// Where a configuration is read.
pub(super) struct Around<'a> {
    /// Where relative paths start.
    pub(super) base: &'a Path,
    pub(super) world: &'a World,
}

/// Which entry stands for the TR-064 service, and over which one the overlay lies already.
pub(super) struct Standing {
    pub(super) index: Option<usize>,
    pub(super) laid: Option<usize>,
}

/// Checks everything. Entries with problems are left out of the result.
pub(super) fn settings(
    raw: RawFile,
    Standing { index: standing, laid }: Standing,
    overlay: &Overlay,
    &Around { base, world }: &Around<'_>,
    report: &mut Report<'_>,
) -> Settings {
    let RawFile { version, ddns, lines, fritzbox, daemon, web } = raw;
    if let Some(version) = version.given().filter(|version| version.value != VERSION) {
        report.error(&version.place, format!("{} is not known", version.value), format!("this program reads version {VERSION}"));
    }
    let daemon = daemon::daemon(daemon, base, world, report);
    if ddns.is_empty() {
        report.warn(&Place::top(""), "there is no [[ddns]] entry, so nothing is kept up to date", "config.example.toml shows one");
    }
    let surroundings = entry::Surroundings { user_agent: &daemon.user_agent, base, world };
    let lines = lines::lines(lines, report);
    let chosen: Vec<_> = ddns.iter().map(|raw| lines::choose(&lines, raw, report)).collect();
    lines::warn_of_idle(&lines, &chosen, report);
    web::warn_of_pushes(&web, &lines, report);
    let own_name = web::own_name(&web.tr064.language, report);
    let behind = |raw| match &overlay.ddns {
        Some(over) if standing == laid => standing::Behind::under(over),
        _ => standing::Behind::of(raw),
    };
    let written = standing.and_then(|index| ddns.get(index)).map(|raw| standing::Written::of(raw, behind(raw)));
    let entries = ddns.into_iter().zip(chosen);
    let found: Vec<Option<Checked>> = entries.map(|(raw, line)| entry::entry(raw, line, &surroundings, report)).collect();
    let stands = standing.and_then(|index| found.get(index)?.as_ref()).zip(written);
    let served = stands.map_or_else(|| standing::nothing(own_name), |(it, written)| standing::served(own_name, written, &it.entry));
    let checked: Vec<Checked> = found.into_iter().flatten().collect();
    refuse_twins(&checked, report);
    let fritzbox = fritzbox::fritzbox(fritzbox, &surroundings, report);
    let web = web::web(web, overlay.remote.as_ref(), &surroundings, report);
    Settings {
        entries: checked.into_iter().map(|checked| checked.entry).collect(),
        lines: lines.into_iter().map(|described| described.line).collect(),
        fritzbox,
        daemon,
        web,
        served,
        overlay: overlay.clone(),
    }
}

/// Two entries for one record would overwrite each other for ever.
fn refuse_twins(entries: &[Checked], report: &mut Report<'_>) {
    let mut seen: HashMap<(&str, &str, Family), &Place> = HashMap::new();
    for Checked { entry, places } in entries {
        for (domain, place) in entry.domains.iter().zip(places) {
            // Every family is noted, or a third entry would go unseen.
            let twins: Vec<_> = (Family::ALL.into_iter())
                .filter(|family| entry.mode.wants(*family))
                .filter_map(|family| seen.insert((&entry.service, domain.as_str(), family), place))
                .collect();
            if let Some(&twin) = twins.first() {
                // What was set through the served interfaces is to give way, not the file.
                let (place, twin) = if twin.origin == Origin::Overlay { (twin, place) } else { (place, twin) };
                let other = format!("{} ({})", report.elsewhere(twin), twin.key);
                report.error(
                    place,
                    format!("{domain} at {} is already kept by another entry, see {other}", entry.service),
                    "keep one of the two, or give them different modes",
                );
            }
        }
    }
}

/// The whole machine can read the file: that matters if a secret stands in it. Said once.
pub(super) fn open_to_all(raw: &RawFile, report: &mut Report<'_>) {
    let passwords =
        raw.ddns.iter().map(|entry| &entry.password).chain([&raw.fritzbox.password]).chain(raw.web.users.iter().map(|user| &user.password));
    let inline = passwords.filter_map(Key::given).find_map(|password| match password {
        RawSecret::Plain(secret) => Some(&secret.place),
        _ => None,
    });
    if let Some(place) = inline {
        report.warn(
            place,
            "every user of this machine can read this password",
            "chmod 600 the file, or move the secret out with { file = \"…\" }",
        );
    }
}
