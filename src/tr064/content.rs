//! The login inside the SOAP envelope (TR-064 First Steps, "content-level authentication"), for boxes that offer no other. PURE.

use quick_xml::escape::escape;

use super::digest::{Hash, User};
use super::xml;

/// The namespace of its header blocks.
pub(super) const NAMESPACE: &str = "http://soap-authentication.org/digest/2001/10/";

/// What the box says about the login in the header of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The request was accepted; `nonce` is for the next one.
    pub accepted: bool,
    nonce: String,
    realm: String,
}

impl Challenge {
    /// Reads the header of an answer; `None` if it has no word about a login.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let envelope = xml::parse(text).ok()?;
        let header = envelope.child("Header")?;
        let block = header.child("NextChallenge").or_else(|| header.child("Challenge"))?;
        let field = |name: &str| block.child(name).map(|field| field.text.clone());
        let accepted = block.child("Status").is_some_and(|status| status.text.eq_ignore_ascii_case("Authenticated"));
        Some(Self { accepted, nonce: field("Nonce")?, realm: field("Realm")? })
    }

    /// The header block that answers this challenge.
    #[must_use]
    pub fn answer(&self, user: User<'_>) -> String {
        block("ClientAuth", &[("Nonce", &self.nonce), ("Auth", &self.proof(user)), ("UserID", user.name), ("Realm", &self.realm)])
    }

    fn proof(&self, user: User<'_>) -> String {
        let secret = Hash::Md5.hex(&format!("{}:{}:{}", user.name, self.realm, user.password.expose()));
        Hash::Md5.hex(&format!("{secret}:{}", self.nonce))
    }
}

/// The header block that asks for a challenge for the user `name`.
#[must_use]
pub fn init(name: &str) -> String {
    block("InitChallenge", &[("UserID", name)])
}

fn block(name: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("<{name}>{}</{name}>", escape(*value))).collect();
    format!("<h:{name} xmlns:h=\"{NAMESPACE}\" s:mustUnderstand=\"1\">{}</h:{name}>", fields.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::secret::Secret;

    fn answer(block: &str, status: &str) -> String {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>\
             <h:{block} xmlns:h=\"{NAMESPACE}\" s:mustUnderstand=\"1\"><Status>{status}</Status><Nonce>F758BE72FB999CEA</Nonce>\
             <Realm>F!Box SOAP-Auth</Realm></h:{block}></s:Header><s:Body/></s:Envelope>"
        )
    }

    #[test]
    fn the_published_example_comes_out() {
        let challenge = Challenge::read(&answer("Challenge", "Unauthenticated")).unwrap();
        assert!(!challenge.accepted);
        let password = Secret::new("gurkensalat".into());
        let block = challenge.answer(User { name: "admin", password: &password });
        assert!(block.contains("<Auth>b4f67585f22b0af7c4615db5a18faa14</Auth>"), "{block}");
        assert!(block.contains("<UserID>admin</UserID><Realm>F!Box SOAP-Auth</Realm>"), "{block}");
        assert!(!block.contains("gurkensalat"), "{block}");
    }

    #[test]
    fn a_login_that_was_accepted_brings_the_next_nonce() {
        let challenge = Challenge::read(&answer("NextChallenge", "Authenticated")).unwrap();
        assert_eq!((challenge.accepted, challenge.nonce.as_str()), (true, "F758BE72FB999CEA"));
    }

    #[test]
    fn an_answer_without_a_word_about_the_login_has_no_challenge() {
        let incomplete = answer("Challenge", "Unauthenticated").replace("Nonce", "Once");
        for text in ["<Envelope><Body/></Envelope>", "<html>no</html>", "", &incomplete] {
            assert_eq!(Challenge::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_user_name_is_escaped() {
        assert!(init("a<b&c").contains("<UserID>a&lt;b&amp;c</UserID>"));
    }
}
