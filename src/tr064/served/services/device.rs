//! What clients ask of every box before they ask what they came for: who are you, who may log in.

use super::Type::{DateTime, Ui2, Ui4};
use super::{ANY_RIGHT, Access, Action, Argument, Place, Service, Variable, action};

/// Who it is, and where it speaks TLS.
pub static DEVICE: Service = Service {
    id: "urn:DeviceInfo-com:serviceId:DeviceInfo1",
    kind: "urn:dslforum-org:service:DeviceInfo:1",
    control: "/upnp/control/deviceinfo",
    scpd: "/deviceinfoSCPD.xml",
    place: Place::Gateway,
    actions: &[
        action!("GetInfo", ANY_RIGHT, in [], out [
            "ManufacturerName", "ManufacturerOUI", "ModelName", "Description", "ProductClass", "SerialNumber", "SoftwareVersion",
            "HardwareVersion", "SpecVersion", "ProvisioningCode", "UpTime", "DeviceLog"
        ]),
        action!("GetSecurityPort", Access::Open, in [], out ["SecurityPort"]),
    ],
    variables: &[
        Variable::new("ManufacturerName", super::Type::Text, Some("wanbeacon")),
        Variable::text("ManufacturerOUI"),
        Variable::text("ModelName"),
        Variable::text("Description"),
        Variable::text("ProductClass"),
        Variable::text("SerialNumber"),
        Variable::text("HardwareVersion"),
        Variable::text("SoftwareVersion"),
        Variable::text("SpecVersion"),
        Variable::text("ProvisioningCode"),
        Variable::number("UpTime", Ui4),
        Variable::text("DeviceLog"),
        Variable::number("SecurityPort", Ui2),
    ],
};

/// What a box lets passwords consist of: printable ASCII.
pub(in crate::tr064::served) const PASSWORD: &str =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
/// What a box lets user names consist of.
pub(in crate::tr064::served) const USERNAME: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz -._";

/// Logins.
pub static SECURITY: Service = Service {
    id: "urn:LANConfigSecurity-com:serviceId:LANConfigSecurity1",
    kind: "urn:dslforum-org:service:LANConfigSecurity:1",
    control: "/upnp/control/lanconfigsecurity",
    scpd: "/lanconfigsecuritySCPD.xml",
    place: Place::Gateway,
    actions: &[
        action!("GetInfo", Access::Open, in [], out [
            "MaxCharsPassword", "MinCharsPassword", "AllowedCharsPassword", "AllowedCharsUsername",
            "X_AVM-DE_IsDefaultPasswordActive"
        ]),
        action!("X_AVM-DE_GetCurrentUser", ANY_RIGHT, in [], out ["X_AVM-DE_CurrentUsername", "X_AVM-DE_CurrentUserRights"]),
        action!("X_AVM-DE_GetAnonymousLogin", Access::Open, in [], out [
            "X_AVM-DE_AnonymousLoginEnabled", "X_AVM-DE_ButtonLoginEnabled"
        ]),
        action!("X_AVM-DE_GetUserList", Access::Open, in [], out ["X_AVM-DE_UserList"]),
    ],
    variables: &[
        Variable::new("MaxCharsPassword", Ui2, Some("32")),
        Variable::number("MinCharsPassword", Ui2),
        Variable::new("AllowedCharsPassword", super::Type::Text, Some(PASSWORD)),
        Variable::new("AllowedCharsUsername", super::Type::Text, Some(USERNAME)),
        Variable::boolean("X_AVM-DE_AnonymousLoginEnabled"),
        Variable::boolean("X_AVM-DE_ButtonLoginEnabled"),
        Variable::text("X_AVM-DE_CurrentUsername"),
        Variable::text("X_AVM-DE_CurrentUserRights"),
        Variable::text("X_AVM-DE_UserList"),
        Variable::boolean("X_AVM-DE_IsDefaultPasswordActive"),
    ],
};

/// Year one: there was none.
pub(in crate::tr064::served) const NEVER: &str = "0001-01-01T00:00:00";

/// Updates of the firmware; Home Assistant asks for it.
pub static USER_INTERFACE: Service = Service {
    id: "urn:UserInterface-com:serviceId:UserInterface1",
    kind: "urn:dslforum-org:service:UserInterface:1",
    control: "/upnp/control/userif",
    scpd: "/userifSCPD.xml",
    place: Place::Gateway,
    actions: &[
        action!("GetInfo", Access::Open, in [], out [
            "UpgradeAvailable", "PasswordRequired", "PasswordUserSelectable", "WarrantyDate", "X_AVM-DE_Version",
            "X_AVM-DE_DownloadURL", "X_AVM-DE_InfoURL", "X_AVM-DE_UpdateState", "X_AVM-DE_BuildType",
            "X_AVM-DE_SetupAssistantStatus"
        ]),
        Action {
            name: "X_AVM-DE_GetInfo",
            access: ANY_RIGHT,
            arguments: &[
                Argument::out("NewX_AVM-DE_AutoUpdateMode", "X_AVM-DE_AutoUpdateMode"),
                Argument::out("NewX_AVM-DE_UpdateTime", "X_AVM-DE_UpdateTime"),
                Argument::out("NewX_AVM-DE_LastFwVersion", "X_AVM-DE_LastFwVersion"),
                Argument::out("NewX_AVM-DE_LastInfoUrl", "X_AVM-DE_InfoURL"),
                Argument::out("NewX_AVM-DE_CurrentFwVersion", "X_AVM-DE_Version"),
                Argument::out("NewX_AVM-DE_UpdateSuccessful", "X_AVM-DE_UpdateSuccessful"),
            ],
        },
    ],
    variables: &[
        Variable::boolean("UpgradeAvailable"),
        Variable::boolean("PasswordRequired"),
        Variable::new("PasswordUserSelectable", super::Type::Boolean, Some("1")),
        Variable::new("WarrantyDate", DateTime, Some(NEVER)),
        Variable::text("X_AVM-DE_Version"),
        Variable::text("X_AVM-DE_DownloadURL"),
        Variable::text("X_AVM-DE_InfoURL"),
        Variable::one_of("X_AVM-DE_BuildType", BUILDS, None),
        Variable::one_of("X_AVM-DE_UpdateState", &["Started", "Stopped", "Error", "NoUpdate", "UpdateAvailable", "Unknown"], None),
        Variable::one_of("X_AVM-DE_AutoUpdateMode", &["off", "all", "important", "notify"], None),
        Variable::new("X_AVM-DE_UpdateTime", DateTime, Some(NEVER)),
        Variable::text("X_AVM-DE_LastFwVersion"),
        Variable::one_of("X_AVM-DE_UpdateSuccessful", &["unknown", "failed", "succeeded"], None),
        Variable::boolean("X_AVM-DE_SetupAssistantStatus"),
    ],
};

const BUILDS: &[&str] = &[
    "Release",
    "Intern",
    "Work",
    "Personal",
    "Modified",
    "Inhaus",
    "Labor_Beta",
    "Labor_RC",
    "Labor_DSL",
    "Labor_Phone",
    "Labor",
    "Labor_Test",
    "Labor_Plus",
];
