use proptest::prelude::*;

use super::super::super::dialect::Style;
use super::*;

fn styles() -> impl Strategy<Value = Style> {
    prop_oneof![
        Just(Style::Lines),
        Just(Style::Block),
        Just(Style::Markup),
        Just(Style::Json("status".into())),
        Just(Style::Header("x-word".into())),
        Just(Style::Patterns),
    ]
}

/// Arbitrary bytes rarely hold a word; pieces of replies in disorder do.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "good",
        "nochg",
        "norecord",
        "badauth",
        "abuse",
        "911",
        "dnserr_x",
        "numhost",
        "w30m",
        " ",
        "\n",
        "\r\n",
        ",",
        "\t",
        "91.12.34.57",
        "91.12.34.56",
        "127.0.0.1",
        "2003:f:ab::10",
        "::1",
        "h0.example.org",
        "A",
        "AAAA",
        "<",
        ">",
        "<b>",
        "<ERROR CODE=\"",
        "\" PARAM='",
        "<!--",
        "<script>",
        "{\"status\":\"",
        "\"}",
        "[",
        "\u{feff}",
        "ü",
        "\0",
        "#",
        "=",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(pieces, 0..20).prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let names = prop::sample::select(vec!["retry-after", "content-type", "x-word", "date"]);
    prop::collection::vec((names.prop_map(String::from), ".{0,30}"), 0..4)
}

proptest! {
    #[test]
    fn any_reply_gives_each_name_and_family_one_printable_verdict(
        (style, body, headers) in (styles(), bodies(), headers()),
        status in prop_oneof![Just(200), any::<u16>()],
        (oversized, hosts, v4, v6) in (any::<bool>(), 0_usize..5, any::<bool>(), any::<bool>()),
    ) {
        let mut dialect = generic();
        dialect.reply.style = style;
        let domains = domains(hosts);
        let addresses = PerFamily { v4: v4.then(|| ip(V4)), v6: v6.then(|| ip(V6)) };
        let asked = Asked { domains: &domains, addresses, other_endpoint: true, now: NOW };
        let reply = Reply { status, headers, body, oversized, ..Reply::default() };

        let judgement = judge(&dialect, &asked, &Outcome::Replied(reply));

        let families: Vec<_> = Family::ALL.into_iter().filter(|family| addresses[*family].is_some()).collect();
        let expected: Vec<_> = (0..hosts).flat_map(|at| families.iter().map(move |family| (at, *family))).collect();
        let got: Vec<_> = judgement.verdicts.iter().map(|(at, family, _)| (*at, *family)).collect();
        prop_assert_eq!(got, expected);
        for (_, _, verdict) in &judgement.verdicts {
            let printable = |text: &str| text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
            prop_assert!(verdict.line.len() <= 200 && printable(&verdict.line));
            prop_assert!(verdict.code.len() <= 64 && printable(&verdict.code));
            prop_assert!(!verdict.class.is_success() || ((200..300).contains(&status) && !oversized));
            prop_assert!(!verdict.class.is_lock() || verdict.wait.is_none());
            prop_assert!(verdict.wait.is_none_or(|wait| wait.cap >= wait.first));
        }
    }
}
