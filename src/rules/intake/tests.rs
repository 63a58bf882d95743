use proptest::prelude::*;

use super::*;
use crate::rules::address::{PerFamily, Prefix};
use crate::rules::secret::Secret;

const PEER: &str = "91.12.34.99";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn fields(query: &str) -> Fields {
    Fields::read(query.as_bytes(), b"")
}

fn order(query: &str) -> Result<Order, Code> {
    Order::read(&fields(query), ip(PEER)).map_err(|refusal| refusal.code)
}

/// All of it, as if the entries had a use for every part.
fn all(order: &Order) -> Stored {
    Stored { addresses: order.push.addresses, prefix: order.push.prefix }
}

fn good(order: &Order) -> Taken {
    Taken::Good(all(order))
}

fn unchanged(order: &Order) -> Taken {
    Taken::Unchanged(all(order))
}

/// What is asked to be set for one name: addresses and prefix, joined by a comma; or the code.
fn set(parameters: &str) -> String {
    match order(&format!("hostname=a.de&{parameters}")) {
        Ok(order) => order.answer(&[good(&order)]).text.replacen("good ", "", 1),
        Err(code) => code.word().to_owned(),
    }
}

fn names(query: &str) -> Vec<String> {
    let order = order(query).unwrap();
    order.push().map(|push| push.domains.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// Name and password with a colon between them.
fn login(query: &str, basic: Option<(&str, &str)>) -> Option<String> {
    let basic = basic.map(|(name, password)| (name.to_owned(), Secret::new(password.to_owned())));
    fields(query).login(basic).map(|login| format!("{}:{}", login.name, login.password.expose()))
}

#[test]
fn every_name_of_every_parameter_is_understood_in_any_case() {
    for user in ["benutzername", "username", "user", "email"] {
        for password in ["passwort", "password"] {
            assert_eq!(login(&format!("{user}=u&{password}=p"), None), Some("u:p".into()));
            assert_eq!(login(&format!("{}=u&{}=p", user.to_uppercase(), password.to_uppercase()), None), Some("u:p".into()));
        }
    }
    for host in ["hostname", "host", "domain", "dynhost", "HostName"] {
        assert_eq!(names(&format!("{host}=a.de")), ["a.de"]);
    }
    let first = ["ip", "myip", "ipv4", "ipaddr", "ipadress", "a", "MyIP"];
    let second = ["ip2", "myip2", "ipv6", "ipaddr2", "ipadress2", "aaaa", "AAAA"];
    for name in first.iter().chain(&second) {
        assert_eq!(set(&format!("{name}=91.12.34.56")), "91.12.34.56", "{name}");
        assert_eq!(set(&format!("{name}=2003:f::1")), "2003:f::1", "{name}");
    }
    for (one, other) in first.iter().zip(&second) {
        assert_eq!(set(&format!("{one}=91.12.34.56&{other}=2003:f::1")), "91.12.34.56,2003:f::1");
        assert_eq!(set(&format!("{other}=91.12.34.56&{one}=2003:f::1")), "91.12.34.56,2003:f::1", "in either order");
    }
    assert_eq!(set("ipv6praefx=2003:f::"), "2003:f::/64");
    // Words that look like them, and are none.
    assert_eq!(set("ipaddress=91.12.34.56&ipv6prefix=2003:f::&myipv6=2003:f::1"), PEER);
}

#[test]
fn of_one_family_the_last_name_that_holds_something_counts() {
    assert_eq!(login("email=4&user=3&username=2&benutzername=1&password=p&passwort=q", None), Some("4:p".into()));
    assert_eq!(login("email=&benutzername=1&username=2&passwort=q&password=", None), Some("2:q".into()));
    assert_eq!(names("dynhost=d.de&hostname=a.de&domain=c.de&host=b.de"), ["d.de"]);
    assert_eq!(set("a=91.0.0.6&ipadress=91.0.0.5&ip=91.0.0.1"), "91.0.0.6");
    assert_eq!(set("aaaa=&ipv6=2003:f::3&ip2=2003:f::1"), "2003:f::3");
}

#[test]
fn of_one_name_the_last_that_holds_something_counts() {
    assert_eq!(names("host=a.de&host=b.de&HOST=&host=+"), ["b.de"]);
    assert_eq!(set("myip=91.0.0.1&myip=91.0.0.2&myip="), "91.0.0.2");
}

#[test]
fn the_body_of_a_form_comes_behind_the_query() {
    let fields = Fields::read(b"hostname=a.de&myip=91.0.0.1", b"myip=91.0.0.2&user=u");
    let order = Order::read(&fields, ip(PEER)).unwrap();
    assert_eq!(order.answer(&[good(&order)]).text, "good 91.0.0.2");
}

#[test]
fn percent_signs_and_plus_are_decoded() {
    assert_eq!(login("%75ser=a%40b.de&password=%2B+%26%25%C3%A4", None), Some("a@b.de:+ &%ä".into()));
    assert_eq!(names("hostname=a.de%2Cb%C3%BCro.de"), ["a.de", "xn--bro-hoa.de"]);
    assert_eq!(set("myip=2003%3Af%3A%3A1%2F64"), "2003:f::1");
    assert_eq!(set("myip=+91.0.0.1+"), "91.0.0.1");
    // What is no escape stays as it is.
    assert_eq!(login("user=100%&password=%zz", None), Some("100%:%zz".into()));
}

#[test]
fn a_value_that_is_not_utf_8_is_refused_as_what_it_is() {
    assert_eq!(login("user=%ff&password=p", Some(("u", "p"))), None);
    assert_eq!(login("user=u&password=%ff", Some(("u", "p"))), None);
    assert_eq!(set("myip=%ff"), "dnserr");
    assert_eq!(set("ipv6praefx=%ff"), "dnserr");
    let order = order("hostname=%ff.de,a.de").unwrap();
    assert_eq!(order.answer(&[good(&order)]).text, format!("notfqdn\ngood {PEER}"));
}

#[test]
fn the_login_of_the_query_wins_and_half_of_it_is_completed_from_the_header() {
    let basic = Some(("header", "secret"));
    assert_eq!(login("", basic), Some("header:secret".into()));
    assert_eq!(login("user=query&password=other", basic), Some("query:other".into()));
    assert_eq!(login("user=query", basic), Some("query:secret".into()));
    assert_eq!(login("passwort=other", basic), Some("header:other".into()));
    assert_eq!(login("user=&password=", basic), Some("header:secret".into()));
    assert_eq!(login("user=query", None), None);
    assert_eq!(login("password=other", None), None);
    assert_eq!(login("user=u&password=+p+", None), Some("u: p ".into()), "blanks may be part of it");
}

#[test]
fn nobody_updates_all_names_at_once() {
    for query in ["hostname=a.de&updateall=1", "updateAll&hostname=a.de", "updateall=", "hostname=ALL", "host=updateall", "domain=,all,"] {
        assert_eq!(order(query), Err(Code::UpAllIsDeprecated), "{query}");
    }
    assert_eq!(names("hostname=all.de"), ["all.de"]);
}

#[test]
fn without_a_name_there_is_nothing_to_do() {
    for query in ["", "myip=91.0.0.1", "hostname=", "hostname=+,+,", "hostname", "&&=&=x"] {
        assert_eq!(order(query), Err(Code::NoHost), "{query}");
    }
}

#[test]
fn twenty_names_are_fine_and_one_more_is_too_many_even_twice_the_same() {
    let list = |count: usize| vec!["a.de"; count].join(",");
    assert_eq!(order(&format!("hostname={}", list(20))).unwrap().answer(&[]).text.lines().count(), 20);
    assert_eq!(order(&format!("hostname={}", list(21))), Err(Code::NumHost));
    assert_eq!(order(&format!("hostname={},,", list(20))).map(|_| ()), Ok(()));
}

#[test]
fn an_answer_names_what_is_stored_and_nothing_else_that_was_pushed() {
    let order = order("hostname=a.de,b.de&myip=91.0.0.1,2003:f::1&ipv6praefx=2003:f::/56").unwrap();
    let v4 = |text: &str| Stored { addresses: PerFamily { v4: Some(ip(text)), v6: None }, prefix: None };
    let answer = order.answer(&[Taken::Good(v4("91.0.0.1")), Taken::Unchanged(v4("91.0.0.2"))]);
    assert_eq!(answer.text, "good 91.0.0.1\nnochg 91.0.0.2");
}

#[test]
fn a_refusal_names_what_it_is_about() {
    let many = format!("hostname={}", vec!["x"; 21].join(","));
    for (query, code, value) in [
        ("hostname=a.de&myip=91.0.0.1,to+morrow", Code::DnsErr, "to"),
        ("hostname=a.de&myip=91.0.0.1&myip2=192.168.1.1", Code::DnsErrInt, "192.168.1.1"),
        ("hostname=a.de&myip=91.0.0.1,91.0.0.2", Code::DnsErr, "91.0.0.2"),
        ("hostname=a.de&ipv6praefx=fd00::/56", Code::DnsErrInt, "fd00::/56"),
        ("hostname=a.de&ipv6praefx=x/56", Code::DnsErr, "x/56"),
        ("hostname=a.de&myip=%ff", Code::DnsErr, "\u{fffd}"),
        ("hostname=a.de&myip=", Code::DnsErr, ""),
        ("hostname=a.de&offline=yes", Code::DnsErr, "offline=YES"),
        ("hostname=,", Code::NoHost, ""),
        ("hostname=All", Code::UpAllIsDeprecated, "All"),
        (&many, Code::NumHost, "21 names"),
    ] {
        assert_eq!(Order::read(&fields(query), ip(PEER)), Err(Refusal::about(code, value)), "{query}");
    }
    let refusal = Order::read(&fields("hostname=a.de"), ip("::ffff:10.0.0.1"));
    assert_eq!(refusal, Err(Refusal::about(Code::DnsErrInt, "10.0.0.1")), "the address of the connection as well");
    let order = order("hostname=a.de,-,%ff").unwrap();
    let codes: Vec<(&str, Code)> = order.codes(&[Taken::Locked]).collect();
    assert_eq!(codes, [("a.de", Code::Abuse), ("-", Code::NotFqdn), ("\u{fffd}", Code::NotFqdn)]);
}

#[test]
fn a_name_that_is_to_be_taken_off_the_air_is_not_published() {
    for wish in ["offline=YES", "Offline=yes&myip=91.0.0.1", "myip=91.0.0.1&offline=NO&offline=+YES"] {
        assert_eq!(set(wish), "dnserr", "{wish}");
    }
    for none in ["offline=NO", "offline=NOCHG", "offline=", "offline", "OFFLINE=no", "off=YES"] {
        assert_eq!(set(&format!("myip=91.0.0.1&{none}")), "91.0.0.1", "{none}");
    }
    assert_eq!(order("offline=YES"), Err(Code::NoHost));
}

#[test]
fn names_are_pushed_once_and_answered_in_the_order_of_the_request() {
    let order = order("hostname=B.de.,a.de,b.de,-x-,c.de").unwrap();
    let push = order.push().unwrap();
    assert_eq!(push.domains.iter().map(Domain::as_str).collect::<Vec<_>>(), ["b.de", "a.de", "c.de"]);
    let answer = order.answer(&[unchanged(&order), Taken::Locked, Taken::NoRecord]);
    assert_eq!(answer.text, format!("nochg {PEER}\nabuse\nnochg {PEER}\nnotfqdn\nnorecord"));
    assert_eq!(answer.status, 200);
}

#[test]
fn the_address_of_the_connection_is_taken_only_where_no_field_is_there() {
    assert_eq!(set(""), PEER);
    for empty in ["myip=&myip2=&ipv6praefx=", "myip=", "AAAA", "ipv6praefx=+", "a=+&ip2=", "myip=,", "myip=,+,&ipv6="] {
        assert_eq!(set(empty), "dnserr", "{empty}: the connection of a line without an address is somebody else's");
    }
    assert_eq!(set("myip=91.0.0.1&myip2=&ipv6praefx="), "91.0.0.1");
    assert_eq!(set("myip=&ipv6praefx=2003:f::"), "2003:f::/64");
    assert_eq!(set("myip2=2003:f::1"), "2003:f::1");
    assert_eq!(set("ipv6praefx=2003:f::/56"), "2003:f::/56");
    assert_eq!(set("myip=2003:f::/56"), "2003:f::/56");
}

#[test]
fn the_address_of_the_connection_is_judged_like_any_other() {
    for (peer, expected) in [
        ("192.168.178.1", "dnserr_int"),
        ("::1", "dnserr_int"),
        ("100.64.0.1", "dnserr_int"),
        ("fe80::1", "dnserr_int"),
        ("fd00::1", "dnserr_int"),
        ("203.0.113.1", "dnserr"),
        ("::ffff:91.12.34.56", ""),
    ] {
        let answer = Order::read(&fields("hostname=a.de"), ip(peer)).map_or_else(|refusal| refusal.code.word(), |_| "");
        assert_eq!(answer, expected, "{peer}");
    }
}

#[test]
fn one_field_may_list_both_families() {
    for list in ["91.0.0.1,2003:f::1", "2003:f::1,+91.0.0.1", "91.0.0.1+2003:f::1", "91.0.0.1%202003:f::1,"] {
        assert_eq!(set(&format!("myip={list}")), "91.0.0.1,2003:f::1", "{list}");
    }
    assert_eq!(set("myip=91.0.0.1,"), "91.0.0.1", "FRITZ!OS leaves a family blank that the line lacks");
    assert_eq!(set("myip=91.0.0.1,2003:f::1&ipv6praefx=2003:f::/57"), "91.0.0.1,2003:f::1,2003:f::/57");
}

#[test]
fn two_addresses_of_one_family_contradict_each_other() {
    assert_eq!(set("myip=91.0.0.1,91.0.0.2"), "dnserr");
    assert_eq!(set("myip=91.0.0.1&myip2=91.0.0.2"), "dnserr");
    assert_eq!(set("myip=2003:f::1&myip2=2003:f::2"), "dnserr");
    assert_eq!(set("myip=2003:f::/56&ipv6praefx=2003:e::/56"), "dnserr");
    assert_eq!(set("myip=2003:f::1&myip2=2003:F:0::1"), "2003:f::1", "the same twice does not");
    assert_eq!(set("myip2=2003:f::/56&ipv6praefx=2003:f::/56"), "2003:f::/56");
}

#[test]
fn a_length_behind_an_address_is_dropped_and_a_network_is_a_prefix() {
    assert_eq!(set("myip2=2003:e7:1:2:3::4/64"), "2003:e7:1:2:3::4");
    assert_eq!(set("myip2=2003:e7:1::/56"), "2003:e7:1::/56");
    assert_eq!(set("myip2=2003:e7::1/128"), "2003:e7::1");
    assert_eq!(set("myip=91.0.0.1/24"), "91.0.0.1");
    assert_eq!(set("myip=91.0.0.1/32"), "91.0.0.1");
    assert_eq!(set("myip=91.0.0.0/24"), "dnserr", "nothing has a use for an IPv4 network");
    for wrong in ["91.0.0.1/33", "2003:f::1/129", "2003:f::1/", "2003:f::1/x", "2003:f::1/256", "91.0.0.1/200", "/56", "2003:f::1/64/64"] {
        assert_eq!(set(&format!("myip={wrong}")), "dnserr", "{wrong}");
    }
    assert_eq!(set("myip=2003:f::10/124"), "dnserr", "no LAN has such a prefix");
    assert_eq!(set("myip=2000::/3"), "dnserr", "and nobody has one like this");
}

#[test]
fn a_prefix_has_a_length_or_is_64_bits_long() {
    for (prefix, expected) in [
        ("2003:F::0", "2003:f::/64"),
        ("2003:f:0:5::1", "2003:f:0:5::/64"),
        ("2003:f::/56", "2003:f::/56"),
        ("2003:f:0:5::/56", "2003:f::/56"),
        ("[2003:f::]/48", "2003:f::/48"),
        ("2003:f::/65", "dnserr"),
        ("2003:f::/0", "dnserr"),
        ("2003:f::/x", "dnserr"),
        ("2003:f::/300", "dnserr"),
        ("2003:f::,2003:e::", "dnserr"),
        ("91.0.0.0/24", "dnserr"),
        ("91.0.0.1", "dnserr"),
        ("::/64", "dnserr"),
        ("fd00:1:2::/56", "dnserr_int"),
        ("fe80::/64", "dnserr_int"),
        ("ff02::/64", "dnserr"),
        ("2001:db8:1::/56", "dnserr"),
        ("2002:5b00:1::/48", "dnserr"),
        ("4000::/56", "dnserr"),
    ] {
        assert_eq!(set(&format!("ipv6praefx={prefix}")), expected, "{prefix}");
    }
    let order = order("hostname=a.de&ipv6praefx=2003:f::/56").unwrap();
    assert_eq!(order.push().unwrap().prefix, Some(Prefix::parse("2003:f::/56").unwrap()));
}

#[test]
fn addresses_that_are_not_seen_from_outside_are_internal() {
    for address in [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.178.20",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "::1",
        "fe80::1%25eth0",
        "fd00::1",
        "fc00::1",
    ] {
        assert_eq!(set(&format!("myip={address}")), "dnserr_int", "{address}");
        assert_eq!(set(&format!("myip=91.0.0.1&myip2={address}")), "dnserr_int", "{address}");
    }
    assert_eq!(set("myip=::ffff:192.168.1.1"), "dnserr_int");
}

#[test]
fn addresses_that_cannot_be_read_or_that_nobody_has_are_errors() {
    for address in [
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "203.0.113.7",
        "198.18.0.1",
        "::",
        "ff02::1",
        "2001:db8::1",
        "2003:F::0",
        "2002::1",
        "64:ff9b::1",
        "x",
        "91.0.0",
        "91.0.0.01",
        "91.0.0.1:80",
        "auto",
        "-",
        "<ipaddr>",
        "91.0.0.1;2003:f::1",
    ] {
        let address: String = address.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"));
        assert_eq!(set(&format!("myip={address}")), "dnserr", "{address}");
    }
}

#[test]
fn an_ipv4_address_in_ipv6_clothes_is_an_ipv4_address() {
    assert_eq!(set("myip=::ffff:91.12.34.56"), "91.12.34.56");
    assert_eq!(set("myip=[::ffff:5b0c:2238]"), "91.12.34.56");
    assert_eq!(set("myip=::ffff:91.12.34.56/120"), "91.12.34.56");
}

#[test]
fn a_request_is_judged_in_a_fixed_order() {
    let many = vec!["x"; 21].join(",");
    assert_eq!(order("updateall=1"), Err(Code::UpAllIsDeprecated));
    assert_eq!(order("myip=x"), Err(Code::NoHost));
    assert_eq!(order(&format!("myip=x&hostname={many}")), Err(Code::NumHost));
    assert_eq!(order("myip=x&hostname=-"), Err(Code::DnsErr));
    assert_eq!(order("hostname=-").unwrap().push(), None);
}

#[test]
fn each_of_the_fourteen_codes_has_a_cause_and_a_status() {
    let told = |query: &str, taken: &[Taken]| match order(query) {
        Ok(order) => order.answer(taken),
        Err(code) => code.into(),
    };
    let addresses = PerFamily { v4: Some(ip("91.0.0.1")), v6: Some(ip("2003:f::1")) };
    let stored = Stored { addresses, prefix: None };
    let one = "hostname=a.de&myip=91.0.0.1,2003:f::1";
    let many = format!("hostname={}", vec!["a.de"; 21].join(","));
    let cases = [
        (told(one, &[Taken::Good(stored.clone())]), 200, "good 91.0.0.1,2003:f::1"),
        (told(one, &[Taken::Unchanged(stored)]), 200, "nochg 91.0.0.1,2003:f::1"),
        (told(one, &[Taken::NoRecord]), 200, "norecord"),
        (told(one, &[Taken::Unknown]), 400, "notfqdn"),
        (told(one, &[Taken::Locked]), 403, "abuse"),
        (told(one, &[Taken::Refused(ip("91.0.0.1"))]), 400, "dnserr_lock"),
        (told(one, &[]), 500, "911"),
        (told("hostname=", &[]), 400, "nohost"),
        (told(&many, &[]), 400, "numhost"),
        (told("hostname=a.de&myip=0.0.0.0", &[]), 400, "dnserr"),
        (told("hostname=a.de&myip=10.0.0.1", &[]), 400, "dnserr_int"),
        (told("hostname=all", &[]), 400, "upallisdeprecated"),
        (Code::BadAuth.into(), 401, "badauth"),
        (Code::BadAgent.into(), 405, "badagent"),
    ];
    for (answer, status, text) in &cases {
        assert_eq!((answer.status, answer.text.as_str()), (*status, *text));
    }
    let seen = |code: &Code| cases.iter().any(|(.., text)| text.split(' ').next() == Some(code.word()));
    assert!(Code::ALL.iter().all(seen));
}

#[test]
fn one_success_is_enough_for_200_and_without_one_the_first_line_decides() {
    let order = order("hostname=a.de,b.de,-").unwrap();
    for (taken, status) in [
        ([Taken::Locked, good(&order)], 200),
        ([Taken::Unknown, Taken::NoRecord], 200),
        ([Taken::Locked, Taken::Unknown], 403),
        ([Taken::Unknown, Taken::Locked], 400),
    ] {
        assert_eq!(order.answer(&taken).status, status, "{taken:?}");
    }
    assert_eq!(order.answer(&[Taken::Unknown]).text, "notfqdn\n911\nnotfqdn");
}

proptest! {
    #[test]
    fn any_query_is_answered_in_as_many_lines_as_names_or_one(
        query in "((myip|a|aaaa|hostname|HOST|ipv6praefx|updateall|user|x)=([a-z0-9:.,/%+\\-\\PC]{0,20}|a\\.de|2003:f::1/[0-9]{1,3})&){0,6}\\PC{0,20}",
        form in proptest::collection::vec(any::<u8>(), 0..40),
        peer in any::<IpAddr>(),
        taken in proptest::collection::vec(0..6_usize, 0..8),
    ) {
        let all = [Taken::Good(Stored::default()), Taken::Unchanged(Stored::default()), Taken::NoRecord, Taken::Unknown, Taken::Locked, Taken::Refused(ip(PEER))];
        let taken: Vec<Taken> = taken.into_iter().map(|it| all[it].clone()).collect();
        let fields = Fields::read(query.as_bytes(), &form);
        let _ = fields.login(None);
        let (answer, names) = match Order::read(&fields, peer) {
            Ok(order) => (order.answer(&taken), fields.names().unwrap().len()),
            Err(refusal) => (refusal.into(), 1),
        };
        prop_assert_eq!(answer.text.split('\n').count(), names);
        for line in answer.text.split('\n') {
            let word = line.split(' ').next().unwrap();
            prop_assert!(Code::ALL.iter().any(|code| code.word() == word), "{}", line);
            prop_assert!(line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
        }
        prop_assert!(matches!(answer.status, 200 | 400 | 403 | 500));
    }
}
