//! The replies of the shared fault catalogue (groups A to D) that one judgement settles.

use std::collections::BTreeMap;

use super::*;

#[derive(serde::Deserialize)]
struct Catalogue {
    scenarios: Vec<Scenario>,
}

#[derive(serde::Deserialize)]
struct Scenario {
    id: String,
    given: serde_json::Value,
    stimulus: serde_json::Value,
    expect: Expected,
}

#[derive(serde::Deserialize)]
struct Expected {
    class: Option<String>,
    next_attempt: Option<Next>,
}

#[derive(serde::Deserialize)]
struct Next {
    not_before_s: Option<u64>,
    not_after_s: Option<u64>,
}

/// Dialects that the catalogue names and that differ from the generic one in what is judged here.
fn named(name: &str) -> Option<Dialect> {
    Some(match name {
        "freedyn" => freedyn(),
        "dyn" | "noip" | "google" | "dyfi" | "dyndns2" | "dode" | "keysystems" | "desec" => generic(),
        _ => return None,
    })
}

fn hosts(given: &serde_json::Value) -> usize {
    match given["hosts"].as_str() {
        None => 1,
        Some("a,b") => 2,
        Some("a,b,c" | "3 names") => 3,
        Some(other) => panic!("unknown host list {other:?}"),
    }
}

fn outcome(stimulus: &serde_json::Value) -> Outcome {
    let text = |value: &str| value.replace("V4_NEW", V4).replace("V6_NEW", V6);
    let headers: BTreeMap<String, String> = serde_json::from_value(stimulus["headers"].clone()).expect("headers");
    let date = "Sun, 22 Nov 2026 02:00:00 GMT";
    Outcome::Replied(Reply {
        headers: headers.into_iter().map(|(name, value)| (name.to_lowercase(), value.replace("<now+7200 as IMF-fixdate>", date))).collect(),
        ..reply(
            u16::try_from(stimulus["status"].as_u64().expect("a status")).expect("16 bits"),
            &text(stimulus["body"].as_str().expect("a body")),
        )
    })
}

#[test]
fn plain_replies_of_the_catalogue_get_their_class_and_wait() {
    let text = include_str!("../../../../tests/fixtures/fault-scenarios.json");
    let catalogue: Catalogue = serde_json::from_str(text).expect("the fixture is JSON");
    let mut judged_ids = Vec::new();
    for Scenario { id, given, stimulus, expect } in catalogue.scenarios {
        let (Some(dialect), "http_reply") =
            (named(given["dialect"].as_str().unwrap_or("freedyn")), stimulus["kind"].as_str().unwrap_or_default())
        else {
            continue;
        };
        if id.as_str() > "FI-095" {
            continue;
        }
        let carries = if given["mode"] == "ddns_together" { Carries::Both } else { Carries::V4 };
        let judgement = judged(&dialect, hosts(&given), carries, &outcome(&stimulus));
        let class = expect.class.expect("a class");
        let verdict = judgement.verdicts.iter().map(|(_, _, verdict)| verdict).find(|v| format!("{:?}", v.class) == class);
        let verdict = verdict.unwrap_or_else(|| panic!("{id}: expected {class}, got {:?}", classes(&judgement)));
        if let Some(Next { not_before_s: Some(earliest), not_after_s: Some(latest) }) = expect.next_attempt {
            let wait = verdict.wait.map(|wait| wait.first).or(verdict.probe).map(|span| span.as_secs());
            assert!(wait.is_some_and(|wait| (earliest..=latest).contains(&wait)), "{id}: {wait:?}");
        }
        judged_ids.push(id);
    }
    assert!(judged_ids.len() >= 30, "the fixture has lost its replies: {judged_ids:?}");
}
