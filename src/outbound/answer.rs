//! What a destination answered, and the class of failure it shows.
//!
//! Guarantees: a status becomes exactly one [`Failure`]; the wait a destination asks for is kept
//! between a second and an hour, whatever it wrote. No text of the answer gets into a failure.
//! Does not know: any vendor's codes; an adapter looks at the body first and falls back on this.

use bytes::Bytes;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::model::{
    failure::Failure,
    time::{Span, Time},
};

/// The shortest and the longest wait that we let a destination impose.
const WAIT_MIN: Span = Span::seconds(1);
const WAIT_MAX: Span = Span::hours(1);
/// The pause after a 429 that names none.
const PAUSE: Span = Span::seconds(10);

/// An answer that arrived whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, at most 1 MiB.
    pub body: Bytes,
    /// Repeating the call does no harm.
    pub(super) is_harmless: bool,
}

impl Answer {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not of that shape (proxies answer HTML when they are ill): [`Failure::Busy`], or
    /// [`Failure::MaybeDone`] for a call that does harm when it is repeated.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            if !self.is_harmless {
                return Failure::MaybeDone;
            }
            let (status, class) = (self.status, error.classify());
            let why = format!("status {status} with an unreadable body ({class:?})");
            Failure::Busy { after: None, why }
        })
    }

    /// The body as JSON if it is any, for error bodies that may be HTML or nothing.
    #[must_use]
    pub fn lenient<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// How long it asks to wait, within limits.
    #[must_use]
    pub fn wait(&self, now: Time) -> Option<Span> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        retry_after(text, now)
    }

    /// When to come back after a "too many requests", whether or not it says so.
    #[must_use]
    pub fn until(&self, now: Time) -> Time {
        now.plus(self.wait(now).unwrap_or(PAUSE))
    }

    /// The failure that the status alone shows; none for 2xx.
    #[must_use]
    pub fn failure(&self, now: Time) -> Option<Failure> {
        let busy =
            || Failure::Busy { after: self.wait(now), why: format!("status {}", self.status) };
        Some(match self.status {
            200..=299 => return None,
            429 => Failure::Throttled { until: self.until(now), scope: "burst" },
            503 if self.wait(now).is_some() => {
                Failure::Throttled { until: self.until(now), scope: "outage" }
            }
            // These come from behind the point where the work may have been done.
            500 | 502 | 504 if !self.is_harmless => Failure::MaybeDone,
            408 | 423 | 425 | 500..=599 => busy(),
            401 => Failure::AuthExpired,
            403 | 407 => Failure::AuthLost { why: format!("status {}", self.status) },
            404 | 410 => Failure::Gone,
            other => Failure::Refused { why: format!("status {other}") },
        })
    }
}

/// Reads a `Retry-After`: whole seconds or an HTTP date (RFC 9110, 10.2.3), within limits.
fn retry_after(text: &str, now: Time) -> Option<Span> {
    let text = text.trim();
    let span = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_or(WAIT_MAX, Span::seconds)
    } else {
        let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(text).ok()?;
        Time(date.timestamp().as_millisecond()).since(now)
    };
    Some(span.clamp(WAIT_MIN, WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T10:00:00Z.
    const NOW: Time = Time(1_795_428_000_000);

    #[test]
    fn waits_are_read_in_both_forms_and_kept_within_limits() {
        let at = |text| retry_after(text, NOW).map(|span| span.0);
        for (text, ms) in [
            ("5", Some(5_000)),
            (" 7 ", Some(7_000)),
            ("0", Some(1_000)),
            ("999999999", Some(3_600_000)),
            ("99999999999999999999999999", Some(3_600_000)),
            ("Mon, 23 Nov 2026 10:00:30 GMT", Some(30_000)),
            ("Mon, 23 Nov 2026 09:00:30 GMT", Some(1_000)),
            ("Tue, 24 Nov 2026 10:00:30 GMT", Some(3_600_000)),
            ("soon", None),
            ("", None),
            ("-5", None),
            ("1.5", None),
        ] {
            assert_eq!(at(text), ms, "{text:?}");
        }
    }

    fn answer(status: u16, wait: Option<&str>, is_harmless: bool) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(wait) = wait {
            headers.insert(RETRY_AFTER, wait.parse().unwrap());
        }
        Answer { status, headers, body: Bytes::from_static(b"<html>"), is_harmless }
    }

    #[test]
    fn every_status_has_one_class() {
        for (status, wait, harmless, word) in [
            (200, None, false, None),
            (204, None, false, None),
            (301, None, false, Some("refused")),
            (400, None, false, Some("refused")),
            (401, None, false, Some("auth_expired")),
            (403, None, false, Some("auth_lost")),
            (404, None, false, Some("gone")),
            (409, None, false, Some("refused")),
            (410, None, false, Some("gone")),
            (422, None, false, Some("refused")),
            (423, None, false, Some("busy")),
            (429, None, false, Some("throttled")),
            (500, None, false, Some("maybe_done")),
            (500, None, true, Some("busy")),
            (502, None, false, Some("maybe_done")),
            (503, None, false, Some("busy")),
            (503, Some("9"), false, Some("throttled")),
            (504, None, true, Some("busy")),
            (521, None, false, Some("busy")),
        ] {
            let failure = answer(status, wait, harmless).failure(NOW);
            assert_eq!(failure.as_ref().map(Failure::word), word, "{status}");
        }
        assert_eq!(answer(429, None, false).until(NOW), NOW.plus(Span::seconds(10)));
        assert_eq!(answer(429, Some("3"), false).until(NOW), NOW.plus(Span::seconds(3)));
    }

    #[test]
    fn an_unreadable_body_is_a_passing_illness_and_not_quoted() {
        let failure = answer(200, None, true).json::<serde_json::Value>().unwrap_err();
        assert_eq!(failure.word(), "busy");
        assert!(!failure.to_string().contains("html"), "{failure}");
        let failure = answer(200, None, false).json::<serde_json::Value>().unwrap_err();
        assert_eq!(failure, Failure::MaybeDone);
    }
}
