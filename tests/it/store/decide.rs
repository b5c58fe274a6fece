//! Decide: numbers, tries, what each step is shown, reviews.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use handoff::{
    model::{
        event::Fate,
        field::Field,
        id::Seq,
        job::JobKind,
        lead::{Identity, State},
        news::News,
        plan::{Decide, Input, Plan, Review, What},
        time::{Span, Time},
    },
    store::{Batch, DecisionFilter, JobFilter},
};

use super::fixture::*;

/// Like [`plain`], but panics about fills with these numbers.
fn panicking(at: &'static [i64]) -> Arc<Decide> {
    road(move |_, step, _| {
        let event = step.event.as_ref().unwrap();
        let is_bad = at.iter().any(|n| event.received_at == t(*n));
        assert!(!is_bad, "cannot decide this");
    })
}

async fn seqs(db: &Db) -> Vec<i64> {
    let page = db.decisions(DecisionFilter { after: None, max: 500 }).await.unwrap();
    page.rows.into_iter().map(|decided| decided.seq.0).collect()
}

pub async fn every_decision_gets_the_next_number_without_a_gap(db: Db) {
    accept(&db, (1..=6).map(fill).collect()).await;
    let done = decide(&db, T0, panicking(&[2, 5])).await;
    assert_eq!(done.decided.len(), 4);
    let done = decide(&db, T0, plain()).await;
    assert_eq!(done.decided.iter().map(|d| d.seq).collect::<Vec<_>>(), [Seq(5), Seq(6)]);
    assert_eq!(seqs(&db).await, [1, 2, 3, 4, 5, 6]);
    for lead in leads(&db).await {
        assert!(lead.revision > Seq(0));
    }
}

pub async fn an_event_that_is_no_longer_under_way_is_passed_over(db: Db) {
    accept(&db, vec![fill(1)]).await;
    let steps: Vec<_> = db.undecided(1).await.unwrap().iter().map(step).collect();
    decide_steps(&db, T0, steps.clone(), plain()).await;
    let done = decide_steps(&db, T0, steps, plain()).await;
    assert_eq!((done.decided.len(), done.failed.len()), (0, 0));
    assert_eq!(leads(&db).await.len(), 1);
}

pub async fn a_step_that_panics_costs_its_event_a_try_and_harms_no_other(db: Db) {
    accept(&db, (1..=3).map(fill).collect()).await;
    let done = decide(&db, T0, panicking(&[2])).await;
    assert_eq!(done.decided.len(), 2);
    let [(bad, why)] = &done.failed[..] else { panic!("one failed: {:?}", done.failed) };
    assert!(why.contains("panicked"), "{why}");
    let bad = event(&db, *bad).await;
    assert_eq!((bad.fate, bad.tries), (Fate::Underway, 1));
    assert_eq!(bad.arrived.delivery, "delivery-2");
}

pub async fn an_event_is_dead_after_five_tries(db: Db) {
    accept(&db, vec![fill(1)]).await;
    let id = db.undecided(1).await.unwrap()[0].id;
    for tries in 1..=5 {
        assert_eq!(event(&db, id).await.fate, Fate::Underway);
        decide(&db, T0, panicking(&[1])).await;
        assert_eq!(event(&db, id).await.tries, tries);
    }
    let dead = event(&db, id).await;
    assert_eq!(dead.fate, Fate::Dead);
    assert!(dead.reason.unwrap().contains("panicked"));
    let tally = db.tally(T0).await.unwrap();
    assert_eq!((tally.fates["dead"], tally.fates["underway"]), (1, 0));
}

pub async fn an_impossible_plan_costs_a_try_and_leaves_no_trace(db: Db) {
    open(&db, [1], plain()).await;
    accept(&db, (2..=9).map(fill).collect()).await;
    // Each spoils an otherwise good plan in its own way.
    let spoil: Arc<Decide> = road(|plan, step, now| {
        let n = step.event.as_ref().unwrap().received_at.since(T0).0;
        let lead = plan.lead.as_mut().unwrap();
        match n {
            2 => plan.fate = None,
            3 => plan.fate = Some(Fate::Joined),
            4 => plan.lead = None,
            5 => lead.event.0 += 1,
            6 => plan.jobs = vec![job(JobKind::Review, "x", now)],
            7 => {
                lead.fields.0.extend([("n".into(), Field::Number(f64::NAN))]);
            }
            8 => plan.fate = Some(Fate::Noted),
            _ => {}
        }
    });
    let done = decide(&db, T0, spoil).await;
    assert_eq!((done.failed.len(), done.decided.len()), (7, 1));
    for (_, why) in &done.failed {
        assert!(why.starts_with("the plan "), "{why}");
    }
    assert_eq!(seqs(&db).await, [1, 2]);
    assert_eq!(leads(&db).await.len(), 2);
    assert!(db.tally(T0).await.unwrap().balances());
    assert_eq!(db.tally(T0).await.unwrap(), db.recount(T0).await.unwrap());
}

