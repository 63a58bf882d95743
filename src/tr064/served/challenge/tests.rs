use digest_auth::{AuthContext, HttpMethod};
use proptest::prelude::*;

use super::*;
use crate::rules::rights::{Right, Rights};
use crate::rules::secret::Secret;
use crate::tr064::digest::{self, Challenge};

const NOW: Duration = Duration::from_secs(1000);
const OWNER: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const PATH: &str = "/upnp/control/x_remote";
const TARGET: Target<'_> = Target { method: "POST", uri: PATH };
const MD5: LoginForm = LoginForm { sha256: false, content: false, strict_uri: false };
const SHA256: LoginForm = LoginForm { sha256: true, ..MD5 };
const STRICT: LoginForm = LoginForm { strict_uri: true, ..MD5 };

fn user(name: &str, password: &str) -> User {
    User { name: name.into(), password: Secret::new(password.into()), rights: Rights::from_iter([Right::Config]) }
}

fn users() -> Vec<User> {
    vec![user("admin", "gurkensalat"), user("guest", "besuch")]
}

/// What our own client answers to a new challenge.
fn answer(nonces: &mut Nonces, form: LoginForm, name: &str, password: &str, count: u32) -> String {
    let nonce = nonces.issue(OWNER, NOW, 0xF758_BE72_FB99_9CEA);
    let password = Secret::new(password.into());
    let challenge = Challenge::choose(&[&challenge(&nonce, form, false)]).expect("our client understands our challenge");
    let user = digest::User { name, password: &password };
    challenge.answer(user, "POST", PATH, count, "0a4f113b").expose().to_owned()
}

/// Who is let in, or why nobody is.
fn name(verdict: Verdict<'_>) -> &str {
    match verdict {
        Verdict::User(user) => &user.name,
        Verdict::Stale => "(stale)",
        Verdict::Wrong => "(wrong)",
        Verdict::Missing => "(missing)",
    }
}

#[test]
fn the_challenge_is_the_one_of_a_box() {
    assert_eq!(
        challenge("F758BE72FB999CEA", MD5, false),
        "Digest realm=\"HTTPS Access\",nonce=\"F758BE72FB999CEA\",algorithm=MD5,qop=\"auth\""
    );
    assert_eq!(
        challenge("F758BE72FB999CEA", SHA256, true),
        "Digest realm=\"HTTPS Access\",nonce=\"F758BE72FB999CEA\",algorithm=SHA-256,qop=\"auth\",stale=true"
    );
}

#[test]
fn the_right_password_lets_in_and_a_wrong_one_does_not() {
    let users = users();
    for form in [MD5, SHA256, STRICT] {
        for (who, password, expected) in [
            ("admin", "gurkensalat", "admin"),
            ("guest", "besuch", "guest"),
            ("admin", "besuch", "(wrong)"),
            ("Admin", "gurkensalat", "(wrong)"),
            ("nobody", NOBODY, "(wrong)"),
            ("", "", "(wrong)"),
        ] {
            let mut nonces = Nonces::default();
            let field = answer(&mut nonces, form, who, password, 1);
            assert_eq!(name(judge(field.as_bytes(), TARGET, &users, form, &mut nonces, NOW)), expected, "{who} {form:?}");
        }
    }
}

#[test]
fn a_proof_counts_once_and_not_for_ever() {
    let (users, mut nonces) = (users(), Nonces::default());
    let field = answer(&mut nonces, MD5, "admin", "gurkensalat", 3);
    let judge = |field: &str, nonces: &mut Nonces, now| name(judge(field.as_bytes(), TARGET, &users, MD5, nonces, now)).to_owned();
    assert_eq!(judge(&field, &mut nonces, NOW), "admin");
    assert_eq!(judge(&field, &mut nonces, NOW), "(stale)");
    assert_eq!(judge(&field, &mut Nonces::default(), NOW), "(stale)", "a nonce of before the restart");
    // The nonce is the same, so the count goes on.
    let later = answer(&mut Nonces::default(), MD5, "admin", "gurkensalat", 9);
    assert_eq!(judge(&later, &mut nonces, NOW), "admin");
    let last = answer(&mut Nonces::default(), MD5, "admin", "gurkensalat", 10);
    assert_eq!(judge(&last, &mut nonces, NOW + Duration::from_secs(601)), "(stale)");
    // Whoever has no password does not learn which nonces are good.
    let wrong = answer(&mut Nonces::default(), MD5, "admin", "besuch", 3);
    assert_eq!(judge(&wrong, &mut nonces, NOW), "(wrong)");
    assert_eq!(judge(&wrong, &mut Nonces::default(), NOW), "(wrong)");
}

