use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};

use super::*;
use crate::http::fake::{Answer, FakeHttp};
use crate::http::{Clients, Limits, Options};

/// A box that shows one certificate and signs with the key of another.
fn impostor(version: &'static rustls::SupportedProtocolVersion, honest: bool) -> ServerConfig {
    let make = || generate_simple_self_signed(["fritz.box".to_owned()]).unwrap();
    let (shown, own) = (make(), make());
    let CertifiedKey { cert, signing_key } = &shown;
    let key = if honest { signing_key } else { &own.signing_key };
    let key = any_supported_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into())).unwrap();
    let pair = rustls::sign::CertifiedKey::new(vec![cert.der().clone()], key);
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)))
}

#[tokio::test]
async fn who_does_not_have_the_key_of_the_certificate_gets_nothing() {
    for (version, honest) in [(&TLS12, true), (&TLS13, true), (&TLS12, false), (&TLS13, false)] {
        let server = FakeHttp::start_tls("127.0.0.1:0", vec![Answer::ok("hello")], impostor(version, honest)).await;
        let pin = Arc::new(Pin::new(&server.address.to_string(), Trust::FirstUse { file: None }).unwrap());
        let clients = Clients::new(&Options::default()).unwrap().trusting(pin.clone());
        let reply = clients.get(&server.url("/").replace("http", "https"), None, None, &Limits::default()).await;
        assert_eq!(reply.is_ok(), honest, "{version:?}: {reply:?}");
        assert_eq!(server.requests().len(), usize::from(honest));
        assert!(!pin.knows(), "nothing is remembered before the box is confirmed");
    }
}

fn fingerprint(byte: u8) -> Fingerprint {
    Fingerprint([byte; 32])
}

#[test]
fn a_box_is_remembered_in_a_file_of_the_owner() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(KNOWN_BOXES);
    assert_eq!(KnownBoxes::add(&file, "fritz.box", fingerprint(1)), Ok(fingerprint(1)));
    assert_eq!(KnownBoxes::add(&file, "192.168.178.1", fingerprint(2)), Ok(fingerprint(2)));
    assert_eq!(KnownBoxes::add(&file, "fritz.box", fingerprint(3)), Ok(fingerprint(1)), "the first one stands");
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, format!("fritz.box {}\n192.168.178.1 {}\n", fingerprint(1), fingerprint(2)));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn hosts_have_no_case_and_interfaces_do() {
    assert_eq!(known::folded("FRITZ.box%Eth1"), "fritz.box%Eth1");
    assert_eq!(known::folded("[FE80::1]:80"), "[fe80::1]:80");
}

#[test]
fn damaged_lines_are_kept_as_remarks_and_the_others_count() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(KNOWN_BOXES);
    let good = format!("FRITZ.box {}", fingerprint(1));
    fs::write(&file, format!("# mine\n\nother 12:34\n{good}\nthree words here\n\u{fffd}\n")).unwrap();
    let known = KnownBoxes::read(&file).unwrap();
    assert_eq!((known.find("fritz.box"), known.find("other")), (Some(fingerprint(1)), None));
    let text = fs::read_to_string(&file).unwrap();
    let expected =
        format!("# mine\n\n# damaged: other 12:34\nfritz.box {}\n# damaged: three words here\n# damaged: \u{fffd}\n", fingerprint(1));
    assert_eq!(text, expected);
    KnownBoxes::read(&file).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), expected, "a second look changes nothing");
}

