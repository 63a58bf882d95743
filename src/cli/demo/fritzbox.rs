//! The pretended FRITZ!Box: IGD without login, as far as an address source asks for it, and its events.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;

use super::events::Subscribers;
use super::web::{self, Request, Response};

/// The service that knows the line.
const SERVICE: &str = "urn:schemas-upnp-org:service:WANIPConnection:1";
/// Where its actions are called.
const CONTROL: &str = "/igdupnp/control/WANIPConn1";

/// What the box has got from its provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// The address of the line.
    pub(super) v4: Ipv4Addr,
    /// The box's own address.
    pub(super) v6: Ipv6Addr,
    /// The prefix for the home network, 56 bits long.
    pub(super) prefix: Ipv6Addr,
}

/// A running box.
pub(super) struct FritzBox {
    /// Where it listens.
    pub(super) address: SocketAddr,
    line: Arc<Mutex<Line>>,
    asked: Arc<AtomicU32>,
    subscribers: Subscribers,
}

impl FritzBox {
    /// Starts a box that is connected.
    pub(super) async fn start(line: Line) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (line, asked) = (Arc::new(Mutex::new(line)), Arc::new(AtomicU32::new(0)));
        let (shown, count) = (Arc::clone(&line), Arc::clone(&asked));
        let subscribers = Subscribers::default();
        let listeners = subscribers.clone();
        web::serve(listener, move |request| {
            let line = *shown.lock().unwrap_or_else(PoisonError::into_inner);
            if request.target == CONTROL && request.method.ends_with("SUBSCRIBE") {
                return listeners.answer(request, &told(line));
            }
            answer(request, line, &count)
        });
        Ok(Self { address, line, asked, subscribers })
    }

    /// The line was cut and has come back with other addresses; whoever subscribed is told.
    pub(super) fn reconnect(&self, line: Line) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = line;
        self.subscribers.tell(&told(line));
    }

    /// How often somebody asked for an address, of either family.
    pub(super) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

fn answer(request: &Request, line: Line, asked: &AtomicU32) -> Response {
    let xml = |status, body| Response { status, content_type: "text/xml; charset=\"utf-8\"", body, ..Response::default() };
    match request.target.as_str() {
        "/igddesc.xml" => xml("200 OK", description()),
        CONTROL => {
            let action = request.header("soapaction").trim_matches('"').rsplit('#').next().unwrap_or_default();
            match results(action, line) {
                Some(results) => {
                    if action.contains("External") {
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                    xml("200 OK", envelope(&format!("<u:{action}Response xmlns:u=\"{SERVICE}\">{results}</u:{action}Response>")))
                }
                None => xml("500 Internal Server Error", envelope(INVALID_ACTION)),
            }
        }
        _ => Response { status: "404 Not Found", ..Response::default() },
    }
}

/// The values that are events.
fn told(line: Line) -> [(&'static str, String); 2] {
    [("ExternalIPAddress", line.v4.to_string()), ("ExternalIPv6Address", line.v6.to_string())]
}

/// How a device refuses an action that it does not know (device architecture 1.0, 3.2.2).
const INVALID_ACTION: &str = "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>\
    <UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>401</errorCode>\
    <errorDescription>Invalid Action</errorDescription></UPnPError></detail></s:Fault>";

fn results(action: &str, line: Line) -> Option<String> {
    let Line { v4, v6, prefix } = line;
    // The vendor writes "Prefered" with one r.
    let lives = "<NewValidLifetime>7200</NewValidLifetime><NewPreferedLifetime>3600</NewPreferedLifetime>";
    Some(match action {
        "GetExternalIPAddress" => format!("<NewExternalIPAddress>{v4}</NewExternalIPAddress>"),
        "GetStatusInfo" => "<NewConnectionStatus>Connected</NewConnectionStatus>\
            <NewLastConnectionError>ERROR_NONE</NewLastConnectionError><NewUptime>60</NewUptime>"
            .to_owned(),
        "X_AVM_DE_GetExternalIPv6Address" => {
            format!("<NewExternalIPv6Address>{v6}</NewExternalIPv6Address><NewPrefixLength>64</NewPrefixLength>{lives}")
        }
        "X_AVM_DE_GetIPv6Prefix" => format!("<NewIPv6Prefix>{prefix}</NewIPv6Prefix><NewPrefixLength>56</NewPrefixLength>{lives}"),
        _ => return None,
    })
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>{body}</s:Body></s:Envelope>\n"
    )
}

/// A description with the one service that is asked.
fn description() -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device>\
         <deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>\
         <friendlyName>FRITZ!Box (pretended)</friendlyName><modelName>FRITZ!Box (pretended)</modelName>\
         <serviceList><service><serviceType>{SERVICE}</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>\
         <controlURL>{CONTROL}</controlURL><eventSubURL>{CONTROL}</eventSubURL><SCPDURL>/igdconnSCPD.xml</SCPDURL>\
         </service></serviceList></device></root>\n"
    )
}
