//! Nonces that were handed out, and how often each was used. PURE: the time and the random numbers are arguments.
//!
//! One that a right login came with is kept rather than one that nothing came with: asking for nonces drives out nobody's login.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

/// How long one is good for: a program that polls every few minutes logs in once.
const LIFETIME: Duration = Duration::from_secs(600);

/// Most that are remembered; whoever loses one gets a fresh one and does not have to ask for the password again.
const MOST: usize = 1024;

/// Most of one client.
const MOST_OF_ONE: usize = 64;

/// The nonces that may still be used, the oldest first.
#[derive(Debug, Default)]
pub struct Nonces(VecDeque<Issued>);

#[derive(Debug)]
struct Issued {
    nonce: String,
    /// Who got it.
    owner: IpAddr,
    since: Duration,
    /// The highest count so far; 0: not used yet.
    count: u32,
}

impl Nonces {
    /// A nonce as a box writes it: 16 upper-case hexadecimal digits of `random`, which nobody may be able to predict. `owner`
    /// stands for the client that gets it.
    pub fn issue(&mut self, owner: IpAddr, now: Duration, random: u64) -> String {
        self.forget(now);
        if self.0.iter().filter(|issued| issued.owner == owner).count() >= MOST_OF_ONE {
            self.drop_one(|issued| issued.owner == owner);
        } else if self.0.len() >= MOST {
            self.drop_one(|_| true);
        }
        let nonce = format!("{random:016X}");
        self.0.push_back(Issued { nonce: nonce.clone(), owner, since: now, count: 0 });
        nonce
    }

    /// The oldest of `these` that was not used, or else the oldest.
    fn drop_one(&mut self, these: impl Fn(&Issued) -> bool) {
        let unused = self.0.iter().position(|issued| these(issued) && issued.count == 0);
        if let Some(at) = unused.or_else(|| self.0.iter().position(these)) {
            self.0.remove(at);
        }
    }

    /// Books the use of `nonce` with this count. Counts grow, gaps are allowed. False: it is unknown, too old, or the count was
    /// used before.
    pub(super) fn spend(&mut self, nonce: &str, count: u32, now: Duration) -> bool {
        self.forget(now);
        match self.0.iter_mut().find(|issued| issued.nonce == nonce) {
            Some(issued) if issued.count < count => {
                issued.count = count;
                true
            }
            _ => false,
        }
    }

    /// Uses up `nonce`, which counts once. False: it is unknown or too old, or was used up.
    pub(super) fn use_up(&mut self, nonce: &str, now: Duration) -> bool {
        self.forget(now);
        let at = self.0.iter().position(|issued| issued.nonce == nonce);
        at.is_some_and(|at| self.0.remove(at).is_some())
    }

    fn forget(&mut self, now: Duration) {
        while self.0.front().is_some_and(|issued| now.saturating_sub(issued.since) > LIFETIME) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(100);
    const OWNER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn numbered(number: u64) -> IpAddr {
        std::net::Ipv6Addr::from_bits(number.into()).into()
    }

    #[test]
    fn a_count_is_taken_once_and_only_upwards() {
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(OWNER, NOW, 0xF758_BE72_FB99_9CEA);
        assert_eq!(nonce, "F758BE72FB999CEA");
        let spent = [1, 1, 7, 6, 7, 0, u32::MAX, u32::MAX].map(|count| nonces.spend(&nonce, count, NOW));
        assert_eq!(spent, [true, false, true, false, false, false, true, false]);
        assert!(!nonces.spend("0000000000000001", 1, NOW) && !nonces.spend("", 1, NOW));
    }

    #[test]
    fn a_nonce_lasts_ten_minutes_however_often_it_is_used() {
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(OWNER, NOW, 1);
        assert_eq!(nonce, "0000000000000001");
        assert!(nonces.spend(&nonce, 1, NOW + LIFETIME));
        assert!(!nonces.spend(&nonce, 2, NOW + LIFETIME + Duration::from_millis(1)));
        assert!(nonces.0.is_empty());
    }

    #[test]
    fn the_oldest_give_way_to_new_ones() {
        let mut nonces = Nonces::default();
        for random in 0..=MOST as u64 {
            nonces.issue(numbered(random), NOW, random);
        }
        assert_eq!(nonces.0.len(), MOST);
        assert!(!nonces.spend("0000000000000000", 1, NOW));
        assert!(nonces.spend("0000000000000001", 1, NOW) && nonces.spend("0000000000000400", 1, NOW));
    }

    #[test]
    fn who_asks_for_very_many_drives_out_nobody_elses() {
        let mut nonces = Nonces::default();
        let others = nonces.issue(OWNER, NOW, 1);
        for random in 2..5000 {
            nonces.issue(numbered(1), NOW, random);
        }
        assert_eq!(nonces.0.len(), 1 + MOST_OF_ONE);
        assert!(nonces.spend(&others, 1, NOW) && nonces.spend("0000000000001387", 1, NOW));
    }

    #[test]
    fn a_login_outlasts_any_number_of_requests_for_another_nonce() {
        let mut nonces = Nonces::default();
        let used = nonces.issue(OWNER, NOW, 1);
        assert!(nonces.spend(&used, 1, NOW));
        for random in 2..5000 {
            nonces.issue(if random % 2 == 0 { OWNER } else { numbered(random) }, NOW, random);
        }
        assert!(nonces.0.len() == MOST && nonces.spend(&used, 2, NOW));
        for random in 5000..5000 + MOST_OF_ONE as u64 {
            let nonce = nonces.issue(OWNER, NOW, random);
            assert!(nonces.spend(&nonce, 1, NOW));
        }
        assert!(!nonces.spend(&used, 3, NOW), "only by more logins");
    }

    #[test]
    fn what_is_used_up_is_gone() {
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(OWNER, NOW, 1);
        assert!(nonces.use_up(&nonce, NOW) && nonces.0.is_empty());
        assert!(!nonces.use_up(&nonce, NOW));
        let old = nonces.issue(OWNER, NOW, 2);
        assert!(!nonces.use_up(&old, NOW + LIFETIME + Duration::from_millis(1)));
    }
}