#[test]
fn boxes_that_are_added_at_the_same_time_are_all_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(KNOWN_BOXES);
    let names: Vec<String> = (0..16).map(|number| format!("box{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| {
                // The folder is waited for, but not for ever: this machine may be busy.
                assert!((0..100).any(|_| KnownBoxes::add(&file, name, fingerprint(1)).is_ok()));
            });
        }
    });
    let known = KnownBoxes::read(&file).unwrap();
    assert!(names.iter().all(|name| known.find(name).is_some()), "{known:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_not_taken_for_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let error = Pin::new("fritz.box", Trust::FirstUse { file: Some(folder.path().to_owned()) }).unwrap_err();
    assert!(error.to_string().contains("failed to read the known boxes"), "{error}");
    assert!(error.to_string().contains("chown") && error.to_string().contains("tls_fingerprint"), "{error}");
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_memory_of_this_run() {
    let trust = Trust::FirstUse { file: Some("/nowhere/known_boxes".into()) };
    let pin = Pin::new("unwritable.test", trust.clone()).unwrap();
    assert!(pin.judge(&CertificateDer::from_slice(b"one")));
    pin.confirm().unwrap();
    assert!(pin.knows());
    let next = Pin::new("unwritable.test", trust).unwrap();
    assert!(!next.judge(&CertificateDer::from_slice(b"two")));
    assert!(next.judge(&CertificateDer::from_slice(b"one")));
}

#[test]
fn a_changed_certificate_is_refused_with_both_fingerprints_and_the_remedy() {
    let [one, two] = [b"one", b"two"].map(|text| CertificateDer::from_slice(text));
    let [first, second] = [&one, &two].map(|certificate| Fingerprint(Sha256::digest(certificate).into()));
    let pinned = Pin::new("fritz.box", Trust::Pinned(first)).unwrap();
    assert!(pinned.judge(&one) && !pinned.judge(&two));
    let text = pinned.problem().unwrap().to_string();
    for part in [first.to_string(), second.to_string(), "set [fritzbox] tls_fingerprint".into()] {
        assert!(text.contains(&part), "{text}");
    }
    assert_eq!(pinned.problem(), None, "it is told once");
}

#[test]
fn two_connections_before_the_first_confirmation_must_show_the_same() {
    let pin = Pin::new("twice.test", Trust::FirstUse { file: None }).unwrap();
    assert!(pin.judge(&CertificateDer::from_slice(b"one")));
    assert!(!pin.judge(&CertificateDer::from_slice(b"two")));
    pin.confirm().unwrap();
    assert!(pin.judge(&CertificateDer::from_slice(b"one")));
}

#[test]
fn once_a_box_is_known_a_stranger_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(KNOWN_BOXES);
    let trust = Trust::Known { file: Some(file.clone()) };
    let [mine, other, stranger] = [b"mine" as &[u8], b"other", b"evil"].map(CertificateDer::from_slice);
    let first = Pin::new("192.168.178.1", trust.clone()).unwrap();
    assert!(!first.knows() && first.judge(&mine), "the first one is accepted");
    first.confirm().unwrap();
    assert!(!file.exists(), "it has not accepted the login yet");
    first.vouch().unwrap();
    KnownBoxes::add(&file, "fritz.box%eth1", Fingerprint(Sha256::digest(&other).into())).unwrap();
    // The place does not matter, the box does.
    for host in ["192.168.178.1", "192.168.0.1%wlan0"] {
        let pin = Pin::new(host, trust.clone()).unwrap();
        assert!(pin.knows() && pin.judge(&mine) && pin.judge(&other) && !pin.judge(&stranger));
        let why = pin.problem().unwrap().to_string();
        for part in
            [host, "none of the known", "no login was sent", "a stranger's", "[fritzbox] address (its IP address) or tls_fingerprint"]
        {
            assert!(why.contains(part), "{why}");
        }
        assert!(pin.lost().to_string().contains("offers no TLS"));
        pin.confirm().unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2, "nothing was added");
}

#[test]
fn a_box_that_only_this_run_remembers_is_a_known_one() {
    let trust = Trust::Known { file: Some("/nowhere/at/all/known_boxes".into()) };
    let first = Pin::new("here.test", trust.clone()).unwrap();
    assert!(first.judge(&CertificateDer::from_slice(b"one")));
    first.confirm().unwrap();
    first.vouch().unwrap();
    let elsewhere = Pin::new("there.test", trust).unwrap();
    assert!(!elsewhere.judge(&CertificateDer::from_slice(b"two")) && elsewhere.judge(&CertificateDer::from_slice(b"one")));
}
