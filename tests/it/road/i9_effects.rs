//! I9: each intended effect reaches its target at least once and shows there once, while one
//! request in five fails in one of five ways.

use std::collections::{BTreeMap, BTreeSet};

use handoff::{
    clock::Clock as _,
    demo::{
        channels::posts::{Post, Reply},
        crm::Fault,
    },
    model::{lead::State, time::Span},
};

use super::many::{accept, either, leads, pass_until};
use crate::harness::{Config, Dice, Plant};

/// One in five: a status, a wish to wait, a break before or after the work is done.
fn faults(dice: &mut Dice, count: usize) -> Vec<Fault> {
    let kinds = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::RetryAfter(429, 1),
        Fault::ResetBefore,
        Fault::ResetAfter,
    ];
    (0..count).map(|_| if dice.percent(20) { *dice.of(&kinds) } else { Fault::None }).collect()
}

/// The posts that were answered well: what was planned is answered in the order of arrival.
fn taken(posts: Vec<Post>, planned: &[bool]) -> Vec<Post> {
    let is_good = |place: usize| planned.get(place).copied().unwrap_or(true);
    posts
        .into_iter()
        .enumerate()
        .filter(|(place, _)| is_good(*place))
        .map(|(_, post)| post)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn i9_with_a_fifth_of_requests_failing_every_effect_is_there_once() {
    let plant = Plant::start(Config::default()).await;
    let mut dice = Dice::new(9);
    let count = either(300, 10_000);
    plant.crm.script(faults(&mut dice, count * 20));
    let planned: Vec<bool> = (0..count * 8).map(|_| !dice.percent(20)).collect();
    for good in &planned {
        let (status, body) = if *good { (200, "ok") } else { (503, "busy") };
        plant.chat.plan(Reply { status, body, ..Reply::default() });
    }
    for from in (0..count).step_by(4) {
        accept(&plant, from..(from + 4).min(count), |_| "demo").await;
        super::many::pass(&plant, Span::seconds(1));
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    let settled = || async {
        let now = plant.clock.now();
        let jobs = plant.store.tally(now).await.unwrap().jobs;
        let open = jobs.iter().filter(|(name, _)| !name.starts_with("review"));
        let is_past = |lead: &handoff::model::lead::Lead| {
            let ladder = lead.ladder.as_ref().unwrap();
            now.since(ladder.first_deadline) > Span::minutes(27)
        };
        open.map(|(_, jobs)| jobs.open).sum::<i64>() == 0
            && leads(plant.store.as_ref()).await.iter().all(is_past)
    };
    pass_until(&plant, Span::seconds(5), 4_000, "everything was done", settled).await;
    let (all, records) = (leads(plant.store.as_ref()).await, plant.crm.records());
    let mut by_email: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for record in &records {
        by_email.entry(record.text("email")).or_default().push(record.text("hubspot_owner_id"));
    }
    let (mut missing, mut doubled) = (0, 0);
    for lead in &all {
        assert_eq!(lead.state, State::Assigned);
        let owner = plant.crm.owner(lead.owner.as_deref().unwrap());
        match by_email.get(lead.fields.text("email").unwrap()).map(Vec::as_slice) {
            Some([shown]) => missing += usize::from(*shown != owner),
            Some(_) => doubled += 1,
            None => missing += 1,
        }
    }
    let posts = taken(plant.chat.posts().all(), &planned);
    let pages: Vec<String> = posts
        .iter()
        .filter(|post| post.json()["event_action"] == "trigger")
        .map(|post| post.json()["dedup_key"].as_str().unwrap().to_owned())
        .collect();
    let incidents: BTreeSet<&String> = pages.iter().collect();
    let failed = planned.iter().take(plant.chat.posts().all().len()).filter(|good| !*good).count();
    let dead: i64 =
        plant.store.tally(plant.clock.now()).await.unwrap().jobs.values().map(|job| job.dead).sum();
    println!(
        "I9: {count} leads, {} CRM requests with a fifth failing, {} posts with {failed} failing: \
         {missing} missing, {doubled} doubled in the CRM; {} pages are {} incidents of {count}; \
         {dead} dead",
        plant.crm.requests().len(),
        plant.chat.posts().all().len(),
        pages.len(),
        incidents.len(),
    );
    assert_eq!((all.len(), missing, doubled, dead), (count, 0, 0, 0));
    assert_eq!(records.len(), count, "no twin");
    assert_eq!(incidents.len(), count, "every page is open, each lead one incident");
    assert!(failed > 20, "faults fired: {failed}");
    plant.books_balance().await;
}
