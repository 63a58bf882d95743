//! When a login is tried, and at which box.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::detect::router::fake::{FakeRouter, challenge};
use crate::detect::router::tests::clients;
use crate::detect::router::{Routers, Wanted};
use crate::http::fake::{Answer, End};
use crate::resolve::Names;
use crate::rules::secret::Secret;
use crate::tr064::attempts::FAILED_LOGINS;
use crate::tr064::trust::KNOWN_BOXES;

const TR64: &str = include_str!("../../../../tests/fixtures/fritzbox/tr64desc-7530.xml");

/// A box without TLS that accepts any login.
async fn door() -> FakeRouter {
    let fake = FakeRouter::start("127.0.0.1:0", &[("/tr64desc.xml", TR64)]).await;
    fake.says("GetSecurityPort", &[("NewSecurityPort", "0")]);
    fake.guard();
    fake.says("GetDefaultConnectionService", &[("NewDefaultConnectionService", "1.WANIPConnection.1")]);
    fake.says("GetStatusInfo", &[("NewConnectionStatus", "Connected")]);
    fake
}

fn settings(fake: &FakeRouter, password: &str) -> FritzBox {
    let login = config::Login { username: "admin".into(), password: Secret::new(password.into()) };
    FritzBox { login: Some(login), address: Some(fake.place().to_string()), ..FritzBox::default() }
}

/// One run of the program, with its memory in `folder`.
fn run(fake: &FakeRouter, password: &str, folder: &TempDir) -> Account {
    Account::new(&settings(fake, password), Some(folder.path().join(KNOWN_BOXES))).unwrap()
}

async fn try_at(account: &Account, fake: &FakeRouter) -> Result<Login, String> {
    account.open(&clients(), &fake.place(), None).await
}

fn remembered(folder: &Path) -> String {
    fs::read_to_string(folder.join(FAILED_LOGINS)).unwrap_or_default()
}

