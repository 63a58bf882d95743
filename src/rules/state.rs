//! What is remembered of a name, an account and a line. All of it survives restarts, unless a field says otherwise.
//!
//! What was observed, what was sent, what the provider accepted and what DNS answers are separate facts.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::address::{Family, Observed};
use super::consensus::ServiceRecord;
use super::dialect::{Class, Scope};
use super::domain::{Domain, Entry};
use super::moment::{Moment, Now};
use super::order::Endpoint;
use super::schedule::LONGEST_WAIT;

/// The address that a provider accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The address that was sent.
    pub address: IpAddr,
    /// When it was accepted last (a refresh renews it).
    pub at: Moment,
    /// The address that the provider's reply named.
    pub reply_address: Option<IpAddr>,
    /// One reply spoke for a whole batch (rule M6): verified name by name.
    pub assumed: bool,
    /// Drawn once: how far behind its date the next refresh comes.
    pub refresh_spread_ms: i64,
}

/// A request that went out, or was about to, and has no answer yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The address sent.
    pub address: IpAddr,
    /// When.
    pub at: Moment,
}

/// A running verification by DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The address that should be there.
    pub address: IpAddr,
    /// When the provider accepted it.
    pub since: Moment,
    /// Questions asked.
    pub asked: u32,
    /// Next question.
    pub next: Moment,
    /// Until when the status is `verifying`.
    pub deadline: Moment,
    /// The last answer was a definite mismatch.
    pub stale: bool,
    /// The deadline passed without confirmation.
    pub over: bool,
    /// A late check still found a definite mismatch: the address is to be sent once more.
    #[serde(default)]
    pub repair: bool,
}

/// A refusal that ends by a changed configuration or a person only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Since when.
    pub since: Moment,
    /// What it amounts to.
    pub class: Class,
    /// The provider's word.
    pub code: String,
    /// The line as received.
    pub line: String,
    /// How far it reaches.
    pub scope: Scope,
    /// The settings it belongs to.
    pub fingerprint: String,
    /// The program version that was refused: another one opens a lock of class `BlockedClient`.
    pub version: String,
    /// What to do.
    pub hint: Option<String>,
}

/// `norecord`: the family is not set up for this name at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muted {
    /// Since when.
    pub since: Moment,
    /// The provider's word.
    pub code: String,
    /// The settings it belongs to.
    pub fingerprint: String,
}

/// An address that the provider refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedAddress {
    /// The address.
    pub address: IpAddr,
    /// The provider's word.
    pub code: String,
    /// When it may be offered again; never without.
    pub probe_at: Option<Moment>,
}

/// Not before this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The end of the wait.
    pub until: Moment,
    /// What it amounts to.
    pub class: Class,
    /// The word or fault behind it.
    pub code: String,
    /// Somebody else may have answered (captive portal): a link event ends the wait.
    pub portal: bool,
}

/// The same code several times in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    /// The code.
    pub code: String,
    /// How often.
    pub count: u32,
    /// The first time.
    pub first: Moment,
}

/// The success was reported for another public address than the one sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The address sent.
    pub address: IpAddr,
    /// The address named in the reply.
    pub reply_address: Option<IpAddr>,
    /// When.
    pub at: Moment,
}

/// The last reply, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastReply {
    /// When.
    pub at: Moment,
    /// What it amounts to.
    pub class: Class,
    /// The word or fault.
    pub code: String,
    /// The line as received.
    pub line: String,
}

/// Everything about one name and family at one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What the provider accepted.
    pub published: Option<Published>,
    /// What the provider accepted under another address (class `Mismatch`).
    pub claim: Option<Claim>,
    /// An unanswered request.
    pub intent: Option<Intent>,
    /// When the authoritative servers last confirmed `published`.
    pub verified_at: Option<Moment>,
    /// A running or failed verification.
    pub verification: Option<Verification>,
    /// Repairs of the address that is published now.
    pub repairs: u32,
    /// Verifications of the published address that ended in a definite mismatch.
    pub verify_failures: u32,
    /// A refusal of this name (account-wide ones are kept with the account).
    pub lock: Option<Lock>,
    /// Not set up at the provider.
    pub muted: Option<Muted>,
    /// A refused address.
    pub blocked: Option<BlockedAddress>,
    /// Not before this.
    pub wait: Option<Waiting>,
    /// Back-off after faults in which nothing was sent: not worth a write, gone with the process.
    #[serde(skip)]
    pub hiccup: Option<Waiting>,
    /// The same failure in a row.
    pub streak: Option<Streak>,
    /// The same, for faults in which nothing was sent.
    #[serde(skip)]
    pub hiccups: Option<Streak>,
    /// Last request.
    pub last_sent: Option<Moment>,
    /// When the budget is whole again.
    pub budget_full_at: Option<Moment>,
    /// `nochg` in a row for the published address.
    pub nochg_count: u32,
    /// The last reply.
    pub last_reply: Option<LastReply>,
    /// The settings that were accepted last: a bare 401 is judged by it.
    pub worked_with: Option<String>,
    /// Last update on a person's request.
    pub last_manual: Option<Moment>,
    /// Last time a person opened a lock, and how.
    pub unlocked: Option<Unlocked>,
    /// The entry was switched off.
    pub off: bool,
    /// The family left the entry's mode: its record at the provider is nobody's now.
    pub stale: bool,
}

