//! Which certificate is the box's. No authority vouches for it and its name says nothing, so the certificate itself is known:
//! from the settings, or from the first time it was seen.

mod known;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest as _, Sha256};

use self::known::KnownBoxes;
use super::fault::CallError;
use crate::rules::fingerprint::Fingerprint;

/// Which certificate is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// This one: `[fritzbox] tls_fingerprint`.
    Pinned(Fingerprint),
    /// The first one that is seen.
    FirstUse {
        /// Where it is remembered: `known_boxes` in the state folder. `None`: for the life of the process.
        file: Option<PathBuf>,
    },
    /// One that was accepted before, at whatever place; the first one only while there is none.
    Known {
        /// As in [`Trust::FirstUse`].
        file: Option<PathBuf>,
    },
}

/// Name of the file of known boxes in the state folder.
pub const KNOWN_BOXES: &str = "known_boxes";

/// What is remembered without a file, or beside one that could not be written.
static SEEN: Mutex<BTreeMap<Place, Fingerprint>> = Mutex::new(BTreeMap::new());

/// The file, and the name of the box.
type Place = (Option<PathBuf>, String);

/// The certificate of one box; judges each connection to it.
pub(super) struct Pin {
    host: String,
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// One of these; empty: the first one.
    expected: Vec<Fingerprint>,
    /// Shown on a connection while nothing was expected.
    seen: Option<Fingerprint>,
    /// The first certificate of a box that has not accepted the login yet.
    unvouched: Option<Fingerprint>,
    problem: Option<String>,
}

impl Pin {
    /// What is known of the box at `host`, a name without blanks.
    ///
    /// # Errors
    ///
    /// The file cannot be read: who the box is must not be forgotten by accident.
    pub(super) fn new(host: &str, trust: Trust) -> Result<Self, CallError> {
        let host = known::folded(host);
        let expected = match &trust {
            Trust::Pinned(fingerprint) => vec![*fingerprint],
            Trust::FirstUse { file } => {
                let found = read(file.as_deref())?.find(&host);
                found.or_else(|| lock(&SEEN).get(&(file.clone(), host.clone())).copied()).into_iter().collect()
            }
            Trust::Known { file } => {
                let known = read(file.as_deref())?;
                let seen = lock(&SEEN);
                known.all().chain(seen.iter().filter(|((place, _), _)| place == file).map(|(_, seen)| *seen)).collect()
            }
        };
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Ok(Self { host, trust, algorithms, state: Mutex::new(State { expected, ..State::default() }) })
    }

    /// Is it known which certificate the box has?
    pub(super) fn knows(&self) -> bool {
        !lock(&self.state).expected.is_empty()
    }

    /// Why the last connection was not accepted.
    pub(super) fn problem(&self) -> Option<CallError> {
        lock(&self.state).problem.take().map(CallError::Certificate)
    }

    /// The error for a box that was known by its certificate and shows none.
    pub(super) fn lost(&self) -> CallError {
        CallError::Certificate(format!(
            "the box at {} offers no TLS, but {}: {}",
            self.host,
            if self.roams() {
                "a known box does; no login was sent, because it may be a stranger's"
            } else {
                "its certificate is known; no login was sent"
            },
            self.remedy()
        ))
    }

    /// Remembers the certificate of a connection that was made: only now has the box proven that it is its own. One that was merely
    /// found has to accept the login as well, see [`Self::vouch`].
    pub(super) fn confirm(&self) -> Result<(), CallError> {
        let mut state = lock(&self.state);
        let Some(seen) = state.seen.take().filter(|_| state.expected.is_empty()) else {
            return Ok(());
        };
        if self.roams() {
            state.expected = vec![seen];
            state.unvouched = Some(seen);
            return Ok(());
        }
        self.remember(&mut state, seen)
    }

    /// The box has accepted the login: it is ours.
    pub(super) fn vouch(&self) -> Result<(), CallError> {
        let mut state = lock(&self.state);
        state.unvouched.take().map_or(Ok(()), |seen| self.remember(&mut state, seen))
    }

    fn remember(&self, state: &mut State, seen: Fingerprint) -> Result<(), CallError> {
        let first = match &self.trust {
            Trust::FirstUse { file: Some(file) } | Trust::Known { file: Some(file) } => KnownBoxes::add(file, &self.host, seen)
                .unwrap_or_else(|why| {
                    tracing::warn!(host = self.host, "could not remember the certificate of the box beyond this run: {why}");
                    self.keep(Some(file.clone()), seen)
                }),
            Trust::FirstUse { file: None } | Trust::Known { file: None } | Trust::Pinned(_) => self.keep(None, seen),
        };
        if first != seen {
            return Err(CallError::Certificate(self.changed(first, seen)));
        }
        state.expected = vec![seen];
        tracing::info!(host = self.host, fingerprint = %seen, "the certificate of the box is accepted from now on, because it is the first one");
        Ok(())
    }

    /// Remembers `seen` for this run, unless another one came before.
    fn keep(&self, file: Option<PathBuf>, seen: Fingerprint) -> Fingerprint {
        *lock(&SEEN).entry((file, self.host.clone())).or_insert(seen)
    }

    /// Is it any box that was found, and maybe in a network of strangers?
    const fn roams(&self) -> bool {
        matches!(self.trust, Trust::Known { .. })
    }

    fn changed(&self, expected: Fingerprint, found: Fingerprint) -> String {
        if self.roams() {
            return format!(
                "the box at {} is none of the known ones, its certificate is {found}; no login was sent, because it may be a stranger's: {}",
                self.host,
                self.remedy()
            );
        }
        format!(
            "the certificate of the box at {} is not the expected one: expected {expected}, found {found}; no login was sent; \
             if the box was reset or replaced: {}",
            self.host,
            self.remedy()
        )
    }

    fn remedy(&self) -> String {
        match &self.trust {
            Trust::Pinned(_) => "set [fritzbox] tls_fingerprint to the new one".into(),
            Trust::FirstUse { file: Some(file) } => {
                format!("remove the line of {} from {}, or set [fritzbox] tls_fingerprint", self.host, file.display())
            }
            Trust::FirstUse { file: None } => "restart wanbeacon, or set [fritzbox] tls_fingerprint".into(),
            Trust::Known { file } => {
                let add = file.as_ref().map_or_else(String::new, |file| format!("add name and fingerprint to {}, ", file.display()));
                format!(
                    "if it is yours, {add}set [fritzbox] address (its IP address) or tls_fingerprint, or log in there once with `wanbeacon fritzbox info`"
                )
            }
        }
    }

    /// Is this certificate acceptable?
    fn judge(&self, certificate: &CertificateDer<'_>) -> bool {
        let found = Fingerprint(Sha256::digest(certificate).into());
        let mut state = lock(&self.state);
        if state.expected.contains(&found) {
            return true;
        }
        let expected = match state.expected.first() {
            Some(expected) => *expected,
            None => *state.seen.get_or_insert(found),
        };
        if expected != found {
            state.problem = Some(self.changed(expected, found));
        }
        expected == found
    }
}

fn read(file: Option<&Path>) -> Result<KnownBoxes, CallError> {
    file.map_or_else(|| Ok(KnownBoxes::default()), |file| KnownBoxes::read(file).map_err(CallError::Certificate))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin").field("host", &self.host).field("trust", &self.trust).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.judge(end_entity) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    // A certificate is public: who shows it must prove that it has the key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
