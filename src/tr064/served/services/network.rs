//! The line, and the home network that we know nothing of: clients that take us for a router ask for both.

use super::Type::{I4, Ui2, Ui4};
use super::{ANY_RIGHT, Action, Argument, CONFIG, Direction, Place, Service, Variable, action};

/// Which connection service is in use.
pub static FORWARDING: Service = Service {
    id: "urn:Layer3Forwarding-com:serviceId:Layer3Forwarding1",
    kind: "urn:dslforum-org:service:Layer3Forwarding:1",
    control: "/upnp/control/layer3forwarding",
    scpd: "/layer3forwardingSCPD.xml",
    place: Place::Gateway,
    actions: &[
        action!("GetDefaultConnectionService", CONFIG, in [], out ["DefaultConnectionService"]),
        action!("GetForwardNumberOfEntries", CONFIG, in [], out ["ForwardNumberOfEntries"]),
    ],
    variables: &[Variable::text("DefaultConnectionService"), Variable::number("ForwardNumberOfEntries", Ui2)],
};

/// Machines in the home network. Home Assistant insists on it.
pub static HOSTS: Service = Service {
    id: "urn:LanDeviceHosts-com:serviceId:Hosts1",
    kind: "urn:dslforum-org:service:Hosts:1",
    control: "/upnp/control/hosts",
    scpd: "/hostsSCPD.xml",
    place: Place::Lan,
    actions: &[
        action!("GetHostNumberOfEntries", ANY_RIGHT, in [], out ["HostNumberOfEntries"]),
        action!("GetSpecificHostEntry", ANY_RIGHT, in ["MACAddress"], out [
            "IPAddress", "AddressSource", "LeaseTimeRemaining", "InterfaceType", "Active", "HostName"
        ]),
        Action {
            name: "GetGenericHostEntry",
            access: ANY_RIGHT,
            arguments: &[
                Argument { name: "NewIndex", direction: Direction::In, variable: "HostNumberOfEntries" },
                Argument::out("NewIPAddress", "IPAddress"),
                Argument::out("NewAddressSource", "AddressSource"),
                Argument::out("NewLeaseTimeRemaining", "LeaseTimeRemaining"),
                Argument::out("NewMACAddress", "MACAddress"),
                Argument::out("NewInterfaceType", "InterfaceType"),
                Argument::out("NewActive", "Active"),
                Argument::out("NewHostName", "HostName"),
            ],
        },
    ],
    variables: &[
        Variable::number("HostNumberOfEntries", Ui2),
        Variable::text("IPAddress"),
        Variable::text("AddressSource"),
        Variable::number("LeaseTimeRemaining", I4),
        Variable::text("MACAddress"),
        Variable::text("InterfaceType"),
        Variable::boolean("Active"),
        Variable::text("HostName"),
    ],
};

/// The wire outside.
pub static WAN_COMMON: Service = Service {
    id: "urn:WANCIfConfig-com:serviceId:WANCommonInterfaceConfig1",
    kind: "urn:dslforum-org:service:WANCommonInterfaceConfig:1",
    control: "/upnp/control/wancommonifconfig1",
    scpd: "/wancommonifconfigSCPD.xml",
    place: Place::Wan,
    actions: &[
        action!("GetCommonLinkProperties", ANY_RIGHT, in [], out [
            "WANAccessType", "Layer1UpstreamMaxBitRate", "Layer1DownstreamMaxBitRate", "PhysicalLinkStatus",
            "X_AVM-DE_DownstreamCurrentUtilization", "X_AVM-DE_UpstreamCurrentUtilization", "X_AVM-DE_DownstreamCurrentMaxSpeed",
            "X_AVM-DE_UpstreamCurrentMaxSpeed"
        ]),
        action!("X_AVM-DE_GetActiveProvider", ANY_RIGHT, in [], out ["X_AVM-DE_Provider"]),
    ],
    variables: &[
        Variable::one_of(
            "WANAccessType",
            &["DSL", "Ethernet", "X_AVM-DE_Fiber", "X_AVM-DE_UMTS", "X_AVM-DE_Cable", "X_AVM-DE_LTE", "unknown"],
            Some("unknown"),
        ),
        Variable::number("Layer1UpstreamMaxBitRate", Ui4),
        Variable::number("Layer1DownstreamMaxBitRate", Ui4),
        Variable::text("PhysicalLinkStatus"),
        Variable::text("X_AVM-DE_Provider"),
        Variable::text("X_AVM-DE_DownstreamCurrentUtilization"),
        Variable::text("X_AVM-DE_UpstreamCurrentUtilization"),
        Variable::number("X_AVM-DE_DownstreamCurrentMaxSpeed", Ui4),
        Variable::number("X_AVM-DE_UpstreamCurrentMaxSpeed", Ui4),
    ],
};

