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

type Answering = dyn Fn(&Url, &[u8]) -> Said + Send + Sync;

/// A function from a call's address and body to its answer.
#[derive(Clone)]
pub(super) struct StandIn(Arc<Answering>);

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

#[cfg(test)]
mod tests {
    use super::super::{ANSWER_MAX, Outbound, Reach};
    use super::*;

    fn said(call: Call, body: usize) -> Result<u16, &'static str> {
        let headers = vec![("retry-after".to_owned(), b"5".to_vec()), ("\0".to_owned(), vec![])];
        let said = Said { status: 429, headers, body: vec![b'x'; body] };
        let outbound =
            Outbound::new(Reach::Public).unwrap().with_stand_in(move |_, _| said.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(outbound.send(call)).map_err(|failure| failure.word())?;
        assert_eq!((answer.headers.len(), answer.body.len()), (1, body));
        Ok(answer.status)
    }

    #[test]
    fn a_stand_in_is_held_to_what_the_network_is_held_to() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let crm = || url("https://crm.example/");
        assert_eq!(said(Call::get(crm()), ANSWER_MAX), Ok(429));
        assert_eq!(said(Call::get(crm()), ANSWER_MAX + 1), Err("busy"));
        assert_eq!(said(Call::post(crm()), ANSWER_MAX + 1), Err("maybe_done"));
        assert_eq!(said(Call::get(url("https://127.0.0.1/")), 1), Err("refused"));
    }
}
