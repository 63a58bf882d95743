//! `/nic/update`: a router pushes its address (dyndns2 in FreeDYN's dialect). What it may ask for and is told is judged in
//! `rules/intake`; here are HTTP, the login, and the way to the daemon.

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};

use super::request::{Call, Reply, is_foreign, reply, retry_after};
use super::shared::Shared;
use super::{Question, login};
use crate::config::{User, Web};
use crate::rules::address::quoted;
use crate::rules::intake::{Answer, Code, Fields, Order};
use crate::rules::push::Taken;
use crate::rules::rights::Right;

/// Any of these is enough: a router is an application, and whoever may change settings may do this as well.
const RIGHTS: [Right; 2] = [Right::App, Right::Config];

/// How a login is asked for: a browser that is logged in elsewhere here does not log in here by itself.
const CHALLENGE: &str = "Basic realm=\"wanbeacon push\", charset=\"UTF-8\"";

/// Bytes of a password that are not shown: addresses are split at blanks and commas. Fewer are a coincidence.
const PIECE: usize = 4;

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
    let refused = |code: Code, why: &str, reply: Reply| {
        say(shared, call, code, true, &format!("{} pushes, and is refused: {why}", call.peer));
        Err(Box::new(reply))
    };
    if ![Method::GET, Method::HEAD, Method::POST].contains(&call.method) {
        return refused(Code::BadAgent, "not with this method", told_with(Code::BadAgent.into(), ALLOW, "GET, HEAD, POST"));
    }
    let forbidden = || told(Answer { status: 403, ..Code::BadAuth.into() });
    if is_foreign(call) {
        return refused(Code::BadAuth, "the page of another site asks for it", forbidden());
    }
    // Not "abuse": for that word clients stop for good.
    let later = |wait| retry_after(told(Answer { status: 503, ..Code::Fault.into() }), wait);
    let login = fields.login(login::basic(&call.headers));
    if let Err(wait) = if login.is_some() { shared.admits(call.peer) } else { shared.asks(call.peer) } {
        return refused(Code::Fault, "too many requests without a valid login", later(wait));
    }
    let Some(login) = login else {
        shared.came_without(call.peer);
        // There are clients that wait for being asked.
        say(shared, call, Code::BadAuth, false, &format!("{} pushes without a login, and is asked for one", call.peer));
        return Err(Box::new(told_with(Code::BadAuth.into(), WWW_AUTHENTICATE, CHALLENGE)));
    };
    // The name that was given is not shown: it may be a password in the wrong place.
    let Some(user) = login::user(&settings.users, &login.name, &login.password) else {
        shared.failed(call.peer);
        tracing::debug!("{} pushes, and is refused: the login is wrong", call.peer);
        return Err(Box::new(told_with(Code::BadAuth.into(), WWW_AUTHENTICATE, CHALLENGE)));
    };
    if !user.rights.any(&RIGHTS) {
        let why = format!("the user {} has neither the right app nor config", quoted(&user.name));
        return refused(Code::BadAuth, &why, forbidden());
    }
    Ok(user)
}

async fn pushed(call: &Call, fields: &Fields, user: &User, shared: &Shared) -> Answer {
    let refused = |code: Code, names: &str, value: &str| {
        let value = if value.is_empty() { String::new() } else { format!(" ({})", shown(value, user)) };
        let text = format!("{}: {}, {}{value}", says_who(call, user, names), code.word(), code.cause());
        say(shared, call, code, code != Code::NoRecord, &text);
    };
    let order = match Order::read(fields, call.peer) {
        Ok(order) => order,
        Err(refusal) => {
            refused(refusal.code, &fields.list(), &refusal.value);
            return refusal.into();
        }
    };
    let taken = match order.push() {
        None => Vec::new(),
        Some(push) => match shared.ask(|place| Question::Push(push.clone(), place)).await {
            Some(Some(taken)) => taken,
            // It could not be stored, or the daemon is busy or stopping, which passes.
            nothing => {
                refused(Code::Fault, &fields.list(), "");
                return Answer { status: if nothing.is_some() { 500 } else { 503 }, ..Code::Fault.into() };
            }
        },
    };
    let (answer, codes) = (order.answer(&taken), order.codes(&taken).collect::<Vec<_>>());
    let accepted = [Code::Good, Code::NoChg];
    for code in Code::ALL.into_iter().filter(|code| !accepted.contains(code)) {
        let names: Vec<&str> = codes.iter().filter(|(_, its)| *its == code).map(|(name, _)| *name).collect();
        if !names.is_empty() {
            let address = taken.iter().find_map(|it| if let Taken::Refused(address) = it { Some(address.to_string()) } else { None });
            refused(code, &names.join(","), &address.filter(|_| code == Code::DnsErrLock).unwrap_or_default());
        }
    }
    if codes.iter().any(|(_, code)| accepted.contains(code)) {
        let text = format!("{}: {}", says_who(call, user, &fields.list()), quoted(&answer.text));
        if codes.iter().any(|(_, code)| *code == Code::Good) { tracing::info!("{text}") } else { tracing::debug!("{text}") }
    }
    answer
}

fn says_who(call: &Call, user: &User, names: &str) -> String {
    format!("{} pushes as {} for {}", call.peer, quoted(&user.name), shown(names, user))
}

/// For the log, without the password, or a piece of it, that somebody put in the wrong field.
fn shown(text: &str, user: &User) -> String {
    let password = user.password.expose().trim();
    let looks_like_it = !password.is_empty() && (text.contains(password) || (text.len() >= PIECE && password.contains(text)));
    if looks_like_it { "not shown, it looks like the password".to_owned() } else { quoted(text) }
}

/// Says why a push was not taken: once, and its repetitions to whom looks closely. `fault`: somebody has to do something about it.
fn say(shared: &Shared, call: &Call, code: Code, fault: bool, text: &str) {
    match (shared.is_news(call.peer, code.word(), text), fault) {
        (false, _) => tracing::debug!("{text}"),
        (true, false) => tracing::info!("{text}"),
        (true, true) => tracing::warn!("{text}"),
    }
}

#[cfg(test)]
mod tests;
