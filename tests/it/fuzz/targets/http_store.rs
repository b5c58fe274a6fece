//! A store without a memory, for the routes: it answers the same at every call, counts what would
//! have been written, and refuses to be asked for more than a page.
//!
//! Does not know: HTTP.

use std::{cell::Cell, future::ready, path::Path, sync::Arc};

use handoff::{
    http::auth,
    model::{
        alert::RaisedAlert,
        event::{Accepted, Event, EventKind, Fate, NewEvent},
        field::Fields,
        id::{EventId, LeadId, Seq},
        job::{JobRow, Settled, Settlement},
        lead::{Ladder, Lead, State},
        plan::Decided,
        record::RecordRow,
        team::Team,
        time::{Span, Time},
    },
    store::{
        Amend, Audit, Batch, BatchDone, Boxed, Claim, ClaimDone, DecisionFilter, EventFilter,
        JobFilter, JobOrder, Keep, LeadFilter, LeadRow, LeadStory, NewRulebook, Page, Paper,
        Papers, Published, RecordFilter, RulebookRow, Store, StoreError, StoreResult, Swept, Tally,
        Terms, TokenOrder, TokenRow, agree::Change, read::PAGE_MAX,
    },
};
use uuid::Uuid;

use super::NOON;

/// The API token that this store knows.
pub const TOKEN: &str = "hnd_fuzz-0123456789abcdef";
/// The lead that it holds.
pub const LEAD: Uuid = Uuid::from_u128(7);
/// The owner of the lead, a rep of the example.
pub const REP: &str = "ada";

thread_local! {
    /// How often something would have been written.
    pub static WRITES: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug)]
pub struct Forgetful;

fn give<'a, T: Send + 'a>(value: T) -> Boxed<'a, StoreResult<T>> {
    Box::pin(ready(Ok(value)))
}

fn written<'a, T: Send + 'a>(value: T) -> Boxed<'a, StoreResult<T>> {
    WRITES.set(WRITES.get() + 1);
    give(value)
}

fn page<T>(rows: Vec<T>, max: usize) -> Page<T> {
    assert!((1..=PAGE_MAX).contains(&max), "asked for {max} rows");
    Page { rows, next: None }
}

pub fn lead() -> Lead {
    let mut fields = Fields::default();
    fields.put_text("email", "eva@linden.example");
    fields.put_text("name", "<b>Eva</b> \"Linden\"");
    Lead {
        id: LeadId(7),
        uuid: LEAD,
        revision: Seq(3),
        event: EventId(1),
        state: State::Assigned,
        waiting: None,
        set_aside: None,
        source: "website".to_owned(),
        intent: None,
        fields,
        known: std::collections::BTreeMap::new(),
        account: None,
        awaited: Vec::new(),
        rule: Some("everyone-else".to_owned()),
        pool: Some("inbound".to_owned()),
        through: Vec::new(),
        earlier: Vec::new(),
        offers: Vec::new(),
        owner: Some(REP.to_owned()),
        outside_owner: None,
        had: Vec::new(),
        ladder: Some(Ladder {
            sla: "standard".to_owned(),
            started_at: NOON,
            deadline: NOON.plus(Span::minutes(5)),
            first_deadline: NOON.plus(Span::minutes(5)),
            steps_done: 0,
            pages_done: 0,
            on_it_until: None,
            on_its: 0,
            asking_until: None,
            is_late: false,
            seeks_since: None,
        }),
        opened_at: NOON.minus(Span::hours(1)),
        reopened_at: None,
        filled_at: NOON,
        assigned_at: Some(NOON),
        answered_at: None,
        outcome: None,
        fills: 1,
        paged: Vec::new(),
        observed: None,
    }
}

fn event(uuid: Uuid) -> Event {
    let arrived = NewEvent {
        kind: EventKind::Fill,
        source: "website".to_owned(),
        delivery: "msg_1".to_owned(),
        received_at: NOON,
        content_type: Some("application/json".to_owned()),
        actor: None,
        body: b"{\"email\":\"eva@linden.example\"}".to_vec(),
    };
    Event { id: EventId(1), uuid, arrived, fate: Fate::Noted, reason: None, tries: 0 }
}

fn token() -> TokenRow {
    TokenRow {
        name: "fuzz".to_owned(),
        hash: auth::hash(TOKEN),
        created_at: NOON.minus(Span::days(1)),
        expires_at: NOON.plus(Span::days(1)),
        revoked_at: None,
    }
}

