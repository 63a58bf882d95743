use super::*;

#[test]
fn a_host_is_an_interface_identifier_or_a_mac() {
    assert_eq!(HostId::parse("::1a2b:3c4d:5e6f:7788"), Ok(HostId(0x1a2b_3c4d_5e6f_7788)));
    assert_eq!(HostId::parse("::42"), Ok(HostId(0x42)));
    assert_eq!(HostId::parse("::3:1a2b:3c4d:5e6f:7788"), Ok(HostId(0x3_1a2b_3c4d_5e6f_7788)));
    assert_eq!(HostId::parse("::fe:0:0:0:1").map(HostId::subnet), Ok(0xfe));
    assert_eq!(HostId::parse("00:11:22:33:44:55"), Ok(HostId(0x0211_22ff_fe33_4455)));
    assert_eq!(HostId::parse("00-11-22-AA-bb-cc"), Ok(HostId(0x0211_22ff_feaa_bbcc)));
}

#[test]
fn no_other_form_is_a_host() {
    for text in [
        "",
        "nas",
        "2001:db8::1",
        "1a2b:3c4d:5e6f:7788",
        "::",
        "::192.0.2.1",
        "01:00:5e:00:00:01",
        "00:00:00:00:00:00",
        "00:11:22:33:44",
        "00:11:22:33:44:55:66",
        "::fdff:ffff:ffff:ff80",
        "::ffff:ffff:ffff:ffff",
        "::1/64",
        "::1:3:1a2b:3c4d:5e6f:7788",
        "::3:0:0:0:0",
    ] {
        assert!(HostId::parse(text).is_err(), "{text}");
    }
}
