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
            assert_eq!(gate.asks(CLIENT, at(0)), Ok(()));
            gate.came_without(CLIENT, at(0));
            gate.let_in(CLIENT, at(0));
        }
    }

    #[test]
    fn ten_wrong_logins_close_the_gate_and_each_further_one_takes_ten_seconds() {
        let mut gate = Gate::default();
        assert_eq!(guesses(&mut gate, CLIENT, at(1000)), 10);
        assert_eq!(gate.admits(CLIENT, at(1000)), Err(at(10)));
        assert_eq!(gate.asks(CLIENT, at(1000)), Err(at(10)), "nor is it asked for another one");
        assert_eq!(gate.admits(CLIENT, at(1010)), Ok(()));
        assert_eq!(guesses(&mut gate, CLIENT, at(1010)), 1);
        assert_eq!(gate.admits(CLIENT, at(1010)), Err(at(10)));
        let over_an_hour: usize = (1010..4610).map(|second| guesses(&mut gate, CLIENT, at(second))).sum();
        assert_eq!(over_an_hour, 360 - 1);
    }

    #[test]
    fn who_polls_with_a_challenge_every_other_second_is_never_refused() {
        let mut gate = Gate::default();
        for second in (0..100_000).step_by(2) {
            assert_eq!(gate.asks(CLIENT, at(second)), Ok(()));
            gate.came_without(CLIENT, at(second));
        }
    }

    #[test]
    fn a_hundred_requests_without_a_login_close_the_gate_for_a_second_and_for_those_without_one_only() {
        let mut gate = Gate::default();
        for _ in 0..100 {
            assert_eq!(gate.asks(CLIENT, at(5)), Ok(()));
            gate.came_without(CLIENT, at(5));
        }
        assert_eq!(gate.asks(CLIENT, at(5)), Err(at(1)));
        assert_eq!(gate.asks(CLIENT, at(6)), Ok(()));
        for _ in 0..10_000 {
            gate.came_without(CLIENT, at(6));
        }
        assert_eq!(gate.asks(CLIENT, at(6)), Err(at(2)));
        assert_eq!(gate.admits(CLIENT, at(6)), Ok(()), "who has a login is let in");
        assert_eq!(guesses(&mut gate, CLIENT, at(6)), 10, "and guesses no more often than others");
    }

    #[test]
    fn sixty_open_calls_are_taken_at_once_and_two_in_a_second_from_then_on() {
        let mut gate = Gate::default();
        guesses(&mut gate, CLIENT, at(5));
        let calls = |gate: &mut Gate, second| (0..1000).take_while(|_| gate.opens(CLIENT, at(second)).is_ok()).count();
        assert_eq!([calls(&mut gate, 5), calls(&mut gate, 5), calls(&mut gate, 6), calls(&mut gate, 16)], [60, 0, 2, 20]);
        assert_eq!(gate.opens(CLIENT, at(16)), Err(Duration::from_millis(500)));
        assert_eq!(gate.opens(numbered(1), at(16)), Ok(()));
        assert_eq!((gate.admits(CLIENT, at(15)), gate.asks(CLIENT, at(15))), (Ok(()), Ok(())), "they cost a login nothing");
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
        assert_eq!(gate.admits(CLIENT, at(0)), Err(at(10)));
    }

    #[test]
    fn who_guessed_is_not_forgotten_for_any_number_of_those_who_only_asked() {
        let mut gate = Gate::default();
        gate.failed(CLIENT, at(0));
        for number in 0..3 * CLIENTS {
            for _ in 0..20 {
                gate.came_without(numbered(number), at(1));
                assert!(gate.opens(numbered(number), at(1)).is_ok());
            }
        }
        assert_eq!(guesses(&mut gate, CLIENT, at(1)), 9);
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
