//! Who may try to log in, and how often. PURE: the time is an argument.
//!
//! Every client has a bucket of points. A wrong login costs much, a request without a login little (digest clients begin
//! with one, and get it back), a right login nothing. An empty bucket is refused until it has a point again; what was taken beyond the last
//! point has to come back first, so that guessing goes on at the pace of the refill and no faster.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// Points in a full bucket: nine wrong passwords, typed one after the other, are a person.
const FULL: u32 = 100;

/// The time in which one point comes back.
const REFILL: Duration = Duration::from_secs(1);

/// What a request without a login costs where one is needed.
const WITHOUT: u32 = 1;

/// What a wrong login costs: 360 guesses per hour.
const WRONG: u32 = 10;

/// Clients that are remembered; beyond that the most harmless one is forgotten.
const CLIENTS: usize = 1024;

/// A client is told about in the log at most once in this time.
const TELLING: Duration = Duration::from_secs(60);

/// What is remembered of clients that could not log in.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    buckets: HashMap<IpAddr, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When every point is back.
    full_at: Duration,
    told_at: Option<Duration>,
}

impl Gate {
    /// May `client` try now?
    ///
    /// # Errors
    ///
    /// How long it has to wait.
    pub(crate) fn admits(&mut self, client: IpAddr, now: Duration) -> Result<(), Duration> {
        let missing = self.buckets.get(&owner(client)).map_or(Duration::ZERO, |bucket| bucket.full_at.saturating_sub(now));
        match missing.saturating_sub(REFILL * (FULL - 1)) {
            Duration::ZERO => Ok(()),
            wait => Err(wait),
        }
    }

    /// It came without a login where one is needed.
    pub(crate) fn came_without(&mut self, client: IpAddr, now: Duration) {
        self.take(client, WITHOUT, now);
    }

    /// Its login was wrong. Says whether that is worth a line in the log.
    pub(crate) fn failed(&mut self, client: IpAddr, now: Duration) -> bool {
        let bucket = self.take(client, WRONG, now);
        let tell = bucket.told_at.is_none_or(|at| now.saturating_sub(at) >= TELLING);
        if tell {
            bucket.told_at = Some(now);
        }
        tell
    }

    /// Its login was right: the request without one that it may have begun with costs nothing after all.
    pub(crate) fn let_in(&mut self, client: IpAddr, now: Duration) {
        if let Some(bucket) = self.buckets.get_mut(&owner(client)) {
            bucket.full_at = bucket.full_at.saturating_sub(REFILL * WITHOUT).max(now);
        }
    }

    fn take(&mut self, client: IpAddr, points: u32, now: Duration) -> &mut Bucket {
        let client = owner(client);
        if self.buckets.len() >= CLIENTS && !self.buckets.contains_key(&client) {
            self.forget_one(now);
        }
        let bucket = self.buckets.entry(client).or_insert(Bucket { full_at: now, told_at: None });
        // A client that asks many times at once and is not held up by `admits` owes one wrong login at most.
        bucket.full_at = (bucket.full_at.max(now) + REFILL * points).min(now + REFILL * (FULL + WRONG));
        bucket
    }

    fn forget_one(&mut self, now: Duration) {
        self.buckets.retain(|_, bucket| bucket.full_at > now);
        let harmless = self.buckets.iter().min_by_key(|(_, bucket)| bucket.full_at).map(|(client, _)| *client);
        if let Some(client) = harmless.filter(|_| self.buckets.len() >= CLIENTS) {
            self.buckets.remove(&client);
        }
    }
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
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn numbered(number: usize) -> IpAddr {
        std::net::Ipv4Addr::from(0x0a00_0000 + u32::try_from(number).expect("few")).into()
    }

    /// Wrong logins at `now` until it is refused.
    fn guesses(gate: &mut Gate, client: IpAddr, now: Duration) -> usize {
        (0..1000)
            .take_while(|_| {
                let admitted = gate.admits(client, now).is_ok();
                if admitted {
                    gate.failed(client, now);
                }
                admitted
            })
            .count()
    }

    #[test]
    fn who_asks_for_a_challenge_and_answers_it_each_time_is_never_held_up() {
        let mut gate = Gate::default();
        for _ in 0..1000 {
            assert_eq!(gate.admits(CLIENT, at(0)), Ok(()));
            gate.came_without(CLIENT, at(0));
            gate.let_in(CLIENT, at(0));
        }
    }

    #[test]
    fn ten_wrong_logins_close_the_gate_and_each_further_one_takes_ten_seconds() {
        let mut gate = Gate::default();
        assert_eq!(guesses(&mut gate, CLIENT, at(1000)), 10);
        assert_eq!(gate.admits(CLIENT, at(1000)), Err(at(1)));
        assert_eq!(gate.admits(CLIENT, at(1001)), Ok(()));
        assert_eq!(guesses(&mut gate, CLIENT, at(1001)), 1);
        assert_eq!(gate.admits(CLIENT, at(1001)), Err(at(10)));
        let over_an_hour: usize = (1001..4601).map(|second| guesses(&mut gate, CLIENT, at(second))).sum();
        assert_eq!(over_an_hour, 360 - 1);
    }

    #[test]
    fn who_polls_with_a_challenge_every_other_second_is_never_refused() {
        let mut gate = Gate::default();
        for second in (0..100_000).step_by(2) {
            assert_eq!(gate.admits(CLIENT, at(second)), Ok(()));
            gate.came_without(CLIENT, at(second));
        }
    }

    #[test]
    fn a_hundred_requests_without_a_login_close_the_gate_for_a_second() {
        let mut gate = Gate::default();
        for _ in 0..100 {
            assert_eq!(gate.admits(CLIENT, at(5)), Ok(()));
            gate.came_without(CLIENT, at(5));
        }
        assert_eq!(gate.admits(CLIENT, at(5)), Err(at(1)));
        assert_eq!(gate.admits(CLIENT, at(6)), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_its_neighbour_another() {
        let mut gate = Gate::default();
        let [one, same, other]: [IpAddr; 3] =
            ["2001:db8::1", "2001:db8::ffff:0:0:2", "2001:db8:0:1::1"].map(|it| it.parse().expect("an address"));
        assert_eq!(guesses(&mut gate, one, at(0)), 10);
        assert!(gate.admits(same, at(0)).is_err());
        assert_eq!(gate.admits(other, at(0)), Ok(()));
        assert_eq!(owner("::ffff:192.0.2.1".parse().expect("an address")), CLIENT);
    }

    #[test]
    fn it_remembers_a_bounded_number_of_clients_and_forgets_the_most_harmless_first() {
        let mut gate = Gate::default();
        assert_eq!(guesses(&mut gate, CLIENT, at(0)), 10);
        for number in 0..3 * CLIENTS {
            gate.failed(numbered(number), at(1));
            assert!(gate.buckets.len() <= CLIENTS);
        }
        assert_eq!(gate.admits(CLIENT, at(0)), Err(at(1)));
    }

    #[test]
    fn those_whose_points_are_back_make_room_for_all_others() {
        let mut gate = Gate::default();
        for number in 0..CLIENTS {
            gate.failed(numbered(number), at(0));
        }
        gate.failed(CLIENT, at(10));
        assert_eq!(gate.buckets.len(), 1);
    }

    #[test]
    fn a_client_is_worth_a_line_in_the_log_once_a_minute() {
        let mut gate = Gate::default();
        let told: Vec<u64> = (0..150).filter(|second| gate.failed(CLIENT, at(*second))).collect();
        assert_eq!(told, [0, 60, 120]);
    }
}
