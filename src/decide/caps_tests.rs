//! Caps to the millisecond: of members, of pools within pools and of whole pools, in the zone whose
//! day it is; and what a turn given back does to them.

use super::{
    pool_tests::{inbound, with},
    sample::{World, member, pool},
};
use crate::{
    model::{
        lead::State,
        news::{Act, News, Outcome},
        time::{Span, Time},
    },
    rulebook::{Cap, IfNobody, Member, Per, Who, calendar::Hours},
};

fn at(text: &str) -> Time {
    Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// What has the cap.
#[derive(Clone, Copy, Debug)]
enum Of {
    Member,
    Inner,
    Pool,
}

/// Everything leads to ada; two leads in each period, of this zone.
fn capped(of: Of, per: Per, zone: Option<&str>) -> World {
    let cap = vec![Cap { leads: 2, per }];
    with(|book| {
        let hours = zone.map(|zone| {
            let open = [("mon-sun".to_owned(), vec!["00:00-24:00".to_owned()])];
            book.hours.insert("desk".into(), Hours::compile(zone, &open, Vec::new()).unwrap());
            "desk".to_owned()
        });
        match of {
            Of::Member => book.reps.get_mut("ada").unwrap().hours.clone_from(&hours),
            Of::Inner | Of::Pool => inbound(book).hours.clone_from(&hours),
        }
        book.pools.insert("inner".into(), pool("inner", vec![member("ada")]));
        let outer = inbound(book);
        outer.if_nobody = IfNobody::Wait(Span::days(30));
        outer.members = match of {
            Of::Member => vec![Member { caps: cap, ..member("ada") }],
            Of::Inner => {
                let who = Who::Pool("inner".into());
                vec![Member { who, weight: 1.0, caps: cap }]
            }
            Of::Pool => {
                outer.caps = cap;
                vec![member("ada")]
            }
        };
    })
}

fn got(world: &mut World, leads: usize) -> Vec<bool> {
    (0..leads).map(|_| world.another() == "ada").collect()
}

#[test]
fn a_cap_ends_with_its_hour_day_or_week_in_the_zone_of_whoever_has_it() {
    // 2026-01-01 was a Thursday; weeks begin on Monday.
    for (zone, per, now, end) in [
        (None, Per::Hour, "2026-01-01T12:20:00Z", "2026-01-01T13:00:00Z"),
        (None, Per::Day, "2026-01-01T12:20:00Z", "2026-01-02T00:00:00Z"),
        (None, Per::Week, "2026-01-01T12:20:00Z", "2026-01-05T00:00:00Z"),
        (None, Per::Week, "2026-01-04T23:00:00Z", "2026-01-05T00:00:00Z"),
        (Some("UTC"), Per::Week, "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"),
        (Some("Asia/Kolkata"), Per::Hour, "2026-01-01T12:20:00Z", "2026-01-01T12:30:00Z"),
        (Some("Asia/Kolkata"), Per::Day, "2026-01-01T12:20:00Z", "2026-01-01T18:30:00Z"),
        (Some("Asia/Kolkata"), Per::Week, "2026-01-01T12:20:00Z", "2026-01-04T18:30:00Z"),
        (Some("America/New_York"), Per::Day, "2026-01-02T04:59:00Z", "2026-01-02T05:00:00Z"),
        // The clocks change in the night to Sunday 2026-03-08: that day and week are an hour short.
        (Some("America/New_York"), Per::Day, "2026-03-08T12:00:00Z", "2026-03-09T04:00:00Z"),
        (Some("America/New_York"), Per::Week, "2026-03-02T12:00:00Z", "2026-03-09T04:00:00Z"),
    ] {
        for of in [Of::Member, Of::Inner, Of::Pool] {
            let what = format!("{of:?} {zone:?} {per:?} {now}");
            let mut world = capped(of, per, zone);
            world.now = at(now);
            assert_eq!(got(&mut world, 3), [true, true, false], "{what}");
            world.now = at(end).minus(Span(1));
            assert_eq!(got(&mut world, 1), [false], "{what}: before the end");
            world.now = at(end);
            assert_eq!(got(&mut world, 3), [true, true, false], "{what}: the next one");
        }
    }
}

#[test]
fn a_cap_by_open_leads_ends_with_an_answer_and_with_no_hour() {
    for of in [Of::Member, Of::Inner, Of::Pool] {
        let mut world = capped(of, Per::Open, None);
        assert_eq!(got(&mut world, 2), [true, true]);
        let answered = world.lead.clone();
        world.now = world.now.plus(Span::days(8));
        assert_eq!(got(&mut world, 1), [false], "{of:?}");
        world.lead = answered;
        let act = Act::Answered { outcome: Outcome::Qualified };
        let lead = world.lead().uuid;
        world.news(News::Acted { lead, rep: "ada".into(), act });
        assert_eq!(world.lead().state, State::Answered);
        assert_eq!(got(&mut world, 2), [true, false], "{of:?}");
    }
}

#[test]
fn a_turn_given_back_frees_the_cap_of_its_own_period_and_of_no_other() {
    for of in [Of::Member, Of::Inner, Of::Pool] {
        let mut world = capped(of, Per::Hour, None);
        world.now = at("2026-01-01T12:59:00Z");
        assert_eq!(got(&mut world, 1), [true]);
        let of_before = world.lead.clone();
        world.now = at("2026-01-01T13:00:00Z");
        assert_eq!(got(&mut world, 3), [true, true, false]);
        world.lead = of_before;
        let by_hand = |world: &mut World| {
            let lead = world.lead().uuid;
            world.news(News::Reassign { lead, to: "mary".into(), why: None });
            assert_eq!(world.lead().owner.as_deref(), Some("mary"));
        };
        by_hand(&mut world);
        assert_eq!(got(&mut world, 1), [false], "{of:?}: that one was of the hour before");
        world.now = at("2026-01-01T14:00:00Z");
        assert_eq!(got(&mut world, 2), [true, true]);
        by_hand(&mut world);
        assert_eq!(got(&mut world, 2), [true, false], "{of:?}");
    }
}
