//! Requests go out: the intent is written down first.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::due::Batch;
use super::event::{Action, Level, Notice, Ticket};
use super::{Engine, Flight, Held, Memory, Run, Spot, Turn};
use crate::rules::address::Family;
use crate::rules::dialect::Class;
use crate::rules::domain::{Domain, Entry};
use crate::rules::order::{self, Endpoint, Order};
use crate::rules::plan::{Due, Why};
use crate::rules::schedule;
use crate::rules::state::{self, Intent};

impl Engine {
    /// Sends at most one request per account: the first that is due.
    pub(super) fn send(&mut self, turn: &mut Turn) {
        self.tell_held_back(turn);
        if self.run == Run::Once && self.memory == Memory::Unwritable {
            return;
        }
        let mut busy: BTreeSet<String> = self.flights.values().map(|flight| flight.entry.account.clone()).collect();
        for entry in 0..self.groups.len() {
            let account = self.groups[entry].entry.account.clone();
            if busy.contains(&account) || self.account_free_at(entry).is_some_and(|at| at > turn.now) || self.asks_dns_first(entry) {
                continue;
            }
            if let Some(batch) = self.batch(entry, turn.now) {
                self.launch(&batch, turn);
                busy.insert(account);
            }
        }
    }

    /// The intent is written down, then the request goes out.
    fn launch(&mut self, batch: &Batch, turn: &mut Turn) {
        let mut order = self.order(batch);
        let entry = Arc::clone(&self.groups[batch.entry].entry);
        if has_sibling(&entry, &order) {
            order.endpoint = self.accounts.get(&entry.account).map_or(Endpoint::Own, |it| it.preferred(turn.now));
        }
        let ticket = self.ticket();
        let families: Vec<Family> = order.families().collect();
        let spots: Vec<Spot> =
            batch.names.iter().flat_map(|&(entry, name)| families.iter().map(move |&family| Spot { entry, name, family })).collect();
        let entries = batch.names.iter().map(|&(entry, _)| Arc::clone(&self.groups[entry].entry)).collect();
        // One request with both addresses repairs both.
        let once_more: BTreeSet<(usize, usize)> =
            spots.iter().filter(|spot| self.is_once_more(**spot, &order, turn)).map(|spot| (spot.entry, spot.name)).collect();
        let mut before = Vec::new();
        for &spot in &spots {
            let Some(address) = order.addresses[spot.family] else {
                continue;
            };
            let own = Arc::clone(&self.groups[spot.entry].entry);
            let key = state::record_key(&own, &own.domains[spot.name], spot.family);
            let Some(held) = self.held_mut(spot) else {
                continue;
            };
            before.push((key, held.record.clone()));
            held.flight = Some(ticket);
            held.asked = 0;
            let record = &mut held.record;
            record.intent = Some(Intent { address, at: turn.now });
            record.last_sent = Some(turn.now);
            record.account = Some(own.account.clone());
            record.budget_full_at = Some(schedule::REQUESTS.spent(record.budget_full_at, turn.now));
            if std::mem::take(&mut held.manual) {
                record.last_manual = Some(turn.now);
            }
            if once_more.contains(&(spot.entry, spot.name)) {
                record.repairs = record.repairs.saturating_add(1);
            }
        }
        self.account_mut(&entry.account).last_sent = Some(turn.now);
        turn.tell(Notice::new(Level::Notice, format!("sending {} for {}: {}", shown(&order), names(&order.domains), batch.why)));
        turn.after.push(Action::Send { ticket, entry: Arc::clone(&entry), order: order.clone() });
        self.flights.insert(ticket, Flight { entry, entries, order, spots, tried_other: false, before });
    }

    /// Does the order send an address of this name once more, because DNS shows another one or the provider wants to hear of it?
    fn is_once_more(&self, spot: Spot, order: &Order, turn: &Turn) -> bool {
        let refreshes = || {
            let dues = self.dues(spot.entry, spot.name, turn.now);
            dues.iter().any(|(slot, due, _)| *slot == order.slot && matches!(due, Due::Now(Why::Refresh)))
        };
        self.held(spot).is_some_and(|Held { record, .. }| {
            record.verification.as_ref().is_some_and(|it| it.repair)
                || record.claim.as_ref().is_some_and(|it| Some(it.address) == order.addresses[spot.family])
                || refreshes()
        })
    }

    pub(super) fn try_other(&mut self, ticket: Ticket, flight: &mut Flight, turn: &mut Turn) {
        flight.tried_other = true;
        flight.order.endpoint = match flight.order.endpoint {
            Endpoint::Own => Endpoint::Sibling,
            Endpoint::Sibling => Endpoint::Own,
        };
        // The pace counts from the request that may reach somebody.
        self.account_mut(&flight.entry.account).last_sent = Some(turn.now);
        for spot in &flight.spots {
            if let Some(held) = self.held_mut(*spot) {
                held.record.last_sent = Some(turn.now);
            }
        }
        let text = format!("the endpoint cannot be reached; trying the other one for {}", names(&flight.order.domains));
        turn.tell(Notice { class: Some(Class::TryOtherEndpoint), ..Notice::new(Level::Warning, text) });
        turn.after.push(Action::Send { ticket, entry: Arc::clone(&flight.entry), order: flight.order.clone() });
    }
}

/// May the other family's host be asked as well? Only with an explicit address: without one it would set the wrong family.
pub(super) fn has_sibling(entry: &Entry, order: &Order) -> bool {
    entry.dialect.request.sibling_endpoint && order::sibling_host(entry, order).is_some()
}

fn shown(order: &Order) -> String {
    let addresses: Vec<String> = order.addresses.iter().filter_map(|(_, address)| Some(address.as_ref()?.to_string())).collect();
    addresses.join(" and ")
}

fn names(domains: &[Domain]) -> String {
    match domains {
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        [] => "(none)".to_owned(),
    }
}
