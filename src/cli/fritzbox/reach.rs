//! The way to the box: which one, with which login, and whom it is taken for.

use std::path::PathBuf;

use super::args::Reach;
use crate::cli::args::Options;
use crate::cli::exit::Exit;
use crate::cli::folder::state_folder;
use crate::cli::out::Out;
use crate::cli::password::password;
use crate::cli::run;
use crate::config::{self, Login, Settings, World};
use crate::daemon::edges;
use crate::detect::Detectors;
use crate::http::Clients;
use crate::resolve::Names;
use crate::tr064::fault::CallError;
use crate::tr064::session::{Session, Trust};

/// What a conversation with the box needs.
pub(in crate::cli) struct Way {
    settings: Settings,
    clients: Clients,
    /// Certificates that were seen first.
    known_boxes: Option<PathBuf>,
    /// Looks for the box.
    pub(super) detectors: Detectors,
}

impl Way {
    /// Reads the configuration, if there is one, and what was typed.
    ///
    /// # Errors
    ///
    /// The configuration cannot be used; the reason has been reported.
    pub(in crate::cli) fn new(options: &Options, reach: &Reach, out: &mut Out) -> Result<Self, Exit> {
        let (file, chosen) = options.config_file();
        // The box can be asked without any configuration.
        let mut settings = if chosen || file.exists() { run::settings(options)? } else { defaults() };
        if reach.address.is_some() {
            settings.fritzbox.address.clone_from(&reach.address);
        }
        let known_boxes = state_folder(options, &settings.daemon.state_dir).map(|folder| folder.join("known_boxes"));
        let mut unusable = |problem: String| {
            out.complain(problem);
            Exit::Config
        };
        let clients = edges::clients(&settings).map_err(&mut unusable)?;
        let names = Names::new(&settings.daemon.resolver);
        let detectors = Detectors::new(clients.clone(), &settings.fritzbox, names, known_boxes.clone()).map_err(&mut unusable)?;
        Ok(Self { settings, clients, known_boxes, detectors })
    }

    /// Who logs in: what was typed, else what the configuration says; the password is asked for if nobody wrote it down.
    ///
    /// # Errors
    ///
    /// There is no password.
    pub(in crate::cli) fn login(&self, reach: &Reach) -> Result<Login, String> {
        let configured = self.settings.fritzbox.login.as_ref();
        let typed = reach.login.as_deref();
        // The configured password belongs to the configured user.
        let fits = configured.filter(|login| reach.login_password_file.is_none() && typed.is_none_or(|name| name == login.username));
        if let Some(login) = fits {
            return Ok(login.clone());
        }
        let username = typed.or(configured.map(|login| login.username.as_str())).unwrap_or_default().to_owned();
        let prompt =
            if username.is_empty() { "Password for the FRITZ!Box".to_owned() } else { format!("Password of {username} at the FRITZ!Box") };
        Ok(Login { username, password: password(reach.login_password_file.as_deref(), &prompt)? })
    }

    /// Goes there.
    ///
    /// # Errors
    ///
    /// The box is not found, or does not let us in.
    pub(in crate::cli) async fn open(&self, login: Login) -> Result<Session, Trouble> {
        let place = self.detectors.place(None).await.map_err(Trouble::NotFound)?;
        let trust = match self.settings.fritzbox.fingerprint {
            Some(fingerprint) => Trust::Pinned(fingerprint),
            None => Trust::FirstUse { file: self.known_boxes.clone() },
        };
        Ok(Session::open(&self.clients, &place, Some(login), trust).await?)
    }
}

impl Way {
    /// Runs a conversation on this thread.
    ///
    /// # Errors
    ///
    /// As `conversation`, or the system has no room for it.
    pub(in crate::cli) fn talk<T>(conversation: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Trouble::Words(format!("cannot start: {error}")))?;
        runtime.block_on(conversation)
    }

    /// The address that was given for the box, if one was.
    pub(in crate::cli) fn address(&self) -> Option<&str> {
        self.settings.fritzbox.address.as_deref()
    }
}

/// Why nothing came of it.
#[derive(Debug)]
pub(in crate::cli) enum Trouble {
    /// No box, or none that tells.
    NotFound(String),
    /// What was typed is not enough.
    Typed(String),
    /// The box said no.
    Call(CallError),
    /// Anything else, in words.
    Words(String),
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<String> for Trouble {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl Trouble {
    /// Says why, and how the command ends.
    pub(in crate::cli) fn report(self, out: &mut Out) -> Exit {
        match self {
            Self::NotFound(words) => {
                out.complain(words);
                Exit::Temporary
            }
            Self::Typed(words) => {
                out.complain(words);
                Exit::Usage
            }
            Self::Words(words) => {
                out.complain(words);
                Exit::Locked
            }
            Self::Call(error) => {
                let exit = if passes(&error) { Exit::Temporary } else { Exit::Locked };
                out.complain(error);
                exit
            }
        }
    }
}

/// May it work later without anybody doing something?
const fn passes(error: &CallError) -> bool {
    matches!(error, CallError::Http(_) | CallError::Throttled)
}

/// Settings where nobody wrote any.
fn defaults() -> Settings {
    config::load("", "", &World::given([], [])).map(|loaded| loaded.settings).expect("an empty configuration is a configuration")
}
