//! What a body's coding is and how it is undone, although nobody asked for one.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// A coding may add this much to a body that it cannot make smaller.
const OVERHEAD: usize = 1024;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Plain,
    Gzip,
    /// Usually in a zlib wrapping, as RFC 9110 says; from some servers without.
    Deflate,
}

impl Coding {
    /// Reads the Content-Encoding fields; a coding that cannot be undone comes back as the error.
    pub(super) fn of(fields: &[&str]) -> Result<Self, String> {
        let all = fields.join(", ");
        let named = all.to_ascii_lowercase();
        let mut codings = named.split(',').map(str::trim).filter(|coding| !coding.is_empty() && *coding != "identity");
        match (codings.next(), codings.next()) {
            (None, _) => Ok(Self::Plain),
            (Some("gzip" | "x-gzip"), None) => Ok(Self::Gzip),
            (Some("deflate"), None) => Ok(Self::Deflate),
            _ => Err(all),
        }
    }

    /// How many bytes to take from the wire for a body of `limit` bytes: one more tells that it is too long.
    pub(super) const fn wire_limit(self, limit: usize) -> usize {
        match self {
            Self::Plain => limit,
            Self::Gzip | Self::Deflate => limit.saturating_add(OVERHEAD),
        }
    }

    /// Undoes the coding of `wire`, of which `cut` says that it is only the beginning. Gives at most `limit` bytes, and
    /// whether there would have been more.
    pub(super) fn decode(self, wire: Vec<u8>, cut: bool, limit: usize) -> io::Result<(Vec<u8>, bool)> {
        let mut body = if wire.is_empty() || self == Self::Plain { wire } else { self.unpack(&wire, cut, limit)? };
        let oversized = cut || body.len() > limit;
        body.truncate(limit);
        Ok((body, oversized))
    }

    /// Stops one byte behind `limit`, however much there is.
    fn unpack(self, wire: &[u8], cut: bool, limit: usize) -> io::Result<Vec<u8>> {
        let source: Box<dyn Read + '_> = match self {
            Self::Plain => Box::new(wire),
            Self::Gzip => Box::new(MultiGzDecoder::new(wire)),
            Self::Deflate if is_zlib(wire) => Box::new(ZlibDecoder::new(wire)),
            Self::Deflate => Box::new(DeflateDecoder::new(wire)),
        };
        let mut body = Vec::new();
        match source.take(limit as u64 + 1).read_to_end(&mut body) {
            // A cut stream ends in the middle: what came before it stands.
            Err(error) if !cut => Err(error),
            _ => Ok(body),
        }
    }
}

/// RFC 1950 2.2: method 8 in the low bits, and the first two bytes are a multiple of 31.
fn is_zlib(wire: &[u8]) -> bool {
    matches!(wire, [method, flags, ..] if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}
