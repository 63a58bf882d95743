//! Whatever stands in `update_url`: a problem with a remedy, or a URL whose shown form holds no secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::rules::template::{Text, Values, check_mode, parse_update_url};

/// Long and odd enough not to occur by chance.
const PASSWORD: &str = "Zq7&xY%w9#kP/vB";

fuzz_target!(|input: (&str, bool)| {
    let (text, fritz_compat) = input;
    let _ = Text::parse(text);
    let Ok(urls) = parse_update_url(text) else {
        return;
    };
    let _ = check_mode(&urls, None);
    let values = Values {
        domain: "a.example.org,b.example.org",
        username: "user",
        password: PASSWORD,
        ipv4: Some([91, 0, 0, 1].into()),
        ipv6: Some([0x2003, 0, 0, 0, 1, 2, 3, 4].into()),
        lan_prefix: None,
        bare_prefix: false,
        dualstack: true,
    };
    for url in &urls {
        if let Ok(moved) = url.with_host("other.example.org") {
            assert!(moved.endpoint().contains("other.example.org"), "{}", moved.endpoint());
        }
        if let Ok(expanded) = url.expand(&values, fritz_compat) {
            assert!(!expanded.shown.contains(PASSWORD), "{}", expanded.shown);
        }
    }
});
