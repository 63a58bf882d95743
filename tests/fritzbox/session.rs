//! Sessions with a box that asks for a login.

use std::collections::BTreeSet;

use wanbeacon::rules::fingerprint::Fingerprint;
use wanbeacon::rules::reply::Fault;
use wanbeacon::rules::secret::Secret;
use wanbeacon::rules::status::Status;
use wanbeacon::tr064::remote_access::{self, DdnsConfig, DdnsInfo, RemoteConfig, RemoteInfo, SERVICE};
use wanbeacon::tr064::session::{CallError, Confirmation, SecondFactor, Trust};
use wanbeacon::tr064::soap::SoapFault;

use crate::double::Double;
use crate::double::login::{Algorithm, Right};
use crate::double::odd::{Oddity, On};
use crate::double::second::TOKEN;
use crate::rig::{PASSWORD, Rig, broken, endless, hurried, login, parameter, words};

const DEVICE: &str = "DeviceInfo:1";

fn is_refused(error: &CallError, wanted: u32) -> bool {
    matches!(error, CallError::Refused(SoapFault { code, .. }) if *code == wanted)
}

#[tokio::test]
async fn a_login_goes_over_tls_and_its_digest_grows_with_both_algorithms() {
    for (algorithm, name, digits) in [(Algorithm::Md5, "MD5", 32), (Algorithm::Sha256, "SHA-256", 64)] {
        let rig = Rig::new().await;
        rig.double.change(|state| state.login.algorithm = algorithm);
        let session = rig.admin().await;
        assert!(session.secured());
        assert_eq!((session.model(), session.version()), ("FRITZ!Box 7530", Some("164.08.02")));
        for _ in 0..3 {
            session.call(SERVICE, "GetInfo", &[]).await.unwrap();
        }
        assert_eq!(
            rig.double.brief(),
            ["GET /tr64desc.xml", "GetSecurityPort", "GET /tr64desc.xml", "GetInfo", "GetInfo", "GetInfo", "GetInfo"]
        );
        let asked = rig.double.asked();
        assert!(asked.iter().all(|request| request.secure || !request.authorized()), "{asked:?}");
        let counts: Vec<String> = asked[4..].iter().map(|request| parameter(request, "nc")).collect();
        assert_eq!(counts, ["00000001", "00000002", "00000003"]);
        let cnonces: BTreeSet<String> = asked[4..].iter().map(|request| parameter(request, "cnonce")).collect();
        assert_eq!(cnonces.len(), 3, "a fresh one each time");
        let first = &asked[4];
        assert_eq!((parameter(first, "algorithm").as_str(), parameter(first, "response").len()), (name, digits));
        assert_eq!((parameter(first, "uri").as_str(), parameter(first, "qop").as_str()), ("/upnp/control/x_remote", "auth"));
        assert_eq!(rig.double.change(|state| state.login.wrong()), 0);
    }
}

#[tokio::test]
async fn calls_that_come_together_do_not_share_a_count() {
    let rig = Rig::new().await;
    let session = rig.admin().await;
    let call = || session.call(SERVICE, "GetInfo", &[]);
    let results = tokio::join!(call(), call(), call(), call(), call());
    assert!([results.0, results.1, results.2, results.3, results.4].iter().all(Result::is_ok));
    // One challenge, five answers to it.
    assert_eq!((rig.count(), rig.proofs().len()), (3 + 6, 5));
}

#[tokio::test]
async fn a_stale_nonce_is_replaced_without_a_word() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.login.lasts = 1);
    let session = rig.admin().await;
    let from = rig.count();
    for _ in 0..3 {
        session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    }
    assert_eq!(rig.count() - from, 6);
    rig.double.change(|state| {
        state.login.lasts = u32::MAX;
        state.login.forget_nonces();
    });
    session.call(SERVICE, "GetDDNSInfo", &[]).await.unwrap();
    assert_eq!(rig.since(from + 6), ["GetDDNSInfo", "GetDDNSInfo"]);
    assert_eq!(rig.double.change(|state| state.login.wrong()), 0);
}

