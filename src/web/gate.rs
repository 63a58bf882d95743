//! Who may try to log in, and how often. PURE: the time is an argument.
//!
//! Every client has three buckets of points: for wrong logins, for requests that lack a login where one is needed (digest
//! clients begin with one, and get it back), and for calls that need none. An empty bucket is refused until it has a point
//! again. Who has a login is not refused for what others behind the same address do without one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// How many times in a row, and how often in the long run.
#[derive(Clone, Copy, Debug)]
struct Measure {
    burst: u32,
    /// The time in which one comes back.
    refill: Duration,
}

/// Nine wrong passwords, typed one after the other, are a person; then 360 guesses per hour.
const WRONG: Measure = Measure { burst: 10, refill: Duration::from_secs(10) };

/// Requests without a login where one is needed.
const WITHOUT: Measure = Measure { burst: 100, refill: Duration::from_secs(1) };

/// Calls that everybody may make: a program makes a handful when it starts.
const OPEN: Measure = Measure { burst: 60, refill: Duration::from_millis(500) };

/// Clients that are remembered; beyond that the most harmless one is forgotten.
const CLIENTS: usize = 1024;

/// A client is told about in the log at most once in this time.
const TELLING: Duration = Duration::from_secs(60);

/// What is remembered of clients that could not log in.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    buckets: HashMap<IpAddr, Bucket>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    wrong: Debt,
    without: Debt,
    open: Debt,
    told_at: Option<Duration>,
}

/// When everything that was taken is back.
#[derive(Clone, Copy, Debug, Default)]
struct Debt(Duration);

impl Debt {
    /// How long it is until there is a point to take.
    fn wait(self, of: Measure, now: Duration) -> Duration {
        self.0.saturating_sub(now).saturating_sub(of.refill * (of.burst - 1))
    }

    fn take(&mut self, of: Measure, now: Duration) {
        // A client that asks many times at once and is not held up owes one point beyond the last at most.
        self.0 = (self.0.max(now) + of.refill).min(now + of.refill * (of.burst + 1));
    }

    fn give_back(&mut self, of: Measure, now: Duration) {
        self.0 = self.0.saturating_sub(of.refill).max(now);
    }
}

impl Bucket {
    /// Forgotten is who did least harm: wrong logins weigh more than any number of other requests.
    fn harm(&self, now: Duration) -> [Duration; 3] {
        [self.wrong, self.without, self.open].map(|debt| debt.0.saturating_sub(now))
    }
}

impl Gate {
    /// May a login of `client` be looked at now?
    ///
    /// # Errors
    ///
    /// How long it has to wait.
    pub(crate) fn admits(&self, client: IpAddr, now: Duration) -> Result<(), Duration> {
        pass(self.bucket(client).wrong.wait(WRONG, now))
    }

    /// May `client`, which has no login, be asked for one now?
    ///
    /// # Errors
    ///
    /// How long it has to wait.
    pub(crate) fn asks(&self, client: IpAddr, now: Duration) -> Result<(), Duration> {
        let bucket = self.bucket(client);
        pass(bucket.wrong.wait(WRONG, now).max(bucket.without.wait(WITHOUT, now)))
    }

    /// Takes a call that needs no login; wrong logins do not matter for it.
    ///
    /// # Errors
    ///
    /// How long it has to wait.
    pub(crate) fn opens(&mut self, client: IpAddr, now: Duration) -> Result<(), Duration> {
        pass(self.bucket(client).open.wait(OPEN, now))?;
        self.mark(client, now).open.take(OPEN, now);
        Ok(())
    }

    /// It came without a login where one is needed.
    pub(crate) fn came_without(&mut self, client: IpAddr, now: Duration) {
        self.mark(client, now).without.take(WITHOUT, now);
    }

    /// Its login was wrong. Says whether that is worth a line in the log.
    pub(crate) fn failed(&mut self, client: IpAddr, now: Duration) -> bool {
        let bucket = self.mark(client, now);
        bucket.wrong.take(WRONG, now);
        let tell = bucket.told_at.is_none_or(|at| now.saturating_sub(at) >= TELLING);
        if tell {
            bucket.told_at = Some(now);
        }
        tell
    }

    /// Its login was right: the request without one that it may have begun with costs nothing after all.
    pub(crate) fn let_in(&mut self, client: IpAddr, now: Duration) {
        if let Some(bucket) = self.buckets.get_mut(&owner(client)) {
            bucket.without.give_back(WITHOUT, now);
        }
    }

    fn bucket(&self, client: IpAddr) -> Bucket {
        self.buckets.get(&owner(client)).copied().unwrap_or_default()
    }

    fn mark(&mut self, client: IpAddr, now: Duration) -> &mut Bucket {
        let client = owner(client);
        if self.buckets.len() >= CLIENTS && !self.buckets.contains_key(&client) {
            self.forget_one(now);
        }
        self.buckets.entry(client).or_default()
    }

    fn forget_one(&mut self, now: Duration) {
        self.buckets.retain(|_, bucket| bucket.harm(now) != [Duration::ZERO; 3]);
        let harmless = self.buckets.iter().min_by_key(|(_, bucket)| bucket.harm(now)).map(|(client, _)| *client);
        if let Some(client) = harmless.filter(|_| self.buckets.len() >= CLIENTS) {
            self.buckets.remove(&client);
        }
    }
}

fn pass(wait: Duration) -> Result<(), Duration> {
    if wait.is_zero() { Ok(()) } else { Err(wait) }
}

/// The address that stands for a client: one of IPv4, but the network of IPv6, where each client has 2⁶⁴ addresses.
pub(crate) fn owner(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
