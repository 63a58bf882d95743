//! One box, one login: actions that need rights, over TLS with a certificate that is known.

mod confirm;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

pub use self::confirm::{Confirmation, SecondFactor};
pub use super::fault::CallError;
pub use super::trust::Trust;

use self::wire::{Described, Wire};
use super::login::Signer;
use super::soap::SoapFault;
use super::trust::Pin;
use super::xml;
use crate::config::Login;
use crate::http::Clients;

/// What may be sent without login (TR-064 First Steps, `GetSecurityPort`).
const DEVICE: &str = "DeviceInfo:1";
/// Tells the users of the box, without login.
const SECURITY: &str = "LANConfigSecurity:1";
/// Tells which WAN service is in use.
const FORWARDING: &str = "Layer3Forwarding:1";
/// WAN services, the one of DSL first: a box has both and uses one.
const WAN: [&str; 2] = ["WANPPPConnection:1", "WANIPConnection:1"];

/// The user of boxes that have none: before FRITZ!OS 7.24 only a password was needed.
const NAMELESS: &str = "dslf-config";

/// The port of TR-064: places with another one are other boxes.
const PORT: u16 = 49000;

/// One box, one login. Calls are made one after the other.
#[derive(Debug)]
pub struct Session {
    wire: Wire,
    described: Described,
    signer: Mutex<Signer>,
    /// Between two questions whether the second factor was given.
    pause: Duration,
}

impl Session {
    /// Reads the description of the box at `place` (`http://HOST:49000/`), through the interface `via` if one is named. With a
    /// login it goes on over TLS, if the box has it; see [`Self::secured`].
    ///
    /// # Errors
    ///
    /// Says why the box cannot be used. The login itself is tried with the first call that needs it.
    pub async fn open(clients: &Clients, place: &Url, via: Option<&str>, login: Option<Login>, trust: Trust) -> Result<Self, CallError> {
        let pin = Pin::new(&name(place, via)?, trust)?;
        let mut wire = Wire::new(clients, place, via, pin);
        let mut described = wire.describe().await?;
        if login.is_some() && !wire.secured() {
            match security_port(&wire, &described).await? {
                Some(port) => {
                    wire.secure(port)?;
                    // Only what comes over TLS says where a login may be sent.
                    described = wire.describe().await?;
                }
                None if wire.pin.knows() => return Err(wire.pin.lost()),
                None => {
                    let host = place.host_str().unwrap_or_default();
                    tracing::warn!(host, "the box offers no TLS: the login goes as a digest, everything else can be read on the way");
                }
            }
        }
        let login = match login {
            Some(login) if login.username.is_empty() => Some(Login { username: last_user(&wire, &described).await?, ..login }),
            login => login,
        };
        Ok(Self { wire, described, signer: Mutex::new(Signer::new(login)), pause: confirm::PAUSE })
    }

