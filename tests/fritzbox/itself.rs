//! The double does what is known of boxes, seen by a client that shares no code with ours.

use std::net::Ipv4Addr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::double::gena::{Delivered, Notice};
use crate::double::login::{Algorithm, Right, content_auth};
use crate::double::odd::{Oddity, On};
use crate::double::second::TOKEN;
use crate::double::wire::Then;
use crate::double::{Double, Igd, connect};
use crate::stranger::{AUTH, Account, DEVICE, FORWARDING, IGD, IGD_LINK, IP, PPP, REMOTE, Stranger, USERS};

async fn meet() -> (Double, Stranger) {
    let double = Double::start().await;
    let stranger = Stranger::new(&double.url(""));
    (double, stranger)
}

#[tokio::test]
async fn every_file_is_served_and_what_is_missing_is_an_html_page() {
    let (double, stranger) = meet().await;
    double.change(|state| state.igd = Igd::Both);
    assert!(double.paths().len() >= 20);
    for path in double.paths() {
        let got = stranger.get(&path).await;
        assert_eq!((got.status, got.kind.as_str()), (200, "text/xml"), "{path}");
    }
    assert!(stranger.get("/igd2desc.xml").await.body.contains("/igd2upnp/control/WANIPConn1"));
    double.change(|state| (state.tr064, state.igd) = (false, Igd::Off));
    for path in ["/tr64desc.xml", "/igddesc.xml", "/igd2desc.xml", "/nothing"] {
        let got = stranger.get(path).await;
        assert_eq!((got.status, got.kind.as_str()), (404, "text/html"), "{path}");
        assert!(got.body.starts_with("<HTML>"), "{path}");
    }
    assert_eq!(stranger.call(IGD, "GetExternalIPAddress").await.status, 404);
    assert_eq!(stranger.call(DEVICE, "GetSecurityPort").await.status, 404);
}

#[tokio::test]
async fn igd_tells_the_line_without_login() {
    let (double, stranger) = meet().await;
    let got = stranger.call(IGD, "GetExternalIPAddress").await;
    assert_eq!((got.status, got.kind.as_str(), got.value("NewExternalIPAddress")), (200, "text/xml; charset=\"utf-8\"", "91.12.34.57"));
    assert_eq!(stranger.call(IGD, "GetStatusInfo").await.value("NewConnectionStatus"), "Connected");
    let v6 = stranger.call(IGD, "X_AVM_DE_GetExternalIPv6Address").await;
    assert_eq!((v6.value("NewExternalIPv6Address"), v6.value("NewPreferedLifetime")), ("2003:f:ab::10", "3600"));
    let prefix = stranger.call(IGD, "X_AVM_DE_GetIPv6Prefix").await;
    assert_eq!((prefix.value("NewIPv6Prefix"), prefix.value("NewPrefixLength")), ("2003:e7:1:5600::", "56"));
    assert_eq!(stranger.call(IGD_LINK, "X_AVM_DE_GetDsliteStatus").await.value("NewX_AVM_DE_DsliteStatus"), "0");
    // What nobody thought of has the values of its types.
    assert_eq!(stranger.call(IGD_LINK, "GetAddonInfos").await.value("NewTotalBytesSent"), "0");
    double.change(|state| {
        state.line.v4.clear();
        state.line.dslite = true;
    });
    assert_eq!(stranger.call(IGD, "GetExternalIPAddress").await.value("NewExternalIPAddress"), "");
    assert_eq!(stranger.call(IGD_LINK, "X_AVM_DE_GetDsliteStatus").await.value("NewX_AVM_DE_DsliteStatus"), "1");
    assert!(double.asked().iter().all(|request| !request.authorized() && !request.secure));
}

