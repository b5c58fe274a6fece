//! One call, put together piece by piece.
//!
//! Guarantees: a secret in a header is masked in `Debug`; a call knows whether repeating it does
//! harm. Does not know: where it may go, and how it ends.

use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use url::{Url, form_urlencoded};

use super::secret::Secret;

/// One call, to be sent once.
#[derive(Debug)]
pub struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) is_harmless: bool,
}

impl Call {
    /// A call; `GET` and `HEAD` do no harm when they are repeated, others may.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        let is_harmless = method == Method::GET || method == Method::HEAD;
        let headers =
            HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Self { method, url, headers, body: None, is_harmless }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A `POST`.
    #[must_use]
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    /// A `PATCH`.
    #[must_use]
    pub fn patch(url: Url) -> Self {
        Self::new(Method::PATCH, url)
    }

    /// Repeating this call does no harm though it is not a `GET`: a search, or an idempotency key.
    #[must_use]
    pub fn harmless(mut self) -> Self {
        self.is_harmless = true;
        self
    }

    /// Adds a header. A value that no header can carry is left out, so never put text of strangers
    /// here.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Adds a header whose value is a secret: it is masked in `Debug`.
    #[must_use]
    pub fn secret_header(mut self, name: HeaderName, value: &Secret) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(value.expose()) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        self
    }

    /// Adds a bearer token.
    #[must_use]
    pub fn bearer(self, token: &Secret) -> Self {
        self.secret_header(AUTHORIZATION, &Secret::new(format!("Bearer {}", token.expose())))
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &impl Serialize) -> Self {
        // A value of ours always serialises: maps have string keys.
        self.body("application/json", serde_json::to_vec(body).unwrap_or_default())
    }

    /// Sets a form body.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", body.into_bytes())
    }

    /// Sets a body.
    #[must_use]
    pub fn body(mut self, kind: &'static str, body: Vec<u8>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        self.body = Some(body);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_hides_its_token() {
        let call =
            Call::get(Url::parse("https://crm.example/").unwrap()).bearer(&Secret::new("hunter2"));
        assert!(!format!("{call:?}").contains("hunter2"));
    }
}
