//! DNS: what the authoritative servers show, to confirm what was accepted, and in place of a lost memory.

use std::net::IpAddr;
use std::sync::Arc;

use super::configure::about;
use super::due::needs_memory;
use super::event::{Action, Level, Notice, Ticket};
use super::{Asking, Engine, Question, Run, Spot, Turn};
use crate::rules::answer::{self, DnsAnswer, Finding, SCHEDULE};
use crate::rules::booking;
use crate::rules::dialect::Class;
use crate::rules::domain::Entry;
use crate::rules::moment::Moment;
use crate::rules::plan;
use crate::rules::reply::Wait;
use crate::rules::schedule::{self, spread};
use crate::rules::state::{Claim, Published, Record, Verification, Waiting};

impl Engine {
    /// Asks whatever is to be asked now.
    pub(super) fn ask(&mut self, turn: &mut Turn) {
        for spot in self.spots().collect::<Vec<_>>() {
            self.doubt(spot, turn.now);
            if let Some((_, address, memory)) = self.question(spot).filter(|(at, _, _)| *at <= turn.now) {
                let ticket = self.ticket();
                if let Some(held) = self.held_mut(spot) {
                    held.question = Some(ticket);
                    if memory {
                        held.memory = Question::Asking;
                    } else {
                        held.asked = held.asked.saturating_add(1);
                    }
                }
                self.questions.insert(ticket, Asking { spot, address, memory });
                let domain = self.groups[spot.entry].entry.domains[spot.name].clone();
                turn.after.push(Action::Ask { ticket, domain, family: spot.family });
            }
        }
    }

    /// An address that is published and was never confirmed is verified (after a restart, or when `verify` was switched on).
    fn doubt(&mut self, spot: Spot, now: Moment) {
        let entry = Arc::clone(&self.groups[spot.entry].entry);
        let wanted = self.wanted(spot.entry, spot.family);
        let unsure = |record: &Record| {
            record.verification.is_none()
                && record.verified_at.is_none()
                && record.claim.is_none()
                && record.published.as_ref().is_some_and(|it| Some(it.address) == wanted)
        };
        if entry.enabled
            && entry.verify
            && self.held(spot).is_some_and(|held| unsure(&held.record))
            && let Some((held, address)) = self.held_mut(spot).zip(wanted)
        {
            held.record.verification = booking::start_verification(&entry, address, now);
            if let Some(verification) = &mut held.record.verification {
                verification.next = now;
            }
        }
    }

    /// The next question about this name: when, the address to compare with, and whether it stands for a lost memory.
    fn question(&self, spot: Spot) -> Option<(Moment, IpAddr, bool)> {
        let entry = &self.groups[spot.entry].entry;
        let held = self.held(spot)?;
        let locked = held.record.lock.is_some() || self.accounts.get(&entry.account).is_some_and(|it| it.lock.is_some());
        if !entry.enabled || locked || held.question.is_some() || held.flight.is_some() {
            return None;
        }
        let wanted = self.wanted(spot.entry, spot.family)?;
        if let Some(it) = &held.record.verification {
            // A single round asks once; the next one goes on where it stopped.
            let enough = self.run == Run::Once && held.asked > 0;
            return (it.address == wanted && !it.repair && !enough).then_some((it.next, wanted, false));
        }
        // Right before the request would go out, not earlier: until then they may learn of it.
        let settled_at = self.basis(spot.entry, spot.family)?.settled_at;
        let due_at = held.record.hiccup.as_ref().map_or(settled_at, |it| it.until.max(settled_at));
        (needs_memory(entry, held) && held.memory == Question::NotAsked).then_some((due_at, wanted, true))
    }

    /// When the next question is due.
    pub(super) fn next_question(&self) -> Option<Moment> {
        self.spots().filter_map(|spot| Some(self.question(spot)?.0)).min()
    }

    /// Name servers answered.
    pub(super) fn answered(&mut self, ticket: Ticket, answer: &DnsAnswer, turn: &mut Turn) {
        let Some(Asking { spot, address, memory }) = self.questions.remove(&ticket) else {
            return;
        };
        let entry = Arc::clone(&self.groups[spot.entry].entry);
        let finding = answer::compare(answer, address);
        let (random, run) = (turn.draw(), self.run);
        let Some(held) = self.held_mut(spot).filter(|held| held.question == Some(ticket)) else {
            return;
        };
        held.question = None;
        if memory {
            held.memory = Question::Answered;
            if let Finding::Confirmed { extra } = &finding {
                adopt(&mut held.record, address, turn.now, random);
                let text = format!("DNS shows {address} already{}: nothing is sent", beside(extra));
                turn.tell(Notice { class: Some(Class::Unchanged), ..about(&entry, spot, Level::Notice, &text) });
            }
            return;
        }
        let current = held.record.verification.as_ref().is_some_and(|it| it.address == address);
        if !current {
            return;
        }
        let over = judge(&mut held.record, &entry, &finding, turn.now, random, run);
        // A doubtful success since then was for this name alone.
        let assumed = held.record.claim.is_none() && held.record.published.as_ref().is_some_and(|it| it.assumed && it.address == address);
        tell_finding(&entry, spot, address, &finding, over, turn);
        if over == Over::Mismatch && assumed {
            self.split(&entry, spot, turn, random);
        }
    }

