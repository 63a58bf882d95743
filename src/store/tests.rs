use super::*;
use proptest::prelude::*;

type Records = BTreeMap<String, String>;

/// A few batches as an evening brings them: set, replaced, removed, several at once, awkward texts.
fn history() -> Vec<Vec<Write>> {
    vec![
        vec![Write::set("freedyn/home.example.de/ipv4", r#"{"sent":"91.12.34.56"}"#)],
        vec![Write::set("a \"quoted\" käy\n", "{\n  \"text\": \"line\\nbreak\"\n}"), Write::set("gone", "1")],
        vec![Write::remove("gone"), Write::set("freedyn/home.example.de/ipv4", r#"{"published":"91.12.34.56"}"#)],
        vec![Write::set("null", "null")],
    ]
}

/// Every state that was ever true, oldest first.
fn prefixes(history: &[Vec<Write>]) -> Vec<Records> {
    let mut states = vec![Records::new()];
    for batch in history {
        let mut next = states.last().cloned().unwrap_or_default();
        for write in batch {
            match &write.value {
                Some(value) => next.insert(write.key.clone(), value.replace('\n', " ")),
                None => next.remove(&write.key),
            };
        }
        states.push(next);
    }
    states
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The bytes of a journal that holds `history`.
fn journal_of(history: &[Vec<Write>]) -> Vec<u8> {
    let dir = folder();
    let (mut store, _) = Store::open(dir.path()).unwrap();
    for batch in history {
        store.write(batch).unwrap();
    }
    fs::read(dir.path().join(FILE)).unwrap()
}

fn open_with(bytes: &[u8]) -> (tempfile::TempDir, Store, Loaded) {
    let dir = folder();
    fs::write(dir.path().join(FILE), bytes).unwrap();
    let (store, loaded) = Store::open(dir.path()).unwrap();
    (dir, store, loaded)
}

fn reopen(dir: &Path) -> Loaded {
    Store::open(dir).unwrap().1
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    let dir = folder();
    let (mut store, loaded) = Store::open(dir.path()).unwrap();
    assert_eq!(loaded, Loaded::default());
    for batch in history() {
        store.write(&batch).unwrap();
    }
    drop(store);
    let expected = prefixes(&history()).pop().unwrap();
    assert_eq!(reopen(dir.path()), Loaded { records: expected.clone(), notices: vec![] });
    assert_eq!(read_only(dir.path()).unwrap().records, expected);
}

#[test]
fn one_event_among_ten_thousand_records_is_one_small_append() {
    let dir = folder();
    let (mut store, _) = Store::open(dir.path()).unwrap();
    let all: Vec<_> = (0..10_000).map(|n| Write::set(format!("host-{n}"), r#"{"published":"91.12.34.56"}"#)).collect();
    store.write(&all).unwrap();
    let before = store.journal.length();
    store.write(&[Write::set("host-7", "{}")]).unwrap();
    let file = fs::metadata(dir.path().join(FILE)).unwrap();
    assert_eq!(file.len(), store.journal.length());
    assert!(file.len() - before < 64, "{} bytes", file.len() - before);
}

#[test]
fn a_journal_cut_anywhere_holds_a_prefix_of_its_history_and_can_go_on() {
    let whole = journal_of(&history());
    let states = prefixes(&history());
    let mut seen = 0;
    for length in 0..=whole.len() {
        let (dir, mut store, loaded) = open_with(&whole[..length]);
        let at = states.iter().position(|state| *state == loaded.records).expect("a state that was once true");
        assert!(at >= seen, "more bytes never mean less history");
        seen = at;
        let nothing_left = (1..HEADER.len()).contains(&length);
        assert_eq!(dir.path().join("state.damaged-1").exists(), nothing_left, "a torn line is ordinary, a file without a whole one is not");
        store.write(&[Write::set("next", "2")]).unwrap();
        drop(store);
        let again = reopen(dir.path());
        assert_eq!(again.notices, Vec::<String>::new());
        assert_eq!(again.records.get("next").map(String::as_str), Some("2"));
        assert_eq!(again.records.len(), states[at].len() + 1);
    }
    assert_eq!(seen, states.len() - 1);
}

proptest! {
    #[test]
    fn flipped_bits_never_invent_a_record(flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..4)) {
        let mut bytes = journal_of(&history());
        for (index, bit) in flips {
            let at = index.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        let (_dir, _store, loaded) = open_with(&bytes);
        let states = prefixes(&history());
        for (key, value) in &loaded.records {
            prop_assert!(states.iter().any(|state| state.get(key) == Some(value)), "{key} = {value} was never written");
        }
    }

    #[test]
    fn any_bytes_at_all_can_be_opened_and_written_to(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_dir, mut store, _) = open_with(&bytes);
        prop_assert!(store.write(&[Write::set("a", "1")]).is_ok());
    }
}

#[test]
fn a_damaged_line_costs_itself_alone_and_the_file_is_kept() {
    let mut bytes = journal_of(&history());
    let second = HEADER.len() + line::encode(&history()[0]).unwrap().len() + 30;
    bytes[second] ^= 1;
    let (dir, store, loaded) = open_with(&bytes);
    assert_eq!(loaded.records.get("freedyn/home.example.de/ipv4").map(String::as_str), Some(r#"{"published":"91.12.34.56"}"#));
    assert!(loaded.notices[0].contains("line 3") && loaded.notices[0].contains("state.damaged-1"), "{:?}", loaded.notices);
    assert_eq!(fs::read(dir.path().join("state.damaged-1")).unwrap(), bytes);
    drop(store);
    let again = reopen(dir.path());
    assert_eq!((again.records, again.notices.len()), (loaded.records, 0));
}

#[test]
fn foreign_files_and_newer_versions_are_set_aside_and_named() {
    for (content, word) in [("{\"version\":1}\n", "does not begin like"), ("wanbeacon-state 2\n5 00000000 [[]]\n", "version 2")] {
        let (dir, _store, loaded) = open_with(content.as_bytes());
        assert!(loaded.records.is_empty());
        assert!(loaded.notices[0].contains(word), "{:?}", loaded.notices);
        assert_eq!(fs::read_to_string(dir.path().join("state.damaged-1")).unwrap(), content);
    }
}

#[test]
fn damaged_files_do_not_pile_up_without_end() {
    let dir = folder();
    for round in 0..12 {
        fs::write(dir.path().join(FILE), format!("garbage {round}\n")).unwrap();
        assert_eq!(reopen(dir.path()).notices.len(), 1);
    }
    let kept =
        fs::read_dir(dir.path()).unwrap().filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("damaged")).count();
    assert_eq!(kept, 9);
    assert_eq!(fs::read_to_string(dir.path().join("state.damaged-9")).unwrap(), "garbage 11\n");
}

#[test]
fn something_that_is_no_file_at_all_is_moved_out_of_the_way() {
    let dir = folder();
    fs::create_dir(dir.path().join(FILE)).unwrap();
    let (mut store, loaded) = Store::open(dir.path()).unwrap();
    assert!(loaded.notices[0].contains("is not a file"));
    store.write(&[Write::set("a", "1")]).unwrap();
}

#[test]
fn a_journal_that_outgrows_its_content_is_rewritten_and_loses_nothing() {
    let dir = folder();
    let (mut store, _) = Store::open(dir.path()).unwrap();
    let long = format!("{:?}", "x".repeat(1000));
    for round in 0..200 {
        store.write(&[Write::set("big", &long), Write::set("round", round.to_string())]).unwrap();
        assert!(store.journal.length() <= SMALL + 1100);
    }
    drop(store);
    let loaded = reopen(dir.path());
    assert_eq!(loaded.records, Records::from([("big".into(), long), ("round".into(), "199".into())]));
    assert!(!dir.path().join(NEXT).exists());
}

#[test]
fn a_crash_at_any_point_of_the_rewriting_leaves_the_old_state_or_the_new_one() {
    let (old, new) = (journal_of(&history()), journal_of(&[vec![Write::set("a", "1")]]));
    for length in 0..=new.len() {
        let dir = folder();
        fs::write(dir.path().join(FILE), &old).unwrap();
        fs::write(dir.path().join(NEXT), &new[..length]).unwrap();
        assert_eq!(Some(reopen(dir.path()).records), prefixes(&history()).pop());
        assert!(!dir.path().join(NEXT).exists());
    }
}

#[test]
fn a_state_file_removed_under_a_running_daemon_comes_back_with_everything() {
    let dir = folder();
    let (mut store, _) = Store::open(dir.path()).unwrap();
    store.write(&[Write::set("lock", "true")]).unwrap();
    fs::remove_file(dir.path().join(FILE)).unwrap();
    store.write(&[Write::set("more", "1")]).unwrap();
    assert_eq!(read_only(dir.path()).unwrap().records.len(), 2);
}

#[test]
fn a_rewriting_that_fails_does_not_fail_the_write() {
    let dir = folder();
    let (mut store, _) = Store::open(dir.path()).unwrap();
    fs::create_dir_all(dir.path().join(NEXT).join("in-the-way")).unwrap();
    store.rewrite_at = 0;
    store.write(&[Write::set("a", "1")]).unwrap();
    assert_eq!(read_only(dir.path()).unwrap().records.len(), 1);
}

#[test]
fn the_second_one_to_open_a_folder_is_told_that_it_is_busy() {
    let dir = folder();
    let first = Store::open(dir.path()).unwrap();
    let refused = Store::open(dir.path()).expect_err("the first one has it");
    assert!(matches!(refused, OpenError::Busy { .. }) && refused.to_string().contains("--state-dir"), "{refused}");
    drop(first);
    assert!(Store::open(dir.path()).is_ok());
}

#[test]
fn a_folder_below_a_file_is_one_clear_message() {
    let dir = folder();
    let file = dir.path().join("plain");
    fs::write(&file, "").unwrap();
    for path in [file.join("state"), file.clone()] {
        let error = Store::open(&path).expect_err("no folder can be there");
        assert!(matches!(error, OpenError::Unwritable { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("move {} away", file.display())), "{error}");
    }
}

#[test]
fn folder_and_files_are_for_their_owner_alone() {
    let parent = folder();
    let dir = parent.path().join("a/b");
    let (mut store, _) = Store::open(&dir).unwrap();
    store.write(&[Write::set("a", "1")]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!((mode(&dir.join(FILE)), mode(&dir.join("lock"))), (0o600, 0o600));
    store.rewrite().unwrap();
    assert_eq!(mode(&dir.join(FILE)), 0o600);
}

#[test]
fn showing_the_state_changes_nothing() {
    let dir = folder();
    assert_eq!(read_only(&dir.path().join("missing")).unwrap(), Loaded::default());
    let mut bytes = journal_of(&history());
    bytes.extend_from_slice(b"12 torn");
    fs::write(dir.path().join(FILE), &bytes).unwrap();
    assert_eq!(Some(read_only(dir.path()).unwrap().records), prefixes(&history()).pop());
    assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), bytes);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_value_that_is_not_json_is_refused_before_it_reaches_the_disk() {
    let dir = folder();
    let (mut store, _) = Store::open(dir.path()).unwrap();
    let error = store.write(&[Write::set("a", "1"), Write::set("b", "{")]).expect_err("not JSON");
    assert!(error.to_string().contains("\"b\""), "{error}");
    assert!(read_only(dir.path()).unwrap().records.is_empty());
}

#[test]
fn errors_of_the_disk_are_told_apart() {
    let sorted = |kind: ErrorKind| WriteError::new(Path::new("/state/state"), &kind.into());
    assert!(matches!(sorted(ErrorKind::StorageFull), WriteError::Full(_)));
    assert!(matches!(sorted(ErrorKind::QuotaExceeded), WriteError::Full(_)));
    assert!(matches!(sorted(ErrorKind::ReadOnlyFilesystem), WriteError::ReadOnly(_)));
    assert!(matches!(sorted(ErrorKind::PermissionDenied), WriteError::ReadOnly(_)));
    assert!(matches!(sorted(ErrorKind::TimedOut), WriteError::Other(_)));
}

/// A disk with room for so many bytes.
struct SmallDisk {
    content: Vec<u8>,
    room: usize,
    cut_fails: bool,
}

impl io::Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.room - self.content.len());
        self.content.extend_from_slice(&bytes[..fits]);
        if fits == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(fits) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl journal::Medium for SmallDisk {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.cut_fails {
            return Err(ErrorKind::Other.into());
        }
        self.content.truncate(length as usize);
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_line_keeps_the_old_state() {
    for room in 6..11 {
        let mut journal = Journal::new(SmallDisk { content: vec![], room, cut_fails: false }, 0, false);
        journal.append(b"first\n").unwrap();
        assert!(journal.append(b"second\n").is_err());
        assert_eq!((journal.medium().content.as_slice(), journal.length()), (&b"first\n"[..], 6));
    }
}

#[test]
fn half_a_line_that_could_not_be_cut_off_is_cut_before_the_next_one() {
    let mut journal = Journal::new(SmallDisk { content: vec![], room: 9, cut_fails: true }, 0, false);
    journal.append(b"first\n").unwrap();
    assert!(journal.append(b"second\n").is_err());
    assert_eq!(journal.medium().content, b"first\nsec");
    assert!(journal.append(b"3\n").is_err(), "not behind half a line");
    let disk = SmallDisk { cut_fails: false, content: journal.medium().content.clone(), room: 9 };
    let mut journal = Journal::new(disk, journal.length(), true);
    journal.append(b"3\n").unwrap();
    assert_eq!(journal.medium().content, b"first\n3\n");
}

#[test]
fn whatever_root_makes_in_the_folder_of_somebody_else_is_theirs() {
    let dir = folder();
    if std::os::unix::fs::chown(dir.path(), Some(12), Some(34)).is_err() {
        println!("skipped: only root can give a folder away");
        return;
    }
    let (mut store, _) = Store::open(dir.path()).unwrap();
    store.write(&[Write::set("a", "1")]).unwrap();
    drop(store);
    fs::write(dir.path().join(FILE), "no journal").unwrap();
    std::os::unix::fs::chown(dir.path().join(FILE), Some(12), Some(34)).unwrap();
    drop(Store::open(dir.path()).unwrap());
    overlay::write(dir.path(), &crate::config::Overlay::default()).unwrap();
    let owners: BTreeMap<String, (u32, u32)> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().map(|found| (found.uid(), found.gid())).unwrap()))
        .collect();
    assert_eq!(owners, ["lock", "overlay.toml", "state", "state.damaged-1"].map(|name| (name.to_owned(), (12, 34))).into());
}
