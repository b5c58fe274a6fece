//! Sessions of the pages: a random cookie, kept as a hash, in memory.
//!
//! Guarantees: 256 random bits, only their SHA-256 is kept; a session ends after
//! `SESSION` or with the process. The cookie is `HttpOnly`,
//! `SameSite=Strict` and, when the public address is https, `__Host-` and `Secure`. A one-time
//! link signs in once. Does not know: roles; whoever may open the board may see all of it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::super::{Front, SESSION, auth};
use crate::{
    model::time::Time,
    notify::link::{Claim, Grant},
};

/// More people than look at one board; beyond it the session that ends first is dropped.
const SESSIONS_MAX: usize = 500;

/// Who is signed in.
#[derive(Default)]
pub struct Sessions(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// When each session ends, by the hash of its cookie.
    open: HashMap<[u8; 32], Time>,
    /// Signed links that were used, until they would have expired.
    used: HashMap<Uuid, Time>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sessions({} open)", self.inner().open.len())
    }
}

impl Sessions {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Whole values are inserted and removed: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session; the answer is what the cookie holds. `None` without randomness.
    pub fn begin(&self, now: Time) -> Option<String> {
        let token = random_key()?;
        let mut inner = self.inner();
        inner.open.retain(|_, ends| now < *ends);
        if inner.open.len() >= SESSIONS_MAX {
            let first = inner.open.iter().min_by_key(|(_, ends)| **ends).map(|(hash, _)| *hash);
            first.and_then(|hash| inner.open.remove(&hash));
        }
        inner.open.insert(auth::hash(&token), now.plus(SESSION));
        Some(token)
    }

    /// Whether a session with this cookie is open.
    pub fn is_open(&self, token: &str, now: Time) -> bool {
        self.inner().open.get(&auth::hash(token)).is_some_and(|ends| now < *ends)
    }

    /// Takes a signed link once; `false` if it was used before.
    fn take_once(&self, nonce: Uuid, expires: Time, now: Time) -> bool {
        let mut inner = self.inner();
        inner.used.retain(|_, expires| now < *expires);
        inner.used.insert(nonce, expires).is_none()
    }
}

/// 256 random bits for a cookie or a one-time key; `None` without randomness.
#[must_use]
pub fn random_key() -> Option<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// The session that the request belongs to, as its cookie has it, if it is open.
#[must_use]
pub fn of(front: &Front, request: &HttpRequest) -> Option<String> {
    let token = request.cookie(name(front))?.value().to_owned();
    front.pages.sessions.is_open(&token, front.clock.now()).then_some(token)
}

/// Takes a one-time key: the one made at start, or a signed link that says "once".
#[must_use]
pub fn take_key(front: &Front, key: &str) -> bool {
    let now = front.clock.now();
    let mut made = front.page_key.lock().unwrap_or_else(PoisonError::into_inner);
    let is_made: bool =
        made.as_ref().is_some_and(|made| made.as_bytes().ct_eq(key.as_bytes()).into());
    if is_made {
        *made = None;
        return true;
    }
    match front.link_key.verify(key, now) {
        Ok(Claim { grant: Grant::Once { nonce, .. }, expires }) => {
            front.pages.sessions.take_once(nonce, expires, now)
        }
        _ => false,
    }
}

/// The cookie of a session.
#[must_use]
pub fn cookie(front: &Front, token: String) -> Cookie<'static> {
    Cookie::build(name(front), token)
        .path("/")
        .http_only(true)
        .secure(is_https(front))
        .same_site(SameSite::Strict)
        .max_age(actix_web::cookie::time::Duration::milliseconds(SESSION.0))
        .finish()
}

/// Whether cookies are safe on the way: https, or plain http that stays on this machine.
#[must_use]
pub fn is_safe(front: &Front) -> bool {
    let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    let rest = local.iter().find_map(|local| front.public_url.strip_prefix(local));
    is_https(front)
        || front.is_loopback
        || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
}

fn is_https(front: &Front) -> bool {
    front.public_url.starts_with("https://")
}

fn name(front: &Front) -> &'static str {
    if is_https(front) { "__Host-handoff" } else { "handoff" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Span;

    #[test]
    fn a_session_ends_at_its_end_and_not_before() {
        let sessions = Sessions::default();
        let token = sessions.begin(Time(0)).unwrap();
        assert!(sessions.is_open(&token, Time(SESSION.0 - 1)));
        assert!(!sessions.is_open(&token, Time(SESSION.0)));
        assert!(!sessions.is_open("", Time(0)));
        assert!(!format!("{sessions:?}").contains(&token));
    }

    #[test]
    fn beyond_the_most_sessions_the_one_that_ends_first_is_dropped() {
        let sessions = Sessions::default();
        let tokens: Vec<String> = (0..=i64::try_from(SESSIONS_MAX).unwrap())
            .map(|second| sessions.begin(Time(0).plus(Span::seconds(second))).unwrap())
            .collect();
        let now = Time(0).plus(Span::seconds(600));
        let open = tokens.iter().filter(|token| sessions.is_open(token, now)).count();
        assert_eq!(open, SESSIONS_MAX);
        assert!(!sessions.is_open(&tokens[0], now));
    }

    #[test]
    fn a_signed_link_signs_in_once() {
        let sessions = Sessions::default();
        let nonce = Uuid::from_u128(7);
        assert!(sessions.take_once(nonce, Time(900_000), Time(0)));
        assert!(!sessions.take_once(nonce, Time(900_000), Time(1)));
        assert!(sessions.take_once(Uuid::from_u128(8), Time(900_000), Time(1)));
    }
}
