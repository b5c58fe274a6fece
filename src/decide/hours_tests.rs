//! Who is there: a pool's own hours, people who are out, and the pile of the night before.

use super::{
    pool_tests::{count, given, inbound, out, sentence, with},
    sample::{World, book},
};
use crate::{
    model::{
        lead::State,
        news::{Absence, Act, News},
        plan::What,
        team::Away,
        time::{Span, Time},
    },
    rulebook::IfNobody,
};

// The pool's own hours, and the pile of the night.

#[test]
fn a_pool_takes_leads_in_its_own_hours_alone() {
    use crate::rulebook::calendar::Hours;
    let mut world = with(|book| {
        let open = [("mon-sun".to_owned(), vec!["08:00-13:00".to_owned()])];
        book.hours.insert("desk".into(), Hours::compile("UTC", &open, Vec::new()).unwrap());
        let pool = inbound(book);
        pool.hours = Some("desk".into());
        pool.if_nobody = IfNobody::Wait(Span::days(2));
    });
    assert_eq!(world.another(), "ada"); // noon
    world.now = world.now.plus(Span::hours(2));
    assert_eq!(world.another(), "");
    let opens = world.now.plus(Span::hours(18));
    while world.lead().state == State::Waiting {
        world.review();
    }
    assert_eq!((world.now, world.lead().owner.as_deref()), (opens, Some("grace")));
}

#[test]
fn a_lead_is_taken_away_only_for_somebody_who_is_free_and_as_soon_as_there_is_one() {
    let mut world = with(|book| inbound(book).members.truncate(2));
    // Both have as much as they can do, and are late with it.
    world.team.open = [("ada".to_owned(), 4), ("grace".to_owned(), 5)].into();
    world.team.late = [("grace".to_owned(), 2)].into();
    world.fill("eva@linden.example", None);
    assert_eq!(world.lead().owner.as_deref(), Some("ada"));
    let mut last = world.review();
    while last.decision.as_ref().is_none_or(|one| one.why.get("kept").is_none()) {
        last = world.review();
    }
    assert!(sentence(&world, &last).contains("nobody else is free"));
    let kept_at = world.now;
    // Quiet looks go on; then grace has caught up.
    for _ in 0..3 {
        let plan = world.review();
        if let Some(decision) = &plan.decision {
            assert_ne!(decision.what, What::Reassigned);
        }
    }
    world.team.open.insert("grace".to_owned(), 1);
    world.team.late.clear();
    while world.lead().owner.as_deref() == Some("ada") {
        world.review();
        assert!(world.now < kept_at.plus(Span::minutes(30)), "{:?}", world.now);
    }
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
}

// Departures that the CRM tells of.

#[test]
fn whom_the_crm_refuses_gets_no_lead_until_somebody_says_that_they_are_back() {
    let mut world = World::new(book());
    assert_eq!(world.another(), "ada");
    let lead = world.lead().uuid;
    let destination = "hubspot".to_owned();
    world.news(News::OwnerInvalid { lead, destination, rep: "ada".into() });
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
    assert_eq!(count(&given(&mut world, 8), "ada"), 0);
    for rep in ["grace", "konrad"] {
        out(&mut world, rep);
    }
    assert_ne!(world.another(), "ada", "not even when nobody else is there");
    world.team.away.retain(|rep, _| rep == "ada");
    world.news(News::Back { rep: "ada".into() });
    assert!(count(&given(&mut world, 6), "ada") > 0);
}

#[test]
fn a_calendar_replaces_what_it_said_before_and_nothing_else() {
    let mut world = World::new(book());
    let noon = world.now;
    let at = |hours: i64| noon.plus(Span::hours(hours));
    let busy = |from: Time, until: Time| Away {
        absence: Absence::Paused,
        from,
        until: Some(until),
        is_from_calendar: false,
    };
    let (first, second) = (busy(at(1), at(2)), busy(at(3), at(4)));
    let own =
        News::Away { rep: "ada".into(), absence: Absence::Out, from: at(20), until: Some(at(30)) };
    world.news(own);
    let said = |away: Vec<Away>| News::Calendar { rep: "ada".into(), away };
    world.news(said(vec![first, second]));
    assert_eq!(world.team.away["ada"].len(), 3);
    assert!(world.news(said(vec![first, second])).decision.is_none(), "nothing new");
    world.news(said(vec![second]));
    assert_eq!(world.team.away["ada"].len(), 2);
    world.now = at(3);
    assert_eq!(count(&given(&mut world, 6), "ada"), 0);
    world.news(News::Back { rep: "ada".into() });
    assert_eq!(world.team.away["ada"].len(), 1, "what begins later stands");
    assert!(count(&given(&mut world, 6), "ada") > 0);
}

#[test]
fn a_manager_says_that_whoever_has_the_lead_is_out_and_nobody_else_can() {
    let mut world = World::new(book());
    assert_eq!(world.another(), "ada");
    let lead = world.lead().uuid;
    let said = |rep: &str| News::Acted { lead, rep: rep.to_owned(), act: Act::OwnerOut };
    assert!(world.news(said("grace")).decision.is_none(), "not their manager");
    world.news(said("mary"));
    assert_eq!(world.lead().owner.as_deref(), Some("grace"));
    assert_eq!(count(&given(&mut world, 6), "ada"), 0);
}
