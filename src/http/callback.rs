//! `POST /crm/{name}`: what a CRM pushes at us.
//!
//! Guarantees: verified like any source; what it says becomes news about the lead behind the
//! record, on disk before 2xx; records that are not ours are passed over.
//! Does not know: any vendor's shapes; the adapter reads them.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{Front, body, hook, problem::Problem};
use crate::{
    crm::{Seen, SeenWhat},
    model::{
        event::{EventKind, NewEvent},
        news::News,
    },
    store::{LeadFilter, StoreError},
};

/// Adds the route.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/crm/{name}", web::post().to(receive));
}

async fn receive(
    request: HttpRequest,
    name: web::Path<String>,
    payload: web::Payload,
    front: web::Data<Front>,
) -> Result<HttpResponse, Problem> {
    let reference = front.reference();
    let name = name.into_inner();
    let bytes =
        match body::read(&request, payload.into_inner(), front.body_max, front.body_within).await {
            Ok(bytes) => bytes,
            Err(unread) => return Err(hook::unread(&front, &name, unread, reference)),
        };
    let Some((crm, scheme)) = front.callbacks.get(&name) else {
        front.refused("unknown", "unknown-source", &reference);
        return Err(hook::unauthorized(reference));
    };
    // A CRM may be called as a source is.
    let source = format!("crm:{name}");
    if let Err(refused) = hook::verify(&front, scheme, &request, &source, &bytes) {
        front.refused(&source, refused.reason(), &reference);
        return Err(hook::unauthorized(reference));
    }
    let failed = |error| Problem::store(&front, &error, reference.clone());
    let mut events = Vec::new();
    for seen in crm.read_callback(&bytes) {
        events.extend(event(&front, &name, seen).await.map_err(failed)?);
    }
    let noted = events.len();
    front.accept(events).await.map_err(failed)?;
    (front.wake)();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "noted": noted })))
}

/// The news in one thing seen, if the record belongs to a lead of ours.
async fn event(front: &Front, name: &str, seen: Seen) -> Result<Option<NewEvent>, StoreError> {
    let filter = LeadFilter {
        record: Some((name.to_owned(), seen.record.clone())),
        max: 1,
        ..LeadFilter::default()
    };
    let page = front.store.leads(filter).await?;
    let Some(row) = page.rows.first() else { return Ok(None) };
    let lead = row.lead.uuid;
    let news = match seen.what {
        SeenWhat::Owner(owner) => {
            News::OwnerMet { lead, destination: name.to_owned(), owner, is_move: true }
        }
        SeenWhat::Response(response) => News::Responded { lead, response },
    };
    let delivery = match &news {
        // The same evidence counts once, however often it is delivered.
        News::Responded { response, .. } if response.evidence.is_some() => {
            format!("response:{}:{:?}", seen.record, response.evidence)
        }
        // The same owner may be set twice in a lead's life, but not twice within one revision.
        _ => format!("{}:{:?}:{}", seen.record, news, row.lead.revision.0),
    };
    let Ok(body) = serde_json::to_vec(&news) else { return Ok(None) };
    let now = front.clock.now();
    Ok(Some(NewEvent {
        kind: EventKind::News,
        source: format!("handoff:crm:{name}"),
        delivery,
        received_at: now,
        content_type: None,
        actor: None,
        body,
    }))
}
