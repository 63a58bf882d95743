use super::super::super::dialect::Class::{self, *};
use super::super::super::dialect::Scope;
use super::*;

const HTML: &str = "<html><h1>Error</h1></html>";

#[test]
fn every_status_without_a_word_has_the_class_and_wait_of_the_table() {
    let table: [(u16, Class, Option<u64>, Option<u64>); 34] = [
        (204, ProtocolError, Some(600), Some(21_600)),
        (205, ProtocolError, Some(600), Some(21_600)),
        (304, ProtocolError, Some(600), Some(21_600)),
        (400, RetryLater, Some(3600), Some(3600)),
        (401, RetryLater, Some(21_600), Some(21_600)),
        (402, BlockedAccount, None, None),
        (403, RetryLater, Some(21_600), Some(21_600)),
        (404, RetryLater, Some(3600), Some(3600)),
        (405, BlockedConfig, None, None),
        (407, NetworkError, Some(600), Some(3600)),
        (408, Ambiguous, Some(300), Some(7200)),
        (409, BlockedConfig, None, None),
        (410, BlockedConfig, None, None),
        (411, BlockedConfig, None, None),
        (412, BlockedConfig, None, None),
        (413, BlockedConfig, None, None),
        (414, BlockedConfig, None, None),
        (418, RetryLater, Some(3600), Some(3600)),
        (421, Ambiguous, Some(300), Some(7200)),
        (422, BlockedConfig, None, None),
        (425, Ambiguous, Some(300), Some(7200)),
        (429, RateLimited, Some(3600), Some(86_400)),
        (431, BlockedConfig, None, None),
        (451, BlockedAccount, None, None),
        (452, BlockedConfig, None, None),
        (457, BlockedConfig, None, None),
        (500, RetryLater, Some(300), Some(7200)),
        (502, RetryLater, Some(300), Some(7200)),
        (503, RetryLater, Some(300), Some(7200)),
        (511, NetworkError, Some(600), Some(3600)),
        (512, RetryLater, Some(300), Some(7200)),
        (599, RetryLater, Some(300), Some(7200)),
        (0, ProtocolError, Some(600), Some(21_600)),
        (999, ProtocolError, Some(600), Some(21_600)),
    ];
    for (status, class, first, cap) in table {
        for body in ["", HTML, "Something went wrong", "{\"error\":1}"] {
            if status < 300 && !body.is_empty() {
                continue;
            }
            let verdict = only(&freedyn(), reply(status, body));
            assert_eq!((verdict.class, first_seconds(&verdict), cap_seconds(&verdict)), (class, first, cap), "{status} {body:?}");
            assert_eq!(verdict.code, format!("http{status}"));
            assert_eq!(verdict.portal, status == 511, "{status}");
        }
    }
}

#[test]
fn repetitions_of_doubtful_statuses_become_locks() {
    let day = Duration::from_secs(86_400);
    for (status, to, at_least, at_once) in [
        (401, BlockedAccount, Duration::ZERO, true),
        (403, BlockedAccount, day, false),
        (400, BlockedConfig, Duration::ZERO, false),
        (404, BlockedConfig, Duration::ZERO, false),
    ] {
        let escalation = only(&freedyn(), reply(status, "")).escalate.expect("it escalates");
        let expected = Escalation { count: 2, at_least, within: Duration::ZERO, to, at_once_if_never_worked: at_once };
        assert_eq!(escalation, expected, "{status}");
    }
    assert_eq!(only(&freedyn(), reply(503, "")).escalate, None);
}

