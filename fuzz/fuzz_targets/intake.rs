//! Whatever a router asks for when it pushes its address: one line per name or one for all, each with a word that it knows.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use wanbeacon::rules::address::{Family, PerFamily, publishable};
use wanbeacon::rules::intake::{Answer, Code, Fields, MOST_NAMES, Order};
use wanbeacon::rules::push::{Stored, Taken};
use wanbeacon::rules::secret::Secret;

const PASSWORD: &str = "Zq7xYw9kPvB";

/// Parameters that mean something, or nearly.
const NAMES: [&str; 13] =
    ["hostname", "HOST", "myip", "A", "myip2", "aaaa", "ipv6praefx", "user", "benutzername", "passwort", "updateall", "offline", "mx"];

fuzz_target!(|input: (&[u8], &[u8], IpAddr, Vec<u8>, Vec<(u8, &[u8])>)| {
    let (query, form, peer, became, parameters) = input;
    read(query, form, peer, &became);
    // Most of what is thrown together names nobody.
    let mut query = b"host=a.de,b.de".to_vec();
    for (name, value) in parameters {
        query.extend([b"&", NAMES[usize::from(name) % NAMES.len()].as_bytes(), b"=", value].concat());
    }
    read(&query, form, peer, &became);
});

fn read(query: &[u8], form: &[u8], peer: IpAddr, became: &[u8]) {
    let fields = Fields::read(query, form);
    let login = fields.login(Some(("router".into(), Secret::new(PASSWORD.into())))).map(|it| format!("{it:?}"));
    assert!(login.is_none_or(|shown| !shown.contains(PASSWORD)));
    let answer = match Order::read(&fields, peer) {
        Err(refusal) => Answer::from(refusal),
        Ok(order) => {
            let names = order.push().map_or(0, |push| {
                assert!(push.addresses.iter().all(|(_, address)| address.is_none_or(|it| publishable(it).is_ok())));
                assert!(push.prefix.is_none_or(|prefix| (16..=64).contains(&prefix.length)));
                assert!(push.prefix.is_some() || push.addresses.iter().any(|(_, address)| address.is_some()));
                push.domains.len()
            });
            assert!(names <= MOST_NAMES);
            let taken: Vec<Taken> = became.iter().take(names).map(|it| taken(*it, peer)).collect();
            order.answer(&taken)
        }
    };
    let mut words = answer.text.split('\n').map(|line| line.split(' ').next().unwrap_or_default());
    assert!(words.all(|word| Code::ALL.iter().any(|code| code.word() == word)), "{:?}", answer.text);
    assert!(answer.text.split('\n').count() <= MOST_NAMES);
    assert!(answer.text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')));
    let success = ["good", "nochg", "norecord"].iter().any(|word| answer.text.split('\n').any(|line| line.starts_with(word)));
    assert_eq!(success, answer.status == 200);
}

fn stored(address: IpAddr) -> Stored {
    Stored { addresses: PerFamily::from_fn(|family| Some(address).filter(|it| Family::of(*it) == family)), prefix: None }
}

fn taken(which: u8, address: IpAddr) -> Taken {
    match which % 6 {
        0 => Taken::Good(stored(address)),
        1 => Taken::Unchanged(stored(address)),
        2 => Taken::NoRecord,
        3 => Taken::Unknown,
        4 => Taken::Locked,
        _ => Taken::Refused(address),
    }
}
