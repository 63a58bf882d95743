//! Whatever a provider answers: one verdict for each name and family, no wait without an end, no success that was not said.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use wanbeacon::catalog;
use wanbeacon::rules::address::PerFamily;
use wanbeacon::rules::dialect::Class;
use wanbeacon::rules::domain::Domain;
use wanbeacon::rules::moment::RELEASED;
use wanbeacon::rules::reply::{Asked, Outcome, Reply, judge};

fuzz_target!(|input: (u8, u8, u8, u16, Option<&str>, &[u8])| {
    let (dialect, names, families, status, retry_after, body) = input;
    let dialects = catalog::all();
    let dialect = &dialects[usize::from(dialect) % dialects.len()];
    let domains: Vec<Domain> = (0..=names % 25).map(|at| Domain::parse(&format!("n{at}.example.org")).expect("a plain name")).collect();
    let v4: IpAddr = [91, 0, 0, 1].into();
    let v6: IpAddr = [0x2003, 0, 0, 0, 1, 2, 3, 4].into();
    let addresses = PerFamily { v4: (families % 3 != 1).then_some(v4), v6: (families % 3 != 0).then_some(v6) };
    let asked = Asked { domains: &domains, addresses, other_endpoint: families & 4 != 0, now: RELEASED };
    let headers = retry_after.map(|value| ("retry-after".to_owned(), value.to_owned())).into_iter().collect();
    let reply = Reply { status, headers, body: body.to_vec(), ..Reply::default() };
    let judgement = judge(dialect, &asked, &Outcome::Replied(reply));
    let wanted = domains.len() * addresses.iter().filter(|(_, address)| address.is_some()).count();
    assert_eq!(judgement.verdicts.len(), wanted, "one verdict for each name and family");
    for (at, family, verdict) in &judgement.verdicts {
        assert!(*at < domains.len() && addresses[*family].is_some());
        assert!(verdict.code.len() <= 64 && verdict.code.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{:?}", verdict.code);
        assert!(verdict.line.chars().count() <= 260 && !verdict.line.chars().any(char::is_control), "{:?}", verdict.line);
        assert!(!verdict.class.is_success() || (200..300).contains(&status), "success beside {status}");
        let timed =
            matches!(verdict.class, Class::RetryLater | Class::RateLimited | Class::Ambiguous | Class::ProtocolError | Class::SplitBatch);
        assert!(!timed || verdict.wait.is_some_and(|wait| !wait.first.is_zero()), "a temporary verdict without a wait: {verdict:?}");
    }
});
