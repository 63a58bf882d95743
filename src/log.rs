//! Where messages go: stderr as text or JSON, or the journal.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// Form of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people, on stderr.
    Text,
    /// One JSON object per line, on stderr.
    Json,
    /// The systemd journal, with levels and fields.
    Journald,
}

impl Format {
    /// What fits when nothing was said: the journal where stderr would end there anyway.
    fn fitting() -> Self {
        if stderr_is_journal() { Self::Journald } else { Self::Text }
    }
}

/// The least important messages that are still shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Level {
    /// Somebody must act.
    Error,
    /// Something did not work and will be tried again.
    Warn,
    /// What changed and why.
    #[default]
    Info,
    /// Every step.
    Debug,
    /// Every byte that may be shown.
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

impl Color {
    /// The decision for one stream (no-color.org: any text in `NO_COLOR` means no).
    #[must_use]
    pub fn on(self, stream: &impl IsTerminal) -> bool {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|text| text == "dumb");
        self.decide(stream.is_terminal(), unwanted || dumb)
    }

    const fn decide(self, terminal: bool, unwanted: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && !unwanted,
        }
    }
}

/// Sends every message from now on where `format` says (`None`: where it fits), and panics with them.
///
/// Messages of dependencies are shown from `warn` on. A second call changes nothing.
pub fn init(format: Option<Format>, level: Level, color: Color) {
    let (layer, complaint) = match format.unwrap_or_else(Format::fitting) {
        Format::Text => (text(color), None),
        Format::Json => (fmt::layer().json().flatten_event(true).with_writer(io::stderr).log_internal_errors(false).boxed(), None),
        Format::Journald => match tracing_journald::layer() {
            Ok(layer) => (layer.with_priority_mappings(priorities()).boxed(), None),
            Err(error) => (text(color), Some(error)),
        },
    };
    if tracing_subscriber::registry().with(layer.with_filter(filter(level))).try_init().is_err() {
        return;
    }
    if let Some(error) = complaint {
        tracing::warn!("cannot reach the journal: {error}; messages go to stderr");
    }
    report_panics();
}

fn text(color: Color) -> Box<dyn Layer<Registry> + Send + Sync> {
    // A failed write to stderr is not worth a panic, which reporting it on stderr would be.
    let layer = fmt::layer().with_target(false).with_ansi(color.on(&io::stderr())).with_writer(io::stderr).log_internal_errors(false);
    // The journal stamps what it receives.
    if stderr_is_journal() { layer.without_time().boxed() } else { layer.boxed() }
}

fn filter(level: Level) -> Targets {
    Targets::new().with_default(LevelFilter::from(level.min(Level::Warn))).with_target(env!("CARGO_CRATE_NAME"), LevelFilter::from(level))
}

/// The journal's levels by their names: `journalctl -p info` shows what we call info.
const fn priorities() -> PriorityMappings {
    PriorityMappings {
        error: Priority::Error,
        warn: Priority::Warning,
        info: Priority::Informational,
        debug: Priority::Debug,
        trace: Priority::Debug,
    }
}

/// Did the service manager connect stderr with the journal? (systemd.exec(5), `JOURNAL_STREAM`)
fn stderr_is_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else {
        return false;
    };
    let stderr = io::stderr().as_fd().try_clone_to_owned().map(File::from).and_then(|file| file.metadata());
    stderr.is_ok_and(|stderr| stream == format!("{}:{}", stderr.dev(), stderr.ino()))
}

/// A panic is a defect: it is told where everything else is told, and where panics end the process the exit code says so.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let place = panic.location().map_or_else(|| "(unknown place)".to_owned(), ToString::to_string);
        tracing::error!("defect in {} {} at {place}: {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), text.unwrap_or("(no text)"));
        if cfg!(panic = "abort") {
            let _ = io::stderr().flush();
            #[expect(clippy::exit, reason = "the process ends here anyway; this way it ends with the code of a defect")]
            std::process::exit(70);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level as Severity;

    #[test]
    fn our_messages_follow_the_level_and_dependencies_start_at_warn() {
        let debug = filter(Level::Debug);
        assert!(debug.would_enable("wanbeacon::engine", &Severity::DEBUG));
        assert!(!debug.would_enable("reqwest::connect", &Severity::INFO));
        assert!(debug.would_enable("reqwest::connect", &Severity::WARN));
        let error = filter(Level::Error);
        assert!(!error.would_enable("reqwest::connect", &Severity::WARN) && !error.would_enable("wanbeacon", &Severity::WARN));
    }

    #[test]
    fn a_named_color_choice_beats_terminal_and_environment() {
        for terminal in [false, true] {
            for unwanted in [false, true] {
                assert!(Color::Always.decide(terminal, unwanted));
                assert!(!Color::Never.decide(terminal, unwanted));
                assert_eq!(Color::Auto.decide(terminal, unwanted), terminal && !unwanted);
            }
        }
    }
}
