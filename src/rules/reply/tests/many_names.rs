use super::super::super::dialect::Class::{self, *};
use super::super::super::dialect::Scope;
use super::*;

fn verdict(judgement: &Judgement, at: usize, family: Family) -> &Verdict {
    let found = judgement.verdicts.iter().find(|(host, of, _)| (*host, *of) == (at, family));
    &found.expect("every name and family has a verdict").2
}

/// Bodies for requests with IPv4 only, their classes per name, and whether the batch size falls to one.
#[test]
fn lines_are_mapped_to_names() {
    let table: [(&str, usize, &str, &[Class], bool); 22] = [
        ("M1 by position", 3, "good\nnochg\nnohost", &[Updated, Unchanged, BlockedHost], false),
        ("M1 with an unknown line", 2, "good\nfoo", &[Updated, RetryLater], false),
        ("M1 with a wrong address", 2, "good 91.12.34.57\ngood 91.12.34.56", &[Updated, Mismatch], false),
        ("M0 with a line too few", 3, "good\nbadauth", &[BlockedAccount; 3], false),
        ("M0 with a line too many", 2, "good\ngood\nabuse", &[BlockedAccount; 2], false),
        ("M0 for one name", 1, "good\nbadagent", &[BlockedClient], false),
        ("M0, silent form", 3, "good 127.0.0.1\ngood 127.0.0.1", &[BlockedClient; 3], false),
        ("M5 account", 3, "badauth", &[BlockedAccount; 3], false),
        ("M5 system", 3, "911", &[RetryLater; 3], false),
        ("M5 agent, silent form", 3, "good 127.0.0.1", &[BlockedClient; 3], false),
        ("M6", 3, "good 91.12.34.57", &[Updated; 3], false),
        ("M7", 3, "good\nnochg", &[Updated, Unchanged, SplitBatch], true),
        ("M7 with an error", 3, "good\nnohost", &[SplitBatch; 3], true),
        ("M7 with a wrong address", 3, "good\ngood 91.12.34.56", &[SplitBatch; 3], true),
        ("M8", 2, "good\ngood\n911\n911\ngood", &[SplitBatch; 2], true),
        ("M8 with a comment", 2, "good\n# done\ngood\n--", &[Updated; 2], false),
        ("M8 for one name", 1, "good\ngood", &[SplitBatch], false),
        ("M8 for one name with an error", 1, "good\nnohost", &[BlockedHost], false),
        ("M10", 3, "notfqdn", &[SplitBatch; 3], true),
        ("M10 with a prefix match", 2, "nohost!", &[SplitBatch; 2], true),
        ("numhost", 20, "numhost", &[SplitBatch; 20], true),
        ("numhost for one name", 1, "numhost", &[BlockedConfig], false),
    ];
    for (rule, hosts, body, expected, limit) in table {
        let judgement = said(&generic(), hosts, Carries::V4, body);
        assert_eq!((&classes(&judgement)[..], judgement.batch_limit), (expected, limit), "{rule}: {body:?}");
    }
}

#[test]
fn surplus_lines_set_the_wait_by_the_worst() {
    let judgement = said(&generic(), 2, Carries::V4, "good\ngood\n911\n911\ngood");
    for (_, _, verdict) in &judgement.verdicts {
        assert_eq!((first_seconds(verdict), verdict.scope), (Some(1800), Scope::Family));
    }
    let short = said(&generic(), 3, Carries::V4, "good\nnochg");
    assert_eq!(first_seconds(verdict(&short, 2, Family::V4)), Some(300));
    assert_eq!(short.notices, ["the reply has 2 lines for 3 names"]);
}

#[test]
fn one_success_for_many_names_is_assumed_unless_the_provider_is_atomic() {
    let assumed = |dialect: &Dialect, hosts| {
        said(dialect, hosts, Carries::V4, "good 91.12.34.57").verdicts.iter().all(|(_, _, verdict)| verdict.assumed)
    };
    let atomic = dialect(&GENERIC.replace("[request]", "[reply]\natomic = true\n[request]"));
    assert!(assumed(&generic(), 3));
    assert!(!assumed(&generic(), 1));
    assert!(!assumed(&atomic, 3));
}

#[test]
fn a_whole_batch_without_records_is_left_to_verification() {
    let judgement = said(&freedyn(), 3, Carries::V4, "norecord");
    assert_eq!(classes(&judgement), [NotApplicable; 3]);
    assert!(judgement.verdicts.iter().all(|(_, _, verdict)| verdict.assumed));
}

#[test]
fn abuse_is_the_names_own_if_its_neighbours_were_served() {
    let judgement = said(&freedyn(), 3, Carries::V4, "good 91.12.34.57\nabuse\ngood 91.12.34.57");
    assert_eq!(classes(&judgement), [Updated, BlockedHost, Updated]);
    let locked = verdict(&judgement, 1, Family::V4);
    assert_eq!((locked.code.as_str(), locked.scope), ("abuse", Scope::Domain));

    for body in ["abuse\nabuse\n911", "abuse\nnohost\nnorecord"] {
        let judgement = said(&freedyn(), 3, Carries::V4, body);
        assert_eq!((judgement.verdicts[0].2.class, judgement.verdicts[0].2.scope), (BlockedAccount, Scope::Account), "{body:?}");
    }
    let other_word = said(&freedyn(), 2, Carries::V4, "good\nbadauth");
    assert_eq!(classes(&other_word), [Updated, BlockedAccount]);
    let not_served = judged(&freedyn(), 2, Carries::V4, &Outcome::Replied(reply(500, "good\nabuse")));
    assert_eq!(classes(&not_served), [ProtocolError, BlockedAccount], "with status 500 nobody was served");
}