#[tokio::test]
async fn a_login_that_failed_rests_for_an_hour_in_this_run_and_in_the_next() {
    for (answer, reason) in [
        (challenge(), "does not accept the login"),
        (Answer::reply("503 Busy", "", ""), "too many failed logins"),
        (Answer::reply("500 Oops", "", "no"), "not tried again for an hour"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let fake = door().await;
        fake.set("GetStatusInfo", answer);
        let first = run(&fake, "falsch", &folder);
        let why = try_at(&first, &fake).await.unwrap_err();
        assert!(why.contains(reason) && why.contains("is not tried again") && !why.contains("falsch"), "{why}");
        let asked = fake.asked().len();
        assert_eq!(try_at(&first, &fake).await.unwrap_err(), why);
        let why = try_at(&run(&fake, "falsch", &folder), &fake).await.unwrap_err();
        assert!(why.contains("59m") && why.contains("wanbeacon fritzbox wan"), "{why}");
        assert_eq!(fake.asked().len(), asked, "nothing was sent");

        // What was changed is tried, and a person may try.
        assert!(try_at(&run(&fake, "another", &folder), &fake).await.is_err());
        assert!(fake.asked().len() > asked);
        fake.says("GetStatusInfo", &[("NewConnectionStatus", "Connected")]);
        assert!(try_at(&run(&fake, "falsch", &folder).in_person(), &fake).await.is_ok());
        assert!(try_at(&run(&fake, "falsch", &folder), &fake).await.is_ok(), "it is known to be right now");
    }
}

#[tokio::test]
async fn who_does_not_wait_for_the_answer_has_tried_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let fake = door().await;
    fake.set("GetStatusInfo", Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", End::Dribble));
    let account = run(&fake, "geheim", &folder);
    tokio::select! {
        result = try_at(&account, &fake) => panic!("{result:?}"),
        () = async { while fake.count("GetStatusInfo") == 0 { tokio::task::yield_now().await } } => {}
    }
    let asked = fake.asked().len();
    assert!(try_at(&account, &fake).await.unwrap_err().contains("did not answer"));
    assert!(try_at(&run(&fake, "geheim", &folder), &fake).await.unwrap_err().contains("59m"));
    assert_eq!(fake.asked().len(), asked);
}

#[tokio::test]
async fn a_box_that_was_not_reached_was_not_tried() {
    let folder = tempfile::tempdir().unwrap();
    let fake = door().await;
    fake.set("/tr64desc.xml", Answer::reply("404 No", "", ""));
    let account = run(&fake, "geheim", &folder);
    assert!(try_at(&account, &fake).await.is_err());
    assert_eq!(remembered(folder.path()), "");
    fake.set("/tr64desc.xml", Answer::ok(TR64));
    assert!(try_at(&account, &fake).await.is_ok());
    assert_eq!(remembered(folder.path()), "");
}

#[tokio::test]
async fn known_boxes_that_cannot_be_read_are_told_with_the_remedy_and_no_login_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(KNOWN_BOXES)).unwrap();
    let fake = door().await;
    let why = try_at(&run(&fake, "geheim", &folder), &fake).await.unwrap_err();
    assert!(why.contains("chown"), "{why}");
    assert_eq!(fake.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_session_whose_answer_was_not_awaited_is_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let fake = door().await;
    let login = try_at(&run(&fake, "geheim", &folder), &fake).await.unwrap();
    fake.set("GetExternalIPAddress", Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", End::Dribble));
    tokio::select! {
        result = login.read(Family::V4) => panic!("{result:?}"),
        () = async { while fake.count("GetExternalIPAddress") == 0 { tokio::task::yield_now().await } } => {}
    }
    assert!(matches!(login.read(Family::V4).await, Err(CallError::Http(_))));
    assert_eq!(fake.count("GetExternalIPAddress"), 1);
}

#[tokio::test]
async fn a_gateway_that_is_no_known_box_gets_no_login_unless_the_user_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let known = format!("192.168.178.1 {}\n", ["3A"; 32].join(":"));
    fs::write(folder.path().join(KNOWN_BOXES), known).unwrap();
    let fake = door().await;
    let found = |address: Option<&str>| {
        let settings = FritzBox { address: address.map(str::to_owned), ..settings(&fake, "geheim") };
        Account::new(&settings, Some(folder.path().join(KNOWN_BOXES))).unwrap()
    };
    // A name leads to whoever has it in the network of the day.
    for address in [None, Some("fritz.box")] {
        let before = fake.asked().len();
        let why = try_at(&found(address), &fake).await.unwrap_err();
        assert!(why.contains("a stranger's") && why.contains("set [fritzbox] address"), "{why}");
        assert_eq!(fake.asked().split_off(before), ["/tr64desc.xml", "GetSecurityPort"], "nothing that needs a login");
        assert_eq!(remembered(folder.path()), "");
    }
    assert!(try_at(&found(None).in_person(), &fake).await.is_ok());
    assert!(try_at(&run(&fake, "geheim", &folder), &fake).await.is_ok(), "its address is configured");
}

#[tokio::test]
async fn the_first_box_is_taken_for_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let fake = door().await;
    let settings = FritzBox { address: None, ..settings(&fake, "geheim") };
    let account = Account::new(&settings, Some(folder.path().join(KNOWN_BOXES))).unwrap();
    assert!(try_at(&account, &fake).await.is_ok());
}

#[tokio::test]
async fn each_line_has_its_own_box_behind_its_interface() {
    let folder = tempfile::tempdir().unwrap();
    let fake = door().await;
    fake.set("GetStatusInfo", challenge());
    let known_boxes = Some(folder.path().join(KNOWN_BOXES));
    let routers = Routers::new(&settings(&fake, "falsch"), Names::new(&[]), known_boxes).unwrap();
    for (via, name) in [(None, fake.address.to_string()), (Some("lo"), format!("{}%lo", fake.address))] {
        let before = fake.count("GetStatusInfo");
        let why = routers.ask(&clients(), Wanted::FritzBox, via, Family::V4).await.unwrap_err();
        assert!(why.contains("does not accept the login") && why.contains("Transmit status information over UPnP"), "{why}");
        assert!(fake.count("GetStatusInfo") > before, "the box of another line has refused nothing");
        assert!(remembered(folder.path()).lines().any(|line| line.starts_with(&format!("{name} "))), "{}", remembered(folder.path()));
    }
}
