//! Values that PostgreSQL's texts cannot hold read back as they were.

use handoff::{
    model::job::{Effect, Link},
    store::{EventFilter, LeadFilter, TokenOrder, TokenRow},
};

use super::*;

const ODD: &str = "a\0b\u{1}c\u{1}0\0\0";

#[tokio::test]
async fn texts_with_nul_read_back_to_the_byte_and_are_found() {
    let test = "texts_with_nul_read_back_to_the_byte_and_are_found";
    let Some(db) = postgres(test) else { return };
    let mut odd = fill(1);
    odd.source = ODD.into();
    odd.delivery = format!("{ODD}1");
    odd.content_type = Some(ODD.into());
    odd.actor = Some(ODD.into());
    odd.body = vec![0, 1, 2, 255, 0];
    let mut other = odd.clone();
    other.delivery = odd.delivery.replace('\0', "\u{1}0");
    accept(&db, vec![odd.clone(), other]).await;
    assert!(db.accept(vec![odd.clone()]).await.unwrap()[0].is_duplicate);
    let events = db.undecided(10).await.unwrap();
    assert_eq!((events.len(), &events[0].arrived), (2, &odd));
    let filter = EventFilter { source: Some(ODD.into()), max: 5, ..Default::default() };
    assert_eq!(db.events(filter).await.unwrap().rows.len(), 2);

    let plan = road(|plan, _, now| {
        if let Some(lead) = &mut plan.lead {
            lead.fields.put_text("company", ODD);
            lead.owner = Some(ODD.into());
        }
        plan.reason = Some(ODD.into());
        plan.jobs = vec![job(JobKind::Write, &format!("crm{ODD}"), now)];
    });
    let steps = vec![fill_step(&events[0], &format!("{ODD}@linden.example"))];
    let done = decide_steps(&db, T0, steps, plan).await;
    assert_eq!(done.failed, Vec::new());
    let filter = LeadFilter { owner: Some(ODD.into()), max: 5, ..Default::default() };
    let leads = db.leads(filter).await.unwrap().rows;
    assert_eq!(leads[0].lead.fields.text("company"), Some(ODD));
    assert_eq!(event(&db, events[0].id).await.reason.as_deref(), Some(ODD));

    let lane = format!("crm{ODD}");
    let job = claim(&db, JobKind::Write, &lane, T0, 1).await.remove(0);
    let link = Link { record: ODD.into(), owner: Some(ODD.into()), ..Link::default() };
    let mut done = settlement(&job, Verdict::Dead { why: ODD.into() });
    done.effect = Some(Effect::Written(link.clone()));
    settle(&db, done).await;
    let record = Some((lane.clone(), ODD.to_owned()));
    let filter = LeadFilter { record, max: 5, ..Default::default() };
    assert_eq!(db.leads(filter).await.unwrap().rows.len(), 1);
    let story = db.lead(job.lead.uuid).await.unwrap().unwrap();
    assert_eq!((&story.links[&lane], story.jobs[0].reason.as_deref()), (&link, Some(ODD)));

    let token = TokenRow {
        name: ODD.into(),
        hash: [0; 32],
        created_at: T0,
        expires_at: t(1),
        revoked_at: None,
    };
    let made = db.tokens(TokenOrder::Create(token.clone())).await.unwrap();
    assert_eq!(made, [token]);
}
