//! The program and a box, in a folder of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::double::Double;

/// Of the user `admin` of the box.
pub(crate) const PASSWORD: &str = "gurkensalat";

/// Longest wait for a command: far above what a busy machine needs, so that only a defect reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// How a command ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The result of a command that succeeded.
    pub(crate) fn good(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.stdout
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.good()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The one sentence of a command that failed with `code`.
    pub(crate) fn sentence(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:?}");
        let mut said = self.stderr.lines().filter(|line| line.starts_with("wanbeacon: "));
        let sentence = said.next().unwrap_or_else(|| panic!("nothing was said: {self:?}"));
        assert_eq!(said.next(), None, "{self:?}");
        sentence
    }
}

pub(crate) struct Rig {
    pub(crate) double: Double,
    pub(crate) folder: TempDir,
}

impl Rig {
    /// A box, and a configuration with a login to it.
    pub(crate) async fn new() -> Self {
        let rig = Self { double: Double::start().await, folder: tempfile::tempdir().expect("a folder") };
        rig.write("box.secret", PASSWORD);
        rig.configure("username = \"admin\"\npassword = { file = \"box.secret\" }");
        rig
    }

    /// `[fritzbox]` with `keys`.
    pub(crate) fn configure(&self, keys: &str) {
        self.write("config.toml", &format!("[fritzbox]\naddress = \"{}\"\n{keys}\n", self.double.http));
    }

    /// Writes a file and gives its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let file = self.path(name);
        fs::write(&file, text).expect("a writable folder");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("our own file");
        file.display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The options of the place: configuration and state.
    pub(crate) fn options(&self) -> [String; 4] {
        let path = |name: &str| self.path(name).display().to_string();
        ["--config".into(), path("config.toml"), "--state-dir".into(), path("state")]
    }

    /// `wanbeacon` with these arguments and the configuration.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.finish(self.command(arguments)).await
    }

    /// `wanbeacon fritzbox` with the configuration.
    pub(crate) async fn fritzbox(&self, arguments: &[&str]) -> Ended {
        self.run(&[&["fritzbox"], arguments].concat()).await
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program("wanbeacon");
        command.args(arguments).args(self.options());
        command
    }

    /// The same where nothing is configured, with a login that is typed.
    pub(crate) fn unconfigured(&self, arguments: &[&str]) -> Command {
        let secret = self.path("box.secret").display().to_string();
        let mut command = program("wanbeacon");
        command.args(arguments).args(["--address", &self.double.http.to_string(), "--login", "admin", "--login-password-file", &secret]);
        command.args(&self.options()[2..]);
        command
    }

    pub(crate) async fn finish(&self, mut command: Command) -> Ended {
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output =
            output.unwrap_or_else(|_| panic!("{command:?} did not end; asked: {:?}", self.double.brief())).expect("it can be started");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What changed the box, by action.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.double.brief().into_iter().filter(|action| action.starts_with("Set")).collect()
    }
}

/// A program without our environment, whose input is at its end.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(if name == "wanbeacon" { env!("CARGO_BIN_EXE_wanbeacon") } else { name });
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}
