//! What a turn changes: who received it, who was entitled to it, past whom it went, and what a
//! turn given back owes.
//!
//! Guarantees: of the leads that a pool gave for the first time, `received` and `entitled` of all
//! members add up to the same number, as long as none went elsewhere. A change is computed on top
//! of the changes before it. Does not know: whose turn it is.

use super::{
    Desk,
    available::{self, Standing},
    look::{Look, PART, Seen, lifted},
};
use crate::{
    model::{
        lead::Lead,
        team::{Count, Periods, Rotation, TeamChange, Turn},
        time::Time,
    },
    rulebook::{Member, Per, Pool, RotationKind},
};

/// Whether a member of a circle is owed a turn out of order: a whole one, and not twice running.
pub(super) fn is_owed_in_circle(rotation: &Rotation, member: &Member) -> bool {
    let newest = rotation.turns.values().map(|turn| turn.last_at).max();
    rotation
        .turns
        .get(member.id())
        .is_some_and(|turn| turn.owed >= 1.0 && Some(turn.last_at) != newest)
}

/// The turn is taken: the winner's credit grows, what was owed is paid, the floor follows, and
/// everybody's account is kept. `there` are those of the seen who could have had it as well.
pub(super) fn take(
    desk: Desk<'_>,
    (pool, rotation): (&Pool, &Rotation),
    (seen, there): (&[Seen<'_>], &[&Seen<'_>]),
    winner: &Member,
    look: Look<'_>,
) -> Vec<TeamChange> {
    // A lead that moves on within the pool was somebody's turn already.
    let is_first = look.had.is_empty();
    let shares: f64 =
        seen.iter().filter(|one| one.stood().is_free()).map(|one| one.member.weight).sum();
    let mut changes = Vec::with_capacity(seen.len() + 1);
    let mut is_in_order = look.only.is_none();
    for one in seen {
        let is_winner = one.member.id() == winner.id();
        let mut turn = rotation.turns.get(one.member.id()).copied().unwrap_or_default();
        let before = turn;
        let stood = one.stood();
        if is_first && shares > 0.0 && stood.is_free() {
            turn.entitled += one.member.weight / shares;
        }
        if is_first && shares <= 0.0 && is_winner {
            turn.entitled += 1.0; // nobody was there, and it was this one's all the same
        }
        if is_winner {
            is_in_order &= receive(desk, (pool, rotation), one.member, &mut turn);
        } else {
            skip(&mut turn, &stood);
        }
        if turn != before {
            changes.push(turn_of(pool, one.member.id(), turn));
        }
    }
    let last = if is_in_order { Some(winner.id().to_owned()) } else { rotation.last.clone() };
    changes.push(TeamChange::Floor {
        pool: pool.id.clone(),
        floor: floor(rotation, seen, if look.only.is_some() { &[] } else { there }),
        last,
        given: counted(desk, pool.hours.as_deref(), rotation.given),
    });
    changes
}

/// The turn goes past everybody here.
pub(super) fn pass(pool: &Pool, rotation: &Rotation, seen: &[Seen<'_>]) -> Vec<TeamChange> {
    let mut changes = Vec::new();
    for one in seen {
        let mut turn = rotation.turns.get(one.member.id()).copied().unwrap_or_default();
        let before = turn;
        skip(&mut turn, &one.stood());
        if turn != before {
            changes.push(turn_of(pool, one.member.id(), turn));
        }
    }
    changes
}

fn turn_of(pool: &Pool, member: &str, turn: Turn) -> TeamChange {
    TeamChange::Turn { pool: pool.id.clone(), rep: member.to_owned(), turn }
}

/// Counts a turn that went past somebody who could not take it.
fn skip(turn: &mut Turn, stood: &Standing) {
    let counter = match stood {
        Standing::Free | Standing::Left | Standing::Behind { .. } => return,
        Standing::Away { .. } | Standing::Deactivated | Standing::Nobody => &mut turn.skipped.away,
        Standing::OffHours { .. } => &mut turn.skipped.off_hours,
        Standing::Capped { .. } | Standing::PoolCapped { .. } => &mut turn.skipped.at_cap,
        Standing::HadIt => &mut turn.skipped.had_it,
    };
    *counter = counter.saturating_add(1);
}

/// The winner's account; whether the turn was one in order.
fn receive(
    desk: Desk<'_>,
    (pool, rotation): (&Pool, &Rotation),
    member: &Member,
    turn: &mut Turn,
) -> bool {
    let mut is_in_order = true;
    turn.credit = lifted(rotation, member, turn) * member.weight;
    turn.weight = member.weight;
    let paid = match pool.rotation {
        // An extra turn in the circle pays a whole one.
        RotationKind::RoundRobin if is_owed_in_circle(rotation, member) => {
            is_in_order = false;
            1.0
        }
        RotationKind::RoundRobin => 0.0,
        _ => turn.owed.clamp(0.0, PART),
    };
    turn.owed -= paid;
    turn.credit += 1.0 - paid;
    turn.received = turn.received.saturating_add(1);
    turn.last_at = desk.now;
    let hours = hours_of(desk, pool, member);
    let periods = Periods { hour: turn.hour, day: turn.day, week: turn.week };
    Periods { hour: turn.hour, day: turn.day, week: turn.week } = counted(desk, hours, periods);
    is_in_order
}

/// The hours whose zone the periods of a member's caps follow.
fn hours_of<'a>(desk: Desk<'a>, pool: &'a Pool, member: &Member) -> Option<&'a str> {
    match member.rep() {
        Some(rep) => desk.book.reps.get(rep)?.hours.as_deref(),
        None => pool.hours.as_deref(),
    }
}

/// The lowest standing over everybody who is there, also those who had this lead: a hand-over
/// lifts nobody past a turn that is due. If nobody is, over those who could have had it all the
/// same: a lead given anyway is no debt to those on leave.
fn floor(rotation: &Rotation, seen: &[Seen<'_>], anyway: &[&Seen<'_>]) -> f64 {
    let standing = |one: &Seen<'_>| {
        let turn = rotation.turns.get(one.member.id()).copied().unwrap_or_default();
        lifted(rotation, one.member, &turn)
    };
    let is_free = |one: &&Seen<'_>| one.standing.is_free();
    let free = seen.iter().filter(is_free).map(standing).fold(f64::INFINITY, f64::min);
    let anyway = anyway.iter().map(|one| standing(one)).fold(f64::INFINITY, f64::min);
    let lowest = if free.is_finite() { free } else { anyway };
    if lowest.is_finite() { rotation.floor.max(lowest) } else { rotation.floor }
}

