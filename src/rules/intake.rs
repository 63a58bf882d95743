//! What a router asks for when it pushes its address, and what it is told: dyndns2 as FreeDYN describes it.
//!
//! A request is judged in this order: method, whether the page of another site asks, whether the client may log in at all,
//! login, `updateall`, names given, their number, addresses, and each name at last. The first four are the listener's;
//! [`Fields`] and [`Order`] are the rest.

use std::net::IpAddr;

use super::domain::Domain;
use super::push::{Push, Taken};

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
    /// For each name of the request its place among the domains of the push; `None`: it is no name.
    places: Vec<Option<usize>>,
    push: Push,
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
    /// The code that the whole request is answered with.
    pub fn read(fields: &Fields, peer: IpAddr) -> Result<Self, Code> {
        let names = fields.names()?;
        let asked = addresses::asked(fields, peer)?;
        let mut domains: Vec<Domain> = Vec::new();
        let places = names.into_iter().map(|name| {
            let domain = Domain::parse(str::from_utf8(name).ok()?).ok()?;
            let known = domains.iter().position(|it| *it == domain);
            Some(known.unwrap_or_else(|| {
                domains.push(domain);
                domains.len() - 1
            }))
        });
        let places = places.collect();
        Ok(Self { places, push: Push { domains, addresses: asked.addresses, prefix: asked.prefix } })
    }

    /// What is to be pushed, every name once; `None`: the request has no name that is one.
    #[must_use]
    pub fn push(&self) -> Option<&Push> {
        (!self.push.domains.is_empty()).then_some(&self.push)
    }

    /// The answer after `taken` became of the names of the [push](Self::push).
    #[must_use]
    pub fn answer(&self, taken: &[Taken]) -> Answer {
        let codes = self.places.iter().map(|place| match place {
            None => Code::NotFqdn,
            Some(place) => taken.get(*place).map_or(Code::Fault, Code::of),
        });
        let codes: Vec<Code> = codes.collect();
        let lines: Vec<String> = codes.iter().map(|code| self.line(*code)).collect();
        let succeeded = codes.iter().find(|code| code.status() == 200);
        let status = succeeded.or(codes.first()).map_or(500, |code| code.status());
        Answer { status, text: lines.join("\n") }
    }

    fn line(&self, code: Code) -> String {
        if !matches!(code, Code::Good | Code::NoChg) {
            return code.word().to_owned();
        }
        let addresses = self.push.addresses.iter().filter_map(|(_, address)| address.as_ref().map(ToString::to_string));
        let taken: Vec<String> = addresses.chain(self.push.prefix.as_ref().map(ToString::to_string)).collect();
        format!("{} {}", code.word(), taken.join(","))
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