#[tokio::test]
async fn a_wrong_login_costs_two_requests_once() {
    for (user, password) in [("admin", "falsch"), ("nobody", PASSWORD)] {
        let rig = Rig::new().await;
        let session = rig.open_as(user, password).await.unwrap();
        let from = rig.count();
        for _ in 0..3 {
            let error = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
            assert_eq!(error, CallError::Unauthorized { user: user.into() });
            assert!(words(&rig, &error).contains("check [fritzbox] username and password"));
        }
        assert_eq!(rig.since(from), ["GetInfo", "GetInfo"]);
        assert_eq!(rig.double.change(|state| state.login.wrong()), 1);
    }
}

#[tokio::test]
async fn a_password_that_is_changed_at_the_box_is_noticed() {
    let rig = Rig::new().await;
    let session = rig.admin().await;
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    rig.double.change(|state| state.login.users[0].password = "another".into());
    let from = rig.count();
    let error = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
    assert!(matches!(error, CallError::Unauthorized { .. }), "{error:?}");
    assert!(rig.count() - from <= 2, "{:?}", rig.since(from));
}

#[tokio::test]
async fn challenges_without_end_have_an_end() {
    let rig = Rig::new().await;
    let session = rig.admin().await;
    rig.double.change(|state| state.odd.add(On::Action("GetInfo"), Oddity::Challenge));
    let from = rig.count();
    let error = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
    assert_eq!((error, rig.count() - from), (CallError::Unauthorized { user: "admin".into() }, 2));

    // A box for which every nonce is stale.
    let rig = Rig::new().await;
    rig.double.change(|state| state.login.lasts = 0);
    let session = rig.admin().await;
    let from = rig.count();
    let error = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
    assert!(words(&rig, &error).contains("again and again"), "{error}");
    assert!((2..=6).contains(&(rig.count() - from)), "{:?}", rig.since(from));
}

#[tokio::test]
async fn too_many_failed_logins_are_told_apart_from_a_wrong_one() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.login.patience = 0);
    let session = rig.admin().await;
    let from = rig.count();
    let error = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
    assert_eq!(error, CallError::Throttled);
    assert!(words(&rig, &error).contains("wait a few minutes"));
    assert_eq!(rig.since(from), ["GetInfo"]);
    rig.double.change(|state| state.login.patience = 1);
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
}

#[tokio::test]
async fn every_fault_is_told_with_its_code_and_a_remedy() {
    for compact in [false, true] {
        let rig = Rig::new().await;
        rig.double.change(|state| state.compact = compact);
        let session = rig.admin().await;
        for code in [401, 402, 501, 606, 820, 866, 867, 868] {
            rig.double.change(|state| state.odd.times(2, On::Action("GetDDNSInfo"), Oddity::Fault(code)));
            let from = rig.count();
            let error = session.call(SERVICE, "GetDDNSInfo", &[]).await.unwrap_err();
            assert!(is_refused(&error, code) && error.remedy().is_some(), "{error:?}");
            assert!(words(&rig, &error).contains(&code.to_string()), "{error}");
            assert!(rig.count() - from <= 2, "{:?}", rig.since(from));
            rig.double.change(|state| state.odd.clear());
        }
        session.call(SERVICE, "GetDDNSInfo", &[]).await.unwrap();
    }
}

#[tokio::test]
async fn a_user_without_the_right_is_told_so() {
    let rig = Rig::new().await;
    let session = rig.open_as("guest", "besuch").await.unwrap();
    session.call(SERVICE, "GetDDNSInfo", &[]).await.unwrap();
    let error = session.call(SERVICE, "GetDDNSProviders", &[]).await.unwrap_err();
    assert!(is_refused(&error, 606), "{error:?}");
    assert!(words(&rig, &error).contains("FRITZ!Box Settings"), "{error}");
    rig.double.change(|state| state.login.users[1].rights.push(Right::Config));
    session.call(SERVICE, "GetDDNSProviders", &[]).await.unwrap();
}

