//! Snapshots: what is, why, and when the next thing happens.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Engine, Memory, Spot, Wan};
use crate::rules::address::{Family, Observed, PerFamily};
use crate::rules::consensus::SourceReport;
use crate::rules::moment::{Moment, Now};
use crate::rules::order::Slot;
use crate::rules::plan::{Due, Why};
use crate::rules::snapshot::{AddressPicture, LinePicture, LockPicture, NamePicture, Outcome, Snapshot, StatusPicture, VERSION};
use crate::rules::state::Record;
use crate::rules::status::{self, Facts, Status};

/// Why a name whose address is known waits.
const ASKED_FIRST: &str = "nothing is remembered of this name: the name servers are asked first";

/// `plan --json`: what a round would do now. Fields may be added, never renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this form.
    pub version: u32,
    /// What it amounts to.
    pub outcome: Outcome,
    /// Every name and family.
    pub plan: Vec<PlanLine>,
}

/// What a round would do for one name and family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLine {
    /// The name.
    pub domain: crate::rules::domain::Domain,
    /// The family.
    pub family: Family,
    /// "send", "wait", "ask-dns" or "nothing".
    pub action: String,
    /// The address that would be sent.
    pub address: Option<IpAddr>,
    /// When, if it waits.
    pub at: Option<Moment>,
    /// Why.
    pub why: String,
}

/// What the last round of a family ended with, and every source's part in it.
type Look = (Option<Observed>, Vec<SourceReport>);

impl Engine {
    /// Without a running daemon: what the state says the lines showed last.
    pub fn recall(&mut self, now: Now) {
        let Some((moment, _)) = self.time.read(now) else {
            return;
        };
        let mut turn = super::Turn { now: moment, random: 0, draws: 0, before: Vec::new(), after: Vec::new() };
        self.wake_memory(0, &mut turn);
        for sight in self.sights_mut() {
            if let Some(remembered) = sight.remembered.take() {
                sight.since = remembered.since;
                sight.observed = Some(remembered.observed);
            }
        }
    }

    /// Whether what is known outlives the process.
    #[must_use]
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Everything, for people and programs.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> Snapshot {
        let moment = { self.time }.read(now).map_or(now.wall, |(moment, _)| moment);
        Snapshot {
            version: VERSION,
            wan: self
                .wans
                .iter()
                .map(|wan| LinePicture {
                    name: wan.line.name.clone(),
                    families: PerFamily::from_fn(|family| address_picture(self.line_shows(wan, family))),
                })
                .collect(),
            ddns: self
                .groups
                .iter()
                .enumerate()
                .flat_map(|(entry, group)| {
                    group.names.iter().enumerate().map(move |(name, _)| NamePicture {
                        domain: group.entry.domains[name].clone(),
                        provider: group.entry.provider.clone(),
                        mode: group.entry.mode,
                        enabled: group.entry.enabled,
                        wan: group.entry.wan.clone(),
                        families: PerFamily::from_fn(|family| self.status_picture(Spot { entry, name, family }, moment)),
                    })
                })
                .collect(),
        }
    }

    /// Every source's part in the last round of each line.
    #[must_use]
    pub fn reports(&self) -> Vec<(String, PerFamily<Look>)> {
        let look = |wan: &Wan, family: Family| (self.line_shows(wan, family).map(|(observed, _)| observed), self.parts_of(wan, family));
        let of = |wan: &Wan| (wan.line.name.clone(), PerFamily::from_fn(|family| look(wan, family)));
        self.wans.iter().map(of).collect()
    }

    /// What a round would do now, name by name.
    #[must_use]
    pub fn plan(&self, now: Now) -> Plan {
        let moment = { self.time }.read(now).map_or(now.wall, |(moment, _)| moment);
        let line = |spot: Spot| {
            let entry = &self.groups[spot.entry].entry;
            let address = self.wanted(spot.entry, spot.family);
            let (action, at, why) = match self.due_of(spot, moment) {
                _ if self.asks_first(spot) => ("ask-dns", None, ASKED_FIRST.to_owned()),
                Due::Now(why) => ("send", None, why.to_string()),
                Due::At(at, why) => ("wait", Some(at), why),
                Due::Never(why) => ("nothing", None, why),
            };
            PlanLine { domain: entry.domains[spot.name].clone(), family: spot.family, action: action.to_owned(), address, at, why }
        };
        let plan: Vec<PlanLine> = self.spots().map(line).collect();
        // What would be sent now does not wait.
        let outcome = Outcome { waiting: plan.iter().any(|line| line.action == "wait"), ..self.snapshot(now).outcome() };
        Plan { version: VERSION, outcome, plan }
    }

    fn asks_first(&self, spot: Spot) -> bool {
        let entry = &self.groups[spot.entry].entry;
        let open = self.accounts.get(&entry.account).is_none_or(|account| account.lock.is_none());
        entry.enabled
            && open
            && self.wanted(spot.entry, spot.family).is_some()
            && self.held(spot).is_some_and(|held| held.record.lock.is_none() && super::due::needs_memory(entry, held))
    }

