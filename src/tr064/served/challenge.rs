//! The digest login as a box asks for it and checks it (RFC 7616, RFC 2617). PURE.

use std::time::Duration;

use subtle::ConstantTimeEq as _;

use super::authorization::Authorization;
use super::nonces::Nonces;
use crate::config::{LoginForm, User};
use crate::tr064::digest::Hash;

/// As every box has it.
pub const REALM: &str = "HTTPS Access";

/// What is hashed where there is no such user, so that it takes the same time.
const NOBODY: &str = "nobody's password";

/// What a login proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'u> {
    /// Who it is.
    User(&'u User),
    /// The password is right, but the proof may have been overheard: its nonce is old or unknown, or was used with this count.
    Stale,
    /// There is no such user, or the password is wrong.
    Wrong,
    /// There is no login, or none that answers our challenge.
    Missing,
}

/// The request that a login is for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Of HTTP.
    pub method: &'a str,
    /// Path and query as sent.
    pub uri: &'a str,
}

/// The value of `WWW-Authenticate`; `stale`: the password was right.
///
/// One known client splits at commas and does not trim, and reads no second challenge.
#[must_use]
pub fn challenge(nonce: &str, form: LoginForm, stale: bool) -> String {
    let algorithm = match hash(form) {
        Hash::Md5 => "MD5",
        Hash::Sha256 => "SHA-256",
    };
    let stale = if stale { ",stale=true" } else { "" };
    format!("Digest realm=\"{REALM}\",nonce=\"{nonce}\",algorithm={algorithm},qop=\"auth\"{stale}")
}

/// Judges `field`, the value of `Authorization`. A proof counts once: `nonces` remembers it.
///
/// What is proven is the `uri` that the client wrote down, which for some clients is not what they ask for; with
/// [`strict_uri`](LoginForm::strict_uri) it has to be.
#[must_use]
pub fn judge<'u>(field: &[u8], target: Target<'_>, users: &'u [User], form: LoginForm, nonces: &mut Nonces, now: Duration) -> Verdict<'u> {
    let Some(given) = Authorization::read(field) else {
        return Verdict::Missing;
    };
    let fits = given.realm == REALM && given.hash.is_none_or(|it| it == hash(form)) && (!form.strict_uri || given.uri == target.uri);
    if !fits {
        return Verdict::Missing;
    }
    let Some(user) = proven(users, &given.username, &given.response, |password| response(&given, target.method, password, hash(form)))
    else {
        return Verdict::Wrong;
    };
    if nonces.spend(&given.nonce, given.count, now) { Verdict::User(user) } else { Verdict::Stale }
}

/// The user of this name, if `expected` of the password is `proof`. Takes as long if there is none.
pub(super) fn proven<'u>(users: &'u [User], name: &str, proof: &str, expected: impl Fn(&str) -> String) -> Option<&'u User> {
    let user = users.iter().fold(None, |found, user| if is_same(&user.name, name) { Some(user) } else { found });
    let expected = expected(user.map_or(NOBODY, |user| user.password.expose()));
    let proven = is_same(&expected, proof);
    user.filter(|_| proven)
}

/// Takes as long wherever they differ.
fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn response(given: &Authorization, method: &str, password: &str, hash: Hash) -> String {
    let Authorization { username, nonce, uri, cnonce, nc, .. } = given;
    let secret = hash.hex(&format!("{username}:{REALM}:{password}"));
    let request = hash.hex(&format!("{method}:{uri}"));
    hash.hex(&format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{request}"))
}

fn hash(form: LoginForm) -> Hash {
    if form.sha256 { Hash::Sha256 } else { Hash::Md5 }
}

#[cfg(test)]
mod tests;