/// Bodies for one name with both addresses, classes of both families, and which of them are assumed.
#[test]
fn lines_are_mapped_to_families() {
    let table: [(&str, &str, [Class; 2], [bool; 2]); 17] = [
        ("M2", "good", [Updated; 2], [false; 2]),
        ("M2 both, comma", "good 91.12.34.57,2003:f:ab::10", [Updated; 2], [false; 2]),
        ("M2 both, blank", "nochg 2003:f:ab::10 91.12.34.57", [Unchanged; 2], [false; 2]),
        ("M2 v4 only", "good 91.12.34.57", [Updated; 2], [false, true]),
        ("M2 v6 only", "good 2003:f:ab::10", [Updated; 2], [true, false]),
        ("M2 one is wrong", "good 91.12.34.57 2003:f:aa::10", [Updated, Mismatch], [false; 2]),
        ("M2 v4 wrong, v6 unsaid", "good 91.12.34.56", [Mismatch, Updated], [false, true]),
        ("M2 error", "badauth", [BlockedAccount; 2], [false; 2]),
        ("A12", "norecord", [NotApplicable; 2], [true; 2]),
        ("M3 in order", "good\nnorecord", [Updated, NotApplicable], [false; 2]),
        ("M3 by address", "nochg 2003:f:ab::10\ngood 91.12.34.57", [Updated, Unchanged], [false; 2]),
        ("M3 by the first address", "good 2003:f:ab::10\nnorecord", [NotApplicable, Updated], [false; 2]),
        ("M3 by the second address", "911\ngood 91.12.34.57", [Updated, RetryLater], [false; 2]),
        ("M3 both of one family", "good 91.12.34.57\ngood 91.12.34.57", [Updated, Mismatch], [false; 2]),
        ("M3 abuse for one family", "good 91.12.34.57\nabuse", [Updated, BlockedAccount], [false; 2]),
        ("M8", "good\ngood\n911", [RetryLater; 2], [false; 2]),
        ("loopback", "good 127.0.0.1", [BlockedClient; 2], [false; 2]),
    ];
    for (rule, body, expected, assumed) in table {
        let judgement = said(&generic(), 1, Carries::Both, body);
        assert_eq!(classes(&judgement), expected, "{rule}: {body:?}");
        let marks: Vec<_> = judgement.verdicts.iter().map(|(_, _, verdict)| verdict.assumed).collect();
        assert_eq!(marks, assumed, "{rule}: {body:?}");
    }
    assert_eq!(classes(&said(&generic(), 1, Carries::V6, "good 2003:f:ab::10")), [Updated]);
}

#[test]
fn several_names_and_both_families_are_mapped_host_by_host() {
    let table: [(&str, &str, [Class; 4]); 5] = [
        ("M1", "good 91.12.34.57,2003:f:ab::10\nnohost", [Updated, Updated, BlockedHost, BlockedHost]),
        ("M4", "good\nnochg\ngood 91.12.34.57\nnorecord", [Updated, Unchanged, Updated, NotApplicable]),
        ("M4 against the addresses", "good 2003:f:ab::10\ngood 91.12.34.57\ngood\ngood", [SplitBatch; 4]),
        ("between H and H × F", "good\ngood\ngood", [SplitBatch; 4]),
        ("M6", "good", [Updated; 4]),
    ];
    for (rule, body, expected) in table {
        assert_eq!(classes(&said(&generic(), 2, Carries::Both, body)), expected, "{rule}: {body:?}");
    }
}

#[test]
fn lines_that_name_their_names_are_mapped_by_them() {
    let named = dialect(&GENERIC.replace("[request]", "[reply]\nnames_hosts = true\n[request]"));
    let table: [(&str, usize, &str, &[Class], bool); 5] = [
        ("another order", 2, "nohost h1.example.org\ngood H0.EXAMPLE.ORG.", &[Updated, BlockedHost], false),
        ("a missing name", 3, "good h2.example.org\nnochg h0.example.org", &[Unchanged, SplitBatch, Updated], true),
        ("a stranger", 1, "good h0.example.org\nnohost x.test", &[Updated], false),
        ("twice, the worse counts", 2, "good h0.example.org\n911 h0.example.org\ngood h1.example.org", &[RetryLater, Updated], false),
        ("no names at all", 2, "good\nnohost", &[Updated, BlockedHost], false),
    ];
    for (rule, hosts, body, expected, limit) in table {
        let judgement = said(&named, hosts, Carries::V4, body);
        assert_eq!((&classes(&judgement)[..], judgement.batch_limit), (expected, limit), "{rule}: {body:?}");
    }
    let judgement = said(&named, 1, Carries::V4, "good h0.example.org\nnohost x.test");
    assert_eq!(judgement.notices, ["the reply names \"x.test\", which was not asked for"]);

    let both = said(&named, 1, Carries::Both, "good h0.example.org AAAA\nnohost h0.example.org A");
    assert_eq!(classes(&both), [BlockedHost, Updated]);
    let silent = said(&named, 2, Carries::Both, "good h0.example.org A\ngood h1.example.org\n# end");
    assert_eq!(classes(&silent), [Updated; 4]);
    assert!(verdict(&silent, 0, Family::V6).assumed && !verdict(&silent, 0, Family::V4).assumed);
}
