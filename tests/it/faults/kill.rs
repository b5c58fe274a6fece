//! kill -9 under load, at any moment: nothing acknowledged is lost, no lead has two owners, no
//! second record is made.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::daemon::{Acknowledged, Daemon, all_events, all_leads, send};
use crate::harness::until;

fn kills() -> u32 {
    if std::env::var_os("HANDOFF_TEST_LONG").is_some() { 200 } else { 25 }
}

/// Waits until so many leads are in the CRM and each has an owner, for as long as there is progress.
async fn all_written(daemon: &Daemon, count: usize) {
    let owned = || daemon.crm.records().iter().filter(|one| !one.owners.is_empty()).count();
    let mut written = 0;
    while written < count || written < daemon.crm.records().len() {
        until("more leads are in the CRM with an owner", || async { owned() > written }).await;
        written = owned();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let mut daemon = Daemon::new();
    let acknowledged = Arc::new(Acknowledged::default());
    let kills = kills();
    for cycle in 0..kills {
        daemon.start().await;
        let (port, all) = (daemon.port, Arc::clone(&acknowledged));
        let sending = tokio::spawn(async move {
            send(port, &all, 4, Duration::from_millis(400)).await;
        });
        // A moment that differs from cycle to cycle, from the very first request on.
        tokio::time::sleep(Duration::from_millis(u64::from(cycle * 37 % 360) + 5)).await;
        daemon.kill();
        sending.await.expect("the senders end");
    }
    daemon.start().await;
    let count = acknowledged.events.lock().await.len();
    all_written(&daemon, count).await;
    let (_, ended_well) = daemon.stop();
    assert!(ended_well, "{}", daemon.log());

    let store = daemon.store();
    let stored: BTreeSet<_> = all_events(&store).await.into_iter().map(|one| one.uuid).collect();
    let acknowledged = acknowledged.events.lock().await;
    let lost = acknowledged.iter().filter(|(id, _)| !stored.contains(id)).count();
    let leads = all_leads(&store).await;
    let people: BTreeSet<_> = leads.iter().filter_map(|lead| lead.fields.text("email")).collect();
    let doubled = leads.len() - people.len();
    let records = daemon.crm.records();
    let addresses: BTreeSet<_> = records.iter().map(|record| record.text("email")).collect();
    let twins = records.len() - addresses.len();
    println!(
        "kills {kills}: acknowledged {}, stored {}, lost {lost}, leads {}, doubled {doubled}, \
         records {}, second records {twins}",
        acknowledged.len(),
        stored.len(),
        leads.len(),
        records.len(),
    );
    assert!(acknowledged.len() > kills as usize, "it was under load");
    assert_eq!((lost, doubled, twins), (0, 0, 0));
    for record in &records {
        let owners: BTreeSet<_> = record.owners.iter().map(|write| &write.owner).collect();
        assert_eq!(owners.len(), 1, "one owner, written for {}", record.id);
    }
    drop(store);
    daemon.assert_conserved();
}
