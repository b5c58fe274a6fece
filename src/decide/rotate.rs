//! Rotation: whose turn it is in a pool.
//!
//! One credit algorithm with visible state. A member's standing is `credit / weight`, lifted to
//! the rotation's floor (the lowest standing among those available at the last turn), less half a
//! turn while turns given back are owed. The lowest standing wins; ties go to the longest wait,
//! then to the order of the document. A lead to somebody who is owed counts half and pays the
//! other half off: so what is owed is paid at twice the usual pace and never in one flood.
//!
//! Guarantees: among members equally available, `(received + owed) / weight` differs by at most
//! one turn of the lightest; who comes back from leave gets neither a flood nor a fast; fairness
//! never delays. Every turn that goes past somebody is counted with its reason.
//! Does not know: why a lead came here, nor what happens when nobody can take it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{
    Desk,
    available::{self, Standing},
    look::{Look, PART, Seen, lifted},
    turns,
};
use crate::{
    model::team::{Rotation, TeamChange},
    rulebook::{HOPS_MAX, Member, Pool, RotationKind, Who},
};

/// One candidate as the decision records it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The rep, or the pool within the pool.
    pub rep: String,
    /// What the rotation compared: lower comes first.
    pub credit: f64,
    /// The share, unless it is one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: f64,
    /// How the rep stood.
    #[serde(flatten)]
    pub standing: Standing,
}

const fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(weight: &f64) -> bool {
    weight.to_bits() == 1.0_f64.to_bits()
}

/// Who gets a lead, and by which turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// The rep.
    pub rep: String,
    /// The pool whose rotation gave it, the innermost; none if no rotation did.
    pub pool: Option<String>,
    /// The pools around that one, outermost first.
    pub through: Vec<String>,
    /// How many of those gave it before and keep their turn: it stays within them.
    pub kept: usize,
    /// Whether the rep can take it now; false when somebody gets it anyway.
    pub is_free: bool,
    /// What the turn changes.
    pub changes: Vec<TeamChange>,
}

impl Taken {
    /// By no rotation.
    #[must_use]
    pub fn by_name(rep: impl Into<String>, is_free: bool) -> Self {
        Self { rep: rep.into(), is_free, ..Self::default() }
    }
}

/// What a look at a rotation gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pick {
    /// Whose turn it is, if anybody can.
    pub taken: Option<Taken>,
    /// Everybody looked at, by pool, in the order of the document.
    pub looked: Vec<(String, Vec<Candidate>)>,
    /// What it changes that the turn goes past everybody here, if it goes on elsewhere.
    pub passed: Vec<TeamChange>,
}

/// Whose turn it is.
#[must_use]
pub fn pick(desk: Desk<'_>, pool: &Pool, look: Look<'_>) -> Pick {
    let mut pick = Pick::default();
    let mut taken = Taken::default();
    if let Some(rep) = descend(desk, pool, look, 0, &mut pick, &mut taken) {
        taken.rep = rep;
        pick.taken = Some(taken);
    }
    pick
}

/// Goes from a pool to the pool within it whose turn it is, down to a rep.
fn descend(
    desk: Desk<'_>,
    pool: &Pool,
    look: Look<'_>,
    hop: usize,
    pick: &mut Pick,
    taken: &mut Taken,
) -> Option<String> {
    let fresh = Rotation::default();
    let rotation = desk.team.rotations.get(&pool.id).unwrap_or(&fresh);
    let seen = see(desk, pool, rotation, look, hop);
    let candidates = seen.iter().map(|one| Candidate {
        rep: one.member.id().to_owned(),
        credit: one.credit,
        weight: one.member.weight,
        standing: one.stood(),
    });
    pick.looked.push((pool.id.clone(), candidates.collect()));
    let winner = seen
        .iter()
        .enumerate()
        .filter(|(_, one)| can(desk, one, look, hop))
        .map(|(at, one)| (is_last_resort(desk, one, look, hop), (at, one)))
        .min_by(|(a_last, a), (b_last, b)| {
            a_last.cmp(b_last).then_with(|| order(pool, rotation, *a, *b))
        });
    let Some((is_last_resort, (_, won))) = winner else {
        pick.passed.extend(turns::pass(pool, rotation, &seen));
        return None;
    };
    let rep = match &won.member.who {
        Who::Rep(rep) => {
            taken.pool = Some(pool.id.clone());
            taken.is_free = won.stood().is_free();
            Some(rep.clone())
        }
        Who::Pool(inner) => {
            taken.through.push(pool.id.clone());
            let inner = desk.book.pools.get(inner)?;
            descend(desk, inner, look, hop + 1, pick, taken)
        }
    }?;
    // Whoever could have had this one in their stead; the others are lifted as after a leave.
    let is_there = |one: &Seen<'_>| {
        can(desk, one, look, hop) && self::is_last_resort(desk, one, look, hop) == is_last_resort
    };
    let there: Vec<&Seen<'_>> = seen.iter().filter(|one| is_there(one)).collect();
    taken.changes.extend(turns::take(desk, (pool, rotation), (&seen, &there), won.member, look));
    Some(rep)
}

