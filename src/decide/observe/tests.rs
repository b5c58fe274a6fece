//! Observe mode, decided in a small world: nothing of it is to be written or told.

use std::collections::BTreeMap;

use super::*;
use crate::{
    decide::{
        Reach,
        explain::sentence,
        sample::{NOON, World, book, pool},
    },
    model::{
        absence::Absence,
        plan::{StepEvent, Unread},
    },
    rulebook::{IfNobody, IfUnknown, RotationKind, Rule, Rulebook, Target, Then},
};

fn observing() -> Observing {
    Observing { crm: "hubspot".into(), after: Span::minutes(15), until: Span::hours(24) }
}

fn watching(book: Rulebook) -> World {
    let mut world = World::new(book);
    world.reach.observe = Some(observing());
    world
}

fn shown(world: &mut World, owner: Option<&str>) -> Plan {
    let lead = world.lead().uuid;
    let owner = owner.map(str::to_owned);
    world.news(News::Observed { lead, destination: "hubspot".into(), owner })
}

fn away(world: &mut World, reps: &[&str]) {
    let lead = world.lead.take();
    for rep in reps {
        let until = Some(NOON.plus(Span::hours(3)));
        let (rep, from) = ((*rep).to_owned(), NOON);
        world.news(News::Away { rep, absence: Absence::Out, from, until });
    }
    world.lead = lead;
}

fn rule(id: &str, when: &str, then: Then, book: &Rulebook) -> Rule {
    Rule {
        id: id.to_owned(),
        when: crate::rulebook::condition::cel(when, &book.schema).expect("a condition"),
        if_unknown: IfUnknown::Skip,
        then,
        sla: "hot".to_owned(),
        sticky: None,
    }
}

fn to(target: Target) -> Then {
    Then::Assign { to: target, if_unavailable: None }
}

/// Nobody of the pool is there, and it waits.
fn waits() -> Rulebook {
    let mut book = book();
    let inbound = book.pools.remove("inbound").expect("it is there");
    let if_nobody = IfNobody::Wait(Span::hours(2));
    book.pools.insert("inbound".into(), crate::rulebook::Pool { if_nobody, ..inbound });
    book
}

fn only(mut book: Rulebook, then: Then) -> Rulebook {
    book.rules = vec![rule("special", "true", then, &book)];
    book
}

/// The kind, the rulebook, who is away, the owner that is shown, and what is said.
type Case = (Seen, Rulebook, &'static [&'static str], Option<&'static str>, &'static str);

