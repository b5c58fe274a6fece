//! Buttons that a demo adds to the board.
//!
//! Guarantees: they exist only when the daemon was started as a demo; a press needs a session and
//! a page of ours. Does not know: what a button does.

use std::{future::Future, pin::Pin};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};

use super::{
    super::Front,
    answer::{Notice, page},
    open, session,
    whence::Whence,
};

/// What a demo offers to be pressed.
pub trait DemoButtons: Send + Sync {
    /// Ids for addresses and labels for people, in order.
    fn buttons(&self) -> Vec<(&'static str, String)>;
    /// Presses one; the answer is a sentence about what happened.
    fn press(&self, id: &str) -> Pin<Box<dyn Future<Output = String> + Send + '_>>;
}

/// Presses a button.
pub async fn press(
    request: HttpRequest,
    id: web::Path<String>,
    front: web::Data<Front>,
) -> HttpResponse {
    if session::of(&front, &request).is_none() {
        return open::closed(&front, &request);
    }
    if Whence::of(request.headers(), &front.public_url) != Whence::Here {
        let notice = Notice::new("Refused", "This was not asked for on the board. Open it again.");
        return page(&front, StatusCode::FORBIDDEN, &notice);
    }
    let buttons = front
        .demo
        .as_ref()
        .filter(|demo| demo.buttons().iter().any(|(known, _)| *known == id.as_str()));
    let Some(demo) = buttons else {
        let notice = Notice::new("There is no such button", "Go back to the board.");
        return page(&front, StatusCode::NOT_FOUND, &notice);
    };
    let said = demo.press(&id).await;
    page(&front, StatusCode::OK, &Notice::new("Done", &said))
}
