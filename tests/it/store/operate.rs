//! What operators do: redo, order, publish, tokens, sweep.

use std::sync::Arc;

use handoff::{
    model::{
        event::Fate,
        job::{JobKind, Settled, Verdict},
        plan::{Decide, Input, Plan, Review},
        time::Span,
    },
    store::{
        EventFilter, JobFilter, JobOrder, Keep, NewRulebook, Store, StoreError, TokenOrder,
        TokenRow, agree::agree,
    },
};

use super::fixture::*;

/// Nothing can be read.
fn rejecting() -> Arc<Decide> {
    Arc::new(|_, _, _| Plan {
        fate: Some(Fate::Rejected),
        reason: Some("no email and no phone".into()),
        ..Plan::nothing()
    })
}

pub async fn a_redone_event_keeps_its_id_and_its_place_in_the_books(db: Db) {
    accept(&db, vec![fill(1), fill(2)]).await;
    let first = db.undecided(10).await.unwrap().remove(0);
    decide(&db, T0, rejecting()).await;
    let rejected = event(&db, first.id).await;
    assert_eq!(rejected.fate, Fate::Rejected);
    assert_eq!(rejected.reason.as_deref(), Some("no email and no phone"));

    assert_eq!(db.redo(vec![first.uuid, uuid::Uuid::nil()]).await.unwrap(), 1);
    assert_eq!(db.redo(vec![first.uuid]).await.unwrap(), 0, "it is under way");
    assert_eq!(db.undecided(10).await.unwrap(), std::slice::from_ref(&first));
    let tally = db.tally(T0).await.unwrap();
    assert_eq!((tally.fates["rejected"], tally.fates["underway"]), (1, 1));

    decide(&db, T0, plain()).await;
    assert_eq!(event(&db, first.id).await.fate, Fate::Opened);
    assert_eq!(db.redo(vec![first.uuid]).await.unwrap(), 0, "an opened one stays");
    let tally = db.tally(T0).await.unwrap();
    assert!(tally.balances() && tally.accepted == 2);
    assert_eq!(tally, db.recount(T0).await.unwrap());
}

pub async fn retry_makes_a_dead_job_due_and_bury_ends_a_living_one(db: Db) {
    open(&db, [1, 2], wanting(&[(JobKind::Write, "hubspot")])).await;
    let jobs = claim(&db, JobKind::Write, "hubspot", T0, 2).await;
    settle(&db, settlement(&jobs[0], Verdict::Dead { why: "refused".into() })).await;
    let ids = vec![jobs[0].id.0, jobs[1].id.0, 999];
    // The second is under way: burying it lets the attempt end, and a retry of it is no more.
    let given_up = async || db.tally(T0).await.unwrap().given_up.get("write:hubspot").copied();
    assert_eq!(given_up().await, Some(1), "nobody has buried it yet");
    assert_eq!(db.order(ids.clone(), JobOrder::Bury, t(5)).await.unwrap(), 2);
    assert_eq!(db.order(ids.clone(), JobOrder::Bury, t(5)).await.unwrap(), 0, "once");
    assert_eq!(given_up().await, None);
    let end = settlement(&jobs[1], Verdict::Retry { at: t(6), why: "busy".into() });
    assert_eq!(settle(&db, end).await, Settled::Kept);
    assert_eq!(given_up().await, None, "still by an operator's word");
    assert!(claim(&db, JobKind::Write, "hubspot", t(10), 2).await.is_empty());
    assert_eq!(db.order(ids, JobOrder::Retry, t(20)).await.unwrap(), 2);
    let again = claim(&db, JobKind::Write, "hubspot", t(20), 2).await;
    assert_eq!(again.iter().map(|job| job.attempt).collect::<Vec<_>>(), [1, 1]);
}

pub async fn a_hastened_job_is_due_with_its_attempts_and_a_review_never_is(db: Db) {
    let wants = road(|plan, _, now| {
        plan.jobs = vec![job(JobKind::Write, "hubspot", now)];
        plan.review = Review::At(now.plus(Span::hours(1)));
    });
    open(&db, [1, 2], wants).await;
    let jobs = claim(&db, JobKind::Write, "hubspot", T0, 1).await;
    let later = Verdict::Retry { at: t(3_600_000), why: "busy".into() };
    settle(&db, settlement(&jobs[0], later)).await;
    // The second one is under a lease, and stays so.
    let leased = claim(&db, JobKind::Write, "hubspot", T0, 2).await;
    assert_eq!(leased.len(), 1);
    let all = db.jobs(JobFilter { max: 10, ..Default::default() }).await.unwrap().rows;
    let ids: Vec<i64> = all.iter().map(|job| job.id.0).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(db.order(ids.clone(), JobOrder::Hasten, t(5)).await.unwrap(), 1);
    assert_eq!(db.order(ids, JobOrder::Hasten, t(5)).await.unwrap(), 0, "it is due already");
    let again = claim(&db, JobKind::Write, "hubspot", t(5), 2).await;
    assert_eq!(
        again.iter().map(|job| (job.id, job.attempt)).collect::<Vec<_>>(),
        [(jobs[0].id, 2)]
    );
}

pub async fn a_review_cannot_be_buried(db: Db) {
    open(&db, [1], road(|plan, _, now| plan.review = Review::At(now.plus(Span::hours(1))))).await;
    let jobs = db.jobs(JobFilter { max: 10, ..Default::default() }).await.unwrap().rows;
    assert_eq!(jobs[0].kind, JobKind::Review);
    assert_eq!(db.order(vec![jobs[0].id.0], JobOrder::Bury, T0).await.unwrap(), 0);
    assert_eq!(db.order(vec![jobs[0].id.0], JobOrder::Retry, t(9)).await.unwrap(), 1);
    let done = decide(
        &db,
        t(9),
        road(|plan, step, _| {
            assert!(matches!(step.input, Input::Review));
            plan.review = Review::None;
        }),
    );
    assert_eq!(done.await.reviews, 1);
}

