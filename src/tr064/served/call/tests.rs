use proptest::prelude::*;

use super::*;
use crate::rules::secret::Secret;
use crate::tr064::content::{Challenge, init};
use crate::tr064::digest::User;
use crate::tr064::served::answer::envelope_only;
use crate::tr064::soap::{request, request_with};

const KIND: &str = "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1";
const FIELD: &str = "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1#SetEnable";

fn body(inside: &str) -> String {
    format!("<Envelope><Body>{inside}</Body></Envelope>")
}

fn refusal(soap_action: Option<&str>, body: &str) -> String {
    read(soap_action, body.as_bytes()).unwrap_err().0
}

#[test]
fn our_own_client_is_understood() {
    let text = request(KIND, "SetEnable", &[("NewEnabled", "1"), ("NewText", " <a&b> ")]);
    let call = read(Some(&format!("\"{KIND}#SetEnable\"")), text.as_bytes()).unwrap();
    assert_eq!((call.service_kind.as_deref(), call.action.as_str(), &call.login), (Some(KIND), "SetEnable", &None));
    assert_eq!(call.arguments["NewEnabled"], "1");
    assert_eq!(call.arguments["NewText"], " <a&b> ", "blanks may be part of a password");
}

#[test]
fn the_field_may_have_quotes_or_none_and_may_be_missing() {
    let text = body("<u:SetEnable/>");
    for field in [
        FIELD,
        "\"urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1#SetEnable\"",
        " \" urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1#SetEnable\" ",
    ] {
        let call = read(Some(field), text.as_bytes()).unwrap();
        assert_eq!((call.service_kind.as_deref(), call.action.as_str()), (Some(KIND), "SetEnable"), "{field}");
    }
    for field in [None, Some(""), Some("\"\""), Some("SetEnable"), Some("#"), Some("#SetEnable")] {
        let call = read(field, text.as_bytes()).unwrap();
        assert_eq!((call.service_kind, call.action.as_str()), (None, "SetEnable"), "{field:?}");
    }
}

#[test]
fn without_the_field_the_namespace_of_the_action_names_the_service() {
    let named = |field: Option<&str>, text: &str| read(field, text.as_bytes()).unwrap().service_kind;
    let ours = Some(KIND.to_owned());
    let inside = format!("<u:GetInfo xmlns:u=\" {KIND}\n\"/>");
    assert_eq!(
        [None, Some("#GetInfo"), Some("GetInfo")].map(|field| named(field, &body(&inside))),
        [ours.clone(), ours.clone(), ours.clone()]
    );
    assert_eq!(named(None, &body(&format!("<GetInfo xmlns='{KIND}'/>"))), ours);
    let far = format!("<s:Envelope xmlns:u='{KIND}' xmlns:s='x'><s:Body><u:GetInfo/></s:Body></s:Envelope>");
    assert_eq!(named(None, &far), ours);
    let other = "urn:dslforum-org:service:DeviceInfo:1";
    assert_eq!(named(Some(&format!("{other}#GetInfo")), &body(&inside)).as_deref(), Some(other), "the field counts more");
    for none in ["<GetInfo/>", "<u:GetInfo/>", "<u:GetInfo xmlns:u='x'/>", &format!("<u:GetInfo xmlns:v='{KIND}'/>"), ""] {
        assert_eq!(named(Some("#GetInfo"), &body(none)), None, "{none}");
    }
}

#[test]
fn any_prefix_will_do_and_so_will_none() {
    for text in [
        "<soap:Envelope><soap:Body><m:SetEnable><s:NewEnabled>1</s:NewEnabled></m:SetEnable></soap:Body></soap:Envelope>",
        "<Envelope xmlns='x'><Body><SetEnable><NewEnabled>1</NewEnabled></SetEnable></Body></Envelope>",
        "\u{feff}<?xml version='1.0'?>\r\n<a:Envelope><a:Header/><a:Body>\n<b:SetEnable>\n<c:NewEnabled>1</c:NewEnabled>\n</b:SetEnable></a:Body></a:Envelope>\n",
    ] {
        let call = read(Some(FIELD), text.as_bytes()).unwrap();
        assert_eq!((call.action.as_str(), call.arguments["NewEnabled"].as_str()), ("SetEnable", "1"), "{text}");
    }
}

#[test]
fn touching_attributes_and_a_blank_in_the_namespace_are_overlooked() {
    let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\" http://schemas.xmlsoap.org/soap/envelope/\" \
                s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Header>\
                <h:InitChallenge xmlns:h=\"http://soap-authentication.org/digest/2001/10/\"s:mustUnderstand=\"1\">\
                <UserID>DefaultUser</UserID></h:InitChallenge ></s:Header><s:Body><u:GetInfo xmlns:u=\"x\"></u:GetInfo></s:Body></s:Envelope>";
    let call = read(Some(&format!("{KIND}#GetInfo")), text.as_bytes()).unwrap();
    assert_eq!(call.login, Some(EnvelopeLogin::Init { user: "DefaultUser".into() }));
}

#[test]
fn an_action_may_be_called_a_request() {
    let text = body("<u:SetEnableRequest><NewEnabled>0</NewEnabled></u:SetEnableRequest>");
    assert_eq!(read(Some(FIELD), text.as_bytes()).unwrap().arguments["NewEnabled"], "0");
}