#[test]
fn every_kind_of_result_has_its_word_and_its_sentence() {
    let mary_too = || {
        let mut book = book();
        let more = [
            rule("marys", "true", to(Target::Rep("mary".into())), &book),
            rule("never", "false", to(Target::Rep("mary".into())), &book),
        ];
        book.rules.extend(more);
        book
    };
    let aside = only(book(), Then::SetAside("nurture".into()));
    let cases: [Case; 9] = [
        (
            Seen::Agrees,
            book(),
            &[],
            Some("owner-ada"),
            "ada has it in hubspot, and handoff gave it to ada by the rule everyone",
        ),
        (
            Seen::Turn,
            book(),
            &[],
            Some("owner-konrad"),
            "konrad has it in hubspot, but handoff gave it to ada by the rule everyone; both are in \
             the pool inbound, where it was the turn of ada",
        ),
        (
            Seen::Skipped,
            book(),
            &["grace"],
            Some("owner-grace"),
            "grace has it in hubspot, but handoff gave it to ada by the rule everyone; grace: out \
             today until 2026-01-01 15:00 UTC",
        ),
        (
            Seen::Elsewhere,
            mary_too(),
            &[],
            Some("owner-mary"),
            "mary has it in hubspot, but handoff gave it to ada by the rule everyone; the rule \
             marys gives to mary and would hold, but comes after it; the rule never gives to mary \
             and does not hold for this lead",
        ),
        (
            Seen::Elsewhere,
            book(),
            &[],
            Some("owner-mary"),
            "mary has it in hubspot, but handoff gave it to ada by the rule everyone; no rule \
             gives to mary",
        ),
        (
            Seen::UnknownOwner,
            book(),
            &[],
            Some("4711"),
            "hubspot shows the owner 4711, whom no rep of the rulebook has as crm.hubspot; handoff \
             gave it to ada by the rule everyone",
        ),
        (
            Seen::Held,
            waits(),
            &["ada", "grace", "konrad"],
            Some("owner-ada"),
            "ada has it in hubspot, but handoff had it wait by the rule everyone: nobody of the \
             pool inbound is there; it waits until 2026-01-01 14:00 UTC at the latest; ada: out \
             today until 2026-01-01 15:00 UTC",
        ),
        (
            Seen::SetAside,
            aside,
            &[],
            Some("owner-ada"),
            "ada has it in hubspot, but handoff set it aside as nurture by the rule special",
        ),
        (
            Seen::Nobody,
            book(),
            &[],
            None,
            "hubspot showed no owner in time; handoff gave it to ada by the rule everyone",
        ),
    ];
    for (seen, book, gone, owner, says) in cases {
        let mut world = watching(book);
        away(&mut world, gone);
        let opened = world.fill("eva@linden.example", None);
        let job = JobKind::Observe;
        let due = NOON.plus(Span::minutes(15));
        assert_eq!(opened.jobs, [assign::job(job, "hubspot".into(), due, 0, None)], "{seen:?}");
        let plan = shown(&mut world, owner);
        let decision = plan.decision.expect("a decision");
        assert_eq!((result_of(&decision), decision.what), (Some(seen), What::Observed));
        assert_eq!(decision.why["says"], says);
        let (first, rest) = says.split_at(1);
        let capital = first.to_uppercase() + rest;
        assert_eq!(sentence(&world.book, &decision), capital);
        assert!(plan.jobs.is_empty() && plan.review == Review::None);
        let lead = world.lead();
        let ended = if seen == Seen::SetAside { State::SetAside } else { State::Observed };
        assert_eq!((lead.state, lead.open_with()), (ended, None));
        assert_eq!(lead.observed.as_ref().and_then(|watched| watched.result), Some(seen));
        // The first answer stands.
        assert!(shown(&mut world, Some("owner-bob")).decision.is_none());
    }
}

#[test]
fn a_lead_without_a_mail_address_is_not_looked_up_and_is_counted_apart() {
    for (owner, seen) in [(None, Seen::NotLookedUp), (Some("owner-konrad"), Seen::Turn)] {
        let mut world = watching(book());
        world.fill("eva@linden.example", None);
        let mut fields = crate::model::field::Fields::default();
        fields.put_text("phone", "+4930123456");
        world.lead.as_mut().expect("a lead").fields = fields;
        let decision = shown(&mut world, owner).decision.expect("a decision");
        assert_eq!(result_of(&decision), Some(seen));
        let says = decision.why["says"].as_str().expect("a sentence");
        assert_eq!(says.contains("no mail address"), owner.is_none(), "{says}");
        assert!(says.ends_with("handoff gave it to ada by the rule everyone") || owner.is_some());
    }
    assert!(!Seen::NotLookedUp.is_compared(), "it is no part of the agreement");
}

#[test]
fn whoever_of_those_it_was_offered_to_has_it_agrees() {
    let mut book = book();
    let mut inbound = pool("inbound", book.pools["inbound"].members.clone());
    inbound.claim_within = Span::minutes(30);
    inbound.rotation = RotationKind::Claim;
    book.pools.insert("inbound".into(), inbound);
    let mut world = watching(book);
    let plan = world.fill("eva@linden.example", None);
    assert!(plan.jobs.iter().all(|job| job.kind == JobKind::Observe), "{:?}", plan.jobs);
    assert_eq!(world.lead().state, State::Waiting);
    let decision = shown(&mut world, Some("owner-konrad")).decision.expect("a decision");
    assert_eq!(result_of(&decision), Some(Seen::Agrees), "{decision:?}");
}

#[test]
fn what_cannot_be_read_is_counted_at_once() {
    let mut world = watching(book());
    let event = StepEvent {
        id: crate::model::id::EventId(1),
        uuid: uuid::Uuid::nil(),
        source: "website".into(),
        received_at: NOON,
        actor: None,
    };
    let plan = world.step(Some(event), Input::Unreadable(Unread::because("no email")));
    assert_eq!(plan.decision.as_ref().and_then(result_of), Some(Seen::Rejected));
}

