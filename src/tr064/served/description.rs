//! Who we are and what we offer: `tr64desc.xml` (TR-064, 6; `UPnP` Device Architecture 1.0, 2.1). PURE.

use super::services::{ALL, Place, Service};
use super::writing::{PROLOG, block, line};

/// The path of the description.
pub const PATH: &str = "/tr64desc.xml";

/// What we call ourselves, as manufacturer and as model.
pub(super) const NAME: &str = "wanbeacon";

/// How this instance is told from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Twelve hexadecimal digits; a box has its hardware address here, and clients take it for one.
    pub serial: String,
    /// Version of this program, such as `0.1.0`.
    pub version: String,
}

impl Device {
    /// Unique names of the devices in the tree; what sets this instance apart is the serial number.
    #[must_use]
    pub fn uuid(&self, place: Place) -> String {
        // Spells "wanbeaOn"; the digits in front of the serial number are those of a random UUID (RFC 9562, 5.4).
        format!("77616e62-6561-4f6e-80{:02x}-{}", place as u8, self.serial.to_ascii_lowercase())
    }

    /// Major, minor, patch; a client reads minor and patch as one decimal number.
    fn numbers(&self) -> [&str; 3] {
        let mut parts = self.version.split('.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            if end == 0 { "0" } else { &part[..end] }
        });
        std::array::from_fn(|_| parts.next().unwrap_or("0"))
    }
}

/// The description. Its addresses are paths: they are right behind every listener.
#[must_use]
pub fn tr64desc(names: &Device) -> String {
    let mut out = format!("{PROLOG}<root xmlns=\"urn:dslforum-org:device-1-0\">\n");
    spec_version(&mut out);
    block(&mut out, "systemVersion", |out| {
        let [major, minor, patch] = names.numbers();
        for (name, value) in
            [("HW", "0"), ("Major", major), ("Minor", minor), ("Patch", patch), ("Buildnumber", "0"), ("Display", &names.version)]
        {
            line(out, name, value);
        }
    });
    device(&mut out, names, Place::Gateway);
    out.push_str("</root>\n");
    out
}

pub(super) fn spec_version(out: &mut String) {
    block(out, "specVersion", |out| {
        line(out, "major", "1");
        line(out, "minor", "0");
    });
}

/// A device with its services, and those inside it.
fn device(out: &mut String, names: &Device, place: Place) {
    let (kind, inside): (&str, &[Place]) = match place {
        Place::Gateway => ("InternetGatewayDevice", &[Place::Lan, Place::Wan]),
        Place::Lan => ("LANDevice", &[]),
        Place::Wan => ("WANDevice", &[Place::Connection]),
        Place::Connection => ("WANConnectionDevice", &[]),
    };
    let called = if place == Place::Gateway { NAME.to_owned() } else { format!("{kind} - {NAME}") };
    block(out, "device", |out| {
        line(out, "deviceType", &format!("urn:dslforum-org:device:{kind}:1"));
        line(out, "friendlyName", &called);
        line(out, "manufacturer", NAME);
        line(out, "modelDescription", &called);
        line(out, "modelName", &called);
        line(out, "modelNumber", &names.version);
        line(out, "UDN", &format!("uuid:{}", names.uuid(place)));
        if place == Place::Gateway {
            line(out, "serialNumber", &names.serial);
        }
        block(out, "serviceList", |out| ALL.into_iter().filter(|it| it.place == place).for_each(|it| service(out, it)));
        if !inside.is_empty() {
            block(out, "deviceList", |out| inside.iter().for_each(|place| device(out, names, *place)));
        }
        if place == Place::Gateway {
            line(out, "presentationURL", "/");
        }
    });
}

fn service(out: &mut String, service: &Service) {
    block(out, "service", |out| {
        line(out, "serviceType", service.kind);
        line(out, "serviceId", service.id);
        line(out, "controlURL", service.control);
        // Nothing is evented, as the service descriptions say; the element must not be missing.
        line(out, "eventSubURL", service.control);
        line(out, "SCPDURL", service.scpd);
    });
}

#[cfg(test)]
mod tests;
