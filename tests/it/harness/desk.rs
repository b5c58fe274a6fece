//! Deciding without a daemon: a rulebook, a store, the pure function, and a `now` that is passed.
//!
//! Guarantees: the same calls as the deciding step of the loops. Does not know: destinations.

use std::{collections::BTreeMap, sync::Arc};

use handoff::{
    decide::{self, Reach},
    intake::{Kind, form, shape::default_mapping},
    model::{
        event::{Event, EventKind, NewEvent},
        news::News,
        plan::{Decide, Input, Step, StepEvent, Unread},
        time::Time,
    },
    rulebook::{ChannelKind, Files, Rulebook, Setup, SourceShape},
    store::{Batch, BatchDone, Store},
};

/// What the rulebook of the harness is compiled against.
pub fn setup() -> Setup {
    let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    let mapping = default_mapping(Kind::StandardWebhooks)
        .iter()
        .map(|(field, paths)| ((*field).to_owned(), owned(paths)))
        .collect();
    Setup {
        sources: BTreeMap::from([("website".to_owned(), SourceShape { mapping })]),
        channels: BTreeMap::from([
            ("email".to_owned(), ChannelKind::Addressed),
            ("alerts".to_owned(), ChannelKind::Plain),
            ("oncall".to_owned(), ChannelKind::Pager),
        ]),
        crms: vec!["hubspot".to_owned()],
        asked: vec!["hubspot".to_owned()],
        ..Setup::default()
    }
}

/// Compiles a rulebook as this version.
pub fn book(text: &str, version: u32) -> Rulebook {
    let files = Files::new(text.to_owned());
    Rulebook::compile(&files, &setup(), version).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

/// What is connected.
pub fn reach() -> Reach {
    let crm = vec!["hubspot".to_owned()];
    Reach { crms: crm.clone(), asks: crm, time_is_unsure: false, observe: None }
}

/// The step for an event, as the deciding loop makes it.
pub fn step(book: &Rulebook, event: &Event) -> Step {
    let arrived = &event.arrived;
    let input = match arrived.kind {
        EventKind::Fill => {
            let document = form::document(arrived.content_type.as_deref(), &arrived.body);
            decide::prepare::prepare(book, &arrived.source, document)
        }
        EventKind::News => match serde_json::from_slice::<News>(&arrived.body) {
            Ok(news) => Input::News(Box::new(news)),
            Err(_) => Input::Unreadable(Unread::because("news that cannot be read")),
        },
    };
    Step { event: Some(StepEvent::of(event)), input }
}

/// The pure function by this rulebook.
pub fn deciding(book: &Arc<Rulebook>) -> Arc<Decide> {
    let (book, reach) = (Arc::clone(book), reach());
    Arc::new(move |snapshot, step, now| decide::recorded(&book, &reach, snapshot, step, now))
}

/// Decides what is under way and the due reviews, at most 64 of each.
pub async fn turn(store: &dyn Store, book: &Arc<Rulebook>, now: Time) -> BatchDone {
    let events = store.undecided(64).await.expect("a read");
    let steps = events.iter().map(|event| step(book, event)).collect();
    let batch = Batch { now, steps, reviews_max: 64, decide: deciding(book) };
    let done = store.decide(batch).await.expect("the store decides");
    assert!(done.failed.is_empty(), "{:?}", done.failed);
    done
}

/// A fill of the source `website`.
pub fn fill(number: usize, at: Time, body: String) -> NewEvent {
    NewEvent {
        kind: EventKind::Fill,
        source: "website".to_owned(),
        delivery: format!("fill-{number}"),
        received_at: at,
        content_type: Some("application/json".to_owned()),
        actor: None,
        body: body.into_bytes(),
    }
}

/// News from somebody in the test.
pub fn news(number: usize, at: Time, news: &News) -> NewEvent {
    NewEvent {
        kind: EventKind::News,
        source: "handoff:test".to_owned(),
        delivery: format!("news-{number}"),
        received_at: at,
        content_type: None,
        actor: Some("test".to_owned()),
        body: serde_json::to_vec(news).expect("news is JSON"),
    }
}
