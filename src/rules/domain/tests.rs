use super::*;

#[test]
fn names_lose_case_dot_and_umlauts() {
    for (text, expected) in [
        ("Home.Example.DE.", "home.example.de"),
        (" büro.example.de ", "xn--bro-hoa.example.de"),
        ("*.example.de", "*.example.de"),
        ("_dmarc.example.de", "_dmarc.example.de"),
    ] {
        assert_eq!(Domain::parse(text).unwrap().as_str(), expected, "{text}");
    }
}

#[test]
fn what_is_no_name_is_refused() {
    let long = "a.".repeat(200);
    for text in ["", ".", "a..b", "-a.de", "a-.de", "https://a.de/", "a b.de", "192.0.2.1", "a,b.de", "*", "a.*.de", "user@a.de", &long] {
        assert!(Domain::parse(text).is_err(), "{text}");
    }
}
