//! A second rulebook that decides beside the one in force, and changes nothing.
//!
//! Guarantees: pure; it looks at the same snapshot and the same step, with turns of its own that
//! follow its own decisions, as if it had been in force since it began. Only placements are
//! compared: a lead that is opened, routed, held, set aside or opened anew.
//! Does not know: what becomes of a lead later: whom the lead in force has, the shadow has too, so
//! open leads and absences are those of the rulebook in force, and its turns are approximate.

use std::collections::HashMap;

use super::{Reach, decide, placed::Placed};
use crate::{
    model::{
        lead::{Lead, State, Waiting},
        plan::{Input, Plan, Snapshot, Step, What},
        team::{Rotation, Team, TeamChange},
        time::Time,
    },
    rulebook::Rulebook,
};

/// The turns of a shadow, by pool: those in force when it first looked, and its own since.
#[derive(Clone, Debug, Default)]
pub struct Turns(Option<HashMap<String, Rotation>>);

/// The same lead by two rulebooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// By the one in force.
    pub live: Placed,
    /// By the shadow.
    pub shadow: Placed,
}

/// Decides a step by the shadow's rulebook, after the plan in force was made of it; nothing if
/// neither of them placed a lead. `input` is the step as the shadow's rulebook reads it.
#[must_use]
pub fn look(
    (book, reach, turns): (&Rulebook, &Reach, &mut Turns),
    snapshot: &Snapshot<'_>,
    (step, input): (&Step, Option<&Input>),
    live: &Plan,
    now: Time,
) -> Option<Compared> {
    let before = snapshot.lead;
    let by_live = placed(before, live);
    let rotations = turns.0.get_or_insert_with(|| snapshot.team.rotations.clone());
    if by_live.is_none() {
        follow(rotations, snapshot.team, &live.team);
    }
    // News and reviews of a lead that somebody has are no placements, whoever decides.
    if by_live.is_none() && !matches!(step.input, Input::Fill(_) | Input::Unreadable(_)) {
        return None;
    }
    let mut team = Team {
        rotations: std::mem::take(rotations),
        away: snapshot.team.away.clone(),
        open: snapshot.team.open.clone(),
        late: snapshot.team.late.clone(),
    };
    let step = Step {
        event: step.event.clone(),
        input: input.cloned().unwrap_or_else(|| step.input.clone()),
    };
    let seen = Snapshot { lead: before, company: snapshot.company, team: &team };
    let plan = decide(book, reach, &seen, &step, now);
    let by_shadow = placed(before, &plan);
    if by_shadow.is_some() {
        let own: Vec<TeamChange> = plan
            .team
            .iter()
            .filter(|change| !matches!(change, TeamChange::Away { .. }))
            .cloned()
            .collect();
        team.apply(&own);
    }
    *rotations = team.rotations;
    let (live, shadow) = (by_live?, by_shadow?);
    Some(Compared { live, shadow })
}

/// A turn given back or handed over is the shadow's too, where it stood as the one in force did.
fn follow(own: &mut HashMap<String, Rotation>, live: &Team, changes: &[TeamChange]) {
    let same: Vec<TeamChange> = changes
        .iter()
        .filter(|change| match change {
            TeamChange::Turn { pool, rep, .. } => {
                let turn = |of: &HashMap<String, Rotation>| {
                    of.get(pool).and_then(|rotation| rotation.turns.get(rep)).copied()
                };
                turn(own) == turn(&live.rotations)
            }
            TeamChange::Floor { pool, .. } => {
                let stands = |of: &HashMap<String, Rotation>| {
                    of.get(pool).map(|one| (one.floor, one.last.clone(), one.given))
                };
                stands(own) == stands(&live.rotations)
            }
            TeamChange::Away { .. } => false,
        })
        .cloned()
        .collect();
    let mut team = Team { rotations: std::mem::take(own), ..Team::default() };
    team.apply(&same);
    *own = team.rotations;
}

