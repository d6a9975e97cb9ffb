//! The part of a signature that no other request has.

use std::fmt;

/// A text that is new for every attempt at a request; the server refuses one that it has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(String);

/// The text cannot stand in an `Authorization` header: use 1 to 128 visible ASCII characters except `;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidNonce;

impl fmt::Display for InvalidNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a nonce is 1 to 128 visible ASCII characters without `;`")
    }
}

impl std::error::Error for InvalidNonce {}

impl Nonce {
    /// A nonce that somebody else chose.
    ///
    /// # Errors
    /// [`InvalidNonce`] if it would break the header that carries it.
    pub fn new(text: &str) -> Result<Self, InvalidNonce> {
        let fits = (1..=128).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b';');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidNonce)
        }
    }

    /// A version 4 UUID (RFC 9562 section 5.4) in lower case from 16 random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let random = u128::from_be_bytes(bytes);
        let version_4 = (random & !(0xf << 76)) | (0x4 << 76);
        let variant_10 = (version_4 & !(0x3 << 62)) | (0x2 << 62);
        let group = |shift: u32, mask: u128| variant_10 >> shift & mask;
        Self(format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            group(96, 0xffff_ffff),
            group(80, 0xffff),
            group(64, 0xffff),
            group(48, 0xffff),
            group(0, 0xffff_ffff_ffff),
        ))
    }

    /// The text that is signed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidNonce, Nonce};

    #[test]
    fn random_bytes_become_a_version_4_uuid_in_lower_case() {
        for (bytes, expected) in [
            ([0x00; 16], "00000000-0000-4000-8000-000000000000"),
            ([0xff; 16], "ffffffff-ffff-4fff-bfff-ffffffffffff"),
            (
                [
                    0x91, 0x91, 0x08, 0xf7, 0x52, 0xd1, 0x33, 0x20, 0x5b, 0xac, 0xf8, 0x47, 0xdb,
                    0x41, 0x48, 0xa8,
                ],
                // RFC 9562 appendix A.3.
                "919108f7-52d1-4320-9bac-f847db4148a8",
            ),
        ] {
            assert_eq!(Nonce::from_random(bytes).as_str(), expected);
        }
    }

    #[test]
    fn a_nonce_that_would_break_the_header_is_refused() {
        for text in ["", "a;b", "a b", "a\r\nX: y", "é", &"n".repeat(129)] {
            assert_eq!(Nonce::new(text), Err(InvalidNonce), "{text:?}");
        }
        assert_eq!(
            Nonce::new("nonce-xx-xxxx").map(|n| n.to_string()),
            Ok("nonce-xx-xxxx".to_owned())
        );
    }
}
