//! The configuration, and what was set through the served interfaces laid over it.

use std::path::Path;

use super::args::Options;
use super::folder;
use crate::config::{self, Damage, Loaded, OVERLAY, Overlay, Problem, Remote, Settings, Severity, World};
use crate::daemon::Reload;

/// The settings that apply.
pub(super) struct Found {
    /// With the overlay, if it can be used.
    pub(super) loaded: Loaded,
    /// Why the overlay is not used; empty if it is, or if there is none.
    pub(super) unused: Vec<String>,
}

/// Reads the configuration. An overlay that cannot be used is never a reason not to run.
///
/// # Errors
///
/// Every problem of the configuration.
pub(super) fn load(options: &Options) -> Result<Found, Vec<Problem>> {
    load_in(options, &World::real())
}

/// The same in `world`.
///
/// # Errors
///
/// As [`load`].
pub(super) fn load_in(options: &Options, world: &World) -> Result<Found, Vec<Problem>> {
    over(options.config_file().0, folder::overlay(options), world)
}

fn over(path: &Path, overlay: Result<Overlay, Damage>, world: &World) -> Result<Found, Vec<Problem>> {
    let without = |part: &str| format!("{OVERLAY}{part} is not used: the configuration alone applies until that is corrected or deleted");
    let (overlay, mut unused) = match overlay {
        Ok(overlay) => (overlay, Vec::new()),
        Err(Damage { why, left }) if *left == Overlay::default() => (*left, vec![why, without("")]),
        Err(Damage { why, left }) => {
            let partly = format!("{OVERLAY} is not used but for what can be relied on, until it is corrected or deleted");
            (*left, vec![why, partly])
        }
    };
    let problems = match config::load_file_over(path, &overlay, world) {
        Ok(loaded) => return Ok(Found { loaded, unused }),
        Err(problems) => problems,
    };
    unused.extend(problems.iter().filter(|problem| problem.severity == Severity::Error).map(ToString::to_string));
    for (part, rest) in rests(&overlay) {
        if let Ok(loaded) = config::load_file_over(path, &rest, world) {
            unused.push(without(part));
            return Ok(Found { loaded, unused });
        }
    }
    if overlay == Overlay::default() {
        return Err(problems);
    }
    unused.push(without(""));
    let kept = Overlay { ddns: None, off: overlay.switched_off(), remote: replaced(&overlay) };
    config::load_file_over(path, &kept, world).map(|loaded| Found { loaded, unused })
}

/// What is left of an overlay without one part of it or several, the smallest first. A remote access that was switched off is not
/// opened again because of an entry or a user that does not fit any more, and an entry that was switched off sends nothing.
fn rests(overlay: &Overlay) -> Vec<(&'static str, Overlay)> {
    let userless = overlay.remote.clone().map(|remote| Remote { user: None, ..remote });
    let parts = [
        (", [ddns],", false, overlay.remote.clone()),
        (", [remote.user],", true, userless.clone()),
        (", [remote],", true, replaced(overlay)),
        (", [ddns] and [remote.user],", false, userless),
    ];
    let rests = parts.map(|(part, whole, remote)| {
        let rest = Overlay { remote, ..overlay.clone() };
        (part, if whole { rest } else { Overlay { ddns: None, off: overlay.switched_off(), ..rest } })
    });
    rests.into_iter().filter(|(_, rest)| rest != overlay).collect()
}

/// Of a remote access that is not used: passwords that were replaced do not come back.
fn replaced(overlay: &Overlay) -> Option<Remote> {
    let remote = overlay.remote.as_ref().filter(|remote| !remote.replaced.is_empty())?;
    Some(Remote { enabled: true, port: 0, user: None, replaced: remote.replaced.clone() })
}

impl Found {
    /// What the overlay changes, for `check`.
    pub(super) fn changes(&self, path: &Path) -> Vec<String> {
        if self.loaded.settings.overlay == Overlay::default() {
            return Vec::new();
        }
        match config::load_file(path, &World::real()) {
            Ok(alone) => config::overlay::changes(&alone.settings, &self.loaded.settings),
            Err(problems) => problems.iter().map(|problem| format!("without {OVERLAY}: {problem}")).collect(),
        }
    }

    /// The settings; everything the operator should know goes to the log.
    pub(super) fn told(self) -> Settings {
        let Self { loaded: Loaded { settings, warnings }, unused } = self;
        if !unused.is_empty() {
            tracing::warn!("{}", unused.join("; "));
        }
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        settings
    }
}

