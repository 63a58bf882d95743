//! What was switched off through the service stays off.

use super::*;

const TWO: &str = "two.example.org";

/// What was switched off: everything else as in the file.
fn off() -> OverlaidEntry {
    let names = vec!["home.example.org".to_owned(), TWO.to_owned()];
    let provider = Some("freedyn".to_owned());
    let (server_ipv4, mode, username) = ("dyn.example.net".to_owned(), Mode::Both, "1234567890".to_owned());
    OverlaidEntry { enabled: false, provider, update_url: None, domain: names, password: None, mode, server_ipv4, username, ..custom() }
}

/// Which entries are on, which names stand for the service, and the names that are told to stay off.
fn on(text: &str, overlay: &Overlay) -> (Vec<bool>, Vec<String>, Vec<String>) {
    let Loaded { settings, warnings } = over(text, overlay).unwrap_or_else(|problems| panic!("{}", listing(&problems)));
    let told = warnings.iter().filter_map(|it| it.message.strip_suffix(" stays switched off, as it was set through the service"));
    let served = settings.served.domains.iter().map(ToString::to_string).collect();
    (settings.entries.iter().map(|entry| entry.enabled).collect(), served, told.map(str::to_owned).collect())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn an_entry_that_moved_stays_off_and_stands_for_the_service() {
    let home = ["home.example.org", TWO];
    assert_eq!(on(FILE, &laid(off())), (vec![false, true], texts(&home), vec![]), "it fits");
    let moved = FILE.replace("dyn.example.net", "dyn.example.com");
    assert_eq!(on(&moved, &laid(off())), (vec![false, true], texts(&home), texts(&["\"home.example.org\""])));
    let without_the_first = FILE.replace("\"home.example.org\", ", "");
    assert_eq!(on(&without_the_first, &laid(off())), (vec![false, true], texts(&[TWO]), texts(&["\"two.example.org\""])));
    // The next change is made for the entry as it is now.
    let served = settings(&moved, &laid(off())).served;
    assert_eq!((served.enabled, served.service.as_str()), (false, "freedyn dyn.example.com"));
    // What was switched on is the file's again, and so is what has none of the names.
    let switched_on = OverlaidEntry { enabled: true, ..off() };
    assert_eq!(on(&moved, &laid(switched_on)).0, [true, true]);
    let renamed = FILE.replace("home.example.org", "a.example.org").replace(TWO, "b.example.org");
    assert_eq!(on(&renamed, &laid(off())).0, [true, true]);
}

#[test]
fn of_several_entries_with_the_name_the_one_at_the_same_service_stays_off() {
    let twin = "[[ddns]]\nprovider = \"noip\"\nmode = \"v4\"\ndomain = \"two.example.org\"\nusername = \"u\"\npassword = \"hunter2\"\n";
    let both = format!("{FILE}{twin}");
    assert_eq!(on(&both, &laid(off())).0, [false, true, true]);
    assert_eq!(on(&both.replace("\"home.example.org\", ", ""), &laid(off())).0, [false, true, true]);
    assert_eq!(on(&both.replace("dyn.example.net", "dyn.example.com"), &laid(off())).0, [false, true, false], "it may be either");
}

#[test]
fn names_alone_keep_entries_off_and_no_name_the_one_that_stands_for_the_service() {
    let alone = |names: &[&str]| Overlay { off: Some(names.iter().filter_map(|name| domain(name)).collect()), ..Overlay::default() };
    assert_eq!(on(FILE, &alone(&[TWO])).0, [false, true]);
    assert_eq!(on(FILE, &alone(&["other.example.org"])).1, ["other.example.org"]);
    assert_eq!(on(FILE, &alone(&["gone.example.org"])).0, [true, true]);
    assert_eq!(on(FILE, &alone(&[])).0, [false, true]);
    assert_eq!(on(&format!("{FILE}[web.tr064]\nentry = \"other.example.org\""), &alone(&[])).0, [true, false]);
    assert_eq!(on("", &alone(&[])).0, [false; 0]);
    let beside = Overlay { off: alone(&["other.example.org", TWO]).off, ..laid(OverlaidEntry { enabled: true, ..off() }) };
    assert_eq!(on(FILE, &beside).0, [true, false], "what was set since counts");
}

#[test]
fn of_a_damaged_overlay_the_whole_parts_count_and_what_the_others_switched_off() {
    let set = remote(true, 443, Some(user("anna", "swordfish"))).remote;
    let closed = |port| Some(Remote { port, ..Remote::default() });
    let names = || Some(vec![domain("home.example.org").unwrap(), domain("home.example.org").unwrap(), domain(TWO).unwrap()]);
    let good = Overlay { remote: set.clone(), ..laid(off()) };
    let text = good.text();
    let shut = text.replace("[remote]\nenabled = true", "[remote]\nenabled = false");
    let on = text.replace("enabled = false", "enabled = true");
    let nothing = Overlay::default();
    for (text, from, to, left) in [
        (&text, "ddns_both", "ddns_bth", Overlay { off: names(), remote: set.clone(), ..nothing.clone() }),
        (&text, "enabled = false", "enabled = 0", Overlay { off: names(), remote: set.clone(), ..nothing.clone() }),
        (
            &text,
            "domain = [\"home.example.org\", \"two.example.org\"]",
            "domain = 1",
            Overlay { off: Some(vec![domain("home.example.org").unwrap()]), remote: set.clone(), ..nothing.clone() },
        ),
        (&text, "[ddns]", "[[ddns]]", Overlay { off: Some(Vec::new()), remote: set.clone(), ..nothing.clone() }),
        (&on, "ddns_both", "ddns_bth", Overlay { remote: set.clone(), ..nothing.clone() }),
        (&text, "port = 443", "prot = 443", Overlay { remote: None, ..good.clone() }),
        (&shut, "port = 443", "prot = 443", Overlay { remote: closed(0), ..good.clone() }),
        (&shut, "\nname = ", "\nnam = ", Overlay { remote: closed(443), ..good.clone() }),
        (&text, "version = 1", "version = 1\nmore = 2", good.clone()),
        (&shut, "version = 1", "version = 2", Overlay { off: names(), remote: closed(443), ..nothing.clone() }),
        (&shut, "\nname = \"anna\"", "\nname = [", Overlay { off: names(), remote: closed(443), ..nothing.clone() }),
        (&on, "version = 1", "version = 2", nothing.clone()),
    ] {
        assert!(text.contains(from), "{from} in\n{text}");
        let found = Overlay::parse(&text.replacen(from, to, 1)).unwrap_err();
        assert_eq!(*found.left, left, "{to}");
        let newer = "it was written by a newer version of wanbeacon: its form is 2, and this one reads 1";
        assert_eq!(found.why == newer, to == "version = 2", "{}", found.why);
    }
    let renamed = Overlay { remote: Some(Remote { replaced: vec!["box".to_owned()], ..set.unwrap() }), ..laid(off()) }.text();
    let found = Overlay::parse(&renamed.replace("port = 443", "prot = 443")).unwrap_err().left.remote;
    assert_eq!(found, Some(Remote { enabled: true, replaced: vec!["box".to_owned()], ..Remote::default() }));
    let alone = Overlay { off: names(), ..nothing.clone() };
    assert_eq!(Overlay::parse(&alone.text()), Ok(alone.clone()));
    let damaged = Overlay::parse(&alone.text().replace(TWO, "a..b")).unwrap_err();
    assert_eq!(damaged.left.off.map(|names| names.len()), Some(2), "as far as they can be read");
    assert_eq!(*Overlay::parse("").unwrap_err().left, nothing);
}