    /// The same with another pause between two questions whether the second factor was given; 1 s is what boxes bear.
    #[must_use]
    pub fn asking_every(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// The box has accepted the login: its certificate is remembered from now on, if that has not happened yet.
    ///
    /// # Errors
    ///
    /// Another certificate was remembered for it meanwhile.
    pub fn vouch(&self) -> Result<(), CallError> {
        self.wire.vouch()
    }

    /// Model name; may be empty.
    pub fn model(&self) -> &str {
        &self.described.model
    }

    /// Version of FRITZ!OS, such as `164.08.02`; old ones do not tell.
    pub fn version(&self) -> Option<&str> {
        self.described.version.as_deref()
    }

    /// Goes everything over TLS? If not, an argument that is a secret can be read on the way.
    pub fn secured(&self) -> bool {
        self.wire.secured()
    }

    /// Does the box have this service? It is named by the end of its type: `X_AVM-DE_RemoteAccess:1`.
    pub fn offers(&self, service: &str) -> bool {
        self.described.find(service).is_some()
    }

    /// Calls `action` of `service` (the end of its type) and gives its results by name.
    ///
    /// # Errors
    ///
    /// Says why there are none.
    pub async fn call(&self, service: &str, action: &str, arguments: &[(&str, &str)]) -> Result<BTreeMap<String, String>, CallError> {
        self.call_with(&[], service, action, arguments).await
    }

    async fn call_with(
        &self,
        blocks: &[&str],
        service: &str,
        action: &str,
        arguments: &[(&str, &str)],
    ) -> Result<BTreeMap<String, String>, CallError> {
        let service = self.described.service(service)?;
        let mut signer = self.signer.lock().await;
        self.wire.call(&mut signer, blocks, service, action, arguments).await
    }

    /// The WAN connection service in use, such as `WANPPPConnection:1`.
    ///
    /// # Errors
    ///
    /// Says why the box does not tell, or that it has none.
    pub async fn wan_service(&self) -> Result<String, CallError> {
        let told = match self.call(FORWARDING, "GetDefaultConnectionService", &[]).await {
            Ok(results) => results.get("NewDefaultConnectionService").and_then(|name| wan_of(name)),
            // Without the right, or without the service: what the box has is told without it.
            Err(CallError::Refused(_) | CallError::Missing { .. }) => None,
            Err(error) => return Err(error),
        };
        told.filter(|service| self.offers(service))
            .or_else(|| WAN.into_iter().find(|service| self.offers(service)).map(str::to_owned))
            .ok_or_else(|| CallError::Missing { service: WAN[0].into() })
    }
}

/// `1.WANPPPConnection.1` names `WANPPPConnection:1`.
fn wan_of(name: &str) -> Option<String> {
    let mut parts = name.split('.').skip(1);
    let (service, instance) = (parts.next()?, parts.next()?);
    (service.starts_with("WAN") && parts.next().is_none()).then(|| format!("{service}:{instance}"))
}

/// Under which name a box is known: what the operator wrote, nothing that the network told. Behind another interface the same
/// address is another box.
///
/// # Errors
///
/// `place` names no host, or holds a login.
pub fn name(place: &Url, via: Option<&str>) -> Result<String, CallError> {
    if !place.username().is_empty() || place.password().is_some() {
        return Err(CallError::Malformed("the address of the box holds a login; [fritzbox] username and password are for that".into()));
    }
    let host = place.host_str().ok_or_else(|| CallError::Malformed(format!("{:?} names no host", place.as_str())))?;
    let name = match place.port() {
        None | Some(PORT) => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    };
    Ok(via.map_or_else(|| name.clone(), |via| format!("{name}%{via}")))
}

/// The port of TLS; `None`: the box has none.
async fn security_port(wire: &Wire, described: &Described) -> Result<Option<u16>, CallError> {
    let Ok(service) = described.service(DEVICE) else {
        return Ok(None);
    };
    let results = match wire.call(&mut Signer::new(None), &[], service, "GetSecurityPort", &[]).await {
        Err(CallError::Refused(_)) => return Ok(None),
        results => results?,
    };
    let port = results.get("NewSecurityPort").map(String::as_str).unwrap_or_default();
    match port.parse() {
        Ok(0) => Ok(None),
        Ok(port) => Ok(Some(port)),
        Err(_) => Err(CallError::Malformed(format!("the box names the TLS port {:?}; a number was expected", xml::short(port)))),
    }
}

/// The user that logged in last, as the box's own page offers it.
async fn last_user(wire: &Wire, described: &Described) -> Result<String, CallError> {
    let called = match described.service(SECURITY) {
        Ok(service) => wire.call(&mut Signer::new(None), &[], service, "X_AVM-DE_GetUserList", &[]).await,
        Err(error) => Err(error),
    };
    match called {
        Ok(results) => Ok(results.get("NewX_AVM-DE_UserList").and_then(|list| marked_user(list)).unwrap_or_else(|| NAMELESS.into())),
        Err(CallError::Missing { .. } | CallError::LoginMissing | CallError::Refused(SoapFault { .. })) => Ok(NAMELESS.into()),
        Err(error) => Err(error),
    }
}

/// `<List><Username last_user="1">name</Username>…</List>`: the marked one, or the only one.
fn marked_user(list: &str) -> Option<String> {
    let list = xml::parse(list).ok()?;
    let users: Vec<&xml::Element> = list.descendants().filter(|element| element.name == "Username" && !element.text.is_empty()).collect();
    let marked = users.iter().find(|user| user.attribute("last_user") == Some("1"));
    let only = users.first().filter(|_| users.len() == 1);
    marked.or(only).map(|user| user.text.clone())
}

#[cfg(test)]
mod tests;