impl Store for Forgetful {
    fn accept(&self, events: Vec<NewEvent>) -> Boxed<'_, StoreResult<Vec<Accepted>>> {
        if events.is_empty() {
            return give(Vec::new());
        }
        for event in &events {
            assert!(!event.delivery.is_empty() && !event.source.is_empty());
        }
        written(events.iter().map(|_| Accepted { uuid: LEAD, is_duplicate: false }).collect())
    }
    fn undecided_after(&self, _after: EventId, _max: usize) -> Boxed<'_, StoreResult<Vec<Event>>> {
        give(Vec::new())
    }
    fn decide(&self, _batch: Batch) -> Boxed<'_, StoreResult<BatchDone>> {
        panic!("no route decides")
    }
    fn claim(&self, _claim: Claim) -> Boxed<'_, StoreResult<ClaimDone>> {
        panic!("no route claims")
    }
    fn settle(&self, _: Vec<Settlement>, _: Time) -> Boxed<'_, StoreResult<Vec<Settled>>> {
        panic!("no route settles")
    }
    fn order(&self, jobs: Vec<i64>, _: JobOrder, _: Time) -> Boxed<'_, StoreResult<usize>> {
        written(jobs.len())
    }
    fn redo(&self, events: Vec<Uuid>) -> Boxed<'_, StoreResult<usize>> {
        written(events.len())
    }
    fn publish_on(&self, _: NewRulebook, _: Terms) -> Boxed<'_, StoreResult<Published>> {
        written(Published::As(2))
    }
    fn papers(&self, _: Papers) -> Boxed<'_, StoreResult<Vec<Paper>>> {
        written(Vec::new())
    }
    fn amend(&self, _: String, change: Arc<Amend>) -> Boxed<'_, StoreResult<()>> {
        change(None);
        written(())
    }
    fn sweep(&self, _keep: Keep, _now: Time) -> Boxed<'_, StoreResult<Swept>> {
        panic!("no route sweeps")
    }
    fn tokens(&self, order: TokenOrder) -> Boxed<'_, StoreResult<Vec<TokenRow>>> {
        match order {
            TokenOrder::List => give(vec![token()]),
            TokenOrder::Create(row) => written(vec![row]),
            TokenOrder::Revoke { .. } => written(Vec::new()),
        }
    }
    fn leads(&self, filter: LeadFilter) -> Boxed<'_, StoreResult<Page<LeadRow>>> {
        let rows = vec![LeadRow { row: LeadId(7), lead: lead() }];
        give(page(rows, filter.max))
    }
    fn lead(&self, id: Uuid) -> Boxed<'_, StoreResult<Option<LeadStory>>> {
        let story = LeadStory {
            lead: lead(),
            decisions: Vec::new(),
            events: vec![event(LEAD)],
            links: std::collections::BTreeMap::new(),
            notices: Vec::new(),
            jobs: Vec::new(),
        };
        give((id == LEAD).then_some(story))
    }
    fn jobs(&self, filter: JobFilter) -> Boxed<'_, StoreResult<Page<JobRow>>> {
        give(page(Vec::new(), filter.max))
    }
    fn events(&self, filter: EventFilter) -> Boxed<'_, StoreResult<Page<Event>>> {
        give(page(vec![event(filter.uuid.unwrap_or(LEAD))], filter.max))
    }
    fn decisions(&self, filter: DecisionFilter) -> Boxed<'_, StoreResult<Page<Decided>>> {
        give(page(Vec::new(), filter.max))
    }
    fn records(&self, filter: RecordFilter) -> Boxed<'_, StoreResult<Page<RecordRow>>> {
        give(page(Vec::new(), filter.max))
    }
    fn checkpoint(&self, _at: Seq) -> Boxed<'_, StoreResult<Option<(Seq, Team)>>> {
        give(None)
    }
    fn basis(&self, _hash: i64) -> Boxed<'_, StoreResult<Option<String>>> {
        give(None)
    }
    fn rulebooks(&self, version: Option<u32>) -> Boxed<'_, StoreResult<Vec<RulebookRow>>> {
        let row = RulebookRow {
            version: 1,
            author: "file".to_owned(),
            message: String::new(),
            at: NOON,
            document: version.map(|_| "{}".to_owned()),
        };
        give(if version.is_none_or(|version| version == 1) { vec![row] } else { Vec::new() })
    }
    fn team(&self) -> Boxed<'_, StoreResult<Team>> {
        give(Team::default())
    }
    fn tally(&self, _now: Time) -> Boxed<'_, StoreResult<Tally>> {
        give(Tally::default())
    }
    fn audit(&self, _now: Time) -> Boxed<'_, StoreResult<Audit>> {
        give(Audit::default())
    }
    fn alerts(
        &self,
        _replace: Option<Vec<RaisedAlert>>,
    ) -> Boxed<'_, StoreResult<Vec<RaisedAlert>>> {
        give(Vec::new())
    }
    fn agree(&self, _: String, _: Arc<Change>, _: Time) -> Boxed<'_, StoreResult<()>> {
        panic!("no route agrees")
    }
    fn ready(&self) -> Boxed<'_, StoreResult<()>> {
        give(())
    }
    fn backup<'a>(&'a self, file: &'a Path) -> Boxed<'a, StoreResult<()>> {
        assert!(file.is_absolute());
        if file.as_os_str().len() > 4_096 {
            return Box::pin(ready(Err(StoreError::Refused("the name is too long".to_owned()))));
        }
        written(())
    }
}
