//! Whatever a client sends as its login: nobody is let in who does not know the password, and nobody twice with one proof.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wanbeacon::config::{LoginForm, User};
use wanbeacon::rules::rights::Rights;
use wanbeacon::rules::secret::Secret;
use wanbeacon::tr064::digest::{self, Challenge};
use wanbeacon::tr064::served::challenge::{Target, Verdict, challenge, judge};
use wanbeacon::tr064::served::nonces::Nonces;
use wanbeacon::tr064::served::{call, envelope};

const PASSWORD: &str = "Zq7xYw9kPvB";
const NOW: Duration = Duration::from_secs(1);
const OWNER: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const TARGET: Target<'_> = Target { method: "POST", uri: "/upnp/control/x_remote" };

static USERS: LazyLock<Vec<User>> =
    LazyLock::new(|| vec![User { name: "admin".into(), password: Secret::new(PASSWORD.into()), rights: Rights::NONE }]);

fuzz_target!(|input: (&[u8], &str, u64, [bool; 2])| {
    let (field, tail, random, [sha256, strict_uri]) = input;
    let form = LoginForm { sha256, strict_uri, ..LoginForm::default() };
    let mut nonces = Nonces::default();
    let nonce = nonces.issue(OWNER, NOW, random);
    let mut verdict = |field: &[u8]| judge(field, TARGET, &USERS, form, &mut nonces, NOW);
    for field in [field, format!("Digest {tail}").as_bytes()] {
        assert!(matches!(verdict(field), Verdict::Wrong | Verdict::Missing));
    }
    let call = format!("<Envelope><Header><ClientAuth>{tail}</ClientAuth></Header><Body><Get/></Body></Envelope>");
    if let Some(login) = call::read(None, call.as_bytes()).ok().and_then(|call| call.login) {
        assert!(matches!(envelope::judge(&login, &USERS, &mut Nonces::default(), NOW), Verdict::Wrong | Verdict::Missing));
    }
    // A right login with something behind it: let in, or not understood, but never refused as wrong, and never twice.
    let challenge = Challenge::choose(&[&challenge(&nonce, form, false)]).expect("it is a challenge");
    let right = challenge.answer(digest::User { name: "admin", password: &USERS[0].password }, TARGET.method, TARGET.uri, 1, "0a4f113b");
    let right = format!("{},{tail}", right.expose());
    match verdict(right.as_bytes()) {
        Verdict::User(_) => assert!(matches!(verdict(right.as_bytes()), Verdict::Stale)),
        verdict => assert!(matches!(verdict, Verdict::Missing)),
    }
});
