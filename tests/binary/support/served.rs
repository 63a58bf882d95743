//! Configurations of what the daemon serves, and where it is.

use std::net::SocketAddr;

use super::client::{Client, Login};
use super::daemon::Daemon;
use super::fake::Fake;
use super::home::{Home, custom};

/// Pushes addresses.
pub(crate) const ROUTER: Login = ("router", "Rou/ter+4711%");
/// May change settings.
pub(crate) const ADMIN: Login = ("admin", "gurken&salat 9");
/// Has a right that opens little.
pub(crate) const PHONE: Login = ("phone", "hoerer-auflegen");
/// Has no right at all.
pub(crate) const NOBODY: Login = ("nobody", "nichts-zu-sagen");

/// Both families of the line wait for pushes.
pub(crate) const PUSHED: &str = "ipv4 = [\"push\"]\nipv6 = [\"push\"]";

/// `[web]` with both services and a user for each right, at any port; `more` stands in `[web]` itself.
pub(crate) fn web(more: &str) -> String {
    let users = [(ROUTER, "\"app\""), (ADMIN, "\"config\""), (PHONE, "\"phone\""), (NOBODY, "")];
    let users =
        users.map(|((name, password), rights)| format!("[[web.user]]\nname = {name:?}\npassword = {password:?}\nrights = [{rights}]\n"));
    format!("[web]\nlisten = \"127.0.0.1:0\"\n{more}\n{}[web.dyndns]\nenabled = true\n[web.tr064]\nenabled = true\n", users.concat())
}

/// A name at `provider` that follows what is pushed, and everything that is served.
pub(crate) fn serving(provider: &Fake) -> Home {
    Home::new(&format!("{}{}", custom(&provider.v4("/up?host=<domain>&ip=<ipaddr>"), "v4", PUSHED), web("")))
}

impl Daemon {
    /// Waits until it listens without TLS, and gives who may talk to it there.
    #[track_caller]
    pub(crate) fn client(&self) -> Client {
        Client::new(self.listens(1))
    }

    /// The address of the listener without TLS of this number, counted from 1 in the order of opening.
    #[track_caller]
    pub(crate) fn listens(&self, number: usize) -> SocketAddr {
        let line = self.says_again("listening on http://", number);
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split(' ').next());
        address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("no address: {line}"))
    }
}
