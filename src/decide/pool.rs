//! What a pool does with a lead: whoever had the person before, the rotation or an offer, and when
//! nobody can take it, another pool, a wait, somebody anyway, or people told at once.
//!
//! Guarantees: pools are followed with a hop limit; a wait and an offer have an end; an offer that
//! lapsed is not made again. Does not know: which rule sent the lead here.

use super::{
    Desk,
    available::Standing,
    look::Look,
    rotate::{self, Candidate, Pick, Taken},
    routed::{Place, Routed, Sticky},
};
use crate::{
    model::{
        lead::{Lead, Offer, Waiting},
        team::TeamChange,
        time::{Span, Time},
    },
    rulebook::{HOPS_MAX, IfNobody, Pool, RotationKind},
};

/// Follows a pool to where the lead goes; `None` when it leads nowhere.
pub fn place(
    desk: Desk<'_>,
    lead: &Lead,
    pool: &str,
    sticky: Option<Span>,
    look: Look<'_>,
    routed: &mut Routed,
) -> Option<Place> {
    let mut next = pool.to_owned();
    let mut passed: Vec<TeamChange> = Vec::new();
    for _ in 0..HOPS_MAX {
        let pool = desk.book.pools.get(&next)?;
        let span = sticky.or(pool.sticky);
        let before = span.and_then(|span| who_had_it(desk, lead, pool, span, look, routed));
        if let Some(taken) = before {
            return Some(given(taken, passed));
        }
        if pool.rotation == RotationKind::Claim {
            if let Some(waiting) = offer(desk, lead, pool, look, routed) {
                return Some(Place::Wait(waiting));
            }
        } else {
            let pick = rotate::pick(desk, pool, look);
            routed.pools.extend(pick.looked);
            if let Some(taken) = pick.taken {
                return Some(given(taken, passed));
            }
            passed.extend(pick.passed);
        }
        match &pool.if_nobody {
            IfNobody::Pool(overflow) => next.clone_from(overflow),
            IfNobody::Wait(bound) => {
                let until = waits_until(desk, lead, &pool.id, *bound);
                if desk.now < until {
                    let pool = pool.id.clone();
                    return Some(Place::Wait(Waiting::Somebody { pool, until }));
                }
                return anyway(desk, pool, look).map(|taken| given(taken, passed));
            }
            IfNobody::AssignAnyway => {
                return anyway(desk, pool, look).map(|taken| given(taken, passed));
            }
            IfNobody::Escalate { page } => {
                routed.page.clone_from(page);
                let since = since(lead, &pool.id).unwrap_or(desk.now);
                return Some(Place::Wait(Waiting::Escalated { pool: pool.id.clone(), since }));
            }
        }
    }
    None
}

/// The turn is taken after those that went past others.
fn given(mut taken: Taken, mut passed: Vec<TeamChange>) -> Place {
    passed.append(&mut taken.changes);
    taken.changes = passed;
    Place::Rep(taken)
}

/// Whoever had this person before, or else the company, if free and not too long ago.
fn who_had_it(
    desk: Desk<'_>,
    lead: &Lead,
    pool: &Pool,
    span: Span,
    look: Look<'_>,
    routed: &mut Routed,
) -> Option<Taken> {
    let members = desk.book.reps_of(&pool.id);
    let is_recent = |at: Time| desk.now.since(at) <= span;
    let of_pool = |rep: &str| members.contains(&rep);
    let earlier = lead.earlier.iter().filter(|one| is_recent(one.at) && of_pool(&one.rep));
    for one in earlier {
        if routed.sticky.iter().any(|known| known.rep == one.rep) {
            continue;
        }
        let pick = rotate::pick(desk, pool, Look { only: Some(&one.rep), ..look });
        let note = |standing: Standing| Sticky {
            rep: one.rep.clone(),
            since: one.at,
            is_company: one.is_company,
            standing,
        };
        if let Some(taken) = pick.taken {
            routed.sticky.push(note(Standing::Free));
            routed.pools.extend(pick.looked);
            return Some(taken);
        }
        routed.sticky.push(note(standing_of(desk, pool, &one.rep, look, pick)));
    }
    None
}

/// How one rep stood in a look at a pool, or in the pool within it that the rep is in.
fn standing_of(desk: Desk<'_>, pool: &Pool, rep: &str, look: Look<'_>, pick: Pick) -> Standing {
    let find = |looked: Vec<(String, Vec<Candidate>)>| {
        let mut all = looked.into_iter().flat_map(|(_, candidates)| candidates);
        all.find(|one| one.rep == rep).map(|one| one.standing)
    };
    let in_inner = || {
        let inner = pool.members.iter().filter(|member| member.rep().is_none());
        let mut pools = inner.filter_map(|member| desk.book.pools.get(member.id()));
        pools.find_map(|inner| find(rotate::pick(desk, inner, look).looked))
    };
    find(pick.looked).or_else(in_inner).unwrap_or(Standing::Nobody)
}

/// Offers the lead to everybody who is there; `None` if nobody is, or the offer has lapsed.
fn offer(
    desk: Desk<'_>,
    lead: &Lead,
    pool: &Pool,
    look: Look<'_>,
    routed: &mut Routed,
) -> Option<Waiting> {
    let before = lead.offers.iter().find(|offer| offer.pool == pool.id);
    let until = before.map_or_else(|| desk.now.plus(pool.claim_within), |offer| offer.until);
    if desk.now >= until {
        return None;
    }
    let mut to = before.map(|offer| offer.to.clone()).unwrap_or_default();
    for rep in rotate::free(desk, pool, look.had) {
        if !to.iter().any(|known| known == rep) {
            to.push(rep.to_owned());
        }
    }
    if to.is_empty() {
        return None;
    }
    routed.offer = Some(Offer { pool: pool.id.clone(), until, to });
    Some(Waiting::Claim { pool: pool.id.clone(), until })
}

/// The bound runs from when the lead began to wait for this pool.
fn waits_until(desk: Desk<'_>, lead: &Lead, pool: &str, bound: Span) -> Time {
    match &lead.waiting {
        Some(Waiting::Somebody { pool: waits_for, until }) if waits_for == pool => *until,
        _ => desk.now.plus(bound),
    }
}

/// Since when it has been held for this pool.
fn since(lead: &Lead, pool: &str) -> Option<Time> {
    match &lead.waiting {
        Some(Waiting::Escalated { pool: held_for, since }) if held_for == pool => Some(*since),
        _ => None,
    }
}

/// Nobody is available: the fairest of those who are at least with us, even one who had it. Of a
/// pool whose offer has lapsed, first those who are there.
fn anyway(desk: Desk<'_>, pool: &Pool, look: Look<'_>) -> Option<Taken> {
    let looks = [Look::free(look.had), Look::anyway(look.had), Look::anyway(&[])];
    looks.into_iter().find_map(|look| rotate::pick(desk, pool, look).taken)
}
