//! Nonces that were handed out, and how often each was used. PURE: the time and the random numbers are arguments.

use std::collections::VecDeque;
use std::time::Duration;

/// How long one is good for: a program that polls every few minutes logs in once.
const LIFETIME: Duration = Duration::from_secs(600);

/// Most that are remembered; whoever loses one gets a fresh one and does not have to ask for the password again.
const MOST: usize = 1024;

/// The nonces that may still be used, the oldest first.
#[derive(Debug, Default)]
pub struct Nonces(VecDeque<Issued>);

#[derive(Debug)]
struct Issued {
    nonce: String,
    since: Duration,
    /// The highest count so far; 0: not used yet.
    count: u32,
}

impl Nonces {
    /// A nonce as a box writes it: 16 upper-case hexadecimal digits of `random`, which nobody may be able to predict.
    pub fn issue(&mut self, now: Duration, random: u64) -> String {
        self.forget(now);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        let nonce = format!("{random:016X}");
        self.0.push_back(Issued { nonce: nonce.clone(), since: now, count: 0 });
        nonce
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

    #[test]
    fn a_count_is_taken_once_and_only_upwards() {
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(NOW, 0xF758_BE72_FB99_9CEA);
        assert_eq!(nonce, "F758BE72FB999CEA");
        let spent = [1, 1, 7, 6, 7, 0, u32::MAX, u32::MAX].map(|count| nonces.spend(&nonce, count, NOW));
        assert_eq!(spent, [true, false, true, false, false, false, true, false]);
        assert!(!nonces.spend("0000000000000001", 1, NOW) && !nonces.spend("", 1, NOW));
    }

    #[test]
    fn a_nonce_lasts_ten_minutes_however_often_it_is_used() {
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(NOW, 1);
        assert_eq!(nonce, "0000000000000001");
        assert!(nonces.spend(&nonce, 1, NOW + LIFETIME));
        assert!(!nonces.spend(&nonce, 2, NOW + LIFETIME + Duration::from_millis(1)));
        assert!(nonces.0.is_empty());
    }

    #[test]
    fn the_oldest_give_way_to_new_ones() {
        let mut nonces = Nonces::default();
        for random in 0..=MOST as u64 {
            nonces.issue(NOW, random);
        }
        assert_eq!(nonces.0.len(), MOST);
        assert!(!nonces.spend("0000000000000000", 1, NOW));
        assert!(nonces.spend("0000000000000001", 1, NOW) && nonces.spend("0000000000000400", 1, NOW));
    }
}
