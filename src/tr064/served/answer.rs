//! Answers of actions (`UPnP` Device Architecture 1.0, 3.2). PURE.
//!
//! One element a line: fritzconnection fails at a fault whose elements are not followed by text. Results stand in no namespace, for
//! clients find them by their bare names; the prefixes are those of a box, for tr-O64 looks for these.

use super::services::{Action, Service};
use super::writing::{PROLOG, block, escaped, line};
use crate::tr064::soap::NOT_LOGGED_IN;

/// The results of `action` in the order of its description; what `values` does not hold is left out. `header` is a finished block
/// for the SOAP header.
#[must_use]
pub fn results(service: &Service, action: &Action, values: &[(&str, String)], header: Option<&str>) -> String {
    envelope(header, |out| {
        out.extend(["<u:", action.name, "Response xmlns:u=\"", &escaped(service.kind), "\">\n"]);
        for argument in action.given() {
            if let Some((name, value)) = values.iter().find(|(name, _)| *name == argument.name) {
                line(out, name, value);
            }
        }
        out.extend(["</u:", action.name, "Response>\n"]);
    })
}

/// A refusal. It belongs to HTTP 500.
#[must_use]
pub fn fault(code: u32, text: &str, header: Option<&str>) -> String {
    // Never an empty element, see above.
    let text = if text.trim().is_empty() { "(none)" } else { text };
    envelope(header, |out| {
        block(out, "s:Fault", |out| {
            line(out, "faultcode", "s:Client");
            line(out, "faultstring", "UPnPError");
            block(out, "detail", |out| {
                out.push_str("<UPnPError xmlns=\"urn:dslforum-org:control-1-0\">\n");
                line(out, "errorCode", &code.to_string());
                line(out, "errorDescription", text);
                out.push_str("</UPnPError>\n");
            });
        });
    })
}

/// A challenge for a login inside the envelope, and nothing else: what a box puts beside it is a refusal. It belongs to HTTP 200.
#[must_use]
pub fn envelope_only(header: &str) -> String {
    fault(NOT_LOGGED_IN, "Auth. failed", Some(header))
}

fn envelope(header: Option<&str>, body: impl FnOnce(&mut String)) -> String {
    let mut out = format!(
        "{PROLOG}<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">\n"
    );
    if let Some(header) = header {
        block(&mut out, "s:Header", |out| out.extend([header.trim_end(), "\n"]));
    }
    block(&mut out, "s:Body", body);
    out.push_str("</s:Envelope>\n");
    out
}

#[cfg(test)]
mod tests;
