//! Event messages of `UPnP` devices (GENA: `UPnP` Device Architecture 1.0, section 4). PURE.

use std::collections::BTreeMap;
use std::time::Duration;

use super::xml;
use crate::rules::address::PerFamily;

/// For how long a subscription is asked for.
pub const WANTED: Duration = Duration::from_secs(1800);
/// A grant that is missing, or that nobody can read, is taken for this.
const UNSAID: Duration = Duration::from_secs(300);
/// Shorter grants would be polling, longer ones outlive routers.
const GRANTS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(86_400)];

/// Longest head and longest body of a message, in bytes: real ones have about 300 and 1000.
pub const HEAD: usize = 4096;
/// See [`HEAD`].
pub const BODY: usize = 16 * 1024;
/// Most header fields of a message.
const FIELDS: usize = 32;
/// Longest subscription identifier: real ones are UUIDs.
const SID: usize = 256;
/// Longest value of a variable that is kept, in characters.
const VALUE: usize = 128;

/// What a router grants to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Names the subscription. `None`: the reply names none, which is allowed for a renewal only.
    pub sid: Option<String>,
    /// How long it lives without a renewal, 60 s to 24 h.
    pub lives: Duration,
}

impl Grant {
    /// Reads the header fields of a reply to SUBSCRIBE (4.1.1); names in lower case.
    #[must_use]
    pub fn read(fields: &[(String, String)]) -> Self {
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        let fit = |sid: &&str| !sid.is_empty() && sid.len() <= SID && sid.bytes().all(|byte| byte.is_ascii_graphic());
        Self { sid: field("sid").filter(fit).map(str::to_owned), lives: lives(field("timeout")) }
    }
}

fn lives(timeout: Option<&str>) -> Duration {
    let text = timeout.unwrap_or_default().to_ascii_lowercase();
    let [shortest, longest] = GRANTS;
    match text.strip_prefix("second-") {
        Some("infinite") => longest,
        Some(seconds) => seconds.parse().map_or(UNSAID, Duration::from_secs).clamp(shortest, longest),
        // UPnP 1.0 leaves it open whether the prefix goes with it.
        None if text == "infinite" => longest,
        None => UNSAID,
    }
}

/// The answer to a message (4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Understood.
    Ok,
    /// Not a message, or longer than is read.
    BadRequest,
    /// Nobody lives there.
    NotFound,
    /// Only NOTIFY is.
    MethodNotAllowed,
    /// Not of our subscription, or not an event.
    PreconditionFailed,
}

impl Answer {
    /// As it goes over the wire.
    #[must_use]
    pub fn wire(self) -> String {
        let (line, more) = match self {
            Self::Ok => ("200 OK", ""),
            Self::BadRequest => ("400 Bad Request", ""),
            Self::NotFound => ("404 Not Found", ""),
            Self::MethodNotAllowed => ("405 Method Not Allowed", "Allow: NOTIFY\r\n"),
            Self::PreconditionFailed => ("412 Precondition Failed", ""),
        };
        format!("HTTP/1.1 {line}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n")
    }
}

/// What the first bytes of a connection amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// More has to come.
    More,
    /// Answer so, and listen no longer.
    Refused(Answer),
    /// An event of our subscription.
    Notify {
        /// Its number.
        seq: u32,
        /// The property set, or why it cannot be read.
        properties: Result<Properties, String>,
    },
}

/// The variables that say something about the line, by name, as the router wrote them (at most 128 characters each).
pub type Properties = BTreeMap<&'static str, String>;

const V4: &str = "ExternalIPAddress";
const V6: &str = "ExternalIPv6Address";
/// Whoever tells other variables (port mappings, byte counts) has no news for us.
const VARIABLES: [&str; 5] = [V4, V6, "ConnectionStatus", "IPv6Prefix", "X_AVM_DE_IPv6Prefix"];

