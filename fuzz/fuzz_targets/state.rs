//! Whatever stands in the state folder: records or a notice; and an engine that lives with every record it finds.
#![no_main]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wanbeacon::config::{World, load};
use wanbeacon::engine::event::Event;
use wanbeacon::engine::{Engine, Memory, Rules, Run};
use wanbeacon::rules::address::Family;
use wanbeacon::rules::moment::{Now, RELEASED};
use wanbeacon::rules::state;
use wanbeacon::store;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("there is room for a folder"));

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let text = "[[ddns]]\nprovider = \"freedyn\"\ndomain = \"home.example.org\"\nusername = \"1234567890\"\npassword = \"x\"\n\
                [wan]\nipv4 = [\"static:91.0.0.1\"]\nipv6 = [\"static:2003::1:2:3:4\"]\n";
    let settings = load(text, "config.toml", &World::given([], [])).expect("the text is right").settings;
    Rules {
        entries: settings.entries.into_iter().map(Arc::new).collect(),
        lines: settings.lines,
        interval: settings.daemon.interval,
        settle: settings.daemon.settle,
        version: "1".into(),
    }
});

fuzz_target!(|input: (&str, &str, &str, &[u8])| {
    let (record, account, line, file) = input;
    std::fs::write(FOLDER.path().join("state"), file).expect("there is room for a file");
    let loaded = store::read_only(FOLDER.path()).expect("content is no error");

    let entry = &RULES.entries[0];
    let mut remembered: BTreeMap<String, String> = loaded.records;
    for family in Family::ALL {
        remembered.insert(state::record_key(entry, &entry.domains[0], family), record.to_owned());
        remembered.insert(state::line_key("default", family), line.to_owned());
    }
    remembered.insert(state::account_key(&entry.account), account.to_owned());
    remembered.insert(state::echo_key("https://api.ipify.org/"), line.to_owned());
    let mut engine = Engine::new(Run::Daemon, Memory::Kept, RULES.clone(), remembered);
    for minute in 0..4 {
        let span = Duration::from_secs(minute * 60);
        let now = Now { boot: span, wall: RELEASED.plus(span), random: minute };
        engine.handle(now, Event::Tick);
        let _ = engine.snapshot(now).outcome();
    }
});
