//! Files with secrets, made as the guide says, are read by those who have to read them; and what bars the way is named.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// Who the service is here, and the group it is in.
const NOBODY: u32 = 65_534;

/// A folder of root's with a configuration that everybody may read, and the file of a secret in a folder of its own.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = "[[ddns]]\nprovider = \"duckdns\"\ndomain = \"home.duckdns.org\"\npassword = { file = \"secrets/duckdns\" }\n";
        let home = Self { folder };
        fs::write(home.at("config.toml"), config).expect("the folder can be written");
        fs::create_dir(home.at("secrets")).expect("the folder can be written");
        fs::write(home.at("secrets/duckdns"), "a token\n").expect("the folder can be written");
        home.mode("", 0o755);
        home.mode("config.toml", 0o644);
        home
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).expect("our own file");
    }

    /// What `check` says to the service, and whether it is content.
    fn check(&self) -> (String, bool) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wanbeacon"));
        command.env_clear().args(["check", "--state-dir", "none", "--config"]).arg(self.at("config.toml"));
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().expect("the program starts");
        (String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr), output.status.success())
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_folder_that_bars_the_way_to_a_secret_is_named() {
    let home = Home::new();
    home.mode("secrets/duckdns", 0o604);
    home.mode("secrets", 0o700);
    if !is_root() {
        home.mode("secrets", 0o000);
    }
    let (text, content) = home.check();
    let remedy = format!("enter the folder {:?}", home.at("secrets"));
    assert!(!content && text.contains(&remedy) && !text.contains("let the user that runs wanbeacon read it"), "{remedy}: {text}");
    home.mode("secrets", 0o711);
    assert!(home.check().1, "{}", home.check().0);
    home.mode("secrets/duckdns", 0o000);
    let (text, content) = home.check();
    assert!(!content && text.contains("let the user that runs wanbeacon read it"), "{text}");
}

#[test]
fn a_folder_that_bars_the_way_to_the_configuration_is_named() {
    let home = Home::new();
    home.mode("", if is_root() { 0o700 } else { 0o600 });
    let (text, _) = home.check();
    home.mode("", 0o755);
    assert!(text.contains(&format!("enter the folder {:?}", home.folder.path())), "{text}");
}

#[test]
fn a_secret_of_root_that_is_closed_to_all_but_the_group_of_the_service_is_read_without_a_warning() {
    let home = Home::new();
    home.mode("secrets", 0o755);
    home.mode("secrets/duckdns", 0o640);
    if is_root() {
        chown(home.at("secrets/duckdns"), Some(0), Some(NOBODY)).expect("root may");
    }
    let (text, content) = home.check();
    assert!(content && !text.contains("warning"), "{text}");
}
