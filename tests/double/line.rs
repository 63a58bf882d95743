//! The line to the outside, as IGD and TR-064 tell it.

/// What the box knows of its line. Addresses are text: a box can write anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// `NewConnectionStatus`.
    pub(crate) status: String,
    pub(crate) v4: String,
    pub(crate) v6: String,
    /// Delegated for the LAN, without its length.
    pub(crate) prefix: String,
    pub(crate) prefix_length: u8,
    /// Of address and prefix, in seconds.
    pub(crate) valid: u32,
    pub(crate) preferred: u32,
    pub(crate) dslite: bool,
    /// Which connection is in use, such as `1.WANPPPConnection.1`.
    pub(crate) default: String,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            status: "Connected".into(),
            v4: "91.12.34.57".into(),
            v6: "2003:f:ab::10".into(),
            prefix: "2003:e7:1:5600::".into(),
            prefix_length: 56,
            valid: 7200,
            preferred: 3600,
            dslite: false,
            default: "1.WANPPPConnection.1".into(),
        }
    }

    /// The results that the line decides; the rest of an action's results stays as the service's file has it.
    pub(crate) fn results(&self, action: &str) -> Vec<(&'static str, String)> {
        let lifetimes = |mut values: Vec<(&'static str, String)>| {
            // The box writes it with one r.
            values.extend([("NewValidLifetime", self.valid.to_string()), ("NewPreferedLifetime", self.preferred.to_string())]);
            values
        };
        match action {
            "GetExternalIPAddress" => vec![("NewExternalIPAddress", self.v4.clone())],
            "X_AVM_DE_GetExternalIPv6Address" => {
                lifetimes(vec![("NewExternalIPv6Address", self.v6.clone()), ("NewPrefixLength", "64".into())])
            }
            "X_AVM_DE_GetIPv6Prefix" => {
                lifetimes(vec![("NewIPv6Prefix", self.prefix.clone()), ("NewPrefixLength", self.prefix_length.to_string())])
            }
            "X_AVM_DE_GetDsliteStatus" => vec![("NewX_AVM_DE_DsliteStatus", u8::from(self.dslite).to_string())],
            "X_AVM_DE_GetDNSServer" => vec![("NewIPv4DNSServer1", "217.237.148.22".into()), ("NewIPv4DNSServer2", "217.237.151.51".into())],
            "GetDefaultConnectionService" => vec![("NewDefaultConnectionService", self.default.clone())],
            "GetStatusInfo" | "GetInfo" => vec![
                ("NewEnable", "1".into()),
                ("NewConnectionStatus", self.status.clone()),
                ("NewPossibleConnectionTypes", "IP_Routed, IP_Bridged".into()),
                ("NewConnectionType", "IP_Routed".into()),
                ("NewName", "internet".into()),
                ("NewLastConnectionError", "ERROR_NONE".into()),
                ("NewUptime", "1218".into()),
                ("NewNATEnabled", "1".into()),
                ("NewExternalIPAddress", self.v4.clone()),
            ],
            "GetCommonLinkProperties" => vec![
                ("NewWANAccessType", "DSL".into()),
                ("NewLayer1UpstreamMaxBitRate", "42000000".into()),
                ("NewLayer1DownstreamMaxBitRate", "292000000".into()),
                ("NewPhysicalLinkStatus", "Up".into()),
            ],
            _ => Vec::new(),
        }
    }

    /// The value of an evented state variable; an address that is missing is told as zeros.
    pub(crate) fn variable(&self, name: &str) -> String {
        let zeros = |address: &str, zeros: &str| if address.is_empty() { zeros.to_owned() } else { address.to_owned() };
        match name {
            "PossibleConnectionTypes" => "IP_Routed, IP_Bridged".into(),
            "ConnectionStatus" => self.status.clone(),
            "ExternalIPAddress" => zeros(&self.v4, "0.0.0.0"),
            "ExternalIPv6Address" => zeros(&self.v6, "::"),
            _ => "0".into(),
        }
    }
}