#[test]
fn a_wrong_password_uses_no_count_up() {
    let (users, mut nonces) = (users(), Nonces::default());
    let wrong = answer(&mut nonces, MD5, "admin", "besuch", 1);
    assert_eq!(judge(wrong.as_bytes(), TARGET, &users, MD5, &mut nonces, NOW), Verdict::Wrong);
    let right = answer(&mut Nonces::default(), MD5, "admin", "gurkensalat", 1);
    assert_eq!(judge(right.as_bytes(), TARGET, &users, MD5, &mut nonces, NOW), Verdict::User(&users[0]));
}

#[test]
fn a_login_for_something_else_is_none() {
    let users = users();
    let field = |form| answer(&mut Nonces::default(), form, "admin", "gurkensalat", 1);
    let plain = field(MD5);
    for (field, form) in [
        (field(SHA256), MD5),
        (plain.clone(), SHA256),
        (plain.replace("HTTPS Access", "Other"), MD5),
        (plain.replace(PATH, "/other"), STRICT),
        (plain.replace(", qop=auth", ""), MD5),
        ("Basic YWRtaW46Z3Vya2Vuc2FsYXQ=".into(), MD5),
        (String::new(), MD5),
    ] {
        let mut nonces = Nonces::default();
        nonces.issue(OWNER, NOW, 0xF758_BE72_FB99_9CEA);
        assert_eq!(judge(field.as_bytes(), TARGET, &users, form, &mut nonces, NOW), Verdict::Missing, "{field}");
    }
    // Changed on the way, it proves nothing.
    let mut nonces = Nonces::default();
    nonces.issue(OWNER, NOW, 0xF758_BE72_FB99_9CEA);
    let other = Target { method: "GET", uri: PATH };
    assert_eq!(judge(plain.as_bytes(), other, &users, MD5, &mut nonces, NOW), Verdict::Wrong);
    for (from, to) in [(PATH, "/other"), ("nc=00000001", "nc=00000002"), ("0a4f113b", "0a4f113c")] {
        let field = plain.replace(from, to);
        assert_eq!(judge(field.as_bytes(), TARGET, &users, MD5, &mut nonces, NOW), Verdict::Wrong, "{field}");
    }
}

#[test]
fn a_client_that_writes_the_service_type_and_a_short_count_is_let_in() {
    let (users, mut nonces) = (users(), Nonces::default());
    let nonce = nonces.issue(OWNER, NOW, 7);
    let kind = "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1";
    let (secret, request) = (Hash::Md5.hex("admin:HTTPS Access:gurkensalat"), Hash::Md5.hex(&format!("POST:{kind}")));
    let response = Hash::Md5.hex(&format!("{secret}:{nonce}:1:31323334:auth:{request}"));
    let field = format!(
        "Digest username=\"admin\", realm=\"HTTPS Access\", nonce=\"{nonce}\", uri=\"{kind}\", cnonce=\"31323334\", nc=\"1\", \
         qop=\"auth\", response=\"{response}\""
    );
    let mut judge = |form| name(judge(field.as_bytes(), TARGET, &users, form, &mut nonces, NOW)).to_owned();
    assert_eq!([judge(STRICT), judge(MD5), judge(MD5)], ["(missing)", "admin", "(stale)"]);
}

proptest! {
    #[test]
    fn whoever_another_implementation_logs_in_is_let_in(
        name in "[ -~äöü]{1,20}", password in "[ -~äöü€]{1,30}", uri in "/[a-z0-9/?=&,]{0,20}", random: u64, count in 1..200_u32,
        sha256: bool, strict_uri: bool, shorter in 1..30_usize,
    ) {
        let form = LoginForm { sha256, content: false, strict_uri };
        let users = [user("other", "other"), user(&name, &password)];
        prop_assume!(name != "other");
        let mut nonces = Nonces::default();
        let field = challenge(&nonces.issue(OWNER, NOW, random), form, false);
        let mut prompt = digest_auth::parse(&field).expect("it is a challenge");
        prompt.nc = count - 1;
        let context = AuthContext::new_with_method(&*name, &*password, &*uri, None::<&[u8]>, HttpMethod::POST);
        let field = prompt.respond(&context).expect("an answer").to_header_string();
        let target = Target { method: "POST", uri: &uri };
        let mut judge = |field: &str, users| judge(field.as_bytes(), target, users, form, &mut nonces, NOW);
        let fewer: String = password.chars().take(password.chars().count().saturating_sub(shorter)).collect();
        let mistaken = [user(&name, &fewer)];
        prop_assert_eq!(judge(&field, &mistaken), Verdict::Wrong);
        prop_assert_eq!(judge(&field, &users), Verdict::User(&users[1]));
        prop_assert_eq!(judge(&field, &users), Verdict::Stale);
    }

    #[test]
    fn no_field_makes_it_panic(field in prop::collection::vec(any::<u8>(), 0..200), tail in "[ ,=\"\\\\a-z]{0,80}") {
        let users = users();
        for field in [field, format!("Digest {tail}").into_bytes()] {
            prop_assert_eq!(judge(&field, TARGET, &users, MD5, &mut Nonces::default(), NOW), Verdict::Missing);
        }
    }
}