#[tokio::test]
async fn an_unknown_action_is_a_fault_on_many_lines_or_on_one() {
    let (double, stranger) = meet().await;
    let got = stranger.call(IGD, "X_AVM_DE_Unheard").await;
    assert_eq!((got.code(), got.value("errorDescription")), (401, "Invalid Action"));
    assert!(got.body.contains("<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\">\n"), "{}", got.body);
    double.change(|state| state.compact = true);
    let got = stranger.call(IGD, "X_AVM_DE_Unheard").await;
    assert_eq!((got.code(), got.body.lines().count()), (401, 1));
    let wrong_type = stranger.call((IGD.0, PPP.1), "GetStatusInfo").await;
    assert_eq!(wrong_type.code(), 401);
    let unread = stranger.post(IGD, "GetStatusInfo", &[("NewThing", "<domain>&")], "", None).await;
    assert_eq!(unread.code(), 402);
    assert_eq!(stranger.post(IGD, "GetStatusInfo", &[("NewThing", "1")], "", None).await.code(), 402);
}

#[tokio::test]
async fn digest_works_with_both_algorithms_and_the_count_has_to_grow() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let (double, stranger) = meet().await;
        double.change(|state| state.login.algorithm = algorithm);
        let mut account = Account::new(&stranger, "admin", "gurkensalat");
        for _ in 0..3 {
            assert_eq!(account.call(REMOTE, "GetInfo", &[]).await.value("NewPort"), "443");
        }
        let authorized: Vec<bool> = double.asked().iter().map(super::double::wire::Request::authorized).collect();
        assert_eq!(authorized, [false, true, true, true], "{algorithm:?}");
        // A field that was used is no good a second time.
        let field = account.field(REMOTE.0).unwrap();
        assert_eq!(stranger.post(REMOTE, "GetInfo", &[], "", Some(&field)).await.status, 200);
        let again = stranger.post(REMOTE, "GetInfo", &[], "", Some(&field)).await;
        assert_eq!(again.status, 401);
        assert!(again.challenge.ends_with(",stale=true"), "{}", again.challenge);
        assert_eq!(double.change(|state| state.login.wrong()), 0);
    }
}

