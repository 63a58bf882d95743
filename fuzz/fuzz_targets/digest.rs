//! Whatever a router sends as a challenge: an answer that holds no password and fits into a header, or none.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wanbeacon::rules::secret::Secret;
use wanbeacon::tr064::content;
use wanbeacon::tr064::digest::{Challenge, User};

const PASSWORD: &str = "Zq7xYw9kPvB";

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(PASSWORD.into()));

fuzz_target!(|input: (Vec<&str>, u32)| {
    let (fields, count) = input;
    let user = User { name: "fritz1234", password: &SECRET };
    // HTTP lets no control characters into a field, and whoever knows the password may send it.
    let sent = |text: &&str| !text.chars().any(char::is_control) && !text.contains(PASSWORD);
    let fields: Vec<&str> = fields.into_iter().filter(sent).collect();
    if let Some(challenge) = Challenge::choose(&fields) {
        let answer = challenge.answer(user, "POST", "/upnp/control/x_remote", count, "0a4f113b");
        assert!(answer.expose().starts_with("Digest username=\"fritz1234\", "));
        assert!(!answer.expose().contains(PASSWORD) && !answer.expose().chars().any(char::is_control), "{}", answer.expose());
    }
    for text in fields {
        let inside = format!("<Envelope><Header><Challenge><Status>Unauthenticated</Status>{text}</Challenge></Header><Body/></Envelope>");
        for text in [text, &inside] {
            if let Some(challenge) = content::Challenge::read(text) {
                assert!(!challenge.answer(user).contains(PASSWORD));
            }
        }
    }
});
