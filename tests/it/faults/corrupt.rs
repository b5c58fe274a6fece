//! A damaged file: it is found before it spreads, by the start, by `check --store` or by a backup,
//! and the finding says what to do.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use handoff::store::{Store as _, StoreError};

use super::daemon::{Acknowledged, Daemon, opened, send};

const PAGE: usize = 4096;

/// A daemon that was under load and has stopped, and its whole database as bytes.
async fn grown() -> (Daemon, Vec<u8>) {
    let mut daemon = Daemon::new();
    daemon.start().await;
    let acknowledged = Arc::new(Acknowledged::default());
    send(daemon.port, &acknowledged, 8, Duration::from_millis(700)).await;
    assert!(daemon.stop().1, "{}", daemon.log());
    drop(daemon.store()); // brings the log into the file
    let bytes = std::fs::read(daemon.path()).expect("the database");
    assert!(bytes.len() > 20 * PAGE, "it grew: {}", bytes.len());
    (daemon, bytes)
}

/// A copy with some bytes flipped.
fn damaged(folder: &Path, bytes: &[u8], from: usize, count: usize) -> PathBuf {
    let path = folder.join("damaged.db");
    for beside in ["damaged.db-wal", "damaged.db-shm", "backup.db"] {
        let _ = std::fs::remove_file(folder.join(beside));
    }
    let mut bytes = bytes.to_vec();
    bytes[from..from + count].iter_mut().for_each(|byte| *byte ^= 0xff);
    std::fs::write(&path, bytes).expect("a copy");
    path
}

/// What a start or else a backup says of this file; `None` if both find it good.
async fn finding(path: &Path) -> Option<String> {
    let store = match opened(path) {
        Ok(store) => store,
        Err(StoreError::Fatal(why) | StoreError::Refused(why)) => return Some(why),
        Err(error) => panic!("a start that cannot be understood: {error:?}"),
    };
    let copy = path.with_file_name("backup.db");
    let error = store.backup(&copy).await.err()?;
    assert!(!copy.exists(), "a bad copy is not left behind");
    Some(error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_found_by_a_start_or_a_backup_and_the_finding_gives_advice() {
    let (daemon, bytes) = grown().await;
    let folder = daemon.folder.path();
    // What every file of SQLite begins with, its page size, versions, encoding, and whose it is.
    let header = [(0, 16), (16, 2), (18, 1), (19, 1), (20, 4), (56, 4), (68, 4), (100, 8)];
    let pages = bytes.len() / PAGE;
    // The head of a page says what it is and where its cells are.
    let heads = (1..pages).map(|page| (page * PAGE, 8));
    let (mut at_start, mut found, mut missed) = (0, 0, Vec::new());
    for (from, count) in header.into_iter().chain(heads) {
        let path = damaged(folder, &bytes, from, count);
        match finding(&path).await {
            None => missed.push(from),
            Some(why) => {
                assert!(
                    ["damaged", "another program", "newer"].iter().any(|word| why.contains(word)),
                    "byte {from}: {why}"
                );
                found += 1;
                at_start += usize::from(!why.contains("the copy"));
            }
        }
    }
    println!(
        "damage at {} places: {found} found, {at_start} by the start, missed {missed:?}",
        8 + pages - 1
    );
    assert_eq!(missed, Vec::<usize>::new());
    let whole = finding(&damaged(folder, &bytes, 0, 0)).await;
    assert_eq!(whole, None, "a whole file is good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_on_a_damaged_file_refuses_to_start() {
    let (mut daemon, bytes) = grown().await;
    let path = damaged(daemon.folder.path(), &bytes, 0, 16);
    daemon.elsewhere = Some(path);
    for line in [&["serve"][..], &["check", "--store"]] {
        let output = daemon.command().args(line).env("HANDOFF_URL", "http://127.0.0.1:9").output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{line:?}: {said}");
        assert!(said.contains("damaged") && said.contains("restore a backup"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_store_reads_every_page_and_says_what_to_do_about_a_damaged_one() {
    let (mut daemon, bytes) = grown().await;
    let pages = bytes.len() / PAGE;
    let check = |daemon: &Daemon| {
        let mut command = daemon.command();
        command.args(["check", "--store"]).env("HANDOFF_URL", "http://127.0.0.1:9");
        let output = command.output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (mut found, mut by_reading) = (0, 0);
    for page in (1..pages).step_by(pages.div_ceil(12)) {
        daemon.elsewhere = Some(damaged(daemon.folder.path(), &bytes, page * PAGE, 8));
        let (code, said) = check(&daemon);
        assert!(matches!(code, Some(1 | 5)), "page {page}: {said}");
        assert!(said.contains("damaged") && said.contains("restore a backup"), "{page}: {said}");
        found += 1;
        by_reading += usize::from(said.contains("keep a copy, look at the disk"));
    }
    println!("check --store: {found} damaged pages of {pages}, {by_reading} found by reading all");
    assert!(by_reading > 0, "some are met only by reading every page");
    daemon.elsewhere = Some(damaged(daemon.folder.path(), &bytes, 0, 0));
    let (code, said) = check(&daemon);
    assert!(said.contains("The file is whole") && said.contains("The books balance"), "{said}");
    assert_eq!(code, Some(0), "{said}");
}
