//! Turns, floors, absences, loads.

use std::sync::Arc;

use handoff::model::{
    lead::State,
    news::Absence,
    plan::Decide,
    team::{Away, Count, Periods, Skipped, TeamChange, Turn},
};

use super::fixture::*;

fn turn(n: u32) -> Turn {
    Turn {
        credit: 0.1 + 0.2 * f64::from(n),
        weight: 2.5,
        owed: 1.0 / 3.0,
        received: n,
        entitled: 0.7 * f64::from(n),
        skipped: Skipped { away: n, off_hours: n + 3, at_cap: n + 4, had_it: n + 5 },
        last_at: t(i64::from(n)),
        hour: Count { since: t(1), leads: n },
        day: Count { since: t(2), leads: n + 1 },
        week: Count { since: t(3), leads: n + 2 },
    }
}

fn given(n: u32) -> Periods {
    let Turn { hour, day, week, .. } = turn(n + 7);
    Periods { hour, day, week }
}

/// Every plan takes a turn.
fn turning() -> Arc<Decide> {
    Arc::new(|snapshot, step, now| {
        let mut plan = opened(step, now);
        let before = snapshot.team.rotations.get("emea").and_then(|pool| pool.turns.get("ada"));
        let n = before.map_or(1, |turn| turn.received + 1);
        plan.team = vec![
            TeamChange::Turn { pool: "emea".into(), rep: "ada".into(), turn: turn(n) },
            TeamChange::Floor {
                pool: "emea".into(),
                floor: 0.3,
                last: Some("ada".into()),
                given: given(n),
            },
            TeamChange::Away {
                rep: "grace".into(),
                away: vec![
                    Away {
                        absence: Absence::Out,
                        from: t(5),
                        until: Some(t(9)),
                        is_from_calendar: true,
                    },
                    Away {
                        absence: Absence::Deactivated,
                        from: t(1),
                        until: None,
                        is_from_calendar: false,
                    },
                ],
            },
        ];
        plan
    })
}

pub async fn turns_floors_and_absences_read_back_to_the_bit(db: Db) {
    open(&db, 1..=3, turning()).await;
    let team = db.team().await.unwrap();
    let rotation = &team.rotations["emea"];
    assert_eq!(rotation.turns["ada"], turn(3), "each saw the one before");
    assert_eq!((rotation.floor, rotation.last.as_deref()), (0.3, Some("ada")));
    assert_eq!(rotation.given, given(3));
    assert_eq!(team.away["grace"].len(), 2);
    assert_eq!(team.away["grace"][1].until, None);
    // The next decision sees the same, from the writer's memory.
    accept(&db, vec![fill(4)]).await;
    let seen = team.clone();
    let compare: Arc<Decide> = Arc::new(move |snapshot, step, now| {
        assert_eq!(*snapshot.team, seen);
        let mut plan = opened(step, now);
        plan.team = vec![TeamChange::Away { rep: "grace".into(), away: vec![] }];
        plan
    });
    assert_eq!(decide(&db, T0, compare).await.failed, Vec::new());
    assert!(db.team().await.unwrap().away.is_empty());
}

pub async fn open_leads_are_counted_by_rep(db: Db) {
    open(&db, 1..=3, plain()).await;
    assert_eq!(db.team().await.unwrap().open["ada"], 3);
    // One is answered, one moves on.
    accept(&db, vec![fill(11), fill(12)]).await;
    let events = db.undecided(10).await.unwrap();
    let steps = vec![
        fill_step(&events[0], "delivery-1@linden.example"),
        fill_step(&events[1], "delivery-2@linden.example"),
    ];
    let with = road(|plan, step, _| {
        let lead = plan.lead.as_mut().unwrap();
        if step.event.as_ref().unwrap().received_at == t(11) {
            lead.state = State::Answered;
        } else {
            lead.owner = Some("grace".into());
        }
    });
    decide_steps(&db, T0, steps, with).await;
    let open = db.team().await.unwrap().open;
    assert_eq!((open["ada"], open["grace"], open.len()), (1, 1, 2));
}

pub async fn a_failed_step_leaves_people_as_they_were(db: Db) {
    open(&db, 1..=2, turning()).await;
    let before = db.team().await.unwrap();
    accept(&db, (3..=4).map(fill).collect()).await;
    let spoilt: Arc<Decide> = Arc::new({
        let turning = turning();
        move |snapshot, step, now| {
            let mut plan = turning(snapshot, step, now);
            plan.fate = None;
            plan
        }
    });
    assert_eq!(decide(&db, T0, spoilt).await.failed.len(), 2);
    assert_eq!(db.team().await.unwrap(), before);
    decide(&db, T0, turning()).await;
    assert_eq!(db.team().await.unwrap().rotations["emea"].turns["ada"].received, 4);
}
