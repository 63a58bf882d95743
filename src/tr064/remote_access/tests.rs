use super::*;

fn arguments(text: &[(&str, &str)]) -> BTreeMap<String, String> {
    text.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn config() -> DdnsConfig {
    DdnsConfig {
        enabled: true,
        provider_name: "Benutzerdefiniert".into(),
        update_url: Secret::new("https://u.example/?h=<domain>&ip=<ipaddr>".into()),
        domain: "home.example".into(),
        username: "user".into(),
        mode: Mode::Together,
        server_ipv4: String::new(),
        server_ipv6: String::new(),
        password: Secret::new("geheim".into()),
    }
}

#[test]
fn arguments_stand_in_the_order_of_the_scpd() {
    let names: Vec<&str> = config().arguments().map(|(name, _)| name).to_vec();
    let expected = "NewEnabled NewProviderName NewUpdateURL NewDomain NewUsername NewMode NewServerIPv4 NewServerIPv6 NewPassword";
    assert_eq!(names.join(" "), expected);
}

#[test]
fn what_is_sent_is_read_back_and_shows_no_secret() {
    let config = config();
    assert_eq!(DdnsConfig::from(&arguments(&config.arguments())), Ok(config.clone()));
    let shown = format!("{config:?}");
    assert!(!shown.contains("geheim") && !shown.contains("u.example"), "{shown}");
}

#[test]
fn a_missing_argument_and_a_wrong_one_are_named() {
    let full = arguments(&config().arguments());
    for name in full.keys() {
        let mut less = full.clone();
        less.remove(name);
        assert_eq!(DdnsConfig::from(&less), Err(format!("{name} is missing")));
    }
    for (name, value) in [("NewEnabled", "maybe"), ("NewMode", "ddns_v5")] {
        let mut wrong = full.clone();
        wrong.insert(name.into(), value.into());
        let why = DdnsConfig::from(&wrong).unwrap_err();
        assert!(why.starts_with(&format!("{name} is {value:?}; ")), "{why}");
    }
}

#[test]
fn an_observed_answer_of_a_box_is_read() {
    let answer = [
        ("NewEnabled", "1"),
        ("NewProviderName", "Benutzerdefiniert"),
        ("NewUpdateURL", "u.example/?ip=<ipaddr>"),
        ("NewDomain", "home.example"),
        ("NewStatusIPv4", "complete"),
        ("NewStatusIPv6", "undefined"),
        ("NewUsername", "user"),
        ("NewMode", "ddns_v4"),
        ("NewServerIPv4", ""),
        ("NewServerIPv6", ""),
    ];
    let info = DdnsInfo::from(&arguments(&answer)).unwrap();
    assert_eq!((info.mode, info.status_ipv4.status, info.status_ipv6.status), (Mode::V4, Some(Status::Complete), Some(Status::Undefined)));
}

#[test]
fn a_status_is_read_however_its_words_are_joined() {
    for word in ["new address", "new-address", "New_Address", " NEW-ADDRESS "] {
        assert_eq!(StatusWord::read(word).status, Some(Status::NewAddress), "{word:?}");
    }
    for family in Family::ALL {
        for status in STATUSES {
            assert_eq!(StatusWord::read(status.word(family)).status, Some(status));
        }
    }
    assert_eq!(StatusWord::read("sleeping"), StatusWord { status: None, word: "sleeping".into() });
}

#[test]
fn older_firmware_tells_nothing_about_certificates() {
    let old = arguments(&[("NewEnabled", "0"), ("NewPort", "443"), ("NewUsername", "")]);
    let info = RemoteInfo::from(&old).unwrap();
    assert_eq!((info.port, info.lets_encrypt, info.lets_encrypt_state), (443, None, None));
    let mut new = old;
    new.extend(arguments(&[("NewLetsEncryptEnabled", "1"), ("NewLetsEncryptState", "valid"), ("NewPort", "")]));
    let info = RemoteInfo::from(&new).unwrap();
    assert_eq!((info.port, info.lets_encrypt, info.lets_encrypt_state.as_deref()), (0, Some(true), Some("valid")));
    new.insert("NewPort".into(), "65536".into());
    assert!(RemoteInfo::from(&new).unwrap_err().contains("NewPort"));
}

#[test]
fn the_provider_list_is_read_in_its_order() {
    let list = "<List>\n<Item><ProviderName>A &amp; B</ProviderName><InfoURL>http://a.example</InfoURL></Item>\n\
                <Item><ProviderName>Benutzerdefiniert</ProviderName><InfoURL/></Item></List>";
    let found = providers(list).unwrap();
    assert_eq!(found[0], Provider { name: "A & B".into(), info_url: "http://a.example".into() });
    assert_eq!(found[1], Provider { name: "Benutzerdefiniert".into(), info_url: String::new() });
    assert_eq!(providers("<List></List>"), Ok(Vec::new()));
    for wrong in ["", "text", "<Liste/>", "<List><Item/></List>", "<!DOCTYPE a><List/>"] {
        assert!(providers(wrong).unwrap_err().contains("NewProviderList"), "{wrong:?}");
    }
}
