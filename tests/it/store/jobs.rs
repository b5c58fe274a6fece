//! Claim and settle.

use std::sync::Arc;

use handoff::{
    model::{
        id::Seq,
        job::{Claimed, Effect, JobKind, Link, Settled, Verdict, Why},
        news::News,
        plan::Decide,
        time::{Span, Time},
    },
    store::{Claim, JobFilter, JobOrder},
};

use super::fixture::*;

const WRITE: &[(JobKind, &str)] = &[(JobKind::Write, "hubspot")];

/// The only due write.
async fn claim_write(db: &Db, now: Time) -> Claimed {
    let mut jobs = claim(db, JobKind::Write, "hubspot", now, 10).await;
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

/// The same person fills in another form: the lead changes and its jobs are wanted again.
async fn fill_again(db: &Db, n: i64, now: Time, with: Arc<Decide>) {
    accept(db, vec![fill(n)]).await;
    let event = db.undecided(1).await.unwrap().remove(0);
    let steps = vec![fill_step(&event, "delivery-1@linden.example")];
    let done = decide_steps(db, now, steps, with).await;
    assert_eq!(done.decided.len(), 1, "{:?}", done.failed);
}

fn retry(at: Time) -> Verdict {
    Verdict::Retry { at, why: "busy".into() }
}

pub async fn a_leased_job_is_not_given_twice_before_its_lease_ends(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let first = claim_write(&db, T0).await;
    assert_eq!((first.attempt, first.wanted, first.is_uncertain), (1, Seq(1), false));
    let ends = T0.plus(LEASE);
    assert!(claim(&db, JobKind::Write, "hubspot", ends.minus(Span(1)), 10).await.is_empty());
    assert_eq!(claim_write(&db, ends).await.attempt, 2);
}

pub async fn a_claim_after_a_lapsed_lease_says_that_the_last_attempt_is_uncertain(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    claim_write(&db, T0).await;
    let later = T0.plus(LEASE);
    let second = claim_write(&db, later).await;
    assert!(second.is_uncertain);
    // It stays uncertain until an attempt succeeds: the second one may not have been able to look.
    settle(&db, settlement(&second, retry(later))).await;
    let third = claim_write(&db, later).await;
    assert_eq!((third.attempt, third.is_uncertain), (3, true));
    fill_again(&db, 2, later, wanting(WRITE)).await;
    settle(&db, settlement(&third, Verdict::Done)).await;
    let fourth = claim_write(&db, later).await;
    assert!(!fourth.is_uncertain);
}

pub async fn a_claim_after_attempts_were_counted_anew_says_that_the_last_one_is_uncertain(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let first = claim_write(&db, T0).await;
    settle(&db, settlement(&first, retry(T0))).await;
    fill_again(&db, 2, T0, wanting(WRITE)).await;
    let second = claim_write(&db, T0).await;
    assert_eq!((second.attempt, second.is_uncertain), (1, true), "its answer may have been lost");
    // The same when an operator has it tried again …
    settle(&db, settlement(&second, Verdict::Dead { why: "refused".into() })).await;
    assert_eq!(db.order(vec![second.id.0], JobOrder::Retry, T0).await, Ok(1));
    let third = claim_write(&db, T0).await;
    assert!(third.is_uncertain);
    // … and until it is done.
    fill_again(&db, 3, T0, wanting(WRITE)).await;
    settle(&db, settlement(&third, Verdict::Done)).await;
    let fourth = claim_write(&db, T0).await;
    assert!(!fourth.is_uncertain);
    fill_again(&db, 4, T0, wanting(WRITE)).await;
    settle(&db, settlement(&fourth, Verdict::Dead { why: "refused".into() })).await;
    assert!(!claim_write(&db, T0).await.is_uncertain, "a refusal is an answer");
}

pub async fn the_smallest_rank_comes_first_then_the_oldest(db: Db) {
    let ranked = road(|plan, step, _| {
        let n = step.event.as_ref().unwrap().received_at.since(T0).0;
        let mut write = job(JobKind::Write, "hubspot", t(n));
        write.rank = if n % 2 == 0 { 1 } else { 5 };
        plan.jobs = vec![write];
    });
    open(&db, [1, 2, 3, 4, 50], ranked).await;
    let due =
        |jobs: Vec<Claimed>| jobs.iter().map(|job| job.due_at.since(T0).0).collect::<Vec<_>>();
    assert_eq!(due(claim(&db, JobKind::Write, "hubspot", t(10), 3).await), [2, 4, 1]);
    assert_eq!(due(claim(&db, JobKind::Write, "hubspot", t(10), 3).await), [3]);
}

pub async fn a_claim_is_about_one_kind_and_lane(db: Db) {
    let jobs = &[
        (JobKind::Write, "hubspot"),
        (JobKind::Ask, "hubspot"),
        (JobKind::Write, "salesforce"),
        (JobKind::Tell, "email:ada"),
    ];
    open(&db, [1], wanting(jobs)).await;
    for (kind, lane, destination) in [
        (JobKind::Write, "hubspot", "hubspot"),
        (JobKind::Ask, "hubspot", "hubspot"),
        (JobKind::Write, "salesforce", "salesforce"),
        (JobKind::Tell, "email", "email:ada"),
    ] {
        let claimed = claim(&db, kind, lane, T0, 10).await;
        assert_eq!(claimed.len(), 1, "{kind:?} {lane}");
        assert_eq!((claimed[0].kind, claimed[0].destination.as_str()), (kind, destination));
    }
    assert!(claim(&db, JobKind::Review, "", T0, 10).await.is_empty());
}

pub async fn a_claim_says_when_the_next_job_is_due(db: Db) {
    let spread = road(|plan, step, _| {
        let n = step.event.as_ref().unwrap().received_at.since(T0).0;
        plan.jobs = vec![job(JobKind::Write, "hubspot", t(n * 1000))];
    });
    let next = async |now, max| {
        let claim = Claim { kind: JobKind::Write, lane: "hubspot".into(), now, max, lease: LEASE };
        let done = db.claim(claim).await.unwrap();
        (done.jobs.len(), done.next_due)
    };
    assert_eq!(next(T0, 10).await, (0, None));
    open(&db, [0, 1, 90], spread).await;
    assert_eq!(next(t(2_000), 1).await, (1, Some(t(1_000))), "one is due still");
    assert_eq!(next(t(2_000), 1).await, (1, Some(t(2_000).plus(LEASE))), "a lease ends first");
    assert_eq!(next(t(60_000), 5).await, (2, Some(t(90_000))), "the third is due");
}

pub async fn tells_to_one_person_come_together(db: Db) {
    let tell = road(|plan, step, _| {
        let n = step.event.as_ref().unwrap().received_at.since(T0).0;
        let to = if n % 2 == 0 { "email:ada" } else { "email:grace" };
        plan.jobs = vec![job(JobKind::Tell, to, t(n))];
    });
    open(&db, 1..=6, tell).await;
    let got = |jobs: Vec<Claimed>| {
        jobs.iter().map(|job| (job.destination.clone(), job.due_at.since(T0).0)).collect::<Vec<_>>()
    };
    let jobs = got(claim(&db, JobKind::Tell, "email", t(5), 4).await);
    let expected = [("grace", 1), ("grace", 3), ("grace", 5), ("ada", 2)];
    assert_eq!(jobs, expected.map(|(rep, n)| (format!("email:{rep}"), n)));
    let rest = got(claim(&db, JobKind::Tell, "email", t(5), 4).await);
    assert_eq!(rest, [("email:ada".to_owned(), 4)], "what is not due does not come along");
}

pub async fn a_finished_job_is_deleted(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let job = claim_write(&db, T0).await;
    assert_eq!(settle(&db, settlement(&job, Verdict::Done)).await, Settled::Kept);
    assert!(db.jobs(JobFilter { max: 10, ..Default::default() }).await.unwrap().rows.is_empty());
}

pub async fn a_job_settled_at_an_older_revision_than_wanted_is_due_again(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let first = claim_write(&db, T0).await;
    fill_again(&db, 2, t(10), wanting(WRITE)).await;
    assert!(claim(&db, JobKind::Write, "hubspot", t(10), 10).await.is_empty(), "still leased");
    assert_eq!(settle(&db, settlement(&first, Verdict::Done)).await, Settled::Kept);
    let second = claim_write(&db, t(10)).await;
    assert_eq!((second.wanted, second.attempt), (Seq(2), 1), "counted anew");
    assert_eq!(second.lead.fills, 2);
    // A refusal of the old revision says nothing about the new one.
    fill_again(&db, 3, t(20), wanting(WRITE)).await;
    settle(&db, settlement(&second, Verdict::Dead { why: "refused".into() })).await;
    assert_eq!(claim_write(&db, t(20)).await.wanted, Seq(3));
}

pub async fn a_lost_lease_cannot_settle(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let first = claim_write(&db, T0).await;
    let second = claim_write(&db, T0.plus(LEASE)).await;
    let mut late = settlement(&first, Verdict::Done);
    late.effect = Some(Effect::Told { why: Why::Late, at: T0 });
    late.news = vec![news(7, &News::Back { rep: "ada".into() })];
    assert_eq!(settle(&db, late).await, Settled::LeaseLost);
    assert!(db.undecided(10).await.unwrap().is_empty(), "nothing was changed");
    assert!(db.lead(first.lead.uuid).await.unwrap().unwrap().notices.is_empty());
    assert_eq!(settle(&db, settlement(&second, Verdict::Done)).await, Settled::Kept);
    assert_eq!(settle(&db, settlement(&second, Verdict::Done)).await, Settled::LeaseLost);
}

pub async fn an_attempt_is_fenced_after_its_attempts_were_counted_anew(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let lost = claim_write(&db, T0).await;
    let later = T0.plus(LEASE);
    let second = claim_write(&db, later).await;
    settle(&db, settlement(&second, retry(later))).await;
    db.order(vec![second.id.0], JobOrder::Retry, later).await.unwrap();
    let anew = claim_write(&db, later).await;
    assert_ne!(anew.attempt, lost.attempt);
    assert_eq!(settle(&db, settlement(&lost, Verdict::Done)).await, Settled::LeaseLost);
    assert_eq!(settle(&db, settlement(&anew, Verdict::Done)).await, Settled::Kept);
}

pub async fn a_retry_costs_an_attempt_and_a_snooze_does_not(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let job = claim_write(&db, T0).await;
    let again_at = t(1_000);
    settle(&db, settlement(&job, Verdict::Snooze { at: again_at, why: "burst".into() })).await;
    assert!(claim(&db, JobKind::Write, "hubspot", t(999), 10).await.is_empty());
    let job = claim_write(&db, again_at).await;
    assert_eq!((job.attempt, job.is_uncertain), (1, false));
    settle(&db, settlement(&job, retry(t(2_000)))).await;
    let rows = db.jobs(JobFilter { max: 10, ..Default::default() }).await.unwrap().rows;
    assert_eq!((rows[0].reason.as_deref(), rows[0].is_leased), (Some("busy"), false));
    assert!(claim(&db, JobKind::Write, "hubspot", t(1_999), 10).await.is_empty());
    assert_eq!(claim_write(&db, t(2_000)).await.attempt, 2);
}

pub async fn a_dead_job_stays_with_its_reason_until_a_plan_wants_it_again(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let job = claim_write(&db, T0).await;
    settle(&db, settlement(&job, Verdict::Dead { why: "no such field".into() })).await;
    assert!(claim(&db, JobKind::Write, "hubspot", t(i64::from(u32::MAX)), 10).await.is_empty());
    let filter = JobFilter { is_dead: Some(true), max: 10, ..Default::default() };
    let dead = db.jobs(filter).await.unwrap().rows;
    assert_eq!(dead[0].reason.as_deref(), Some("no such field"));
    assert_eq!(db.tally(T0).await.unwrap().jobs["write:hubspot"].dead, 1);
    fill_again(&db, 2, t(10), wanting(WRITE)).await;
    assert_eq!(claim_write(&db, t(10)).await.attempt, 1);
}

pub async fn what_was_written_comes_with_the_next_claim(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let job = claim_write(&db, T0).await;
    assert_eq!(job.link, None);
    let link =
        Link { record: "501".into(), owner: Some("41".into()), tried: None, written_at: t(3) };
    let mut done = settlement(&job, Verdict::Done);
    done.effect = Some(Effect::Written(link.clone()));
    settle(&db, done).await;
    let both = &[(JobKind::Write, "hubspot"), (JobKind::Ask, "hubspot"), (JobKind::Write, "sf")];
    fill_again(&db, 2, t(10), wanting(both)).await;
    assert_eq!(claim_write(&db, t(10)).await.link, Some(link.clone()));
    assert_eq!(claim(&db, JobKind::Ask, "hubspot", t(10), 1).await[0].link, Some(link.clone()));
    assert_eq!(claim(&db, JobKind::Write, "sf", t(10), 1).await[0].link, None);
    let story = db.lead(job.lead.uuid).await.unwrap().unwrap();
    assert_eq!(story.links["hubspot"], link);
}

pub async fn who_was_told_is_recorded(db: Db) {
    open(&db, [1], wanting(&[(JobKind::Tell, "email:ada")])).await;
    let job = claim(&db, JobKind::Tell, "email", T0, 1).await.remove(0);
    assert_eq!(job.why, Some(Why::Assigned));
    let mut done = settlement(&job, Verdict::Done);
    done.effect = Some(Effect::Told { why: Why::Assigned, at: t(7) });
    settle(&db, done).await;
    let notices = db.lead(job.lead.uuid).await.unwrap().unwrap().notices;
    assert_eq!(notices.len(), 1);
    assert_eq!((notices[0].destination.as_str(), notices[0].why), ("email:ada", Why::Assigned));
    assert_eq!((notices[0].revision, notices[0].at), (Seq(1), t(7)));
}

pub async fn news_from_acting_is_accepted_once(db: Db) {
    open(&db, [1], wanting(WRITE)).await;
    let learnt = news(9, &News::Back { rep: "ada".into() });
    accept(&db, vec![learnt.clone()]).await;
    let job = claim_write(&db, T0).await;
    let mut done = settlement(&job, retry(T0));
    done.news = vec![learnt, news(10, &News::Back { rep: "ada".into() })];
    settle(&db, done).await;
    let events = db.undecided(10).await.unwrap();
    let deliveries: Vec<_> = events.iter().map(|e| e.arrived.delivery.as_str()).collect();
    assert_eq!(deliveries, ["news-9", "news-10"]);
}

pub async fn a_plan_replaces_the_job_and_keeps_its_lease(db: Db) {
    open(&db, [1], wanting(&[(JobKind::Tell, "email:ada")])).await;
    let job = claim(&db, JobKind::Tell, "email", T0, 1).await.remove(0);
    let late = road(|plan, _, _| {
        let mut tell = job_of_tell(t(5_000));
        (tell.why, tell.rank) = (Some(Why::Late), -1);
        plan.jobs = vec![tell];
    });
    fill_again(&db, 2, t(10), late).await;
    assert!(claim(&db, JobKind::Tell, "email", t(6_000), 1).await.is_empty());
    settle(&db, settlement(&job, Verdict::Done)).await;
    assert!(claim(&db, JobKind::Tell, "email", t(4_999), 1).await.is_empty(), "as the plan said");
    let again = claim(&db, JobKind::Tell, "email", t(5_000), 1).await.remove(0);
    assert_eq!((again.why, again.due_at, again.id), (Some(Why::Late), t(5_000), job.id));
}

fn job_of_tell(due_at: Time) -> handoff::model::job::JobWanted {
    job(JobKind::Tell, "email:ada", due_at)
}

pub async fn a_job_that_is_buried_and_dropped_goes_when_its_lease_has_lapsed(db: Db) {
    let both = &[(JobKind::Write, "hubspot"), (JobKind::Tell, "email:ada")];
    open(&db, [1], wanting(both)).await;
    // Nobody settles them: whoever holds them crashes.
    let write = claim_write(&db, T0).await.id.0;
    let tell = claim(&db, JobKind::Tell, "email", T0, 1).await.remove(0).id.0;
    assert_eq!(db.order(vec![write], JobOrder::Bury, t(5)).await.unwrap(), 1);
    let drop = road(|plan, _, _| {
        plan.dropped =
            vec![(JobKind::Write, "hubspot".into()), (JobKind::Tell, "email:ada".into())];
    });
    fill_again(&db, 2, t(10), drop).await;
    assert_eq!(db.order(vec![tell], JobOrder::Bury, t(15)).await.unwrap(), 0, "it is pointless");
    let ends = T0.plus(LEASE);
    assert!(claim(&db, JobKind::Write, "hubspot", ends, 1).await.is_empty());
    assert!(claim(&db, JobKind::Tell, "email", ends, 1).await.is_empty());
    let left = db.jobs(JobFilter { max: 10, ..JobFilter::default() }).await.unwrap().rows;
    assert!(left.is_empty(), "{left:?}");
}

pub async fn a_dropped_job_is_gone_and_a_leased_one_goes_when_it_settles(db: Db) {
    let both = &[(JobKind::Write, "hubspot"), (JobKind::Tell, "email:ada")];
    open(&db, [1], wanting(both)).await;
    let write = claim_write(&db, T0).await;
    let drop = road(|plan, _, _| {
        plan.dropped =
            vec![(JobKind::Write, "hubspot".into()), (JobKind::Tell, "email:ada".into())];
    });
    fill_again(&db, 2, t(10), drop).await;
    assert!(claim(&db, JobKind::Tell, "email", t(10), 1).await.is_empty());
    let mut end = settlement(&write, retry(t(20)));
    let link = Link { record: "501".into(), owner: None, tried: None, written_at: t(3) };
    end.effect = Some(Effect::Written(link));
    assert_eq!(settle(&db, end).await, Settled::Kept);
    let story = db.lead(write.lead.uuid).await.unwrap().unwrap();
    assert_eq!(story.links.len(), 1, "what the attempt did is on record");
    assert!(story.jobs.is_empty());
}