/// A lock was opened by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlocked {
    /// When.
    pub at: Moment,
    /// Who or what did it: "command by uid 1000", "switched off and on".
    pub by: String,
}

/// Everything about one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountState {
    /// A refusal of the account or of our program.
    pub lock: Option<Lock>,
    /// Most names in one request, once the provider has shown that it cannot take more.
    pub batch_limit: Option<usize>,
    /// Last request.
    pub last_sent: Option<Moment>,
    /// The provider asked for a slower pace.
    pub slow_until: Option<Moment>,
    /// The endpoint that helped, and until when it is preferred.
    pub endpoint: Option<Preference>,
    /// Last time a person opened the lock.
    pub unlocked: Option<Unlocked>,
}

/// The sibling endpoint helped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    /// Host name of the sibling.
    pub host: String,
    /// Until when it is asked first.
    pub until: Moment,
}

impl AccountState {
    /// The endpoint to ask first.
    #[must_use]
    pub fn preferred(&self, now: Moment) -> Endpoint {
        match &self.endpoint {
            Some(preference) if preference.until > now => Endpoint::Sibling,
            _ => Endpoint::Own,
        }
    }
}

/// What a line showed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRecord {
    /// What.
    pub observed: Observed,
    /// Since when.
    pub since: Moment,
}

/// The key of the record of `domain` and `family` at `service`.
#[must_use]
pub fn record_key(entry: &Entry, domain: &Domain, family: Family) -> String {
    format!("record/{}/{domain}/{}", entry.service, family.key())
}

/// The key of an account.
#[must_use]
pub fn account_key(account: &str) -> String {
    format!("account/{account}")
}

/// What the keys of echo services begin with.
pub const ECHO: &str = "echo/";

/// The key of an echo service.
#[must_use]
pub fn echo_key(url: &str) -> String {
    format!("{ECHO}{url}")
}

/// The key of a line's family.
#[must_use]
pub fn line_key(line: &str, family: Family) -> String {
    format!("line/{line}/{}", family.key())
}

/// The step of the wall clock that counts as "was set": smaller ones are drift.
const STEP_MS: i64 = 2_000;

/// The engine's time line: the wall clock as it was right, carried on by the boot-time clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeLine {
    offset_ms: Option<i64>,
}

impl TimeLine {
    /// The moment of `now`, and by how much the clock was set since (milliseconds, zero mostly).
    /// `None` while the clock has never been right.
    pub fn read(&mut self, now: Now) -> Option<(Moment, i64)> {
        let boot = super::moment::millis(now.boot);
        let plausible = now.wall >= super::moment::RELEASED;
        let step = match self.offset_ms {
            None if !plausible => return None,
            None => {
                self.offset_ms = Some(now.wall.0 - boot);
                0
            }
            Some(offset) => {
                let step = now.wall.0 - (boot + offset);
                if plausible && step.abs() > STEP_MS { step } else { 0 }
            }
        };
        let offset = self.offset_ms.unwrap_or_default() + step;
        self.offset_ms = Some(offset);
        Some((Moment(boot + offset), step))
    }

    /// The boot time at which `moment` comes; zero if it is before boot.
    #[must_use]
    pub fn boot_time(&self, moment: Moment) -> std::time::Duration {
        let ms = moment.0.saturating_sub(self.offset_ms.unwrap_or_default());
        std::time::Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }
}

/// Things that hold moments: for a clock that was set, and for a state written under a wrong clock.
pub trait Moments {
    /// Calls `change` for every moment inside.
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment));

    /// The clock was set by `step_ms`.
    fn shift(&mut self, step_ms: i64) {
        self.each(&mut |moment| *moment = moment.shifted(step_ms));
    }

    /// No moment lies farther ahead than the longest legal wait.
    fn clamp(&mut self, now: Moment) {
        let latest = now.plus(LONGEST_WAIT);
        self.each(&mut |moment| *moment = (*moment).min(latest));
    }
}