#[test]
fn an_error_word_beats_the_status_and_a_success_word_needs_2xx() {
    for (status, body, class) in [
        (401, "badauth", BlockedAccount),
        (500, "911", RetryLater),
        (503, "abuse", BlockedAccount),
        (400, "notfqdn", BlockedHost),
        (404, "dnserr", BlockedAddress),
        (200, "badauth", BlockedAccount),
        (201, "good", Updated),
        (401, "good 91.12.34.57", ProtocolError),
        (403, "nochg", ProtocolError),
        (500, "good 127.0.0.1", ProtocolError),
        (404, "norecord", ProtocolError),
        (302, "good", ProtocolError),
    ] {
        let verdict = only(&freedyn(), reply(status, body));
        assert_eq!(verdict.class, class, "{status} {body}");
        assert_eq!(verdict.line, body, "{status} {body}");
    }
    assert_eq!(first_seconds(&only(&freedyn(), reply(500, "911"))), Some(1800));
    assert_eq!(first_seconds(&only(&freedyn(), reply(401, "good"))), Some(600));
}

fn limited(status: u16, body: &str, value: &str) -> Option<Wait> {
    let headers = vec![("retry-after".to_string(), value.to_string())];
    only(&generic(), Reply { headers, ..reply(status, body) }).wait
}

#[test]
fn retry_after_is_read_as_seconds_or_date_between_floor_and_cap() {
    for (value, seconds, given) in [
        ("120", 120, true),
        (" 50 ", 60, true),
        ("0", 60, true),
        ("99999999", 604_800, true),
        ("99999999999999999999999", 604_800, true),
        ("Sun, 22 Nov 2026 02:00:00 GMT", 7200, true),
        ("Sun, 22 Nov 2099 02:00:00 GMT", 604_800, true),
        ("Sat, 21 Nov 2026 23:00:00 GMT", 3600, false),
        ("-5", 3600, false),
        ("soon", 3600, false),
        ("1.5", 3600, false),
        ("", 3600, false),
    ] {
        for body in ["", "toomanyrequests", HTML] {
            let wait = limited(429, body, value).expect("a rate limit waits");
            assert_eq!((wait.first.as_secs(), wait.given), (seconds, given), "{value:?} {body:?}");
        }
    }
}

#[test]
fn retry_after_lengthens_a_fault_and_never_shortens_it() {
    for (status, body, value, seconds) in [
        (503, "", "10", 300),
        (503, "", "4000", 4000),
        (503, "", "99999999", 604_800),
        (500, "911", "60", 1800),
        (500, "911", "7200", 7200),
        (200, "w30m", "60", 1800),
        (404, "", "86400", 86_400),
    ] {
        let wait = limited(status, body, value).expect("a fault waits");
        assert_eq!(wait.first.as_secs(), seconds, "{status} {body:?} {value}");
        assert!(wait.cap >= wait.first);
    }
    assert_eq!(limited(200, "badauth", "60"), None, "a lock has no timer");
}

#[test]
fn a_request_that_is_too_long_is_split_if_it_can_be() {
    for status in [413, 414, 431] {
        let judgement = judged(&freedyn(), 2, Carries::V4, &Outcome::Replied(reply(status, "")));
        assert_eq!((classes(&judgement), judgement.batch_limit), (vec![SplitBatch; 2], true), "{status}");
    }
}

#[test]
fn a_status_counts_for_every_name_and_family() {
    let judgement = judged(&freedyn(), 3, Carries::Both, &Outcome::Replied(reply(503, HTML)));
    assert_eq!(classes(&judgement), [RetryLater; 6]);
    let pairs: Vec<_> = judgement.verdicts.iter().map(|(at, family, _)| (*at, *family)).collect();
    let expected: Vec<_> = (0..3).flat_map(|at| Family::ALL.map(|family| (at, family))).collect();
    assert_eq!(pairs, expected);
}

#[test]
fn an_oversized_error_page_is_judged_by_its_status() {
    let verdict = only(&freedyn(), Reply { oversized: true, ..reply(403, HTML) });
    assert_eq!((verdict.class, verdict.code.as_str()), (RetryLater, "http403"));
}

