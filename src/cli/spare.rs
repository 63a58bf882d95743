//! The configuration for commands that send nothing: a password that cannot be read from here is spared. A root shell has no
//! credentials of the service and none of its variables.

use std::collections::BTreeMap;

use super::args::Options;
use super::exit::Exit;
use super::load::{self, Found};
use super::run::told;
use crate::config::{Problem, Settings, World};
use crate::daemon;
use crate::engine::Rules;
use crate::rules::domain::Domain;
use crate::rules::state::recall_accounts;

/// Reads the configuration.
///
/// # Errors
///
/// Every problem of it, but for passwords that cannot be read.
pub(super) fn load(options: &Options) -> Result<Found, Vec<Problem>> {
    load::load_in(options, &World::real().sparing_secrets())
}

/// The settings; problems and warnings go to the log.
///
/// # Errors
///
/// It cannot be used; every problem has been reported.
pub(super) fn settings(options: &Options) -> Result<Settings, Exit> {
    told(load(options))
}

/// What the engine needs of `settings` to show what `records` (key → JSON) say of them.
///
/// # Errors
///
/// Without its password nobody can tell which account an entry has; that has been reported.
pub(super) fn rules(settings: &mut Settings, records: &BTreeMap<String, String>) -> Result<Rules, Exit> {
    let untold = recall_accounts(&mut settings.entries, records);
    if untold.is_empty() {
        return Ok(daemon::rules(settings));
    }
    let names: Vec<&str> = untold.iter().map(Domain::as_str).collect();
    tracing::error!(
        "whether {} may be locked cannot be told without its password, as the state is that of an older version; start the daemon once, or let \
         this command read it (CREDENTIALS_DIRECTORY for a credential)",
        names.join(", ")
    );
    Err(Exit::Config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::rules::address::Family;
    use crate::rules::state::{Record, record_key};

    #[test]
    fn the_account_of_an_entry_without_its_password_is_that_of_the_last_request() {
        let entry = "[[ddns]]\nprovider = \"freedyn\"\nusername = \"1234567890\"\npassword = { credential = \"x\" }\n";
        let text = format!("{entry}domain = \"a.example.org\"\n{entry}domain = \"b.example.org\"\nmode = \"v4\"\n");
        let read = || config::load(&text, "c.toml", &World::given([], []).sparing_secrets()).unwrap().settings;
        let key = record_key(&read().entries[0], &read().entries[0].domains[0], Family::V6);
        let accounts = |record: Record| {
            let mut settings = read();
            let records = [(key.clone(), serde_json::to_string(&record).unwrap())].into();
            rules(&mut settings, &records).map(|rules| rules.entries.iter().map(|entry| entry.account.clone()).collect::<Vec<_>>())
        };
        let sent = Record { last_sent: Some(crate::rules::moment::RELEASED), ..Record::default() };
        assert_eq!(accounts(Record { account: Some("abc".to_owned()), ..sent.clone() }), Ok(vec!["abc".to_owned(); 2]));
        assert!(accounts(Record::default()).is_ok(), "nothing was sent, and so nothing is locked");
        assert_eq!(accounts(sent), Err(Exit::Config), "an older version sent it");
    }
}