pub async fn each_step_sees_what_those_before_it_changed(db: Db) {
    accept(&db, (1..=3).map(fill).collect()).await;
    let events = db.undecided(10).await.unwrap();
    let steps = events.iter().map(|event| fill_step(event, "eva@linden.example")).collect();
    let done = decide_steps(&db, T0, steps, plain()).await;
    let what: Vec<_> = done.decided.iter().map(|decided| decided.decision.what).collect();
    assert_eq!(what, [What::Opened, What::Joined, What::Joined]);
    let leads = leads(&db).await;
    assert_eq!((leads.len(), leads[0].fills, leads[0].revision), (1, 3, Seq(3)));
}

pub async fn a_person_is_recognised_by_any_identity_and_the_newest_lead_is_shown(db: Db) {
    let with = |event, identities: &[Identity]| {
        let mut step = fill_step(event, "eva@linden.example");
        if let Input::Fill(draft) = &mut step.input {
            draft.identities = identities.to_vec();
        }
        step
    };
    let email = Identity::Email("eva@linden.example".into());
    let phone = Identity::Phone("+4930123".into());
    accept(&db, (1..=4).map(fill).collect()).await;
    let events = db.undecided(10).await.unwrap();
    let shown = Arc::new(AtomicI64::new(0));
    let note = Arc::clone(&shown);
    let always_open: Arc<Decide> = Arc::new(move |snapshot, step, now| {
        note.store(snapshot.lead.map_or(0, |lead| lead.id.0), Ordering::Relaxed);
        opened(step, now)
    });
    for (event, identities, expected) in [
        (&events[0], vec![email.clone()], 0),
        (&events[1], vec![phone.clone()], 0),
        (&events[2], vec![email.clone(), phone.clone()], events[0].id.0),
        (&events[3], vec![email.clone()], events[2].id.0),
    ] {
        decide_steps(&db, T0, vec![with(event, &identities)], Arc::clone(&always_open)).await;
        assert_eq!(shown.load(Ordering::Relaxed), expected, "{identities:?}");
    }
}

pub async fn news_meets_the_lead_it_is_about(db: Db) {
    let opened = open(&db, [1], plain()).await;
    let said = News::OwnerMet {
        lead: opened[0].uuid,
        destination: "hubspot".into(),
        owner: "41".into(),
        is_move: true,
    };
    accept(&db, vec![news(2, &said), news(3, &News::Back { rep: "ada".into() })]).await;
    let done = decide(&db, t(10), plain()).await;
    assert_eq!(done.decided[0].lead, Some(opened[0].id));
    assert_eq!(done.decided[1].lead, None);
    let story = db.lead(opened[0].uuid).await.unwrap().unwrap();
    assert_eq!(story.lead.revision, Seq(2));
    assert_eq!(story.events.len(), 2);
    assert_eq!(story.events[1].fate, Fate::Noted);
    assert_eq!(story.events[1].arrived.actor.as_deref(), Some("ada"));
}

pub async fn a_plan_without_a_decision_gets_no_number(db: Db) {
    accept(&db, vec![news(1, &News::Back { rep: "ada".into() }), fill(2)]).await;
    let quiet: Arc<Decide> = Arc::new(|_, step, now| match step.input {
        Input::News(_) => Plan { fate: Some(Fate::Noted), ..Plan::nothing() },
        _ => opened(step, now),
    });
    let done = decide(&db, T0, quiet).await;
    assert_eq!(done.decided.iter().map(|d| d.seq).collect::<Vec<_>>(), [Seq(1)]);
    assert!(db.undecided(10).await.unwrap().is_empty());
}

/// Opens with a review due at once; a review is answered by `then`.
fn reviewing(then: impl Fn(&mut Plan, Time) + Send + Sync + 'static) -> Arc<Decide> {
    road(move |plan, step, now| match step.input {
        Input::Review => then(plan, now),
        _ => plan.review = Review::At(now),
    })
}

