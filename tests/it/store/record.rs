//! What decisions saw and moved, and what is kept beside that.

use std::sync::Arc;

use handoff::{
    model::{
        id::Seq,
        plan::Decide,
        record::{Basis, Record},
        team::Team,
    },
    store::RecordFilter,
};

use super::fixture::*;

/// Every plan has a record that names its lead, and stands on this.
fn recording(basis: &str) -> Arc<Decide> {
    let basis = Arc::new(Basis::of(basis.to_owned()));
    road(move |plan, _, _| {
        let lead = plan.lead.as_ref().map(|lead| lead.uuid.to_string()).unwrap_or_default();
        let saw = format!("{{\"b\":{},\"x\":\"{lead} \u{e4}\"}}", basis.hash);
        let moved = Some("{ \"o\":[null,\"ada\"]}".to_owned());
        plan.record = Some(Record { saw, moved, basis: Arc::clone(&basis) });
    })
}

pub async fn what_a_decision_saw_and_moved_reads_back_to_the_byte(db: Db) {
    let leads = open(&db, 1..=7, recording("one")).await;
    let filter = RecordFilter { after: Some(Seq(2)), lead: None, max: 3 };
    let page = db.records(filter).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.seq.0).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(page.next, Some(5));
    let lead = &leads[3];
    let filter = RecordFilter { after: None, lead: Some(lead.uuid), max: 500 };
    let [row] = db.records(filter).await.unwrap().rows.try_into().unwrap();
    let basis = Basis::of("one".to_owned());
    let saw = format!("{{\"b\":{},\"x\":\"{} \u{e4}\"}}", basis.hash, lead.uuid);
    assert_eq!((row.seq, row.lead, row.event), (Seq(4), Some(lead.id), Some(lead.event)));
    assert_eq!(row.saw, Some(saw));
    assert_eq!(row.moved.as_deref(), Some("{ \"o\":[null,\"ada\"]}"));
    let decided =
        db.decisions(handoff::store::DecisionFilter { after: None, max: 9 }).await.unwrap();
    assert_eq!(row.doc, serde_json::to_string(&decided.rows[3].decision).unwrap());
    assert_eq!(db.basis(basis.hash).await.unwrap().as_deref(), Some("one"));
    assert_eq!(db.basis(basis.hash + 1).await.unwrap(), None);
}

pub async fn the_first_decision_with_a_record_after_one_without_has_people_kept_before_it(db: Db) {
    open(&db, 1..=3, plain()).await;
    assert_eq!(db.checkpoint(Seq(99)).await.unwrap(), None);
    let before = db.team().await.unwrap();
    assert_eq!(before.open.get("ada"), Some(&3));
    open(&db, 4..=6, recording("one")).await;
    assert_eq!(db.checkpoint(Seq(99)).await.unwrap(), Some((Seq(3), before.clone())));
    open(&db, 7..=7, plain()).await;
    open(&db, 8..=9, recording("two")).await;
    let team = |open: i64| Team { open: [("ada".to_owned(), open)].into(), ..Team::default() };
    assert_eq!(db.checkpoint(Seq(99)).await.unwrap(), Some((Seq(7), team(7))));
    assert_eq!(db.checkpoint(Seq(6)).await.unwrap(), Some((Seq(3), before)));
    assert_eq!(db.checkpoint(Seq(2)).await.unwrap(), None);
    let basis = Basis::of("two".to_owned());
    assert_eq!(db.basis(basis.hash).await.unwrap().as_deref(), Some("two"));
}
