//! Leads of the time before.

use std::collections::BTreeMap;

use handoff::{
    model::{field::Fields, imported::Imported, time::Time},
    store::{
        ImportDone, ImportKey, ImportOrder, ImportStanding, Store, StoreError,
        imported::{IMPORTED_MAX, key},
    },
};

use super::fixture::*;
use crate::harness::Dice;

fn lead(at: i64, who: &str, owner: Option<&str>) -> Imported {
    let mut fields = Fields::default();
    fields.put_text("email", format!("{who}@linden.example"));
    fields.put_text("message", "\u{1}0 Böhm\0");
    let owner = owner.map(str::to_owned);
    Imported { at: t(at), source: "website".into(), fields, owner, answered_at: None }
}

/// One lead.
pub async fn furnish(db: &dyn Store) {
    let lead = Imported { answered_at: Some(t(9)), ..lead(1, "eva", Some("Ada\u{1} Byron")) };
    db.import(ImportOrder::Put(vec![lead])).await.unwrap();
}

/// All there are, as text.
pub async fn shown(db: &dyn Store) -> String {
    let standing = db.import_standing().await.unwrap();
    format!("{standing:?} {:?}", db.imported(first(), 9).await.unwrap())
}

async fn put(db: &Db, leads: &[Imported]) -> ImportDone {
    db.import(ImportOrder::Put(leads.to_vec())).await.unwrap()
}

async fn remove(db: &Db, source: Option<&str>, person: Option<&str>) -> u64 {
    let (source, person) = (source.map(str::to_owned), person.map(str::to_owned));
    db.import(ImportOrder::Remove { source, person }).await.unwrap().removed
}

fn first() -> ImportKey {
    (Time(i64::MIN), String::new(), String::new())
}

async fn all(db: &Db) -> Vec<Imported> {
    db.imported(first(), IMPORTED_MAX).await.unwrap()
}

fn done(added: u64, changed: u64, same: u64, removed: u64) -> ImportDone {
    ImportDone { added, changed, same, removed }
}

pub async fn a_lead_that_is_imported_again_is_changed_not_doubled(db: Db) {
    let both = [lead(2, "eva", None), lead(1, "eva", Some("ada"))];
    assert_eq!(put(&db, &both).await, done(2, 0, 0, 0));
    assert_eq!(put(&db, &both).await, done(0, 0, 2, 0));
    // Of two at the same time from the same person the last counts.
    let twice = [lead(2, "eva", Some("bob")), lead(2, "eva", Some("ada"))];
    assert_eq!(put(&db, &twice).await, done(0, 1, 0, 0));
    let answered = Imported { answered_at: Some(t(5)), ..lead(1, "eva", Some("ada")) };
    assert_eq!(put(&db, std::slice::from_ref(&answered)).await, done(0, 1, 0, 0));
    assert_eq!(all(&db).await, [answered, lead(2, "eva", Some("ada"))], "it reads back as it was");
}

pub async fn the_same_leads_in_any_order_and_parts_add_nothing(db: Db) {
    let mut dice = Dice::new(7);
    let mut leads: BTreeMap<ImportKey, Imported> = BTreeMap::new();
    for _ in 0..400 {
        let mut one = lead(
            dice.below(60).cast_signed(),
            ["eva", "É", "B", "a"][dice.below(4) as usize],
            None,
        );
        if dice.percent(50) {
            one.owner = Some(["ada", "", "Ada Byron", "\u{1}"][dice.below(4) as usize].to_owned());
        }
        one.answered_at = dice.percent(50).then(|| one.at.plus(LEASE));
        if dice.percent(50) {
            (*dice.of(&["fair", "Fair", "é"])).clone_into(&mut one.source);
        }
        leads.insert(key(&one), one);
    }
    let sorted: Vec<Imported> = leads.into_values().collect();
    let mut shuffled = sorted.clone();
    dice.shuffle(&mut shuffled);
    let mut total = ImportDone::default();
    for part in shuffled.chunks(17) {
        total = total.and(put(&db, part).await);
    }
    let count = sorted.len() as u64;
    assert_eq!(total, done(count, 0, 0, 0));
    let mut again = ImportDone::default();
    for part in sorted.chunks(50) {
        again = again.and(put(&db, part).await);
    }
    assert_eq!(again, done(0, 0, count, 0));
    // They come in the order of their keys, texts by bytes, and paged.
    let (mut after, mut seen) = (first(), Vec::new());
    loop {
        let page = db.imported(after.clone(), 13).await.unwrap();
        let Some(last) = page.last() else { break };
        after = key(last);
        seen.extend(page);
    }
    assert_eq!(seen, sorted);
    assert_eq!(all(&db).await, sorted);
}

pub async fn what_is_imported_stands_in_no_book(db: Db) {
    assert_eq!(db.import_standing().await.unwrap(), ImportStanding::default());
    let before = (db.audit(t(9)).await.unwrap(), db.team().await.unwrap());
    let other = Imported { source: "fair".into(), answered_at: Some(t(8)), ..lead(7, "max", None) };
    put(&db, &[lead(1, "eva", Some("ada")), lead(2, "eva", Some("ada")), other]).await;
    let standing = db.import_standing().await.unwrap();
    assert_eq!((standing.leads, standing.answered, standing.unowned), (3, 1, 1));
    assert_eq!((standing.from, standing.to), (Some(t(1)), Some(t(7))));
    assert_eq!(standing.sources, BTreeMap::from([("website".into(), 2), ("fair".into(), 1)]));
    assert_eq!(standing.owners, BTreeMap::from([("ada".into(), 2)]));
    assert_eq!((db.audit(t(9)).await.unwrap(), db.team().await.unwrap()), before);
    assert_eq!(leads(&db).await, []);

    assert_eq!(remove(&db, Some("website"), Some("max@linden.example")).await, 0);
    assert_eq!(remove(&db, None, Some("max@linden.example")).await, 1);
    assert_eq!(remove(&db, Some("fair"), None).await, 0);
    assert_eq!(remove(&db, None, None).await, 2);
    assert_eq!(db.import_standing().await.unwrap(), ImportStanding::default());
    let many = vec![lead(1, "eva", None); IMPORTED_MAX + 1];
    let error = db.import(ImportOrder::Put(many)).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
}
