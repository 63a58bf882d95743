use std::os::unix::fs::MetadataExt as _;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn of(folder: &Path) -> Fingerprint {
    identity(Some(folder), &[]).expect("a certificate").fingerprint()
}

#[test]
fn it_is_made_once_and_kept_for_this_user_only() {
    let folder = folder();
    let first = of(folder.path());
    assert_eq!(of(folder.path()), first);
    for name in [CERTIFICATE, KEY] {
        assert_eq!(fs::metadata(folder.path().join(name)).expect("kept").mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
}

#[test]
fn the_fingerprint_is_that_of_the_certificate_in_the_file() {
    let folder = folder();
    let told = of(folder.path());
    let kept = CertificateDer::from_pem_file(folder.path().join(CERTIFICATE)).expect("a certificate");
    assert_eq!(certificate_fingerprint(&kept), told);
    assert_eq!(told.to_string().len(), 95);
}

#[test]
fn without_a_folder_each_process_has_its_own() {
    let fingerprint = || identity(None, &[]).expect("a certificate").fingerprint();
    assert_ne!(fingerprint(), fingerprint());
}

#[test]
fn a_damaged_pair_is_set_aside_and_made_anew() {
    type Damage = fn(&Path);
    let damages: [Damage; 6] = [
        |folder| fs::write(folder.join(CERTIFICATE), "").expect("writable"),
        |folder| fs::write(folder.join(KEY), b"\xff\x00").expect("writable"),
        |folder| fs::remove_file(folder.join(KEY)).expect("it was there"),
        |folder| fs::remove_file(folder.join(CERTIFICATE)).expect("it was there"),
        |folder| fs::write(folder.join(KEY), made(&[]).expect("another").0.key).expect("writable"),
        |folder| fs::write(folder.join(CERTIFICATE), made(&[]).expect("another").0.certificate).expect("writable"),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let folder = folder();
        let first = of(folder.path());
        damage(folder.path());
        let second = of(folder.path());
        assert_ne!(first, second, "{number}");
        assert_eq!(of(folder.path()), second, "{number}");
        let aside = [CERTIFICATE, KEY].iter().filter(|name| folder.path().join(format!("{name}.damaged-1")).exists()).count();
        assert!(aside > 0, "{number}");
    }
}

#[test]
fn another_pair_is_taken_and_a_broken_one_is_not() {
    let folder = folder();
    let identity = identity(Some(folder.path()), &[]).expect("a certificate");
    let first = identity.fingerprint();
    assert_eq!(identity.refresh(folder.path()), Ok(false));
    let put = |text: &Pair| keep(folder.path(), text).expect("writable");
    let (mut text, pair) = made(&[]).expect("another");
    put(&text);
    assert_eq!(identity.refresh(folder.path()), Ok(true));
    let second = certificate_fingerprint(&pair.cert[0]);
    assert!(second != first && identity.fingerprint() == second);
    for key in [made(&[]).expect("a third").0.key, "damaged".to_owned()] {
        text.key = key;
        put(&text);
        let why = identity.refresh(folder.path()).expect_err("a key that does not fit");
        assert!(why.contains(CERTIFICATE) && identity.fingerprint() == second, "{why}");
    }
    fs::remove_file(folder.path().join(KEY)).expect("it was there");
    assert!(identity.refresh(folder.path()).is_err());
    fs::remove_file(folder.path().join(CERTIFICATE)).expect("nothing is renamed");
    assert_eq!((identity.refresh(folder.path()), identity.fingerprint()), (Ok(false), second));
}

#[test]
fn damaged_pairs_do_not_pile_up() {
    let folder = folder();
    for _ in 0..20 {
        of(folder.path());
        fs::write(folder.path().join(CERTIFICATE), "damaged").expect("writable");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2 + 2 * KEPT as usize);
}

#[test]
fn what_cannot_be_read_is_left_alone_and_what_cannot_be_kept_is_used_all_the_same() {
    let folder = folder();
    fs::create_dir(folder.path().join(CERTIFICATE)).expect("writable");
    assert!(identity(Some(folder.path()), &[]).is_ok());
    assert!(folder.path().join(CERTIFICATE).is_dir());
    assert!(identity(Some(&folder.path().join("missing")), &[]).is_ok());
}

#[test]
fn it_names_the_addresses_that_are_concrete() {
    let addresses = ["192.0.2.7", "0.0.0.0", "::", "2001:db8::7"].map(|it| it.parse::<IpAddr>().expect("an address"));
    let pem = made(&addresses).expect("made").0.certificate;
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
    let holds = |part: &[u8]| der.windows(part.len()).any(|window| window == part);
    assert!(holds(&[0x87, 4, 192, 0, 2, 7]));
    assert!(holds(&[0x87, 16, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]));
    assert!(!holds(&[0x87, 4, 0, 0, 0, 0]) && !holds(&[0x87, 16, 0, 0, 0, 0]));
    assert!(holds(b"localhost") && holds(b"wanbeacon"));
}
