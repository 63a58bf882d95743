use super::super::super::dialect::Class::{self, *};
use super::super::super::dialect::Scope;
use super::*;

#[test]
fn every_freedyn_code_has_the_class_of_the_table() {
    let table: [(&str, Class, Option<u64>); 14] = [
        ("good", Updated, None),
        ("nochg", Unchanged, None),
        ("norecord", NotApplicable, None),
        ("badauth", BlockedAccount, None),
        ("notfqdn", BlockedHost, None),
        ("nohost", BlockedConfig, None),
        ("numhost", BlockedConfig, None),
        ("abuse", BlockedAccount, None),
        ("badagent", BlockedClient, None),
        ("dnserr", BlockedAddress, None),
        ("dnserr_int", BlockedAddress, None),
        ("dnserr_lock", BlockedAddress, None),
        ("911", RetryLater, Some(1800)),
        ("upallisdeprecated", BlockedConfig, None),
    ];
    for (code, class, wait) in table {
        for body in [code.to_string(), code.to_uppercase(), format!("{code}\r\n"), format!("  {code}\tdetails")] {
            let verdict = only_said(&freedyn(), &body);
            assert_eq!((verdict.class, first_seconds(&verdict)), (class, wait), "{body:?}");
            assert_eq!(verdict.code, code, "{body:?}");
        }
    }
}

#[test]
fn scopes_follow_the_class() {
    for (code, scope) in [
        ("badauth", Scope::Account),
        ("badagent", Scope::Account),
        ("nohost", Scope::Entry),
        ("notfqdn", Scope::Domain),
        ("dnserr", Scope::Family),
        ("911", Scope::Family),
    ] {
        assert_eq!(only_said(&freedyn(), code).scope, scope, "{code}");
    }
    assert_eq!(only_said(&generic(), "conflict A").scope, Scope::Family);
}

#[test]
fn a_meaning_brings_its_probe_and_hint_along() {
    assert_eq!(only_said(&freedyn(), "dnserr_lock").probe, Some(Duration::from_secs(86_400)));
    assert!(only_said(&freedyn(), "nohost").hint.is_some_and(|hint| hint.contains("check the URL")));
}

#[test]
fn a_word_counts_whole_and_a_prefix_only_towards_a_refusal() {
    let generic = generic();
    for (body, class) in [
        ("goodbye", RetryLater),
        ("good!", RetryLater),
        ("nochg2", RetryLater),
        ("norecord2", RetryLater),
        ("badauth2", BlockedAccount),
        ("notfqdn:", BlockedHost),
        ("dnserr_future", BlockedAddress),
        ("ko.", BlockedAccount),
        ("kobold", RetryLater),
        ("911,", RetryLater),
    ] {
        assert_eq!(only_said(&generic, body).class, class, "{body:?}");
    }
    assert_eq!(only_said(&generic, "911x").code, "911x");
    assert_eq!(cap_seconds(&only_said(&generic, "911x")), Some(86_400), "not 911, so unknown");
}

#[test]
fn phrases_stand_at_line_start_and_beat_their_first_word() {
    let limited = only_said(&generic(), "Abuse prevention triggered, wait");
    assert_eq!((limited.class, first_seconds(&limited)), (RateLimited, Some(1800)));
    assert_eq!(limited.code, "abuse prevention triggered");
    assert_eq!(only_said(&generic(), "ILLEGAL INPUT").class, BlockedConfig);
    assert_eq!(only_said(&generic(), "abuse").class, BlockedAccount);
}

#[test]
fn an_unknown_word_waits_an_hour_and_is_cut_to_64_characters() {
    let verdict = only_said(&freedyn(), &"X".repeat(4000));
    assert_eq!((verdict.class, first_seconds(&verdict), cap_seconds(&verdict)), (RetryLater, Some(3600), Some(86_400)));
    assert_eq!(verdict.code, "x".repeat(64));
    assert_eq!(verdict.line.len(), 200);
}

