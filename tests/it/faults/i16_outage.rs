//! I16 with the real binary: killed while the CRM is down, started, and the CRM comes back.

use std::time::Duration;

use super::{
    daemon::{Daemon, all_leads},
    senders::post,
};
use crate::{harness::until, road::many::either};

/// One in ten is hot.
fn is_hot(number: usize) -> bool {
    number.is_multiple_of(10)
}

fn with_cold(text: &str) -> String {
    let rule = "\n[[rule]]\nid = \"cold\"\nif.form = \"ebook\"\nassign_to = \"pool: inbound\"\nsla \
                = \"cold\"\n\n[[rule]]\nid = \"everyone\"";
    let sla = "\n[[sla]]\nid = \"cold\"\nrespond_within = \"1d\"\nclock = \"always\"\nescalation \
               = \"chain\"\n\n[[escalation]]";
    text.replacen("\n[[rule]]\nid = \"everyone\"", rule, 1).replacen("\n[[escalation]]", sla, 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn i16_killed_while_the_crm_is_down_it_goes_on_when_both_are_back() {
    let mut daemon = Daemon::new();
    let path = daemon.folder.path().join("rulebook.toml");
    std::fs::write(&path, with_cold(&std::fs::read_to_string(&path).unwrap())).unwrap();
    // The usual pace: a step of a hundred leads ten times a second.
    let path = daemon.folder.path().join("handoff.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("per_second = 10000\nburst = 10000", "per_second = 10\nburst = 10");
    assert!(text.contains("burst = 10\n"), "{text}");
    std::fs::write(&path, text).unwrap();
    daemon.crm.set_down(true);
    daemon.start().await;
    let count = either(600, 4_000);
    post(daemon.port, 0..count, |number| if is_hot(number) { "demo" } else { "ebook" }).await;
    // Long enough that those which were tried first wait for seconds by now.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(daemon.crm.requests().len() > 5, "it was tried");
    daemon.kill();
    daemon.start().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(daemon.crm.records().is_empty(), "it is down");
    daemon.crm.set_down(false);
    let began = tokio::time::Instant::now();
    let owned = || daemon.crm.records().iter().filter(|one| !one.owners.is_empty()).count();
    let mut before = 0;
    while before < count {
        until("more leads are in the CRM", || async { owned() > before }).await;
        before = owned();
    }
    let took = began.elapsed();
    let (_, ended_well) = tokio::task::block_in_place(|| daemon.stop());
    assert!(ended_well, "{}", daemon.log());
    let (leads, records) = (all_leads(&daemon.store()).await.len(), daemon.crm.records());
    let place = |wanted: bool| {
        let number = |email: &str| email[1..].split('@').next().unwrap().parse::<usize>().unwrap();
        let places: Vec<usize> = (0..records.len())
            .filter(|place| is_hot(number(records[*place].text("email"))) == wanted)
            .collect();
        places[places.len() / 2]
    };
    println!(
        "I16: killed while the CRM was down with {count} waiting: the last lead written {:.1} s \
         after the CRM was back, median place of hot {} and of others {}, {} second records",
        took.as_secs_f64(),
        place(true),
        place(false),
        records.len() - leads,
    );
    assert_eq!((leads, records.len()), (count, count));
    // Some six seconds on a machine with nothing else to do; a shared one stands still at times.
    assert!(took <= Duration::from_secs(30), "{took:?}");
    assert!(place(true) < place(false), "hot first");
}