#[tokio::test]
async fn what_the_box_does_not_have_is_missing_or_refused() {
    let rig = Rig::new().await;
    let session = rig.admin().await;
    let from = rig.count();
    let error = session.call("X_AVM-DE_Unheard:1", "GetInfo", &[]).await.unwrap_err();
    assert_eq!(error, CallError::Missing { service: "X_AVM-DE_Unheard:1".into() });
    assert!(session.offers(SERVICE) && !session.offers("X_AVM-DE_Unheard:1") && !session.offers("Access:1"));
    assert_eq!(rig.count(), from);
    let error = session.call(SERVICE, "GetUnheard", &[]).await.unwrap_err();
    assert!(is_refused(&error, 401), "{error:?}");
    let error = session.call(SERVICE, "SetEnable", &[]).await.unwrap_err();
    assert!(is_refused(&error, 402), "{error:?}");
}

#[tokio::test]
async fn without_a_login_only_open_actions_are_called_and_nothing_is_encrypted() {
    let rig = Rig::new().await;
    let session = rig.open(None, rig.trust()).await.unwrap();
    assert!(!session.secured());
    session.call(DEVICE, "GetSecurityPort", &[]).await.unwrap();
    let from = rig.count();
    let error = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
    assert_eq!((error, rig.count() - from), (CallError::LoginMissing, 1));
}

// -- Remote access ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_seven_actions_of_remote_access_come_and_go_unharmed() {
    let rig = Rig::new().await;
    let session = rig.admin().await;
    let info = RemoteInfo::from(&session.call(SERVICE, "GetInfo", &[]).await.unwrap()).unwrap();
    assert_eq!(
        (info.enabled, info.port, info.lets_encrypt, info.lets_encrypt_state.as_deref()),
        (false, 443, Some(false), Some("not_used"))
    );
    session.call(SERVICE, "SetLetsEncryptEnable", &[("NewLetsEncryptEnabled", "1")]).await.unwrap();
    let enabled = session.call(SERVICE, "SetEnable", &[("NewEnabled", "1")]).await.unwrap();
    assert_eq!(remote_access::port(&enabled), Ok(0));
    let nasty = " <p>&amp;\"'ü%+ ";
    let config = RemoteConfig { enabled: true, port: 8443, username: "remote".into(), password: Secret::new(nasty.into()) };
    let arguments = config.arguments();
    let arguments: Vec<(&str, &str)> = arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
    session.call(SERVICE, "SetConfig", &arguments).await.unwrap();
    assert_eq!(rig.double.change(|state| state.remote.password.clone()), nasty);

    let ddns = DdnsInfo::from(&session.call(SERVICE, "GetDDNSInfo", &[]).await.unwrap()).unwrap();
    assert_eq!((ddns.status_ipv4.status, ddns.status_ipv6.status), (Some(Status::Complete), Some(Status::Undefined)));
    assert_eq!(ddns.update_url.expose(), "https://ddns.example/update?host=<domain>&ip=<ipaddr>");
    let list = session.call(SERVICE, "GetDDNSProviders", &[]).await.unwrap();
    let providers = remote_access::providers(&list["NewProviderList"]).unwrap();
    assert_eq!(providers.last().unwrap().name, "Benutzerdefiniert");

    let url = "https://a.example/?n=<domain>&a=<ipaddr> https://b.example/?n=<domain>&a=<ip6addr>";
    let config = DdnsConfig {
        enabled: true,
        provider_name: "Benutzerdefiniert".into(),
        update_url: Secret::new(url.into()),
        domain: "home.example.org".into(),
        username: "o'wner".into(),
        mode: wanbeacon::rules::domain::Mode::parse("together").unwrap(),
        server_ipv4: String::new(),
        server_ipv6: String::new(),
        password: Secret::new(nasty.into()),
    };
    session.call(SERVICE, "SetDDNSConfig", &config.arguments()).await.unwrap();
    let kept = rig.double.change(|state| state.remote.ddns.clone());
    assert_eq!((kept.update_url.as_str(), kept.password.as_str(), kept.username.as_str()), (url, nasty, "o'wner"));
    assert_eq!(kept.mode, "ddns_together");
    let told = DdnsInfo::from(&session.call(SERVICE, "GetDDNSInfo", &[]).await.unwrap()).unwrap();
    assert_eq!((told.mode, told.status_ipv4.status), (config.mode, Some(Status::Checking)));
    let refused = DdnsConfig { provider_name: "Unheard".into(), ..config };
    assert!(is_refused(&session.call(SERVICE, "SetDDNSConfig", &refused.arguments()).await.unwrap_err(), 402));
}

