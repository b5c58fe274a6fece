//! Alerts about destinations, and about the rulebook's file.

use handoff::{
    demo::{channels::smtp::MailSink, crm::Fault},
    model::{
        alert::{Alert, Limits},
        id::JobId,
        time::Span,
    },
    store::{JobFilter, JobOrder},
};

use super::{Proof, heard, let_pass, over, raised, watched};

pub(super) async fn a_lead_that_the_crm_refuses(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    plant.crm.script((0..4).map(|_| Fault::Status(400)));
    plant.fill("eva@linden.example", &[]).await;
    raised(&plant, alert, "write:hubspot", Span::seconds(5)).await;
    let dead = JobFilter { is_dead: Some(true), max: 10, ..JobFilter::default() };
    let dead = plant.store.jobs(dead).await.unwrap().rows;
    let ids: Vec<i64> = dead
        .iter()
        .map(|job| {
            let JobId(id) = job.id;
            id
        })
        .collect();
    assert_eq!(plant.store.order(ids, JobOrder::Retry, dead[0].due_at).await.unwrap(), 1);
    let proof = over(&plant, alert, "write:hubspot").await;
    assert_eq!(plant.crm.records().len(), 1);
    proof
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_an_operator_buried_is_no_alert_any_more() {
    let plant = watched(Limits::default()).await;
    plant.crm.script((0..4).map(|_| Fault::Status(400)));
    plant.fill("eva@linden.example", &[]).await;
    raised(&plant, Alert::JobDead, "write:hubspot", Span::seconds(5)).await;
    let filter = JobFilter { is_dead: Some(true), max: 10, ..JobFilter::default() };
    let dead = plant.store.jobs(filter.clone()).await.unwrap().rows;
    let ids = || dead.iter().map(|job| job.id.0).collect::<Vec<i64>>();
    assert_eq!(plant.store.order(ids(), JobOrder::Bury, dead[0].due_at).await.unwrap(), 1);
    assert_eq!(plant.store.order(ids(), JobOrder::Bury, dead[0].due_at).await.unwrap(), 0);
    over(&plant, Alert::JobDead, "write:hubspot").await;
    let buried = plant.store.jobs(filter).await.unwrap().rows;
    let (was, is) = (dead[0].reason.as_deref().unwrap(), buried[0].reason.as_deref().unwrap());
    assert_eq!(is, format!("buried by an operator: {was}"), "it says why it was dead");
}

pub(super) async fn a_crm_that_is_down(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    plant.crm.set_down(true);
    for number in 0..6 {
        plant.fill(&format!("p{number}@linden.example"), &[]).await;
    }
    raised(&plant, alert, "hubspot", Span::seconds(10)).await;
    plant.crm.set_down(false);
    let proof = over(&plant, alert, "hubspot").await;
    let_pass(&plant, Span::seconds(10), "all are written", |plant| plant.crm.records().len() == 6)
        .await;
    plant.books_balance().await;
    proof
}

/// The daemon is started anew in between: what was told is not told again, and what was not seen
/// since is not called well.
pub(super) async fn a_mail_server_that_is_gone(alert: Alert) -> Proof {
    let mut plant = watched(Limits::default()).await;
    let gone = std::mem::replace(&mut plant.mail, MailSink::start().await.expect("a port"));
    drop(gone);
    plant.fill("eva@linden.example", &[]).await;
    raised(&plant, alert, "email", Span::seconds(20)).await;
    plant.stop().await;
    plant.begin().await;
    assert_eq!(heard(&plant, "Alert", alert, "email"), 1);
    let proof = over(&plant, alert, "email").await;
    assert!(!plant.mail.mails().all().is_empty(), "over only because a mail got through");
    proof
}

pub(super) async fn a_rulebook_with_a_mistake(alert: Alert) -> Proof {
    let plant = watched(Limits::default()).await;
    let good = String::from_utf8(plant.files.lock().unwrap().main.clone()).unwrap();
    let write = |text: String| plant.files.lock().unwrap().main = text.into_bytes();
    write(good.replace("pool: inbound", "pool: nowhere"));
    raised(&plant, alert, "", Span::seconds(3)).await;
    assert_eq!(plant.running().worker.book.load().version, 1);
    write(good);
    over(&plant, alert, "").await
}
