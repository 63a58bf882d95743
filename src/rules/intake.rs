//! What a router asks for when it pushes its address, and what it is told: dyndns2 as FreeDYN describes it.
//!
//! A request is judged in this order: method, whether the page of another site asks, whether the client may log in at all,
//! login, `updateall`, names given, their number, addresses, and each name at last. The first four are the listener's;
//! [`Fields`] and [`Order`] are the rest.

use std::net::IpAddr;

use super::domain::Domain;
use super::push::{Push, Stored, Taken};

mod addresses;
mod code;
mod fields;

pub use code::Code;
pub use fields::{Fields, Login};

/// Most names in one request; names that are repeated count every time.
pub const MOST_NAMES: usize = 20;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Each name of the request as it was sent, and its place among the domains of the push; `None`: it is no name.
    names: Vec<(String, Option<usize>)>,
    push: Push,
}

/// Why a request fails as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it is answered with.
    pub code: Code,
    /// What it is about, as the client sent it; empty if something is missing. Untrusted.
    pub value: String,
}

/// What the client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Of HTTP. Success words count with 200 only, so one of them is enough for it.
    pub status: u16,
    /// One line for each name in the order of the request, or a single line for all of it; printable ASCII between line feeds.
    pub text: String,
}

impl Order {
    /// Reads what `fields` ask for. Without a field for an address or a prefix, it is the address of `peer`, who is
    /// connected.
    ///
    /// # Errors
    ///
    /// Why the request as a whole is refused.
    pub fn read(fields: &Fields, peer: IpAddr) -> Result<Self, Refusal> {
        let names = fields.names()?;
        let asked = addresses::asked(fields, peer)?;
        let mut domains: Vec<Domain> = Vec::new();
        let mut place = |name| {
            let domain = Domain::parse(str::from_utf8(name).ok()?).ok()?;
            let known = domains.iter().position(|it| *it == domain);
            Some(known.unwrap_or_else(|| {
                domains.push(domain);
                domains.len() - 1
            }))
        };
        let names = names.into_iter().map(|name| (String::from_utf8_lossy(name).into_owned(), place(name))).collect();
        Ok(Self { names, push: Push { domains, addresses: asked.addresses, prefix: asked.prefix } })
    }

    /// What is to be pushed, every name once; `None`: the request has no name that is one.
    #[must_use]
    pub fn push(&self) -> Option<&Push> {
        (!self.push.domains.is_empty()).then_some(&self.push)
    }

    /// The answer after `taken` became of the names of the [push](Self::push).
    #[must_use]
    pub fn answer(&self, taken: &[Taken]) -> Answer {
        let (codes, lines): (Vec<Code>, Vec<String>) = self.told(taken).map(|(_, code, stored)| (code, line(code, stored))).unzip();
        let succeeded = codes.iter().find(|code| code.status() == 200);
        let status = succeeded.or(codes.first()).map_or(500, |code| code.status());
        Answer { status, text: lines.join("\n") }
    }

    /// Each name as it was sent (untrusted), and what it is answered with.
    pub fn codes<'a>(&'a self, taken: &'a [Taken]) -> impl Iterator<Item = (&'a str, Code)> {
        self.told(taken).map(|(name, code, _)| (name, code))
    }

    fn told<'a>(&'a self, taken: &'a [Taken]) -> impl Iterator<Item = (&'a str, Code, Option<&'a Stored>)> {
        self.names.iter().map(|(name, place)| match place.map(|place| taken.get(place)) {
            None => (name.as_str(), Code::NotFqdn, None),
            Some(None) => (name.as_str(), Code::Fault, None),
            Some(Some(taken @ (Taken::Good(stored) | Taken::Unchanged(stored)))) => (name.as_str(), Code::of(taken), Some(stored)),
            Some(Some(taken)) => (name.as_str(), Code::of(taken), None),
        })
    }
}

fn line(code: Code, stored: Option<&Stored>) -> String {
    let addresses = stored.into_iter().flat_map(|it| it.addresses.iter()).filter_map(|(_, address)| address.as_ref());
    let prefix = stored.and_then(|it| it.prefix.as_ref());
    let all: Vec<String> = addresses.map(ToString::to_string).chain(prefix.map(ToString::to_string)).collect();
    if all.is_empty() { code.word().to_owned() } else { format!("{} {}", code.word(), all.join(",")) }
}

impl Refusal {
    fn about(code: Code, value: impl Into<String>) -> Self {
        Self { code, value: value.into() }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::about(code, "")
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        refusal.code.into()
    }
}

impl From<Code> for Answer {
    /// To a request that fails as a whole.
    fn from(code: Code) -> Self {
        Self { status: code.status(), text: code.word().to_owned() }
    }
}

#[cfg(test)]
mod tests;