#[tokio::test]
async fn a_challenge_looks_like_a_boxs() {
    let (_double, stranger) = meet().await;
    let got = stranger.call(REMOTE, "GetInfo").await;
    assert_eq!((got.status, got.kind.as_str()), (401, "text/html"));
    let nonce = got.challenge.strip_prefix("Digest realm=\"HTTPS Access\",nonce=\"").expect("the realm and no blank").to_owned();
    let (nonce, rest) = nonce.split_once('"').unwrap();
    assert_eq!(rest, ",algorithm=MD5,qop=\"auth\"");
    assert!(nonce.len() == 16 && nonce.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F')), "{nonce}");
}

#[tokio::test]
async fn a_nonce_grows_stale_by_use_or_on_demand() {
    let (double, stranger) = meet().await;
    double.change(|state| state.login.lasts = 2);
    let mut account = Account::new(&stranger, "admin", "gurkensalat");
    for _ in 0..5 {
        assert_eq!(account.call(REMOTE, "GetDDNSInfo", &[]).await.status, 200);
    }
    // One more request at the start and after every second success.
    assert_eq!(double.asked().len(), 5 + 3);
    double.change(|state| state.login.forget_nonces());
    let field = account.field(REMOTE.0);
    let got = stranger.post(REMOTE, "GetDDNSInfo", &[], "", field.as_deref()).await;
    assert!(got.challenge.contains("stale=true"), "{got:?}");
}

#[tokio::test]
async fn wrong_logins_are_counted_and_then_nobody_is_let_in() {
    let (double, stranger) = meet().await;
    double.change(|state| state.login.patience = 2);
    for (user, password) in [("admin", "wrong"), ("nobody", "gurkensalat")] {
        let got = Account::new(&stranger, user, password).call(REMOTE, "GetInfo", &[]).await;
        assert_eq!(got.status, 401);
        assert!(!got.challenge.contains("stale"), "{}", got.challenge);
    }
    let got = Account::new(&stranger, "admin", "gurkensalat").call(REMOTE, "GetInfo", &[]).await;
    assert_eq!((got.status, got.kind.as_str()), (503, "text/html"));
    assert_eq!(stranger.call(DEVICE, "GetSecurityPort").await.status, 200);
}

#[tokio::test]
async fn the_login_inside_the_body_follows_the_known_vector() {
    assert_eq!(content_auth("admin", "gurkensalat", "F758BE72FB999CEA"), "b4f67585f22b0af7c4615db5a18faa14");
    let (double, stranger) = meet().await;
    let namespace = "xmlns:h=\"http://soap-authentication.org/digest/2001/10/\" s:mustUnderstand=\"1\"";
    let init = format!("<h:InitChallenge {namespace}><UserID>admin</UserID></h:InitChallenge>");
    let proof = |nonce: &str, password: &str| {
        let auth = content_auth("admin", password, nonce);
        format!(
            "<h:ClientAuth {namespace}><Nonce>{nonce}</Nonce><Auth>{auth}</Auth><UserID>admin</UserID>\
             <Realm>F!Box SOAP-Auth</Realm></h:ClientAuth>"
        )
    };
    let got = stranger.post(REMOTE, "GetInfo", &[], &init, None).await;
    assert_eq!((got.status, got.value("Status"), got.value("errorCode")), (200, "Unauthenticated", "503"));
    assert_eq!(got.value("Realm"), "F!Box SOAP-Auth");
    let first = got.value("Nonce").to_owned();
    let got = stranger.post(REMOTE, "GetInfo", &[], &proof(&first, "gurkensalat"), None).await;
    assert!(got.body.contains("<h:NextChallenge"), "{}", got.body);
    assert_eq!((got.value("Status"), got.value("NewPort")), ("Authenticated", "443"));
    let second = got.value("Nonce").to_owned();
    assert_ne!(first, second);
    for header in [proof(&first, "gurkensalat"), proof(&second, "wrong")] {
        assert_eq!(stranger.post(REMOTE, "GetInfo", &[], &header, None).await.value("Status"), "Unauthenticated");
    }
    double.change(|state| state.login.content_level = false);
    assert_eq!(stranger.post(REMOTE, "GetInfo", &[], &init, None).await.status, 401);
}

#[tokio::test]
async fn some_actions_are_open_and_others_need_a_right() {
    let (double, stranger) = meet().await;
    assert_eq!(stranger.call(DEVICE, "GetSecurityPort").await.value("NewSecurityPort"), double.tls.port().to_string());
    let list = stranger.call(USERS, "X_AVM-DE_GetUserList").await;
    let wanted = "&lt;List&gt;&lt;Username last_user=&quot;1&quot;&gt;admin&lt;/Username&gt;\
                  &lt;Username last_user=&quot;0&quot;&gt;guest&lt;/Username&gt;&lt;/List&gt;";
    assert_eq!(list.value("NewX_AVM-DE_UserList"), wanted);
    let mut guest = Account::new(&stranger, "guest", "besuch");
    assert_eq!(guest.call(REMOTE, "GetDDNSInfo", &[]).await.status, 200);
    for (service, action) in
        [(REMOTE, "GetDDNSProviders"), (REMOTE, "SetLetsEncryptEnable"), (PPP, "GetInfo"), (FORWARDING, "GetDefaultConnectionService")]
    {
        assert_eq!(guest.call(service, action, &[]).await.code(), 606, "{action}");
    }
    double.change(|state| state.login.users[1].rights.push(Right::App));
    assert_eq!(guest.call(REMOTE, "SetLetsEncryptEnable", &[("NewLetsEncryptEnabled", "1")]).await.status, 200);
    assert_eq!(guest.call(REMOTE, "GetInfo", &[]).await.value("NewLetsEncryptState"), "valid");
}

#[tokio::test]
async fn the_connection_in_use_is_the_one_that_is_connected() {
    let (double, stranger) = meet().await;
    let mut admin = Account::new(&stranger, "admin", "gurkensalat");
    let got = admin.call(FORWARDING, "GetDefaultConnectionService", &[]).await;
    assert_eq!(got.value("NewDefaultConnectionService"), "1.WANPPPConnection.1");
    assert_eq!(admin.call(PPP, "GetInfo", &[]).await.value("NewExternalIPAddress"), "91.12.34.57");
    assert_eq!(admin.call(IP, "GetStatusInfo", &[]).await.value("NewConnectionStatus"), "Unconfigured");
    double.change(|state| state.line.default = "1.WANIPConnection.1".into());
    assert_eq!(admin.call(IP, "GetExternalIPAddress", &[]).await.value("NewExternalIPAddress"), "91.12.34.57");
    assert_eq!(admin.call(PPP, "GetExternalIPAddress", &[]).await.value("NewExternalIPAddress"), "");
}

/// The nine arguments, with some of them replaced.
fn ddns<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut arguments = vec![
        ("NewEnabled", "1"),
        ("NewProviderName", "Benutzerdefiniert"),
        ("NewUpdateURL", "https://ddns.example/u?n=&lt;domain&gt;&amp;a=&lt;ipaddr&gt;"),
        ("NewDomain", "home.example.org"),
        ("NewUsername", "owner"),
        ("NewMode", "ddns_both"),
        ("NewServerIPv4", ""),
        ("NewServerIPv6", ""),
        ("NewPassword", "neu"),
    ];
    for (name, value) in changes {
        arguments.iter_mut().find(|(key, _)| key == name).expect("one of the nine").1 = value;
    }
    arguments
}

