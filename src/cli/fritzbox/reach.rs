//! The way to the box: which one, with which login, and whom it is taken for.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::args::Reach;
use crate::cli::args::Options;
use crate::cli::exit::Exit;
use crate::cli::folder::state_folder;
use crate::cli::out::Out;
use crate::cli::password::password;
use crate::cli::run;
use crate::config::{self, FritzBox, Login, Settings, World};
use crate::daemon::edges;
use crate::detect::{Detectors, WanView};
use crate::http::Clients;
use crate::resolve::Names;
use crate::tr064::fault::CallError;
use crate::tr064::session::{Session, Trust};
use crate::tr064::trust::KNOWN_BOXES;

/// How the file with the login's password is named.
const PASSWORD_FILE: &str = "--login-password-file";

/// What helps where a box is that keeps silent about its line, in the words of its user interface.
const SILENT: &str = "switch on \"Transmit status information over UPnP\" in the FRITZ!Box (Home Network > Network > Network Settings), \
                      or set [fritzbox] username and password";

/// What a conversation with the box needs.
pub(in crate::cli) struct Way {
    settings: Settings,
    clients: Clients,
    /// Certificates that were seen first.
    known_boxes: Option<PathBuf>,
}

impl Way {
    /// Reads the configuration, if there is one, and what was typed.
    ///
    /// # Errors
    ///
    /// The configuration, or what was typed, cannot be used; the reason has been reported.
    pub(in crate::cli) fn new(options: &Options, reach: &Reach, out: &mut Out) -> Result<Self, Exit> {
        let (file, chosen) = options.config_file();
        // The box can be asked without any configuration.
        let mut settings = if chosen || file.exists() { run::settings(options)? } else { defaults() };
        if reach.address.is_some() {
            settings.fritzbox.address.clone_from(&reach.address);
        }
        if let Some(file) = &reach.login_password_file {
            let password = password(Some(file), "", PASSWORD_FILE).map_err(|problem| Trouble::Typed(problem).report(out))?;
            let configured = settings.fritzbox.login.map_or_else(String::new, |login| login.username);
            settings.fritzbox.login = Some(Login { username: reach.login.clone().unwrap_or(configured), password });
        }
        let known_boxes = state_folder(options, &settings.daemon.state_dir).map(|folder| folder.join(KNOWN_BOXES));
        let clients = edges::clients(&settings).map_err(|problem| {
            out.complain(problem);
            Exit::Config
        })?;
        Ok(Self { settings, clients, known_boxes })
    }

    /// Who logs in: what was typed, else what the configuration says; the password is asked for if nobody wrote it down.
    ///
    /// # Errors
    ///
    /// There is no password.
    pub(in crate::cli) fn login(&self, reach: &Reach) -> Result<Login, String> {
        let known = self.settings.fritzbox.login.as_ref();
        let typed = reach.login.as_deref();
        // The configured password belongs to the configured user.
        if let Some(login) = known.filter(|login| typed.is_none_or(|name| name == login.username)) {
            return Ok(login.clone());
        }
        let username = typed.or(known.map(|login| login.username.as_str())).unwrap_or_default().to_owned();
        let prompt =
            if username.is_empty() { "Password for the FRITZ!Box".to_owned() } else { format!("Password of {username} at the FRITZ!Box") };
        let password = password(None, &prompt, PASSWORD_FILE)?;
        Ok(Login { username, password })
    }

    /// What looks for the box. One that says nothing without a login is asked with this one.
    fn detectors(&self, login: Option<Login>) -> Result<Detectors, Trouble> {
        if let Some(folder) = self.known_boxes.as_deref().and_then(Path::parent).filter(|_| login.is_some()) {
            // Without a folder the certificate is not remembered; that is reported when it is seen.
            let _ = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        }
        let fritzbox = FritzBox { login, ..self.settings.fritzbox.clone() };
        let names = Names::new(&self.settings.daemon.resolver);
        // A configured address has been checked.
        let detectors = Detectors::new(self.clients.clone(), &fritzbox, names, self.known_boxes.clone()).map_err(Trouble::Typed)?;
        Ok(detectors.in_person())
    }

    /// The box's view of the line. A login is used where it is known already; none is asked for.
    ///
    /// # Errors
    ///
    /// No box is found, or it does not tell.
    pub(in crate::cli) async fn wan_view(&self) -> Result<WanView, Trouble> {
        let login = self.settings.fritzbox.login.clone();
        let silent_without = login.is_none() && self.address().is_some();
        let detectors = self.detectors(login)?;
        let why = match detectors.wan_view(self.via()).await {
            Ok(view) => return Ok(view),
            Err(why) => why,
        };
        // A box that describes itself, but not its line, waits for somebody.
        if silent_without && self.session(&detectors, None).await.is_ok() {
            return Err(Trouble::Words(format!("the box says nothing about its line without a login ({why}); {SILENT}")));
        }
        Err(Trouble::NotFound(why))
    }

    /// Goes there.
    ///
    /// # Errors
    ///
    /// The box is not found, or does not let us in.
    pub(in crate::cli) async fn open(&self, login: Login) -> Result<Session, Trouble> {
        self.session(&self.detectors(Some(login.clone()))?, Some(login)).await
    }

    async fn session(&self, detectors: &Detectors, login: Option<Login>) -> Result<Session, Trouble> {
        let place = detectors.place(self.via()).await.map_err(Trouble::NotFound)?;
        let trust = match self.settings.fritzbox.fingerprint {
            Some(fingerprint) => Trust::Pinned(fingerprint),
            None => Trust::FirstUse { file: self.known_boxes.clone() },
        };
        Ok(Session::open(&self.clients, &place, self.via(), login, trust).await?)
    }
}

impl Way {
    /// The way out of the line whose box is meant: the one that is called default, or the only one there is.
    fn via(&self) -> Option<&str> {
        self.settings.lines.first().and_then(|line| line.interface.as_deref())
    }

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
    match error {
        CallError::Http(_) | CallError::Throttled => true,
        // Confirmations are blocked, or another one is under way.
        CallError::Refused(fault) => matches!(fault.code, 867 | 868),
        _ => false,
    }
}

/// Settings where nobody wrote any.
fn defaults() -> Settings {
    config::load("", "", &World::given([], [])).map(|loaded| loaded.settings).expect("an empty configuration is a configuration")
}
