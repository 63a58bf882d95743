//! The provider replies of the fault catalogue (groups A to D), judged in the dialects that are built in.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use wanbeacon::catalog;
use wanbeacon::rules::address::PerFamily;
use wanbeacon::rules::dialect::Dialect;
use wanbeacon::rules::domain::Domain;
use wanbeacon::rules::moment::Moment;
use wanbeacon::rules::reply::{Asked, Judgement, Outcome, Reply, judge};

const CATALOGUE: &str = include_str!("fixtures/fault-scenarios.json");

/// 2026-11-22T00:00:00Z, and two hours later as an HTTP date.
const NOW: Moment = Moment(1_795_305_600_000);
const IN_TWO_HOURS: &str = "Sun, 22 Nov 2026 02:00:00 GMT";

#[derive(Deserialize)]
struct Catalogue {
    fixture: Fixture,
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Fixture {
    addresses: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Scenario {
    id: String,
    group: String,
    given: Value,
    stimulus: Value,
    expect: Value,
}

impl Scenario {
    /// Only one plain reply decides; everything else is for the engine's tests.
    fn is_one_reply(&self) -> bool {
        self.stimulus["kind"] == "http_reply" && ["A ", "B ", "C ", "D "].iter().any(|group| self.group.starts_with(group))
    }

    fn dialect(&self) -> Arc<Dialect> {
        match self.given["dialect"].as_str().unwrap_or("freedyn") {
            "custom" => {
                let patterns = |text: &str| vec![text.to_owned()];
                Arc::new(Dialect::with_patterns(&catalog::custom(), &patterns("UPDATED"), &patterns("UNCHANGED"), &[]))
            }
            name => catalog::find(name).unwrap_or_else(|| panic!("{}: no dialect {name:?}", self.id)),
        }
    }

    fn domains(&self) -> Vec<Domain> {
        let names: &[&str] = match self.given["hosts"].as_str() {
            None => &["a"],
            Some("a,b") => &["a", "b"],
            Some("a,b,c" | "3 names") => &["a", "b", "c"],
            Some(other) => panic!("{}: hosts {other:?} are not known here", self.id),
        };
        names.iter().map(|name| Domain::parse(&format!("{name}.ddns.test")).expect("a name")).collect()
    }

    fn judge(&self, addresses: &BTreeMap<String, String>) -> Judgement {
        let address = |name: &str| Some(addresses[name].parse().expect("an address"));
        let both = self.given["mode"] == "ddns_together";
        let asked = Asked {
            domains: &self.domains(),
            addresses: PerFamily { v4: address("V4_NEW"), v6: if both { address("V6_NEW") } else { None } },
            other_endpoint: false,
            now: NOW,
        };
        judge(&self.dialect(), &asked, &Outcome::Replied(self.reply(addresses)))
    }

    fn reply(&self, addresses: &BTreeMap<String, String>) -> Reply {
        let text = self.stimulus["body"].as_str().expect("a body").to_owned();
        let body = addresses.iter().fold(text, |text, (name, address)| text.replace(name, address));
        let headers: BTreeMap<String, String> = serde_json::from_value(self.stimulus["headers"].clone()).expect("headers");
        let value = |value: String| value.replace("<now+7200 as IMF-fixdate>", IN_TWO_HOURS);
        Reply {
            status: self.stimulus["status"].as_u64().and_then(|status| status.try_into().ok()).expect("a status"),
            headers: headers.into_iter().map(|(name, text)| (name.to_lowercase(), value(text))).collect(),
            body: body.into_bytes(),
            ..Reply::default()
        }
    }
}

#[test]
fn every_reply_of_the_fault_catalogue_gets_its_class_and_wait() {
    let Catalogue { fixture, scenarios } = serde_json::from_str(CATALOGUE).expect("the fixture is JSON");
    let mut count = 0;
    for scenario in scenarios.iter().filter(|scenario| scenario.is_one_reply()) {
        let id = &scenario.id;
        let judgement = scenario.judge(&fixture.addresses);
        let expected = scenario.expect["class"].as_str().expect("a class");
        let verdicts = judgement.verdicts.iter().map(|(_, _, verdict)| verdict);
        let verdict = verdicts
            .into_iter()
            .find(|verdict| format!("{:?}", verdict.class) == expected)
            .unwrap_or_else(|| panic!("{id}: {expected} was expected in {judgement:#?}"));
        let next = &scenario.expect["next_attempt"];
        let wait = verdict.wait.map(|wait| wait.first).or(verdict.probe).map(|span| span.as_secs());
        match (next["not_before_s"].as_u64(), next["not_after_s"].as_u64()) {
            (Some(earliest), Some(latest)) => {
                assert!(wait.is_some_and(|wait| (earliest..=latest).contains(&wait)), "{id}: {wait:?} s, not {earliest} to {latest}");
            }
            _ => assert_eq!(wait, None, "{id} has no timer"),
        }
        count += 1;
    }
    assert!(count >= 37, "the fixture has lost its replies: {count} are left");
}
