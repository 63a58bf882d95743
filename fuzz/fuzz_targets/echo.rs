//! Whatever an echo service or a program says: an address that may be published, of the right family, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::rules::address::{Family, Observed, PerFamily, publishable};
use wanbeacon::rules::consensus::{Aim, Line, Probe, Reading, Round, Services, Source, Step};
use wanbeacon::rules::moment::RELEASED;

fuzz_target!(|input: (bool, u8, Vec<&str>)| {
    let (v6, kind, pages) = input;
    let family = if v6 { Family::V6 } else { Family::V4 };
    let source = match kind % 3 {
        0 => Source::Web,
        1 => Source::Echo("https://echo.example.net/".into()),
        _ => Source::Command("whatismyip".into()),
    };
    let mut services = Services::new();
    let line = Line { name: "default".into(), interface: None, sources: PerFamily::from_fn(|_| vec![source.clone()]) };
    let aim = Aim { line: &line, family, published: None, hosts_only: false };
    let (mut round, mut step) = Round::start(aim, &mut services, RELEASED);
    let mut open = Vec::new();
    for at in 0..100 {
        match step {
            Step::Ask(ref questions) => open.extend(questions.iter().cloned()),
            Step::Wait => {}
            Step::Done(observed) => {
                if let Observed::Known(sighting) = observed {
                    assert_eq!(Family::of(sighting.address), family);
                    assert!(publishable(sighting.address).is_ok(), "{}", sighting.address);
                }
                return;
            }
        }
        let Some((number, probe)) = open.pop() else {
            panic!("the round waits for nothing");
        };
        let page = pages.get(at % pages.len().max(1)).copied().unwrap_or_default();
        let reading = match probe {
            Probe::Command(_) => Reading::Text(page.to_owned()),
            _ => Reading::Echo { status: 200, retry_after: None, body: page.to_owned() },
        };
        step = round.answer(number, Ok(reading), &mut services, RELEASED);
    }
    panic!("the round does not end");
});