#[tokio::test]
async fn ddns_settings_are_kept_and_bad_ones_refused() {
    let (double, stranger) = meet().await;
    let mut admin = Account::new(&stranger, "admin", "gurkensalat");
    let got = admin.call(REMOTE, "GetDDNSInfo", &[]).await;
    assert_eq!((got.value("NewStatusIPv4"), got.value("NewStatusIPv6"), got.value("NewMode")), ("complete", "undefined", "ddns_v4"));
    let refused: [&[(&str, &str)]; 8] = [
        &[("NewEnabled", "yes")],
        &[("NewMode", "ddns_v7")],
        &[("NewProviderName", "Unheard")],
        &[("NewUpdateURL", "https://ddns.example")],
        &[("NewUpdateURL", "")],
        &[("NewUpdateURL", "http://a/ http://b/ http://c/")],
        &[("NewServerIPv4", "a.example")],
        &[("NewServerIPv6", "a.example")],
    ];
    let before = double.change(|state| state.remote.clone());
    for changes in refused {
        assert_eq!(admin.call(REMOTE, "SetDDNSConfig", &ddns(changes)).await.code(), 402, "{changes:?}");
    }
    assert_eq!(admin.call(REMOTE, "SetDDNSConfig", &ddns(&[])[..8]).await.code(), 402);
    assert_eq!(double.change(|state| state.remote.clone()), before);
    let two = "http://a.example/&lt;ipaddr&gt; http://b.example/&lt;ip6addr&gt;";
    for (mode, told) in [("ddns_both", "ddns_both"), ("ddns_both_together", "ddns_together"), ("ddns_together", "ddns_together")] {
        let mut arguments = ddns(&[("NewMode", mode), ("NewUpdateURL", two)]);
        arguments.reverse();
        assert_eq!(admin.call(REMOTE, "SetDDNSConfig", &arguments).await.status, 200);
        let got = admin.call(REMOTE, "GetDDNSInfo", &[]).await;
        assert_eq!((got.value("NewMode"), got.value("NewUpdateURL"), got.value("NewStatusIPv4")), (told, two, "checking"));
        assert!(!got.body.contains("neu"), "{}", got.body);
    }
    let password = |double: &Double| double.change(|state| state.remote.ddns.password.clone());
    for (changes, wanted) in [
        (vec![("NewPassword", "****")], "neu"),
        (vec![("NewPassword", ""), ("NewEnabled", "0")], "neu"),
        (vec![("NewPassword", ""), ("NewUsername", "other")], ""),
    ] {
        assert_eq!(admin.call(REMOTE, "SetDDNSConfig", &ddns(&changes)).await.status, 200);
        assert_eq!(password(&double), wanted, "{changes:?}");
    }
    let got = admin.call(REMOTE, "GetDDNSProviders", &[]).await;
    assert!(got.value("NewProviderList").starts_with("&lt;List&gt;&lt;Item&gt;&lt;ProviderName&gt;"), "{}", got.body);
}

