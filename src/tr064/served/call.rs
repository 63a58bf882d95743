//! What a client wants: action, arguments, a login inside the envelope (SOAP 1.1; TR-064 First Steps). PURE.
//!
//! Clients differ: `SOAPAction` with or without quotes, any prefix or none, namespaces with blanks in them, attributes that touch,
//! the element of the action named `ActionRequest`. Names are local names; what decides about the meaning must be clear.

use std::collections::BTreeMap;
use std::fmt;

use crate::tr064::remote_access::short;
use crate::tr064::xml::{self, Element};

/// One call. `Debug` tells no values: there are passwords among them.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The service type in `SOAPAction`, or else the one that is the namespace of the action; `None`: neither says one.
    pub service_kind: Option<String>,
    /// The action.
    pub action: String,
    /// Arguments by local name, blanks included.
    pub arguments: BTreeMap<String, String>,
    /// The login inside the envelope, if there is one.
    pub login: Option<EnvelopeLogin>,
}

/// A login inside the envelope. `Debug` tells the user only.
#[derive(Clone, PartialEq, Eq)]
pub enum EnvelopeLogin {
    /// Asks for a challenge.
    Init {
        /// May be empty: some ask without one.
        user: String,
    },
    /// Answers one.
    Auth {
        /// Of the challenge.
        nonce: String,
        /// The proof.
        auth: String,
        /// Who logs in.
        user: String,
        /// Of the challenge.
        realm: String,
    },
}

/// Why a request is no call; in words, for a fault with the code 402.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service_kind, action, arguments, login } = self;
        f.debug_struct("Call")
            .field("service_kind", service_kind)
            .field("action", action)
            .field("arguments", &arguments.keys())
            .field("login", login)
            .finish()
    }
}

impl fmt::Debug for EnvelopeLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init { user } => f.debug_struct("Init").field("user", user).finish(),
            Self::Auth { user, .. } => f.debug_struct("Auth").field("user", user).finish_non_exhaustive(),
        }
    }
}

/// Reads a request: the header field `SOAPAction`, if there is one, and the body.
///
/// # Errors
///
/// Says why it is no call. Names are quoted, values are not in it.
pub fn read(soap_action: Option<&str>, body: &[u8]) -> Result<Call, Malformed> {
    let text = str::from_utf8(body).map_err(|_| Malformed("the request is not UTF-8".into()))?;
    let envelope = xml::parse_exact(text.trim_start_matches('\u{feff}')).map_err(Malformed)?;
    if envelope.name != "Envelope" {
        return Err(Malformed(format!("the XML begins with {:?}; a SOAP envelope was expected", short(&envelope.name))));
    }
    let body = envelope.child("Body").ok_or_else(|| Malformed("the envelope has no body".into()))?;
    let element = match body.children.as_slice() {
        [] => None,
        [element] => Some(element),
        _ => return Err(Malformed("the body has more than one element; one action was expected".into())),
    };
    let (kind, named) = soap_action.map_or((None, None), split);
    let service_kind = kind.or_else(|| element.and_then(|element| service(element, [element, body, &envelope])));
    let action = match (named, element) {
        (Some(named), Some(element)) if !names(element, &named) => {
            return Err(Malformed(format!("SOAPAction names {:?}, the body {:?}", short(&named), short(&element.name))));
        }
        (Some(named), _) => named,
        (None, Some(element)) => element.name.clone(),
        (None, None) => return Err(Malformed("no action is named, neither in SOAPAction nor in the body".into())),
    };
    let arguments = element.map_or_else(|| Ok(BTreeMap::new()), arguments)?;
    Ok(Call { service_kind, action, arguments, login: envelope.child("Header").and_then(login) })
}

/// `"urn:…:DeviceInfo:1#GetInfo"` names a service and an action; each may be missing.
fn split(field: &str) -> (Option<String>, Option<String>) {
    let inside = field.trim().trim_matches('"').trim();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    inside.rsplit_once('#').map_or((None, None), |(kind, action)| (some(kind), some(action)))
}

/// The namespace of `element`, if it is a service type. The innermost of `around` that declares it counts.
fn service(element: &Element, around: [&Element; 3]) -> Option<String> {
    // An attribute of the same local name that is none of a namespace names no service.
    let declared = if element.prefix.is_empty() { "xmlns" } else { &element.prefix };
    let namespace = around.iter().find_map(|it| it.attribute(declared))?.trim();
    namespace.contains(":service:").then(|| namespace.to_owned())
}

/// Does the element in the body stand for `action`? go-tr064 appends a word to it.
fn names(element: &Element, action: &str) -> bool {
    element.name == action || element.name.strip_suffix("Request") == Some(action)
}

fn arguments(element: &Element) -> Result<BTreeMap<String, String>, Malformed> {
    let mut found = BTreeMap::new();
    for argument in &element.children {
        let name = short(&argument.name);
        // A value that was not escaped; half of it would be lost.
        if !argument.children.is_empty() {
            return Err(Malformed(format!("the argument {name:?} holds elements; text was expected, with < written as &lt;")));
        }
        if found.insert(argument.name.clone(), argument.text.clone()).is_some() {
            return Err(Malformed(format!("the argument {name:?} is there twice")));
        }
    }
    Ok(found)
}

fn login(header: &Element) -> Option<EnvelopeLogin> {
    let field = |block: &Element, name: &str| block.child(name).map_or_else(String::new, |field| field.text.trim().to_owned());
    if let Some(block) = header.child("ClientAuth") {
        return Some(EnvelopeLogin::Auth {
            nonce: field(block, "Nonce"),
            auth: field(block, "Auth"),
            user: field(block, "UserID"),
            realm: field(block, "Realm"),
        });
    }
    header.child("InitChallenge").map(|block| EnvelopeLogin::Init { user: field(block, "UserID") })
}

#[cfg(test)]
mod tests;