#[tokio::test]
async fn the_connection_in_use_is_found_with_and_without_the_right() {
    let rig = Rig::new().await;
    let session = rig.admin().await;
    for (told, wanted) in
        [("1.WANPPPConnection.1", "WANPPPConnection:1"), ("1.WANIPConnection.1", "WANIPConnection:1"), ("", "WANPPPConnection:1")]
    {
        rig.double.change(|state| state.line.default = told.into());
        assert_eq!(session.wan_service().await.as_deref(), Ok(wanted), "{told:?}");
    }
    for odd in ["2.WANPPPConnection.9", "1.DeviceInfo.1", "nonsense", "1.WANPPPConnection"] {
        rig.double.change(|state| state.line.default = odd.into());
        assert_eq!(session.wan_service().await.as_deref(), Ok("WANPPPConnection:1"), "{odd}");
    }
    let guest = rig.open_as("guest", "besuch").await.unwrap();
    assert_eq!(guest.wan_service().await.as_deref(), Ok("WANPPPConnection:1"));
}

// -- The second factor --------------------------------------------------------------------------------------------------

const SWITCH_OFF: &[(&str, &str)] = &[("NewEnabled", "0")];

async fn guarded() -> (Rig, wanbeacon::tr064::session::Session) {
    let rig = Rig::new().await;
    rig.double.change(|state| state.second.guarded.push("SetEnable".into()));
    let session = rig.admin().await;
    session.call(SERVICE, "GetInfo", &[]).await.expect("the login is right");
    (rig, session)
}

#[tokio::test]
async fn a_confirmed_change_is_carried_out_with_its_token() {
    let (rig, session) = guarded().await;
    assert!(is_refused(&session.call(SERVICE, "SetEnable", SWITCH_OFF).await.unwrap_err(), 866));
    rig.double.change(|state| state.second.after = 3);
    let from = rig.count();
    let mut told = Vec::new();
    let results = session.call_confirmed(SERVICE, "SetEnable", SWITCH_OFF, &mut |factor| told.push(factor.clone())).await.unwrap();
    assert_eq!(results["NewPort"], "443");
    assert_eq!(told, [SecondFactor { ways: vec![Confirmation::Button, Confirmation::Dial("*14048".into())] }]);
    assert_eq!(rig.since(from), ["SetEnable", "SetConfig", "GetState", "GetState", "GetState", "SetEnable"]);
    let last = rig.double.asked().pop().unwrap();
    assert!(last.body.contains(&format!("<avm:token xmlns:avm=\"avm.de\" s:mustUnderstand=\"1\">{TOKEN}</avm:token>")), "{}", last.body);
}

#[tokio::test]
async fn an_action_that_is_not_guarded_needs_no_dance() {
    let (rig, session) = guarded().await;
    let from = rig.count();
    session.call_confirmed(SERVICE, "GetDDNSInfo", &[], &mut |factor| panic!("{factor:?}")).await.unwrap();
    assert_eq!(rig.since(from), ["GetDDNSInfo"]);
}

