//! `/nic/update`: a router pushes its address (dyndns2 in FreeDYN's dialect). What it may ask for and is told is judged in
//! `rules/intake`; here are HTTP, the login, and the way to the daemon.

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};

use super::request::{Call, Reply, is_foreign, reply, retry_after};
use super::shared::Shared;
use super::{Question, login};
use crate::config::{User, Web};
use crate::rules::address::quoted;
use crate::rules::domain::Domain;
use crate::rules::intake::{Answer, Code, Fields, Order};
use crate::rules::rights::Right;

/// Any of these is enough: a router is an application, and whoever may change settings may do this as well.
const RIGHTS: [Right; 2] = [Right::App, Right::Config];

/// How a login is asked for: a browser that is logged in elsewhere here does not log in here by itself.
const CHALLENGE: &str = "Basic realm=\"wanbeacon push\", charset=\"UTF-8\"";

/// Answers an update. The body of an answer to HEAD is left out by the server, which needs its length.
pub(super) async fn update(call: &Call, shared: &Shared) -> Reply {
    let settings = shared.settings();
    let fields = Fields::read(call.query.as_bytes(), form(call));
    match user(call, &fields, shared, &settings) {
        Ok(user) => told(pushed(call, &fields, user, shared).await),
        Err(refusal) => *refusal,
    }
}

fn told(answer: Answer) -> Reply {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply(status, "text/plain", answer.text)
}

fn told_with(answer: Answer, name: HeaderName, value: &'static str) -> Reply {
    let mut reply = told(answer);
    reply.headers_mut().insert(name, HeaderValue::from_static(value));
    reply
}

/// What a POST carries in its body, if that is a form.
fn form(call: &Call) -> &[u8] {
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if call.method == Method::POST && kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") { &call.body } else { &[] }
}

/// Who asks, and may. Nothing else is told to anybody else.
fn user<'u>(call: &Call, fields: &Fields, shared: &Shared, settings: &'u Web) -> Result<&'u User, Box<Reply>> {
    let refused = |why: &str, reply: Reply| {
        tracing::debug!("{} pushes, and is refused: {why}", call.peer);
        Err(Box::new(reply))
    };
    if ![Method::GET, Method::HEAD, Method::POST].contains(&call.method) {
        return refused("not with this method", told_with(Code::BadAgent.into(), ALLOW, "GET, HEAD, POST"));
    }
    let forbidden = || told(Answer { status: 403, ..Code::BadAuth.into() });
    if is_foreign(call) {
        return refused("the page of another site asks for it", forbidden());
    }
    // Not "abuse": for that word clients stop for good.
    let later = |wait| retry_after(told(Answer { status: 503, ..Code::Fault.into() }), wait);
    let login = fields.login(login::basic(&call.headers));
    if let Err(wait) = if login.is_some() { shared.admits(call.peer) } else { shared.asks(call.peer) } {
        return refused("too many requests without a valid login", later(wait));
    }
    let Some(login) = login else {
        shared.came_without(call.peer);
        return refused("no login", told_with(Code::BadAuth.into(), WWW_AUTHENTICATE, CHALLENGE));
    };
    let Some(user) = login::user(&settings.users, &login.name, &login.password) else {
        shared.failed(call.peer);
        return refused("the login is wrong", told_with(Code::BadAuth.into(), WWW_AUTHENTICATE, CHALLENGE));
    };
    if !user.rights.any(&RIGHTS) {
        return refused("the user has neither the right app nor config", forbidden());
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

#[cfg(test)]
mod tests;
