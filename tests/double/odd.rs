//! What goes wrong on the wire, on demand.

use super::wire::{Answer, Request, Then};

/// Which requests are hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Everything,
    Path(&'static str),
    Action(&'static str),
}

impl On {
    fn hits(self, request: &Request) -> bool {
        match self {
            Self::Everything => true,
            Self::Path(path) => request.path == path,
            Self::Action(action) => request.action() == action,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// The right answer as HTTP/1.0: no length, the connection ends.
    Old,
    /// An HTML page with this status, which may be 200.
    Page(u16),
    /// HTTP 401 and a new challenge, whatever is sent.
    Challenge,
    Redirect(u16, String),
    /// HTTP 200 with this text as XML.
    Xml(String),
    /// A head without a length, and then this.
    Endless(Then),
    /// These bytes, and then this.
    Raw(Vec<u8>, Then),
    /// A SOAP fault with this code, once the call is let in.
    Fault(u32),
}

impl Oddity {
    /// XML that ends in the middle.
    pub(crate) fn malformed() -> Self {
        Self::Xml("<?xml version=\"1.0\"?>\n<root><device><modelName>FRITZ!Box</modelName><serviceList><service>".into())
    }

    /// Ten entities that hold each other: a gigabyte for a reader that expands them.
    pub(crate) fn entity_bomb() -> Self {
        let levels = (1..10).map(|level| format!("<!ENTITY a{level} \"{}\">\n", format!("&a{};", level - 1).repeat(10)));
        let levels: String = levels.collect();
        let inner = "<root><device><modelName>&a9;</modelName></device></root>";
        Self::Xml(format!(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE bomb [\n<!ENTITY a0 \"wan\">\n{levels}]>\n<s:Envelope><s:Body>&a9;{inner}</s:Body></s:Envelope>"
        ))
    }

    /// The bytes in place of the right answer, where they do not depend on it.
    pub(super) fn bytes(&self) -> Option<(Vec<u8>, Then)> {
        let whole = |answer: Answer| Some((answer.bytes(false), Then::Continue));
        match self {
            Self::Old | Self::Challenge | Self::Fault(_) => None,
            Self::Page(status) => whole(Answer::page(*status)),
            Self::Redirect(status, to) => whole(Answer::bare(*status, &[("Location", to)])),
            Self::Xml(text) => whole(Answer::new(200, "text/xml", text)),
            Self::Endless(then) => Some((b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<root>".to_vec(), *then)),
            Self::Raw(bytes, then) => Some((bytes.clone(), *then)),
        }
    }
}

/// The oddities in force, and how often each strikes.
#[derive(Debug, Default)]
pub(crate) struct Odd {
    rules: Vec<(On, Oddity, u32)>,
}

impl Odd {
    /// From now on.
    pub(crate) fn add(&mut self, on: On, what: Oddity) {
        self.times(u32::MAX, on, what);
    }

    /// The next `times` requests that `on` hits.
    pub(crate) fn times(&mut self, times: u32, on: On, what: Oddity) {
        self.rules.push((on, what, times));
    }

    /// All is well again.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(super) fn strike(&mut self, request: &Request) -> Option<Oddity> {
        let (_, what, left) = self.rules.iter_mut().find(|(on, _, left)| *left > 0 && on.hits(request))?;
        *left = left.saturating_sub(u32::from(*left != u32::MAX));
        Some(what.clone())
    }
}