#[tokio::test]
async fn a_change_that_is_not_confirmed_is_not_made() {
    for (ending, part) in [
        ("stopped", "cancelled"),
        ("blocked", "blocks"),
        ("failure", "failed"),
        ("waitingforauth", "in time"),
        ("some\nthing new", "some\\nthing new"),
    ] {
        let (rig, session) = guarded().await;
        rig.double.change(|state| state.second.ending = ending);
        let before = rig.double.change(|state| state.remote.clone());
        let from = rig.count();
        let error = session.call_confirmed(SERVICE, "SetEnable", &[("NewEnabled", "1")], &mut |_| ()).await.unwrap_err();
        assert!(matches!(error, CallError::Unconfirmed(_)) && words(&rig, &error).contains(part), "{error}");
        let asked = rig.since(from);
        assert_eq!(asked.last().unwrap(), "SetConfig", "the dance is stopped: {asked:?}");
        assert!(asked.len() <= 63 && asked.iter().filter(|action| *action == "SetEnable").count() == 1, "{asked:?}");
        assert_eq!(rig.double.change(|state| (state.remote.clone(), state.second.state())), (before, "stopped"));
    }
}

#[tokio::test]
async fn somebody_elses_dance_is_left_alone() {
    for start in ["anotherauthprocess", "blocked", "disabled"] {
        let (rig, session) = guarded().await;
        rig.double.change(|state| state.second.start = start);
        let from = rig.count();
        let error = session.call_confirmed(SERVICE, "SetEnable", SWITCH_OFF, &mut |factor| panic!("{factor:?}")).await.unwrap_err();
        assert!(matches!(error, CallError::Unconfirmed(_)), "{error:?}");
        assert_eq!(rig.since(from), ["SetEnable", "SetConfig"]);
    }
}

// -- Certificates -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_first_certificate_is_remembered_and_another_refused() {
    let rig = Rig::new().await;
    let session = rig.admin().await;
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    rig.admin().await.call(SERVICE, "GetInfo", &[]).await.unwrap();
    let expected = Fingerprint::parse(&rig.double.fingerprint()).unwrap().to_string();
    rig.double.renew_certificate();
    let found = Fingerprint::parse(&rig.double.fingerprint()).unwrap().to_string();
    let proofs = rig.proofs().len();
    let later = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
    let again = rig.open_as("admin", PASSWORD).await.unwrap_err();
    for error in [later, again] {
        let text = words(&rig, &error);
        assert!(matches!(error, CallError::Certificate(_)), "{error:?}");
        for part in [&expected, &found, "known_boxes", "no login was sent"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    assert_eq!(rig.proofs().len(), proofs);
    std::fs::remove_file(rig.folder.path().join("known_boxes")).unwrap();
    rig.admin().await.call(SERVICE, "GetInfo", &[]).await.unwrap();
}

#[tokio::test]
async fn a_pinned_certificate_is_the_only_one() {
    let rig = Rig::new().await;
    let pinned = Trust::Pinned(Fingerprint::parse(&rig.double.fingerprint()).unwrap());
    let session = rig.open(Some(login("admin", PASSWORD)), pinned.clone()).await.unwrap();
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    let proofs = rig.proofs().len();
    rig.double.renew_certificate();
    let error = rig.open(Some(login("admin", PASSWORD)), pinned.clone()).await.unwrap_err();
    assert!(matches!(error, CallError::Certificate(_)) && words(&rig, &error).contains("tls_fingerprint"), "{error:?}");
    // A box that suddenly has no TLS is no better.
    rig.double.change(|state| state.secure_port = 0);
    let error = rig.open(Some(login("admin", PASSWORD)), pinned).await.unwrap_err();
    assert!(matches!(error, CallError::Certificate(_)) && words(&rig, &error).contains("no TLS"), "{error:?}");
    assert_eq!(rig.proofs().len(), proofs);
}

#[tokio::test]
async fn a_box_that_was_known_over_tls_gets_no_login_without_it() {
    let rig = Rig::new().await;
    rig.admin().await.call(SERVICE, "GetInfo", &[]).await.unwrap();
    let proofs = rig.proofs().len();
    rig.double.change(|state| state.secure_port = 0);
    let error = rig.open_as("admin", PASSWORD).await.unwrap_err();
    assert!(matches!(error, CallError::Certificate(_)), "{error:?}");
    // The security port leads to plain HTTP.
    rig.double.change(|state| state.secure_port = rig.double.http.port());
    let error = rig.open_as("admin", PASSWORD).await.unwrap_err();
    assert!(matches!(error, CallError::Http(_)), "{error:?}");
    assert_eq!(rig.proofs().len(), proofs);
}

#[tokio::test]
async fn a_box_without_tls_gets_a_digest() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.secure_port = 0);
    let session = rig.admin().await;
    assert!(!session.secured());
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    assert_eq!(rig.double.brief(), ["GET /tr64desc.xml", "GetSecurityPort", "GetInfo", "GetInfo"]);
    assert!(rig.double.asked().iter().all(|request| !request.head.contains(PASSWORD) && !request.body.contains(PASSWORD)));
}