/// How a daemon reads it again: with the overlay that is on the disk, or strictly with another one. One that is damaged meanwhile
/// leaves in force what was set before, to begin with `in_force`.
pub(super) fn reload(options: Options, mut in_force: Overlay) -> Reload {
    Box::new(move |candidate| {
        let (path, world) = (options.config_file().0, World::real());
        let read = match candidate {
            None => {
                let overlay = folder::overlay(&options).unwrap_or_else(|Damage { why, .. }| {
                    tracing::warn!("{why}; what was set before stays in force until that is corrected or deleted");
                    in_force.clone()
                });
                over(path, Ok(overlay), &world).map(Found::told)
            }
            Some(overlay) => config::load_file_over(path, overlay, &world).map(|loaded| loaded.settings),
        };
        if let Ok(settings) = &read {
            in_force = settings.overlay.clone();
        }
        read
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{OverlaidEntry, RemoteUser};
    use crate::rules::domain::{Domain, Mode};
    use crate::rules::secret::Secret;
    use crate::store;

    const FILE: &str = "/c.toml";

    fn world(more: &str) -> World {
        let entry = "[[ddns]]\nupdate_url = \"https://dyn.example.org/u?ip=<ipaddr>\"\ndomain = \"a.example.org\"\n";
        World::given([], [(FILE, format!("{entry}{more}").as_str())])
    }

    fn overlay(url: &str) -> Overlay {
        let entry = OverlaidEntry {
            instead_of: Domain::parse("a.example.org").ok(),
            service: "https://dyn.example.org".to_owned(),
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
        Overlay { ddns: Some(entry), ..Overlay::default() }
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
        let found = over(FILE.as_ref(), Err("line 7".to_owned().into()), &world("")).ok().unwrap();
        assert_eq!((name(&found), found.unused[0].as_str()), ("a.example.org", "line 7"));
        assert!(found.unused[1].starts_with("overlay.toml is not used"), "{:?}", found.unused);
        assert_eq!(found.changes(FILE.as_ref()), [""; 0]);
    }

    #[test]
    fn an_overlay_that_does_not_fit_any_more_is_told_and_the_file_alone_applies() {
        let found = over(FILE.as_ref(), Ok(overlay("https://other.example.org")), &world("")).ok().unwrap();
        assert_eq!(name(&found), "a.example.org");
        assert!(found.unused[0].starts_with("overlay.toml: ddns.update_url: the update URL has no path"), "{:?}", found.unused);
        let remote = Remote { enabled: true, port: 8245, user: None, replaced: Vec::new() };
        let clash = Overlay { ddns: None, off: None, remote: Some(remote) };
        let found = over(FILE.as_ref(), Ok(clash), &world("[web]\ntls_listen = \"127.0.0.1:1\"\n")).ok().unwrap();
        assert_eq!(found.loaded.settings.web.tls_listen.map(|address| address.port()), Some(1));
        assert_eq!(found.unused.len(), 2, "{:?}", found.unused);
    }

    #[test]
    fn what_still_fits_is_used_without_the_rest() {
        let open = "[web]\ntls_listen = \"127.0.0.1:443\"\n";
        let port = |port| Some(Remote { enabled: port == 0, port, user: None, replaced: Vec::new() });
        let with = |url: &str, remote| over(FILE.as_ref(), Ok(Overlay { remote, ..overlay(url) }), &world(open)).ok().unwrap();
        let (good, bad) = ("https://other.example.org/u?ip=<ipaddr>", "https://other.example.org");
        let found = with(bad, port(443));
        assert_eq!((name(&found), found.loaded.settings.web.tls_listen), ("a.example.org", None), "it stays switched off");
        assert!(found.unused[1].starts_with("overlay.toml, [ddns], is not used: "), "{:?}", found.unused);
        let clash = Some(Remote { enabled: true, port: 8245, user: None, replaced: Vec::new() });
        let found = with(good, clash.clone());
        assert_eq!((name(&found), found.loaded.settings.web.tls_listen.map(|it| it.port())), ("b.example.org", Some(443)));
        assert!(found.unused[1].starts_with("overlay.toml, [remote], is not used: "), "{:?}", found.unused);
        let found = with(bad, clash);
        assert_eq!((name(&found), found.loaded.settings.web.tls_listen.map(|it| it.port())), ("a.example.org", Some(443)));
        assert!(found.unused[2].starts_with("overlay.toml is not used: "), "{:?}", found.unused);
    }

    #[test]
    fn what_was_switched_off_stays_so_without_its_user_and_what_is_in_force_is_known() {
        let users = "[[web.user]]\nname = \"box\"\npassword = \"x\"\nrights = [\"config\"]\n";
        let open = format!("[web]\ntls_listen = \"127.0.0.1:443\"\n{users}");
        let (good, bad) = (overlay("https://other.example.org/u?ip=<ipaddr>").ddns, overlay("https://other.example.org").ddns);
        let gone = Some(RemoteUser { name: "gone".to_owned(), password: None });
        let damaged = Some(RemoteUser { name: "a:b".to_owned(), password: Some(Secret::new("x".to_owned())) });
        let off = |user| Some(Remote { enabled: false, port: 443, user, replaced: Vec::new() });
        for (ddns, user, named) in [(&good, gone.clone(), 0), (&good, damaged.clone(), 2), (&bad, damaged, 3), (&bad, gone, 2)] {
            let found =
                over(FILE.as_ref(), Ok(Overlay { ddns: ddns.clone(), off: None, remote: off(user.clone()) }), &world(&open)).ok().unwrap();
            assert_eq!(found.loaded.settings.web.tls_listen, None, "{user:?}");
            assert_eq!(found.unused.len(), named, "{:?}", found.unused);
            let in_force = &found.loaded.settings.overlay;
            let kept = user.filter(|user| user.password.is_none());
            assert_eq!((in_force.ddns.is_some(), &in_force.remote), (ddns == &good, &off(kept)));
        }
    }

    #[test]
    fn a_daemon_reads_what_is_on_the_disk_or_tries_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "").unwrap();
        let line = ["wanbeacon".into(), "--config".into(), file.into(), "--state-dir".into(), folder.path().into()];
        let mut reload = reload(super::super::args::Args::read(line).unwrap().options, Overlay::default());
        let off = Overlay { ddns: None, off: None, remote: Some(Remote { enabled: false, port: 443, user: None, replaced: Vec::new() }) };
        let open = |port| Overlay { ddns: None, off: None, remote: Some(Remote { enabled: true, port, user: None, replaced: Vec::new() }) };
        let further = |url: &str| {
            let mut overlay = overlay(url);
            overlay.ddns.iter_mut().for_each(|entry| (entry.instead_of, entry.service) = (None, String::new()));
            overlay
        };
        let names = |settings: Result<Settings, Vec<Problem>>| settings.map(|settings| settings.entries.len());
        store::overlay::write(folder.path(), &further("https://other.example.org/u?ip=<ipaddr>")).unwrap();
        assert_eq!((names(reload(None)), names(reload(Some(&off)))), (Ok(1), Ok(0)));
        assert!(reload(Some(&open(443))).is_err(), "nothing is overlooked in what is only tried");
        store::overlay::write(folder.path(), &open(443)).unwrap();
        assert_eq!(reload(None).map(|it| (it.entries.len(), it.overlay)), Ok((0, Overlay::default())), "it runs on the file alone");
        assert_eq!(names(reload(Some(&off))), Ok(0), "another one can be tried");
        std::fs::write(folder.path().join(OVERLAY), "version = 2\n").unwrap();
        assert_eq!(reload(None).map(|it| it.overlay), Ok(off.clone()), "what was set before stays");
        std::fs::remove_file(folder.path().join(OVERLAY)).unwrap();
        std::fs::write(folder.path().join("config.toml"), "[dæmon]").unwrap();
        assert!(reload(None).is_err() && reload(Some(&off)).is_err());
    }

    #[test]
    fn an_entry_that_was_switched_off_stays_so_without_what_does_not_fit() {
        let (good, bad) = (overlay("https://other.example.org/u?ip=<ipaddr>"), overlay("https://other.example.org"));
        let off = |overlay: &Overlay| {
            let mut off = overlay.clone();
            off.ddns.iter_mut().for_each(|it| it.enabled = false);
            off
        };
        let clash = Some(Remote { enabled: true, port: 8245, ..Remote::default() });
        for (overlay, kept) in [(off(&good), true), (off(&bad), false), (Overlay { remote: clash, ..off(&bad) }, false)] {
            let found = over(FILE.as_ref(), Ok(overlay), &world("")).ok().unwrap();
            assert_eq!((found.loaded.settings.entries[0].enabled, found.loaded.settings.served.enabled), (false, false));
            assert_eq!(name(&found), if kept { "b.example.org" } else { "a.example.org" });
            let told = found
                .loaded
                .warnings
                .iter()
                .any(|it| it.message == "\"a.example.org\" stays switched off, as it was set through the service");
            assert_eq!((told, found.loaded.settings.overlay.off.is_some()), (!kept, !kept), "the next change finds it there");
        }
        let left = Box::new(Overlay { off: Some(Vec::new()), ..Overlay::default() });
        let found = over(FILE.as_ref(), Err(Damage { why: "line 7".to_owned(), left }), &world("")).ok().unwrap();
        assert!(
            !found.loaded.settings.entries[0].enabled && found.unused[1].starts_with("overlay.toml is not used but for "),
            "{:?}",
            found.unused
        );
    }

    #[test]
    fn a_password_that_was_replaced_does_not_come_back_with_a_port_that_does_not_fit() {
        let users = "[[web.user]]\nname = \"box\"\npassword = \"x\"\nrights = [\"config\"]\n";
        let remote = Some(Remote { enabled: true, port: 8245, user: None, replaced: vec!["box".to_owned()] });
        let open = format!("[web]\ntls_listen = \"127.0.0.1:443\"\n{users}");
        for ddns in [None, overlay("https://other.example.org").ddns] {
            let clash = Overlay { ddns, off: None, remote: remote.clone() };
            let web = over(FILE.as_ref(), Ok(clash), &world(&open)).ok().unwrap().loaded.settings.web;
            assert_eq!((web.users.len(), web.tls_listen.map(|it| it.port())), (0, Some(443)));
        }
    }

    #[test]
    fn problems_of_the_file_stay_problems_whatever_lies_over_it() {
        for overlay in [Ok(overlay("https://other.example.org/")), Err("line 7".to_owned().into()), Ok(Overlay::default())] {
            let problems = over(FILE.as_ref(), overlay, &world("[daemon]\ninterval = \"soon\"\n")).err().unwrap();
            assert_eq!(problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(), ["daemon.interval"]);
        }
    }
}
