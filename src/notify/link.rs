//! Signed links that expire: what a rep clicks in a message.
//!
//! Guarantees: a token says who may do what until when, and nothing else; no personal data beyond
//! our own id of the rep. Whoever changes a byte of it, or lets it expire, has nothing. Secrets can
//! be rotated: the first one signs, all of them verify.
//! Does not know: which actions a page offers, or what was done with a link before. Opening one
//! changes nothing; only a POST from its page acts, so a scanner that follows links does no harm.
//!
//! A token is base64url of: version (1 byte), kind (1), expiry in seconds (8, big-endian), a UUID
//! (16), the id (UTF-8), HMAC-SHA256 over all of that cut to 16 bytes.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::model::time::Time;

/// The only version so far. Another one is malformed, whatever its signature.
const VERSION: u8 = 1;
/// Before the id: version, kind, expiry, UUID.
const HEAD: usize = 1 + 1 + 8 + 16;
/// 128 bits of the signature: nobody guesses that, and the link stays short.
const TAG: usize = 16;
/// Longer than any token that [`LinkKey::sign`] makes of an id of sensible length.
const TOKEN_MAX: usize = 1024;
/// The shortest secret, in bytes.
const SECRET_MIN: usize = 32;
/// Signed in front, so that a secret used elsewhere too cannot be made to sign a link.
const DOMAIN: &[u8] = b"handoff link\0";

/// What a link allows its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// To act on this lead as this rep; the page offers what can be done.
    Act {
        /// The lead's public id.
        lead: Uuid,
        /// The rep's id.
        rep: String,
    },
    /// To say "I'm out today" as this rep.
    OutToday {
        /// The rep's id.
        rep: String,
    },
    /// To see this rep's own leads.
    Board {
        /// The rep's id.
        rep: String,
    },
    /// To sign in once. Whoever accepts it remembers the nonce until the expiry.
    Once {
        /// The name of who signs in.
        who: String,
        /// Different in every such link.
        nonce: Uuid,
    },
}

/// A token that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What it allows.
    pub grant: Grant,
    /// From this instant on it allows nothing; whole seconds.
    pub expires: Time,
}

/// Why a token allows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is not a token of ours.
    #[error("this link is damaged or incomplete: open it again from the message")]
    Malformed,
    /// It was ours.
    #[error("this link has expired: open the newest message about this lead")]
    Expired,
    /// Somebody changed it, or its secret was rotated away.
    #[error("this link is not valid any more: open it again from the newest message")]
    BadSignature,
}

/// The secrets that sign and verify links.
#[derive(Clone)]
pub struct LinkKey {
    signs: Hmac<Sha256>,
    older: Vec<Hmac<Sha256>>,
}

impl LinkKey {
    /// The first secret signs; all of them verify. Each has 32 bytes or more.
    ///
    /// # Errors
    /// A sentence, when there is none or one is too short. It does not show the secret.
    pub fn new<S: AsRef<[u8]>>(secrets: &[S]) -> Result<Self, String> {
        let mut keys = Vec::with_capacity(secrets.len());
        for (index, secret) in secrets.iter().enumerate() {
            let secret = secret.as_ref();
            let key = Hmac::<Sha256>::new_from_slice(secret);
            match key {
                Ok(key) if secret.len() >= SECRET_MIN => keys.push(key.chain_update(DOMAIN)),
                _ => {
                    return Err(format!(
                        "secret {} for links has {} bytes: give it {SECRET_MIN} random bytes or more",
                        index + 1,
                        secret.len()
                    ));
                }
            }
        }
        let mut keys = keys.into_iter();
        match keys.next() {
            Some(signs) => Ok(Self { signs, older: keys.collect() }),
            None => Err("links need a secret of 32 random bytes or more".to_owned()),
        }
    }

