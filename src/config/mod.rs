//! Text → checked settings.
//!
//! `file` is the file as written, `check` finds all problems at once, [`Settings`] is what the program runs on.

mod check;
mod credentials;
mod daemon;
mod entry;
mod environment;
mod file;
mod fritzbox;
mod lines;
mod names;
pub mod overlay;
mod own_url;
mod preset;
mod problem;
mod reader;
mod request;
mod secret;
mod served;
mod source;
mod span;
mod standing;
mod web;
mod world;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::rules::consensus::Line;
use crate::rules::domain::Entry;
use crate::rules::fingerprint::Fingerprint;
use crate::rules::secret::Secret;

use self::problem::{Place, Report};

pub use self::overlay::{Damage, OVERLAY, OverlaidEntry, Overlay, Remote, RemoteUser};
pub use self::problem::{Problem, Severity};
pub use self::served::{DEFAULT_LISTEN, Face, Listener, LoginForm, Served, User, Web};
pub use self::world::{FileText, World};

/// Polling beside events: what routers and peers use; a missed event costs at most this.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Rest after the first event of a quiet spell: one reconnect is a handful of events within it.
pub const DEFAULT_SETTLE: Duration = Duration::from_millis(500);

/// A configuration of ten thousand entries has a fifth of this.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// The checked configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Every `[[ddns]]` entry.
    pub entries: Vec<Entry>,
    /// The lines, at least one, each with a name of its own; `[wan]` ("default") comes first if there is one.
    pub lines: Vec<Line>,
    /// `[fritzbox]`.
    pub fritzbox: FritzBox,
    /// `[daemon]`.
    pub daemon: Daemon,
    /// `[web]`.
    pub web: Web,
    /// The entry that stands for the served TR-064 service (`[web.tr064] entry`).
    pub served: Served,
    /// What was laid over the file, and is in all of the above.
    pub overlay: Overlay,
}

/// `[fritzbox]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FritzBox {
    /// Where the box is; found by itself otherwise. A host name or an address, IPv6 in brackets; the demonstration and tests
    /// add a port.
    pub address: Option<String>,
    /// For what needs a login.
    pub login: Option<Login>,
    /// The certificate of the box. `None`: the first one that is seen is remembered.
    pub fingerprint: Option<Fingerprint>,
}

/// A user of the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// May be empty: the user that logged in last is taken then, as the box's own page does.
    pub username: String,
    /// Never empty.
    pub password: Secret,
}

/// `[daemon]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// Polling beside events.
    pub interval: Duration,
    /// Rest after the first event of a quiet spell.
    pub settle: Duration,
    /// Where the state lives, if the file says so.
    pub state_dir: StateDir,
    /// Additional roots (PEM).
    pub ca_file: Option<PathBuf>,
    /// Name servers to use instead of the system's.
    pub resolver: Vec<SocketAddr>,
    /// User-Agent of every request.
    pub user_agent: String,
}

/// `[daemon] state_dir`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateDir {
    /// Not said: `$STATE_DIRECTORY`, else `/var/lib/wanbeacon`.
    Default,
    /// This folder.
    Folder(PathBuf),
    /// "none": the operator runs without.
    None,
}

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What the operator should know.
    pub warnings: Vec<Problem>,
}

/// Reads `text`, and the entry that `world`'s environment defines. `origin` is the file's name: for messages, and
/// relative paths inside start at its folder.
///
/// # Errors
///
/// Every problem at once, warnings included, in the order of the text.
pub fn load(text: &str, origin: &str, world: &World) -> Result<Loaded, Vec<Problem>> {
    load_over(text, origin, &Overlay::default(), world)
}

/// The same with `overlay` laid over it. Problems of its values are in the file "overlay.toml".
///
/// # Errors
///
/// As [`load`].
pub fn load_over(text: &str, origin: &str, overlay: &Overlay, world: &World) -> Result<Loaded, Vec<Problem>> {
    read(text, origin, false, overlay, world)
}

/// Reads the file at `path`. If there is none, the environment alone may define the entry.
///
/// # Errors
///
/// Every problem at once, as [`load`]; or the one that the file cannot be read.
pub fn load_file(path: &Path, world: &World) -> Result<Loaded, Vec<Problem>> {
    load_file_over(path, &Overlay::default(), world)
}

/// The same with `overlay` laid over it.
///
/// # Errors
///
/// As [`load_file`].
pub fn load_file_over(path: &Path, overlay: &Overlay, world: &World) -> Result<Loaded, Vec<Problem>> {
    let origin = path.to_string_lossy();
    let unreadable = |message: String, remedy: &str| {
        let mut report = Report::new(&origin, "");
        report.error(&Place::top(""), message, remedy);
        Err(report.finish())
    };
    match world.read(path, LONGEST_FILE) {
        Ok(file) => match str::from_utf8(&file.bytes) {
            Ok(text) => read(text, &origin, file.open_to_all(), overlay, world),
            Err(error) => unreadable(format!("byte {} is not UTF-8 text", error.valid_up_to()), "save the file as UTF-8"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if world.names(environment::PREFIX).next().is_some() {
                return read("", &origin, false, overlay, world);
            }
            unreadable(
                "there is no such file".into(),
                "create it (config.example.toml shows every key), name another one with --config, or set WANBEACON_DDNS_… variables",
            )
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unreadable(format!("failed to read the file: {error}"), &world.way_to(path))
        }
        Err(error) => unreadable(format!("failed to read the file: {error}"), "name a readable file with --config"),
    }
}

fn read(text: &str, origin: &str, open_to_all: bool, overlay: &Overlay, world: &World) -> Result<Loaded, Vec<Problem>> {
    let mut report = Report::new(origin, text);
    let mut raw = file::RawFile::read(&mut report);
    if open_to_all {
        check::open_to_all(&raw, &mut report);
    }
    raw.ddns.extend(environment::entry(world, &mut report));
    let standing = standing::named(&raw.ddns, &raw.web.tr064.entry, &mut report);
    let overlay::Laid { over: laid, off } = overlay::lay(overlay, &mut raw.ddns, standing, &mut report);
    let index = standing.or(laid).or(off).or_else(|| standing::first_that_is_on(&raw.ddns, |_| true));
    let base = Path::new(origin).parent().unwrap_or(Path::new(""));
    let settings = check::settings(raw, check::Standing { index, laid }, overlay, &check::Around { base, world }, &mut report);
    let failed = report.failed();
    let found = report.finish();
    if failed { Err(found) } else { Ok(Loaded { settings, warnings: found }) }
}

/// Product, version and where to complain: what Dyn and No-IP ask of clients on their developer pages.
#[must_use]
pub fn default_user_agent() -> String {
    concat!("wanbeacon/", env!("CARGO_PKG_VERSION"), " (+https://docs.rs/wanbeacon)").into()
}

#[cfg(test)]
mod tests;
