use super::super::super::dialect::Class::{self, *};
use super::*;

fn of_style(style: &str, words: &str) -> Dialect {
    dialect(&format!("name = \"x\"\ntitle = \"X\"\nsource = []\n[request]\n[reply]\n{style}\n[words]\n{words}"))
}

#[test]
fn duckdns_is_judged_by_its_first_line() {
    let duckdns = of_style("style = \"block\"", "ok = { class = \"Updated\" }\nko = { class = \"BlockedAccount\" }");
    for (body, class) in [
        ("OK\n91.12.34.57\n\nUPDATED", Updated),
        ("OK\n91.12.34.57\n2003:f:ab::10\nNOCHANGE", Updated),
        ("KO", BlockedAccount),
        ("\nOK", Updated),
        ("what\nOK", RetryLater),
    ] {
        assert_eq!(only_said(&duckdns, body).class, class, "{body:?}");
    }
}

#[test]
fn easydns_is_read_through_its_markup() {
    let easydns = of_style(
        "style = \"markup\"",
        "noerror = { class = \"Updated\" }\nok = { class = \"Updated\" }\nno_auth = { class = \"BlockedAccount\" }\n\
         too_freq = { class = \"RateLimited\", wait = \"10m\" }\n\"illegal input\" = { class = \"BlockedConfig\" }",
    );
    for (body, class) in [
        ("<HTML><BODY><FONT SIZE=\"-1\">TOO_FREQ<br></FONT></BODY></HTML>", RateLimited),
        ("<html><body>NOERROR: done<br>thanks</body></html>", Updated),
        ("<p>Illegal\ninput</p>", ProtocolError),
        ("<p>ILLEGAL INPUT</p>", BlockedConfig),
        ("<title>OK</title><body>NO_AUTH</body>", BlockedAccount),
        ("<body>OK<br>NO_AUTH</body>", BlockedAccount),
        ("<!-- OK --><body>nothing</body>", ProtocolError),
        ("<script>\nOK\n</script>", ProtocolError),
        ("<body>it is not <b>OK</b></body>", ProtocolError),
        ("<body>OKAY</body>", ProtocolError),
        ("NOERROR", Updated),
        ("what", RetryLater),
        ("", ProtocolError),
        ("<", ProtocolError),
        ("<!--", ProtocolError),
        ("<script", ProtocolError),
    ] {
        assert_eq!(only_said(&easydns, body).class, class, "{body:?}");
    }
    let limited = only(&easydns, page(200, "<HTML><BODY><FONT SIZE=\"-1\">TOO_FREQ<br></FONT></BODY></HTML>"));
    assert_eq!((first_seconds(&limited), limited.code.as_str()), (Some(600), "too_freq"));
    assert_eq!(only(&easydns, reply(403, "<body>forbidden</body>")).code, "http403");
}

#[test]
fn zoneedits_result_tags_give_code_and_wait() {
    let zoneedit = of_style(
        "style = \"markup\"\nown_words_only = true",
        "200 = { class = \"Updated\" }\n702 = { class = \"RateLimited\" }\n707 = { class = \"Unchanged\" }\n708 = { class = \"BlockedAccount\" }",
    );
    let table: [(&str, Class, &str, Option<u64>); 8] = [
        ("<ERROR CODE=\"702\" PARAM=\"600\" TEXT=\"Minimum > 600 seconds\" ZONE=\"z.test\">", RateLimited, "702", Some(600)),
        ("<error text='a \"b\" c' param=30 code=702>", RateLimited, "702", Some(60)),
        ("<ERROR CODE=\"702\" PARAM=\"soon\">", RateLimited, "702", Some(3600)),
        ("<SUCCESS CODE=\"200\" TEXT=\"Update succeeded.\" ZONE=\"z.test\">", Updated, "200", None),
        ("<ERROR CODE=\"707\">", Unchanged, "707", None),
        ("<ERROR CODE=\"708\" PARAM=\"600\">", BlockedAccount, "708", None),
        ("<ERROR CODE=\"799\">", RetryLater, "799", Some(3600)),
        ("<SUCCESS CODE=\"200\"><ERROR CODE=\"708\">", BlockedAccount, "708", None),
    ];
    for (body, class, code, wait) in table {
        let verdict = only_said(&zoneedit, body);
        assert_eq!((verdict.class, verdict.code.as_str(), first_seconds(&verdict)), (class, code, wait), "{body}");
    }
    let two = said(&zoneedit, 2, Carries::V4, "<SUCCESS CODE=\"200\" ZONE=\"a\">\n<ERROR CODE=\"707\" ZONE=\"b\">");
    assert_eq!(classes(&two), [Updated, Unchanged]);
}

