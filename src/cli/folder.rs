//! Which folder holds the state.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::args::Options;
use crate::config::{Damage, Overlay, StateDir};
use crate::rules::state::ECHO;
use crate::store;

/// Where the state lives when nobody says.
const DEFAULT: &str = "/var/lib/wanbeacon";

/// The state folder: `--state-dir`, else what the configuration says, else what the service manager made for us, else
/// /var/lib/wanbeacon. `None`: the operator runs without.
#[must_use]
pub fn state_folder(options: &Options, configured: &StateDir) -> Option<PathBuf> {
    choose(&options.state_dir(), configured, env::var_os("STATE_DIRECTORY").as_deref())
}

/// What the configuration file says about the state folder. Only this one key is read: asking a running daemon must work
/// while the rest of the file is broken.
#[must_use]
pub fn configured(options: &Options) -> StateDir {
    let file = options.config_file().0;
    let text = std::fs::read_to_string(file).unwrap_or_default();
    state_dir_in(&text, file.parent().unwrap_or(Path::new("")))
}

/// What was set through the served interfaces, from the state folder: it is known before the configuration is checked.
///
/// # Errors
///
/// It cannot be used as it is.
pub fn overlay(options: &Options) -> Result<Overlay, Damage> {
    state_folder(options, &configured(options)).map_or_else(|| Ok(Overlay::default()), |folder| store::overlay::read(&folder))
}

/// No daemon answers and there is no state: what that means, and the remedy.
pub(super) fn nothing_known(folder: Option<&Path>) -> String {
    match folder {
        Some(folder) => format!(
            "no daemon is running with the state folder {}, and there is no state in it: nothing is known; if it is another folder, name that \
             with --state-dir",
            folder.display()
        ),
        None => "no daemon is running, and there is no state folder: nothing is known".to_owned(),
    }
}

/// Does a state with these records (key → JSON) say nothing of a name or a line? A plan leaves the rests of echo services.
pub(super) fn is_blank(records: &BTreeMap<String, String>) -> bool {
    records.keys().all(|key| key.starts_with(ECHO))
}

/// A relative path starts at the folder of the configuration file.
fn state_dir_in(config: &str, base: &Path) -> StateDir {
    let table: toml::Table = config.parse().unwrap_or_default();
    match table.get("daemon").and_then(|daemon| daemon.get("state_dir")).and_then(toml::Value::as_str) {
        None => StateDir::Default,
        Some("none") => StateDir::None,
        Some(folder) => StateDir::Folder(base.join(folder)),
    }
}

fn choose(typed: &StateDir, configured: &StateDir, service: Option<&OsStr>) -> Option<PathBuf> {
    let said = if *typed == StateDir::Default { configured } else { typed };
    match said {
        StateDir::None => None,
        StateDir::Folder(folder) => Some(folder.clone()),
        StateDir::Default => {
            // systemd joins several folders with colons; ours is the first (systemd.exec(5)).
            let first = service.and_then(OsStr::to_str).and_then(|list| list.split(':').next()).filter(|folder| !folder.is_empty());
            Some(first.map_or_else(|| Path::new(DEFAULT).to_owned(), PathBuf::from))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_on_the_state_folder_counts() {
        let folder = |name: &str| StateDir::Folder(name.into());
        let service = Some(OsStr::new("/var/lib/private/wanbeacon:/other"));
        assert_eq!(choose(&folder("/a"), &folder("/b"), service), Some("/a".into()));
        assert_eq!(choose(&StateDir::Default, &folder("/b"), service), Some("/b".into()));
        assert_eq!(choose(&StateDir::Default, &StateDir::Default, service), Some("/var/lib/private/wanbeacon".into()));
        assert_eq!(choose(&StateDir::Default, &StateDir::Default, None), Some("/var/lib/wanbeacon".into()));
        assert_eq!(choose(&StateDir::None, &folder("/b"), service), None);
    }

    #[test]
    fn the_key_is_found_whatever_else_the_file_holds() {
        let base = Path::new("/etc/wanbeacon");
        assert_eq!(state_dir_in("unknown = 1\n[daemon]\nstate_dir = \"/s\"\n", base), StateDir::Folder("/s".into()));
        assert_eq!(state_dir_in("[daemon]\nstate_dir = \"s\"\n", base), StateDir::Folder("/etc/wanbeacon/s".into()));
        assert_eq!(state_dir_in("[daemon]\nstate_dir = \"none\"\n", base), StateDir::None);
        assert_eq!(state_dir_in("not toml", base), StateDir::Default);
    }
}
