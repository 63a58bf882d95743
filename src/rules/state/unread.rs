//! Entries whose password was not read: which account they have is told by what was sent for them.

use std::collections::BTreeMap;

use super::{Record, record_key};
use crate::rules::address::Family;
use crate::rules::domain::{Domain, Entry};

/// Gives each entry whose password was not read the account that it, or another one with the same login, was sent with last, so that
/// its locks are found in `records` (key → JSON).
///
/// The names that were sent with an account which nobody can tell: by a version that did not write it down.
#[must_use]
pub fn recall_accounts(entries: &mut [Entry], records: &BTreeMap<String, String>) -> Vec<Domain> {
    // Without the password the name of an account is that of the place where the password is.
    let unread = |entry: &Entry| entry.sending.password.is_unread();
    let sent = |entry: &Entry| entry.domains.iter().filter_map(|domain| last(entry, domain, records)).max_by_key(|it| it.last_sent);
    let mut known: BTreeMap<String, Record> = BTreeMap::new();
    for (entry, record) in entries.iter().filter(|entry| unread(entry)).filter_map(|entry| Some((entry, sent(entry)?))) {
        let before = known.entry(entry.account.clone()).or_default();
        if before.last_sent < record.last_sent {
            *before = record;
        }
    }
    let mut untold = Vec::new();
    for entry in entries.iter_mut().filter(|entry| unread(entry)) {
        match known.get(&entry.account) {
            Some(Record { account: Some(account), .. }) => entry.account.clone_from(account),
            Some(_) => untold.extend(entry.domains.iter().cloned()),
            None => {}
        }
    }
    untold
}

/// What was sent last of this name.
fn last(entry: &Entry, domain: &Domain, records: &BTreeMap<String, String>) -> Option<Record> {
    let texts = Family::ALL.into_iter().filter_map(|family| records.get(&record_key(entry, domain, family)));
    let found = texts.filter_map(|text| serde_json::from_str::<Record>(text).ok());
    found.filter(|record| record.last_sent.is_some()).max_by_key(|record| record.last_sent)
}