#[tokio::test]
async fn remote_access_needs_a_user_and_a_port() {
    let (_double, stranger) = meet().await;
    let mut admin = Account::new(&stranger, "admin", "gurkensalat");
    let settings = |port, user, password| [("NewEnabled", "0"), ("NewPort", port), ("NewUsername", user), ("NewPassword", password)];
    assert_eq!(admin.call(REMOTE, "SetEnable", &[("NewEnabled", "1")]).await.value("NewPort"), "0");
    for (arguments, code) in [
        (settings("0", "remote", "long enough"), 402),
        (settings("65536", "remote", "long enough"), 402),
        (settings("8443", "admin", "long enough"), 820),
        (settings("8443", "remote", "short"), 820),
    ] {
        assert_eq!(admin.call(REMOTE, "SetConfig", &arguments).await.code(), code, "{arguments:?}");
    }
    assert_eq!(admin.call(REMOTE, "SetConfig", &settings("8443", "remote", "long enough")).await.status, 200);
    assert_eq!(admin.call(REMOTE, "SetEnable", &[("NewEnabled", "1")]).await.value("NewPort"), "8443");
    let got = admin.call(REMOTE, "GetInfo", &[]).await;
    assert_eq!((got.value("NewEnabled"), got.value("NewUsername"), got.value("NewLetsEncryptState")), ("1", "remote", "not_used"));
    assert_eq!(admin.call(REMOTE, "SetEnable", &[("NewEnabled", "0")]).await.value("NewPort"), "8443");
    assert_eq!(admin.call(REMOTE, "SetEnable", &[("NewEnabled", "true")]).await.code(), 402);
}

#[tokio::test]
async fn a_guarded_action_wants_the_token_of_a_finished_dance() {
    let (double, stranger) = meet().await;
    double.change(|state| state.second.guarded.push("SetEnable".into()));
    let mut admin = Account::new(&stranger, "admin", "gurkensalat");
    let off = [("NewEnabled", "0")];
    let token = format!("<avm:token xmlns:avm=\"avm.de\" s:mustUnderstand=\"1\">{TOKEN}</avm:token>");
    assert_eq!(admin.call_with(REMOTE, "SetEnable", &off, &token).await.code(), 866);
    let got = admin.call(AUTH, "SetConfig", &[("NewAction", "start")]).await;
    assert_eq!((got.value("NewState"), got.value("NewToken"), got.value("NewMethods")), ("waitingforauth", TOKEN, "button,dtmf;*14048"));
    assert_eq!(admin.call(AUTH, "GetState", &[]).await.value("NewState"), "waitingforauth");
    assert_eq!(admin.call_with(REMOTE, "SetEnable", &off, &token).await.code(), 866);
    assert_eq!(admin.call(AUTH, "GetState", &[]).await.value("NewState"), "authenticated");
    assert_eq!(admin.call(REMOTE, "SetEnable", &off).await.code(), 866);
    assert_eq!(admin.call_with(REMOTE, "SetEnable", &off, &token).await.status, 200);
    assert_eq!(admin.call(AUTH, "SetConfig", &[("NewAction", "stop")]).await.value("NewState"), "stopped");
    assert_eq!(admin.call_with(REMOTE, "SetEnable", &off, &token).await.code(), 866);
    assert_eq!(double.change(|state| state.second.state()), "stopped");
}

