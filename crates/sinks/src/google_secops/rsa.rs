//! RSA signatures with the key of a service account: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.1), `RS256` of
//! RFC 7518.
//!
//! The arithmetic is crypto-bigint's, in constant time. The crate `rsa` would do the rest too: its release 0.9 is open to the
//! Marvin attack (RUSTSEC-2023-0071), and 0.10 is a release candidate that adds 315 kB to a WebAssembly module where this
//! adds 158 kB.

use std::fmt;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd, Resize as _};
use sha2::{Digest as _, Sha256};

/// Modulus in bytes: 2048 to 4096 bits. Google's own keys have 2048.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// `AlgorithmIdentifier` of rsaEncryption, without its tag and length (RFC 8017 appendix A.1).
const RSA_ENCRYPTION: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// `DigestInfo` of a SHA-256 before the digest (RFC 8017 section 9.2, note 1).
const SHA_256: &[u8] =
    b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// A private key.
pub(super) struct PrivateKey {
    modulus: BoxedMontyParams,
    modulus_bytes: usize,
    public_exponent: BoxedUint,
    p: Factor,
    q: Factor,
    /// Inverse of q modulo p.
    coefficient: BoxedUint,
}

/// A prime factor of the modulus, and the private exponent modulo it less one.
struct Factor {
    prime: BoxedMontyParams,
    exponent: BoxedUint,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why a key cannot be used. The key is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyProblem {
    /// It is not RSA in PKCS #8, or was changed.
    Unreadable,
    /// It has fewer than 2048 or more than 4096 bits.
    Size,
}

impl PrivateKey {
    /// Reads a `PrivateKeyInfo` (RFC 5208 section 5) that holds an `RSAPrivateKey` (RFC 8017 appendix A.1.2).
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyProblem> {
        let mut integers = integers(der).ok_or(KeyProblem::Unreadable)?;
        let mut next = || integer(&mut integers).ok_or(KeyProblem::Unreadable);
        let (modulus, public_exponent) = (next()?, next()?);
        if !KEY_BYTES.contains(&modulus.len()) {
            return Err(KeyProblem::Size);
        }
        // The private exponent is not needed: those modulo p - 1 and q - 1 are.
        next()?;
        let (p, q) = (next()?, next()?);
        let exponents = (next()?, next()?);
        let coefficient = next()?;
        Self::new(
            modulus,
            public_exponent,
            (p, exponents.0),
            (q, exponents.1),
            coefficient,
        )
        .ok_or(KeyProblem::Unreadable)
    }

    fn new(
        modulus: &[u8],
        public_exponent: &[u8],
        p: (&[u8], &[u8]),
        q: (&[u8], &[u8]),
        coefficient: &[u8],
    ) -> Option<Self> {
        let bits = bits_of(modulus.len())?;
        let factor = |(prime, exponent): (&[u8], &[u8])| {
            // Every generator makes both factors half as long as the modulus.
            if prime.len().checked_mul(2) != Some(modulus.len()) {
                return None;
            }
            Some(Factor {
                prime: montgomery(prime)?,
                exponent: number(exponent, bits_of(prime.len())?)?,
            })
        };
        let key = Self {
            modulus: montgomery(modulus)?,
            modulus_bytes: modulus.len(),
            public_exponent: number(public_exponent, 64)?,
            coefficient: number(coefficient, bits_of(p.0.len())?)?,
            p: factor(p)?,
            q: factor(q)?,
        };
        // A key that was cut, mixed up or mistyped does not pass this; what else can be wrong with it, each signature's own check
        // finds.
        let [p, q] = [&key.p, &key.q].map(|factor| factor.prime.modulus().as_ref().resize(bits));
        (p.wrapping_mul(&q) == *key.modulus.modulus().as_ref()).then_some(key)
    }

    /// The signature of `message`; `None` if the key's parts contradict each other.
    ///
    /// By the Chinese remainder theorem (RFC 8017 section 5.1.2), which takes a quarter of the time. A wrong result of it
    /// would give the key away, so it is compared with the message before it leaves.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let bits = self.modulus.bits_precision();
        let encoded = number(&self.encoded(message), bits)?;
        let residue = |number: &BoxedUint, prime: &BoxedMontyParams| {
            let reduced = number.rem(prime.modulus().as_nz_ref());
            BoxedMontyForm::new(reduced.resize(prime.bits_precision()), prime)
        };
        let power = |factor: &Factor| residue(&encoded, &factor.prime).pow(&factor.exponent);
        let by_p = power(&self.p);
        let by_q = power(&self.q).retrieve();
        let prime = &self.p.prime;
        let coefficient = residue(&self.coefficient, prime);
        let difference = by_p.sub(&residue(&by_q, prime));
        let quotient = difference.mul(&coefficient).retrieve().resize(bits);
        let q = self.q.prime.modulus().as_ref().resize(bits);
        let signature = quotient.wrapping_mul(&q).wrapping_add(by_q.resize(bits));

