//! Errors as answers: RFC 9457 problem documents.
//!
//! Guarantees: one exhaustive place from error to status; the text is generic for strangers and
//! says how to mend for those with a token; the log has the rest under the same reference.
//! Does not know: who asked.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;

use super::Front;
use crate::{store::StoreError, telemetry::volume::OFTEN};

/// A problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The status code again.
    pub status: u16,
    /// What is wrong, in a few words.
    pub title: String,
    /// More, where the caller may know it: what to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// To find it in the log.
    pub reference: String,
    /// Findings in a document that was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<crate::model::finding::Finding>,
}

impl Problem {
    /// A problem with this status.
    pub fn new(status: StatusCode, title: &str, reference: String) -> Self {
        Self {
            status: status.as_u16(),
            title: title.to_owned(),
            detail: String::new(),
            reference,
            findings: Vec::new(),
        }
    }

    /// With advice.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// What a failing store means to a caller; one that is not to be trusted ends the process too.
    pub fn store(front: &Front, error: &StoreError, reference: String) -> Self {
        front.end_if_failed(error);
        let said = |reason| front.volume.admit("store", reason, OFTEN, front.clock.now());
        match error {
            StoreError::Busy(_) | StoreError::Fatal(_) => {
                if let Some(suppressed) = said("cannot") {
                    tracing::warn!(reference, %error, suppressed, "the store could not take a request");
                }
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "cannot be stored now", reference)
                    .detail("nothing was lost on our side; send it again")
            }
            StoreError::TooLong(why) => {
                tracing::warn!(reference, %error, "a read was stopped");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "took too long", reference)
                    .detail(why.clone())
            }
            StoreError::Refused(why) => {
                Self::new(StatusCode::CONFLICT, "refused", reference).detail(why.clone())
            }
            StoreError::Corrupt(_) => {
                if let Some(suppressed) = said("corrupt") {
                    tracing::error!(reference, %error, suppressed, "the store holds something impossible");
                }
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "an internal error", reference)
            }
        }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The answer; 503 and 429 say when to come again, and the rest of a body that was refused
    /// unread is not waited for.
    pub fn answer(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status());
        answer.content_type("application/problem+json");
        match self.status() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                answer.insert_header((header::RETRY_AFTER, "2"));
            }
            StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                answer.force_close();
            }
            _ => {}
        }
        answer.json(self)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.status, self.title, self.reference)
    }
}

/// So that a handler may end with `?`.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.answer()
    }
}
