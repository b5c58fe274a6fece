//! Many open reviews on disk: each fires once, none early, and while other work goes on few late.
//!
//! Guarantees: the clock is moved by hand, so the lateness is that of the order of the work and
//! not of the machine. Does not know: the daemon; `cargo bench -- reviews` runs one.

use std::sync::Arc;

use handoff::{
    model::{
        plan::{Decide, Input, Review, What},
        time::{Span, Time},
    },
    store::Batch,
};

use super::fixture::*;

const LEADS: i64 = 20_000;
/// Two thousand reviews are due in each second.
const WITHIN: i64 = 10_000;
/// As many in one batch as the daemon decides, and how long that takes by the clock here.
const BATCH: usize = 64;
const TAKES: Span = Span(20);

/// When the review of the lead that this event opened is due.
fn due(event: i64) -> Time {
    t(60_000 + event * 7_919 % WITHIN)
}

fn reminding() -> Arc<Decide> {
    road(|plan, step, now| match step.input {
        Input::Review => {
            plan.decision = Some(decision(What::Reminded, now));
            plan.review = Review::None;
        }
        _ => plan.review = Review::At(due(step.event.as_ref().map_or(0, |event| event.id.0))),
    })
}

fn batch(now: Time, steps: Vec<handoff::model::plan::Step>) -> Batch {
    Batch { now, steps, reviews_max: BATCH, decide: reminding() }
}

#[tokio::test]
async fn each_of_many_reviews_fires_once_none_early_and_few_late() {
    let db = file("").unwrap();
    for from in (0..LEADS).step_by(500) {
        accept(&db, (from..from + 500).map(fill).collect()).await;
        let steps = db.undecided(500).await.unwrap().iter().map(step).collect();
        assert_eq!(db.decide(batch(T0, steps)).await.unwrap().decided.len(), 500);
    }
    let open = |tally: handoff::store::Tally| tally.jobs.get("review").map_or(0, |jobs| jobs.open);
    assert_eq!(open(db.tally(T0).await.unwrap()), LEADS);
    let (mut now, mut other) = (t(60_000), LEADS);
    let mut late = vec![None; LEADS as usize + 1];
    loop {
        // Other work: a fill comes in with every batch.
        accept(&db, vec![fill(other)]).await;
        other += 1;
        let steps = db.undecided(500).await.unwrap().iter().map(step).collect();
        let done = db.decide(batch(now, steps)).await.unwrap();
        assert_eq!(done.late.len(), done.reviews);
        for one in done.decided.iter().filter(|one| one.decision.what == What::Reminded) {
            let lead = one.lead.unwrap().0;
            let Some(fired) = late.get_mut(lead as usize) else { continue };
            assert!(now >= due(lead), "lead {lead} was early");
            assert_eq!(fired.replace(now.since(due(lead)).0), None, "lead {lead} fires once");
        }
        if late.iter().skip(1).all(Option::is_some) {
            break;
        }
        now = now.plus(TAKES).max(done.next_review.unwrap_or(now));
    }
    let mut late: Vec<i64> = late.into_iter().flatten().collect();
    late.sort_unstable();
    let (middle, most) = (late[late.len() / 2], late[late.len() - 1]);
    let p99 = late[late.len() * 99 / 100];
    println!("{LEADS} reviews, 2,000 a second: late {middle} ms, p99 {p99} ms, most {most} ms");
    assert!(p99 < 1_000, "{p99} ms");
    assert_eq!(db.tally(now).await.unwrap(), db.recount(now).await.unwrap());
}