impl Moments for Record {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self {
            published,
            claim,
            intent,
            verified_at,
            verification,
            repairs: _,
            verify_failures: _,
            lock,
            muted,
            blocked,
            wait,
            hiccup,
            streak,
            hiccups,
            last_sent,
            budget_full_at,
            nochg_count: _,
            last_reply,
            worked_with: _,
            last_manual,
            unlocked,
            off: _,
            stale: _,
        } = self;
        let plain = [
            published.as_mut().map(|it| &mut it.at),
            claim.as_mut().map(|it| &mut it.at),
            intent.as_mut().map(|it| &mut it.at),
            verified_at.as_mut(),
            lock.as_mut().map(|it| &mut it.since),
            muted.as_mut().map(|it| &mut it.since),
            blocked.as_mut().and_then(|it| it.probe_at.as_mut()),
            wait.as_mut().map(|it| &mut it.until),
            hiccup.as_mut().map(|it| &mut it.until),
            streak.as_mut().map(|it| &mut it.first),
            hiccups.as_mut().map(|it| &mut it.first),
            last_sent.as_mut(),
            budget_full_at.as_mut(),
            last_reply.as_mut().map(|it| &mut it.at),
            last_manual.as_mut(),
            unlocked.as_mut().map(|it| &mut it.at),
        ];
        plain.into_iter().flatten().for_each(&mut *change);
        if let Some(it) = verification {
            [&mut it.since, &mut it.next, &mut it.deadline].into_iter().for_each(change);
        }
    }
}

impl Moments for AccountState {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self { lock, batch_limit: _, last_sent, slow_until, endpoint, unlocked } = self;
        [
            lock.as_mut().map(|it| &mut it.since),
            last_sent.as_mut(),
            slow_until.as_mut(),
            endpoint.as_mut().map(|it| &mut it.until),
            unlocked.as_mut().map(|it| &mut it.at),
        ]
        .into_iter()
        .flatten()
        .for_each(change);
    }
}

impl Moments for ServiceRecord {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        let Self { last_query, last_answer: _, answered_at, rest_until, dissents: _, benched_until } = self;
        [last_query, answered_at, rest_until, benched_until].into_iter().flatten().for_each(change);
    }
}

impl Moments for LineRecord {
    fn each(&mut self, change: &mut dyn FnMut(&mut Moment)) {
        change(&mut self.since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::moment::RELEASED;
    use std::time::Duration;

    fn at(boot_s: u64, wall: Moment) -> Now {
        Now { boot: Duration::from_secs(boot_s), wall, random: 0 }
    }

    #[test]
    fn time_runs_on_the_boot_clock_and_follows_a_step_of_the_wall_clock() {
        let mut line = TimeLine::default();
        let start = RELEASED.plus(Duration::from_secs(1000));
        assert_eq!(line.read(at(5, start)), Some((start, 0)));
        let later = start.plus(Duration::from_secs(60));
        assert_eq!(line.read(at(65, later.plus(Duration::from_millis(300)))), Some((later, 0)), "drift is no step");
        let stepped = later.plus(Duration::from_secs(3600));
        assert_eq!(line.read(at(65, stepped)), Some((stepped, 3_600_000)));
        assert_eq!(line.boot_time(stepped.plus(Duration::from_secs(10))), Duration::from_secs(75));
    }

    #[test]
    fn a_clock_that_was_never_right_gives_no_moment_and_one_that_loses_the_date_is_not_followed() {
        let mut line = TimeLine::default();
        assert_eq!(line.read(at(5, Moment(0))), None);
        let start = RELEASED.plus(Duration::from_secs(1));
        assert_eq!(line.read(at(35, start)), Some((start, 0)));
        assert_eq!(line.read(at(45, Moment(0))), Some((start.plus(Duration::from_secs(10)), 0)));
    }

    #[test]
    fn a_wait_written_under_a_wrong_clock_is_clamped_to_the_longest_legal_one() {
        let now = RELEASED;
        let mut record = Record {
            wait: Some(Waiting {
                until: now.plus(Duration::from_secs(365 * 86_400)),
                class: Class::RetryLater,
                code: "911".into(),
                portal: false,
            }),
            ..Record::default()
        };
        record.clamp(now);
        assert_eq!(record.wait.map(|wait| wait.until), Some(now.plus(LONGEST_WAIT)));
    }

    #[test]
    fn a_record_reads_back_as_it_was_written_and_an_older_form_gets_defaults() {
        let record = Record {
            published: Some(Published {
                address: "91.12.34.56".parse().unwrap(),
                at: RELEASED,
                reply_address: None,
                assumed: true,
                refresh_spread_ms: 5,
            }),
            repairs: 2,
            ..Record::default()
        };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        assert_eq!(serde_json::from_str::<Record>("{}").unwrap(), Record::default());
        assert_eq!(serde_json::from_str::<AccountState>("{}").unwrap(), AccountState::default());
        assert_eq!(serde_json::from_str::<ServiceRecord>("{}").unwrap(), ServiceRecord::default());
    }
}
