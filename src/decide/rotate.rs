//! Rotation: whose turn it is in a pool.
//!
//! One credit algorithm with visible state. A member's standing is `credit / weight`, lifted to
//! the rotation's floor (the lowest standing among those available at the last turn), less what
//! is owed for turns given back. The lowest standing wins; ties go to the longest wait, then to
//! the order of the document.
//!
//! Guarantees: among members equally available, standings differ by at most one turn of the
//! lightest; who comes back from leave gets neither a flood nor a fast; fairness never delays.
//! Does not know: why a lead came here.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{
    Desk,
    available::{self, Standing},
};
use crate::{
    model::{
        team::{Count, Rotation, TeamChange, Turn},
        time::Time,
    },
    rulebook::{Member, Per, Pool, RotationKind},
};

/// One candidate as the decision records it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The rep.
    pub rep: String,
    /// What the rotation compared: lower comes first.
    pub credit: f64,
    /// How the rep stood.
    #[serde(flatten)]
    pub standing: Standing,
}

/// What a rotation gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pick {
    /// Whose turn it is, if anybody can.
    pub rep: Option<String>,
    /// Everybody, in the order of the document.
    pub candidates: Vec<Candidate>,
    /// What the turn changes.
    pub changes: Vec<TeamChange>,
}

/// Whose turn it is. `had` are passed over; `anyway` takes people who are away or off hours too.
#[must_use]
pub fn pick(desk: Desk<'_>, pool: &Pool, had: &[String], anyway: bool) -> Pick {
    let fresh = Rotation::default();
    let rotation = desk.team.rotations.get(&pool.id).unwrap_or(&fresh);
    let candidates: Vec<Candidate> =
        pool.members.iter().map(|member| candidate(desk, pool, rotation, member, had)).collect();
    let can = |candidate: &&(usize, &Candidate)| {
        candidate.1.standing.is_free()
            || (anyway && !matches!(candidate.1.standing, Standing::Left | Standing::HadIt))
    };
    let able: Vec<(usize, &Candidate)> =
        candidates.iter().enumerate().filter(|pair| can(&pair)).collect();
    let winner = able
        .iter()
        .min_by(|a, b| order(pool, rotation, **a, **b))
        .and_then(|(at, _)| pool.members.get(*at));
    let changes = winner.map_or_else(Vec::new, |member| take(desk, pool, rotation, member));
    Pick { rep: winner.map(|member| member.rep.clone()), candidates, changes }
}

fn candidate(
    desk: Desk<'_>,
    pool: &Pool,
    rotation: &Rotation,
    member: &Member,
    had: &[String],
) -> Candidate {
    let turn = rotation.turns.get(&member.rep);
    let standing = if had.contains(&member.rep) {
        Standing::HadIt
    } else {
        available::of_member(desk, member, turn)
    };
    let credit = match pool.rotation {
        RotationKind::LeastOpen => {
            desk.team.open.get(&member.rep).copied().unwrap_or(0) as f64 / member.weight
        }
        RotationKind::Balanced | RotationKind::RoundRobin => standing_of(rotation, member),
    };
    Candidate { rep: member.rep.clone(), credit, standing }
}

/// `credit / weight`, lifted to the floor, less what is owed.
fn standing_of(rotation: &Rotation, member: &Member) -> f64 {
    let turn = rotation.turns.get(&member.rep).copied().unwrap_or_default();
    lifted(rotation, member, &turn) - turn.owed / member.weight
}

fn lifted(rotation: &Rotation, member: &Member, turn: &Turn) -> f64 {
    (turn.credit / member.weight).max(rotation.floor)
}

fn order(
    pool: &Pool,
    rotation: &Rotation,
    a: (usize, &Candidate),
    b: (usize, &Candidate),
) -> Ordering {
    if pool.rotation == RotationKind::RoundRobin {
        // The one who comes next after the last turn, around the circle.
        let count = pool.members.len().max(1);
        let last = rotation
            .last
            .as_ref()
            .and_then(|last| pool.members.iter().position(|member| member.rep == *last))
            .unwrap_or(count - 1);
        let distance = |at: usize| (at + count - last - 1) % count;
        return distance(a.0).cmp(&distance(b.0));
    }
    let waited = |rep: &str| rotation.turns.get(rep).map_or(Time(0), |turn| turn.last_at);
    a.1.credit
        .total_cmp(&b.1.credit)
        .then_with(|| waited(&a.1.rep).cmp(&waited(&b.1.rep)))
        .then_with(|| a.0.cmp(&b.0))
}

/// The turn is taken: the winner's credit grows, or what was owed is paid; the floor follows.
fn take(desk: Desk<'_>, pool: &Pool, rotation: &Rotation, member: &Member) -> Vec<TeamChange> {
    let mut turn = rotation.turns.get(&member.rep).copied().unwrap_or_default();
    turn.credit = lifted(rotation, member, &turn) * member.weight;
    if turn.owed >= 1.0 {
        turn.owed -= 1.0;
    } else {
        turn.credit += 1.0;
    }
    turn.received = turn.received.saturating_add(1);
    turn.last_at = desk.now;
    count(desk, member, &mut turn);
    // Over everybody who is there, also those who had this lead: a hand-over lifts nobody past a
    // turn that is due.
    let lowest = pool
        .members
        .iter()
        .filter(|member| {
            available::of_member(desk, member, rotation.turns.get(&member.rep)).is_free()
        })
        .map(|member| {
            let turn = rotation.turns.get(&member.rep).copied().unwrap_or_default();
            lifted(rotation, member, &turn)
        })
        .fold(f64::INFINITY, f64::min);
    let floor = if lowest.is_finite() { rotation.floor.max(lowest) } else { rotation.floor };
    vec![
        TeamChange::Turn { pool: pool.id.clone(), rep: member.rep.clone(), turn },
        TeamChange::Floor { pool: pool.id.clone(), floor, last: Some(member.rep.clone()) },
    ]
}

/// Gives a turn back: the lead was refused, taken away, or moved by a human. It is counted out of
/// the periods of its cap that it fell into.
#[must_use]
pub fn give_back(desk: Desk<'_>, pool: &str, rep: &str, given_at: Option<Time>) -> Vec<TeamChange> {
    let Some(pool) = desk.book.pools.get(pool) else { return Vec::new() };
    if !pool.members.iter().any(|member| member.rep == rep) {
        return Vec::new();
    }
    let Some(turn) = desk.team.rotations.get(&pool.id).and_then(|all| all.turns.get(rep)) else {
        return Vec::new();
    };
    let mut turn = *turn;
    turn.owed += 1.0;
    turn.received = turn.received.saturating_sub(1);
    uncount(&mut turn, given_at);
    vec![TeamChange::Turn { pool: pool.id.clone(), rep: rep.to_owned(), turn }]
}

fn count(desk: Desk<'_>, member: &Member, turn: &mut Turn) {
    let Some(rep) = desk.book.reps.get(&member.rep) else { return };
    let add = |count: Count, per: Per| {
        let since = available::period(desk, rep, per);
        Count { since, leads: available::current(count, since).saturating_add(1) }
    };
    turn.hour = add(turn.hour, Per::Hour);
    turn.day = add(turn.day, Per::Day);
    turn.week = add(turn.week, Per::Week);
}

fn uncount(turn: &mut Turn, given_at: Option<Time>) {
    let less = |count: Count| {
        let was_in = given_at.is_some_and(|at| at >= count.since);
        Count { leads: count.leads.saturating_sub(u32::from(was_in)), ..count }
    };
    (turn.hour, turn.day, turn.week) = (less(turn.hour), less(turn.day), less(turn.week));
}
