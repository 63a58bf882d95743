//! Fingerprints of certificates.

use std::fmt;

/// SHA-256 over a certificate in DER form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Reads 64 hexadecimal digits, in pairs with colons between them or without.
    ///
    /// # Errors
    ///
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "a SHA-256 fingerprint has 64 hexadecimal digits, such as 3A:7F:…".to_owned();
        let digits: String = text.trim().chars().filter(|c| *c != ':').collect();
        if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    /// Pairs with colons, as browsers and `openssl x509 -fingerprint` show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        f.write_str(&pairs.join(":"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_shown() {
        let shown = ["3A"; 32].join(":");
        let read = Fingerprint::parse(&shown).unwrap();
        assert_eq!(read.to_string(), shown);
        assert_eq!(Fingerprint::parse(&"3a".repeat(32)), Ok(read));
        for text in ["", "3A", &"3A:".repeat(33), &"zz".repeat(32), &"+1".repeat(32), &"ä".repeat(32)] {
            assert!(Fingerprint::parse(text).is_err(), "{text:?}");
        }
    }
}
