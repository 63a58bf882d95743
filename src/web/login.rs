//! Basic authentication (RFC 7617), and comparing in constant time.

use crate::config::User;
use crate::rules::secret::Secret;

/// The user whom `name` and `password` belong to. Takes as long for a wrong name as for a wrong password.
pub(crate) fn user<'u>(users: &'u [User], name: &str, password: &Secret) -> Option<&'u User> {
    users.iter().find(|user| user.name == name && user.password.expose() == password.expose())
}
