//! Bytes to a verified event: signature schemes, delivery ids, and bodies as documents.
//!
//! Guarantees: pure (no IO, clock, async, log); every check runs over the bytes that arrived;
//! a [`Verified`] can be made by [`Scheme::verify`] alone; which scheme applies is configuration,
//! never chosen by the request; no answer and no error holds content or a secret.
//! Does not know: HTTP frameworks, body caps, where events are stored, what a lead is.
//!
//! In reading order: `settings` (what an operator writes), `layout` (how a signature is laid out:
//! the named kinds are rows of one engine), `scheme` (compile, verify, sign), `items` (delivery
//! ids), `form` (a stored body as a document), `shape` (default field mappings).

mod engine;
pub mod form;
mod items;
mod layout;
mod path;
mod scheme;
mod settings;
pub mod shape;
mod template;
mod timestamp;
mod token;

#[cfg(test)]
mod tests;

pub use items::Item;
pub use scheme::{Scheme, Verified};
pub use settings::{Algorithm, Encoding, Kind, OneOrMany, Secret, SecretForm, SourceSettings};
pub use timestamp::TimestampFormat;

use std::fmt;

/// One delivery as it arrived, before anything was believed or parsed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method as received, upper case: `POST`.
    pub method: &'a str,
    /// The full public URI: the *configured* scheme, host and mount prefix, then the raw path and
    /// query as received. Never made from `Host` or a forwarded header, which a caller chooses.
    pub uri: &'a str,
    /// All headers in order, repeats kept, names in lower case.
    pub headers: &'a [(String, Vec<u8>)],
    /// The raw body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The one value of a header. Repeats with the same value count as one.
    fn header(&self, name: &str) -> Result<Option<&'a [u8]>, Refused> {
        let mut values = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice());
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(Refused::RepeatedHeader);
        }
        Ok(first)
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name))
    }
}

/// Why a delivery was not believed. Names no content, so it may be logged and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// The signature or token header is not there.
    MissingSignature,
    /// The timestamp that the scheme signs is not there.
    MissingTimestamp,
    /// The delivery id that the scheme signs is not there.
    MissingId,
    /// A header does not have the form that the scheme prescribes.
    Malformed,
    /// A header that matters came twice with different values.
    RepeatedHeader,
    /// Well-formed, but made with another secret or over other bytes.
    BadSignature,
    /// Rightly signed, but longer ago than the tolerance.
    Stale,
    /// Rightly signed, but further ahead than the tolerance.
    Future,
    /// The body is compressed or otherwise encoded: 415, all others are 401.
    Encoded,
}

impl Refused {
    /// The stable word for logs and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::MissingSignature => "missing-signature",
            Self::MissingTimestamp => "missing-timestamp",
            Self::MissingId => "missing-id",
            Self::Malformed => "malformed",
            Self::RepeatedHeader => "repeated-header",
            Self::BadSignature => "bad-signature",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Encoded => "encoded",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for Refused {}
