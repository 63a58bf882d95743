use digest_auth::{AuthContext, HttpMethod};
use proptest::prelude::*;

use super::*;

/// As FRITZ!OS sends it.
const FRITZ: &str = "Digest realm=\"HTTPS Access\",nonce=\"F758BE72FB999CEA\",algorithm=MD5,qop=\"auth\"";

fn choose(field: &str) -> Option<Challenge> {
    Challenge::choose(&[field])
}

/// One parameter of an `Authorization` value, quotes taken off.
fn parameter(answer: &Secret, name: &str) -> Option<String> {
    let found = challenges(answer.expose()).remove(0).parameters;
    found.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn mufasa(field: &str, uri: &str, cnonce: &str, password: &str) -> Secret {
    let password = Secret::new(password.into());
    choose(field).expect("a challenge").answer(User { name: "Mufasa", password: &password }, "GET", uri, 1, cnonce)
}

#[test]
fn the_examples_of_both_standards_come_out() {
    let new = |algorithm: &str| {
        format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    };
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (algorithm, expected) in
        [("MD5", "8ca523f5e9506fed4657c9700eebdbec"), ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")]
    {
        let answer = mufasa(&new(algorithm), "/dir/index.html", cnonce, "Circle of Life");
        assert_eq!(parameter(&answer, "response").as_deref(), Some(expected));
        assert_eq!(parameter(&answer, "opaque").as_deref(), Some("FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"));
    }
    let old = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", qop=\"auth\"";
    let answer = mufasa(old, "/dir/index.html", "0a4f113b", "Circle Of Life");
    assert_eq!(parameter(&answer, "response").as_deref(), Some("6629fae49393a05397450978507c4ef1"));
}

#[test]
fn the_better_hash_is_chosen_and_unknown_ones_are_passed_over() {
    let unknown = "Digest realm=\"r\", nonce=\"1\", algorithm=SHA-512-256, qop=auth";
    let better = "Digest qop=\"auth\" , NONCE=\"2\",algorithm=\"sha-256\", realm=\"r\"";
    let basic = "Basic realm=\"a, \\\"b\\\" = c\", charset=\"UTF-8\"";
    for fields in [vec![unknown, FRITZ, better], vec![&*format!("{basic}, {FRITZ}, {unknown},, {better}")], vec![better, basic]] {
        let challenge = Challenge::choose(&fields).expect("a challenge");
        assert_eq!((challenge.hash, challenge.nonce.as_str()), (Hash::Sha256, "2"), "{fields:?}");
    }
    for field in [unknown, basic, "", "Digest", "Digest realm=\"r\"", "Digest realm=r, nonce=n, qop=auth-int", "Negotiate abc=="] {
        assert_eq!(choose(field), None, "{field:?}");
    }
    assert_eq!(choose(&format!("Negotiate abc==, {FRITZ}")).map(|found| found.realm), Some("HTTPS Access".into()));
}

#[test]
fn a_stale_nonce_is_told_from_a_wrong_login() {
    assert!(!choose(FRITZ).unwrap().stale);
    assert!(choose(&format!("{FRITZ}, stale=TRUE")).unwrap().stale);
    assert!(choose(&format!("{FRITZ}, stale=\"true\"")).unwrap().stale);
}

#[test]
fn the_count_is_part_of_the_answer_and_the_password_is_not() {
    let password = Secret::new("geheim".into());
    let user = User { name: "a\"b\\c", password: &password };
    let challenge = choose(FRITZ).unwrap();
    let (first, second) = (challenge.answer(user, "POST", "/x", 1, "c"), challenge.answer(user, "POST", "/x", 2, "c"));
    assert_eq!((parameter(&first, "nc"), parameter(&second, "nc")), (Some("00000001".into()), Some("00000002".into())));
    assert_ne!(parameter(&first, "response"), parameter(&second, "response"));
    assert_eq!(parameter(&first, "username").as_deref(), Some("a\"b\\c"));
    assert!(!first.expose().contains("geheim"));
}

proptest! {
    #[test]
    fn another_implementation_answers_the_same(
        user in "[ -~äöü]{0,20}", password in "[ -~äöü€]{0,30}", uri in "/[a-z0-9/?=&]{0,20}", realm in "[ !#-\\[\\]-~]{0,20}",
        nonce in "[0-9A-Za-z+/=]{1,30}", cnonce in "[0-9a-f]{32}",
        algorithm in prop::sample::select(vec!["", ", algorithm=MD5", ", algorithm=SHA-256", ", algorithm=MD5-sess", ", algorithm=SHA-256-sess"]),
        qop in prop::sample::select(vec!["", ", qop=\"auth\"", ", qop=\"auth,auth-int\""]),
    ) {
        // What a session is without the client's nonce no standard says.
        prop_assume!(!(algorithm.ends_with("-sess") && qop.is_empty()));
        let field = format!("Digest realm=\"{realm}\", nonce=\"{nonce}\"{algorithm}{qop}");
        let secret = Secret::new(password.clone());
        let ours = choose(&field).expect("a challenge").answer(User { name: &user, password: &secret }, "POST", &uri, 1, &cnonce);
        let mut context = AuthContext::new_with_method(&*user, &*password, &*uri, None::<&[u8]>, HttpMethod::POST);
        context.set_custom_cnonce(&*cnonce);
        let theirs = digest_auth::parse(&field).expect("a challenge").respond(&context).expect("an answer");
        prop_assert_eq!(parameter(&ours, "response"), Some(theirs.response));
    }

    #[test]
    fn no_field_makes_it_panic(field in "\\PC{0,200}", tail in "[ ,=\"\\\\a-z]{0,80}") {
        let _ = choose(&field);
        let _ = choose(&format!("Digest {tail}"));
    }
}