/// One lead more in the present hour, day and week.
fn counted(desk: Desk<'_>, hours: Option<&str>, counts: Periods) -> Periods {
    let add = |count: Count, per: Per| {
        let since = available::period(desk, hours, per);
        Count { since, leads: available::current(count, since).saturating_add(1) }
    };
    Periods {
        hour: add(counts.hour, Per::Hour),
        day: add(counts.day, Per::Day),
        week: add(counts.week, Per::Week),
    }
}

/// Gives a lead's turn back, in every pool that it came through but the first `kept`: it was
/// refused, taken away, or moved by a human. It is counted out of the periods of the caps that it
/// fell into.
pub fn give_back(
    desk: Desk<'_>,
    lead: &Lead,
    rep: &str,
    kept: usize,
    changes: &mut Vec<TeamChange>,
) {
    let Some(inner) = &lead.pool else { return };
    let mut member = rep;
    for pool in std::iter::once(inner).chain(lead.through.iter().skip(kept).rev()) {
        let Some(pool) = desk.book.pools.get(pool) else { return };
        if !give_back_in(desk, pool, member, lead.assigned_at, changes) {
            return;
        }
        member = &pool.id;
    }
}

/// In one pool; whether there was a turn to give back.
fn give_back_in(
    desk: Desk<'_>,
    pool: &Pool,
    member: &str,
    given_at: Option<Time>,
    changes: &mut Vec<TeamChange>,
) -> bool {
    if !pool.members.iter().any(|one| one.id() == member) {
        return false;
    }
    let Some(rotation) = desk.team.rotations.get(&pool.id) else { return false };
    let planned = changes.iter().rev().find_map(|change| match change {
        TeamChange::Turn { pool: of, rep, turn } if *of == pool.id && rep == member => Some(*turn),
        _ => None,
    });
    let Some(mut turn) = planned.or_else(|| rotation.turns.get(member).copied()) else {
        return false;
    };
    // Who has fewest open leads is next anyway.
    if pool.rotation != RotationKind::LeastOpen {
        turn.owed += 1.0;
    }
    turn.received = turn.received.saturating_sub(1);
    let less = |count: Count| uncounted(count, given_at);
    (turn.hour, turn.day, turn.week) = (less(turn.hour), less(turn.day), less(turn.week));
    changes.push(turn_of(pool, member, turn));
    let planned = changes.iter().rev().find_map(|change| match change {
        TeamChange::Floor { pool: of, floor, last, given } if *of == pool.id => {
            Some((*floor, last.clone(), *given))
        }
        _ => None,
    });
    let (floor, last, given) =
        planned.unwrap_or_else(|| (rotation.floor, rotation.last.clone(), rotation.given));
    let given = Periods { hour: less(given.hour), day: less(given.day), week: less(given.week) };
    changes.push(TeamChange::Floor { pool: pool.id.clone(), floor, last, given });
    true
}

fn uncounted(count: Count, given_at: Option<Time>) -> Count {
    let was_in = given_at.is_some_and(|at| at >= count.since);
    Count { leads: count.leads.saturating_sub(u32::from(was_in)), ..count }
}
