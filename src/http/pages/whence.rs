//! Where a request that changes something was made: on one of our pages, or elsewhere.
//!
//! Guarantees: what a browser marks as coming from another site is [`Whence::Elsewhere`]. Browsers
//! mark it by `Sec-Fetch-Site`, older ones by `Origin` alone; pages are sent with `no-referrer`,
//! which makes a form's `Origin` read `null`, so `Sec-Fetch-Site` is looked at first.
//! Does not know: who asks. Sessions and signed links say that.

use actix_web::http::header::{self, HeaderMap};

/// Where a request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// On one of our own pages, or by the person's own hand.
    Here,
    /// It does not say: not a browser, or an old one.
    Unsaid,
    /// On a page of another site.
    Elsewhere,
}

impl Whence {
    /// Reads the headers. `public_url` is our configured address.
    #[must_use]
    pub fn of(headers: &HeaderMap, public_url: &str) -> Self {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
        if let Some(site) = text("sec-fetch-site") {
            return match site {
                "same-origin" | "none" => Self::Here,
                _ => Self::Elsewhere,
            };
        }
        match text(header::ORIGIN.as_str()) {
            None | Some("null") => Self::Unsaid,
            Some(origin) if is_ours(origin, public_url, text(header::HOST.as_str())) => Self::Here,
            Some(_) => Self::Elsewhere,
        }
    }
}

/// The configured address, or the very host that was asked (a local name of the same machine).
fn is_ours(origin: &str, public_url: &str, host: Option<&str>) -> bool {
    let authority = |url: &str| url.split_once("://").map(|(_, rest)| rest.to_owned());
    let origin = authority(origin);
    let public = authority(public_url);
    let public = public.as_deref().and_then(|rest| rest.split('/').next());
    origin.is_some() && (origin.as_deref() == public || origin.as_deref() == host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn check(headers: &[(&'static str, &'static str)]) -> Whence {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Whence::of(&map, "https://leads.acme.example/handoff")
    }

    #[test]
    fn other_sites_are_elsewhere_whatever_else_they_claim() {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://leads.acme.example")],
            &[("origin", "https://evil.example"), ("host", "leads.acme.example")],
            &[("origin", "https://leads.acme.example.evil.example")],
            &[("origin", "leads.acme.example"), ("host", "leads.acme.example")],
            &[("origin", "")],
        ] {
            assert_eq!(check(headers), Whence::Elsewhere, "{headers:?}");
        }
    }

    #[test]
    fn our_own_pages_are_here() {
        for headers in [
            &[("sec-fetch-site", "same-origin"), ("origin", "null")][..],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://leads.acme.example")],
            &[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")],
        ] {
            assert_eq!(check(headers), Whence::Here, "{headers:?}");
        }
        assert_eq!(check(&[]), Whence::Unsaid);
        assert_eq!(check(&[("origin", "null")]), Whence::Unsaid);
    }
}
