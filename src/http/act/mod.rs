//! `/act/{token}`: what a person does about a lead from a message.
//!
//! Guarantees: GET and HEAD change nothing, so scanners that follow links do no harm; POST puts
//! one event on disk before it answers, and a double click, a reload or a retry is the same event.
//! The token is the permission: no session, and a form on another site is refused.
//! Does not know: what the act leads to; the decision does, and the page shows what it decided.

mod order;
#[cfg(test)]
mod tests;
mod view;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};

use self::{
    order::Order,
    view::{LeadsPage, OutPage, Shown},
};
use super::{
    Front, body,
    pages::{
        answer::{Notice, page, store_failed},
        whence::Whence,
    },
};
use crate::{
    decide::{Desk, news},
    model::{
        event::{Accepted, Fate},
        lead::State,
        team::Team,
        time::Time,
    },
    notify::link::{Claim, Grant, LinkError},
    rulebook::Rulebook,
    store::{EventFilter, LeadFilter, LeadRow, StoreResult},
};

/// A form of ours is far smaller.
const FORM_MAX: usize = 8 * 1024;
/// So long a page waits for the decision before it says that the act is on disk.
const DECIDED_WITHIN: Duration = Duration::from_millis(1_500);
/// Leads on a rep's own page.
const LEADS_MAX: usize = 100;

/// Adds the route.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/act/{token}")
            .route(web::get().to(look))
            .route(web::head().to(look))
            .route(web::post().to(act)),
    );
}

async fn look(token: web::Path<String>, front: web::Data<Front>) -> HttpResponse {
    let now = front.clock.now();
    match allowed(&front, &token, now) {
        Ok(claim) => shown(&front, &claim, None, now).await,
        Err(instead) => instead,
    }
}

async fn act(
    request: HttpRequest,
    token: web::Path<String>,
    payload: web::Payload,
    front: web::Data<Front>,
) -> HttpResponse {
    let now = front.clock.now();
    let claim = match allowed(&front, &token, now) {
        Ok(claim) => claim,
        Err(instead) => return instead,
    };
    if Whence::of(request.headers(), &front.public_url) == Whence::Elsewhere {
        let text = "This was sent from another site. Open the link in the message and press the \
                    button there.";
        return page(&front, StatusCode::FORBIDDEN, &Notice::new("Refused", text));
    }
    let Ok(form) = body::read(&request, payload.into_inner(), FORM_MAX, front.body_within).await
    else {
        return unclear(&front, "The form did not arrive as a whole.");
    };
    let order = match Order::read(&claim.grant, &form) {
        Ok(order) => order,
        Err(why) => return unclear(&front, &why),
    };
    let event = match &claim.grant {
        Grant::OutToday { rep } => {
            order.event(&token, rep, day_end(&front, rep, now).unwrap_or(now), now)
        }
        Grant::Act { rep, .. } => order.event(&token, rep, claim.expires, now),
        Grant::Board { .. } | Grant::Once { .. } => None,
    };
    let Some(event) = event else { return unclear(&front, "Nothing can be done by this link.") };
    let changes = front.changes.clone();
    match front.accept(vec![event]).await {
        Ok(accepted) => {
            (front.wake)();
            let is_decided = decided(&front, &accepted, changes).await;
            let now = front.clock.now();
            shown(&front, &claim, Some((&order, is_decided)), now).await
        }
        Err(error) => store_failed(&front, &error),
    }
}

