//! The power goes under load: what was acknowledged is on the disk that comes back.
//!
//! A store on an ext4 image takes signed posts; the daemon is killed, and the image is copied
//! without a sync or an unmount: what was only in memory is not in the copy. The daemon goes on
//! from the copy. The control lets no sync reach the disk and must lose events: it shows that the
//! others could fail.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;

use super::{
    daemon::{Acknowledged, Daemon, opened, send},
    disk::Disk,
    needs,
};
use crate::harness::{PATIENCE, until};

/// Cuts in the life of one image.
const ROUND: u64 = 20;

/// Sends until so much is acknowledged, and cuts the power a moment later; answers what was.
async fn cut_under_load(daemon: &mut Daemon, disk: &mut Disk, count: usize) -> Acknowledged {
    let acknowledged = Arc::new(Acknowledged::default());
    acknowledged.begin_at(nonce());
    let (port, all) = (daemon.port, Arc::clone(&acknowledged));
    let sending = tokio::spawn(async move { send(port, &all, 8, PATIENCE).await });
    until("it is under load", || async { acknowledged.events.lock().await.len() >= count }).await;
    // Any moment between two answers will do, and none is the right one.
    tokio::time::sleep(Duration::from_millis(count as u64 % 7)).await;
    daemon.kill();
    disk.cut().expect("the image is copied and mounted again");
    acknowledged.is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    sending.await.expect("the senders end");
    Arc::into_inner(acknowledged).expect("the senders have ended")
}

/// Deliveries have numbers of their own in each run on the same store.
fn nonce() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1_000_000, Ordering::Relaxed)
}

/// What SQLite says about the whole file.
fn integrity(path: &Path) -> String {
    let conn = Connection::open(path).expect("the store opens");
    conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict")
}

fn daemon_on(disk: &Disk) -> Daemon {
    let mut daemon = Daemon::new();
    daemon.elsewhere = Some(disk.path().join("data/handoff.db"));
    daemon
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_power_cut_everything_acknowledged_is_there() {
    const TEST: &str = "power cuts";
    if !needs::mounting(TEST) {
        return;
    }
    let (rounds, mut cuts, mut sent, mut lost) = (if needs::is_long() { 10 } else { 1 }, 0, 0, 0);
    for round in 0..rounds {
        let mut disk = match Disk::ext4(96) {
            Ok(disk) => disk,
            Err(why) => {
                needs::skipped(TEST, &why);
                return;
            }
        };
        let mut daemon = daemon_on(&disk);
        let mut earlier = Vec::new();
        for cut in 0..ROUND {
            daemon.start().await;
            let count = usize::try_from(1 + (cut * 37 + round * 11) % 100).expect("a few");
            let acknowledged = cut_under_load(&mut daemon, &mut disk, count).await;
            assert_eq!(integrity(&daemon.path()), "ok", "after cut {cut} of round {round}");
            let store = daemon.store();
            let count = acknowledged.events.lock().await.len();
            lost += acknowledged.lost_in(&store).await;
            (cuts, sent) = (cuts + 1, sent + count);
            earlier.push(acknowledged);
        }
        let store = daemon.store();
        for acknowledged in &earlier {
            lost += acknowledged.lost_in(&store).await;
        }
        let tally = handoff::store::Store::tally(&store, handoff::model::time::Time(0)).await;
        assert!(tally.expect("the books").balances());
    }
    println!("power cuts {cuts}: acknowledged {sent}, lost {lost}");
    assert_eq!(lost, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_syncs_the_same_power_cut_loses_what_was_acknowledged() {
    const TEST: &str = "power cuts without syncs (the control)";
    if !needs::mounting(TEST) || !needs::eatmydata(TEST) {
        return;
    }
    let (mut sent, mut lost, mut unreadable) = (0, 0, 0);
    for _ in 0..3 {
        let mut disk = match Disk::ext4(96) {
            Ok(disk) => disk,
            Err(why) => {
                needs::skipped(TEST, &why);
                return;
            }
        };
        let mut daemon = daemon_on(&disk);
        daemon.start().await;
        assert!(daemon.stop().1, "{}", daemon.log());
        daemon.environment.push(("LD_PRELOAD".to_owned(), "libeatmydata.so".to_owned()));
        daemon.start().await;
        let acknowledged = cut_under_load(&mut daemon, &mut disk, 30).await;
        let count = acknowledged.events.lock().await.len();
        sent += count;
        // It may even be damaged: then nothing of it is there.
        if let Ok(store) = opened(&daemon.path()) {
            lost += acknowledged.lost_in(&store).await;
        } else {
            lost += count;
            unreadable += 1;
        }
    }
    println!(
        "3 power cuts without syncs: acknowledged {sent}, lost {lost}, unreadable {unreadable}"
    );
    assert!(sent > 0 && lost > 0, "the cut would not show a missing sync: {lost} of {sent}");
}