const PATTERNS: &str = "updated = { class = \"Updated\" }\nunchanged = { class = \"Unchanged\" }\n\
                        failed = { class = \"BlockedHost\" }\n\"code = 200\" = { class = \"Updated\" }";

#[test]
fn patterns_stand_at_line_start_and_failure_beats_success_beats_unchanged() {
    let custom = of_style("style = \"patterns\"\nown_words_only = true", PATTERNS);
    let table: [(&str, Class, &str); 11] = [
        ("UPDATED: h0.example.org. A None -> 91.12.34.57\nUNCHANGED: h0.example.org. AAAA None", Updated, "updated"),
        ("unchanged\nupdated", Updated, "updated"),
        ("unchanged\nfailed, sorry\nupdated", BlockedHost, "failed"),
        ("hello\nunchanged since today\nbye", Unchanged, "unchanged"),
        ("Code = 200", Updated, "code = 200"),
        ("Code = 2001", RetryLater, "code"),
        ("not updated", RetryLater, "not"),
        ("updatedness", RetryLater, "updatedness"),
        ("updated_never", RetryLater, "updated_never"),
        ("<html>\nupdated\n</html>", ProtocolError, "html"),
        ("", ProtocolError, "empty"),
    ];
    for (body, class, code) in table {
        let verdict = only_said(&custom, body);
        assert_eq!((verdict.class, verdict.code.as_str()), (class, code), "{body:?}");
    }
}

#[test]
fn patterns_for_many_names_are_mapped_by_name_or_position() {
    let custom = of_style("style = \"patterns\"\nown_words_only = true", PATTERNS);
    let table: [(&str, &[Class]); 5] = [
        ("UNCHANGED: h1.example.org. A\nUPDATED: h0.example.org. A", &[Updated, Unchanged]),
        ("UPDATED: h0.example.org\nFAILED: h0.example.org. AAAA\nUPDATED: h1.example.org", &[Updated; 2]),
        ("updated\nfailed", &[Updated, BlockedHost]),
        ("status:\nupdated\nunchanged", &[Updated; 2]),
        ("status:\nupdated\nfailed", &[SplitBatch; 2]),
    ];
    for (body, expected) in table {
        assert_eq!(classes(&said(&custom, 2, Carries::V4, body)), expected, "{body:?}");
    }
}

#[test]
fn a_header_holds_the_word_and_the_body_is_the_fallback() {
    let ddnss = of_style(
        "style = { header = \"ddnss-response\" }",
        "good = { class = \"Updated\" }\nbadauth = { class = \"BlockedAccount\" }\nupdated = { class = \"Updated\" }",
    );
    let with = |value: &str, body: &str| {
        let headers = vec![("ddnss-response".to_string(), value.to_string())];
        only(&ddnss, Reply { headers, ..reply(200, body) }).class
    };
    assert_eq!(with("good", "<html>Badauth</html>"), Updated);
    assert_eq!(with("badauth", "<html>Updated 1 hostname.</html>"), BlockedAccount);
    assert_eq!(with("what", "<html>Updated 1 hostname.</html>"), RetryLater);
    assert_eq!(with(" ", "<html>Updated 1 hostname.</html>"), Updated);
    assert_eq!(only_said(&ddnss, "<html>Updated 1 hostname.</html>").class, Updated);
}

#[test]
fn json_dialects_name_the_field_of_the_word() {
    let ipv64 = of_style(
        "style = { json = \"status\" }",
        "success = { class = \"Updated\" }\n\"0\" = { class = \"Unchanged\" }\nfail = { class = \"BlockedAccount\" }",
    );
    for (body, class) in [
        ("{\"status\":\"Success\",\"info\":1}", Updated),
        ("{\"status\":0}", Unchanged),
        ("{\"status\":\"fail\"}", BlockedAccount),
        ("{\"status\":\"other\"}", RetryLater),
        ("{\"status\":null}", ProtocolError),
        ("{\"info\":\"success\"}", ProtocolError),
        ("{\"status\":\"success\"", ProtocolError),
        ("[]", ProtocolError),
        ("[{\"status\":\"success\"}]", Updated),
        ("success", Updated),
    ] {
        assert_eq!(only_said(&ipv64, body).class, class, "{body}");
    }
    let nested = of_style("style = { json = \"/result/code\" }", "ok = { class = \"Updated\" }");
    assert_eq!(only_said(&nested, "{\"result\":{\"code\":\"OK\"}}").class, Updated);
}
