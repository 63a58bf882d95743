//! How many connections there may be, and which one goes when there are too many.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::gate::owner;
use super::pace::Pace;

/// Connections in all: far more than a household has clients, far less than a process may have descriptors.
const TOTAL: usize = 256;

/// Connections of one client: a browser opens six.
const PER_CLIENT: usize = 32;

/// Every connection that is open.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    places: HashMap<u64, Place>,
}

#[derive(Debug)]
struct Place {
    client: IpAddr,
    pace: Arc<Pace>,
    /// Ends the connection.
    end: AbortHandle,
}

/// A connection's own place: free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    number: u64,
    places: Arc<Places>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.places.taken().places.remove(&self.number);
    }
}

impl Places {
    /// Lets one more connection of `peer` be run by `spawn`, if there is room.
    ///
    /// When all places are taken, the connection on which nothing went on for longest is ended; one that the daemon is
    /// answering stays. When all those of a client are, it is the client's own, and only one that waits for its next request.
    pub(super) fn open(self: &Arc<Self>, peer: IpAddr, pace: Arc<Pace>, spawn: impl FnOnce(Seat) -> AbortHandle) -> bool {
        let client = owner(peer);
        let Some(number) = self.taken().make_room(client) else {
            return false;
        };
        let end = spawn(Seat { number, places: Arc::clone(self) });
        if !end.is_finished() {
            self.taken().places.insert(number, Place { client, pace, end });
        }
        true
    }

    /// Ends every connection.
    pub(super) fn clear(&self) {
        for (_, place) in self.taken().places.drain() {
            place.end.abort();
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.taken().places.len()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// The number of the next connection.
    fn make_room(&mut self, client: IpAddr) -> Option<u64> {
        if self.places.values().filter(|place| place.client == client).count() >= PER_CLIENT {
            // Some clients forget connections that they could go on with, go-tr064 among them.
            self.end_first(|place| if place.client == client { place.pace.idle_since() } else { None })?;
        } else if self.places.len() >= TOTAL {
            self.end_first(|place| place.pace.resting_since())?;
        }
        self.next += 1;
        Some(self.next)
    }

    /// Ends the connection that is so since the earliest moment. `None`: there is none.
    fn end_first(&mut self, since: impl Fn(&Place) -> Option<Instant>) -> Option<()> {
        let (_, first) = self.places.iter().filter_map(|(number, place)| Some((since(place)?, *number))).min()?;
        let place = self.places.remove(&first)?;
        tracing::debug!("the connection of {} ends in favour of a new one", place.client);
        place.end.abort();
        Some(())
    }
}