    /// One reply spoke for the whole batch, and DNS does not show this name: it is sent alone (rule M6).
    fn split(&mut self, entry: &Entry, spot: Spot, turn: &mut Turn, random: u64) {
        self.account_mut(&entry.account).batch_limit = Some(1);
        let Some(held) = self.held_mut(spot) else {
            return;
        };
        let record = &mut held.record;
        if record.repairs > 0 {
            // It was sent once more already: from now on once a day.
            return;
        }
        // What was said for all was not true of this one. To send it alone is its first repair, and does not wait for an hour.
        record.claim =
            record.published.take().map(|it| Claim { address: it.address, reply_address: it.reply_address, at: it.at, prefix: it.prefix });
        if let Some(verification) = &mut record.verification {
            verification.repair = true;
        }
        let wait = Wait { first: schedule::SPLIT, cap: schedule::SPLIT, given: true };
        record.wait = Some(Waiting {
            until: turn.now.plus(schedule::backoff(&wait, 1, random)),
            class: Class::SplitBatch,
            code: "unverified".to_owned(),
            portal: false,
        });
        let text = "the provider answered for the whole batch, and DNS does not show this name: it is sent alone from now on";
        turn.tell(Notice { class: Some(Class::SplitBatch), ..about(entry, spot, Level::Warning, text) });
    }
}

fn tell_finding(entry: &Entry, spot: Spot, address: IpAddr, finding: &Finding, over: Over, turn: &mut Turn) {
    let (level, class, text) = match (over, finding) {
        (_, Finding::Confirmed { extra }) => (Level::Notice, None, format!("every authoritative server shows {address}{}", beside(extra))),
        (Over::Mismatch, Finding::Stale { shown, .. }) => {
            let shown = if shown.is_empty() { "(none)".to_owned() } else { list(shown) };
            let text = format!(
                "the provider accepted {address}, but the authoritative servers show {shown}; it is sent once more if they still do later"
            );
            (Level::Error, Some(Class::Mismatch), text)
        }
        (Over::Unconfirmed, Finding::Unknown(why) | Finding::Partly(why)) => {
            (Level::Warning, None, format!("could not confirm {address} by DNS: {why}"))
        }
        _ => (Level::Debug, None, format!("{address} is not confirmed yet: {finding:?}")),
    };
    turn.tell(Notice { class, ..about(entry, spot, level, &text) });
}

/// What an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// Nothing, or it was confirmed.
    No,
    /// The deadline passed, and the servers show something else.
    Mismatch,
    /// The deadline passed without a clear answer.
    Unconfirmed,
}

/// Books `finding` on the running verification.
fn judge(record: &mut Record, entry: &Entry, finding: &Finding, now: Moment, random: u64, run: Run) -> Over {
    let Some(mut it) = record.verification.take() else {
        return Over::No;
    };
    it.asked = it.asked.saturating_add(1);
    match finding {
        Finding::Confirmed { .. } => {
            confirmed(record, entry, it.address, now, random);
            return Over::No;
        }
        Finding::Stale { ttl, .. } => {
            it.stale = true;
            it.deadline = it.deadline.max(it.since.plus(answer::deadline(*ttl)));
        }
        Finding::Partly(_) | Finding::Unknown(_) => it.stale = false,
    }
    let over = if it.over {
        // A late check: the repair comes after it, never without.
        it.repair = it.stale;
        Over::No
    } else if now >= it.deadline {
        it.over = true;
        if it.stale {
            record.verify_failures = record.verify_failures.saturating_add(1);
            Over::Mismatch
        } else {
            Over::Unconfirmed
        }
    } else {
        Over::No
    };
    it.next = if it.over { late_check(&it, record.repairs, now, random, over) } else { next_question(&it, now, run) };
    record.verification = Some(it);
    over
}

fn confirmed(record: &mut Record, entry: &Entry, address: IpAddr, now: Moment, random: u64) {
    record.verified_at = Some(now);
    record.repairs = 0;
    match &mut record.published {
        Some(published) if published.address == address && record.claim.is_none() => published.assumed = false,
        // The reply named another address, and DNS shows ours.
        _ => {
            adopt(record, address, now, random);
            record.worked_with = Some(entry.fingerprint.clone());
        }
    }
    record.claim = None;
}

/// DNS shows the address: that is as good as having published it.
fn adopt(record: &mut Record, address: IpAddr, now: Moment, random: u64) {
    let claimed = record.claim.as_ref().filter(|it| it.address == address).and_then(|it| it.prefix);
    let prefix = claimed.or_else(|| record.published.as_ref()?.prefix);
    record.published = Some(Published {
        address,
        at: now,
        reply_address: None,
        assumed: false,
        refresh_spread_ms: crate::rules::moment::millis(schedule::fraction(schedule::REFRESH_SPREAD, random)),
        prefix,
    });
    record.verified_at = Some(now);
}

/// The next question by the schedule; the last one at the deadline.
fn next_question(it: &Verification, now: Moment, run: Run) -> Moment {
    let nth = usize::try_from(it.asked).unwrap_or(usize::MAX);
    let planned = SCHEDULE.iter().skip(if run == Run::Once { 0 } else { nth }).map(|span| it.since.plus(*span)).find(|at| *at > now);
    planned.unwrap_or(it.deadline).min(it.deadline).max(now.plus(SCHEDULE[0]))
}

/// The check whose answer decides on a repair: an hour after the provider's success, later once a day.
fn late_check(it: &Verification, repairs: u32, now: Moment, random: u64, over: Over) -> Moment {
    let after = plan::repair_after(repairs);
    if over == Over::No { now.plus(spread(schedule::NEXT_REPAIR, random)) } else { it.since.plus(spread(after, random)).max(now) }
}

fn beside(extra: &[IpAddr]) -> String {
    if extra.is_empty() { String::new() } else { format!(" (and {} beside it)", list(extra)) }
}

fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
