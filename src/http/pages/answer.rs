//! Answers that are pages: rendered, with the headers that keep them harmless.
//!
//! Guarantees: every page carries the strict content security policy (no inline script or style,
//! nothing from elsewhere, framed by nobody), is never cached, sends no referrer and is never
//! sniffed. Does not know: what is on the page.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};
use askama::Template;

use super::super::Front;

/// What a page may load and do.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                       connect-src 'self'; form-action 'self'; base-uri 'none'; \
                       frame-ancestors 'none'; object-src 'none'";

/// The way from an address such as `/leads/…` to the root of the pages. All addresses in pages are
/// relative, so that a proxy may serve them under a path of its own.
pub const BELOW: &str = "../";

/// The way from an address to the root of the pages.
#[must_use]
pub fn root(path: &str) -> &'static str {
    match path.matches('/').count() {
        0 | 1 => "",
        _ => BELOW,
    }
}

/// A page.
pub fn page(front: &Front, status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(html) => {
            let mut answer = HttpResponse::build(status);
            guarded(front, &mut answer);
            answer.content_type("text/html; charset=utf-8").body(html)
        }
        Err(error) => {
            let reference = front.reference();
            tracing::error!(reference, %error, "a page could not be rendered");
            HttpResponse::InternalServerError()
                .content_type("text/plain; charset=utf-8")
                .body(format!("an internal error; reference {reference}\n"))
        }
    }
}

/// Adds the headers of every page.
pub fn guarded(front: &Front, answer: &mut HttpResponseBuilder) {
    answer
        .insert_header((header::CONTENT_SECURITY_POLICY, CSP))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .insert_header(("x-robots-tag", "noindex, nofollow"));
    if front.public_url.starts_with("https://") {
        answer.insert_header((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "notice.html")]
pub struct Notice<'a> {
    /// In a few words.
    pub title: &'a str,
    /// What it means and what to do.
    pub text: &'a str,
    /// To find it in the log; empty if nothing went wrong.
    pub reference: &'a str,
    /// Whether it goes on to the board by itself.
    pub goes_on: bool,
    /// The way from its address to the root of the pages.
    pub root: &'static str,
}

impl<'a> Notice<'a> {
    /// Says this.
    #[must_use]
    pub const fn new(title: &'a str, text: &'a str) -> Self {
        Self { title, text, reference: "", goes_on: false, root: BELOW }
    }
}

/// What a failing store means to a person.
pub fn store_failed(front: &Front, error: &crate::store::StoreError) -> HttpResponse {
    let reference = front.reference();
    tracing::warn!(reference, %error, "a page could not read or write the store");
    let notice = Notice {
        reference: &reference,
        ..Notice::new(
            "Not possible just now",
            "The store does not answer. Nothing that was stored is lost. Try again in a moment.",
        )
    };
    page(front, StatusCode::SERVICE_UNAVAILABLE, &notice)
}
