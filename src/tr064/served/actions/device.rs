//! Who we are, and who may log in.

use super::{Caller, Facts, Outcome, results, unknown};
use crate::rules::rights::{Right, Rights};
use crate::tr064::remote_access::boolean;
use crate::tr064::served::description::{Device, NAME};
use crate::tr064::served::services::{NEVER, PASSWORD, USERNAME};
use crate::tr064::served::writing::{block, line};
use crate::tr064::soap::SoapFault;

/// `DeviceInfo:1`.
pub(super) fn device(action: &str, facts: &Facts<'_>) -> Result<Outcome, SoapFault> {
    let device = facts.device;
    Ok(match action {
        "GetInfo" => results([
            ("NewManufacturerName", NAME),
            // Of a hardware address these digits are the maker.
            ("NewManufacturerOUI", device.serial.get(..6).unwrap_or_default()),
            ("NewModelName", NAME),
            ("NewDescription", &format!("{NAME} {}", device.version)),
            ("NewProductClass", NAME),
            ("NewSerialNumber", &device.serial),
            // As it is: Home Assistant reads "number.rest", others show the text.
            ("NewSoftwareVersion", &device.version),
            ("NewHardwareVersion", NAME),
            ("NewSpecVersion", "1.0"),
            ("NewProvisioningCode", ""),
            ("NewUpTime", &facts.view.uptime.as_secs().to_string()),
            ("NewDeviceLog", ""),
        ]),
        _ => return Err(unknown(action)),
    })
}

/// The part of `DeviceInfo:1` that is open to everybody.
pub(super) fn security_port(action: &str, port: u16) -> Result<Outcome, SoapFault> {
    match action {
        "GetSecurityPort" => Ok(results([("NewSecurityPort", &port.to_string())])),
        _ => Err(unknown(action)),
    }
}

/// `LANConfigSecurity:1`.
pub(super) fn security(action: &str, caller: &Caller) -> Result<Outcome, SoapFault> {
    Ok(match action {
        "GetInfo" => results([
            ("NewMaxCharsPassword", &super::remote::LONGEST.to_string()),
            ("NewMinCharsPassword", "1"),
            ("NewAllowedCharsPassword", PASSWORD),
            ("NewAllowedCharsUsername", &format!("{USERNAME}@")),
            ("NewX_AVM-DE_IsDefaultPasswordActive", boolean(false)),
        ]),
        "X_AVM-DE_GetCurrentUser" => results([
            ("NewX_AVM-DE_CurrentUsername", caller.name.as_deref().unwrap_or_default()),
            ("NewX_AVM-DE_CurrentUserRights", &rights(caller.rights)),
        ]),
        "X_AVM-DE_GetAnonymousLogin" => {
            results([("NewX_AVM-DE_AnonymousLoginEnabled", boolean(false)), ("NewX_AVM-DE_ButtonLoginEnabled", boolean(false))])
        }
        // Everybody may ask for it, so it names nobody.
        "X_AVM-DE_GetUserList" => results([("NewX_AVM-DE_UserList", "<List></List>")]),
        _ => return Err(unknown(action)),
    })
}

/// The list of rights as a box writes it.
fn rights(rights: Rights) -> String {
    let mut out = String::new();
    block(&mut out, "rights", |out| {
        for right in Right::ALL {
            line(out, "path", path(right));
            line(out, "access", if rights.has(right) { "readwrite" } else { "none" });
        }
    });
    out
}

/// A box's word for a right.
const fn path(right: Right) -> &'static str {
    match right {
        Right::Config => "BoxAdmin",
        Right::App => "App",
        Right::Phone => "Phone",
        Right::Nas => "NAS",
        Right::HomeAuto => "HomeAuto",
    }
}

/// `UserInterface:1`. Updates of this program are somebody else's business.
pub(super) fn user_interface(action: &str, device: &Device) -> Result<Outcome, SoapFault> {
    Ok(match action {
        "GetInfo" => results([
            ("NewUpgradeAvailable", boolean(false)),
            ("NewPasswordRequired", boolean(true)),
            ("NewPasswordUserSelectable", boolean(true)),
            ("NewWarrantyDate", NEVER),
            ("NewX_AVM-DE_Version", ""),
            ("NewX_AVM-DE_DownloadURL", ""),
            ("NewX_AVM-DE_InfoURL", ""),
            ("NewX_AVM-DE_UpdateState", "NoUpdate"),
            ("NewX_AVM-DE_BuildType", "Release"),
            ("NewX_AVM-DE_SetupAssistantStatus", boolean(false)),
        ]),
        "X_AVM-DE_GetInfo" => results([
            ("NewX_AVM-DE_AutoUpdateMode", "off"),
            ("NewX_AVM-DE_UpdateTime", NEVER),
            ("NewX_AVM-DE_LastFwVersion", ""),
            ("NewX_AVM-DE_LastInfoUrl", ""),
            ("NewX_AVM-DE_CurrentFwVersion", &device.version),
            ("NewX_AVM-DE_UpdateSuccessful", "unknown"),
        ]),
        _ => return Err(unknown(action)),
    })
}