#[tokio::test]
async fn faults_strike_the_action_that_is_named_and_as_often_as_said() {
    let (double, stranger) = meet().await;
    let mut admin = Account::new(&stranger, "admin", "gurkensalat");
    for code in [401, 402, 501, 606, 820, 866, 867, 868] {
        double.change(|state| state.odd.times(1, On::Action("GetDDNSInfo"), Oddity::Fault(code)));
        assert_eq!(admin.call(REMOTE, "GetInfo", &[]).await.status, 200);
        assert_eq!(admin.call(REMOTE, "GetDDNSInfo", &[]).await.code(), code);
        assert_eq!(admin.call(REMOTE, "GetDDNSInfo", &[]).await.status, 200);
    }
}

/// Sends one request by hand and reads to the end, at most 1 MiB.
async fn raw(double: &Double, request: &str) -> String {
    let mut stream = connect(double.http).await;
    stream.write_all(request.as_bytes()).await.expect("the box goes on");
    let mut bytes = Vec::new();
    stream.take(1 << 20).read_to_end(&mut bytes).await.expect("the box goes on");
    String::from_utf8(bytes).expect("the box goes on")
}

#[tokio::test]
async fn the_wire_is_as_odd_as_asked_for() {
    let (double, _) = meet().await;
    let request = "GET /igddesc.xml HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n";
    let elsewhere = Oddity::Redirect(302, "http://203.0.113.1/".into());
    let silent = Oddity::Raw(Vec::new(), Then::Close);
    let table = [
        (Oddity::Old, "HTTP/1.0 200 OK\r\n", "</root>"),
        (Oddity::Page(200), "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", "</HTML>"),
        (elsewhere, "HTTP/1.1 302 Found\r\nLocation: http://203.0.113.1/\r\n", ""),
        (Oddity::Challenge, "HTTP/1.1 401 Unauthorized\r\n", "</HTML>"),
        (Oddity::malformed(), "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n", "<service>"),
        (Oddity::entity_bomb(), "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n", "</s:Envelope>"),
        (Oddity::Endless(Then::Flood), "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<root>xxxx", "xxxx"),
        (silent, "", ""),
    ];
    for (oddity, start, end) in table {
        double.change(|state| {
            state.odd.clear();
            state.odd.add(On::Path("/igddesc.xml"), oddity.clone());
        });
        let text = raw(&double, request).await;
        assert!(text.starts_with(start) && text.trim_end().ends_with(end), "{oddity:?}: {}", &text[..text.len().min(300)]);
        assert!(raw(&double, &request.replace("igddesc", "any")).await.contains("200 OK"), "{oddity:?}");
    }
    double.change(|state| state.odd.clear());
    let twice = request.replace("Connection: close\r\n", "") + request;
    assert_eq!(raw(&double, &twice).await.matches("HTTP/1.1 200 OK").count(), 2, "a connection is kept");
}

#[tokio::test]
async fn tls_has_a_certificate_of_its_own_that_can_be_exchanged() {
    let double = Double::start().await;
    let stranger = Stranger::new(&double.tls_url(""));
    let mut admin = Account::new(&stranger, "admin", "gurkensalat");
    assert_eq!(admin.call(REMOTE, "GetInfo", &[]).await.status, 200);
    let first = double.fingerprint();
    assert_eq!(stranger.fingerprint(), first);
    double.renew_certificate();
    assert_eq!(admin.call(REMOTE, "GetInfo", &[]).await.status, 200);
    assert_eq!(stranger.fingerprint(), double.fingerprint());
    assert_ne!(first, double.fingerprint());
    assert!(double.asked().iter().all(|request| request.secure && request.peer.ip().is_loopback()));
}