#[test]
fn an_action_without_arguments_needs_no_element() {
    let call = read(Some(FIELD), body("").as_bytes()).unwrap();
    assert_eq!((call.action.as_str(), call.arguments.len()), ("SetEnable", 0));
    assert!(refusal(None, &body("")).contains("no action"));
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    assert!(refusal(Some(FIELD), &body("<SetConfig/>")).contains("SOAPAction names \"SetEnable\", the body \"SetConfig\""));
    assert!(refusal(None, &body("<A/><B/>")).contains("more than one element"));
    assert!(refusal(None, &body("<A><N>1</N><x:N>2</x:N></A>")).contains("\"N\" is there twice"));
    let unescaped = body("<A><NewUpdateURL>https://h/?a=<b64>x</b64>&amp;b=1</NewUpdateURL></A>");
    assert!(refusal(None, &unescaped).contains("&lt;"), "half of the URL would be lost");
}

#[test]
fn what_is_no_call_is_refused() {
    for text in
        ["", "<html><body/></html>", "<Envelope/>", "<Envelope><Body></Envelope>", "<Envelope><Body><A>&x;</A></Body></Envelope>", "{}"]
    {
        assert!(read(Some(FIELD), text.as_bytes()).is_err(), "{text}");
    }
    assert!(read(Some(FIELD), b"<Envelope><Body><A>\xff</A></Body></Envelope>").is_err());
    assert!(refusal(None, &format!("<!DOCTYPE a [<!ENTITY x \"y\">]>{}", body("<A/>"))).contains("DTD"));
    assert!(refusal(None, &body(&"<A>".repeat(100))).contains("levels"));
    assert!(refusal(None, &body(&format!("<A>{}</A>", "<b/>".repeat(10_000)))).contains("elements"));
}

#[test]
fn a_reason_is_short_and_quoted() {
    let long = "x\u{1b}".repeat(2000);
    for (field, text) in [
        (Some(format!("k#{long}")), body("<A/>")),
        (None, format!("<{long}/>")),
        (None, body(&format!("<A><{long}>1</{long}><{long}>2</{long}></A>"))),
    ] {
        let why = refusal(field.as_deref(), &text);
        assert!(why.len() < 700 && !why.contains(char::is_control), "{why:?}");
    }
}

#[test]
fn both_steps_of_a_login_inside_the_envelope_are_read() {
    let ask = request_with(&[&init("admin")], KIND, "GetInfo", &[]);
    assert_eq!(read(None, ask.as_bytes()).unwrap().login, Some(EnvelopeLogin::Init { user: "admin".into() }));

    let header = "<h:Challenge xmlns:h=\"x\"><Status>Unauthenticated</Status><Nonce>F758BE72FB999CEA</Nonce><Realm>F!Box SOAP-Auth</Realm></h:Challenge>";
    let challenge = Challenge::read(&envelope_only(header)).unwrap();
    let password = Secret::new("gurkensalat".into());
    let proof = request_with(&[&challenge.answer(User { name: "admin", password: &password })], KIND, "GetInfo", &[]);
    let login = read(None, proof.as_bytes()).unwrap().login;
    let expected = EnvelopeLogin::Auth {
        nonce: "F758BE72FB999CEA".into(),
        auth: "b4f67585f22b0af7c4615db5a18faa14".into(),
        user: "admin".into(),
        realm: "F!Box SOAP-Auth".into(),
    };
    assert_eq!(login, Some(expected));
}

#[test]
fn what_is_shown_for_debugging_holds_no_password_and_no_proof() {
    let text = request_with(
        &["<h:ClientAuth><Nonce>N1</Nonce><Auth>proof</Auth><UserID>anna</UserID><Realm>R1</Realm></h:ClientAuth>"],
        KIND,
        "SetConfig",
        &[("NewPassword", "s3cret")],
    );
    let shown = format!("{:?}", read(None, text.as_bytes()).unwrap());
    assert!(shown.contains("NewPassword") && shown.contains("anna"), "{shown}");
    assert!(!shown.contains("s3cret") && !shown.contains("proof"), "{shown}");
}

proptest! {
    #[test]
    fn no_body_makes_reading_panic(field in proptest::option::of("\\PC{0,40}"), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _unjudged = read(field.as_deref(), &bytes);
    }

    #[test]
    fn nothing_inside_an_envelope_makes_reading_panic(
        field in proptest::option::of("[\"#:A-Za-z]{0,20}"),
        parts in proptest::collection::vec("(</?[a-z]?:?(Body|Header|A|InitChallenge|ClientAuth|UserID|N)( x=\"1\"| [a-z:='\"]{0,6})?/?>|&[a-z#0-9]{0,4};?|\\PC{0,8})", 0..24),
    ) {
        let _unjudged = read(field.as_deref(), format!("<s:Envelope>{}</s:Envelope>", parts.concat()).as_bytes());
        let _unjudged = read(field.as_deref(), body(&parts.concat()).as_bytes());
    }

    #[test]
    fn every_argument_arrives_as_it_was(value in "[^\\p{C}]{0,60}") {
        let text = request(KIND, "Set", &[("NewText", &value)]);
        prop_assert_eq!(&read(None, text.as_bytes()).unwrap().arguments["NewText"], &value);
    }
}