    /// A token that allows `grant` until `expires` (cut to whole seconds).
    #[must_use]
    pub fn sign(&self, grant: &Grant, expires: Time) -> String {
        let (kind, uuid, id) = match grant {
            Grant::Act { lead, rep } => (1, *lead, rep),
            Grant::OutToday { rep } => (2, Uuid::nil(), rep),
            Grant::Board { rep } => (3, Uuid::nil(), rep),
            Grant::Once { who, nonce } => (4, *nonce, who),
        };
        let mut token = Vec::with_capacity(HEAD + id.len() + TAG);
        token.extend([VERSION, kind]);
        token.extend(expires.seconds().to_be_bytes());
        token.extend(uuid.as_bytes());
        token.extend(id.as_bytes());
        let tag = self.signs.clone().chain_update(&token).finalize().into_bytes();
        token.extend(tag.iter().take(TAG));
        URL_SAFE_NO_PAD.encode(token)
    }

    /// What `token` allows at `now`. The signature is looked at before anything it covers.
    ///
    /// # Errors
    /// Each [`LinkError`] is a sentence that can be shown to who clicked.
    pub fn verify(&self, token: &str, now: Time) -> Result<Claim, LinkError> {
        if token.len() > TOKEN_MAX {
            return Err(LinkError::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| LinkError::Malformed)?;
        let (signed, tag) = bytes.split_last_chunk::<TAG>().ok_or(LinkError::Malformed)?;
        let (head, id) = signed.split_first_chunk::<HEAD>().ok_or(LinkError::Malformed)?;
        let [VERSION, kind, rest @ ..] = head else { return Err(LinkError::Malformed) };
        // Each is compared in constant time, and all of them, so nothing tells how nearly a
        // forged one fits, nor which secret a good one was made with.
        let fits = std::iter::once(&self.signs).chain(&self.older).fold(false, |fits, key| {
            key.clone().chain_update(signed).verify_truncated_left(tag).is_ok() | fits
        });
        if !fits {
            return Err(LinkError::BadSignature);
        }
        let (seconds, uuid) = rest.split_first_chunk::<8>().ok_or(LinkError::Malformed)?;
        let uuid = Uuid::from_slice(uuid).map_err(|_| LinkError::Malformed)?;
        let id = String::from_utf8(id.to_vec()).map_err(|_| LinkError::Malformed)?;
        let grant = match kind {
            1 => Grant::Act { lead: uuid, rep: id },
            2 => Grant::OutToday { rep: id },
            3 => Grant::Board { rep: id },
            4 => Grant::Once { who: id, nonce: uuid },
            _ => return Err(LinkError::Malformed),
        };
        let expires = Time(i64::from_be_bytes(*seconds).saturating_mul(1000));
        if now >= expires { Err(LinkError::Expired) } else { Ok(Claim { grant, expires }) }
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkKey({} secrets)", 1 + self.older.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: Time = Time(1_767_268_800_000);

    fn key(seeds: &[u8]) -> LinkKey {
        LinkKey::new(&seeds.iter().map(|seed| [*seed; 32]).collect::<Vec<_>>()).unwrap()
    }

    fn act() -> Grant {
        Grant::Act { lead: Uuid::from_u128(7), rep: "ada".into() }
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let uuid = any::<u128>().prop_map(Uuid::from_u128);
        let id = "[a-zæ0-9._-]{0,40}";
        prop_oneof![
            (uuid.clone(), id).prop_map(|(lead, rep)| Grant::Act { lead, rep }),
            id.prop_map(|rep| Grant::OutToday { rep }),
            id.prop_map(|rep| Grant::Board { rep }),
            (uuid, id).prop_map(|(nonce, who)| Grant::Once { who, nonce }),
        ]
    }

    #[test]
    fn a_link_is_good_until_its_expiry_and_not_at_it() {
        let token = key(&[1]).sign(&act(), NOON);
        let at = |now| key(&[1]).verify(&token, now);
        assert_eq!(at(Time(NOON.0 - 1)), Ok(Claim { grant: act(), expires: NOON }));
        assert_eq!(at(NOON), Err(LinkError::Expired));
        assert_eq!(at(Time(i64::MAX)), Err(LinkError::Expired));
    }

    #[test]
    fn every_secret_verifies_and_the_first_one_signs() {
        let old = key(&[1]).sign(&act(), NOON);
        let rotated = key(&[2, 1]);
        assert!(rotated.verify(&old, Time(0)).is_ok());
        assert_eq!(rotated.sign(&act(), NOON), key(&[2]).sign(&act(), NOON));
        assert_eq!(key(&[2]).verify(&old, Time(0)), Err(LinkError::BadSignature));
    }

    #[test]
    fn what_is_not_a_token_is_malformed() {
        let token = key(&[1]).sign(&act(), NOON);
        let bare = URL_SAFE_NO_PAD.encode([1; HEAD + TAG - 1]);
        let other_version = URL_SAFE_NO_PAD.encode([2; HEAD + TAG]);
        for wrong in [
            "",
            "a",
            "ä",
            "../../etc",
            &token[1..3],
            &bare,
            &other_version,
            &format!("{token}="),
            &"A".repeat(TOKEN_MAX + 1),
        ] {
            assert_eq!(key(&[1]).verify(wrong, Time(0)), Err(LinkError::Malformed), "{wrong}");
        }
    }

    #[test]
    fn a_forged_token_is_forged_even_when_it_has_expired() {
        let token = key(&[1]).sign(&act(), NOON);
        assert_eq!(key(&[9]).verify(&token, NOON), Err(LinkError::BadSignature));
    }

    #[test]
    fn a_weak_or_missing_secret_is_refused_without_showing_it() {
        assert!(LinkKey::new::<Vec<u8>>(&[]).is_err());
        assert!(LinkKey::new(&[vec![b'x'; 32]]).is_ok());
        let error = LinkKey::new(&[vec![b'x'; 32], vec![b'x'; 31]]).unwrap_err();
        assert!(
            error.contains("secret 2") && error.contains("31") && !error.contains("xx"),
            "{error}"
        );
        assert_eq!(format!("{:?}", key(&[1])), "LinkKey(1 secrets)");
    }

    #[test]
    fn a_kind_is_never_read_as_another() {
        let (out, board) =
            (Grant::OutToday { rep: "ada".into() }, Grant::Board { rep: "ada".into() });
        assert_ne!(key(&[1]).sign(&out, NOON), key(&[1]).sign(&board, NOON));
    }

    proptest! {
        #[test]
        fn every_grant_reads_back(grant in any_grant(), seconds in 1_i64..10_000_000_000) {
            let expires = Time(seconds * 1000);
            let token = key(&[1]).sign(&grant, expires);
            prop_assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(key(&[1]).verify(&token, Time(expires.0 - 1)), Ok(Claim { grant, expires }));
        }

        #[test]
        fn any_changed_byte_takes_everything_away(grant in any_grant(), place in any::<prop::sample::Index>(), other in any::<u8>()) {
            let token = key(&[1]).sign(&grant, NOON);
            // A character of the token …
            let mut text = token.clone().into_bytes();
            let at = place.index(text.len());
            let letter = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[usize::from(other) % 64];
            prop_assume!(text[at] != letter);
            text[at] = letter;
            prop_assert!(key(&[1]).verify(&String::from_utf8(text).unwrap(), Time(0)).is_err());
            // … and a byte under it.
            let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
            let at = place.index(bytes.len());
            bytes[at] ^= other.max(1);
            prop_assert!(key(&[1]).verify(&URL_SAFE_NO_PAD.encode(bytes), Time(0)).is_err());
        }

        #[test]
        fn strangers_bytes_never_panic(token in ".{0,120}", now in any::<i64>()) {
            prop_assert!(key(&[1]).verify(&token, Time(now)).is_err());
        }
    }
}