fn failed(fault: Fault, other_endpoint: bool) -> Verdict {
    let domains = domains(2);
    let asked = Asked { domains: &domains, addresses: Carries::V4.addresses(), other_endpoint, now: NOW };
    let judgement = judge(&freedyn(), &asked, &Outcome::Failed(fault));
    assert_eq!(judgement.verdicts.len(), 2);
    assert_eq!(judgement.verdicts[0].2, judgement.verdicts[1].2, "a fault is everybody's");
    judgement.verdicts[0].2.clone()
}

#[test]
fn faults_have_classes_waits_and_codes() {
    let text = || "because\u{1b}".to_string();
    let redirect = |other_host| Fault::Redirect { to: "https://x.test/".into(), other_host };
    let tls = |wrong_name| Fault::Tls { text: text(), wrong_name };
    let table: [(Fault, Class, &str, Option<u64>, bool); 8] = [
        (Fault::Lookup(text()), NetworkError, "lookup", Some(30), false),
        (Fault::Connect(text()), NetworkError, "connect", Some(30), false),
        (tls(false), NetworkError, "tls", Some(600), false),
        (tls(true), NetworkError, "tls-name", Some(600), true),
        (redirect(false), ProtocolError, "redirect", Some(600), false),
        (redirect(true), ProtocolError, "redirect", Some(600), true),
        (Fault::Ambiguous(text()), Ambiguous, "no-answer", Some(300), false),
        (Fault::Unsendable(text()), BlockedConfig, "unsendable", None, false),
    ];
    for (fault, class, code, wait, portal) in table {
        let verdict = failed(fault.clone(), false);
        assert_eq!((verdict.class, verdict.code.as_str()), (class, code), "{fault:?}");
        assert_eq!((first_seconds(&verdict), verdict.portal), (wait, portal), "{fault:?}");
        let hint = verdict.hint.expect("a fault explains itself");
        assert!(!hint.contains('\u{1b}'), "{hint}");
    }
}

#[test]
fn only_a_failed_connection_is_tried_at_the_sibling_endpoint() {
    assert_eq!(failed(Fault::Connect("refused".into()), true).class, TryOtherEndpoint);
    assert_eq!(failed(Fault::Lookup("SERVFAIL".into()), true).class, NetworkError);
    assert_eq!(failed(Fault::Ambiguous("reset".into()), true).class, Ambiguous);
}

#[test]
fn a_followed_redirect_to_https_leaves_a_notice() {
    let moved = Reply { moved_to: Some("https://ipv4.api.freedyn.de/".into()), ..reply(200, "good") };
    let judgement = judged(&freedyn(), 1, Carries::V4, &Outcome::Replied(moved));
    assert_eq!(classes(&judgement), [Updated]);
    assert_eq!(judgement.notices, ["the endpoint moved to https; write https in the configuration"]);
}

#[test]
fn the_dialects_numbers_beat_the_table_but_not_its_words() {
    let numbers = r#"
[status]
204 = { class = "Unchanged" }
200 = { class = "Updated" }
401 = { class = "BlockedAccount", hint = "account closed" }
304 = { class = "Unchanged" }
503 = { class = "RateLimited", wait = "15m" }
"#;
    let selfhost = dialect(&format!("{GENERIC}{numbers}"));
    for (status, body, class, code) in [
        (204, "", Unchanged, "http204"),
        (200, "", Updated, "http200"),
        (200, "whatever it says", Updated, "http200"),
        (200, "badauth", BlockedAccount, "badauth"),
        (200, HTML, ProtocolError, "html"),
        (401, HTML, BlockedAccount, "http401"),
        (304, "", ProtocolError, "contradiction"),
        (503, "", RateLimited, "http503"),
    ] {
        let verdict = only(&selfhost, reply(status, body));
        assert_eq!((verdict.class, verdict.code.as_str()), (class, code), "{status} {body:?}");
    }
    let verdict = only(&selfhost, reply(503, ""));
    assert_eq!((first_seconds(&verdict), verdict.scope), (Some(900), Scope::Family));
}
