//! State folders that cannot be written, are damaged or full.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;

use rustix::process::Signal;

use crate::support::daemon::Daemon;
use crate::support::fake::{Answer, Fake};
use crate::support::fritzbox::Source;
use crate::support::home::{Home, NAME, V4_NEW, V4_NEXT, custom, finish, fixed};
use crate::support::namespace::{inside, tool};
use crate::support::skipped;

/// Somebody who owns nothing.
pub(crate) const NOBODY: u32 = 65_534;

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// An installation whose state folder belongs to root, for a program that runs as nobody.
fn unwritable(provider: &Fake, wan: &str) -> Home {
    Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", wan)).unwritable()
}

#[test]
fn a_round_that_cannot_remember_sends_nothing_and_says_whom_and_what_it_needs() {
    if !is_root() {
        return skipped("needs root to run the program as somebody else");
    }
    let provider = Fake::start(Answer::good);
    let home = unwritable(&provider, &fixed(Some(V4_NEW), None));
    let mut command = home.command(&["--once"]);
    command.uid(NOBODY).gid(NOBODY);
    let ended = finish(command).with(75);
    for part in ["65534", home.state().to_str().expect("plain"), "chown 65534"] {
        assert!(ended.stderr.contains(part), "{part} is missing in: {}", ended.stderr);
    }
    assert_eq!(ended.stderr.matches("cannot write the state folder").count(), 1, "said once: {}", ended.stderr);
    assert_eq!(provider.count(), 0);
}

#[test]
fn what_root_does_beside_a_service_leaves_it_its_state() {
    if !is_root() {
        return skipped("needs root to run the program as somebody else");
    }
    let provider = Fake::start(Answer::good);
    let home = unwritable(&provider, &fixed(Some(V4_NEW), None));
    std::os::unix::fs::chown(home.state(), Some(NOBODY), Some(NOBODY)).expect("we are root");
    home.once().with(0);
    let mut command = home.command(&["--once"]);
    command.uid(NOBODY).gid(NOBODY);
    finish(command).with(0);
    assert_eq!(provider.count(), 1, "the service knows what was published");
}

#[test]
fn a_daemon_that_cannot_remember_goes_on_and_sends_nothing_after_a_refusal() {
    if !is_root() {
        return skipped("needs root to run the program as somebody else");
    }
    let provider = Fake::start(|_| Answer::ok("badauth"));
    let echo = Source::echo(V4_NEW, "");
    let home = unwritable(&provider, &format!("ipv4 = [{:?}]\nipv6 = []", echo.fake.v4("/")));
    let mut command = home.command(&[]);
    command.uid(NOBODY).gid(NOBODY);
    let mut daemon = Daemon::start(command);
    daemon.says("answered \"badauth\"");
    echo.move_to(V4_NEXT);
    daemon.signal(Signal::USR1);
    daemon.signal(Signal::HUP);
    daemon.says("the new configuration is in force");
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(provider.count(), 1);
    assert_eq!(daemon.text().matches("cannot write the state folder").count(), 1, "said once:\n{}", daemon.text());
}

#[test]
fn running_without_a_state_folder_by_choice_is_no_error() {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&format!("{}state_dir = \"none\"\n", custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None))));
    let home = home.with_state(Path::new("none"));
    let ended = home.once().with(0);
    assert!(!ended.stderr.contains("state folder"), "{}", ended.stderr);
    assert_eq!(provider.count(), 1);
}

/// Damages the state of a finished round, and gives what the next one did.
fn damaged(damage: impl FnOnce(Vec<u8>) -> Vec<u8>) -> (Home, Fake, String) {
    let provider = Fake::start(Answer::good);
    let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)));
    home.once().with(0);
    let file = home.state().join("state");
    let bytes = fs::read(&file).expect("the state");
    fs::write(&file, damage(bytes)).expect("our own file");
    let ended = home.once();
    assert!(matches!(ended.code, Some(0 | 75)), "{ended:#?}");
    (home, provider, ended.stderr)
}

