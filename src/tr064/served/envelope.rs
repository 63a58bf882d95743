//! The login inside the SOAP envelope, the side of the box (TR-064 First Steps, "content-level authentication"). PURE.

use std::time::Duration;

use super::challenge::{Verdict, proven};
use super::nonces::Nonces;
use crate::config::User;
use crate::tr064::content::NAMESPACE;
use crate::tr064::digest::Hash;
use crate::tr064::xml;

/// As every box has it.
pub const REALM: &str = "F!Box SOAP-Auth";

/// What the header of a call says about a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// It asks for a challenge.
    Init,
    /// It answers one.
    Proof {
        /// User name.
        name: String,
        /// Of the challenge.
        nonce: String,
        /// In lower case.
        proof: String,
    },
}

impl Login {
    /// Reads the header of a call; `None` if it has no word about a login.
    #[must_use]
    pub fn read(body: &str) -> Option<Self> {
        let envelope = xml::parse(body).ok()?;
        let header = envelope.child("Header")?;
        let Some(block) = header.child("ClientAuth") else {
            return header.child("InitChallenge").map(|_| Self::Init);
        };
        let field = |name: &str| block.child(name).map_or_else(String::new, |field| field.text.clone());
        Some(Self::Proof { name: field("UserID"), nonce: field("Nonce"), proof: field("Auth").to_ascii_lowercase() })
    }

    /// Judges it. Every nonce counts once; `nonces` are not those of the digest login, so that neither drives out the other's.
    #[must_use]
    pub fn judge<'u>(&self, users: &'u [User], nonces: &mut Nonces, now: Duration) -> Verdict<'u> {
        let Self::Proof { name, nonce, proof } = self else {
            return Verdict::Missing;
        };
        let expected = |password: &str| {
            let secret = Hash::Md5.hex(&format!("{name}:{REALM}:{password}"));
            Hash::Md5.hex(&format!("{secret}:{nonce}"))
        };
        match proven(users, name, proof, expected) {
            None => Verdict::Wrong,
            Some(user) if nonces.spend(nonce, 1, now) => Verdict::User(user),
            Some(_) => Verdict::Stale,
        }
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
    use crate::tr064::soap;

    const NOW: Duration = Duration::from_secs(1000);

    fn user(name: &str, password: &str) -> User {
        User { name: name.into(), password: Secret::new(password.into()), rights: Rights::NONE }
    }

    fn envelope(block: &str) -> String {
        soap::request_with(&[block], "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1", "GetInfo", &[])
    }

    /// The login of our own client with the answer to a challenge.
    fn login(nonce: &str, name: &str, password: &str) -> Login {
        let challenge = Challenge::read(&envelope(&block(false, nonce))).expect("our client understands our challenge");
        assert!(!challenge.accepted);
        let password = Secret::new(password.into());
        Login::read(&envelope(&challenge.answer(digest::User { name, password: &password }))).expect("a login")
    }

    #[test]
    fn the_published_example_lets_in_once() {
        let users = [user("guest", "besuch"), user("admin", "gurkensalat")];
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(NOW, 0xF758_BE72_FB99_9CEA);
        let login = login(&nonce, "admin", "gurkensalat");
        let proof = "b4f67585f22b0af7c4615db5a18faa14".into();
        assert_eq!(login, Login::Proof { name: "admin".into(), nonce: "F758BE72FB999CEA".into(), proof });
        assert_eq!(login.judge(&users, &mut nonces, NOW), Verdict::User(&users[1]));
        assert_eq!(login.judge(&users, &mut nonces, NOW), Verdict::Stale);
    }

    #[test]
    fn wrong_passwords_and_unknown_users_get_the_same_answer_and_use_nothing_up() {
        let users = [user("admin", "gurkensalat")];
        let mut nonces = Nonces::default();
        let nonce = nonces.issue(NOW, 1);
        for (name, password) in [("admin", "besuch"), ("nobody", "gurkensalat"), ("", "")] {
            assert_eq!(login(&nonce, name, password).judge(&users, &mut nonces, NOW), Verdict::Wrong);
        }
        let right = login(&nonce, "admin", "gurkensalat");
        assert_eq!(right.judge(&users, &mut nonces, NOW + Duration::from_secs(601)), Verdict::Stale);
        nonces.issue(NOW, 1);
        assert_eq!(right.judge(&users, &mut nonces, NOW), Verdict::User(&users[0]));
    }

    #[test]
    fn the_first_call_asks_for_a_challenge() {
        let first = Login::read(&envelope(&content::init("admin"))).expect("a login");
        assert_eq!(first, Login::Init);
        assert_eq!(first.judge(&[user("admin", "gurkensalat")], &mut Nonces::default(), NOW), Verdict::Missing);
        assert!(Challenge::read(&envelope(&block(true, "0000000000000002"))).expect("a challenge").accepted);
    }

    #[test]
    fn a_header_without_a_blank_between_its_attributes_is_understood() {
        // As tr-O64 writes it.
        let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\" \
                    xmlns:s=\" http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>\
                    <h:ClientAuth xmlns:h=\"http://soap-authentication.org/digest/2001/10/\"s:mustUnderstand=\"1\"><Nonce>N</Nonce>\
                    <Auth>AB</Auth><UserID>a&amp;b</UserID><Realm>F!Box SOAP-Auth</Realm></h:ClientAuth></s:Header><s:Body/></s:Envelope>";
        assert_eq!(Login::read(text), Some(Login::Proof { name: "a&b".into(), nonce: "N".into(), proof: "ab".into() }));
        assert_eq!(Login::read(&text.replace("ClientAuth", "InitChallenge")), Some(Login::Init));
        for text in [text.replace("ClientAuth", "Other"), text.replace("s:Header", "s:Head"), String::new(), "<s:Header/>".into()] {
            assert_eq!(Login::read(&text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whoever_our_own_client_logs_in_is_let_in(name in "[!-~äöü]{1,20}", password in "[ -~äöü€]{1,30}", random: u64) {
            let users = [user("", "other"), user(&name, &password)];
            let mut nonces = Nonces::default();
            let nonce = nonces.issue(NOW, random);
            let login = login(&nonce, &name, &password);
            prop_assert_eq!(login.judge(&users, &mut nonces, NOW), Verdict::User(&users[1]));
        }
    }
}
