//! Calls as clients write them, answers as a box writes them.

use quick_xml::escape::escape;

use super::services::Action;
use super::wire::Answer;
use super::xml::Element;

/// A call that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    /// Name of the element in the body.
    pub(crate) element: String,
    pub(crate) arguments: Vec<(String, String)>,
    /// The SOAP header.
    pub(crate) header: Element,
}

impl Call {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let envelope = Element::parse(text)?;
        let body = envelope.child("Body").ok_or("no body")?;
        let call = body.children.first().ok_or("an empty body")?;
        let arguments = call.children.iter().map(|argument| (argument.name.clone(), argument.text.clone())).collect();
        Ok(Self { element: call.name.clone(), arguments, header: envelope.child("Header").cloned().unwrap_or_default() })
    }

    /// An argument's value; empty if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.arguments.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Are exactly the arguments there that `action` takes, in any order?
    pub(crate) fn fits(&self, action: &Action) -> bool {
        let mut given: Vec<&str> = self.arguments.iter().map(|(name, _)| name.as_str()).collect();
        let mut taken: Vec<&str> = action.takes.iter().map(String::as_str).collect();
        given.sort_unstable();
        taken.sort_unstable();
        given == taken
    }
}

/// The results of `action` in the order of `gives`; `header` is the content of the SOAP header.
pub(crate) fn results(kind: &str, name: &str, action: &Action, values: &[(&str, String)], header: &str) -> Answer {
    let inner = action.gives.iter().map(|out| {
        let value = values.iter().find(|(key, _)| *key == out.name).map_or(&out.default, |(_, value)| value);
        format!("<{0}>{1}</{0}>\n", out.name, escape(value.as_str()))
    });
    let inner: String = inner.collect();
    envelope(200, header, &format!("<u:{name}Response xmlns:u=\"{kind}\">\n{inner}</u:{name}Response>\n"))
}

/// A refusal; a box writes it on many lines.
pub(crate) fn fault(kind: &str, code: u32, header: &str, compact: bool) -> Answer {
    let mut answer = envelope(500, header, &refusal(kind, code, words(code)));
    if compact {
        answer.body = answer.body.replace('\n', "");
    }
    answer
}

/// The answer to somebody who is not logged in yet, in the login inside the body.
pub(crate) fn login_first(kind: &str, header: &str) -> Answer {
    envelope(200, header, &refusal(kind, 503, "Auth. failed"))
}

fn refusal(kind: &str, code: u32, words: &str) -> String {
    let owner = if kind.starts_with("urn:schemas-") { "schemas-upnp-org" } else { "dslforum-org" };
    format!(
        "<s:Fault>\n<faultcode>s:Client</faultcode>\n<faultstring>UPnPError</faultstring>\n<detail>\n\
         <UPnPError xmlns=\"urn:{owner}:control-1-0\">\n<errorCode>{code}</errorCode>\n<errorDescription>{words}</errorDescription>\n\
         </UPnPError>\n</detail>\n</s:Fault>\n"
    )
}

fn envelope(status: u16, header: &str, body: &str) -> Answer {
    let header = if header.is_empty() { String::new() } else { format!("<s:Header>\n{header}</s:Header>\n") };
    let text = format!(
        "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">\n{header}<s:Body>\n{body}</s:Body>\n</s:Envelope>\n"
    );
    Answer::new(status, "text/xml; charset=\"utf-8\"", text).with("EXT", "")
}

fn words(code: u32) -> &'static str {
    match code {
        401 => "Invalid Action",
        402 => "Invalid Args",
        501 => "Action Failed",
        606 => "Action Not Authorized",
        820 => "Internal Error",
        866 => "Second Factor Authentication Required",
        867 => "Second Factor Authentication Blocked",
        868 => "Second Factor Authentication Busy",
        _ => "Error",
    }
}
