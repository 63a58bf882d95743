use std::time::Duration;

use super::*;

const SMALL: &str = "name = \"small\"\ntitle = \"Small\"\nsource = [\"a page\"]\n[request]\n";

fn dialect(rest: &str) -> Dialect {
    Dialect::parse(&format!("{SMALL}{rest}")).expect(rest)
}

#[test]
fn every_problem_of_a_file_is_named_at_once() {
    let text = "name = \"A b\"\ntitle = \"\"\nsource = []\n[request]\nbatch = 0\nv4 = \"https://h/?a=<ip6addr>\"\n\
                v6 = \"https://h/?a=<foo>\"\ntogether = \"https://h/\"\n[words]\nGood = { class = \"Updated\" }\n\
                late = { class = \"RateLimited\", wait_cap = \"1h\" }\n[status]\n42 = { class = \"Updated\" }\n";
    let problems = Dialect::parse(text).expect_err("nine problems");
    for part in ["name \"A b\"", "title", "batch", "request.v4", "<foo>", "request.together", "\"Good\"", "\"late\"", "\"42\""] {
        assert!(problems.contains(part), "{part} is missing in:\n{problems}");
    }
    assert!(Dialect::parse("title = 1").is_err());
}

#[test]
fn own_words_stand_before_inherited_ones() {
    let generic = dialect("[words]\ngood = { class = \"Updated\" }\nabuse = { class = \"BlockedAccount\" }\n");
    let own = "[words]\nabuse = { class = \"RateLimited\", wait = \"1h\" }\n";
    let heir = dialect(own).inherit(&generic);
    assert_eq!(heir.meaning_of_word("GOOD").map(|meaning| meaning.class), Some(Class::Updated));
    let abuse = heir.meaning_of_word("abuse").expect("its own word");
    assert_eq!((abuse.class, abuse.wait), (Class::RateLimited, Some(Duration::from_secs(3600))));
    let loner = dialect(&format!("[reply]\nown_words_only = true\n{own}")).inherit(&generic);
    assert_eq!(loner.meaning_of_word("good"), None);
}

#[test]
fn words_are_compared_whole_and_phrases_end_where_a_word_ends() {
    let dialect = dialect(
        "[words]\ndnserr = { class = \"BlockedAddress\" }\n\"no change\" = { class = \"Unchanged\" }\n\
         \"no change allowed\" = { class = \"BlockedHost\" }\n\"success|100|\" = { class = \"Updated\" }\n",
    );
    assert_eq!(dialect.meaning_of_word("dnserr_int"), None);
    for (line, expected) in [
        ("No change.", Some("no change")),
        ("no change allowed here", Some("no change allowed")),
        ("no changes", None),
        ("there is no change", None),
        ("success|100|done|192.0.2.1", Some("success|100|")),
        ("success|1000|", None),
        ("dnserr 192.0.2.1", None),
        ("no chan\u{130}ge", None),
    ] {
        assert_eq!(dialect.meaning_of_line(line).map(|(phrase, _)| phrase), expected, "{line}");
    }
}

#[test]
fn statuses_are_looked_up_by_number() {
    let dialect = dialect("[status]\n204 = { class = \"Unchanged\" }\n");
    assert_eq!(dialect.meaning_of_status(204).map(|meaning| meaning.class), Some(Class::Unchanged));
    assert_eq!(dialect.meaning_of_status(200), None);
}

#[test]
fn patterns_of_the_user_stand_before_the_words_and_failure_wins() {
    let base = dialect("[words]\nbadauth = { class = \"BlockedAccount\" }\nok = { class = \"Updated\" }\n");
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let user = Dialect::with_patterns(&base, &texts(&["UPDATED", "twice", ""]), &texts(&["Not changed"]), &texts(&["ok", "twice"]));
    assert_eq!(user.reply.style, Style::Patterns);
    let class = |word: &str| user.meaning_of_word(word).map(|meaning| (meaning.class, meaning.scope));
    assert_eq!(class("updated"), Some((Class::Updated, None)));
    assert_eq!(class("ok"), Some((Class::BlockedConfig, Some(Scope::Entry))));
    assert_eq!(class("twice"), class("ok"));
    assert_eq!(class("badauth"), Some((Class::BlockedAccount, None)));
    assert_eq!(class(""), None);
    assert_eq!(user.meaning_of_line("not changed: home").map(|(_, meaning)| meaning.class), Some(Class::Unchanged));
}

#[test]
fn a_dialect_survives_being_written_and_read_again() {
    let written = dialect(
        "[words.abuse]\nclass = \"RateLimited\"\nwait = \"1h\"\nescalate = { count = 3, within = \"24h\", to = \"BlockedAccount\" }\n",
    );
    let text = toml::to_string(&written).expect("every value has a form in TOML");
    assert_eq!(Dialect::parse(&text), Ok(written));
}
