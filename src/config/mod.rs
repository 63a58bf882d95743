//! Text → checked settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::rules::consensus::Line;
use crate::rules::domain::Entry;

/// The checked configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every `[[ddns]]` entry.
    pub entries: Vec<Entry>,
    /// The lines; "default" is always there.
    pub lines: Vec<Line>,
    /// `[fritzbox] address`: where the box is, if it was told.
    pub fritzbox: Option<String>,
    /// `[daemon]`.
    pub daemon: Daemon,
}

/// `[daemon]`.
#[derive(Clone, Debug)]
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

