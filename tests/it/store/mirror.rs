//! The mirror of accounts.

use handoff::{
    model::{account::Account, time::Time},
    store::{MirrorDone, MirrorOrder, Store, StoreError, mirror::ACCOUNTS_MAX},
};

use super::fixture::*;

fn account(id: &str, name: &str) -> Account {
    Account { id: id.into(), name: name.into(), ..Account::default() }
}

/// One account.
pub async fn furnish(db: &dyn Store) {
    let accounts = vec![account("\u{1}7", "Linden")];
    let put = MirrorOrder::Put { origin: "csv".into(), stamp: Some(t(3)), accounts };
    db.mirror(put).await.unwrap();
}

async fn put(db: &Db, origin: &str, stamp: Option<Time>, accounts: &[Account]) -> MirrorDone {
    let accounts = accounts.to_vec();
    db.mirror(MirrorOrder::Put { origin: origin.into(), stamp, accounts }).await.unwrap()
}

async fn names(db: &Db) -> Vec<String> {
    let rows = db.accounts(None, ACCOUNTS_MAX).await.unwrap();
    rows.iter()
        .map(|row| format!("{} {} {}", row.origin, row.account.id, row.account.name))
        .collect()
}

fn done(added: u64, changed: u64, same: u64, removed: u64) -> MirrorDone {
    MirrorDone { added, changed, same, removed }
}

pub async fn an_account_that_comes_again_is_changed_not_doubled(db: Db) {
    assert_eq!(db.mirror_version().await.unwrap(), 0);
    let both = [account("b", "Böhm\u{1}"), account("a", "Harrow")];
    assert_eq!(put(&db, "csv", None, &both).await, done(2, 0, 0, 0));
    let version = db.mirror_version().await.unwrap();
    assert_eq!(put(&db, "csv", None, &both).await, done(0, 0, 2, 0));
    assert_eq!(db.mirror_version().await.unwrap(), version, "nothing changed");
    // Of two with one id the last counts.
    let twice = [account("a", "Harrow Hills"), account("a", "Harrow Mills")];
    assert_eq!(put(&db, "csv", None, &twice).await, done(0, 1, 0, 0));
    assert!(db.mirror_version().await.unwrap() > version);
    assert_eq!(names(&db).await, ["csv a Harrow Mills", "csv b Böhm\u{1}"]);
    let rows = db.accounts(Some(("csv".into(), "a".into())), 1).await.unwrap();
    assert_eq!(rows[0].account, both[0], "it reads back as it was");
}

pub async fn what_one_origin_brings_touches_no_others(db: Db) {
    put(&db, "csv", None, &[account("1", "Linden")]).await;
    assert_eq!(put(&db, "crm", Some(t(1)), &[account("1", "Harrow")]).await, done(1, 0, 0, 0));
    let retire = MirrorOrder::Retire { origin: "crm".into(), stamp: t(2) };
    assert_eq!(db.mirror(retire).await.unwrap(), done(0, 0, 0, 1));
    assert_eq!(names(&db).await, ["csv 1 Linden"]);
}

pub async fn what_a_run_did_not_bring_is_retired_when_it_says_so(db: Db) {
    put(&db, "csv", None, &[account("1", "Linden"), account("2", "Harrow")]).await;
    put(&db, "csv", Some(t(5)), &[account("2", "Harrow"), account("3", "Marlow")]).await;
    let retire = || MirrorOrder::Retire { origin: "csv".into(), stamp: t(5) };
    let version = db.mirror_version().await.unwrap();
    assert_eq!(db.mirror(retire()).await.unwrap(), done(0, 0, 0, 1));
    assert!(db.mirror_version().await.unwrap() > version);
    assert_eq!(db.mirror(retire()).await.unwrap(), done(0, 0, 0, 0));
    assert_eq!(names(&db).await, ["csv 2 Harrow", "csv 3 Marlow"]);
}

pub async fn accounts_come_in_the_order_of_bytes_and_paged(db: Db) {
    let all: Vec<Account> = ["B", "a", "Z", "é", "10", "9"].map(|id| account(id, id)).into();
    put(&db, "csv", None, &all).await;
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let rows = db.accounts(after, 2).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = Some((last.origin.clone(), last.account.id.clone()));
        seen.extend(rows.into_iter().map(|row| row.account.id));
    }
    assert_eq!(seen, ["10", "9", "B", "Z", "a", "é"]);
    let many = vec![account("x", "x"); ACCOUNTS_MAX + 1];
    let order = MirrorOrder::Put { origin: "csv".into(), stamp: None, accounts: many };
    let error = db.mirror(order).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
}
