//! Action links: tokens that strangers make up, and changed ones.
//!
//! States: what is signed verifies until its expiry and not at it; any changed, cut or lengthened
//! token has nothing; another key's neither; a stranger's bytes are never a token.
//! Input: kind, what is changed (2 bytes), expiry (8), UUID (16), the id; all of it is also tried
//! as a token.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use handoff::{
    model::time::Time,
    notify::link::{Grant, LinkError, LinkKey},
};
use uuid::Uuid;

use super::Cut;

static KEYS: LazyLock<[LinkKey; 3]> = LazyLock::new(|| {
    [&[[1_u8; 32]][..], &[[2_u8; 32]], &[[2_u8; 32], [1_u8; 32]]]
        .map(|secrets| LinkKey::new(secrets).expect("long enough"))
});

/// Ids up to here are of sensible length; longer ones make tokens that nobody accepts.
const ID_MAX: usize = 600;

pub fn run(bytes: &[u8]) {
    let [key, other, rotated] = &*KEYS;
    let early = Time(i64::MIN);
    for token in [String::from_utf8_lossy(bytes).into_owned(), URL_SAFE_NO_PAD.encode(bytes)] {
        assert!(key.verify(&token, early).is_err(), "a stranger made a token");
    }
    let mut cut = Cut(bytes);
    let kind = cut.byte();
    let place = cut.number(2).unsigned_abs() as usize;
    let expires = Time(cut.number(8));
    let uuid = Uuid::from_u128((0..16).fold(0, |all, _| all << 8 | u128::from(cut.byte())));
    let Ok(id) = std::str::from_utf8(cut.0) else { return };
    if id.len() > ID_MAX {
        return;
    }
    let id = id.to_owned();
    let grant = match kind % 4 {
        0 => Grant::Act { lead: uuid, rep: id },
        1 => Grant::OutToday { rep: id },
        2 => Grant::Board { rep: id },
        _ => Grant::Once { who: id, nonce: uuid },
    };
    let token = key.sign(&grant, expires);
    assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    let end = expires.seconds().saturating_mul(1000);
    assert_eq!(key.verify(&token, Time(end)), Err(LinkError::Expired));
    assert_eq!(other.verify(&token, early), Err(LinkError::BadSignature));
    if end > i64::MIN {
        let before = Time(end - 1);
        for key in [key, rotated] {
            let claim = key.verify(&token, before).expect("what is signed verifies");
            assert_eq!((&claim.grant, claim.expires), (&grant, Time(end)));
        }
    }
    let mut raw = URL_SAFE_NO_PAD.decode(&token).expect("our own token");
    let at = place % raw.len();
    raw[at] ^= 1 << (kind / 4 % 8);
    assert!(key.verify(&URL_SAFE_NO_PAD.encode(&raw), early).is_err(), "byte {at} is not signed");
    assert!(key.verify(&token[..place % token.len()], early).is_err());
    assert!(key.verify(&format!("{token}A"), early).is_err());
}