// -- Other logins -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_login_inside_the_body_is_used_where_no_digest_is_offered() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.login.digest = false);
    let session = rig.admin().await;
    let from = rig.count();
    for _ in 0..3 {
        session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    }
    // Nothing, the question for a challenge, its answer; then one request each.
    assert_eq!(rig.count() - from, 5, "{:?}", rig.since(from));
    assert!(rig.proofs().is_empty());
    let asked = rig.double.asked();
    assert!(asked[from + 1].body.contains("InitChallenge") && asked.last().unwrap().body.contains("ClientAuth"));
    assert!(asked.iter().all(|request| !request.body.contains(PASSWORD)));

    let session = rig.open_as("admin", "falsch").await.unwrap();
    let from = rig.count();
    for _ in 0..2 {
        let error = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
        assert_eq!(error, CallError::Unauthorized { user: "admin".into() });
    }
    assert!(rig.count() - from <= 3, "{:?}", rig.since(from));
}

#[tokio::test]
async fn without_a_user_name_the_one_who_logged_in_last_is_taken() {
    let rig = Rig::new().await;
    let session = rig.open_as("", PASSWORD).await.unwrap();
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    let asked = rig.double.asked();
    assert_eq!(parameter(asked.last().unwrap(), "username"), "admin");
    let list = asked.iter().find(|request| request.action() == "X_AVM-DE_GetUserList").unwrap();
    assert!(list.secure && !list.authorized(), "who logs in is asked over TLS only");
    // A box that tells nobody: the name from before there were names.
    rig.double.change(|state| {
        state.login.users.truncate(1);
        state.login.users[0].name = "dslf-config".into();
        state.odd.add(On::Action("X_AVM-DE_GetUserList"), Oddity::Fault(401));
    });
    let session = rig.open_as("", PASSWORD).await.unwrap();
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    assert_eq!(parameter(rig.double.asked().last().unwrap(), "username"), "dslf-config");
}

// -- Hostile and broken boxes -------------------------------------------------------------------------------------------

#[tokio::test]
async fn access_that_is_switched_off_is_named_by_the_boxs_words() {
    for status in [200, 404] {
        let rig = Rig::new().await;
        rig.double.change(|state| state.odd.add(On::Path("/tr64desc.xml"), Oddity::Page(status)));
        let error = rig.open_as("admin", PASSWORD).await.unwrap_err();
        assert_eq!(error, CallError::AccessOff);
        assert!(words(&rig, &error).contains("Allow access for applications"));
    }
    let rig = Rig::new().await;
    rig.double.change(|state| state.tr064 = false);
    assert_eq!(rig.open(None, rig.trust()).await.unwrap_err(), CallError::AccessOff);
}

