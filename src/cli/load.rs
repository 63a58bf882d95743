//! The configuration, and what was set through the served interfaces laid over it.

use std::path::Path;

use super::args::Options;
use super::folder;
use crate::config::{self, Loaded, OVERLAY, Overlay, Problem, Settings, Severity, World};
use crate::daemon::Reload;

/// The settings that apply.
pub(super) struct Found {
    /// With the overlay, if it can be used.
    pub(super) loaded: Loaded,
    /// Why the overlay is not used; empty if it is, or if there is none.
    pub(super) unused: Vec<String>,
    overlay: Overlay,
}

/// Reads the configuration. An overlay that cannot be used is never a reason not to run.
///
/// # Errors
///
/// Every problem of the configuration.
pub(super) fn load(options: &Options) -> Result<Found, Vec<Problem>> {
    over(options.config_file().0, folder::overlay(options), &World::real())
}

fn over(path: &Path, overlay: Result<Overlay, String>, world: &World) -> Result<Found, Vec<Problem>> {
    let alone = |mut unused: Vec<String>| {
        unused.push(format!("{OVERLAY} is not used: the configuration alone applies until it is corrected or deleted"));
        config::load_file(path, world).map(|loaded| Found { loaded, unused, overlay: Overlay::default() })
    };
    let overlay = match overlay {
        Ok(overlay) => overlay,
        Err(damage) => return alone(vec![damage]),
    };
    match config::load_file_over(path, &overlay, world) {
        Ok(loaded) => Ok(Found { loaded, unused: Vec::new(), overlay }),
        Err(problems) if overlay == Overlay::default() => Err(problems),
        Err(problems) => alone(problems.iter().filter(|problem| problem.severity == Severity::Error).map(ToString::to_string).collect()),
    }
}

impl Found {
    /// What the overlay changes, for `check`.
    pub(super) fn changes(&self, path: &Path) -> Vec<String> {
        if self.overlay == Overlay::default() {
            return Vec::new();
        }
        match config::load_file(path, &World::real()) {
            Ok(alone) => config::overlay::changes(&alone.settings, &self.loaded.settings),
            Err(problems) => problems.iter().map(|problem| format!("without {OVERLAY}: {problem}")).collect(),
        }
    }

    /// The settings; everything the operator should know goes to the log.
    pub(super) fn told(self) -> Settings {
        let Self { loaded: Loaded { settings, warnings }, unused, overlay: _ } = self;
        if !unused.is_empty() {
            tracing::warn!("{}", unused.join("; "));
        }
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        settings
    }
}

/// How a daemon reads it again: with the overlay that is on the disk, or strictly with another one.
pub(super) fn reload(options: Options) -> Reload {
    Box::new(move |candidate| match candidate {
        None => load(&options).map(Found::told),
        Some(overlay) => config::load_file_over(options.config_file().0, overlay, &World::real()).map(|loaded| loaded.settings),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{OverlaidEntry, Remote};
    use crate::rules::domain::{Domain, Mode};
    use crate::rules::secret::Secret;

    const FILE: &str = "/c.toml";

    fn world(more: &str) -> World {
        let entry = "[[ddns]]\nupdate_url = \"https://dyn.example.org/u?ip=<ipaddr>\"\ndomain = \"a.example.org\"\n";
        World::given([], [(FILE, format!("{entry}{more}").as_str())])
    }

    fn overlay(url: &str) -> Overlay {
        let entry = OverlaidEntry {
            instead_of: Domain::parse("a.example.org").ok(),
            enabled: true,
            provider: None,
            update_url: Some(Secret::new(url.to_owned())),
            domain: vec!["b.example.org".to_owned()],
            username: String::new(),
            password: None,
            mode: Mode::V4,
            server_ipv4: String::new(),
            server_ipv6: String::new(),
        };
        Overlay { ddns: Some(entry), remote: None }
    }

    fn name(found: &Found) -> &str {
        found.loaded.settings.entries[0].domains[0].as_str()
    }

    #[test]
    fn what_was_set_applies() {
        let found = over(FILE.as_ref(), Ok(overlay("https://other.example.org/u?ip=<ipaddr>")), &world("")).ok().unwrap();
        assert_eq!((name(&found), found.unused.len()), ("b.example.org", 0));
    }

    #[test]
    fn a_damaged_overlay_is_told_and_the_file_alone_applies() {
        let found = over(FILE.as_ref(), Err("line 7".to_owned()), &world("")).ok().unwrap();
        assert_eq!((name(&found), found.unused[0].as_str()), ("a.example.org", "line 7"));
        assert!(found.unused[1].starts_with("overlay.toml is not used"), "{:?}", found.unused);
        assert_eq!(found.changes(FILE.as_ref()), [""; 0]);
    }

    #[test]
    fn an_overlay_that_does_not_fit_any_more_is_told_and_the_file_alone_applies() {
        let found = over(FILE.as_ref(), Ok(overlay("https://other.example.org")), &world("")).ok().unwrap();
        assert_eq!(name(&found), "a.example.org");
        assert!(found.unused[0].starts_with("overlay.toml: ddns.update_url: the update URL has no path"), "{:?}", found.unused);
        let remote = Remote { enabled: true, port: 8245, user: None };
        let clash = Overlay { ddns: None, remote: Some(remote) };
        let found = over(FILE.as_ref(), Ok(clash), &world("[web]\ntls_listen = \"127.0.0.1:1\"\n")).ok().unwrap();
        assert_eq!(found.loaded.settings.web.tls_listen.map(|address| address.port()), Some(1));
        assert_eq!(found.unused.len(), 2, "{:?}", found.unused);
    }

    #[test]
    fn problems_of_the_file_stay_problems_whatever_lies_over_it() {
        for overlay in [Ok(overlay("https://other.example.org/")), Err("line 7".to_owned()), Ok(Overlay::default())] {
            let problems = over(FILE.as_ref(), overlay, &world("[daemon]\ninterval = \"soon\"\n")).err().unwrap();
            assert_eq!(problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(), ["daemon.interval"]);
        }
    }
}
