//! `[fritzbox]`.

use std::net::Ipv6Addr;

use url::Url;

use crate::rules::fingerprint::Fingerprint;

use super::credentials::is_one_line;
use super::entry::Surroundings;
use super::file::{RawFritzBox, Words};
use super::problem::{Place, Report, quoted};
use super::reader::Key;
use super::secret::RawSecret;
use super::{FritzBox, Login};

/// Checks `[fritzbox]`.
pub(super) fn fritzbox(raw: RawFritzBox, surroundings: &Surroundings<'_>, report: &mut Report<'_>) -> FritzBox {
    let RawFritzBox { place, address, username, password, tls_fingerprint } = raw;
    FritzBox {
        address: self::address(&address, report),
        login: login(&place, &username, &password, surroundings, report),
        fingerprint: fingerprint(&tls_fingerprint, report),
    }
}

/// A host name or an address.
fn address(key: &Words, report: &mut Report<'_>) -> Option<String> {
    let address = key.given()?;
    let value = address.value.trim();
    let bracketed = value.parse::<Ipv6Addr>().map_or_else(|_| value.into(), |v6| format!("[{v6}]"));
    let host_alone = !value.is_empty()
        && Url::parse(&format!("http://{bracketed}/")).is_ok_and(|url| {
            url.path() == "/" && url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none()
        })
        && !value.contains(['/', '?', '#', '@', '\\']);
    if !host_alone {
        report.error(
            &address.place,
            format!("{} is not the address of a box", quoted(value)),
            "write a host name or an IP address, such as \"fritz.box\" or \"192.168.178.1\"",
        );
        return None;
    }
    Some(bracketed)
}

fn login(
    table: &Place,
    username: &Words,
    password: &Key<RawSecret>,
    surroundings: &Surroundings<'_>,
    report: &mut Report<'_>,
) -> Option<Login> {
    let readable = is_one_line(username, report);
    if password.is_absent() && !username.is_absent() {
        report.missing(table, "password", "the box lets nobody in by name alone; password = { file = \"…\" } keeps it out of this file");
    }
    let password = password.given()?.fetch(surroundings.base, surroundings.world, report)?;
    if password.is_unread() {
        report.warn(&table.child("password"), "it cannot be read here", "the box is asked without a login");
        return None;
    }
    let username = username.given().map_or_else(String::new, |name| name.value.clone());
    readable.then_some(Login { username, password })
}

fn fingerprint(key: &Words, report: &mut Report<'_>) -> Option<Fingerprint> {
    let text = key.given()?;
    match Fingerprint::parse(&text.value) {
        Ok(fingerprint) => Some(fingerprint),
        Err(expected) => {
            report.error(
                &text.place,
                format!("{} is no fingerprint: {expected}", quoted(&text.value)),
                "copy it from `openssl x509 -fingerprint -sha256`, or leave the key out to trust the first certificate that is seen",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{FileText, FritzBox, Loaded, World, load, load_file};
    use crate::rules::fingerprint::Fingerprint;

    const ENTRY: &str = "[[ddns]]\nupdate_url = \"https://dyn.example.org/u?h=<domain>&ip=<ipaddr>\"\ndomain = \"a.example.org\"\n";

    fn fritzbox(keys: &str) -> FritzBox {
        let world = World::given([("BOX", "hunter2")], [("/secrets/box", "hunter2\n")]);
        let Loaded { settings, warnings } = load(&format!("{ENTRY}[fritzbox]\n{keys}"), "/etc/config.toml", &world).unwrap();
        assert_eq!(warnings, [], "{keys}");
        assert!(!format!("{settings:?}").contains("hunter2"));
        settings.fritzbox
    }

    #[test]
    fn the_login_is_a_password_with_or_without_a_user() {
        for form in ["\"hunter2\"", "{ file = \"/secrets/box\" }", "{ env = \"BOX\" }"] {
            let login = fritzbox(&format!("username = \"ddns\"\npassword = {form}")).login.unwrap();
            assert_eq!((login.username.as_str(), login.password.expose()), ("ddns", "hunter2"), "{form}");
        }
        let login = fritzbox("password = \"hunter2\"").login.unwrap();
        assert_eq!((login.username.as_str(), login.password.expose()), ("", "hunter2"));
        assert_eq!(fritzbox(""), FritzBox::default());
    }

    #[test]
    fn the_fingerprint_is_that_of_the_certificate() {
        let digits = "3a7f".repeat(16);
        assert_eq!(fritzbox(&format!("tls_fingerprint = {digits:?}")).fingerprint, Fingerprint::parse(&digits).ok());
    }

    #[test]
    fn a_password_of_the_box_in_a_file_that_everybody_can_read_is_a_warning() {
        let text = format!("{ENTRY}[fritzbox]\npassword = \"hunter2\"");
        let at = |mode| World::given([], []).with_file("/c.toml", FileText { bytes: text.clone().into(), mode });
        let warnings = |mode| load_file("/c.toml".as_ref(), &at(mode)).unwrap().warnings;
        assert_eq!(warnings(0o600), []);
        let open: Vec<String> = warnings(0o644).iter().map(|it| it.key.clone()).collect();
        assert_eq!(open, ["fritzbox.password"]);
    }
}
