//! What the actions do: results out of what is known, or a change that the daemon has to make. PURE.

mod device;
mod network;
mod providers;
mod remote;

pub(super) use providers::name;

use crate::config::Web;
use crate::rules::rights::Rights;
use crate::tr064::remote_access::{short, truth};
use crate::tr064::soap::{INVALID_ACTION, INVALID_ARGUMENTS, SoapFault};

use super::call::Call;
use super::description::Device;
use super::services::{Access, Action, Service, Type};
use super::{Change, View};

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// `None`: nobody has logged in.
    pub name: Option<String>,
    /// What they may do.
    pub rights: Rights,
}

/// What actions tell of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// How everything is.
    pub view: &'a View,
    /// The users.
    pub web: &'a Web,
    /// Who we are.
    pub device: &'a Device,
}

/// What a call amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Results by the name of their argument.
    Results(Vec<(&'static str, String)>),
    /// The daemon is to make this change; [`changed`] are the results if it does.
    Change(Change),
    /// A refusal.
    Fault {
        /// `UPnP` error code.
        code: u32,
        /// In words; holds no secret.
        text: String,
    },
}

impl From<SoapFault> for Outcome {
    fn from(SoapFault { code, text }: SoapFault) -> Self {
        Self::Fault { code, text }
    }
}

/// May somebody with these rights call what has this access? Nobody without a login has any right.
#[must_use]
pub fn permits(access: Access, rights: Rights) -> bool {
    match access {
        Access::Open => true,
        Access::Any(of) => rights.any(of),
    }
}

/// The action that `call` names, at the path of `service`.
///
/// # Errors
///
/// The service has no such action, or another service is meant (code 401).
pub fn find(service: &Service, call: &Call) -> Result<&'static Action, SoapFault> {
    let kind = call.service_kind.as_deref().unwrap_or(service.kind);
    if kind != service.kind {
        let text = format!("Invalid Action: this is {}, the call is for {:?}", service.kind, short(kind));
        return Err(SoapFault { code: INVALID_ACTION, text });
    }
    service.action(&call.action).ok_or_else(|| unknown(&call.action))
}

/// What an action that is [open](Access::Open) amounts to. It tells what everybody may know, and so needs little to be known:
/// `security_port`, for the action that [tells it](tells_security_port), is where this service is over TLS; 0: nowhere.
#[must_use]
pub fn open(service: &Service, action: &Action, call: &Call, device: &Device, security_port: u16) -> Outcome {
    let outcome = check(service, action, call).and_then(|()| match short_kind(service) {
        "DeviceInfo:1" => device::security_port(action.name, security_port),
        "LANConfigSecurity:1" => device::security(action.name, &Caller::default()),
        "UserInterface:1" => device::user_interface(action.name, device),
        _ => Err(unknown(action.name)),
    });
    outcome.unwrap_or_else(Outcome::from)
}

/// Is the port of the service over TLS a result of `action`?
#[must_use]
pub fn tells_security_port(action: &Action) -> bool {
    action.given().any(|argument| argument.variable == "SecurityPort")
}

/// What `action` of `service` amounts to for a caller who has logged in. Whether the caller may call it was asked before
/// ([`permits`]).
#[must_use]
pub fn answer(service: &Service, action: &Action, call: &Call, caller: &Caller, facts: &Facts<'_>) -> Outcome {
    let outcome = check(service, action, call).and_then(|()| match short_kind(service) {
        "X_AVM-DE_RemoteAccess:1" => remote::answer(action.name, &call.arguments, caller, facts),
        "DeviceInfo:1" => device::device(action.name, facts),
        "LANConfigSecurity:1" => device::security(action.name, caller),
        "UserInterface:1" => device::user_interface(action.name, facts.device),
        _ => network::answer(action.name, facts.view),
    });
    outcome.unwrap_or_else(Outcome::from)
}

/// The end of a service type, which is enough to tell ours apart.
fn short_kind(service: &Service) -> &'static str {
    service.kind.rsplit_once(":service:").map_or("", |(_, name)| name)
}

/// The results of an action after its change was made; `port` is that of the remote access, 0 if there is none.
#[must_use]
pub fn changed(action: &Action, port: u16) -> Vec<(&'static str, String)> {
    action.given().filter(|argument| argument.variable == "Port").map(|argument| (argument.name, port.to_string())).collect()
}

/// Are these the arguments of the action, all of them, each of its type? Their order does not matter.
fn check(service: &Service, action: &Action, call: &Call) -> Result<(), SoapFault> {
    if let Some(name) = call.arguments.keys().find(|name| action.taken().all(|argument| argument.name != **name)) {
        return Err(invalid(format!("{} takes no {:?}", action.name, short(name))));
    }
    for argument in action.taken() {
        let value = call.arguments.get(argument.name).ok_or_else(|| invalid(format!("{} is missing", argument.name)))?;
        let number = value.trim();
        let expected = match service.variable(argument).map_or(Type::Text, |variable| variable.kind) {
            Type::Boolean if truth(value).is_none() => "1 or 0",
            Type::Ui2 if number.parse::<u16>().is_err() => "0 to 65535",
            Type::Ui4 if number.parse::<u32>().is_err() => "0 to 4294967295",
            Type::I4 if number.parse::<i32>().is_err() => "a number",
            _ => continue,
        };
        return Err(invalid(format!("{} is {:?}; {expected} was expected", argument.name, short(value))));
    }
    Ok(())
}

fn unknown(action: &str) -> SoapFault {
    SoapFault { code: INVALID_ACTION, text: format!("Invalid Action: {:?}", short(action)) }
}

fn invalid(why: impl AsRef<str>) -> SoapFault {
    SoapFault { code: INVALID_ARGUMENTS, text: format!("Invalid Args: {}", why.as_ref()) }
}

/// What most actions amount to.
fn results<const N: usize>(values: [(&'static str, &str); N]) -> Outcome {
    Outcome::Results(values.into_iter().map(|(name, value)| (name, value.to_owned())).collect())
}

#[cfg(test)]
mod tests;
