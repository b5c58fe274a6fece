//! A seal: what others may keep for us and nobody but us can read.
//!
//! Guarantees: AES-256-GCM under a key derived from a secret that all of our processes have, with a
//! nonce of its own for each seal; what was changed, cut, sealed under another secret or for another
//! purpose does not open. Does not know: what is sealed, or who keeps it.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, Salt},
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use super::Secret;

/// Seals and opens.
pub struct Seal {
    key: RandomizedNonceKey,
    purpose: String,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", self.purpose)
    }
}

impl Seal {
    /// A seal for one purpose, under a key derived from this secret.
    #[must_use]
    pub fn new(secret: &Secret, purpose: &str) -> Option<Self> {
        let base = Salt::new(HKDF_SHA256, b"handoff seal 1").extract(secret.expose().as_bytes());
        let mut key = [0_u8; 32];
        base.expand(&[purpose.as_bytes()], HKDF_SHA256).ok()?.fill(&mut key).ok()?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).ok()?;
        Some(Self { key, purpose: purpose.to_owned() })
    }

    /// Seals these bytes, as text.
    #[must_use]
    pub fn close(&self, open: &[u8]) -> Option<String> {
        let mut bytes = open.to_vec();
        let aad = Aad::from(self.purpose.as_bytes());
        let nonce = self.key.seal_in_place_append_tag(aad, &mut bytes).ok()?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        Some(STANDARD_NO_PAD.encode(sealed))
    }

    /// Opens what was sealed; nothing, when it is not ours.
    #[must_use]
    pub fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let aad = Aad::from(self.purpose.as_bytes());
        let open = self.key.open_in_place(nonce, aad, &mut rest).ok()?;
        Some(open.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &str, purpose: &str) -> Seal {
        Seal::new(&Secret::new(secret), purpose).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_us_alone() {
        let ours = seal("hunter2", "session:acme");
        let sealed = ours.close(b"a token").unwrap();
        assert_eq!(ours.open(&sealed).as_deref(), Some(&b"a token"[..]));
        assert_ne!(ours.close(b"a token").unwrap(), sealed, "each has a nonce of its own");
        assert!(!sealed.contains("token") && !sealed.contains("YSB0b2tlb"), "{sealed}");
        assert_eq!(seal("hunter3", "session:acme").open(&sealed), None);
        assert_eq!(seal("hunter2", "session:other").open(&sealed), None);
        for length in 0..sealed.len() {
            assert_eq!(ours.open(&sealed[..length]), None, "cut at {length}");
        }
        let mut changed = sealed.into_bytes();
        changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
        assert_eq!(ours.open(std::str::from_utf8(&changed).unwrap()), None);
    }
}
