//! A stand-in for the network: a function that answers every call.
//!
//! Guarantees: a call that may not be sent is not answered either, an answer that is too long is
//! cut off as one from the network is, and what is answered is read by the same code. Nothing is
//! sent. For tests that look at every answer that a destination could give.
//! Does not know: time; a deadline never passes here.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::{Answer, Call};

/// What a stand-in answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// The headers; those that no HTTP message can carry are left out.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A function from a call's address and body to its answer.
#[derive(Clone)]
pub(super) struct StandIn(Arc<dyn Fn(&Url, &[u8]) -> Said + Send + Sync>);

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StandIn")
    }
}

impl StandIn {
    pub fn new(answer: impl Fn(&Url, &[u8]) -> Said + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    pub fn answer(&self, call: &Call) -> Answer {
        let said = (self.0)(&call.url, call.body.as_deref().unwrap_or_default());
        let headers = said.headers.iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value).ok()?))
        });
        let headers: HeaderMap = headers.collect();
        let body = Bytes::from(said.body);
        Answer { status: said.status, headers, body, is_harmless: call.is_harmless }
    }
}
