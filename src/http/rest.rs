//! What a handler leaves unread of a body that comes in chunks.
//!
//! Guarantees: when a request was answered before its chunks ended, the connection is closed. Left
//! alone, the server would read on to an end that a sender may never reach, without a deadline and
//! without a bound. Bodies that say their length are closed by the server itself.
//! Does not know: why a body was left.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage as _,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::header,
};
use bytes::Bytes;
use futures_util::Stream;

struct Inner {
    payload: Payload,
    has_ended: bool,
}

/// A body that its handler and the edge hold together.
#[derive(Clone)]
pub struct Rest(Rc<RefCell<Inner>>);

impl Rest {
    /// Holds on to the body, if it comes in chunks.
    #[must_use]
    pub fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !request.headers().contains_key(header::TRANSFER_ENCODING) {
            return None;
        }
        let inner = Inner { payload: request.take_payload(), has_ended: false };
        let rest = Self(Rc::new(RefCell::new(inner)));
        request.set_payload(Payload::Stream { payload: Box::pin(rest.clone()) });
        Some(rest)
    }

    /// An answer's body that keeps this one until it was sent, if anything of this is left: the
    /// server closes a connection on which somebody still holds an unfinished body.
    #[must_use]
    pub fn kept_by(self, body: BoxBody) -> BoxBody {
        let has_ended = self.0.try_borrow().is_ok_and(|inner| inner.has_ended);
        if has_ended { body } else { BoxBody::new(Keeping { body, _rest: self }) }
    }
}

impl Stream for Rest {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Polled by one handler, on one thread: nobody else borrows it meanwhile.
        let Ok(mut inner) = self.0.try_borrow_mut() else { return Poll::Ready(None) };
        let next = Pin::new(&mut inner.payload).poll_next(context);
        inner.has_ended |= matches!(next, Poll::Ready(None));
        next
    }
}

struct Keeping {
    body: BoxBody,
    _rest: Rest,
}

impl MessageBody for Keeping {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
