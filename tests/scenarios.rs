//! The fault catalogue, row by row, against the production engine under virtual time.
//!
//! `WANBEACON_SCENARIOS=FILE` plays another catalogue of the same format, `WANBEACON_ONLY=ID,ID` some rows of it, and
//! `WANBEACON_SEED=NUMBER` throws other dice.
//!
//! What is real: the configuration reader, the engine with every rule, the requests as they are built, and the store where a
//! row damages its file. What is a model: the line with its address sources, the provider, the zone's name servers, the disk
//! otherwise, the clocks, and `src/http`, whose results are handed over as its own tests show them.
//!
//! How the rows are read:
//!
//! - *Before*: four hours in which the given addresses are published; then `given.wan` and the stimulus. "X was received
//!   before" happened 400 s earlier, "X was received at t=0" is the first thing in the window.
//! - *Class*: among those announced in the window; for a success also the last one announced. `NoAction`: none.
//! - *Requests*: those that reach the provider in the window, redirects included. A stimulus that lets more time pass than the
//!   window is long puts the window at its end.
//! - *Status*: at the end of the window after a success or without a next attempt; otherwise one second before the next
//!   attempt that is expected. Of several names the value that is earliest in the order of priority.
//! - *Next attempt*: counted from the reply, or from the event where none is expected. The picture's earliest one, else the
//!   next look at the addresses. After a success: the distance of the last two requests, or of the only one from the stimulus.
//!   After a command: when the next one is possible. "none": no name may have one; the trigger "-" says nothing.
//! - *Path of the status*: the words in this order; `undefined` and `updated` may be passed through in no time.
//! - *Persist*: see `scenarios/persist.rs`.
//! - Afterwards a new process on the same state sends nothing before the next attempt, and keeps every lock and wait.
//! - Every request, save and question keeps the rules of `scenarios/conduct.rs`.

#[path = "scenarios/catalogue.rs"]
mod catalogue;
#[path = "scenarios/conduct.rs"]
mod conduct;
#[path = "scenarios/disk.rs"]
mod disk;
#[path = "scenarios/line.rs"]
mod line;
#[path = "scenarios/persist.rs"]
mod persist;
#[path = "scenarios/phrases.rs"]
mod phrases;
#[path = "scenarios/play.rs"]
mod play;
#[path = "scenarios/provider.rs"]
mod provider;
#[path = "scenarios/rig.rs"]
mod rig;
#[path = "scenarios/setting.rs"]
mod setting;
#[path = "scenarios/stage.rs"]
mod stage;

use std::net::IpAddr;
use std::time::Duration;

use catalogue::Catalogue;
use wanbeacon::rules::address::PerFamily;

/// The address changes while an answer with the old one is under way.
#[test]
fn an_event_during_a_look_is_followed_by_another_look() {
    let row = r#"{"fixture": {"addresses": {}, "default_given": {"dialect": "freedyn", "mode": "ddns_v4"}}, "scenarios": [
        {"id": "look", "given": {}, "stimulus": {"kind": "inspect_status"}, "expect": {"class": "NoAction", "persist": [],
         "requests": {"within_s": 0, "min": 0, "max": 0}, "status": {"ipv4": "complete", "ipv6": "undefined"}, "next_attempt": {}}}]}"#;
    let scenario = Catalogue::read(row).expect("a row").scenarios.remove(0);
    let settings = setting::Wishes::of(&scenario).settings().expect("settings");
    let at = |last: u8| PerFamily { v4: Some(IpAddr::from([91, 12, 34, last])), v6: None };
    let mut rig = rig::Rig::new(settings, line::Line::new(at(56)), 7);
    rig.start();
    rig.run(Duration::from_secs(3600));
    rig.look();
    rig.run(Duration::from_millis(40));
    rig.change_wan(at(57));
    rig.run(Duration::from_secs(10));
    assert_eq!(rig.provider.zone.values().copied().collect::<Vec<_>>(), [IpAddr::from([91, 12, 34, 57])]);
}

const CATALOGUE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fault-scenarios.json");

#[test]
fn every_row_of_the_fault_catalogue_ends_as_it_expects() {
    let file = std::env::var("WANBEACON_SCENARIOS").unwrap_or_else(|_| CATALOGUE.into());
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("failed to read {file:?}: {error}"));
    let catalogue = Catalogue::read(&text).unwrap_or_else(|error| panic!("{file:?} is not a catalogue: {error}"));
    let only = std::env::var("WANBEACON_ONLY").unwrap_or_default();
    let picked = |id: &str| only.is_empty() || only.split(',').any(|it| it == id);
    let mut failed = Vec::new();
    let mut count = 0;
    for scenario in catalogue.scenarios.iter().filter(|scenario| picked(&scenario.id)) {
        count += 1;
        let wrong = play::play(scenario);
        if wrong.is_empty() {
            println!("{}: ok", scenario.id);
        } else {
            println!("{}: {}", scenario.id, wrong.join(" | "));
            failed.push(scenario.id.clone());
        }
    }
    println!("{} of {count} scenarios", count - failed.len());
    assert!(count > 0, "no row was played");
    assert!(failed.is_empty(), "these rows end otherwise: {}", failed.join(", "));
}
