//! Alerts about people: who is gone and still named, whose calendar is not read.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use handoff::{
    clock::Clock as _,
    model::{
        alert::{Alert, Limits},
        news::{Absence, News},
        time::Span,
    },
    worker::calendar::Calendar,
};

use super::{Proof, heard, let_pass, over, raised, watched};
use crate::harness::{Config, Plant, desk};

async fn news(plant: &Plant, number: usize, news: &News) {
    let event = desk::news(number, plant.clock.now(), news);
    plant.store.accept(vec![event]).await.unwrap();
    plant.running().worker.wakes.decide();
    plant.decided().await;
}

pub(super) async fn somebody_whom_the_crm_refuses(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    assert_eq!(lead.owner.as_deref(), Some("ada"));
    let (destination, rep) = ("hubspot".to_owned(), "ada".to_owned());
    news(&plant, 1, &News::OwnerInvalid { lead: lead.uuid, destination, rep }).await;
    raised(&plant, alert, "ada", Span::seconds(5)).await;
    let lead = plant.lead_of("eva@linden.example").await.unwrap();
    assert_eq!(lead.owner.as_deref(), Some("bob"), "the lead went to somebody who is there");
    for number in 0..4 {
        let lead = plant.fill(&format!("p{number}@linden.example"), &[]).await;
        assert_eq!(lead.owner.as_deref(), Some("bob"), "and so does every other");
    }
    news(&plant, 2, &News::Back { rep: "ada".to_owned() }).await;
    over(&plant, alert, "ada").await
}

pub(super) async fn a_calendar_that_is_gone(alert: Alert) -> Proof {
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    let config = Config {
        alerts: Limits::default(),
        tune: Some(Arc::new(move |parts| {
            let gone = Arc::clone(&gone);
            parts.calendars = vec![Calendar {
                rep: "ada".to_owned(),
                every: Span::minutes(5),
                read: Box::new(move || {
                    let is_gone = gone.load(Ordering::Relaxed);
                    Box::pin(async move {
                        if is_gone {
                            return Err("status 404".to_owned());
                        }
                        // Ada is busy all day, on the day of the tests.
                        Ok("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101T000000Z\n\
                            DTEND:20260102T000000Z\nSUMMARY:Secret plans\nEND:VEVENT\n\
                            END:VCALENDAR\n"
                            .to_owned())
                    })
                }),
            }];
        })),
        ..Config::default()
    };
    let plant = Plant::start(config).await;
    let_pass(&plant, Span::seconds(5), "the calendar is read", |plant| {
        plant.running().worker.calendars.stale(plant.clock.now()).is_empty()
    })
    .await;
    crate::harness::until("ada is busy", || async {
        let team = plant.store.team().await.unwrap();
        team.away.get("ada").is_some_and(|away| away[0].absence == Absence::Paused)
    })
    .await;
    is_gone.store(true, Ordering::Relaxed);
    raised(&plant, alert, "ada", Span::minutes(1)).await;
    // What it said last holds all the same.
    let lead = plant.fill("eva@linden.example", &[]).await;
    assert_eq!(lead.owner.as_deref(), Some("bob"));
    is_gone.store(false, Ordering::Relaxed);
    let proof = over(&plant, alert, "ada").await;
    assert_eq!(heard(&plant, "Alert", Alert::DepartedOwner, "ada"), 0);
    proof
}