/// Somebody who wants to be told.
struct Subscriber {
    listener: TcpListener,
    callback: String,
}

impl Subscriber {
    async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a NOTIFY as it should be");
        let callback = format!("http://{}/tell", listener.local_addr().expect("a NOTIFY as it should be"));
        Self { listener, callback }
    }

    /// The next NOTIFY and where it came from; it is answered with `status`.
    async fn told(&self, status: u16) -> (String, std::net::IpAddr) {
        let (stream, peer) = self.listener.accept().await.expect("a NOTIFY as it should be");
        let mut stream = BufReader::new(stream);
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            stream.read_line(&mut text).await.expect("a NOTIFY as it should be");
        }
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("CONTENT-LENGTH: "))
            .expect("a NOTIFY as it should be")
            .parse()
            .expect("a NOTIFY as it should be");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a NOTIFY as it should be");
        stream
            .write_all(format!("HTTP/1.1 {status} Status\r\nContent-Length: 0\r\n\r\n").as_bytes())
            .await
            .expect("a NOTIFY as it should be");
        (text + &String::from_utf8(body).expect("a NOTIFY as it should be"), peer.ip())
    }

    async fn subscribe(&self, double: &Double) -> String {
        let fields = format!("CALLBACK: <{}>\r\nNT: upnp:event\r\nTIMEOUT: Second-1800\r\n", self.callback);
        gena(double, "SUBSCRIBE", &fields).await
    }
}

async fn gena(double: &Double, method: &str, fields: &str) -> String {
    raw(double, &format!("{method} {} HTTP/1.1\r\nHost: box\r\nConnection: close\r\n{fields}\r\n", IGD.0)).await
}

fn sid(answer: &str) -> &str {
    answer.lines().find_map(|line| line.strip_prefix("SID: ")).unwrap_or_else(|| panic!("no SID in {answer}"))
}

#[tokio::test]
async fn subscribers_are_told_everything_and_then_every_change() {
    let double = Double::start().await;
    let subscriber = Subscriber::new().await;
    let answer = subscriber.subscribe(&double).await;
    assert!(answer.contains("\r\nTIMEOUT: Second-300\r\n"), "{answer}");
    let id = sid(&answer);
    let (first, _) = subscriber.told(200).await;
    assert!(first.starts_with("NOTIFY /tell HTTP/1.1\r\nHOST: 127.0.0.1:"), "{first}");
    for wanted in ["NT: upnp:event\r\n", "NTS: upnp:propchange\r\n", &format!("SID: {id}\r\nSEQ: 0\r\n"), "<ExternalIPAddress>91.12.34.57<"]
    {
        assert!(first.contains(wanted), "{wanted} {first}");
    }
    double.change(|state| state.line.v4 = "91.12.34.58".into());
    let (second, _) = subscriber.told(200).await;
    assert!(second.contains("SEQ: 1\r\n") && second.contains("91.12.34.58") && !second.contains("ConnectionStatus"), "{second}");
    double.change(|state| state.line.valid = 1); // nothing that anybody is told
    double.change(|state| (state.line.v4, state.events.skip) = (String::new(), 5));
    let (third, _) = subscriber.told(412).await;
    assert!(third.contains("SEQ: 7\r\n") && third.contains(">0.0.0.0<"), "{third}");
    double.change(|state| (state.line.v6, state.events.wrong_sid) = (String::new(), true));
    let (fourth, _) = subscriber.told(412).await;
    assert!(!fourth.contains(id) && fourth.contains("<ExternalIPv6Address>::<"), "{fourth}");
    let delivered = double.wait_delivered(|all| all.len() == 4).await;
    assert_eq!(delivered[2], Delivered { sid: id.into(), seq: 7, status: 412 });
}

