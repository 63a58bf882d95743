//! What was said in the log of refused pushes: routers repeat themselves, the log does not. PURE.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::gate::owner;

/// Refusals that are remembered; the oldest is forgotten first.
const MOST: usize = 256;

/// Who was refused with which word, and what was said of it.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    said: VecDeque<(IpAddr, &'static str, String)>,
}

impl Refusals {
    /// Was this not said of `client` yet? From now on it was.
    pub(crate) fn is_news(&mut self, client: IpAddr, word: &'static str, sentence: &str) -> bool {
        let client = owner(client);
        if self.said.iter().any(|(who, what, said)| (*who, *what, said.as_str()) == (client, word, sentence)) {
            return false;
        }
        if self.said.len() >= MOST {
            self.said.pop_front();
        }
        self.said.push_back((client, word, sentence.to_owned()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_news_once_per_client_word_and_cause() {
        let mut refusals = Refusals::default();
        let (one, other) = (IpAddr::from([192, 168, 178, 1]), IpAddr::from([192, 168, 178, 2]));
        assert!(refusals.is_news(one, "dnserr", "x"));
        assert!(!refusals.is_news(one, "dnserr", "x"));
        assert!(refusals.is_news(one, "dnserr", "y") && refusals.is_news(one, "nohost", "x") && refusals.is_news(other, "dnserr", "x"));
        assert!(!refusals.is_news(one, "dnserr", "x"), "names that take turns are no news either");
        let ipv6 = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(refusals.is_news(ipv6("2003:e7::1"), "dnserr", "x") && !refusals.is_news(ipv6("2003:e7::2"), "dnserr", "x"));
    }

    #[test]
    fn a_bounded_number_of_refusals_is_remembered() {
        let mut refusals = Refusals::default();
        let client = IpAddr::from([192, 168, 178, 1]);
        for number in 0..2 * MOST {
            assert!(refusals.is_news(client, "dnserr", &number.to_string()));
        }
        assert_eq!(refusals.said.len(), MOST);
    }
}
