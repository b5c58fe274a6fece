//! Nobody is available and somebody gets it anyway: who, at whose cost, and what accounts say.

use super::{
    pool_tests::{count, given, inbound, out, with},
    sample::{World, book, member, pool},
};
use crate::{
    model::{
        lead::Waiting,
        news::News,
        time::{Span, Time},
    },
    rulebook::{Cap, IfNobody, Member, Per, Who, calendar::Hours},
};

/// Everybody is off hours at noon.
fn closed() -> World {
    with(|book| {
        let open = [("mon-sun".to_owned(), vec!["08:00-10:00".to_owned()])];
        book.hours.insert("morning".into(), Hours::compile("UTC", &open, Vec::new()).unwrap());
        for rep in ["ada", "grace", "konrad"] {
            book.reps.get_mut(rep).unwrap().hours = Some("morning".into());
        }
    })
}

#[test]
fn a_lead_given_anyway_goes_to_whoever_is_on_leave_last_of_all() {
    let mut world = closed();
    out(&mut world, "ada");
    let night = given(&mut world, 6);
    assert_eq!((count(&night, "ada"), count(&night, "grace")), (0, 3), "{night:?}");
    for rep in ["grace", "konrad"] {
        out(&mut world, rep);
    }
    let all = given(&mut world, 3);
    assert_eq!(all.iter().filter(|rep| rep.is_empty()).count(), 0, "better late than nobody's");
}

#[test]
fn somebody_at_the_cap_comes_before_somebody_on_leave() {
    let mut world = with(|book| {
        let pool = inbound(book);
        pool.members = vec![member("ada"), member("grace")];
        pool.members[0].caps = vec![Cap { leads: 1, per: Per::Day }];
    });
    out(&mut world, "grace");
    assert_eq!(given(&mut world, 4), ["ada"; 4]);
}

#[test]
fn a_pool_within_the_pool_whose_people_are_all_on_leave_comes_last_too() {
    let mut world = closed();
    world.book.pools.insert("two".into(), pool("two", vec![member("ada"), member("grace")]));
    let two = Member { who: Who::Pool("two".into()), weight: 1.0, caps: Vec::new() };
    inbound(&mut world.book).members = vec![two, member("konrad")];
    out(&mut world, "ada");
    let night = given(&mut world, 6);
    assert_eq!((count(&night, "grace"), count(&night, "konrad")), (3, 3), "{night:?}");
    out(&mut world, "grace");
    assert_eq!(count(&given(&mut world, 4), "konrad"), 4);
}

#[test]
fn who_was_on_leave_in_nights_of_leads_given_anyway_is_not_flooded_afterwards() {
    let mut world = closed();
    out(&mut world, "ada");
    given(&mut world, 40);
    world.team.away.clear();
    let after = given(&mut world, 9);
    assert!(count(&after, "ada").abs_diff(3) <= 1, "{after:?}");
}

#[test]
fn a_statement_of_leads_given_anyway_agrees_with_the_rotation() {
    use super::statement::Reckoning;
    use crate::model::{id::Seq, plan::Decided};
    let mut world = closed();
    let mut log = Vec::new();
    for number in 0..7 {
        world.lead = None;
        let plan = world.fill(&format!("p{number}@linden.example"), None);
        let lead = Some(world.lead().id);
        let decision = plan.decision.unwrap();
        log.push(Decided { seq: Seq(number + 1), lead, event: None, decision });
    }
    for rep in ["ada", "grace", "konrad"] {
        let mut reckoning = Reckoning::of(rep);
        for decided in &log {
            reckoning.note(decided);
        }
        let (turn, statement) = (world.team.rotations["inbound"].turns[rep], reckoning.statement());
        let own = &statement.pools["inbound"];
        assert_eq!((own.got, own.skipped), (turn.received, turn.skipped), "{rep}");
        assert!((own.entitled - turn.entitled).abs() < 1e-9, "{rep}: {own:?} {turn:?}");
    }
}

#[test]
fn a_departed_owner_whom_the_crm_shows_does_not_get_a_lead_that_waits() {
    let mut world = World::new(book());
    inbound(&mut world.book).if_nobody = IfNobody::Wait(Span::hours(8));
    for rep in ["ada", "grace", "konrad"] {
        out(&mut world, rep);
    }
    world.book.reps.get_mut("konrad").unwrap().has_left = true;
    world.another();
    let waits = |world: &World| matches!(world.lead().waiting, Some(Waiting::Somebody { .. }));
    assert!(waits(&world));
    let lead = world.lead().uuid;
    for is_move in [false, true] {
        let (destination, owner) = ("hubspot".to_owned(), "owner-konrad".to_owned());
        world.now = Time(world.now.0 + 1);
        world.news(News::OwnerMet { lead, destination, owner, is_move });
        assert!(waits(&world), "{:?}", world.lead().owner);
        assert_eq!(world.lead().owner, None);
    }
}
