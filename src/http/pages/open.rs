//! `GET /open/{key}`: a one-time key begins a session.
//!
//! Guarantees: a key opens once; a browser that only fetches ahead does not use it up; who is
//! signed in already goes straight on. Does not know: who made the key.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};

use super::{
    super::Front,
    answer::{Notice, guarded, page, root},
    session,
};

/// Takes a key and begins a session.
pub async fn open(
    request: HttpRequest,
    key: web::Path<String>,
    front: web::Data<Front>,
) -> HttpResponse {
    if is_fetched_ahead(&request) {
        // Browsers discard this and ask again when the person really goes there.
        return HttpResponse::ServiceUnavailable().finish();
    }
    if session::of(&front, &request).is_some() {
        return onward(&front, &request, None);
    }
    if !session::is_safe(&front) {
        return page(
            &front,
            StatusCode::FORBIDDEN,
            &Notice::new(
                "Not over plain http",
                "The pages show people's data. Set the public address in the settings to an https \
             address, or listen on this machine only.",
            ),
        );
    }
    if !session::take_key(&front, &key) {
        return page(
            &front,
            StatusCode::FORBIDDEN,
            &Notice::new(
                "This key opens nothing",
                "It was used before, or it has expired. Make a new one with `handoff open` on the \
             machine where handoff runs.",
            ),
        );
    }
    let Some(token) = front.pages.sessions.begin(front.clock.now()) else {
        tracing::error!("no randomness for a session");
        return HttpResponse::InternalServerError().finish();
    };
    tracing::info!("the pages were opened with a one-time key");
    onward(&front, &request, Some(token))
}

fn is_fetched_ahead(request: &HttpRequest) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        let value = request.headers().get(*name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("prefetch") || value.contains("prerender"))
    })
}

/// To the board. A link followed from another site would not send a strict cookie along a
/// redirect, so such a browser gets a page that goes on by itself.
fn onward(front: &Front, request: &HttpRequest, token: Option<String>) -> HttpResponse {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let mut answer = if matches!(site, Some("cross-site" | "same-site")) {
        let notice =
            Notice { goes_on: true, ..Notice::new("Signed in", "The board opens by itself.") };
        page(front, StatusCode::OK, &notice)
    } else {
        let mut answer = HttpResponse::SeeOther();
        guarded(front, &mut answer);
        answer.insert_header((header::LOCATION, "../")).finish()
    };
    if let Some(token) = token
        && let Err(error) = answer.add_cookie(&session::cookie(front, token))
    {
        tracing::error!(%error, "a session's cookie could not be set");
    }
    answer
}

/// What somebody without a session sees. A part of a page tells the page to load anew.
pub fn closed(front: &Front, request: &HttpRequest) -> HttpResponse {
    let mut answer = page(
        front,
        StatusCode::FORBIDDEN,
        &Notice {
            root: root(request.path()),
            ..Notice::new(
                "The board is closed",
                "It shows people's data, so it opens with a one-time key: the link that was printed \
             when handoff started, or a new one made with `handoff open` on the machine where it \
             runs.",
            )
        },
    );
    if request.headers().contains_key("hx-request") {
        answer.headers_mut().insert(
            header::HeaderName::from_static("hx-refresh"),
            header::HeaderValue::from_static("true"),
        );
    }
    answer
}
