//! Dialogues as data: byte for byte what our clients say to a box, beside what the box answers.
//!
//! `WANBEACON_RECORD=1` writes the files again; what changed in them is what a box will notice.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use wanbeacon::config::FritzBox;
use wanbeacon::detect::Detectors;
use wanbeacon::resolve::Names;
use wanbeacon::rules::address::Family;
use wanbeacon::rules::consensus::Probe;
use wanbeacon::tr064::remote_access::SERVICE;

use crate::double::login::Algorithm;
use crate::rig::{PASSWORD, Rig};

/// Compares everything that was said to the box of `rig` with the file `name`.
fn compare(rig: &Rig, name: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fritzbox/dialogues").join(name);
    let said = written(rig);
    if std::env::var_os("WANBEACON_RECORD").is_some() {
        fs::write(&file, &said).expect("the fixtures can be written");
    }
    let recorded = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    for (number, (now, then)) in said.lines().zip(recorded.lines()).enumerate() {
        assert_eq!(now, then, "{name}, line {}", number + 1);
    }
    assert_eq!(said.lines().count(), recorded.lines().count(), "{name} is longer or shorter than before");
    assert!(!said.contains(PASSWORD), "{name}");
}

/// `>` is what we say, `<` what the box says, `␍` a carriage return. Files that the box serves are left out.
fn written(rig: &Rig) -> String {
    let mut text = String::new();
    for (request, answer) in rig.double.dialogue() {
        let _infallible = writeln!(text, "== {}", if request.secure { "TLS" } else { "in the clear" });
        // The reader cut the empty line between head and body.
        let asked = format!("{}\r\n\r\n{}", request.head, request.body);
        let answered = match (request.method.as_str(), answer.split_once("\r\n\r\n")) {
            ("GET", Some((head, _))) => format!("{head}\r\n\r\n(the file)"),
            _ => answer.clone(),
        };
        for (mark, said) in [('>', asked), ('<', answered)] {
            for line in masked(rig, &said).split('\n') {
                let _infallible = writeln!(text, "{mark} {}", line.replace('\r', "␍"));
            }
        }
    }
    text
}

/// What differs from run to run: ports, and what the client draws.
fn masked(rig: &Rig, text: &str) -> String {
    let mut text = text
        .replace(&rig.double.http.to_string(), "BOX")
        .replace(&rig.double.tls.to_string(), "BOX:TLS")
        .replace(&format!(">{}<", rig.double.tls.port()), ">TLS<");
    for name in [" cnonce=\"", " response=\""] {
        if let Some((before, rest)) = text.split_once(name) {
            let (value, after) = rest.split_once('"').expect("it is quoted");
            text = format!("{before}{name}({} digits)\"{after}", value.len());
        }
    }
    text
}

#[tokio::test]
async fn the_line_is_read_as_recorded() {
    let rig = Rig::new().await;
    let settings = FritzBox { address: Some(rig.double.http.to_string()), ..FritzBox::default() };
    let detectors = Detectors::new(rig.clients.clone(), &settings, Names::new(&[]), None).unwrap();
    for family in [Family::V4, Family::V6] {
        detectors.ask(&Probe::FritzBox, family, None).await.unwrap();
    }
    detectors.ask(&Probe::FritzBox, Family::V4, None).await.unwrap();
    compare(&rig, "igd.txt");
}

#[tokio::test]
async fn a_login_by_digest_is_as_recorded() {
    let rig = Rig::new().await;
    let session = rig.open_as("", PASSWORD).await.unwrap();
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    session.call(SERVICE, "GetDDNSInfo", &[]).await.unwrap();
    rig.double.change(|state| state.login.forget_nonces());
    session.wan_service().await.unwrap();
    compare(&rig, "digest-md5.txt");
}

#[tokio::test]
async fn a_login_by_the_newer_digest_is_as_recorded() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.login.algorithm = Algorithm::Sha256);
    rig.admin().await.call(SERVICE, "GetInfo", &[]).await.unwrap();
    compare(&rig, "digest-sha256.txt");
}

#[tokio::test]
async fn a_wrong_login_is_as_recorded() {
    let rig = Rig::new().await;
    rig.open_as("admin", "falsch").await.unwrap().call(SERVICE, "GetInfo", &[]).await.unwrap_err();
    compare(&rig, "wrong-login.txt");
}

#[tokio::test]
async fn a_login_inside_the_body_is_as_recorded() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.login.digest = false);
    let session = rig.admin().await;
    session.call(SERVICE, "GetInfo", &[]).await.unwrap();
    session.call(SERVICE, "GetDDNSProviders", &[]).await.unwrap();
    compare(&rig, "login-inside-the-body.txt");
}

#[tokio::test]
async fn a_confirmed_change_is_as_recorded() {
    let rig = Rig::new().await;
    rig.double.change(|state| state.second.guarded.push("SetEnable".into()));
    let session = rig.admin().await;
    session.call_confirmed(SERVICE, "SetEnable", &[("NewEnabled", "0")], &mut |_| ()).await.unwrap();
    compare(&rig, "second-factor.txt");
}
