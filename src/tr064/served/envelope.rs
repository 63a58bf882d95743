//! The login inside the SOAP envelope, the side of the box (TR-064 First Steps, "content-level authentication"). PURE.

use std::time::Duration;

use super::call::EnvelopeLogin;
use super::challenge::{Verdict, proven};
use super::nonces::Nonces;
use crate::config::User;
use crate::tr064::content::NAMESPACE;
use crate::tr064::digest::Hash;

/// As every box has it.
pub const REALM: &str = "F!Box SOAP-Auth";

/// Judges what the envelope of a call says. Every nonce counts once; `nonces` are not those of the digest login, so that neither
/// drives out the other's.
#[must_use]
pub fn judge<'u>(login: &EnvelopeLogin, users: &'u [User], nonces: &mut Nonces, now: Duration) -> Verdict<'u> {
    let EnvelopeLogin::Auth { nonce, auth, user: name, .. } = login else {
        return Verdict::Missing;
    };
    let expected = |password: &str| {
        let secret = Hash::Md5.hex(&format!("{name}:{REALM}:{password}"));
        Hash::Md5.hex(&format!("{secret}:{nonce}"))
    };
    match proven(users, name, &auth.to_ascii_lowercase(), expected) {
        None => Verdict::Wrong,
        Some(user) if nonces.use_up(nonce, now) => Verdict::User(user),
        Some(_) => Verdict::Stale,
    }
}

/// The block in the header of an answer, with the prefixes that clients look for; `nonce` is for the next call.
#[must_use]
pub fn block(accepted: bool, nonce: &str) -> String {
    let (name, status) = if accepted { ("NextChallenge", "Authenticated") } else { ("Challenge", "Unauthenticated") };
    format!(
        "<h:{name} xmlns:h=\"{NAMESPACE}\" s:mustUnderstand=\"1\">\n<Status>{status}</Status>\n<Nonce>{nonce}</Nonce>\n\
         <Realm>{REALM}</Realm>\n</h:{name}>\n"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::rights::Rights;
    use crate::rules::secret::Secret;
    use crate::tr064::content::{self, Challenge};
    use crate::tr064::digest;
    use crate::tr064::served::call;
    use crate::tr064::soap;

    const NOW: Duration = Duration::from_secs(1000);
    const OWNER: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn user(name: &str, password: &str) -> User {
        User { name: name.into(), password: Secret::new(password.into()), rights: Rights::NONE }
    }

    fn envelope(block: &str) -> String {
        soap::request_with(&[block], "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1", "GetInfo", &[])
    }

    fn read(block: &str) -> EnvelopeLogin {
        call::read(None, envelope(block).as_bytes()).expect("a call").login.expect("a login")
    }

    /// The login of our own client with the answer to a challenge.
    fn login(nonce: &str, name: &str, password: &str) -> EnvelopeLogin {
        let challenge = Challenge::read(&envelope(&block(false, nonce))).expect("our client understands our challenge");
        assert!(!challenge.accepted);
        let password = Secret::new(password.into());
        read(&challenge.answer(digest::User { name, password: &password }))
    }

    #[test]
    fn the_published_example_lets_in_once() {
        let users = [user("guest", "besuch"), user("admin", "gurkensalat")];
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(OWNER, NOW, 0xF758_BE72_FB99_9CEA);
        let login = login(&nonce, "admin", "gurkensalat");
        assert!(matches!(&login, EnvelopeLogin::Auth { auth, .. } if auth == "b4f67585f22b0af7c4615db5a18faa14"));
        assert_eq!(judge(&login, &users, &mut nonces, NOW), Verdict::User(&users[1]));
        assert_eq!(judge(&login, &users, &mut nonces, NOW), Verdict::Stale);
    }

    #[test]
    fn wrong_passwords_and_unknown_users_get_the_same_answer_and_use_nothing_up() {
        let users = [user("admin", "gurkensalat")];
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(OWNER, NOW, 1);
        for (name, password) in [("admin", "besuch"), ("nobody", "gurkensalat"), ("", "")] {
            assert_eq!(judge(&login(&nonce, name, password), &users, &mut nonces, NOW), Verdict::Wrong);
        }
        let right = login(&nonce, "admin", "gurkensalat");
        assert_eq!(judge(&right, &users, &mut nonces, NOW + Duration::from_secs(601)), Verdict::Stale);
        nonces.issue(OWNER, NOW, 1);
        assert_eq!(judge(&right, &users, &mut nonces, NOW), Verdict::User(&users[0]));
    }

    #[test]
    fn the_first_call_asks_for_a_challenge() {
        let first = read(&content::init("admin"));
        assert_eq!(judge(&first, &[user("admin", "gurkensalat")], &mut Nonces::default(), NOW), Verdict::Missing);
        assert!(Challenge::read(&envelope(&block(true, "0000000000000002"))).expect("a challenge").accepted);
    }

    proptest! {
        #[test]
        fn whoever_our_own_client_logs_in_is_let_in(name in "[!-~äöü]{1,20}", password in "[ -~äöü€]{1,30}", random: u64) {
            let users = [user("", "other"), user(&name, &password)];
            let mut nonces = Nonces::default();
            let nonce = nonces.issue(OWNER, NOW, random);
            let login = login(&nonce, &name, &password);
            prop_assert_eq!(judge(&login, &users, &mut nonces, NOW), Verdict::User(&users[1]));
        }
    }
}