    fn due_of(&self, spot: Spot, now: Moment) -> Due {
        let settles = |slot: &Slot| match slot {
            Slot::Single(family) => *family == spot.family,
            Slot::Together => true,
        };
        let due = self.dues(spot.entry, spot.name, now).into_iter().find(|(slot, _, _)| settles(slot));
        due.map_or_else(|| Due::Never("the other family is sent alone".into()), |(_, due, _)| due)
    }

    fn status_picture(&self, spot: Spot, now: Moment) -> StatusPicture {
        let entry = &self.groups[spot.entry].entry;
        let held = self.held(spot);
        let record = held.map(|held| &held.record);
        let wanted = self.wanted(spot.entry, spot.family);
        let account_lock = self.accounts.get(&entry.account).and_then(|it| it.lock.as_ref());
        let observed = self.basis(spot.entry, spot.family).and_then(|basis| basis.observed);
        let status = status::status(&Facts {
            entry,
            record,
            account_lock,
            in_flight: held.is_some_and(|held| held.flight.is_some()),
            asking_memory: held.is_some_and(|held| super::due::needs_memory(entry, held)),
            observed,
            wanted,
            other_prefix: self.has_new_prefix(spot),
            forgetful: self.memory == Memory::Unwritable,
            now,
        });
        let word = status.word(spot.family).to_owned();
        let Some(record) = record else {
            return StatusPicture { status: word, ..StatusPicture::default() };
        };
        let due = self.due_of(spot, now);
        let lock = account_lock.or(record.lock.as_ref());
        let apart = self.at_odds(spot.entry, spot.family).map(|it| it.text.clone());
        StatusPicture {
            status: word,
            address: wanted,
            published: record.published.as_ref().map(|it| it.address),
            published_at: record.published.as_ref().map(|it| it.at),
            last_reply: record.last_reply.as_ref().map(|it| if it.line.is_empty() { it.code.clone() } else { it.line.clone() }),
            next_attempt: if lock.is_some() {
                None
            } else {
                next_attempt(record, wanted.filter(|_| !self.has_new_prefix(spot)), &due, now)
            },
            locked: lock.map(|it| LockPicture { since: it.since, code: it.code.clone(), scope: it.scope, hint: it.hint.clone() }),
            reason: [reason(status, record, observed.map(|it| it.publish(entry.ipv6_host)), &due), apart]
                .into_iter()
                .flatten()
                .reduce(|why, apart| format!("{why}; {apart}")),
            verified_at: record.verified_at,
        }
    }
}

/// When the next request is due. A refresh of a right record is none that anybody waits for.
fn next_attempt(record: &Record, wanted: Option<IpAddr>, due: &Due, now: Moment) -> Option<Moment> {
    let right = record.published.as_ref().is_some_and(|it| Some(it.address) == wanted) && record.verified_at.is_some();
    match due {
        Due::Now(_) => Some(now),
        Due::At(_, _) if right && record.wait.is_none() && record.hiccup.is_none() => None,
        Due::At(_, why) if *why == Why::Refresh.to_string() => None,
        Due::At(at, _) => Some(*at),
        Due::Never(_) => None,
    }
}

/// `published`: what the line shows for this entry, or why nothing.
fn reason(status: Status, record: &Record, published: Option<Result<IpAddr, String>>, due: &Due) -> Option<String> {
    match status {
        Status::Complete | Status::Undefined => None,
        Status::Offline => Some(
            record
                .muted
                .as_ref()
                .map_or_else(|| "switched off".to_owned(), |it| format!("the provider has no such record for this name ({})", it.code)),
        ),
        Status::InternetNotConnected | Status::Checking => Some(match published {
            None => "the address is being looked for".to_owned(),
            Some(Err(why)) => why,
            Some(Ok(_)) if status == Status::InternetNotConnected => {
                "the provider cannot be reached, or somebody else answers for it".to_owned()
            }
            Some(Ok(_)) => ASKED_FIRST.to_owned(),
        }),
        Status::Verifying => Some("accepted; the authoritative servers are being asked".to_owned()),
        Status::Updated => Some(match &record.verification {
            Some(it) if it.stale => "accepted, but the authoritative servers show something else".to_owned(),
            _ => "accepted; it could not be confirmed by DNS".to_owned(),
        }),
        Status::Updating => Some("a request is under way".to_owned()),
        Status::AccountDisabled => Some("locked until somebody acts".to_owned()),
        Status::NewAddress => Some(match due {
            Due::Now(why) => why.to_string(),
            Due::At(_, why) | Due::Never(why) => why.clone(),
        }),
    }
}

fn address_picture(shown: Option<(Observed, Option<Moment>)>) -> AddressPicture {
    let Some((observed, since)) = shown else {
        return AddressPicture { reason: Some("not looked at yet".to_owned()), ..AddressPicture::default() };
    };
    let picture = AddressPicture {
        address: observed.address(),
        prefix: observed.prefix().map(|prefix| prefix.to_string()),
        since,
        ..AddressPicture::default()
    };
    match observed {
        Observed::Known(sighting) => AddressPicture { source: Some(sighting.source), reason: sighting.warning, ..picture },
        Observed::Prefix(ref lan) => AddressPicture { source: Some(lan.source.clone()), reason: observed.publish(None).err(), ..picture },
        Observed::Absent(why) | Observed::Unavailable(why) => AddressPicture { reason: Some(why), ..picture },
    }
}
