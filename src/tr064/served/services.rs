//! What is served, as data: services, actions, arguments, variables. Names, paths and order are those of a FRITZ!Box.

mod device;
mod network;
mod remote;

use crate::rules::rights::Right;

pub use device::{DEVICE, SECURITY, USER_INTERFACE};
pub(in crate::tr064::served) use device::{NEVER, PASSWORD, USERNAME};
pub use network::{FORWARDING, HOSTS, WAN_COMMON, WAN_IP};
pub use remote::REMOTE_ACCESS;

/// A service.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// `serviceId`; clients name a service by its last part.
    pub id: &'static str,
    /// `serviceType`.
    pub kind: &'static str,
    /// Path where its actions are called.
    pub control: &'static str,
    /// Path of its description.
    pub scpd: &'static str,
    /// The device of the tree that it belongs to.
    pub place: Place,
    /// What it can do. At least two: tr-O64 overlooks a single one.
    pub actions: &'static [Action],
    /// What its arguments are about.
    pub variables: &'static [Variable],
}

/// The devices of the description, from the outside in (TR-064, 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `InternetGatewayDevice`.
    Gateway,
    /// `LANDevice`, inside the gateway.
    Lan,
    /// `WANDevice`, inside the gateway.
    Wan,
    /// `WANConnectionDevice`, inside the `WANDevice`.
    Connection,
}

/// An action.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: &'static str,
    /// Who may call it.
    pub access: Access,
    /// In the order of answers.
    pub arguments: &'static [Argument],
}

/// Who may call an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without a login.
    Open,
    /// Who has one of these rights.
    Any(&'static [Right]),
}

/// An argument of an action.
#[derive(Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// Which way it goes.
    pub direction: Direction,
    /// The variable that says of which type it is.
    pub variable: &'static str,
}

/// Which way an argument goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    In,
    /// To the client.
    Out,
}

/// A state variable; none is evented.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// Its value where nothing else is known.
    pub default: Option<&'static str>,
    /// Its values; empty: any.
    pub allowed: &'static [&'static str],
}

/// Data types (`UPnP` Device Architecture 1.0, 2.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// `1` or `0`.
    Boolean,
    /// 16 bits without sign.
    Ui2,
    /// 32 bits without sign.
    Ui4,
    /// 32 bits with sign.
    I4,
    /// A date with a time, ISO 8601.
    DateTime,
}

/// Every service.
pub const ALL: [&Service; 8] = [&DEVICE, &FORWARDING, &SECURITY, &USER_INTERFACE, &REMOTE_ACCESS, &HOSTS, &WAN_COMMON, &WAN_IP];

/// Whoever has a login that may do anything at all.
const ANY_RIGHT: Access = Access::Any(&Right::ALL);
/// Who may change settings.
const CONFIG: Access = Access::Any(&[Right::Config]);

/// The service whose actions are called at `path`.
#[must_use]
pub fn by_control(path: &str) -> Option<&'static Service> {
    ALL.into_iter().find(|service| service.control == path)
}

/// The service that `path` describes.
#[must_use]
pub fn by_scpd(path: &str) -> Option<&'static Service> {
    ALL.into_iter().find(|service| service.scpd == path)
}

impl Service {
    /// Its action of this name, in any case of letters: FHEM asks for the port of TLS by `getSecurityPort`.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&'static Action> {
        let name = remote::alias(self, name);
        self.actions.iter().find(|action| action.name.eq_ignore_ascii_case(name))
    }

    /// The variable behind an argument.
    #[must_use]
    pub fn variable(&self, argument: &Argument) -> Option<&'static Variable> {
        self.variables.iter().find(|variable| variable.name == argument.variable)
    }
}

impl Action {
    /// What it takes.
    pub fn taken(&self) -> impl Iterator<Item = &'static Argument> {
        self.arguments.iter().filter(|argument| argument.direction == Direction::In)
    }

    /// What it gives.
    pub fn given(&self) -> impl Iterator<Item = &'static Argument> {
        self.arguments.iter().filter(|argument| argument.direction == Direction::Out)
    }
}

impl Argument {
    /// One that goes to the client and is not named after its variable.
    const fn out(name: &'static str, variable: &'static str) -> Self {
        Self { name, direction: Direction::Out, variable }
    }
}

impl Type {
    /// As a service description writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Boolean => "boolean",
            Self::Ui2 => "ui2",
            Self::Ui4 => "ui4",
            Self::I4 => "i4",
            Self::DateTime => "dateTime",
        }
    }
}

impl Variable {
    const fn new(name: &'static str, kind: Type, default: Option<&'static str>) -> Self {
        Self { name, kind, default, allowed: &[] }
    }

    const fn text(name: &'static str) -> Self {
        Self::new(name, Type::Text, None)
    }

    const fn boolean(name: &'static str) -> Self {
        Self::new(name, Type::Boolean, Some("0"))
    }

    const fn number(name: &'static str, kind: Type) -> Self {
        Self::new(name, kind, Some("0"))
    }

    const fn one_of(name: &'static str, allowed: &'static [&'static str], default: Option<&'static str>) -> Self {
        Self { name, kind: Type::Text, default, allowed }
    }
}

/// An action whose arguments are named after their variables: what it takes stands before what it gives.
macro_rules! action {
    ($name:literal, $access:expr, in [$($taken:literal),*], out [$($given:literal),*]) => {
        $crate::tr064::served::services::Action {
            name: $name,
            access: $access,
            arguments: &[
                $($crate::tr064::served::services::Argument {
                    name: concat!("New", $taken),
                    direction: $crate::tr064::served::services::Direction::In,
                    variable: $taken,
                },)*
                $($crate::tr064::served::services::Argument {
                    name: concat!("New", $given),
                    direction: $crate::tr064::served::services::Direction::Out,
                    variable: $given,
                },)*
            ],
        }
    };
}
use action;

#[cfg(test)]
mod tests;
