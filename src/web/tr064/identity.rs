//! How this instance is told from others.

use std::fs;
use std::sync::LazyLock;

use crate::tr064::digest::Hash;
use crate::tr064::served::description::Device;

/// Where a name of this machine is found that no other one has; the first that is not empty counts. The identity of a machine
/// is not to be told to others (machine-id(5)), so it is hashed; a container without one has a host name of its own.
const NAMES: [&str; 2] = ["/etc/machine-id", "/proc/sys/kernel/hostname"];

/// What keeps the hash from being that of another program.
const PURPOSE: &str = "wanbeacon TR-064 serial number";

/// Read once: it does not change while the machine runs.
static SERIAL: LazyLock<String> = LazyLock::new(|| {
    let name = NAMES.iter().find_map(|path| fs::read_to_string(path).ok().filter(|text| !text.trim().is_empty()));
    serial(name.unwrap_or_default().trim())
});

/// This instance.
pub(super) fn device() -> Device {
    Device { serial: SERIAL.clone(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// Clients take it for a hardware address, so it is one that belongs to no manufacturer: twelve hexadecimal digits.
fn serial(name: &str) -> String {
    let digits = Hash::Sha256.hex(&format!("{PURPOSE} {name}"));
    let first = u8::from_str_radix(&digits[..2], 16).expect("a hash consists of hexadecimal digits");
    // Locally administered, and no group (IEEE 802).
    format!("{:02X}{}", (first | 0b10) & !0b01, digits[2..12].to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_looks_like_a_hardware_address_that_nobody_sells() {
        for name in ["", "a", "b", "0123456789abcdef0123456789abcdef"] {
            let serial = serial(name);
            assert!(serial.len() == 12 && serial.chars().all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c)), "{serial}");
            assert!("26AE".contains(&serial[1..2]), "{serial}");
        }
        assert_ne!(serial("a"), serial("b"));
        assert_eq!(device(), device());
    }
}
