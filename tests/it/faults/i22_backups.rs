//! I22: a copy made under load restores to a store that holds every event acknowledged before it
//! began, and a daemon goes on from it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use handoff::store::{Store as _, sqlite::SqliteStore};
use tokio::sync::Mutex;

use super::{
    daemon::{Daemon, all_events},
    wire::{Post, Wire, event_of},
};
use crate::road::many::either;

type Acknowledged = Arc<Mutex<Vec<uuid::Uuid>>>;

async fn send(port: u16, next: Arc<AtomicU64>, end: Arc<AtomicBool>, all: Acknowledged) {
    let mut wire = Wire::connect(port).await.expect("a connection");
    while !end.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let body = format!(r#"{{"data":{{"email":"p{number}@linden.example"}}}}"#);
        let fill = Post::new(port, &body, &format!("msg_{number}"));
        let (status, said) = wire.send(&fill).await.expect("an answer");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&said));
        all.lock().await.push(event_of(&said));
    }
}

fn integrity(file: &std::path::Path) -> String {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let copy = rusqlite::Connection::open_with_flags(file, flags).expect("it opens");
    copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it is a database")
}

#[tokio::test(flavor = "multi_thread")]
async fn i22_a_copy_made_under_load_holds_everything_acknowledged_before_it_began() {
    let mut daemon = Daemon::new();
    daemon.crm.set_down(true);
    let made = daemon.command().args(["token", "create", "ops"]).output().expect("it runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let token = String::from_utf8(made.stdout).expect("text").trim().to_owned();
    daemon.environment.push(("HANDOFF_TOKEN".to_owned(), token));
    daemon.start().await;
    let (next, end) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let acknowledged = Acknowledged::default();
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let all = Arc::clone(&acknowledged);
            tokio::spawn(send(daemon.port, Arc::clone(&next), Arc::clone(&end), all))
        })
        .collect();
    let copies = either(5, 20);
    let (mut missing, mut held, mut later) = (0, 0, 0);
    for number in 0..copies {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let before: Vec<uuid::Uuid> = acknowledged.lock().await.clone();
        let file = daemon.folder.path().join(format!("copy-{number}.db"));
        let mut command = daemon.command();
        command.arg("backup").arg(&file);
        let made = tokio::task::spawn_blocking(move || command.output()).await.expect("it ends");
        let made = made.expect("it runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let after = acknowledged.lock().await.len();
        assert_eq!(integrity(&file), "ok");
        let copy = SqliteStore::open_offline(&file).expect("a copy is a store");
        let stored: BTreeSet<_> = all_events(&copy).await.into_iter().map(|one| one.uuid).collect();
        missing += before.iter().filter(|id| !stored.contains(id)).count();
        held += before.len();
        later += after - before.len();
        let now = handoff::model::time::Time(0);
        let (kept, counted) = (copy.tally(now).await.unwrap(), copy.recount(now).await.unwrap());
        assert!(kept.balances() && kept == counted, "{kept:?} {counted:?}");
    }
    end.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await.expect("it ends well");
    }
    tokio::task::block_in_place(|| daemon.stop());
    // Back to the last copy: it is put where the store was.
    let last = daemon.folder.path().join(format!("copy-{}.db", copies - 1));
    for suffix in ["", "-wal", "-shm"] {
        let _gone = std::fs::remove_file(daemon.folder.path().join(format!("handoff.db{suffix}")));
    }
    std::fs::copy(&last, daemon.path()).expect("it is put back");
    daemon.start().await;
    let mut wire = Wire::connect(daemon.port).await.expect("a connection");
    let post = Post::new(daemon.port, r#"{"data":{"email":"eva@linden.example"}}"#, "msg_after");
    assert_eq!(wire.send(&post).await.expect("an answer").0, 200);
    println!(
        "I22: {copies} copies under load, integrity ok: {held} acknowledged before, {missing} \
         missing; {later} acknowledged while they were made; a daemon went on from the last"
    );
    assert_eq!(missing, 0);
    assert!(held > copies * 10 && later > 0, "it was under load: {held}, {later}");
}