#[test]
fn turns_go_round_and_nothing_is_to_be_written_or_told_whatever_happens() {
    let mut world = watching(book());
    world.reach.asks = vec!["hubspot".into()];
    let mut got: BTreeMap<String, u32> = BTreeMap::new();
    for n in 0..30 {
        world.lead = None;
        world.fill(&format!("p{n}@linden.example"), None);
        assert!(world.jobs.iter().all(|job| job.kind != JobKind::Write), "{:?}", world.jobs);
        // The CRM does not answer: decided at the deadline.
        world.review();
        world.now = NOON;
        assert_eq!((world.review, world.jobs.len()), (None, 0), "no ladder, nothing to do");
        let lead = world.lead();
        assert!(lead.ladder.is_none() && lead.state == State::Assigned);
        *got.entry(lead.owner.clone().unwrap_or_default()).or_default() += 1;
        let lead = lead.uuid;
        world.fill(&format!("p{n}@linden.example"), Some("demo"));
        world.news(News::OwnerInvalid { lead, destination: "hubspot".into(), rep: "mary".into() });
        assert!(world.jobs.is_empty(), "{:?}", world.jobs);
        shown(&mut world, Some("owner-mary"));
    }
    assert_eq!(got.values().copied().collect::<Vec<_>>(), [10, 10, 10]);
    assert!(world.team.open.values().all(|open| *open == 0), "{:?}", world.team.open);
}

#[test]
fn a_lead_from_before_stands_still_and_a_new_fill_is_another_lead() {
    let mut world = World::new(book());
    world.fill("eva@linden.example", None);
    let before = world.lead().clone();
    world.reach.observe = Some(observing());
    let plan = world.review();
    let still = Review::At(world.now.plus(STANDS_STILL));
    assert_eq!((plan.review, plan.decision, plan.lead, plan.jobs.len()), (still, None, None, 0));
    world.news(News::Reassign { lead: before.uuid, to: "mary".into(), why: None });
    let kinds: Vec<JobKind> = world.jobs.iter().map(|job| job.kind).collect();
    assert_eq!(kinds, [JobKind::Write], "it is written when observe mode is over");
    let plan = world.fill("eva@linden.example", None);
    let lead = plan.lead.expect("a lead");
    assert!(lead.uuid != before.uuid && lead.observed.is_some());
}

#[test]
fn after_observe_mode_a_watched_lead_is_left_alone_until_somebody_takes_it_over_by_hand() {
    let mut world = watching(waits());
    away(&mut world, &["ada", "grace", "konrad"]);
    world.fill("eva@linden.example", None);
    let watched = world.lead().clone();
    world.reach.observe = None;
    let plan = world.review();
    assert_eq!((plan.review, plan.lead, plan.jobs.len()), (Review::None, None, 0));
    let mut other = World::new(book());
    other.lead = Some(watched.clone());
    let plan = other.fill("eva@linden.example", None);
    assert_eq!(plan.fate, Some(Fate::Opened), "a fill is a new lead, and ours");
    assert!(plan.lead.is_some_and(|lead| lead.observed.is_none() && lead.ladder.is_some()));
    let decision = shown(&mut world, Some("owner-ada")).decision.expect("it is still compared");
    assert_eq!(result_of(&decision), Some(Seen::Held));
    world.news(News::Reassign { lead: watched.uuid, to: "mary".into(), why: None });
    let lead = world.lead();
    assert_eq!((lead.state, lead.owner.as_deref()), (State::Assigned, Some("mary")));
    assert!(lead.observed.is_none() && lead.had.is_empty());
    assert!(world.jobs.iter().any(|job| job.kind == JobKind::Write));
    assert_eq!(world.told(), ["email:mary"]);
}

#[test]
fn without_observe_mode_nothing_is_watched() {
    let mut world = World::new(book());
    assert_eq!(world.reach, Reach { crms: vec!["hubspot".into()], ..Reach::default() });
    let plan = world.fill("eva@linden.example", None);
    assert!(plan.lead.is_some_and(|lead| lead.observed.is_none() && lead.ladder.is_some()));
    assert!(plan.decision.is_some_and(|decision| !decision.why.contains_key("watched")));
}