#[tokio::test]
async fn an_old_way_of_http_is_good_enough() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.odd.add(On::Everything, Oddity::Old));
    let session = rig.admin().await;
    assert_eq!(session.call(SERVICE, "GetInfo", &[]).await.unwrap()["NewPort"], "443");
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = Double::start().await;
    for status in [301, 302, 307, 308] {
        for target in [elsewhere.url("/tr64desc.xml"), elsewhere.tls_url("/upnp/control/x_remote")] {
            let rig = Rig::new().await;
            let session = rig.admin().await;
            rig.double.change(|state| state.odd.add(On::Everything, Oddity::Redirect(status, target.clone())));
            let call = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
            let open = rig.open_as("admin", PASSWORD).await.unwrap_err();
            for error in [call, open] {
                assert!(matches!(error, CallError::Http(Fault::Redirect { .. })), "{error:?}");
                words(&rig, &error);
            }
        }
    }
    assert_eq!(elsewhere.brief(), [""; 0]);
}

#[tokio::test]
async fn a_box_that_sends_the_login_elsewhere_gets_none() {
    let elsewhere = Double::start().await;
    let rig = Rig::new().await;
    let description = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fritzbox/tr64desc-7530.xml")).unwrap();
    let other_host = description.replace(">/upnp/control/x_remote<", ">http://203.0.113.1:49000/upnp/control/x_remote<");
    let other_port = description.replace(">/upnp/control/x_remote<", &format!(">{}<", elsewhere.url("/upnp/control/x_remote")));
    rig.double.change(|state| state.odd.add(On::Path("/tr64desc.xml"), Oddity::Xml(other_host)));
    let session = rig.admin().await;
    let from = rig.count();
    let error = session.call(SERVICE, "GetInfo", &[]).await.unwrap_err();
    assert!(words(&rig, &error).contains("another host"), "{error}");
    assert_eq!(rig.count(), from);
    rig.double.change(|state| {
        state.odd.clear();
        state.odd.add(On::Path("/tr64desc.xml"), Oddity::Xml(other_port));
    });
    // The same host over plain HTTP: the call stays where TLS is.
    let session = rig.admin().await;
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    assert_eq!(elsewhere.brief(), [""; 0]);
    assert!(rig.double.asked().iter().all(|request| request.secure || !request.authorized()));
}

#[tokio::test]
async fn what_is_no_answer_ends_as_an_error_and_is_asked_once() {
    for oddity in broken() {
        let rig = Rig::new().await;
        let session = rig.admin().await;
        session.call(SERVICE, "GetInfo", &[]).await.unwrap();
        rig.double.change(|state| state.odd.add(On::Everything, oddity.clone()));
        let from = rig.count();
        let error = session.call(SERVICE, "SetEnable", SWITCH_OFF).await.expect_err(&format!("{oddity:?}"));
        words(&rig, &error);
        assert_eq!(rig.since(from), ["SetEnable"], "{oddity:?}");
        let error = rig.open_as("admin", PASSWORD).await.expect_err(&format!("{oddity:?}"));
        words(&rig, &error);
        rig.double.change(|state| state.odd.clear());
        session.call(SERVICE, "GetInfo", &[]).await.unwrap_or_else(|error| panic!("{error} after {oddity:?}"));
    }
}

#[tokio::test]
async fn a_box_that_never_ends_its_answer_is_left() {
    for oddity in endless() {
        let rig = Rig::new().await;
        let session = rig.admin().await;
        session.call(SERVICE, "GetInfo", &[]).await.unwrap();
        let from = rig.count();
        rig.double.change(|state| state.odd.add(On::Everything, oddity.clone()));
        let error = hurried(&rig.double, session.call(SERVICE, "GetInfo", &[])).await.unwrap_err();
        assert!(matches!(error, CallError::Http(Fault::Ambiguous(_))), "{oddity:?}: {error:?}");
        words(&rig, &error);
        assert_eq!(rig.since(from), ["GetInfo"]);
    }
}
