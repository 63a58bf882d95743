use super::*;
use crate::tr064::content::Challenge;
use crate::tr064::served::services::{DEVICE, REMOTE_ACCESS};
use crate::tr064::soap::{self, SoapFault};
use crate::tr064::xml;

const HEADER: &str = "<h:NextChallenge xmlns:h=\"http://soap-authentication.org/digest/2001/10/\" s:mustUnderstand=\"1\">\n\
                      <Status>Authenticated</Status>\n<Nonce>N1</Nonce>\n<Realm>R1</Realm>\n</h:NextChallenge>\n";

#[test]
fn our_own_client_reads_the_results() {
    let action = REMOTE_ACCESS.action("GetInfo").unwrap();
    let values = [("NewUsername", "<a&b>\"'\u{1}".to_owned()), ("NewEnabled", "1".to_owned()), ("NewElse", "x".to_owned())];
    let text = results(&REMOTE_ACCESS, action, &values, None);
    let read = soap::reply(&text, "GetInfo").unwrap().unwrap();
    assert_eq!(read.len(), 2, "{text}");
    assert_eq!((read["NewUsername"].as_str(), read["NewEnabled"].as_str()), ("<a&b>\"'\u{fffd}", "1"));
}

#[test]
fn results_stand_in_the_order_of_the_description_with_bare_names() {
    let action = DEVICE.action("GetInfo").unwrap();
    let mut values: Vec<(&str, String)> = action.given().map(|argument| (argument.name, "x".to_owned())).collect();
    values.reverse();
    let text = results(&DEVICE, action, &values, None);
    let inside: Vec<&str> = text.lines().filter(|line| line.starts_with("<New")).collect();
    let expected: Vec<String> = action.given().map(|argument| format!("<{0}>x</{0}>", argument.name)).collect();
    assert_eq!(inside, expected);
    assert!(text.contains("<u:GetInfoResponse xmlns:u=\"urn:dslforum-org:service:DeviceInfo:1\">\n<NewManufacturerName>"), "{text}");
    assert!(text.contains("<s:Envelope xmlns:s=\"") && text.contains("<s:Body>"), "{text}");
}

#[test]
fn everything_in_the_detail_of_a_fault_has_text() {
    // What fritzconnection reads without asking whether it is there.
    for words in ["Invalid Args: <\"x\">", "", " "] {
        let text = fault(402, words, None);
        let root = xml::parse_exact(&text).unwrap();
        let detail = root.descendants().find(|element| element.name == "detail").unwrap();
        assert!(detail.descendants().all(|element| !element.text.is_empty()), "{text}");
        let read = soap::reply(&text, "SetConfig").unwrap().unwrap_err();
        assert_eq!(read, SoapFault { code: 402, text: if words.trim().is_empty() { "(none)" } else { words }.into() });
    }
}

#[test]
fn a_header_goes_with_every_answer() {
    let action = DEVICE.action("GetSecurityPort").unwrap();
    let values = [("NewSecurityPort", "49443".to_owned())];
    for text in [results(&DEVICE, action, &values, Some(HEADER)), fault(606, "Action Not Authorized", Some(HEADER))] {
        assert!(Challenge::read(&text).is_some_and(|challenge| challenge.accepted), "{text}");
    }
    assert_eq!(soap::reply(&results(&DEVICE, action, &values, Some(HEADER)), "GetSecurityPort").unwrap().unwrap().len(), 1);
}

#[test]
fn a_challenge_comes_with_a_refusal() {
    let text = envelope_only(&HEADER.replace("NextChallenge", "Challenge").replace("Authenticated", "Unauthenticated"));
    assert!(Challenge::read(&text).is_some_and(|challenge| !challenge.accepted), "{text}");
    assert_eq!(soap::reply(&text, "GetInfo").unwrap().unwrap_err().code, 503);
}