#[test]
fn random_bytes_in_place_of_the_state_are_set_aside_and_reported() {
    let mut random = fastrand::Rng::with_seed(7);
    let garbage: Vec<u8> = (0..5000).map(|_| random.u8(..)).collect();
    let (home, _, said) = damaged(|_| garbage.clone());
    assert!(said.contains("damaged") && said.contains("state.damaged-1"), "{said}");
    assert_eq!(fs::read(home.state().join("state.damaged-1")).expect("set aside"), garbage);
    home.run(&["status"]).with(0);
}

#[test]
fn a_state_with_a_flipped_byte_keeps_every_record_that_is_whole() {
    let (home, provider, said) = damaged(|mut bytes| {
        let at = bytes.len() - 20;
        bytes[at] ^= 0x20;
        bytes
    });
    assert!(!said.contains("panicked"), "{said}");
    // The intent was whole: whether the request arrived is not known any more, so nothing is repeated.
    assert_eq!(provider.count(), 1, "{said}");
    assert!(matches!(home.run(&["status"]).code, Some(0 | 75)));
}

#[test]
fn a_state_that_is_cut_anywhere_never_repeats_a_request_it_knows_of() {
    let whole = {
        let provider = Fake::start(Answer::good);
        let home = Home::new(&custom(&provider.v4("/up?ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)));
        home.once().with(0);
        fs::read(home.state().join("state")).expect("the state")
    };
    let intent = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).expect("header and intent").0 + 1;
    for cut in [intent, intent + 1, usize::midpoint(intent, whole.len()), whole.len() - 1] {
        let (_, provider, said) = damaged(|bytes| bytes[..cut].to_vec());
        assert_eq!(provider.count(), 1, "cut after {cut} of {} bytes: {said}", whole.len());
    }
}

#[test]
fn a_full_disk_loses_nothing_sends_nothing_unremembered_and_goes_on_when_there_is_room() {
    inside("storage::a_full_disk_loses_nothing_sends_nothing_unremembered_and_goes_on_when_there_is_room", || {
        let provider = Fake::start(Answer::good);
        let mount = tempfile::tempdir().expect("a folder");
        tool("mount", &["-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", mount.path().to_str().expect("plain")]);
        let config =
            |name: &str| custom(&provider.v4("/up?host=<domain>&ip=<ipaddr>"), "v4", &fixed(Some(V4_NEW), None)).replace(NAME, name);
        let sent = |name: &str| provider.requests().iter().filter(|seen| seen.parameter("host").as_deref() == Some(name)).count();
        let home = Home::new(&config("n0.example.org")).with_state(mount.path());
        home.once().with(0);
        let stuffing = mount.path().join("stuffing");
        assert!(fs::write(&stuffing, vec![b'x'; 256 * 1024]).is_err(), "the disk is full");

        // What is left is the rest of the state's last page: new names use it up until an intent does not fit.
        let names: Vec<String> = (1..20).map(|number| format!("n{number}.example.org")).collect();
        let full = names.iter().position(|name| {
            home.configure(&config(name));
            let ended = home.once();
            if sent(name) == 0 {
                assert_eq!(ended.code, Some(75), "{ended:#?}");
                assert!(ended.stderr.contains("free some space"), "{}", ended.stderr);
            }
            sent(name) == 0
        });
        let full = full.expect("the page is full at some time: no request without a saved intent");

        fs::remove_file(&stuffing).expect("our own file");
        home.configure(&config(&names[full]));
        home.once().with(0);
        assert_eq!(sent(&names[full]), 1, "it goes on when there is room");
        for name in &names[..full] {
            home.configure(&config(name));
            let ended = home.once();
            assert!(matches!(ended.code, Some(0 | 75)) && !ended.stderr.contains("damaged"), "{ended:#?}");
            assert_eq!(sent(name), 1, "{name} is remembered as published, or as possibly so");
        }
    });
}
