//! Each no of the box is one sentence with a remedy.

use crate::double::Igd;
use crate::double::odd::{Oddity, On};
use crate::rig::{PASSWORD, Rig};

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let rig = Rig::new().await;
    rig.write("box.secret", "falsch");
    for arguments in [&["info"][..], &["set-ddns", "--enabled", "false"]] {
        let before = rig.double.change(|state| state.login.wrong());
        let ended = rig.fritzbox(arguments).await;
        let sentence = ended.sentence(77);
        assert!(sentence.contains("\"admin\"") && sentence.contains("check [fritzbox] username and password"), "{sentence}");
        assert_eq!(rig.double.change(|state| state.login.wrong()) - before, 1);
    }
}

#[tokio::test]
async fn a_user_without_the_right_is_told_which_one() {
    let rig = Rig::new().await;
    let secret = rig.write("guest.secret", "besuch");
    let login = ["--login", "guest", "--login-password-file", &secret];
    rig.fritzbox(&[&["info"], &login[..]].concat()).await.good();
    let ended = rig.fritzbox(&[&["providers"], &login[..]].concat()).await;
    let sentence = ended.sentence(77);
    assert!(sentence.contains("606") && sentence.contains("\"FRITZ!Box Settings\""), "{sentence}");
}

#[tokio::test]
async fn what_is_switched_off_at_the_box_is_named() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.tr064 = false);
    let ended = rig.fritzbox(&["info"]).await;
    assert!(ended.sentence(77).contains("switch on \"Allow access for applications\""), "{ended:?}");

    rig.configure("");
    rig.double.change(|state| (state.tr064, state.igd) = (true, Igd::Off));
    let ended = rig.fritzbox(&["wan"]).await;
    assert!(ended.sentence(77).contains("switch on \"Transmit status information over UPnP\""), "{ended:?}");
}

#[tokio::test]
async fn with_a_login_a_box_without_status_information_tells_what_it_can() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.igd = Igd::Off);
    for ended in [rig.fritzbox(&["wan"]).await, rig.finish(rig.unconfigured(&["fritzbox", "wan"])).await] {
        let text = ended.good();
        assert!(text.contains("IPv4            91.12.34.57\n") && text.contains("DS-Lite         not told\n"), "{text}");
    }
}

#[tokio::test]
async fn a_box_that_had_enough_is_left_alone() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.login.patience = 0);
    let ended = rig.fritzbox(&["ddns"]).await;
    assert!(ended.sentence(75).contains("too many failed logins; wait a few minutes"), "{ended:?}");
    assert_eq!(rig.double.brief().iter().filter(|action| *action == "GetDDNSInfo").count(), 1);
}

#[tokio::test]
async fn each_fault_is_one_sentence_with_its_remedy() {
    let rig = Rig::new().await;
    let secret = rig.write("some.secret", "kurz");
    let ended = rig.fritzbox(&["set-ddns", "--update-url", "ddns.example", "--password-file", &secret]).await;
    assert!(ended.sentence(77).contains("(402 \"Invalid Args\"); check the values"), "{ended:?}");
    let ended = rig.fritzbox(&["set-config", "--port", "443", "--username", "admin", "--password-file", &secret]).await;
    let sentence = ended.sentence(77);
    assert!(sentence.contains("(820 ") && sentence.contains("user name and password"), "{sentence}");

    rig.double.change(|state| state.odd.add(On::Action("SetLetsEncryptEnable"), Oddity::Fault(401)));
    let ended = rig.fritzbox(&["letsencrypt", "on"]).await;
    assert!(ended.sentence(77).contains("update FRITZ!OS: this firmware does not know the action"), "{ended:?}");
    for (code, remedy) in [(501, "event log"), (600, "check the values"), (603, "restart the box"), (867, "wait"), (868, "wait")] {
        rig.double.change(|state| {
            state.odd.clear();
            state.odd.add(On::Action("SetEnable"), Oddity::Fault(code));
        });
        let ended = rig.fritzbox(&["disable"]).await;
        let sentence = ended.sentence(if matches!(code, 867 | 868) { 75 } else { 77 });
        assert!(sentence.contains(&format!("({code} ")) && sentence.contains(remedy), "{sentence}");
    }
}

