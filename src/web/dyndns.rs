//! `/nic/update`: a router pushes its address (dyndns2 in FreeDYN's dialect). What it may ask for and is told is judged in
//! `rules/intake`; here are HTTP, the login, and the way to the daemon.

use std::sync::PoisonError;
use std::time::Duration;

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};
use rustix::time::{ClockId, clock_gettime};

use super::request::{Call, Reply, reply};
use super::shared::Shared;
use super::{Question, login};
use crate::config::{User, Web};
use crate::rules::address::quoted;
use crate::rules::domain::Domain;
use crate::rules::intake::{Answer, Code, Fields, Order};
use crate::rules::rights::Right;

/// Any of these is enough: a router is an application, and whoever may change settings may do this as well.
const RIGHTS: [Right; 2] = [Right::App, Right::Config];

/// Why the login is asked for, and how it is written (RFC 7617).
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"wanbeacon\", charset=\"UTF-8\"");

/// An answer, and the field that goes with it.
type Told = (Answer, Option<(HeaderName, HeaderValue)>);

/// Answers an update. The body of an answer to HEAD is left out by the server, which needs its length.
pub(super) async fn update(call: &Call, shared: &Shared) -> Reply {
    let settings = shared.settings();
    let fields = Fields::read(call.query.as_bytes(), form(call));
    let (answer, field) = match user(call, &fields, shared, &settings) {
        Err(told) => told,
        Ok(user) => (pushed(call, &fields, user, shared).await, None),
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = reply(status, "text/plain", answer.text);
    if let Some((name, value)) = field {
        reply.headers_mut().insert(name, value);
    }
    reply
}

/// What a POST carries in its body, if that is a form.
fn form(call: &Call) -> &[u8] {
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if call.method == Method::POST && kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") { &call.body } else { &[] }
}

/// Who asks, and may. Nothing else is told to anybody else.
fn user<'u>(call: &Call, fields: &Fields, shared: &Shared, settings: &'u Web) -> Result<&'u User, Told> {
    let refused = |why: &str, answer: Answer, field| {
        tracing::debug!("{} pushes, and is refused: {why}", call.peer);
        Err((answer, field))
    };
    if ![Method::GET, Method::HEAD, Method::POST].contains(&call.method) {
        let allowed = (ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        return refused("not with this method", Code::BadAgent.into(), Some(allowed));
    }
    let mut gate = shared.gate.lock().unwrap_or_else(PoisonError::into_inner);
    let now = now();
    if let Err(wait) = gate.admits(call.peer, now) {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let answer = Answer { status: 503, ..Code::Abuse.into() };
        return refused("too many wrong logins", answer, Some((RETRY_AFTER, seconds.into())));
    }
    let challenge = Some((WWW_AUTHENTICATE, CHALLENGE));
    let Some(login) = fields.login(login::basic(&call.headers)) else {
        gate.came_without(call.peer, now);
        return refused("no login", Code::BadAuth.into(), challenge);
    };
    let Some(user) = login::user(&settings.users, &login.name, &login.password) else {
        gate.failed(call.peer, now);
        return refused("the login is wrong", Code::BadAuth.into(), challenge);
    };
    if !user.rights.any(&RIGHTS) {
        let answer = Answer { status: 403, ..Code::BadAuth.into() };
        return refused("the user has neither the right app nor config", answer, None);
    }
    Ok(user)
}

async fn pushed(call: &Call, fields: &Fields, user: &User, shared: &Shared) -> Answer {
    let order = Order::read(fields, call.peer);
    let push = order.as_ref().ok().and_then(Order::push);
    let answer = match (&order, push) {
        (Err(code), _) => (*code).into(),
        (Ok(order), None) => order.answer(&[]),
        (Ok(order), Some(push)) => match shared.ask(|place| Question::Push(push.clone(), place)).await {
            Some(Some(taken)) => order.answer(&taken),
            // It could not be stored.
            Some(None) => Code::Fault.into(),
            // It is busy or stopping, which passes.
            None => Answer { status: 503, ..Code::Fault.into() },
        },
    };
    let names: Vec<&str> = push.iter().flat_map(|push| &push.domains).map(Domain::as_str).collect();
    tracing::debug!("{} pushes as {} for {}: {}", call.peer, quoted(&user.name), quoted(&names.join(",")), quoted(&answer.text));
    answer
}

/// The time that passes for the gate, while the machine sleeps as well.
fn now() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests;