fn see<'p>(
    desk: Desk<'_>,
    pool: &'p Pool,
    rotation: &Rotation,
    look: Look<'_>,
    hop: usize,
) -> Vec<Seen<'p>> {
    let of_pool = available::of_pool(desk, pool);
    let one = |member: &'p Member| {
        let turn = rotation.turns.get(member.id());
        let standing = match available::of_member(desk, pool, member, turn, hop) {
            Standing::Free => of_pool.clone(),
            own => own,
        };
        let open = || match &member.who {
            Who::Rep(rep) => desk.team.open_of(rep),
            Who::Pool(inner) => available::open_in(desk, inner),
        };
        let credit = match pool.rotation {
            RotationKind::LeastOpen => open() as f64 / member.weight,
            _ => standing_of(rotation, member),
        };
        let not_this = member.rep().and_then(|rep| {
            if look.had.iter().any(|had| had == rep) {
                return Some(Standing::HadIt);
            }
            let standing = available::to_take_over(desk, rep, look.from_open?);
            (!standing.is_free()).then_some(standing)
        });
        Seen { member, standing, not_this, credit }
    };
    pool.members.iter().map(one).collect()
}

/// Everybody of a pool who can take a lead now, in the order of the document.
#[must_use]
pub fn free<'a>(desk: Desk<'a>, pool: &'a Pool, had: &[String]) -> Vec<&'a str> {
    let mut free = Vec::new();
    gather_free(desk, pool, Look::free(had), 0, &mut free);
    free
}

fn gather_free<'a>(
    desk: Desk<'a>,
    pool: &'a Pool,
    look: Look<'_>,
    hop: usize,
    free: &mut Vec<&'a str>,
) {
    let fresh = Rotation::default();
    let rotation = desk.team.rotations.get(&pool.id).unwrap_or(&fresh);
    for one in see(desk, pool, rotation, look, hop) {
        match &one.member.who {
            Who::Rep(rep) if one.stood().is_free() && !free.contains(&rep.as_str()) => {
                free.push(rep);
            }
            Who::Pool(inner) if one.stood().is_free() => {
                let Some(inner) = desk.book.pools.get(inner) else { continue };
                gather_free(desk, inner, look, hop + 1, free);
            }
            Who::Rep(_) | Who::Pool(_) => {}
        }
    }
}

/// Whether this member may get the turn.
fn can(desk: Desk<'_>, one: &Seen<'_>, look: Look<'_>, hop: usize) -> bool {
    let standing = one.stood();
    let is_there = if look.anyway { !standing.is_gone() } else { standing.is_free() };
    is_there
        && match &one.member.who {
            Who::Rep(rep) => look.only.is_none_or(|only| only == rep),
            // Somebody in there must be left over for this lead.
            Who::Pool(inner) => desk.book.pools.get(inner).is_some_and(|inner| {
                let fresh = Rotation::default();
                let rotation = desk.team.rotations.get(&inner.id).unwrap_or(&fresh);
                hop + 1 < HOPS_MAX
                    && see(desk, inner, rotation, look, hop + 1)
                        .iter()
                        .any(|one| can(desk, one, look, hop + 1))
            }),
        }
}

/// Whether this member gets a lead only if everybody else who may have it is away too: when nobody
/// is available, those off hours or at a cap come before those on leave.
fn is_last_resort(desk: Desk<'_>, one: &Seen<'_>, look: Look<'_>, hop: usize) -> bool {
    if !look.anyway {
        return false;
    }
    match &one.member.who {
        Who::Rep(_) => matches!(one.stood(), Standing::Away { .. }),
        Who::Pool(inner) => desk.book.pools.get(inner).is_none_or(|inner| {
            let fresh = Rotation::default();
            let rotation = desk.team.rotations.get(&inner.id).unwrap_or(&fresh);
            see(desk, inner, rotation, look, hop + 1)
                .iter()
                .filter(|one| can(desk, one, look, hop + 1))
                .all(|one| is_last_resort(desk, one, look, hop + 1))
        }),
    }
}

/// `credit / weight`, lifted to the floor, less a part while turns are owed.
fn standing_of(rotation: &Rotation, member: &Member) -> f64 {
    let turn = rotation.turns.get(member.id()).copied().unwrap_or_default();
    lifted(rotation, member, &turn) - turn.owed.clamp(0.0, PART) / member.weight
}

fn order(
    pool: &Pool,
    rotation: &Rotation,
    a: (usize, &Seen<'_>),
    b: (usize, &Seen<'_>),
) -> Ordering {
    if pool.rotation == RotationKind::RoundRobin {
        let is_owed = |one: &Seen<'_>| turns::is_owed_in_circle(rotation, one.member);
        let count = pool.members.len().max(1);
        let last = place(pool, rotation).unwrap_or(count - 1);
        let distance = |at: usize| (at + count - last - 1) % count;
        return is_owed(b.1).cmp(&is_owed(a.1)).then_with(|| distance(a.0).cmp(&distance(b.0)));
    }
    let waited = |one: &Seen<'_>| rotation.turns.get(one.member.id()).map(|turn| turn.last_at);
    a.1.credit
        .total_cmp(&b.1.credit)
        .then_with(|| waited(a.1).cmp(&waited(b.1)))
        .then_with(|| a.0.cmp(&b.0))
}

/// Where in the circle the last turn in order was.
fn place(pool: &Pool, rotation: &Rotation) -> Option<usize> {
    let last = rotation.last.as_ref()?;
    pool.members.iter().position(|member| member.id() == last)
}