#[tokio::test]
async fn another_certificate_is_refused_and_both_are_named() {
    let rig = Rig::new().await;
    rig.fritzbox(&["info"]).await.good();
    let first = rig.double.fingerprint();
    rig.double.renew_certificate();
    let before = rig.double.asked().iter().filter(|request| request.authorized()).count();
    let ended = rig.fritzbox(&["info"]).await;
    let sentence = ended.sentence(77);
    let plain = sentence.replace(':', "").to_lowercase();
    assert!(plain.contains(&first) && plain.contains(&rig.double.fingerprint()), "{sentence}");
    assert!(sentence.contains("known_boxes") && sentence.contains("tls_fingerprint"), "{sentence}");
    assert_eq!(rig.double.asked().iter().filter(|request| request.authorized()).count(), before, "no login was sent");
    rig.configure(&format!(
        "username = \"admin\"\npassword = {{ file = \"box.secret\" }}\ntls_fingerprint = \"{}\"",
        rig.double.fingerprint()
    ));
    rig.fritzbox(&["info"]).await.good();
}

#[tokio::test]
async fn where_no_box_is_the_address_is_in_doubt() {
    let rig = Rig::new().await;
    let free = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().to_string();
    for action in ["info", "wan"] {
        let ended = rig.fritzbox(&[action, "--address", &free]).await;
        let sentence = ended.sentence(75);
        assert!(sentence.contains(&free) || sentence.contains("check [fritzbox] address"), "{sentence}");
    }
    let ended = rig.fritzbox(&["wan", "--address", "https://fritz.box/a"]).await;
    assert!(ended.sentence(64).contains("fritz.box or http://HOST:PORT was expected"), "{ended:?}");
}

#[tokio::test]
async fn wrong_words_are_answered_by_the_usage() {
    let rig = Rig::new().await;
    for arguments in [
        &["set-ddns", "--password", "geheim"][..],
        &["set-ddns", "--mode", "v5"],
        &["set-config", "--port", "0", "--username", "a"],
        &["letsencrypt", "perhaps"],
        &["info", "--login-password-file", "/none/such"],
    ] {
        let ended = rig.fritzbox(arguments).await;
        assert_eq!(ended.code, Some(64), "{ended:?}");
    }
    assert!(rig.double.asked().is_empty(), "{:?}", rig.double.brief());
}

#[tokio::test]
async fn a_wrong_password_is_tried_by_one_run_and_not_by_the_next() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.igd = Igd::Off);
    let fritzbox = format!("[fritzbox]\naddress = \"{}\"\nusername = \"admin\"\npassword = {{ file = \"box.secret\" }}\n", rig.double.http);
    rig.write("config.toml", &format!("[wan]\nipv4 = [\"fritzbox\"]\nipv6 = [\"fritzbox\"]\n{fritzbox}"));
    rig.write("box.secret", "falsch");
    for _ in 0..2 {
        rig.run(&["detect", "--json"]).await;
        assert_eq!(rig.double.change(|state| state.login.wrong()), 1);
    }
    // The next password is another login; one that is right is used each time.
    rig.write("box.secret", "auch falsch");
    rig.run(&["detect", "--json"]).await;
    assert_eq!(rig.double.change(|state| state.login.wrong()), 2);
    rig.write("box.secret", PASSWORD);
    for _ in 0..2 {
        rig.run(&["detect", "--json"]).await;
    }
    let read = rig.double.brief().iter().filter(|asked| *asked == "GetExternalIPAddress").count();
    assert!(read >= 2, "{:?}", rig.double.brief());
    assert_eq!(rig.double.change(|state| state.login.wrong()), 2);
    // A person may try, and what they find out counts.
    rig.write("box.secret", "falsch");
    rig.fritzbox(&["wan"]).await;
    assert_eq!(rig.double.change(|state| state.login.wrong()), 3);
}
