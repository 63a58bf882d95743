//! Tries to log in that did not succeed, from run to run: a box waits longer after each one, and then locks everybody out.
//! One line each, `BOX UNTIL SALT:HASH`: a login that was changed is another one, and is tried at once.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::rand::{GetRandomFlags, getrandom};
use sha2::{Digest as _, Sha256};

use super::keep;
use crate::config::Login;

/// Name of the file, beside the known boxes.
pub const FAILED_LOGINS: &str = "failed_logins";

/// For how long a login that was tried in vain is left alone.
pub const REST: Duration = Duration::from_secs(3600);

/// How much of the hash is kept, in bytes: enough to notice a change, too little to find the password.
const HASH: usize = 4;

/// The file. What cannot be read or written is not remembered; nothing else depends on it.
#[derive(Debug)]
pub struct Attempts {
    file: Option<PathBuf>,
}

struct Line {
    name: String,
    /// Seconds since 1970.
    until: u64,
    salt: String,
    hash: String,
}

impl Attempts {
    /// Beside the file of known boxes; `None`: nothing is remembered.
    #[must_use]
    pub fn beside(known_boxes: Option<&Path>) -> Self {
        Self { file: known_boxes.map(|file| file.with_file_name(FAILED_LOGINS)) }
    }

    /// How long `login` is still left alone at the box that is known as `name`.
    #[must_use]
    pub fn rest(&self, name: &str, login: &Login, now: SystemTime) -> Option<Duration> {
        let lines = self.file.as_deref().map(read)?.ok()?;
        let found = lines.iter().filter(|line| line.is_of(name, login)).filter_map(|line| line.left(now));
        found.max()
    }

    /// Remembers that `login` is being tried.
    pub fn note(&self, name: &str, login: &Login, now: SystemTime) {
        self.change(|lines| {
            lines.retain(|line| line.left(now).is_some() && !line.is_of(name, login));
            lines.extend(Line::new(name, login, now));
            true
        });
    }

    /// Forgets it: the login was accepted, or never sent.
    pub fn lift(&self, name: &str, login: &Login) {
        self.change(|lines| {
            let before = lines.len();
            lines.retain(|line| !line.is_of(name, login));
            lines.len() < before
        });
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Line>) -> bool) {
        let Some(file) = &self.file else { return };
        let changed = keep::lock(file).and_then(|_lock| {
            let mut lines = read(file)?;
            if change(&mut lines) { keep::replace(file, &lines.iter().map(Line::text).collect::<String>()) } else { Ok(()) }
        });
        if let Err(error) = changed {
            tracing::debug!("{} could not be changed, a login that fails is remembered for this run only: {error}", file.display());
        }
    }
}

/// What is no line is left out: it protects nobody any more.
fn read(file: &Path) -> std::io::Result<Vec<Line>> {
    Ok(keep::read(file)?.unwrap_or_default().lines().filter_map(Line::parse).collect())
}

impl Line {
    /// `None` without random numbers or time.
    fn new(name: &str, login: &Login, now: SystemTime) -> Option<Self> {
        let mut salt = [0; 8];
        getrandom(&mut salt[..], GetRandomFlags::empty()).ok()?;
        let salt = digits(&salt);
        let until = now.checked_add(REST)?.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(Self { name: name.to_owned(), until, hash: hash(&salt, name, login), salt })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let (name, until, proof) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
        let (salt, hash) = proof.split_once(':')?;
        Some(Self { name, until, salt: salt.to_owned(), hash: hash.to_owned() })
    }

    fn text(&self) -> String {
        format!("{} {} {}:{}\n", self.name, self.until, self.salt, self.hash)
    }

    fn is_of(&self, name: &str, login: &Login) -> bool {
        self.name == name && self.hash == hash(&self.salt, name, login)
    }

    /// More than [`REST`] comes from a clock that was wrong then or is now: it does not count.
    fn left(&self, now: SystemTime) -> Option<Duration> {
        let left = UNIX_EPOCH.checked_add(Duration::from_secs(self.until))?.duration_since(now).ok()?;
        (!left.is_zero() && left <= REST).then_some(left)
    }
}

fn hash(salt: &str, name: &str, login: &Login) -> String {
    let mut hash = Sha256::new();
    for part in [salt, name, &login.username, login.password.expose()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    digits(&hash.finalize()[..HASH])
}

fn digits(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::rules::secret::Secret;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn login(password: &str) -> Login {
        Login { username: "user".into(), password: Secret::new(password.into()) }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn a_try_is_remembered_for_an_hour_per_box_and_login() {
        let folder = tempfile::tempdir().unwrap();
        let attempts = || Attempts::beside(Some(&folder.path().join("known_boxes")));
        attempts().note("fritz.box", &login("geheim"), at(0));
        let rest = |name: &str, password: &str, now| attempts().rest(name, &login(password), at(now)).map(|rest| rest.as_secs());
        assert_eq!([rest("fritz.box", "geheim", 0), rest("fritz.box", "geheim", 3599)], [Some(3600), Some(1)]);
        assert_eq!(rest("fritz.box", "geheim", 3600), None);
        assert_eq!([rest("fritz.box", "changed", 0), rest("fritz.box%eth1", "geheim", 0)], [None, None]);
        assert_eq!(attempts().rest("fritz.box", &login("geheim"), UNIX_EPOCH), None, "a clock that was set back");
        attempts().lift("fritz.box", &login("another"));
        assert!(rest("fritz.box", "geheim", 0).is_some());
        attempts().lift("fritz.box", &login("geheim"));
        assert_eq!(rest("fritz.box", "geheim", 0), None);
    }

    #[test]
    fn the_file_is_for_its_owner_forgets_what_is_over_and_holds_no_password() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FAILED_LOGINS);
        fs::write(&file, "nonsense\nold.box 1 a:b\n").unwrap();
        let attempts = Attempts::beside(Some(&folder.path().join("known_boxes")));
        attempts.note("fritz.box", &login("geheim"), at(0));
        attempts.note("fritz.box", &login("geheim"), at(60));
        attempts.note("other.box", &login("geheim"), at(60));
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 2 && lines[0].starts_with("fritz.box 1800003660 ") && !text.contains("geheim"), "{text}");
        let proofs: Vec<&str> = lines.iter().filter_map(|line| line.rsplit(' ').next()).collect();
        assert!(proofs[0] != proofs[1] && proofs.iter().all(|proof| proof.len() == 16 + 1 + 8), "{text}");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn without_a_place_to_write_nothing_is_remembered_and_nothing_fails() {
        for known_boxes in [None, Some(Path::new("/nowhere/known_boxes"))] {
            let attempts = Attempts::beside(known_boxes);
            attempts.note("fritz.box", &login("geheim"), at(0));
            attempts.lift("fritz.box", &login("geheim"));
            assert_eq!(attempts.rest("fritz.box", &login("geheim"), at(0)), None);
        }
    }
}
