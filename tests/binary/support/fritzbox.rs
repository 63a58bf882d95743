//! A FRITZ!Box: description, IGD actions, and an echo service beside it.

use std::sync::Arc;

use super::Watched;
use super::fake::{Answer, Fake, Seen};

/// What the line has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) v4: String,
    pub(crate) v6: String,
}

/// A fake and the addresses that it tells.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) fake: Fake,
    pub(crate) line: Arc<Watched<Line>>,
}

impl Source {
    /// A box that speaks IGD.
    pub(crate) fn fritzbox(v4: &str, v6: &str) -> Self {
        Self::start(v4, v6, soap)
    }

    /// A service that answers with the address of the family it is asked over.
    pub(crate) fn echo(v4: &str, v6: &str) -> Self {
        Self::start(v4, v6, |seen, line| Answer::ok(if seen.peer.is_ipv4() { &line.v4 } else { &line.v6 }))
    }

    fn start(v4: &str, v6: &str, play: fn(&Seen, &Line) -> Answer) -> Self {
        let line: Arc<Watched<Line>> = Arc::default();
        line.change(|line| *line = Line { v4: v4.into(), v6: v6.into() });
        let told = Arc::clone(&line);
        Self { fake: Fake::start(move |seen| play(seen, &told.lock())), line }
    }

    pub(crate) fn move_to(&self, v4: &str) {
        self.line.change(|line| v4.clone_into(&mut line.v4));
    }
}

fn soap(seen: &Seen, line: &Line) -> Answer {
    if seen.target == "/igddesc.xml" {
        return Answer::ok(include_bytes!("../../fixtures/fritzbox/igddesc-7590.xml"));
    }
    let action = seen.field("soapaction").and_then(|field| field.trim_matches('"').rsplit_once('#')).map(|(_, action)| action);
    let results = match action {
        Some("GetExternalIPAddress") => format!("<NewExternalIPAddress>{}</NewExternalIPAddress>", line.v4),
        Some("GetStatusInfo") => "<NewConnectionStatus>Connected</NewConnectionStatus><NewUptime>99</NewUptime>".to_owned(),
        Some("X_AVM_DE_GetExternalIPv6Address") => format!("<NewExternalIPv6Address>{}</NewExternalIPv6Address>", line.v6),
        Some("X_AVM_DE_GetIPv6Prefix") => "<NewIPv6Prefix>2003:f:ab::</NewIPv6Prefix><NewPrefixLength>56</NewPrefixLength>".to_owned(),
        _ => return Answer::reply(404, &[], "no such page"),
    };
    let action = action.unwrap_or_default();
    Answer::ok(format!(
        "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <u:{action}Response xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">{results}</u:{action}Response>\
         </s:Body></s:Envelope>"
    ))
}