/// Reads what has arrived so far. `path` and `sid` are those of our subscription.
#[must_use]
pub fn read(bytes: &[u8], path: &str, sid: &str) -> Incoming {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let head = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= HEAD => length,
        Ok(httparse::Status::Partial) if bytes.len() <= HEAD => return Incoming::More,
        _ => return Incoming::Refused(Answer::BadRequest),
    };
    let (seq, length) = match check(&request, path, sid) {
        Ok((seq, length)) if length <= BODY => (seq, length),
        Ok(_) => return Incoming::Refused(Answer::BadRequest),
        Err(answer) => return Incoming::Refused(answer),
    };
    match bytes.get(head..head + length) {
        Some(body) => Incoming::Notify { seq, properties: properties(&String::from_utf8_lossy(body)) },
        None => Incoming::More,
    }
}

/// SEQ and the length of the body, if the head is that of an event of this subscription.
fn check(request: &httparse::Request<'_, '_>, path: &str, sid: &str) -> Result<(u32, usize), Answer> {
    if request.method != Some("NOTIFY") {
        return Err(Answer::MethodNotAllowed);
    }
    if request.path != Some(path) {
        return Err(Answer::NotFound);
    }
    let field = |name: &str| {
        let mut all = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        let value = all.next().and_then(|field| std::str::from_utf8(field.value).ok()).map(str::trim);
        // Who says it twice says nothing.
        value.filter(|_| all.next().is_none())
    };
    // Without both of them it is another kind of message; with others in them it is not for us.
    let (Some(nt), Some(nts)) = (field("NT"), field("NTS")) else { return Err(Answer::BadRequest) };
    if nt != "upnp:event" || nts != "upnp:propchange" || field("SID") != Some(sid) {
        return Err(Answer::PreconditionFailed);
    }
    // Its length has to be known beforehand: no coding in pieces.
    let number = |name: &str| field(name).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let seq = number("SEQ").and_then(|text| text.parse().ok()).ok_or(Answer::BadRequest)?;
    let length = number("Content-Length").and_then(|text| text.parse().ok()).ok_or(Answer::BadRequest)?;
    Ok((seq, length))
}

/// The variables in a property set (4.2.1) that say something about the line.
fn properties(body: &str) -> Result<Properties, String> {
    let root = xml::parse(body)?;
    if root.name != "propertyset" {
        return Err(format!("{:?} is not a property set", xml::short(&root.name)));
    }
    let variables = root.children.iter().filter(|child| child.name == "property").flat_map(|property| &property.children);
    let known = |variable: &xml::Element| {
        let name = VARIABLES.into_iter().find(|name| *name == variable.name)?;
        Some((name, variable.text.chars().take(VALUE).collect()))
    };
    Ok(variables.filter_map(known).collect())
}

/// What a message means to somebody who knows the ones before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The first one: these families are told.
    First(PerFamily<bool>),
    /// Nothing about the line is different.
    Nothing,
    /// These are, for the log: the values are untrusted, and quoted.
    Changed(String),
    /// Messages are missing, or this one is not in its place; in words.
    Gap(String),
}

/// The messages of one subscription so far.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    last: Option<u32>,
    values: Properties,
}

impl Ledger {
    /// Did the first message arrive?
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.last.is_some()
    }

    /// Takes the message with this number.
    pub fn take(&mut self, seq: u32, properties: Properties) -> Told {
        let due = match self.last {
            None => 0,
            // Zero is for the first message alone (4.2).
            Some(u32::MAX) => 1,
            Some(last) => last + 1,
        };
        if seq != due {
            return Told::Gap(format!("event {seq} came where {due} was due"));
        }
        let first = self.last.replace(seq).is_none();
        let news: Vec<String> = properties
            .iter()
            .filter(|(name, value)| self.values.get(*name) != Some(value))
            .map(|(name, value)| format!("{name} is {value:?}"))
            .collect();
        self.values.extend(properties);
        if first {
            return Told::First(PerFamily { v4: self.values.contains_key(V4), v6: self.values.contains_key(V6) });
        }
        if news.is_empty() { Told::Nothing } else { Told::Changed(news.join(", ")) }
    }
}

#[cfg(test)]
mod tests;
