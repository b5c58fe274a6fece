//! `GET /board/events`: tells an open board that something changed.
//!
//! Guarantees: at most four messages a second however much is decided; a message every few
//! seconds in any case, with our time, so that a lost line is noticed and countdowns run by our
//! clock; a stream ends with its session, after a while (the browser comes back by itself), or
//! when the daemon stops. Does not know: what changed; the page asks again.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{super::Front, answer::guarded, open, session};

/// The shortest time between two messages.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const QUIET: Duration = Duration::from_secs(5);
/// So soon comes the second message, for a browser to see how fast our clock runs.
const SECOND: Duration = Duration::from_secs(1);
/// Messages before a stream ends and the browser comes back.
const MESSAGES_MAX: u32 = 2_000;
/// Streams open at once.
pub const STREAMS_MAX: usize = 256;

struct Line {
    front: web::Data<Front>,
    session: String,
    changes: watch::Receiver<i64>,
    closing: watch::Receiver<bool>,
    sent: u32,
    _place: OwnedSemaphorePermit,
}

/// Opens a stream.
pub async fn events(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    let Some(session) = session::of(&front, &request) else {
        return open::closed(&front, &request);
    };
    let Ok(place) = Arc::clone(&front.pages.streams).try_acquire_owned() else {
        return HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, "10"))
            .finish();
    };
    let mut answer = HttpResponse::Ok();
    guarded(&front, &mut answer);
    let changes = front.changes.clone();
    let closing = front.pages.closing.subscribe();
    let line = Line { front, session, changes, closing, sent: 0, _place: place };
    answer
        .content_type("text/event-stream")
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::unfold(line, next))
}

/// Waits for the next thing to say; `None` ends the stream.
async fn next(mut line: Line) -> Option<(Result<Bytes, actix_web::Error>, Line)> {
    if line.sent > 0 {
        let quiet = if line.sent == 1 { SECOND } else { QUIET };
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            changed = line.changes.changed() => changed.ok()?,
            _ = line.closing.wait_for(|closing| *closing) => return None,
            () = tokio::time::sleep(quiet) => {}
        }
    }
    let now = line.front.clock.now();
    if line.sent > MESSAGES_MAX || !line.front.pages.sessions.is_open(&line.session, now) {
        return None;
    }
    let seq = *line.changes.borrow_and_update();
    let now = now.0;
    let head = if line.sent == 0 { "retry: 2000\n" } else { "" };
    line.sent += 1;
    let text = format!("{head}data: {{\"seq\":{seq},\"now\":{now}}}\n\n");
    Some((Ok(Bytes::from(text)), line))
}
