use super::*;

fn read(body: &str, family: Family) -> Result<String, String> {
    echo(200, body, family).map(|address| address.to_string()).map_err(|unused| unused.why)
}

#[test]
fn every_format_of_an_echo_service_is_read() {
    let pages = [
        "91.12.34.57",
        " 91.12.34.57\r\n",
        "\u{feff}91.12.34.57\n",
        "<html><head><title>Current IP Check</title></head><body>Current IP Address: 91.12.34.57</body></html>\r\n",
        "Current IP Address: 91.12.34.57\n",
        "fl=1f1\nh=example\nip=91.12.34.57\nts=1.2\nvisit_scheme=https\nuag=x=y\n",
        "{\"ip\":\"91.12.34.57\"}",
        " {\"address\": \"91.12.34.57\", \"version\": \"1.2.3.4\"}\n",
    ];
    for page in pages {
        assert_eq!(read(page, Family::V4), Ok("91.12.34.57".into()), "{page:?}");
        let v6 = page.replace("91.12.34.57", "2003:f:ab::10");
        assert_eq!(read(&v6, Family::V6), Ok("2003:f:ab::10".into()), "{v6:?}");
        assert!(read(page, Family::V6).unwrap_err().contains("an IPv6 address was expected"), "{page:?}");
    }
}

#[test]
fn a_page_that_only_contains_an_address_is_no_answer() {
    let pages = [
        "",
        "proxy 91.12.34.57 for 91.12.34.58",
        "91.12.34.57, 10.0.0.1",
        "91.12.34.57\n91.12.34.58",
        "Your address is 91.12.34.57",
        "<html><body>91.12.34.57</body></html>",
        "<html>Current IP Address: 91.12.34.57, 91.12.34.58</html>",
        "<p>Current IP Address: 91.12.34.57</p><p>Current IP Address: 91.12.34.58</p>",
        "ip=91.12.34.57\nip=91.12.34.58",
        "ip=91.12.34.57\nwelcome",
        "address=91.12.34.57",
        "ip=",
        "{\"ip\":\"91.12.34.57\",\"address\":\"91.12.34.58\"}",
        "{\"ip\":[\"91.12.34.57\"]}",
        "{\"origin\":\"91.12.34.57\"}",
        "{\"ip\":\"91.12.34.57\"",
        "[\"91.12.34.57\"]",
        "091.012.034.057",
    ];
    for page in pages {
        assert!(read(page, Family::V4).is_err(), "{page:?}");
    }
}

#[test]
fn what_the_guard_refuses_is_reported_with_the_address() {
    let unused = echo(200, "100.64.3.4", Family::V4).unwrap_err();
    assert_eq!(unused.address, Some("100.64.3.4".parse().unwrap()));
    assert!(unused.why.contains("RFC 6598"), "{}", unused.why);
}

#[test]
fn only_status_200_is_an_answer() {
    for status in [201, 204, 302, 403, 404, 429, 500, 503] {
        let unused = echo(status, "91.12.34.57", Family::V4).unwrap_err();
        assert!(unused.why.contains(&status.to_string()), "{}", unused.why);
    }
}

#[test]
fn a_program_prints_one_address_and_nothing_else() {
    assert!(matches!(text("91.12.34.57\n", Family::V4), Outcome::Known { .. }));
    for output in ["", "91.12.34.57\n91.12.34.58\n", "10.0.0.1", "2003:f:ab::10", "ip=91.12.34.57"] {
        assert!(matches!(text(output, Family::V4), Outcome::Unsure(_)), "{output:?}");
    }
}

fn asked(question: Question, authoritative: bool) -> Whoami {
    let server = crate::rules::address::PerFamily { v4: None, v6: None };
    Whoami { operator: "x", server, name: "whoami.example.", question, authoritative }
}

fn answer(authoritative: bool, records: &[&str]) -> DnsReading {
    DnsReading { authoritative, records: records.iter().map(|text| (*text).to_owned()).collect(), intercepted: false }
}

#[test]
fn a_name_server_answers_with_one_record_and_google_with_the_subnet_of_a_resolver_beside_it() {
    let whole = answer(true, &["91.12.34.57", "edns0-client-subnet 91.12.34.0/24"]);
    assert_eq!(whoami(&whole, &asked(Question::Text, true), Family::V4), Ok("91.12.34.57".parse().unwrap()));
    for question in [Question::Address, Question::Chaos] {
        assert!(whoami(&whole, &asked(question, true), Family::V4).is_err());
    }
    for records in [
        &[][..],
        &["edns0-client-subnet 91.12.34.0/24"],
        &["91.12.34.57", "91.12.34.57"],
        &["91.12.34.57", "91.12.34.58"],
        &["91.12.34.57", "edns0-client-subnet nonsense"],
        &["91.12.34.57", "edns0-client-subnet 91.12.34.0/240"],
        &["91.12.34.57 91.12.34.58"],
        &["2003:f:ab::10"],
        &["10.0.0.1"],
    ] {
        assert!(whoami(&answer(true, records), &asked(Question::Text, true), Family::V4).is_err(), "{records:?}");
    }
}

#[test]
fn only_the_server_that_was_asked_is_believed() {
    let unsigned = answer(false, &["91.12.34.57"]);
    assert!(whoami(&unsigned, &asked(Question::Text, true), Family::V4).unwrap_err().why.contains("authoritative"));
    assert!(whoami(&unsigned, &asked(Question::Text, false), Family::V4).is_ok());
    let intercepted = DnsReading { intercepted: true, ..answer(true, &["91.12.34.57"]) };
    assert!(whoami(&intercepted, &asked(Question::Text, false), Family::V4).unwrap_err().why.contains("port 53 is intercepted"));
}
