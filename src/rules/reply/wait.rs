//! How long to wait after which kind of reply (`docs/behaviour.md`, "Timers").

use std::time::Duration;

use super::super::dialect::Class;
use super::Verdict;

/// A wait: starts at `first`, doubles with each failure in a row, ends at `cap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The first one.
    pub first: Duration,
    /// The longest one.
    pub cap: Duration,
    /// The provider named this wait itself (Retry-After, wNNm): no doubling.
    pub given: bool,
}

const fn seconds(first: u64, cap: u64) -> Wait {
    Wait { first: Duration::from_secs(first), cap: Duration::from_secs(cap), given: false }
}

const HOUR: u64 = 3600;

/// 911 and a server-side dnserr: DNS-O-Matic and No-IP ask for 30 minutes, which satisfies everybody.
pub const SERVER_FAULT: Wait = seconds(1800, 6 * HOUR);

/// A provider's temporary fault that names no time, and a plain 5xx.
pub const PROVIDER_FAULT: Wait = seconds(300, 2 * HOUR);

/// The provider wants a slower pace and names no time: an hour, as do.de's and dy.fi's limits are per hour or day.
pub const RATE_LIMITED: Wait = seconds(HOUR, 24 * HOUR);

/// An unknown word may be a lock that we cannot read: asked again seldom.
pub const UNKNOWN_WORD: Wait = seconds(HOUR, 24 * HOUR);

/// The reply is not from this protocol; a server that is being rebuilt comes back within hours.
pub const PROTOCOL: Wait = seconds(600, 6 * HOUR);

/// The request went out and may have been carried out: not before a slow provider is surely done.
pub const AMBIGUOUS: Wait = seconds(300, 2 * HOUR);

/// Nothing was sent: no provider is annoyed by an early try.
pub const NETWORK: Wait = seconds(30, HOUR);

/// A certificate does not become valid within seconds, and somebody should act (scenario FI-103).
pub const TLS: Wait = seconds(600, 6 * HOUR);

/// Something on our side of the line answers instead (portal, proxy); usually an event ends it earlier.
pub const LOCAL_NETWORK: Wait = seconds(600, HOUR);

/// The names of a batch are asked one by one after this. The cap is for providers whose replies cannot be mapped for
/// single names either.
pub const SPLIT: Wait = seconds(300, 2 * HOUR);

/// A bare 401 or 403 may come from a firewall or proxy; six hours outlast most bans.
pub const REFUSED_STATUS: Wait = seconds(6 * HOUR, 6 * HOUR);

/// 400, 404 and other statuses about the request: it may be a deployment gone wrong, so once more after an hour.
pub const DOUBTFUL_STATUS: Wait = seconds(HOUR, HOUR);

/// A second 403 counts only this long after the first: address bans end within a day.
pub const FORBIDDEN_SPAN: Duration = Duration::from_secs(24 * HOUR);

/// A wait that the provider names is never shorter than this: deSEC asks for less (scenario FI-038).
pub const GIVEN_FLOOR: Duration = Duration::from_secs(60);

/// A wait that the provider names is never longer than this: a typing error must not switch us off.
pub const GIVEN_CAP: Duration = Duration::from_secs(7 * 24 * HOUR);

impl Wait {
    /// A wait that the provider named, within floor and cap.
    #[must_use]
    pub fn given(span: Duration) -> Self {
        let span = span.clamp(GIVEN_FLOOR, GIVEN_CAP);
        Self { first: span, cap: span, given: true }
    }

    /// This wait, but at least `floor`.
    #[must_use]
    pub fn at_least(self, floor: Duration) -> Self {
        let first = self.first.max(floor);
        Self { first, cap: self.cap.max(first), given: self.given }
    }
}

/// The wait that a class implies; `None` for classes without a timer.
pub(super) fn implied(class: Class, code: &str) -> Option<Wait> {
    Some(match class {
        Class::RetryLater if matches!(code, "911" | "dnserr" | "servererror") => SERVER_FAULT,
        Class::RetryLater => PROVIDER_FAULT,
        Class::RateLimited => RATE_LIMITED,
        Class::SplitBatch => SPLIT,
        Class::ProtocolError => PROTOCOL,
        Class::Ambiguous => AMBIGUOUS,
        Class::NetworkError => NETWORK,
        _ => return None,
    })
}

impl Verdict {
    /// Honours the wait that came with the reply: it replaces that of a rate limit and lengthens that of a fault.
    pub(super) fn heed(&mut self, retry_after: Option<Duration>) {
        let Some(span) = retry_after else { return };
        match (self.class, self.wait) {
            (Class::RateLimited, _) => self.wait = Some(Wait::given(span)),
            (Class::RetryLater | Class::Ambiguous, Some(wait)) => {
                self.wait = Some(wait.at_least(span.min(GIVEN_CAP)));
            }
            _ => {}
        }
    }
}
