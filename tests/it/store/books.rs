//! The books: tallies that move with the rows, and balance.

use std::sync::Arc;

use handoff::{
    model::{
        event::Fate,
        job::{JobKind, Verdict},
        lead::State,
        plan::{Decide, Filled, Input, Plan, Review},
        time::Span,
    },
    store::Keep,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::fixture::*;

/// One thing that happens to a store.
#[derive(Clone, Debug)]
enum Happening {
    Arrive { n: i64, person: u8 },
    Decide { outcome: u8 },
    Redo,
    Act { verdict: u8 },
    Sweep,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        3 => (0..40_i64, 0..5_u8).prop_map(|(n, person)| Happening::Arrive { n, person }),
        3 => (0..8_u8).prop_map(|outcome| Happening::Decide { outcome }),
        1 => Just(Happening::Redo),
        2 => (0..4_u8).prop_map(|verdict| Happening::Act { verdict }),
        1 => Just(Happening::Sweep),
    ];
    proptest::collection::vec(one, 1..40)
}

/// A decision that differs by the event and by `outcome`: opens, joins, rejects, panics, spoils.
fn deciding(outcome: u8) -> Arc<Decide> {
    Arc::new(move |snapshot, step, now| {
        let n = step.event.as_ref().map_or(0, |event| event.id.0);
        let mut plan = match (snapshot.lead, &step.input) {
            (Some(_), _) => changed(snapshot, step, now),
            (None, Input::Fill(_)) => opened(step, now),
            (None, _) => return Plan::nothing(),
        };
        if step.event.is_some() {
            match (n + i64::from(outcome)) % 6 {
                0 => {
                    return Plan {
                        fate: Some(Fate::Rejected),
                        reason: Some("unreadable".into()),
                        ..Plan::nothing()
                    };
                }
                1 => panic!("a poisoned event"),
                2 => plan.fate = Some(Fate::Noted),
                _ => {}
            }
        }
        if let Some(lead) = &mut plan.lead {
            lead.state = State::ALL[usize::from(outcome) % State::ALL.len()].0;
            lead.owner = (lead.state == State::Assigned).then(|| format!("rep-{}", n % 3));
        }
        plan.jobs = vec![job(JobKind::Write, "hubspot", now)];
        plan.review = [Review::Keep, Review::None, Review::At(now.plus(Span(outcome.into())))]
            [usize::from(outcome) % 3];
        plan
    })
}

async fn happen(db: &Db, happening: &Happening, now: i64) {
    match happening {
        Happening::Arrive { n, person } => {
            let mut fill = fill(*n);
            fill.body = person.to_string().into_bytes();
            accept(db, vec![fill]).await;
        }
        Happening::Decide { outcome } => {
            let events = db.undecided(100).await.unwrap();
            let steps = events
                .iter()
                .map(|event| {
                    let person = String::from_utf8_lossy(&event.arrived.body).into_owned();
                    fill_step(event, &format!("p{person}@linden.example"))
                })
                .collect();
            decide_steps(db, t(now), steps, deciding(*outcome)).await;
        }
        Happening::Redo => {
            let filter = handoff::store::EventFilter { max: 500, ..Default::default() };
            let events = db.events(filter).await.unwrap().rows;
            db.redo(events.iter().map(|event| event.uuid).collect()).await.unwrap();
        }
        Happening::Act { verdict } => {
            for job in claim(db, JobKind::Write, "hubspot", t(now), 5).await {
                let verdict = match verdict {
                    0 => Verdict::Done,
                    1 => Verdict::Retry { at: t(now), why: "busy".into() },
                    2 => Verdict::Snooze { at: t(now + 10), why: "burst".into() },
                    _ => Verdict::Dead { why: "refused".into() },
                };
                settle(db, settlement(&job, verdict)).await;
            }
        }
        Happening::Sweep => {
            db.sweep(Keep { bodies: Span(20), rows_max: 10 }, t(now)).await.unwrap();
        }
    }
}

/// Whatever happens, in whatever order: the tallies are those of the rows, and they balance.
pub async fn the_books_balance_at_every_step(db: Db) {
    let mut runner = TestRunner::deterministic();
    let mut now = 100;
    for _ in 0..8 {
        let story = happenings().new_tree(&mut runner).unwrap().current();
        for happening in &story {
            now += 1;
            happen(&db, happening, now).await;
            let tally = db.tally(t(now)).await.unwrap();
            assert!(tally.balances(), "{happening:?} in {story:?}: {tally:?}");
            assert_eq!(tally, db.recount(t(now)).await.unwrap(), "{happening:?} in {story:?}");
            assert_eq!(tally.fates.len(), 5);
        }
    }
    let tally = db.tally(t(now)).await.unwrap();
    for fate in ["opened", "joined", "rejected", "dead"] {
        assert!(tally.fates[fate] > 0, "the stories never met {fate}: {tally:?}");
    }
}

pub async fn fields_that_stay_empty_are_counted_in_a_row(db: Db) {
    let mut n = 0;
    let mut fills = async |count: i64, had: &'static [&'static str], lacked: &'static str| {
        accept(&db, (n..n + count).map(fill).collect()).await;
        n += count;
        let with = road(move |plan, step, _| {
            plan.filled = Some(Filled {
                source: step.event.as_ref().unwrap().source.clone(),
                filled: had.iter().map(|field| (*field).to_owned()).collect(),
                unfilled: vec![lacked.to_owned()],
            });
        });
        decide(&db, T0, with).await;
        db.tally(T0).await.unwrap().unfilled
    };
    assert!(fills(3, &["company"], "phone").await.is_empty(), "it never came, so it is not missed");
    let missed = fills(40, &[], "company").await;
    let company = missed["typeform/company"];
    assert!((30..=40).contains(&company) && missed.len() == 1, "a little behind: {missed:?}");
    assert!(fills(1, &["company"], "phone").await.is_empty());
}