pub async fn versions_are_numbered_from_one_without_a_gap(db: Db) {
    let new = |document: &str| NewRulebook {
        document: document.into(),
        author: "mary".into(),
        message: "because".into(),
        at: T0,
    };
    for (document, version) in [("a", 1), ("b", 2), ("b", 2), ("a", 3)] {
        assert_eq!(db.publish(new(document)).await.unwrap(), version);
    }
    let all = db.rulebooks(None).await.unwrap();
    assert_eq!(all.iter().map(|row| row.version).collect::<Vec<_>>(), [3, 2, 1]);
    assert!(all.iter().all(|row| row.document.is_none() && row.author == "mary"));
    let one = db.rulebooks(Some(2)).await.unwrap();
    assert_eq!((one.len(), one[0].document.as_deref()), (1, Some("b")));
    assert!(db.rulebooks(Some(9)).await.unwrap().is_empty());
}

pub async fn a_token_name_is_used_once_and_a_revocation_stands(db: Db) {
    let token = TokenRow {
        name: "ci".into(),
        hash: [7; 32],
        created_at: T0,
        expires_at: t(1_000),
        revoked_at: None,
    };
    let create = TokenOrder::Create(token.clone());
    assert_eq!(db.tokens(create.clone()).await.unwrap(), std::slice::from_ref(&token));
    assert!(
        matches!(db.tokens(create.clone()).await, Err(StoreError::Refused(why)) if why.contains("\"ci\""))
    );
    let revoke = |at| TokenOrder::Revoke { name: "ci".into(), at };
    assert_eq!(db.tokens(revoke(t(5))).await.unwrap()[0].revoked_at, Some(t(5)));
    assert!(db.tokens(revoke(t(9))).await.unwrap().is_empty());
    assert!(matches!(db.tokens(create).await, Err(StoreError::Refused(_))));
    assert_eq!(db.tokens(TokenOrder::List).await.unwrap()[0].revoked_at, Some(t(5)));
}

pub async fn a_sweep_empties_old_bodies_of_decided_fills_and_nothing_else(db: Db) {
    open(&db, [0, 1, 5_000], plain()).await;
    let back = handoff::model::news::News::Back { rep: "ada".into() };
    accept(&db, vec![news(2, &back), fill(3)]).await;
    let before = db.tally(T0).await.unwrap();
    let keep = |rows_max| Keep { bodies: Span::seconds(1), rows_max };
    assert_eq!(db.sweep(keep(1), t(3_000)).await.unwrap().bodies, 1, "a row at most");
    assert_eq!(db.sweep(keep(100), t(3_000)).await.unwrap().bodies, 1);
    assert_eq!(db.sweep(keep(100), t(3_000)).await.unwrap().bodies, 0);
    let page = db.events(EventFilter { max: 10, ..Default::default() }).await.unwrap();
    let bodies: Vec<_> =
        page.rows.iter().map(|event| (event.id.0, event.arrived.body.is_empty())).collect();
    assert_eq!(bodies, [(5, false), (4, false), (3, false), (2, true), (1, true)]);
    assert_eq!(db.tally(T0).await.unwrap(), before);
}

pub async fn a_swept_fill_cannot_be_redone(db: Db) {
    accept(&db, vec![fill(1)]).await;
    let uuid = db.undecided(1).await.unwrap()[0].uuid;
    decide(&db, T0, rejecting()).await;
    db.sweep(Keep { bodies: Span::ZERO, rows_max: 10 }, t(1_000)).await.unwrap();
    assert_eq!(db.redo(vec![uuid]).await.unwrap(), 0);
    assert!(db.undecided(1).await.unwrap().is_empty());
}

pub async fn it_is_ready(db: Db) {
    db.ready().await.unwrap();
    db.ready().await.unwrap();
}

/// Counts one up in a document; answers what it was before.
async fn count_up(db: &dyn Store, name: &str) -> i64 {
    agree(db, name, t(1), |before, _| {
        let n = before.map_or(0, |text| text.parse::<i64>().unwrap());
        (Some((n + 1).to_string()), n)
    })
    .await
    .unwrap()
}

pub async fn one_change_of_a_document_follows_the_other(db: Db) {
    let mut seen: Vec<i64> = futures_util::future::join_all(
        (0..40).map(|number| count_up(&*db, if number % 4 == 3 { "b" } else { "a" })),
    )
    .await;
    seen.sort_unstable();
    let mut each: Vec<i64> = (0..30).chain(0..10).collect();
    each.sort_unstable();
    assert_eq!(seen, each, "none was lost, none was made on an old look");
    assert_eq!(count_up(&*db, "a").await, 30);
}

pub async fn a_document_that_is_left_alone_stays_as_it_is(db: Db) {
    let look = async |name: &str| {
        let seen = |text: Option<&str>, _| (None, text.map(str::to_owned));
        agree(&*db, name, t(1), seen).await.unwrap()
    };
    assert_eq!(look("a").await, None);
    assert_eq!(look("a").await, None, "a look makes none");
    count_up(&*db, "a").await;
    assert_eq!(look("a").await.as_deref(), Some("1"));
    assert_eq!(look("b").await, None);
}