/// The connection to the outside.
pub static WAN_IP: Service = Service {
    id: "urn:WANIPConnection-com:serviceId:WANIPConnection1",
    kind: "urn:dslforum-org:service:WANIPConnection:1",
    control: "/upnp/control/wanipconnection1",
    scpd: "/wanipconnSCPD.xml",
    place: Place::Connection,
    actions: &[
        action!("GetInfo", CONFIG, in [], out [
            "Enable", "ConnectionStatus", "PossibleConnectionTypes", "ConnectionType", "Name", "Uptime", "LastConnectionError",
            "RSIPAvailable", "NATEnabled", "ExternalIPAddress", "DNSServers", "MACAddress", "ConnectionTrigger", "RouteProtocolRx",
            "DNSEnabled", "DNSOverrideAllowed"
        ]),
        action!("GetStatusInfo", CONFIG, in [], out ["ConnectionStatus", "LastConnectionError", "Uptime"]),
        action!("GetExternalIPAddress", CONFIG, in [], out ["ExternalIPAddress"]),
    ],
    variables: &[
        Variable::boolean("Enable"),
        Variable::text("Name"),
        Variable::one_of("ConnectionType", TYPES, Some("Unconfigured")),
        Variable::one_of("PossibleConnectionTypes", TYPES, None),
        Variable::one_of(
            "ConnectionStatus",
            &["Unconfigured", "Connecting", "Authenticating", "PendingDisconnect", "Disconnecting", "Disconnected", "Connected"],
            Some("Unconfigured"),
        ),
        Variable::number("Uptime", Ui4),
        Variable::new("NATEnabled", super::Type::Boolean, Some("1")),
        Variable::one_of("LastConnectionError", ERRORS, Some("ERROR_NONE")),
        Variable::text("DNSServers"),
        Variable::text("MACAddress"),
        Variable::text("ConnectionTrigger"),
        Variable::text("ExternalIPAddress"),
        Variable::boolean("RSIPAvailable"),
        Variable::new("RouteProtocolRx", super::Type::Text, Some("Off")),
        Variable::boolean("DNSOverrideAllowed"),
        Variable::new("DNSEnabled", super::Type::Boolean, Some("1")),
    ],
};

const TYPES: &[&str] = &["Unconfigured", "IP_Routed", "IP_Bridged"];

const ERRORS: &[&str] = &[
    "ERROR_NONE",
    "ERROR_ISP_TIME_OUT",
    "ERROR_COMMAND_ABORTED",
    "ERROR_NOT_ENABLED_FOR_INTERNET",
    "ERROR_BAD_PHONE_NUMBER",
    "ERROR_USER_DISCONNECT",
    "ERROR_ISP_DISCONNECT",
    "ERROR_IDLE_DISCONNECT",
    "ERROR_FORCED_DISCONNECT",
    "ERROR_SERVER_OUT_OF_RESOURCES",
    "ERROR_RESTRICTED_LOGON_HOURS",
    "ERROR_ACCOUNT_DISABLED",
    "ERROR_ACCOUNT_EXPIRED",
    "ERROR_PASSWORD_EXPIRED",
    "ERROR_AUTHENTICATION_FAILURE",
    "ERROR_NO_DIALTONE",
    "ERROR_NO_CARRIER",
    "ERROR_NO_ANSWER",
    "ERROR_LINE_BUSY",
    "ERROR_UNSUPPORTED_BITSPERSECOND",
    "ERROR_TOO_MANY_LINE_ERRORS",
    "ERROR_IP_CONFIGURATION",
    "ERROR_UNKNOWN",
];
