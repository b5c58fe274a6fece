//! I9 with the real binary: a fifth of requests fails and the process is killed in between; every
//! lead is in the CRM once with its owner, and everybody hears of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use handoff::{
    demo::{
        channels::posts::{Post, Reply, Sink},
        crm::Fault,
    },
    store::Store as _,
};

use super::{
    daemon::{Daemon, all_leads},
    senders::post,
};
use crate::{harness::Dice, road::many::either};

const KILLS: usize = 8;

/// Gives the daemon a webhook that hears of every lead which is two seconds old.
fn hear(daemon: &Daemon, sink: &Sink) {
    let edit = |name: &str, change: &dyn Fn(String) -> String| {
        let path = daemon.folder.path().join(name);
        let text = std::fs::read_to_string(&path).expect("it is there");
        std::fs::write(path, change(text)).expect("a file");
    };
    let channel = "\n[channel.hook]\nkind = \"webhook\"\nurl = \"env:HOOK_URL\"\nsecrets = \
         [\"env:WEBSITE_SECRET\"]\nallow_private = true\nper_second = 1000\nburst = 1000\n";
    edit("handoff.toml", &|text| text + channel);
    edit("rulebook.toml", &|text| {
        text.replace("respond_within = \"5m\"", "respond_within = \"2s\"").replace(
            "{ at = \"100%\", tell = [\"owner\"]",
            "{ at = \"100%\", tell = [\"channel: hook\"]",
        )
    });
    assert!(sink.url("/hook").starts_with("http://127.0.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn i9_kills_and_faults_leave_every_lead_once_in_the_crm_and_told() {
    let (mut daemon, sink) = (Daemon::new(), Sink::start().expect("a port"));
    daemon.environment.push(("HOOK_URL".to_owned(), sink.url("/hook")));
    hear(&daemon, &sink);
    let (mut dice, count) = (Dice::new(99), either(240, 10_000));
    let kinds = [Fault::Status(503), Fault::ResetBefore, Fault::ResetAfter];
    let faults = (0..count / 2)
        .map(|_| if dice.percent(20) { *dice.of(&kinds) } else { Fault::None })
        .collect::<Vec<_>>();
    daemon.crm.script(faults);
    let planned: Vec<bool> = (0..count / 2).map(|_| !dice.percent(20)).collect();
    for good in &planned {
        sink.plan(Reply { status: if *good { 204 } else { 503 }, ..Reply::default() });
    }
    for round in 0..KILLS {
        daemon.start().await;
        post(daemon.port, round * count / KILLS..(round + 1) * count / KILLS, |_| "demo").await;
        tokio::time::sleep(Duration::from_millis(dice.below(600))).await;
        daemon.kill();
    }
    daemon.start().await;
    let owned = || daemon.crm.records().iter().filter(|one| !one.owners.is_empty()).count();
    let heard = || told(&sink, &planned).values().sum::<u64>() as usize;
    // A job that failed six times waits for half a minute.
    let end = tokio::time::Instant::now() + Duration::from_mins(3);
    while owned() < count || heard() < count {
        let is_late = tokio::time::Instant::now() > end;
        assert!(!is_late, "{} in the CRM, {} told of {count}", owned(), heard());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (_, ended_well) = tokio::task::block_in_place(|| daemon.stop());
    assert!(ended_well, "{}", daemon.log());
    let store = daemon.store();
    let (leads, records) = (all_leads(&store).await, daemon.crm.records());
    let people: BTreeSet<&str> = records.iter().map(|record| record.text("email")).collect();
    let wrong = leads.iter().filter(|lead| {
        let wanted = daemon.crm.owner(lead.owner.as_deref().unwrap());
        let email = lead.fields.text("email").unwrap();
        !records
            .iter()
            .any(|one| one.text("email") == email && one.text("hubspot_owner_id") == wanted)
    });
    let wrong = wrong.count();
    let mut untold = 0;
    for lead in &leads {
        let known = store.lead(lead.uuid).await.unwrap().unwrap();
        untold += usize::from(known.notices.len() != 1);
    }
    println!(
        "I9: {count} leads, {KILLS} kills, a fifth failing: {} leads, {} records, {} twins, \
         {wrong} missing or wrong; {untold} not told or twice, {} of them said again after a kill",
        leads.len(),
        records.len(),
        records.len() - people.len(),
        heard() - count,
    );
    assert_eq!((leads.len(), records.len(), people.len(), wrong), (count, count, count, 0));
    assert_eq!(untold, 0);
}

/// Of how many leads each message that the hook took speaks, by its id.
fn told(sink: &Sink, planned: &[bool]) -> BTreeMap<String, u64> {
    let posts = sink.posts().all().into_iter().enumerate();
    let taken = posts.filter(|(place, _)| planned.get(*place).copied().unwrap_or(true));
    let total = |post: &Post| post.json()["data"]["total"].as_u64().unwrap();
    taken.map(|(_, post)| (post.headers["webhook-id"].clone(), total(&post))).collect()
}