#[test]
fn old_wait_codes_give_the_wait() {
    for (body, seconds) in [("w30m", 1800), ("W2h", 7200), ("w90s", 90), ("w1s", 60), ("w9999h", 604_800)] {
        let verdict = only_said(&generic(), body);
        assert_eq!((verdict.class, first_seconds(&verdict)), (RetryLater, Some(seconds)), "{body}");
        assert!(verdict.wait.is_some_and(|wait| wait.given), "{body}");
    }
    for body in ["w", "wm", "w-1m", "w30", "wait", "w99999999999999999999h"] {
        assert_eq!(first_seconds(&only_said(&generic(), body)), Some(3600), "{body} is an unknown word");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_word() {
    let utf16: Vec<u8> = "\u{feff}good\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = "\u{feff}good".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for body in [b"\xef\xbb\xbfgood".to_vec(), utf16, big] {
        let verdict = only(&freedyn(), Reply { status: 200, body: body.clone(), ..Reply::default() });
        assert_eq!(verdict.class, Updated, "{body:?}");
    }
}

#[test]
fn control_characters_and_foreign_bytes_make_a_word_unknown_and_are_escaped() {
    for (body, line) in [
        (&b"good\0"[..], "good\\u{0}"),
        (b"go\x1b[31mod", "go\\u{1b}[31mod"),
        (b"good\x80", "good\\u{fffd}"),
        ("gööd".as_bytes(), "g\\u{f6}\\u{f6}d"),
        ("badauth\u{202e}".as_bytes(), "badauth\\u{202e}"),
    ] {
        let verdict = only(&freedyn(), Reply { status: 200, body: body.to_vec(), ..Reply::default() });
        assert_eq!((verdict.class, first_seconds(&verdict)), (RetryLater, Some(3600)), "{line}");
        assert_eq!(verdict.line, line);
    }
    assert_eq!(only_said(&freedyn(), "good für immer").class, Updated, "only the word must be ASCII");
}

#[test]
fn empty_bodies_and_comments_are_no_success() {
    for body in ["", " \r\n\t", "\n\n", "# nothing", "---"] {
        let verdict = only_said(&freedyn(), body);
        assert_eq!((verdict.class, first_seconds(&verdict)), (ProtocolError, Some(600)), "{body:?}");
        assert!(!verdict.portal);
    }
}

#[test]
fn comments_beside_a_result_are_ignored() {
    assert_eq!(only_said(&freedyn(), "# FreeDYN\n\ngood\n-----\n").class, Updated);
}

#[test]
fn a_page_is_a_portal_and_its_words_do_not_count() {
    for reply in [
        reply(200, "<html><body>good</body></html>"),
        reply(200, "\n  <!DOCTYPE html>\ngood\nOK"),
        page(200, "good <b>91.12.34.57</b>"),
        page(200, "Please log in"),
    ] {
        let verdict = only(&freedyn(), reply.clone());
        assert_eq!((verdict.class, verdict.portal), (ProtocolError, true), "{reply:?}");
    }
    assert_eq!(only(&freedyn(), page(200, "good 91.12.34.57")).class, Updated, "PHP's default type makes no page");
}

#[test]
fn json_is_foreign_unless_the_dialect_speaks_it() {
    for body in ["{\"status\":\"good\"}", "[{\"status\":\"good\"}]", "{good"] {
        let verdict = only_said(&freedyn(), body);
        assert_eq!((verdict.class, first_seconds(&verdict), verdict.portal), (ProtocolError, Some(600), false), "{body}");
    }
    let bracket = dialect(&GENERIC.replace("[words]", "[words]\n\"[200 ok] nohost\" = { class = \"BlockedHost\" }"));
    assert_eq!(only_said(&bracket, "[200 OK] nohost").class, BlockedHost);
}

#[test]
fn oversized_and_strangely_coded_bodies_are_never_a_success() {
    let good = reply(200, "good 91.12.34.57");
    let long = Reply { body: format!("good\n{}", "x".repeat(BODY_LIMIT)).into_bytes(), ..good.clone() };
    for reply in [Reply { oversized: true, ..good.clone() }, long, Reply { unknown_encoding: Some("br".into()), ..good }] {
        let verdict = only(&freedyn(), reply);
        assert_eq!((verdict.class, first_seconds(&verdict)), (ProtocolError, Some(600)));
    }
}

#[test]
fn the_address_behind_a_success_is_weighed() {
    let table: [(&str, Class, Option<&str>); 12] = [
        ("good 91.12.34.57", Updated, Some(V4)),
        ("nochg 91.12.34.57", Unchanged, Some(V4)),
        ("good\t::ffff:91.12.34.57", Updated, Some(V4)),
        ("good 91.12.34.57,2003:f:ab::10", Updated, Some(V4)),
        ("good 91.12.34.56 91.12.34.57", Updated, Some(V4)),
        ("good 91.12.34.56", Mismatch, Some(V4_OTHER)),
        ("nochg 2003:f:ab::10", Mismatch, Some(V6)),
        ("good 192.168.1.5", Updated, None),
        ("good 100.64.0.1", Updated, None),
        ("good 300.1.1.1", Updated, None),
        ("good 127.0.0.1", BlockedClient, None),
        ("good ::1", BlockedClient, None),
    ];
    for (body, class, address) in table {
        let verdict = only_said(&generic(), body);
        assert_eq!((verdict.class, verdict.address), (class, address.map(ip)), "{body}");
    }
    let ignored = only_said(&generic(), "good 127.0.0.1");
    assert_eq!((ignored.code.as_str(), ignored.scope), ("good-loopback", Scope::Account));
}

#[test]
fn the_loopback_address_is_fine_when_it_was_asked_for() {
    let domains = domains(1);
    let addresses = PerFamily { v4: Some(ip("127.0.0.1")), v6: None };
    let asked = Asked { domains: &domains, addresses, other_endpoint: false, now: NOW };
    let judgement = judge(&generic(), &asked, &Outcome::Replied(reply(200, "good 127.0.0.1")));
    assert_eq!(classes(&judgement), [Updated]);
}