/// What the token allows to somebody who is still with us, or the page that says why not.
#[expect(clippy::result_large_err, reason = "the other answer is returned at once")]
fn allowed(front: &Front, token: &str, now: Time) -> Result<Claim, HttpResponse> {
    let claim = front.link_key.verify(token, now).map_err(|error| {
        let (status, title, text) = match error {
            LinkError::Expired => (
                StatusCode::GONE,
                "This link has expired",
                "Nothing was changed. Open the newest message about this lead, or the lead in \
                 the CRM.",
            ),
            LinkError::Malformed | LinkError::BadSignature => (
                StatusCode::NOT_FOUND,
                "This link does not work",
                "Nothing was changed. It is damaged or no longer valid: open it again from the \
                 newest message, and copy all of it.",
            ),
        };
        page(front, status, &Notice::new(title, text))
    })?;
    let (Grant::Act { rep, .. } | Grant::OutToday { rep } | Grant::Board { rep }) = &claim.grant
    else {
        let text = "It signs in to the board and does nothing here.";
        return Err(page(front, StatusCode::NOT_FOUND, &Notice::new("Another kind of link", text)));
    };
    if (front.book)().reps.get(rep).is_none_or(|rep| rep.has_left) {
        let text = "The rulebook no longer has the person whom this link was made for.";
        return Err(page(front, StatusCode::GONE, &Notice::new("This link has ended", text)));
    }
    Ok(claim)
}

fn unclear(front: &Front, why: &str) -> HttpResponse {
    let text = format!("{why} Nothing was changed. Go back and press the button again.");
    page(front, StatusCode::BAD_REQUEST, &Notice::new("That did not arrive", &text))
}

/// Waits a moment for the decision about an accepted event.
async fn decided(
    front: &Front,
    accepted: &[Accepted],
    mut changes: tokio::sync::watch::Receiver<i64>,
) -> bool {
    let Some(event) = accepted.first().map(|one| one.uuid) else { return false };
    let until_decided = async {
        loop {
            changes.mark_unchanged();
            let filter = EventFilter { uuid: Some(event), max: 1, ..EventFilter::default() };
            match front.store.events(filter).await {
                Ok(found) if found.rows.iter().any(|one| one.fate != Fate::Underway) => {
                    return true;
                }
                Ok(_) => {}
                Err(_) => return false,
            }
            if changes.changed().await.is_err() {
                return false;
            }
        }
    };
    tokio::time::timeout(DECIDED_WITHIN, until_decided).await.unwrap_or(false)
}

/// The page of a grant as things are now; `done` is what was just ordered, and whether it has
/// been decided.
async fn shown(
    front: &Front,
    claim: &Claim,
    done: Option<(&Order, bool)>,
    now: Time,
) -> HttpResponse {
    let book = (front.book)();
    let ok = StatusCode::OK;
    match &claim.grant {
        Grant::Act { lead, rep } => match front.store.lead(*lead).await {
            Ok(Some(story)) => {
                let shown = Shown { book: &book, rep, expires: claim.expires, now };
                let out = day_end(front, rep, now);
                page(front, ok, &shown.lead(&story.lead, done, out))
            }
            Ok(None) => {
                let text = "We hold no lead by this link. It may have been erased.";
                page(front, StatusCode::NOT_FOUND, &Notice::new("No such lead", text))
            }
            Err(error) => store_failed(front, &error),
        },
        Grant::Board { rep } => match own_leads(front, rep).await {
            Ok(rows) => {
                page(front, ok, &LeadsPage::of(&book, &front.link_key, rep, &rows, claim, now))
            }
            Err(error) => store_failed(front, &error),
        },
        Grant::OutToday { rep } => {
            let until = day_end(front, rep, now).unwrap_or(now);
            page(front, ok, &OutPage::of(&book, rep, until, done.is_some(), now))
        }
        Grant::Once { .. } => unclear(front, "This link signs in to the board."),
    }
}

async fn own_leads(front: &Front, rep: &str) -> StoreResult<Vec<LeadRow>> {
    let filter = LeadFilter {
        state: Some(State::Assigned),
        owner: Some(rep.to_owned()),
        max: LEADS_MAX,
        ..LeadFilter::default()
    };
    Ok(front.store.leads(filter).await?.rows)
}

/// When the rep's own day ends.
fn day_end(front: &Front, rep: &str, now: Time) -> Option<Time> {
    let book: &Rulebook = &(front.book)();
    let team = Team::default();
    news::out_until(Desk { book, reach: &front.reach, team: &team, now }, rep)
}
