//! SOAP 1.1 as `UPnP` devices speak it (`UPnP` Device Architecture 1.0, section 3). PURE.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::xml;

/// `UPnP`'s code for an action that the device does not know.
pub const INVALID_ACTION: u32 = 401;
/// Arguments are missing, unknown, or of the wrong type.
pub const INVALID_ARGUMENTS: u32 = 402;
/// The action is known and cannot be done here.
pub const ACTION_FAILED: u32 = 501;
/// A FRITZ!Box says so beside the challenge of a login inside the envelope.
pub const NOT_LOGGED_IN: u32 = 503;
/// The user lacks the right.
pub const NOT_AUTHORIZED: u32 = 606;
/// No entry has this index.
pub const NO_SUCH_INDEX: u32 = 713;
/// There is no such entry.
pub const NO_SUCH_ENTRY: u32 = 714;
/// A FRITZ!Box says so where something cannot be stored, or a user is not possible.
pub const INTERNAL: u32 = 820;

/// What a device answers instead of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoapFault {
    /// `UPnP` error code, 0 if there was none.
    pub code: u32,
    /// The device's words, at most 120 characters.
    pub text: String,
}

/// The body of a call of `action` of `service` (a service type) with `arguments`.
#[must_use]
pub fn request(service: &str, action: &str, arguments: &[(&str, &str)]) -> String {
    request_with(&[], service, action, arguments)
}

/// The same with a SOAP header of `blocks`, each of them finished XML that may use the prefix `s` of the envelope.
#[must_use]
pub fn request_with(blocks: &[&str], service: &str, action: &str, arguments: &[(&str, &str)]) -> String {
    let header = if blocks.is_empty() { String::new() } else { format!("<s:Header>{}</s:Header>\n", blocks.concat()) };
    let mut inner = String::new();
    for (name, value) in arguments {
        let _infallible = write!(inner, "<{name}>{}</{name}>", escape(*value));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">\n\
         {header}<s:Body><u:{action} xmlns:u=\"{}\">{inner}</u:{action}></s:Body>\n</s:Envelope>\n",
        escape(service)
    )
}

/// The results of `action` by name: `Ok(Err(_))` is the device's refusal.
///
/// # Errors
///
/// Says why the text is not an answer to `action`.
pub fn reply(text: &str, action: &str) -> Result<Result<BTreeMap<String, String>, SoapFault>, String> {
    let envelope = xml::parse(text)?;
    let body = envelope.child("Body").ok_or("the XML has no SOAP body")?;
    if let Some(fault) = body.child("Fault") {
        return Ok(Err(read_fault(fault)));
    }
    let results = body
        .children
        .iter()
        .find(|child| child.name.strip_suffix("Response") == Some(action))
        .ok_or_else(|| format!("the SOAP body has no {action}Response"))?;
    Ok(Ok(results.children.iter().map(|result| (result.name.clone(), result.text.clone())).collect()))
}

fn read_fault(fault: &xml::Element) -> SoapFault {
    let find = |name: &str| fault.descendants().find(|element| element.name == name).map(|element| element.text.as_str());
    let text = find("errorDescription").or_else(|| find("faultstring")).unwrap_or("(none)");
    SoapFault { code: find("errorCode").and_then(|code| code.parse().ok()).unwrap_or(0), text: text.chars().take(120).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_escapes_its_arguments() {
        let text = request("urn:schemas-upnp-org:service:WANIPConnection:1", "Set", &[("NewText", "<a&b>")]);
        assert!(text.contains("<u:Set xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">"), "{text}");
        assert!(text.contains("<NewText>&lt;a&amp;b&gt;</NewText></u:Set>"), "{text}");
    }

    #[test]
    fn a_recorded_reply_is_read() {
        let text = include_str!("../../tests/fixtures/fritzbox/miniupnpd-status.xml");
        let results = reply(text, "GetStatusInfo").unwrap().unwrap();
        assert_eq!(results["NewConnectionStatus"], "Connected");
        assert_eq!(results["NewUptime"], "1218");
    }

    #[test]
    fn an_empty_result_is_empty_and_entities_are_resolved() {
        let text =
            "<Envelope><Body><x:GetResponse><A></A><B/><C> a&amp;&#x62; </C><D><![CDATA[<d>]]></D></x:GetResponse></Body></Envelope>";
        let results = reply(text, "Get").unwrap().unwrap();
        let values: Vec<&str> = results.values().map(String::as_str).collect();
        assert_eq!(values, ["", "", "a&b", "<d>"]);
    }

    #[test]
    fn a_recorded_fault_is_told_from_a_result() {
        let text = include_str!("../../tests/fixtures/fritzbox/fault401.xml");
        let fault = reply(text, "X_AVM_DE_GetExternalIPv6Address").unwrap().unwrap_err();
        assert_eq!(fault, SoapFault { code: INVALID_ACTION, text: "Invalid Action".into() });
    }

    #[test]
    fn what_is_not_an_answer_is_refused() {
        let other = include_str!("../../tests/fixtures/fritzbox/miniupnpd-status.xml");
        let broken = include_str!("../../tests/fixtures/fritzbox/invalid.xml");
        for text in [other, broken, "", "<html><body>no</body></html>", "<a><b></a>", "<a>", "<a>&unknown;</a>"] {
            assert!(reply(text, "GetExternalIPAddress").is_err(), "{text:?}");
        }
        let dtd = "<!DOCTYPE a [<!ENTITY x \"y\">]><Envelope><Body><GetResponse/></Body></Envelope>";
        assert!(reply(dtd, "Get").unwrap_err().contains("DTD"));
        let deep = "<a>".repeat(100);
        assert!(reply(&deep, "Get").unwrap_err().contains("levels"));
        let wide = format!("<a>{}</a>", "<b/>".repeat(10_000));
        assert!(reply(&wide, "Get").unwrap_err().contains("elements"));
    }
}