        let opened = residue(&signature, &self.modulus).pow(&self.public_exponent);
        if opened.retrieve() != encoded {
            return None;
        }
        let bytes = signature.to_be_bytes();
        let padding = bytes.len().checked_sub(self.modulus_bytes)?;
        Some(bytes.get(padding..)?.to_vec())
    }

    /// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2).
    fn encoded(&self, message: &[u8]) -> Vec<u8> {
        let digest = Sha256::digest(message);
        let tail = SHA_256.len().saturating_add(digest.len());
        let mut encoded = vec![0, 1];
        encoded.resize(
            self.modulus_bytes.saturating_sub(tail).saturating_sub(1),
            0xff,
        );
        encoded.push(0);
        encoded.extend_from_slice(SHA_256);
        encoded.extend_from_slice(&digest);
        encoded
    }
}

/// The parts of the key after its version.
fn integers(der: &[u8]) -> Option<&[u8]> {
    let mut input = der;
    let mut info = value(&mut input, SEQUENCE)?;
    // Version 0, or 1 if attributes and a public key follow (RFC 5958).
    value(&mut info, INTEGER)?;
    if value(&mut info, SEQUENCE)? != RSA_ENCRYPTION {
        return None;
    }
    let mut key = value(&mut info, OCTET_STRING)?;
    let mut parts = value(&mut key, SEQUENCE)?;
    // Version 0: two primes.
    (value(&mut parts, INTEGER)? == [0]).then_some(parts)
}

/// The next value of `input` if it has this tag (X.690, definite lengths only).
fn value<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (first, rest) = input.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, mut rest) = rest.split_first()?;
    let length = match *length {
        short @ 0..=0x7f => usize::from(short),
        // Nothing in a key has more than 65,535 bytes.
        0x81 => {
            let (byte, after) = rest.split_first()?;
            rest = after;
            usize::from(*byte)
        }
        0x82 => {
            let (bytes, after) = rest.split_first_chunk::<2>()?;
            rest = after;
            usize::from(u16::from_be_bytes(*bytes))
        }
        _ => return None,
    };
    let (value, after) = rest.split_at_checked(length)?;
    *input = after;
    Some(value)
}

/// The next positive integer of `input`, without leading zeros.
fn integer<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let bytes = value(input, INTEGER)?;
    let start = bytes.iter().position(|byte| *byte != 0)?;
    bytes.get(start..)
}

fn bits_of(bytes: usize) -> Option<u32> {
    u32::try_from(bytes.checked_mul(8)?).ok()
}

fn number(bytes: &[u8], bits: u32) -> Option<BoxedUint> {
    BoxedUint::from_be_slice(bytes, bits).ok()
}

fn montgomery(modulus: &[u8]) -> Option<BoxedMontyParams> {
    let number = number(modulus, bits_of(modulus.len())?)?;
    Some(BoxedMontyParams::new(Odd::new(number).into_option()?))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde::Deserialize;

    use super::{KeyProblem, PrivateKey, RSA_ENCRYPTION};

    /// Written by a Python program over the package `cryptography`, which has OpenSSL's RSA.
    #[derive(Deserialize)]
    struct Case {
        bits: u32,
        pkcs8: String,
        message: String,
        signature: String,
    }

    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("rsa_vectors.json")).unwrap()
    }

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_STANDARD.decode(text).unwrap()
    }

    #[test]
    fn signatures_are_those_of_openssl() {
        for case in cases() {
            let key = PrivateKey::from_pkcs8(&bytes(&case.pkcs8));
            if !(2048..=4096).contains(&case.bits) {
                assert_eq!(key.err(), Some(KeyProblem::Size), "{}", case.bits);
                continue;
            }
            let signature = key.unwrap().sign(case.message.as_bytes());
            assert_eq!(signature, Some(bytes(&case.signature)), "{}", case.bits);
        }
    }

    #[test]
    fn a_changed_key_signs_nothing() {
        let case = cases().remove(0);
        let der = bytes(&case.pkcs8);
        let good = bytes(&case.signature);
        // Every tenth bit or so, in each part of the key: refused, or the same signature where it does not matter.
        for at in (0..der.len()).step_by(7) {
            let mut der = der.clone();
            der[at] ^= 1 << (at % 8);
            if let Ok(key) = PrivateKey::from_pkcs8(&der) {
                let signature = key.sign(case.message.as_bytes());
                assert!(signature.is_none_or(|made| made == good), "byte {at}");
            }
        }
        for cut in 0..der.len() {
            assert!(PrivateKey::from_pkcs8(&der[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn what_is_no_rsa_key_is_refused() {
        let der = bytes(&cases()[0].pkcs8);
        let at = der
            .windows(RSA_ENCRYPTION.len())
            .position(|window| window == RSA_ENCRYPTION)
            .unwrap();
        let mut other = der;
        // RSASSA-PSS: another kind of key.
        other[at + 10] = 10;
        for der in [
            &b""[..],
            b"\x30",
            b"\x30\x80\0\0",
            b"\x30\x84\xff\xff\xff\xff",
            &other,
        ] {
            assert_eq!(
                PrivateKey::from_pkcs8(der).err(),
                Some(KeyProblem::Unreadable)
            );
        }
    }
}