/// Where a plan places its lead, if it does so.
fn placed(before: Option<&Lead>, plan: &Plan) -> Option<Placed> {
    let decision = plan.decision.as_ref()?;
    let Some(lead) = &plan.lead else {
        return (decision.what == What::Rejected).then(Placed::default);
    };
    let had = before.filter(|before| before.uuid == lead.uuid).map(|before| before.state);
    let is_open = matches!(had, None | Some(State::Waiting)) || decision.what == What::Reopened;
    let is_asked = matches!(lead.waiting, Some(Waiting::Facts { .. }));
    let is_placed = decision.why.contains_key("fields") || decision.what == What::Reopened;
    (is_open && is_placed && !is_asked).then(|| Placed::of(lead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        decide::{
            placed::Differs,
            sample::{NOON, World, book, member, pool},
        },
        model::{
            field::Fields,
            id::{EventId, event_uuid},
            lead::Identity,
            news::News,
            plan::{Draft, StepEvent},
            time::Span,
        },
        rulebook::Rulebook,
    };

    fn fill(n: i64, now: Time) -> Step {
        let email = format!("p{n}@linden.example");
        let mut fields = Fields::default();
        fields.put_text("email", &email);
        let draft = Draft {
            fields,
            identities: vec![Identity::Email(email)],
            intent: None,
            account: None,
            filled: Vec::new(),
            unfilled: Vec::new(),
        };
        let event = StepEvent {
            id: EventId(n),
            uuid: event_uuid(now, "website", &n.to_string()),
            source: "website".to_owned(),
            received_at: now,
            actor: None,
        };
        Step { event: Some(event), input: Input::Fill(Box::new(draft)) }
    }

    /// Decides a step by both, and commits the one in force.
    fn both(world: &mut World, shadow: (&Rulebook, &mut Turns), step: Step) -> Option<Compared> {
        let snapshot = Snapshot { lead: world.lead.as_ref(), company: None, team: &world.team };
        let live = decide(&world.book, &world.reach, &snapshot, &step, world.now);
        let (book, turns) = shadow;
        let seen = look((book, &world.reach, turns), &snapshot, (&step, None), &live, world.now);
        world.step(step.event, step.input);
        seen
    }

    /// Two hundred leads, some of which are taken away again.
    fn run(shadow: &Rulebook) -> Vec<Compared> {
        let (mut world, mut turns, mut all) = (World::new(book()), Turns::default(), Vec::new());
        for n in 1..=200 {
            world.now = NOON.plus(Span::minutes(n));
            world.lead = None;
            let step = fill(n, world.now);
            all.extend(both(&mut world, (shadow, &mut turns), step));
            if n % 7 == 0 {
                let news = News::Reassign { lead: world.lead().uuid, to: "mary".into(), why: None };
                let step = Step { input: Input::News(Box::new(news)), ..fill(n, world.now) };
                assert!(both(&mut world, (shadow, &mut turns), step).is_none(), "no placement");
            }
        }
        all
    }

    #[test]
    fn the_rulebook_in_force_never_differs_from_itself() {
        let all = run(&book());
        assert_eq!(all.len(), 200);
        assert!(all.iter().all(|one| one.live == one.shadow), "{all:?}");
    }

    #[test]
    fn another_pool_gives_by_turns_of_its_own() {
        let two = pool("inbound", vec![member("grace"), member("konrad")]);
        let other = Rulebook { pools: [("inbound".to_owned(), two)].into(), ..book() };
        let all = run(&other);
        let got =
            |rep: &str| all.iter().filter(|one| one.shadow.owner.as_deref() == Some(rep)).count();
        assert_eq!((all.len(), got("ada")), (200, 0));
        assert!(got("grace").abs_diff(got("konrad")) <= 10, "{} {}", got("grace"), got("konrad"));
        let moved = all.iter().filter(|one| one.live.differs(&one.shadow) == Some(Differs::Turn));
        assert!(moved.count() >= 66, "those that ada has in force, at least");
    }
}
