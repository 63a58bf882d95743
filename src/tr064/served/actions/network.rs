//! The line as the addresses show it, and the home network, of which nothing is known here.

use super::{Outcome, results, unknown};
use crate::rules::address::Family;
use crate::rules::snapshot::LinePicture;
use crate::tr064::remote_access::boolean;
use crate::tr064::served::View;
use crate::tr064::soap::{NO_SUCH_ENTRY, NO_SUCH_INDEX, SoapFault};

/// `Layer3Forwarding:1`, `WANCommonInterfaceConfig:1`, `WANIPConnection:1` and `Hosts:1`: of several lines the first one.
pub(super) fn answer(action: &str, view: &View) -> Result<Outcome, SoapFault> {
    let line = Line::of(view);
    Ok(match action {
        "GetDefaultConnectionService" => results([("NewDefaultConnectionService", "1.WANIPConnection.1")]),
        "GetForwardNumberOfEntries" => results([("NewForwardNumberOfEntries", "0")]),
        "GetCommonLinkProperties" => results([
            ("NewWANAccessType", "unknown"),
            ("NewLayer1UpstreamMaxBitRate", "0"),
            ("NewLayer1DownstreamMaxBitRate", "0"),
            ("NewPhysicalLinkStatus", if line.connected { "Up" } else { "Down" }),
            ("NewX_AVM-DE_DownstreamCurrentUtilization", ""),
            ("NewX_AVM-DE_UpstreamCurrentUtilization", ""),
            ("NewX_AVM-DE_DownstreamCurrentMaxSpeed", "0"),
            ("NewX_AVM-DE_UpstreamCurrentMaxSpeed", "0"),
        ]),
        "X_AVM-DE_GetActiveProvider" => results([("NewX_AVM-DE_Provider", "")]),
        "GetInfo" => connection(&line),
        "GetStatusInfo" => {
            results([("NewConnectionStatus", line.status()), ("NewLastConnectionError", "ERROR_NONE"), ("NewUptime", &line.uptime)])
        }
        "GetExternalIPAddress" => results([("NewExternalIPAddress", &line.ipv4)]),
        "GetHostNumberOfEntries" => results([("NewHostNumberOfEntries", "0")]),
        "GetGenericHostEntry" => {
            return Err(SoapFault { code: NO_SUCH_INDEX, text: "SpecifiedArrayIndexInvalid: there are no entries".into() });
        }
        "GetSpecificHostEntry" => return Err(SoapFault { code: NO_SUCH_ENTRY, text: "NoSuchEntryInArray: there are no entries".into() }),
        _ => return Err(unknown(action)),
    })
}

fn connection(line: &Line<'_>) -> Outcome {
    results([
        ("NewEnable", boolean(true)),
        ("NewConnectionStatus", line.status()),
        ("NewPossibleConnectionTypes", "IP_Routed"),
        ("NewConnectionType", "IP_Routed"),
        ("NewName", line.name),
        ("NewUptime", &line.uptime),
        ("NewLastConnectionError", "ERROR_NONE"),
        ("NewRSIPAvailable", boolean(false)),
        ("NewNATEnabled", boolean(true)),
        ("NewExternalIPAddress", &line.ipv4),
        ("NewDNSServers", ""),
        ("NewMACAddress", ""),
        ("NewConnectionTrigger", "AlwaysOn"),
        ("NewRouteProtocolRx", "Off"),
        ("NewDNSEnabled", boolean(true)),
        ("NewDNSOverrideAllowed", boolean(false)),
    ])
}

/// What is known of a line.
struct Line<'a> {
    name: &'a str,
    /// It has an address of any family: with DS-Lite there is no IPv4.
    connected: bool,
    /// Empty without one, as a box says it.
    ipv4: String,
    /// Seconds since it is watched: nobody tells since when it is up.
    uptime: String,
}

impl<'a> Line<'a> {
    fn of(view: &'a View) -> Self {
        let line: Option<&LinePicture> = view.picture.wan.first();
        let address = |family| line.and_then(|line| line.families[family].address);
        let connected = Family::ALL.into_iter().any(|family| address(family).is_some());
        Self {
            name: line.map_or("", |line| &line.name),
            connected,
            ipv4: address(Family::V4).map(|address| address.to_string()).unwrap_or_default(),
            uptime: if connected { view.uptime.as_secs() } else { 0 }.to_string(),
        }
    }

    const fn status(&self) -> &'static str {
        if self.connected { "Connected" } else { "Disconnected" }
    }
}
