//! How a call proves who makes it: nothing at first, then what the box asks for. PURE: random text is handed in.

use super::content;
use super::digest::{self, User};
use super::fault::CallError;
use crate::config::Login;
use crate::rules::reply::Reply;
use crate::rules::secret::Secret;

/// Most requests for one call: the first, the answer to its challenge, two stale nonces, and the other login.
pub(super) const ROUNDS: u8 = 6;

/// One login at one box, from call to call.
#[derive(Debug)]
pub(super) struct Signer {
    login: Option<Login>,
    scheme: Scheme,
    /// The challenge came with an answer to this very call.
    fresh: bool,
}

/// What the box asks for.
#[derive(Debug)]
enum Scheme {
    /// Nothing was asked yet.
    Open,
    Digest {
        challenge: digest::Challenge,
        /// How often its nonce was used.
        count: u32,
    },
    /// The login inside the envelope; `None`: a challenge has to be asked for.
    Content(Option<content::Challenge>),
    /// The login is wrong: every further try makes the box wait longer.
    Refused,
}

/// What a request carries.
#[derive(Debug, Default)]
pub(super) struct Signature {
    /// Value of `Authorization`.
    pub(super) authorization: Option<Secret>,
    /// A block for the SOAP header.
    pub(super) block: Option<String>,
}

/// What to do with a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is the answer to the call.
    Done,
    /// Send the call again, signed anew.
    Again,
}

impl Signer {
    pub(super) const fn new(login: Option<Login>) -> Self {
        Self { login, scheme: Scheme::Open, fresh: false }
    }

    /// Begins a call.
    pub(super) const fn begin(&mut self) {
        self.fresh = false;
    }

    /// What the next request for `uri` carries.
    pub(super) fn sign(&mut self, uri: &str, cnonce: &str) -> Result<Signature, CallError> {
        let Some(login) = &self.login else {
            return Ok(Signature::default());
        };
        let user = User { name: &login.username, password: &login.password };
        Ok(match &mut self.scheme {
            Scheme::Open => Signature::default(),
            Scheme::Digest { challenge, count } => {
                *count = count.saturating_add(1);
                Signature { authorization: Some(challenge.answer(user, "POST", uri, *count, cnonce)), block: None }
            }
            Scheme::Content(challenge) => {
                let block = challenge.as_ref().map_or_else(|| content::init(user.name), |challenge| challenge.answer(user));
                Signature { authorization: None, block: Some(block) }
            }
            Scheme::Refused => return Err(self.unauthorized()),
        })
    }

    /// Judges the reply to a request that was signed last; `text` is its body.
    pub(super) fn judge(&mut self, reply: &Reply, text: &str) -> Result<Step, CallError> {
        if reply.status == 401 {
            return self.challenged(reply);
        }
        // Without a challenge inside, the body is not taken apart twice.
        let found = if text.contains("Challenge") { content::Challenge::read(text) } else { None };
        match (found, &self.scheme) {
            (Some(challenge), _) if !challenge.accepted => self.challenged_inside(challenge),
            (next, Scheme::Content(_)) => {
                self.scheme = Scheme::Content(next);
                Ok(Step::Done)
            }
            _ => Ok(Step::Done),
        }
    }

    fn challenged(&mut self, reply: &Reply) -> Result<Step, CallError> {
        self.needs_login()?;
        let fields = reply.headers.iter().filter(|(name, _)| name == "www-authenticate");
        let fields: Vec<&str> = fields.map(|(_, value)| value.as_str()).collect();
        match (digest::Challenge::choose(&fields), &self.scheme) {
            (Some(challenge), Scheme::Digest { .. }) if self.fresh && !challenge.stale => Err(self.refuse()),
            (Some(challenge), Scheme::Open | Scheme::Digest { .. }) => {
                self.scheme = Scheme::Digest { challenge, count: 0 };
                self.fresh = true;
                Ok(Step::Again)
            }
            (None, Scheme::Open | Scheme::Digest { .. }) => {
                self.scheme = Scheme::Content(None);
                self.fresh = false;
                Ok(Step::Again)
            }
            (_, Scheme::Content(_) | Scheme::Refused) => Err(self.refuse()),
        }
    }

    fn challenged_inside(&mut self, challenge: content::Challenge) -> Result<Step, CallError> {
        self.needs_login()?;
        if matches!(self.scheme, Scheme::Content(Some(_))) && self.fresh {
            return Err(self.refuse());
        }
        self.scheme = Scheme::Content(Some(challenge));
        self.fresh = true;
        Ok(Step::Again)
    }

    fn needs_login(&self) -> Result<(), CallError> {
        if self.login.is_some() { Ok(()) } else { Err(CallError::LoginMissing) }
    }

    fn refuse(&mut self) -> CallError {
        self.scheme = Scheme::Refused;
        self.unauthorized()
    }

    fn unauthorized(&self) -> CallError {
        CallError::Unauthorized { user: self.login.as_ref().map(|login| login.username.clone()).unwrap_or_default() }
    }
}
