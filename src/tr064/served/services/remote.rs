//! `X_AVM-DE_RemoteAccess:1` (document v12; the order of the service description of boxes).

use super::{Access, CONFIG, Place, Service, Variable, action};
use crate::rules::rights::Right;

/// Configuration, app, telephony, storage or home automation.
const READING: Access = super::ANY_RIGHT;
const CERTIFICATE: Access = Access::Any(&[Right::Config, Right::App]);

/// The table of document v12 names it so once; everybody else writes the other form.
const SLIP: (&str, &str) = ("SetLetsEncryptEnabled", "SetLetsEncryptEnable");

/// The service this program is about.
pub static REMOTE_ACCESS: Service = Service {
    id: "urn:X_AVM-DE_RemoteAccess-com:serviceId:X_AVM-DE_RemoteAccess1",
    kind: "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1",
    control: "/upnp/control/x_remote",
    scpd: "/x_remoteSCPD.xml",
    place: Place::Gateway,
    actions: &[
        action!("GetInfo", READING, in [], out ["Enabled", "Port", "Username", "LetsEncryptEnabled", "LetsEncryptState"]),
        action!("SetConfig", CONFIG, in ["Enabled", "Port", "Username", "Password"], out []),
        action!("SetEnable", CONFIG, in ["Enabled"], out ["Port"]),
        action!("SetLetsEncryptEnable", CERTIFICATE, in ["LetsEncryptEnabled"], out []),
        action!("GetDDNSInfo", READING, in [], out [
            "Enabled", "ProviderName", "UpdateURL", "Domain", "StatusIPv4", "StatusIPv6", "Username", "Mode", "ServerIPv4",
            "ServerIPv6"
        ]),
        action!("GetDDNSProviders", CONFIG, in [], out ["ProviderList"]),
        action!("SetDDNSConfig", CONFIG, in [
            "Enabled", "ProviderName", "UpdateURL", "Domain", "Username", "Mode", "ServerIPv4", "ServerIPv6", "Password"
        ], out []),
    ],
    variables: &[
        Variable::text("Domain"),
        Variable::boolean("Enabled"),
        Variable::text("InfoURL"),
        Variable::boolean("LetsEncryptEnabled"),
        Variable::text("LetsEncryptState"),
        Variable::one_of("Mode", &["ddns_v4", "ddns_v6", "ddns_both", "ddns_together"], Some("ddns_v4")),
        Variable::text("Password"),
        Variable::text("Port"),
        Variable::text("ProviderList"),
        Variable::text("ProviderName"),
        Variable::text("ServerIPv4"),
        Variable::text("ServerIPv6"),
        Variable::text("StatusIPv4"),
        Variable::text("StatusIPv6"),
        Variable::text("UpdateURL"),
        Variable::text("Username"),
    ],
};

/// The name under which an action is listed.
pub(super) fn alias<'n>(service: &Service, name: &'n str) -> &'n str {
    if service.kind == REMOTE_ACCESS.kind && name.eq_ignore_ascii_case(SLIP.0) { SLIP.1 } else { name }
}
