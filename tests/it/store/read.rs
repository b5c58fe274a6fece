//! The reads.

use handoff::{
    model::{
        event::Fate,
        id::Seq,
        job::{Effect, JobKind, Link, Verdict},
        lead::State,
        plan::Review,
        time::Span,
    },
    store::{DecisionFilter, EventFilter, LeadFilter},
};

use super::fixture::*;

async fn lead_rows(db: &Db, filter: LeadFilter) -> (Vec<i64>, Option<i64>) {
    let page = db.leads(filter).await.unwrap();
    for row in &page.rows {
        assert_eq!(row.row, row.lead.id);
    }
    (page.rows.into_iter().map(|row| row.row.0).collect(), page.next)
}

pub async fn leads_are_filtered_and_paged(db: Db) {
    let varied = road(|plan, step, _| {
        let n = step.event.as_ref().unwrap().received_at.since(T0).0;
        let lead = plan.lead.as_mut().unwrap();
        if n % 2 == 0 {
            lead.state = State::Answered;
        }
        lead.owner = (n != 3).then(|| if n < 3 { "ada" } else { "grace" }.to_owned());
    });
    open(&db, 1..=5, varied).await;
    let all = || LeadFilter { max: 2, ..Default::default() };
    assert_eq!(lead_rows(&db, all()).await, (vec![5, 4], Some(4)));
    let second = LeadFilter { before: Some(4), ..all() };
    assert_eq!(lead_rows(&db, second).await, (vec![3, 2], Some(2)));
    let last = LeadFilter { before: Some(2), ..all() };
    assert_eq!(lead_rows(&db, last).await, (vec![1], None));

    let all = || LeadFilter { max: 100, ..Default::default() };
    for (filter, expected) in [
        (LeadFilter { state: Some(State::Answered), ..all() }, vec![4, 2]),
        (LeadFilter { owner: Some("grace".into()), ..all() }, vec![5, 4]),
        (LeadFilter { state: Some(State::Assigned), owner: Some("ada".into()), ..all() }, vec![1]),
        (LeadFilter { changed_after: Some(Seq(3)), ..all() }, vec![5, 4]),
        (LeadFilter { due_before: Some(t(300_004)), ..all() }, vec![3, 1]),
    ] {
        assert_eq!(lead_rows(&db, filter.clone()).await.0, expected, "{filter:?}");
    }
}

pub async fn a_lead_is_found_by_its_record_at_a_crm(db: Db) {
    let leads = open(&db, [1, 2], wanting(&[(JobKind::Write, "hubspot")])).await;
    for (job, record) in claim(&db, JobKind::Write, "hubspot", T0, 2).await.iter().zip(["7", "8"]) {
        let mut done = settlement(job, Verdict::Done);
        let link = Link { record: record.into(), owner: None, tried: None, written_at: T0 };
        done.effect = Some(Effect::Written(link));
        settle(&db, done).await;
    }
    for (destination, record, expected) in [
        ("hubspot", "8", vec![leads[1].id.0]),
        ("hubspot", "9", vec![]),
        ("salesforce", "8", vec![]),
    ] {
        let record = Some((destination.to_owned(), record.to_owned()));
        let filter = LeadFilter { record, max: 10, ..Default::default() };
        assert_eq!(lead_rows(&db, filter).await.0, expected);
    }
}

pub async fn a_lead_tells_its_story(db: Db) {
    let with = road(|plan, _, now| {
        plan.jobs = vec![job(JobKind::Write, "hubspot", now)];
        plan.review = Review::At(now.plus(Span::minutes(5)));
    });
    open(&db, [1], with).await;
    accept(&db, vec![fill(2), fill(3)]).await;
    let events = db.undecided(10).await.unwrap();
    let steps = vec![
        fill_step(&events[0], "delivery-1@linden.example"),
        fill_step(&events[1], "somebody-else@linden.example"),
    ];
    decide_steps(&db, t(10), steps, plain()).await;
    let lead = leads(&db).await.remove(0);
    let story = db.lead(lead.uuid).await.unwrap().unwrap();
    assert_eq!(story.lead, lead);
    assert_eq!(story.decisions.iter().map(|d| d.seq.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(story.events.iter().map(|e| e.id.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(story.events[1].arrived, fill(2));
    assert_eq!(
        story.jobs.iter().map(|j| j.kind).collect::<Vec<_>>(),
        [JobKind::Write, JobKind::Review]
    );
    assert!(story.jobs.iter().all(|job| job.lead == Some(lead.uuid)));
    assert!(db.lead(uuid::Uuid::nil()).await.unwrap().is_none());
}

pub async fn events_are_filtered_and_paged(db: Db) {
    let mut other = fill(3);
    other.source = "hubspot".into();
    accept(&db, vec![fill(1), fill(2), other, fill(4)]).await;
    let first: Vec<_> = db.undecided(2).await.unwrap().iter().map(step).collect();
    decide_steps(&db, T0, first, plain()).await;
    let rows = async |filter: EventFilter| {
        let page = db.events(filter).await.unwrap();
        (page.rows.iter().map(|event| event.id.0).collect::<Vec<_>>(), page.next)
    };
    let all = || EventFilter { max: 3, ..Default::default() };
    assert_eq!(rows(all()).await, (vec![4, 3, 2], Some(2)));
    assert_eq!(rows(EventFilter { before: Some(2), ..all() }).await, (vec![1], None));
    let underway = EventFilter { fate: Some(Fate::Underway), ..all() };
    assert_eq!(rows(underway).await.0, [4, 3]);
    assert_eq!(rows(EventFilter { fate: Some(Fate::Opened), ..all() }).await.0, [2, 1]);
    assert_eq!(rows(EventFilter { source: Some("hubspot".into()), ..all() }).await.0, [3]);
    let uuid = db.events(all()).await.unwrap().rows[2].uuid;
    assert_eq!(rows(EventFilter { uuid: Some(uuid), ..all() }).await.0, [2]);
}

pub async fn decisions_come_in_order_and_paged(db: Db) {
    open(&db, 1..=5, plain()).await;
    let rows = async |after: Option<i64>| {
        let filter = DecisionFilter { after: after.map(Seq), max: 2 };
        let page = db.decisions(filter).await.unwrap();
        (page.rows.iter().map(|decided| decided.seq.0).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(rows(None).await, (vec![1, 2], Some(2)));
    assert_eq!(rows(Some(2)).await, (vec![3, 4], Some(4)));
    assert_eq!(rows(Some(4)).await, (vec![5], None));
}

pub async fn a_page_has_at_most_five_hundred_rows(db: Db) {
    accept(&db, (0..501).map(fill).collect()).await;
    for (max, got) in [(0, 1), (500, 500), (501, 500), (usize::MAX, 500)] {
        let page = db.events(EventFilter { max, ..Default::default() }).await.unwrap();
        assert_eq!((page.rows.len(), page.next.is_some()), (got, true), "{max}");
    }
    // Large bodies end a page earlier, and the next page goes on.
    let mut large: Vec<_> = (600..604).map(fill).collect();
    for fill in &mut large {
        fill.body = vec![b'x'; 3 * 1024 * 1024];
    }
    accept(&db, large).await;
    let page = db.events(EventFilter { max: 10, ..Default::default() }).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (3, Some(503)));
}
