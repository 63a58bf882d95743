//! Power cuts: the program is killed at any instant, and neither a request nor a fact may be doubled or lost.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::fake::{Answer, Fake};
use crate::support::home::{Ended, Home, V4_NEW, V6_NEW, custom, fixed};
use crate::support::told;

/// Kills in all.
const KILLS: u32 = 200;

/// The kills come up to this long after the start: a whole round takes less.
const LATEST_MS: u64 = 30;

/// Kills before one state may finish its round.
const PER_STATE: u32 = 4;

struct Trial {
    provider: Fake,
    home: Home,
    random: fastrand::Rng,
}

impl Trial {
    /// Starts a daemon or a round and kills it at some instant.
    fn kill_one(&mut self) {
        let arguments: &[&str] = if self.random.bool() { &["--once"] } else { &[] };
        let mut child = self.home.daemon_with(arguments);
        // The instant of the kill is what is tested; nothing waits for it.
        std::thread::sleep(Duration::from_micros(self.random.u64(0..LATEST_MS * 1000)));
        child.kill();
        self.provider.settle();
        assert!(!child.text().contains("damaged"), "{}", child.text());
    }

    fn requests_with(&self, key: &str) -> usize {
        self.provider.requests().iter().filter(|seen| seen.parameter(key).is_some()).count()
    }

    /// A whole round: it finds a state that can be read.
    fn round(&self) -> Ended {
        let ended = self.home.once();
        assert!(matches!(ended.code, Some(0 | 75)), "{ended:#?}");
        assert!(!ended.stderr.contains("damaged") && !ended.stderr.contains("panicked"), "{ended:#?}");
        self.provider.settle();
        ended
    }
}

/// Whole seconds from now to a time of `status --json`.
fn seconds_ahead(time: &Value) -> u64 {
    let at = humantime::parse_rfc3339(time.as_str().expect("a time")).expect("RFC 3339");
    at.duration_since(std::time::SystemTime::now()).map_or(0, |span| span.as_secs())
}

#[test]
fn two_hundred_kills_at_random_instants_neither_double_a_request_nor_lose_a_fact() {
    let seed = std::env::var("WANBEACON_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5EED);
    let mut random = fastrand::Rng::with_seed(seed);
    let begun = Instant::now();
    let (mut interrupted, mut finished) = (0, 0);
    for number in 0..KILLS / PER_STATE {
        let delay = random.u64(0..8);
        let provider = Fake::start(move |seen| {
            // The reply takes its time, so that kills hit the request on its way.
            std::thread::sleep(Duration::from_millis(delay));
            Answer::good(seen)
        });
        let url = provider.v4("/up?ip=<ipaddr>");
        let home = Home::new(&custom(&url, "v4", &fixed(Some(V4_NEW), None)));
        let mut trial = Trial { provider, home, random: random.fork() };
        // Every second state has something to lose: IPv4 is published before the kills, which hit IPv6 then.
        let settled = number % 2 == 1;
        if settled {
            trial.round();
            let urls = format!("{url} {}", trial.provider.v4("/up?ip6=<ip6addr>"));
            trial.home.configure(&custom(&urls, "both", &fixed(Some(V4_NEW), Some(V6_NEW))));
        }
        let (key, family, address) = if settled { ("ip6", "ipv6", V6_NEW) } else { ("ip", "ipv4", V4_NEW) };
        for _ in 0..PER_STATE {
            trial.kill_one();
            assert!(trial.requests_with(key) <= 1, "seed {seed}, state {number}: {:?}", trial.provider.requests());
        }
        let ended = trial.round();
        let it = trial.home.status()["ddns"][0].clone();
        let context = format!("seed {seed}, state {number}: {ended:#?} {it:#}");
        assert!(trial.requests_with(key) <= 1, "a request that may have arrived is not repeated: {context}");
        if settled {
            assert_eq!((&it["ipv4"]["published"], trial.requests_with("ip")), (&V4_NEW.into(), 1), "{context}");
        }
        if ended.code == Some(0) {
            assert_eq!((&it[family]["published"], trial.requests_with(key)), (&address.into(), 1), "{context}");
            finished += 1;
        } else {
            // The kills of this state began some seconds ago.
            assert!(seconds_ahead(&it[family]["next_attempt"]) > 200, "an open intent waits at least 300 s: {context}");
            let before = trial.provider.count();
            trial.round().with(75);
            assert_eq!(trial.provider.count(), before, "the wait holds: {context}");
            interrupted += 1;
        }
    }
    told(&format!("seed {seed}: {KILLS} kills in {:?}; {interrupted} states waited, {finished} finished", begun.elapsed()));
    assert!(interrupted > 0 && finished > 0, "the kills hit both sides of the request: {interrupted} waited, {finished} finished");
}