#[tokio::test]
async fn subscriptions_are_renewed_ended_and_forgotten() {
    let double = Double::start().await;
    let subscriber = Subscriber::new().await;
    let answer = subscriber.subscribe(&double).await;
    let field = format!("SID: {}\r\n", sid(&answer));
    double.change(|state| state.events.granted = 1800);
    assert!(gena(&double, "SUBSCRIBE", &field).await.contains("TIMEOUT: Second-1800\r\n"));
    assert!(gena(&double, "SUBSCRIBE", &format!("{field}NT: upnp:event\r\n")).await.starts_with("HTTP/1.1 400 "));
    assert!(gena(&double, "SUBSCRIBE", "SID: uuid:unheard\r\n").await.starts_with("HTTP/1.1 412 "));
    assert!(gena(&double, "UNSUBSCRIBE", &field).await.starts_with("HTTP/1.1 200 "));
    assert!(gena(&double, "UNSUBSCRIBE", &field).await.starts_with("HTTP/1.1 412 "));
    let answer = subscriber.subscribe(&double).await;
    assert_eq!(double.change(|state| state.events.sids()), [sid(&answer)]);
    double.change(|state| state.events.forget());
    assert!(gena(&double, "SUBSCRIBE", &format!("SID: {}\r\n", sid(&answer))).await.starts_with("HTTP/1.1 412 "));
}

#[tokio::test]
async fn a_box_may_refuse_subscriptions() {
    let double = Double::start().await;
    let callback = "<http://127.0.0.1:9/a>";
    let request = |callbacks: &str| format!("CALLBACK: {callbacks}\r\nNT: upnp:event\r\nTIMEOUT: Second-300\r\n");
    assert!(gena(&double, "SUBSCRIBE", "CALLBACK: <http://127.0.0.1:9/>\r\n").await.starts_with("HTTP/1.1 412 "));
    assert!(gena(&double, "SUBSCRIBE", &request("nothing")).await.starts_with("HTTP/1.1 412 "));
    let two = callback.repeat(2);
    assert!(gena(&double, "SUBSCRIBE", &request(&two)).await.starts_with("HTTP/1.1 200 "));
    double.change(|state| state.events.one_callback = true);
    assert!(gena(&double, "SUBSCRIBE", &request(&two)).await.starts_with("HTTP/1.1 412 "));
    assert!(gena(&double, "SUBSCRIBE", &request(callback)).await.starts_with("HTTP/1.1 200 "));
    double.change(|state| state.events.refuse = Some(501));
    assert!(gena(&double, "SUBSCRIBE", &request(callback)).await.starts_with("HTTP/1.1 501 "));
    // Nobody listens there: the box does not mind.
    let delivered = double.wait_delivered(|all| all.len() == 2).await;
    assert!(delivered.iter().all(|one| one.status == 0), "{delivered:?}");
}

#[tokio::test]
async fn a_notify_may_overtake_the_answer_or_come_from_a_stranger() {
    let double = Double::start().await;
    double.change(|state| state.events.early = true);
    let subscriber = Subscriber::new().await;
    let ((first, from), answer) = tokio::join!(subscriber.told(200), subscriber.subscribe(&double));
    assert!(first.contains(sid(&answer)) && from == Ipv4Addr::LOCALHOST, "{first}");
    let forged = Notice {
        callback: url::Url::parse(&subscriber.callback).unwrap(),
        sid: sid(&answer).into(),
        seq: 1,
        variables: vec![("ExternalIPAddress".into(), "198.51.100.1".into())],
    };
    let ((text, from), status) = tokio::join!(subscriber.told(412), forged.send(Some(Ipv4Addr::new(127, 0, 0, 2))));
    assert!(text.contains("198.51.100.1") && status == 412, "{text}");
    assert_eq!(from, Ipv4Addr::new(127, 0, 0, 2));
    let asked = double.wait_asked(|asked| !asked.is_empty()).await;
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("SUBSCRIBE", IGD.0));
    assert_eq!(double.brief(), [format!("SUBSCRIBE {}", IGD.0)]);
}
