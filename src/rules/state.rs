//! What is remembered of a name, an account and a line. All of it survives restarts, unless a field says otherwise.
//!
//! What was observed, what was sent, what the provider accepted and what DNS answers are separate facts.

mod key;
mod line;
mod unread;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::address::Prefix;
use super::dialect::{Class, Scope};
use super::moment::Moment;
use super::order::Endpoint;
pub use key::{CLOCK, ECHO, account_key, check_key, echo_key, line_key, record_key};
pub use line::{Gave, LineRecord};
pub use unread::recall_accounts;

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
    /// The prefix of the LAN that was sent along; none: no request carried one, or nobody knows which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
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
    /// The prefix of the LAN that was sent along, as in [`Published`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
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
    /// Repairs and refreshes of the address that is published now, since DNS has confirmed it.
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
    /// The account of the last request, as [`Entry::account`](super::domain::Entry::account) names it: for who cannot read the
    /// password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
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
    /// What did it: "command" or "switched off and on".
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::consensus::ServiceRecord;
    use crate::rules::moment::RELEASED;

    #[test]
    fn a_record_reads_back_as_it_was_written_and_an_older_form_gets_defaults() {
        let record = Record {
            published: Some(Published {
                address: "91.12.34.56".parse().unwrap(),
                at: RELEASED,
                reply_address: None,
                assumed: true,
                refresh_spread_ms: 5,
                prefix: Prefix::parse("2003:1::/56").ok(),
            }),
            repairs: 2,
            ..Record::default()
        };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        assert_eq!(serde_json::from_str::<Record>("{}").unwrap(), Record::default());
        let older = r#"{"observed":{"absent":"no link"},"since":"2026-11-22T00:00:00.000Z"}"#;
        assert_eq!(serde_json::from_str::<LineRecord>(older).unwrap().gave, Gave::default());
        assert_eq!(serde_json::from_str::<AccountState>("{}").unwrap(), AccountState::default());
        assert_eq!(serde_json::from_str::<ServiceRecord>("{}").unwrap(), ServiceRecord::default());
    }
}
