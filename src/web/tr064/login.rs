//! Who calls: digest logins and logins inside the envelope, and what those get that have none.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use rustix::rand::{GetRandomFlags, getrandom};

use super::control::soap;
use crate::config::{User, Web};
use crate::tr064::served::answer::envelope_only;
use crate::tr064::served::call::EnvelopeLogin;
use crate::tr064::served::challenge::{Target, Verdict, challenge, judge};
use crate::tr064::served::envelope;
use crate::tr064::served::nonces::Nonces;
use crate::web::gate::owner;
use crate::web::request::{Call, Reply, error, held_up};
use crate::web::shared::Shared;

/// The challenges that are open.
#[derive(Debug)]
pub(crate) struct Logins {
    digest: Mutex<Nonces>,
    envelope: Mutex<Nonces>,
    /// Where their time begins.
    begun: Instant,
}

impl Default for Logins {
    fn default() -> Self {
        Self { digest: Mutex::default(), envelope: Mutex::default(), begun: Instant::now() }
    }
}

/// Who was let in.
#[derive(Debug)]
pub(super) struct Admitted<'w> {
    pub(super) user: &'w User,
    /// A block for the SOAP header of the answer.
    pub(super) header: Option<String>,
}

/// Lets a client in, or has the answer to one that has to log in first, or to wait.
pub(super) fn admit<'w>(call: &Call, login: Option<&EnvelopeLogin>, web: &'w Web, shared: &Shared) -> Result<Admitted<'w>, Box<Reply>> {
    let login = login.filter(|_| web.login.content);
    let has_login = login.map_or(field(call).is_some(), |login| matches!(login, EnvelopeLogin::Auth { .. }));
    if let Err(wait) = if has_login { shared.admits(call.peer) } else { shared.asks(call.peer) } {
        return Err(held_up(wait));
    }
    // Whoever cannot hand out challenges lets nobody in.
    let random = random().ok_or_else(|| Box::new(error(StatusCode::SERVICE_UNAVAILABLE, "The system gives no random numbers.")))?;
    match login {
        Some(login) => inside(login, web, shared, call, random),
        None => digest(call, web, shared, random),
    }
}

fn digest<'w>(call: &Call, web: &'w Web, shared: &Shared, random: u64) -> Result<Admitted<'w>, Box<Reply>> {
    let now = shared.logins.begun.elapsed();
    let mut nonces = lock(&shared.logins.digest);
    let verdict = match field(call) {
        Some(field) => {
            let uri = if call.query.is_empty() { call.path.clone() } else { format!("{}?{}", call.path, call.query) };
            judge(field, Target { method: call.method.as_str(), uri: &uri }, &web.users, web.login, &mut nonces, now)
        }
        None => Verdict::Missing,
    };
    if let Some(user) = book(verdict, call, shared)? {
        return Ok(Admitted { user, header: None });
    }
    let challenge = challenge(&nonces.issue(owner(call.peer), now, random), web.login, verdict == Verdict::Stale);
    let mut reply = error(StatusCode::UNAUTHORIZED, "A login is needed.");
    let value = HeaderValue::try_from(challenge).expect("a challenge consists of printable ASCII");
    reply.headers_mut().insert(WWW_AUTHENTICATE, value);
    Err(Box::new(reply))
}

/// The only field `Authorization`; of two nobody knows which one counts.
fn field(call: &Call) -> Option<&[u8]> {
    let mut fields = call.headers.get_all(AUTHORIZATION).iter();
    let field = fields.next()?;
    fields.next().is_none().then_some(field.as_bytes())
}

fn inside<'w>(login: &EnvelopeLogin, web: &'w Web, shared: &Shared, call: &Call, random: u64) -> Result<Admitted<'w>, Box<Reply>> {
    let now = shared.logins.begun.elapsed();
    let mut nonces = lock(&shared.logins.envelope);
    let verdict = envelope::judge(login, &web.users, &mut nonces, now);
    let user = book(verdict, call, shared)?;
    let next = nonces.issue(owner(call.peer), now, random);
    match user {
        Some(user) => Ok(Admitted { user, header: Some(envelope::block(true, &next)) }),
        None => Err(Box::new(soap(StatusCode::OK, envelope_only(&envelope::block(false, &next))))),
    }
}

/// Who is let in, if anybody. The error is for who has to wait: what looks like a login and is none is held up as none is.
fn book<'w>(verdict: Verdict<'w>, call: &Call, shared: &Shared) -> Result<Option<&'w User>, Box<Reply>> {
    match verdict {
        Verdict::User(user) => {
            shared.let_in(call.peer);
            return Ok(Some(user));
        }
        Verdict::Wrong => shared.failed(call.peer),
        // The password is right.
        Verdict::Stale => shared.came_without(call.peer),
        Verdict::Missing => {
            shared.asks(call.peer).map_err(held_up)?;
            shared.came_without(call.peer);
        }
    }
    Ok(None)
}

fn random() -> Option<u64> {
    let mut bytes = [0; 8];
    let length = getrandom(&mut bytes[..], GetRandomFlags::empty()).ok()?;
    (length == bytes.len()).then(|| u64::from_ne_bytes(bytes))
}

fn lock(nonces: &Mutex<Nonces>) -> MutexGuard<'_, Nonces> {
    nonces.lock().unwrap_or_else(PoisonError::into_inner)
}
