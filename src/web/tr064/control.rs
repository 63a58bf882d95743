//! Calls of actions.

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};

use super::{identity, login};
use crate::config::Web;
use crate::tr064::served::actions::{self, Caller, Facts, Outcome, permits};
use crate::tr064::served::answer::{fault, results};
use crate::tr064::served::call::{self, Malformed};
use crate::tr064::served::services::{Access, Action, Service};
use crate::tr064::served::{Change, Refusal};
use crate::tr064::soap::{ACTION_FAILED, INTERNAL, INVALID_ARGUMENTS, NOT_AUTHORIZED, SoapFault};
use crate::web::Question;
use crate::web::request::{Call, Reply, error, is_foreign, reply, retry_after, wrong_method};
use crate::web::shared::Shared;

/// What is asked for in a call: `"urn:…:DeviceInfo:1#GetInfo"`.
const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// Answers a request for the control path of `service`.
pub(super) async fn answer(call: &Call, shared: &Shared, service: &'static Service) -> Reply {
    match call.method.as_str() {
        "POST" if is_foreign(call) => return error(StatusCode::FORBIDDEN, "The page of another site must not call this."),
        "POST" => {}
        // Nothing here is evented; the path for it is this one because a description needs one.
        "SUBSCRIBE" | "UNSUBSCRIBE" => return error(StatusCode::NOT_IMPLEMENTED, "No service here has events."),
        _ => return wrong_method("POST"),
    }
    let web = shared.settings();
    let named = call.headers.get(SOAP_ACTION).and_then(|field| field.to_str().ok());
    let read = match call::read(named, &call.body) {
        Ok(read) => read,
        Err(why) => return unreadable(&why, call, &web, shared),
    };
    let action = match actions::find(service, &read) {
        Ok(action) => action,
        Err(refusal) => return refused(&refusal, None),
    };
    if action.access == Access::Open {
        return open(service, action, &read, call.peer, shared).await;
    }
    let (caller, header) = match login::admit(call, read.login.as_ref(), &web, shared) {
        Ok(login::Admitted { user, header }) => (Caller { name: Some(user.name.clone()), rights: user.rights }, header),
        Err(reply) => return *reply,
    };
    let header = header.as_deref();
    if !permits(action.access, caller.rights) {
        return refused(&not_authorized(), header);
    }
    match outcome(service, action, &read, &caller, &web, shared).await {
        Ok((values, changed)) => {
            if changed {
                tracing::info!("{:?} at {} changed the settings: {}", caller.name.unwrap_or_default(), call.peer, action.name);
            }
            soap(StatusCode::OK, results(service, action, &values, header))
        }
        Err(refusal) => refused(&refusal, header),
    }
}

/// What everybody may call, also after wrong logins, but not without end. It troubles the daemon as little as possible.
async fn open(service: &'static Service, action: &'static Action, call: &call::Call, peer: IpAddr, shared: &Shared) -> Reply {
    if let Err(wait) = shared.opens(peer) {
        return retry_after(error(StatusCode::SERVICE_UNAVAILABLE, "There were too many calls."), wait);
    }
    let port = if actions::tells_security_port(action) {
        let Some(port) = shared.ask(Question::SecurityPort).await else {
            return refused(&silent(), None);
        };
        port
    } else {
        0
    };
    match actions::open(service, action, call, &identity::device(), port) {
        Outcome::Results(values) => soap(StatusCode::OK, results(service, action, &values, None)),
        Outcome::Fault { code, text } => refused(&SoapFault { code, text }, None),
        Outcome::Change(_) => refused(&not_authorized(), None),
    }
}

/// Strangers are asked for a login first: `curl --digest` sends no body before it has a challenge.
fn unreadable(why: &Malformed, call: &Call, web: &Web, shared: &Shared) -> Reply {
    match login::admit(call, None, web, shared) {
        Ok(_) => refused(&SoapFault { code: INVALID_ARGUMENTS, text: format!("Invalid Args: {why}") }, None),
        Err(reply) => *reply,
    }
}

/// The results of an action, and whether settings were changed for it.
async fn outcome(
    service: &'static Service,
    action: &'static Action,
    call: &call::Call,
    caller: &Caller,
    web: &Web,
    shared: &Shared,
) -> Result<(Vec<(&'static str, String)>, bool), SoapFault> {
    let view = shared.ask(Question::View).await.ok_or_else(silent)?;
    let facts = Facts { view: &view, web, device: &identity::device() };
    match actions::answer(service, action, call, caller, &facts) {
        Outcome::Results(values) => Ok((values, false)),
        Outcome::Change(change) => Ok((actions::changed(action, make(change, shared).await?), true)),
        Outcome::Fault { code, text } => Err(SoapFault { code, text }),
    }
}

/// Has the daemon make a change; the port of the remote access after it.
async fn make(change: Change, shared: &Shared) -> Result<u16, SoapFault> {
    let made = shared.ask(|place| Question::Change(change, place)).await.ok_or_else(silent)?;
    made.map_err(|refusal| match refusal {
        Refusal::Invalid(why) => SoapFault { code: INVALID_ARGUMENTS, text: format!("Invalid Args: {why}") },
        Refusal::Failed(why) => SoapFault { code: INTERNAL, text: format!("Internal Error: {why}") },
    })
}

fn not_authorized() -> SoapFault {
    SoapFault { code: NOT_AUTHORIZED, text: "Action Not Authorized".into() }
}

/// The daemon stops, or is too busy.
fn silent() -> SoapFault {
    SoapFault { code: ACTION_FAILED, text: "Action Failed: the daemon does not answer".into() }
}

fn refused(refusal: &SoapFault, header: Option<&str>) -> Reply {
    soap(StatusCode::INTERNAL_SERVER_ERROR, fault(refusal.code, &refusal.text, header))
}

/// An envelope as an answer.
pub(super) fn soap(status: StatusCode, envelope: String) -> Reply {
    let mut reply = reply(status, "text/xml; charset=\"utf-8\"", envelope);
    // UPnP Device Architecture 1.0, 3.2.2: it is there and has no value.
    reply.headers_mut().insert(HeaderName::from_static("ext"), HeaderValue::from_static(""));
    reply
}
