//! Calls of actions.

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};

use super::{identity, login};
use crate::config::Web;
use crate::tr064::served::actions::{self, Caller, Facts, Outcome, permits};
use crate::tr064::served::answer::{fault, results};
use crate::tr064::served::call;
use crate::tr064::served::services::{Access, Action, Service};
use crate::tr064::served::{Change, Refusal};
use crate::tr064::soap::{ACTION_FAILED, INTERNAL, INVALID_ARGUMENTS, NOT_AUTHORIZED, SoapFault};
use crate::web::Question;
use crate::web::request::{Call, Reply, error, reply, wrong_method};
use crate::web::shared::Shared;

/// What is asked for in a call: `"urn:…:DeviceInfo:1#GetInfo"`.
const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// Answers a request for the control path of `service`.
pub(super) async fn answer(call: &Call, shared: &Shared, service: &'static Service) -> Reply {
    match call.method.as_str() {
        "POST" => {}
        // Nothing here is evented; the path for it is this one because a description needs one.
        "SUBSCRIBE" | "UNSUBSCRIBE" => return error(StatusCode::NOT_IMPLEMENTED, "No service here has events."),
        _ => return wrong_method("POST"),
    }
    let named = call.headers.get(SOAP_ACTION).and_then(|field| field.to_str().ok());
    let read = call::read(named, &call.body).map_err(|why| SoapFault { code: INVALID_ARGUMENTS, text: format!("Invalid Args: {why}") });
    let (read, action) = match read.and_then(|read| actions::find(service, &read).map(|action| (read, action))) {
        Ok(found) => found,
        Err(refusal) => return refused(&refusal, None),
    };
    let web = shared.settings();
    let (caller, header) = match action.access {
        Access::Open => (Caller::default(), None),
        Access::Any(_) => match login::admit(call, read.login.as_ref(), &web, shared) {
            Ok(login::Admitted { user, header }) => (Caller { name: Some(user.name.clone()), rights: user.rights }, header),
            Err(reply) => return *reply,
        },
    };
    let header = header.as_deref();
    if !permits(action.access, caller.rights) {
        return refused(&SoapFault { code: NOT_AUTHORIZED, text: "Action Not Authorized".into() }, header);
    }
    match outcome(service, action, &read, &caller, &web, shared).await {
        Ok(values) => soap(StatusCode::OK, results(service, action, &values, header)),
        Err(refusal) => refused(&refusal, header),
    }
}

/// The results of an action, after its change was made if it is one.
async fn outcome(
    service: &'static Service,
    action: &'static Action,
    call: &call::Call,
    caller: &Caller,
    web: &Web,
    shared: &Shared,
) -> Result<Vec<(&'static str, String)>, SoapFault> {
    let view = shared.ask(Question::View).await.ok_or_else(silent)?;
    let configured = web.tr064.tls_listen.or(web.tls_listen).map_or(0, |address| address.port());
    let security_port = if configured == 0 { shared.security_port() } else { configured };
    let facts = Facts { view: &view, web, device: &identity::device(), security_port };
    match actions::answer(service, action, call, caller, &facts) {
        Outcome::Results(values) => Ok(values),
        Outcome::Change(change) => Ok(actions::changed(action, make(change, shared).await?)),
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
