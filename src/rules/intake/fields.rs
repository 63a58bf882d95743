//! The parameters of a request.

use percent_encoding::percent_decode;

use super::{Code, MOST_NAMES, Refusal};
use crate::rules::secret::Secret;

/// Names for one thing. Of those that are there the last one counts: FreeDYN says so of the user, and leaves the others open.
type Family = &'static [&'static str];

const USER: Family = &["benutzername", "username", "user", "email"];
const PASSWORD: Family = &["passwort", "password"];
const NAMES: Family = &["hostname", "host", "domain", "dynhost"];
const FIRST: Family = &["ip", "myip", "ipv4", "ipaddr", "ipadress", "a"];
const SECOND: Family = &["ip2", "myip2", "ipv6", "ipaddr2", "ipadress2", "aaaa"];
const PREFIX: Family = &["ipv6praefx"];
const ALL_NAMES: Family = &["updateall"];
/// Not FreeDYN's but Dyn's own: clients of either service send it to take a name off the air.
const OFFLINE: Family = &["offline"];

/// Parameters that mean something, decoded. Not to be shown: a password may be among them.
pub struct Fields {
    /// Names in lower case, and what they hold; in the order of the request.
    sent: Vec<(&'static str, Vec<u8>)>,
}

/// Who says that it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub name: String,
    /// The password.
    pub password: Secret,
}

impl Fields {
    /// Reads the query of a target, and the body of a form (empty if there is none).
    #[must_use]
    pub fn read(query: &[u8], form: &[u8]) -> Self {
        let pairs = query.split(|byte| *byte == b'&').chain(form.split(|byte| *byte == b'&'));
        Self { sent: pairs.filter_map(pair).collect() }
    }

    /// Who asks. What the parameters lack is taken from `basic`: FRITZ!OS always sends what its two fields hold, also where
    /// the URL carries the real login. `None`: no name or no password, or one that is not UTF-8.
    #[must_use]
    pub fn login(&self, basic: Option<(String, Secret)>) -> Option<Login> {
        let (name, password) = basic.map_or((None, None), |(name, password)| (Some(name), Some(password)));
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).ok();
        let name = self.last(USER).map_or(name, text)?;
        let password = self.last(PASSWORD).map_or(password, |value| text(value).map(Secret::new))?;
        Some(Login { name, password })
    }

    /// The names, at least one, in order; what lies between commas and is blank is none.
    pub(super) fn names(&self) -> Result<Vec<&[u8]>, Refusal> {
        if let Some((name, _)) = self.sent.iter().find(|(name, _)| ALL_NAMES.contains(name)) {
            return Err(Refusal::about(Code::UpAllIsDeprecated, *name));
        }
        let list = self.last(NAMES).unwrap_or_default().split(|byte| *byte == b',');
        let names: Vec<&[u8]> = list.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()).collect();
        match names.as_slice() {
            [] => Err(Code::NoHost.into()),
            [name] if [&b"all"[..], b"updateall"].iter().any(|all| name.eq_ignore_ascii_case(all)) => {
                Err(Refusal::about(Code::UpAllIsDeprecated, String::from_utf8_lossy(name)))
            }
            _ if names.len() > MOST_NAMES => Err(Refusal::about(Code::NumHost, format!("{} names", names.len()))),
            _ => Ok(names),
        }
    }

    /// The list of names as it was sent, for showing; untrusted.
    #[must_use]
    pub fn list(&self) -> String {
        String::from_utf8_lossy(self.last(NAMES).unwrap_or_default()).into_owned()
    }

    /// The wish for a name without an address, if there is one.
    pub(super) fn parking(&self) -> Option<&'static str> {
        self.last(OFFLINE).filter(|value| value.eq_ignore_ascii_case(b"yes")).map(|_| "offline=YES")
    }

    /// What the two address fields hold.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &[u8]> {
        [FIRST, SECOND].into_iter().filter_map(|family| self.last(family))
    }

    /// What the field for a prefix holds.
    pub(super) fn prefix(&self) -> Option<&[u8]> {
        self.last(PREFIX)
    }

    /// Is any field for an address or a prefix there, be it an empty one?
    pub(super) fn has_place(&self) -> bool {
        self.sent.iter().any(|(name, _)| [FIRST, SECOND, PREFIX].iter().any(|family| family.contains(name)))
    }

    /// What counts of a family; never empty: FRITZ!OS leaves the field of a family blank that the line lacks.
    fn last(&self, family: Family) -> Option<&[u8]> {
        let value = |name: &&str| self.sent.iter().rev().find(|(sent, value)| sent == name && !value.is_empty());
        family.iter().rev().find_map(value).map(|(_, value)| value.as_slice())
    }
}

/// `name=value`, decoded; `None`: the name means nothing.
fn pair(text: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    let mut parts = text.splitn(2, |byte| *byte == b'=');
    let name = decoded(parts.next().unwrap_or_default());
    let value = decoded(parts.next().unwrap_or_default());
    let families = [USER, PASSWORD, NAMES, FIRST, SECOND, PREFIX, ALL_NAMES, OFFLINE];
    let known = families.into_iter().flatten().find(|known| name.eq_ignore_ascii_case(known.as_bytes()))?;
    // A blank at the end of a password may be part of it.
    let login = USER.contains(known) || PASSWORD.contains(known);
    Some((known, if login { value } else { value.trim_ascii().to_vec() }))
}

/// Without percent signs; `+` is a blank (WHATWG URL, `application/x-www-form-urlencoded`).
fn decoded(text: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&text).collect()
}
