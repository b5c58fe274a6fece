//! Events: list, one, redo after a mapping was mended.
//!
//! Guarantees: an event is never changed; redoing puts it under way again with its own id.
//! Does not know: what is in a body; it is shown as it came.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use uuid::Uuid;

use super::{Answer, Sent, bad, missing, page_size, store};
use crate::{
    http::{Front, auth::Caller},
    model::event::{Event, Fate},
    store::EventFilter,
};

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/events", web::get().to(list))
        .route("/events/redo", web::post().to(redo))
        .route("/events/{event}", web::get().to(one));
}

/// What the list takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    fate: Option<Fate>,
    source: Option<String>,
    before: Option<i64>,
    max: Option<usize>,
}

/// An event as JSON; the body as text where it is text.
fn view(event: &Event, with_body: bool) -> serde_json::Value {
    let mut view = serde_json::json!({
        "event": event.uuid,
        "kind": event.arrived.kind,
        "source": event.arrived.source,
        "delivery": event.arrived.delivery,
        "received_at": event.arrived.received_at,
        "actor": event.arrived.actor,
        "fate": event.fate,
        "reason": event.reason,
        "tries": event.tries,
    });
    if let (true, Some(view)) = (with_body, view.as_object_mut()) {
        let body = String::from_utf8_lossy(&event.arrived.body).into_owned();
        view.insert("content_type".to_owned(), event.arrived.content_type.clone().into());
        view.insert("body".to_owned(), body.into());
    }
    view
}

async fn list(web::Query(asked): web::Query<Asked>, front: web::Data<Front>) -> Answer {
    let filter = EventFilter {
        fate: asked.fate,
        source: asked.source,
        before: asked.before,
        max: page_size(asked.max),
        ..EventFilter::default()
    };
    let page = front.store.events(filter).await.map_err(|error| store(&front, &error))?;
    let rows: Vec<_> = page.rows.iter().map(|event| view(event, false)).collect();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "events": rows, "next": page.next })))
}

async fn one(id: web::Path<Uuid>, front: web::Data<Front>) -> Answer {
    let id = id.into_inner();
    let filter = EventFilter { uuid: Some(id), max: 1, ..EventFilter::default() };
    let page = front.store.events(filter).await.map_err(|error| store(&front, &error))?;
    let event = page.rows.first().ok_or_else(|| missing(&front, "no event has this id"))?;
    Ok(HttpResponse::Ok().json(view(event, true)))
}

/// Which events to redo: by id, or every one with a fate (of one source).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Redo {
    #[serde(default)]
    events: Vec<Uuid>,
    fate: Option<Fate>,
    source: Option<String>,
}

async fn redo(caller: Caller, Sent(order): Sent<Redo>, front: web::Data<Front>) -> Answer {
    if order.events.is_empty() && order.fate.is_none() {
        return Err(bad(&front, "name `events` by id, or a `fate`: rejected or dead"));
    }
    let mut events = order.events;
    if let Some(fate) = order.fate {
        let mut before = None;
        loop {
            let filter = EventFilter {
                fate: Some(fate),
                source: order.source.clone(),
                before,
                max: crate::store::read::PAGE_MAX,
                ..EventFilter::default()
            };
            let page = front.store.events(filter).await.map_err(|error| store(&front, &error))?;
            events.extend(page.rows.iter().map(|event| event.uuid));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
    }
    let count = front.store.redo(events).await.map_err(|error| store(&front, &error))?;
    tracing::info!(by = caller.0, count, "events are redone");
    (front.wake)();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "redone": count })))
}
