//! What people ask for: an update, or that a lock be opened.

use std::sync::Arc;

use super::configure::about;
use super::event::Level;
use super::{Engine, Spot, Turn};
use crate::rules::domain::Domain;
use crate::rules::schedule;
use crate::rules::state::Unlocked;

impl Engine {
    /// A person asks for an update.
    pub(super) fn update(&mut self, domain: Option<&Domain>, turn: &mut Turn) {
        for spot in self.spots().collect::<Vec<_>>() {
            let entry = Arc::clone(&self.groups[spot.entry].entry);
            if domain.is_some_and(|domain| entry.domains[spot.name] != *domain) || !entry.enabled {
                continue;
            }
            let Some(held) = self.held_mut(spot) else {
                continue;
            };
            let next = held.record.last_manual.map(|at| at.plus(schedule::MANUAL));
            match next.filter(|at| *at > turn.now) {
                Some(at) => {
                    let text = format!("an update was asked for less than 5 minutes ago; the next one is possible at {at}");
                    turn.tell(about(&entry, spot, Level::Warning, &text));
                }
                None => held.manual = true,
            }
        }
        self.look_now(turn.now);
    }

    /// A person opens the locks of `domain`, or all.
    pub(super) fn unlock(&mut self, domain: Option<&Domain>, by: &str, turn: &mut Turn) {
        for spot in self.spots().collect::<Vec<_>>() {
            if domain.is_none_or(|domain| self.groups[spot.entry].entry.domains[spot.name] == *domain) {
                self.unlock_spot(spot, by, turn);
            }
        }
    }

    /// Opens the locks over one name and family; at most once per five minutes.
    pub(super) fn unlock_spot(&mut self, spot: Spot, by: &str, turn: &mut Turn) {
        let entry = Arc::clone(&self.groups[spot.entry].entry);
        let unlocked = Some(Unlocked { at: turn.now, by: by.to_owned() });
        let recently = |it: &Option<Unlocked>| it.as_ref().is_some_and(|it| turn.now.since(it.at) < schedule::MANUAL && it.at < turn.now);
        let mut opened = false;
        let mut refused = false;
        if let Some(account) = self.accounts.get_mut(&entry.account).filter(|it| it.lock.is_some()) {
            if recently(&account.unlocked) {
                refused = true;
            } else {
                account.lock = None;
                account.unlocked.clone_from(&unlocked);
                opened = true;
            }
        }
        if let Some(held) = self.held_mut(spot).filter(|held| held.record.lock.is_some() || held.record.muted.is_some()) {
            if recently(&held.record.unlocked) {
                refused = true;
            } else {
                held.record.lock = None;
                held.record.muted = None;
                opened = true;
            }
        }
        if opened {
            if let Some(held) = self.held_mut(spot) {
                held.record.unlocked = unlocked;
                held.record.streak = None;
            }
            turn.tell(about(&entry, spot, Level::Notice, &format!("the lock is opened by {by}")));
        } else if refused {
            turn.tell(about(
                &entry,
                spot,
                Level::Warning,
                "the lock stays: it was opened less than 5 minutes ago, and the provider refused again",
            ));
        }
    }
}
