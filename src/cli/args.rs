//! What was typed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use super::exit::Exit;
use super::fritzbox::args::FritzBox;
use super::import::Import;
use crate::config::StateDir;
use crate::log::{Color, Format, Level};
use crate::rules::domain::Domain;

/// Where the configuration is when nobody says.
pub const DEFAULT_CONFIG: &str = "/etc/wanbeacon/config.toml";

/// Text below `--help`.
const EXIT_CODES: &str = "\
Exit codes:
   0  everything in order: updated, or nothing to do
  64  wrong use of the command line
  69  no publishable address
  70  defect in wanbeacon
  75  temporary: something waits for another try, or another instance is running
  77  somebody must act: an entry is locked
  78  the configuration cannot be used

Signals: SIGHUP reloads the configuration, SIGUSR1 looks for the address now.";

/// Keeps DNS names pointing home. Without a command it runs as a daemon in the foreground.
#[derive(Clone, Debug, Parser)]
#[command(name = "wanbeacon", version, after_long_help = EXIT_CODES, disable_help_subcommand = true)]
pub struct Args {
    /// Options of every command.
    #[command(flatten)]
    pub options: Options,
    /// Make one round and exit: detect, decide, update what is due
    #[arg(long)]
    pub once: bool,
    /// What to do; the daemon if missing.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Configuration file [default: /etc/wanbeacon/config.toml]
    #[arg(long, global = true, value_name = "FILE", env = "WANBEACON_CONFIG")]
    pub config: Option<PathBuf>,
    /// State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]
    #[arg(long, global = true, value_name = "DIR", env = "WANBEACON_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Least important messages that are still shown
    #[arg(long, global = true, value_name = "LEVEL", env = "WANBEACON_LOG_LEVEL", value_enum, default_value_t)]
    pub log_level: Level,
    /// Form of the messages [default: journald when started by systemd, else text]
    #[arg(long, global = true, value_name = "FORMAT", env = "WANBEACON_LOG_FORMAT", value_enum)]
    pub log_format: Option<Format>,
    /// Whether colours are used
    #[arg(long, global = true, value_name = "WHEN", env = "WANBEACON_COLOR", value_enum, default_value_t)]
    pub color: Color,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Read the configuration and list all problems
    Check,
    /// Show what a round would do now and why, without doing it
    Plan {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the last known state of every entry
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Ask every configured address source and show what was chosen
    Detect {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Open locks by hand, after the cause is gone
    Unlock {
        /// Only this name
        #[arg(value_parser = Domain::parse)]
        domain: Option<Domain>,
    },
    /// Ask for an update now, at most one per 300 s
    Update {
        /// Only this name
        #[arg(value_parser = Domain::parse)]
        domain: Option<Domain>,
    },
    /// List the providers that are built in, or show one
    Providers {
        /// Show this one
        name: Option<String>,
    },
    /// Read and set remote access and dynamic DNS of the FRITZ!Box
    Fritzbox(FritzBox),
    /// Print settings of another client as a configuration
    #[command(subcommand)]
    Import(Import),
    /// Exit with 0 if the daemon is alive, else with 1
    Healthcheck,
    /// Show the main job against a pretended router and provider on this machine
    Demo,
}

impl Args {
    /// Reads the command line (with the program's name in front) and the environment.
    ///
    /// # Errors
    ///
    /// There is nothing to run: the text was asked for (`--help`, `--version`) or the use was wrong. It has been printed; the
    /// end is in the result.
    pub fn read(line: impl IntoIterator<Item = OsString>) -> Result<Self, Exit> {
        Self::parse_line(line).map_err(|error| {
            // Who closed the output does not want the text.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Success }
        })
    }

    fn parse_line(line: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let args = Self::try_parse_from(line)?;
        if args.once && args.command.is_some() {
            return Err(
                Self::command().error(ErrorKind::ArgumentConflict, "--once stands alone: it is a round of the daemon, not of a command")
            );
        }
        Ok(args)
    }
}

impl Options {
    /// The configuration file, and whether somebody named it.
    #[must_use]
    pub fn config_file(&self) -> (&Path, bool) {
        self.config.as_deref().map_or((Path::new(DEFAULT_CONFIG), false), |path| (path, true))
    }

    /// The state folder as the command line or the environment say it.
    #[must_use]
    pub fn state_dir(&self) -> StateDir {
        match &self.state_dir {
            None => StateDir::Default,
            Some(path) if path.as_os_str() == "none" => StateDir::None,
            Some(path) => StateDir::Folder(path.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        Args::parse_line(std::iter::once("wanbeacon").chain(line.iter().copied()).map(OsString::from))
    }

    #[test]
    fn the_definition_is_free_of_contradictions() {
        Args::command().debug_assert();
    }

    #[test]
    fn without_anything_it_is_the_daemon_with_the_defaults() {
        let args = parse(&[]).unwrap();
        assert_eq!((args.once, args.command.clone()), (false, None));
        assert_eq!(args.options.config_file(), (Path::new("/etc/wanbeacon/config.toml"), false));
        assert_eq!(args.options.state_dir(), StateDir::Default);
        assert_eq!(args.options.log_level, Level::Info);
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for line in [&["--config", "a.toml", "status", "--json"][..], &["status", "--json", "--config", "a.toml"]] {
            let args = parse(line).unwrap();
            assert_eq!(args.options.config_file(), (Path::new("a.toml"), true));
            assert_eq!(args.command, Some(Command::Status { json: true }));
        }
    }

    #[test]
    fn every_global_option_has_its_variable() {
        for argument in Args::command().get_arguments().filter(|argument| argument.is_global_set()) {
            let name = argument.get_long().unwrap_or_default().to_uppercase().replace('-', "_");
            assert_eq!(argument.get_env().and_then(|env| env.to_str()), Some(format!("WANBEACON_{name}").as_str()));
        }
    }

    #[test]
    fn names_are_read_as_names() {
        let args = parse(&["unlock", "Bücher.Example."]).unwrap();
        assert_eq!(args.command, Some(Command::Unlock { domain: Some(Domain::parse("xn--bcher-kva.example").unwrap()) }));
        assert!(parse(&["update", "not a name"]).is_err());
    }

    #[test]
    fn one_round_is_not_combined_with_a_command() {
        assert!(parse(&["--once"]).unwrap().once);
        assert!(parse(&["--once", "status"]).unwrap_err().use_stderr());
    }

    #[test]
    fn help_and_version_are_no_wrong_use() {
        for line in ["--help", "--version"] {
            assert!(!parse(&[line]).unwrap_err().use_stderr());
        }
        for line in ["--bogus", "bogus", "--color=sometimes"] {
            assert!(parse(&[line]).unwrap_err().use_stderr());
        }
    }

    #[test]
    fn none_as_a_state_folder_means_without() {
        assert_eq!(parse(&["--state-dir", "none"]).unwrap().options.state_dir(), StateDir::None);
        assert_eq!(parse(&["--state-dir", "./none"]).unwrap().options.state_dir(), StateDir::Folder("./none".into()));
    }
}