pub async fn a_due_review_is_decided_and_replaced_by_its_plans(db: Db) {
    accept(&db, vec![fill(1)]).await;
    let later = reviewing(|plan, now| {
        plan.lead.as_mut().unwrap().state = State::Answered;
        plan.review = Review::At(now.plus(Span::minutes(1)));
    });
    let done = decide(&db, T0, Arc::clone(&later)).await;
    assert_eq!((done.decided.len(), done.reviews), (2, 1));
    assert_eq!(done.next_review, Some(T0.plus(Span::minutes(1))));
    assert_eq!(leads(&db).await[0].state, State::Answered);
    let done = decide(&db, t(59_999), Arc::clone(&later)).await;
    assert_eq!(done.reviews, 0);
    let done = decide(&db, t(60_000), reviewing(|plan, _| plan.review = Review::None)).await;
    assert_eq!((done.reviews, done.next_review), (1, None));
}

pub async fn a_review_that_would_keep_itself_is_removed(db: Db) {
    accept(&db, vec![fill(1)]).await;
    let done = decide(&db, T0, reviewing(|plan, _| plan.review = Review::Keep)).await;
    assert_eq!((done.reviews, done.next_review), (1, None));
    assert_eq!(decide(&db, t(1), plain()).await.reviews, 0);
}

pub async fn a_review_that_panics_is_tried_later_and_never_let_go(db: Db) {
    accept(&db, vec![fill(1)]).await;
    let bad = reviewing(|_, _| panic!("cannot review"));
    let mut now = T0;
    for tried in 1..=12 {
        let done = decide(&db, now, Arc::clone(&bad)).await;
        assert_eq!((done.reviews, done.failed.len()), (1, 1), "try {tried}");
        assert_eq!(decide(&db, now, Arc::clone(&bad)).await.reviews, 0, "try {tried}");
        let next = done.next_review.expect("it is due again");
        assert!(next.since(now) <= handoff::model::time::Span::hours(1), "try {tried}");
        now = next;
    }
    let jobs = db.jobs(JobFilter { is_dead: Some(true), max: 10, ..Default::default() }).await;
    assert!(jobs.unwrap().rows.is_empty());
}

pub async fn reviews_are_bounded_and_come_oldest_first(db: Db) {
    let at_arrival = road(|plan, step, _| {
        if let Some(event) = &step.event {
            plan.review = Review::At(event.received_at);
        } else {
            plan.review = Review::None;
        }
    });
    let leads = open(&db, [5, 3, 9], Arc::clone(&at_arrival)).await;
    let batch = Batch { now: t(100), steps: vec![], reviews_max: 2, decide: at_arrival };
    let done = db.decide(batch).await.unwrap();
    let order: Vec<_> = done.decided.iter().map(|decided| decided.lead.unwrap()).collect();
    assert_eq!(order, [leads[1].id, leads[0].id]);
    assert_eq!((done.reviews, done.next_review), (2, Some(t(9))));
}

pub async fn lanes_with_due_work_are_woken(db: Db) {
    accept(&db, vec![fill(1), fill(2)]).await;
    let with = road(|plan, _, now| {
        plan.jobs = vec![
            job(JobKind::Write, "hubspot", now),
            job(JobKind::Tell, "email:ada", now),
            job(JobKind::Tell, "email:grace", now),
            job(JobKind::Tell, "pager:revops", now.plus(Span(1))),
        ];
    });
    let done = decide(&db, T0, with).await;
    let expected = [(JobKind::Write, "hubspot".to_owned()), (JobKind::Tell, "email".to_owned())];
    assert_eq!(done.woken, expected);
}

pub async fn a_large_batch_is_decided_in_order(db: Db) {
    accept(&db, (0..700).map(fill).collect()).await;
    let steps: Vec<_> = db.undecided(700).await.unwrap().iter().map(step).collect();
    let ids: Vec<_> = steps.iter().map(|step| step.event.as_ref().unwrap().id).collect();
    let done = decide_steps(&db, T0, steps, plain()).await;
    let decided: Vec<_> = done.decided.iter().map(|decided| decided.event.unwrap()).collect();
    assert_eq!(decided, ids);
    assert!(done.decided.iter().zip(1..).all(|(decided, n)| decided.seq == Seq(n)));
}
