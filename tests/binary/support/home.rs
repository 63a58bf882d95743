//! One installation: a folder with a configuration and a state, and the program run on it.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::PATIENCE;
use super::daemon::Daemon;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_wanbeacon");

/// Addresses of the fault catalogue: payload, nothing is ever sent there.
pub(crate) const V4_OLD: &str = "91.12.34.56";
pub(crate) const V4_NEW: &str = "91.12.34.57";
pub(crate) const V4_NEXT: &str = "91.12.34.58";
pub(crate) const V6_NEW: &str = "2003:f:ab::10";

/// The name that most tests keep.
pub(crate) const NAME: &str = "home.example.org";

/// The password of every test: all of it must be found nowhere.
pub(crate) const PASSWORD: &str = "Geh/eim+&4711 \u{e4}";

/// How a command ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Checks the exit code and gives itself back.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// An installation; removed with the value.
#[derive(Debug)]
pub(crate) struct Home {
    dir: TempDir,
    state: PathBuf,
    environment: Vec<(String, String)>,
}

impl Home {
    pub(crate) fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let state = dir.path().join("state");
        let home = Self { dir, state, environment: Vec::new() };
        home.configure(config);
        home
    }

    /// The same with the state elsewhere.
    pub(crate) fn with_state(self, state: &Path) -> Self {
        Self { state: state.to_owned(), ..self }
    }

    /// The same with one more environment variable.
    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.path().join("config.toml")
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, config: &str) {
        let file = self.config_file();
        fs::write(&file, config).expect("a writable folder");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("our own file");
    }

    /// The same for a program that runs as somebody who owns nothing: the state folder belongs to root.
    pub(crate) fn unwritable(self) -> Self {
        fs::DirBuilder::new().mode(0o700).create(&self.state).expect("our own folder");
        fs::set_permissions(self.path(), fs::Permissions::from_mode(0o755)).expect("our own folder");
        fs::set_permissions(self.config_file(), fs::Permissions::from_mode(0o644)).expect("our own file");
        self
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("--config").arg(self.config_file()).arg("--state-dir").arg(&self.state);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        finish(self.command(arguments))
    }

    pub(crate) fn once(&self) -> Ended {
        self.run(&["--once"])
    }

    pub(crate) fn status(&self) -> Value {
        self.run(&["status", "--json"]).json()
    }

    pub(crate) fn daemon(&self) -> Daemon {
        self.daemon_with(&[])
    }

    pub(crate) fn daemon_with(&self, arguments: &[&str]) -> Daemon {
        Daemon::start(self.command(arguments))
    }

    /// Every file of the state folder, as text.
    pub(crate) fn state_texts(&self) -> Vec<(PathBuf, String)> {
        let files = fs::read_dir(&self.state).expect("the state folder").map(|file| file.expect("readable").path());
        let texts = files.filter(|path| path.is_file()).map(|path| {
            let bytes = fs::read(&path).expect("readable");
            (path, String::from_utf8_lossy(&bytes).into_owned())
        });
        texts.collect()
    }

    /// What the state holds of `key`, in the program's own form.
    pub(crate) fn record(&self, key: &str) -> Option<Value> {
        let loaded = wanbeacon::store::read_only(&self.state).expect("a state that can be read");
        let text = loaded.records.iter().find(|(name, _)| name.contains(key)).map(|(_, text)| text)?;
        Some(serde_json::from_str(text).expect("JSON"))
    }
}

/// Runs `command` to its end.
pub(crate) fn finish(mut command: Command) -> Ended {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let pid = pid_of(&child);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE * 2) else {
        let _ = kill_process(pid, Signal::KILL);
        let output = receiver.recv().expect("the thread answers");
        panic!("{command:?} did not end: {output:?}");
    };
    let output = output.expect("the output can be read");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(crate) fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().expect("a process number")).expect("not zero")
}

/// The most memory that the process ever used, in KiB; `None` when it is gone.
pub(crate) fn peak_memory(pid: Pid) -> Option<u64> {
    memory(pid, "VmHWM:")
}

/// The memory that the process uses now, in KiB; `None` when it is gone.
pub(crate) fn memory_now(pid: Pid) -> Option<u64> {
    memory(pid, "VmRSS:")
}

fn memory(pid: Pid, what: &str) -> Option<u64> {
    let mut text = String::new();
    fs::File::open(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?.read_to_string(&mut text).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A configuration with one entry of its own URL.
pub(crate) fn custom(url: &str, mode: &str, wan: &str) -> String {
    entry(&format!("update_url = {url:?}"), mode, wan)
}

/// A configuration with one entry that is sent as `what` says.
pub(crate) fn entry(what: &str, mode: &str, wan: &str) -> String {
    format!(
        "[[ddns]]\n{what}\ndomain = \"{NAME}\"\nusername = \"1234567890\"\npassword = \"{PASSWORD}\"\nmode = \"{mode}\"\nverify = false\n\
         [wan]\n{wan}\n[daemon]\nsettle = \"0s\"\n"
    )
}

/// `[wan]` with these addresses for good.
pub(crate) fn fixed(v4: Option<&str>, v6: Option<&str>) -> String {
    let list = |address: Option<&str>| address.map_or_else(String::new, |address| format!("\"static:{address}\""));
    format!("ipv4 = [{}]\nipv6 = [{}]", list(v4), list(v6))
}
