use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn every_guarded_range_of_the_fault_catalogue_is_refused_with_its_range_and_reference() {
    let scenarios: serde_json::Value = serde_json::from_str(include_str!("../../../tests/fixtures/fault-scenarios.json")).unwrap();
    let rows = scenarios["scenarios"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == "FI-115").unwrap();
    let addresses = row["stimulus"]["results"].as_array().unwrap();
    assert!(addresses.len() > 25);
    for address in addresses {
        let address = ip(address.as_str().unwrap());
        let rejected = publishable(address).unwrap_err();
        let text = rejected.to_string();
        assert!(text.contains(&address.to_string()) && text.contains("RFC"), "{text}");
    }
}

#[test]
fn the_first_and_last_address_of_every_range_are_refused_and_their_neighbours_are_not() {
    let table = [
        ("10.0.0.0", "10.255.255.255", "RFC 1918", Some(("9.255.255.255", "11.0.0.0"))),
        ("172.16.0.0", "172.31.255.255", "RFC 1918", Some(("172.15.255.255", "172.32.0.0"))),
        ("192.168.0.0", "192.168.255.255", "RFC 1918", Some(("192.167.255.255", "192.169.0.0"))),
        ("100.64.0.0", "100.127.255.255", "RFC 6598", Some(("100.63.255.255", "100.128.0.0"))),
        ("169.254.0.0", "169.254.255.255", "RFC 3927", Some(("169.253.255.255", "169.255.0.0"))),
        ("192.0.0.11", "192.0.0.255", "RFC 6890", Some(("191.255.255.255", "192.0.1.0"))),
        ("192.0.2.0", "192.0.2.255", "RFC 5737", Some(("192.0.1.255", "192.0.3.0"))),
        ("192.31.196.0", "192.31.196.255", "RFC 7535", Some(("192.31.195.255", "192.31.197.0"))),
        ("192.175.48.0", "192.175.48.255", "RFC 7534", Some(("192.175.47.255", "192.175.49.0"))),
        ("192.52.193.0", "192.52.193.255", "RFC 7450", Some(("192.52.192.255", "192.52.194.0"))),
        ("192.88.99.0", "192.88.99.255", "RFC 7526", Some(("192.88.98.255", "192.88.100.0"))),
        ("198.18.0.0", "198.19.255.255", "RFC 2544", Some(("198.17.255.255", "198.20.0.0"))),
        ("1.1.1.1", "1.1.1.1", "easyDNS", Some(("1.1.1.0", "1.1.1.2"))),
        ("224.0.0.0", "239.255.255.255", "RFC 5771", None),
        ("2001::1", "2001:0:ffff:ffff::1", "RFC 4380", None),
        ("2001:2::1", "2001:2:0:ffff::1", "RFC 5180", None),
        ("2001:3::1", "2001:3:ffff:ffff::1", "RFC 7450", None),
        ("2001:4:112::1", "2001:4:112:ffff::1", "RFC 7535", None),
        ("2001:10::1", "2001:1f:ffff::1", "RFC 4843", None),
        ("2001:20::1", "2001:2f:ffff::1", "RFC 7343", None),
        ("2001:30::1", "2001:3f:ffff::1", "RFC 9374", None),
        ("2001:40::1", "2001:1ff:ffff::1", "RFC 2928", Some(("2000:ffff::1", "2001:200::1"))),
        ("2001:db8::1", "2001:db8:ffff:ffff::1", "RFC 3849", Some(("2001:db7:ffff::1", "2001:db9::1"))),
        ("3fff::1", "3fff:fff:ffff:ffff::1", "RFC 9637", Some(("3ffd::1", "3fff:1000::1"))),
        ("2002::1", "2002:ffff:ffff:ffff::1", "RFC 3056", Some(("2001:ffff::1", "2003::1"))),
        ("2620:4f:8000::1", "2620:4f:8000:ffff::1", "RFC 7534", Some(("2620:4f:7fff::1", "2620:4f:8001::1"))),
        ("3ffe::1", "3ffe:ffff::1", "RFC 3701", None),
        ("64:ff9b::1", "64:ff9b::ffff:ffff", "RFC 6052", None),
        ("100:0:0:1::1", "100:0:0:1:ffff::1", "RFC 9780", None),
        ("fe80::1", "febf:ffff::1", "RFC 4291", None),
        ("fc00::1", "fdff:ffff::1", "RFC 4193", None),
    ];
    for (first, last, reference, neighbours) in table {
        for address in [first, last] {
            let rejected = publishable(ip(address)).unwrap_err();
            assert!(rejected.to_string().contains(reference), "{address}: {rejected}");
        }
        for address in neighbours.into_iter().flat_map(|(before, after)| [before, after]) {
            assert_eq!(publishable(ip(address)), Ok(()), "{address}");
        }
    }
}

#[test]
fn addresses_of_real_lines_pass() {
    for address in
        ["91.12.34.57", "93.184.215.14", "8.8.8.8", "223.255.255.255", "2003:f:ab::10", "2a02:8071::dead:beef", "2606:4700:4700::1111"]
    {
        assert_eq!(publishable(ip(address)), Ok(()), "{address}");
    }
}

#[test]
fn the_anycast_interface_parts_are_refused() {
    for (address, reference) in
        [("2003:f:ab::", "2.6.1"), ("2003:f:ab:0:fdff:ffff:ffff:ff80", "2526"), ("2003:f:ab:0:fdff:ffff:ffff:ffff", "2526")]
    {
        let rejected = publishable(ip(address)).unwrap_err();
        assert!(rejected.to_string().contains(reference), "{rejected}");
    }
    assert_eq!(publishable(ip("2003:f:ab:0:fdff:ffff:ffff:ff7f")), Ok(()));
}

#[test]
fn carrier_nat_is_told_from_other_private_ranges() {
    assert!(carrier_nat(ip("100.64.3.4")) && carrier_nat(ip("100.127.255.255")));
    assert!(!carrier_nat(ip("100.128.0.1")) && !carrier_nat(ip("10.0.0.1")) && !carrier_nat(ip("2003::1")));
}

#[test]
fn an_address_is_read_with_blanks_brackets_and_zone() {
    for text in [" 91.12.34.57\r\n", "91.12.34.57"] {
        assert_eq!(parse_strict(text, Family::V4), Ok(ip("91.12.34.57")));
    }
    for text in ["2003:f:ab::10", "[2003:f:ab::10]", "\t2003:F:AB::10%eth0 ", "[2003:f:ab::10%2]"] {
        assert_eq!(parse_strict(text, Family::V6), Ok(ip("2003:f:ab::10")));
    }
}

#[test]
fn text_that_is_not_exactly_one_address_is_refused() {
    for text in [
        "",
        " ",
        "091.12.34.57",
        "91.12.034.57",
        "91.12.34",
        "91.12.34.57.1",
        "999.1.1.1",
        "91.12.34.57 91.12.34.58",
        "91.12.34.57%eth0",
        "[91.12.34.57",
        "0x5b.12.34.57",
        "2003:f:ab::10",
    ] {
        let problem = parse_strict(text, Family::V4).unwrap_err();
        assert!(problem.contains("IPv4 address"), "{text:?}: {problem}");
    }
    assert!(parse_strict("91.12.34.57", Family::V6).unwrap_err().contains("an IPv6 address was expected"));
    let long = parse_strict(&"x\n".repeat(5000), Family::V4).unwrap_err();
    assert!(long.len() < 300 && long.contains("\\n"), "{long}");
}
