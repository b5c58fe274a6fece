//! Whether a rep can take a lead now, and if not, why.
//!
//! Guarantees: every refusal has exactly one reason, the first of: left, deactivated, away, off
//! hours (the rep's, then the pool's), capped (the member, then the pool).
//! Does not know: pools' order or credits.

use serde::{Deserialize, Serialize};

use super::Desk;
use crate::{
    model::{
        news::Absence,
        team::{Count, Periods, Turn},
        time::{Span, Time},
    },
    rulebook::{Cap, HOPS_MAX, Member, Per, Pool, Rep, Who},
};

/// How a candidate stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum Standing {
    /// Can take it.
    Free,
    /// Is not with us any more.
    Left,
    /// A CRM refuses this person as an owner.
    Deactivated,
    /// Out today or paused.
    Away {
        /// Which.
        absence: Absence,
        /// Until when, if that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
    /// Outside the standing hours.
    OffHours {
        /// When the hours begin again.
        #[serde(skip_serializing_if = "Option::is_none")]
        opens: Option<Time>,
    },
    /// At the cap.
    Capped {
        /// So many …
        leads: u32,
        /// … in this period.
        per: Per,
    },
    /// The pool is at its cap.
    PoolCapped {
        /// So many …
        leads: u32,
        /// … in this period.
        per: Per,
    },
    /// Nobody of this pool within the pool can take it.
    Nobody,
    /// Is there, and has more to do than who would lose the lead, or is late with something.
    Behind {
        /// Leads that wait for an answer.
        open: i64,
        /// Those of them whose deadline has passed.
        late: i64,
    },
    /// Had this lead before.
    HadIt,
}

impl Standing {
    /// Whether the rep can take it.
    #[must_use]
    pub fn is_free(&self) -> bool {
        *self == Self::Free
    }

    /// Whether no lead goes there, not even when nobody is available.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Left | Self::Deactivated | Self::HadIt)
    }
}

/// Looks at left and away only: what counts for a rep whom a rule names.
#[must_use]
pub fn of_named(desk: Desk<'_>, rep: &Rep) -> Standing {
    if rep.has_left {
        return Standing::Left;
    }
    let away =
        || desk.team.away.get(&rep.id).into_iter().flatten().filter(|one| one.holds(desk.now));
    if away().any(|one| one.absence == Absence::Deactivated) {
        return Standing::Deactivated;
    }
    away()
        .next()
        .map_or(Standing::Free, |away| Standing::Away { absence: away.absence, until: away.until })
}

/// Looks at hours and caps too, of the member and of the pool: what counts for a member of a pool.
/// `hop` is how many pools this one is within.
#[must_use]
pub fn of_member(
    desk: Desk<'_>,
    pool: &Pool,
    member: &Member,
    turn: Option<&Turn>,
    hop: usize,
) -> Standing {
    let (standing, hours) = match &member.who {
        Who::Rep(rep) => {
            let Some(rep) = desk.book.reps.get(rep) else { return Standing::Left };
            (of_rep(desk, rep), rep.hours.as_deref())
        }
        Who::Pool(inner) => (of_inner(desk, inner, hop + 1), pool.hours.as_deref()),
    };
    if !standing.is_free() {
        return standing;
    }
    let taken = turn.map(|turn| Periods { hour: turn.hour, day: turn.day, week: turn.week });
    let open = || match &member.who {
        Who::Rep(rep) => desk.team.open_of(rep),
        Who::Pool(inner) => open_in(desk, inner),
    };
    let reached = reached(desk, &member.caps, taken.unwrap_or_default(), hours, open);
    reached.map_or(Standing::Free, |cap| Standing::Capped { leads: cap.leads, per: cap.per })
}

/// What keeps the whole pool from taking a lead: its hours or its caps.
#[must_use]
pub fn of_pool(desk: Desk<'_>, pool: &Pool) -> Standing {
    let hours = pool.hours.as_ref().and_then(|id| desk.book.hours.get(id));
    if let Some(hours) = hours.filter(|hours| !hours.is_open(desk.now)) {
        return Standing::OffHours { opens: hours.next_open(desk.now) };
    }
    let given = desk.team.rotations.get(&pool.id).map(|rotation| rotation.given);
    let open = || open_in(desk, &pool.id);
    let hours = pool.hours.as_deref();
    let reached = reached(desk, &pool.caps, given.unwrap_or_default(), hours, open);
    reached.map_or(Standing::Free, |cap| Standing::PoolCapped { leads: cap.leads, per: cap.per })
}

/// Whether a lead may be taken from somebody with `open` unanswered leads for this rep, who is
/// there: only if it is likely to be answered sooner. When everybody is behind, as after a night's
/// pile, leads stay where they are.
#[must_use]
pub fn to_take_over(desk: Desk<'_>, rep: &str, open: i64) -> Standing {
    let late = desk.team.late.get(rep).copied().unwrap_or(0);
    let own = desk.team.open_of(rep);
    if late > 0 || own > open {
        return Standing::Behind { open: own, late };
    }
    Standing::Free
}

/// Of the rep alone: left, away, own hours.
fn of_rep(desk: Desk<'_>, rep: &Rep) -> Standing {
    let standing = of_named(desk, rep);
    if !standing.is_free() {
        return standing;
    }
    match rep.hours.as_ref().and_then(|id| desk.book.hours.get(id)) {
        Some(hours) if !hours.is_open(desk.now) => {
            Standing::OffHours { opens: hours.next_open(desk.now) }
        }
        _ => Standing::Free,
    }
}

/// Of a pool within a pool: somebody of it can, or nobody.
fn of_inner(desk: Desk<'_>, inner: &str, hop: usize) -> Standing {
    let Some(inner) = desk.book.pools.get(inner).filter(|_| hop < HOPS_MAX) else {
        return Standing::Nobody;
    };
    let of_pool = of_pool(desk, inner);
    if !of_pool.is_free() {
        return of_pool;
    }
    let turns = desk.team.rotations.get(&inner.id).map(|rotation| &rotation.turns);
    let is_free = |member: &Member| {
        let turn = turns.and_then(|turns| turns.get(member.id()));
        of_member(desk, inner, member, turn, hop).is_free()
    };
    if inner.members.iter().any(is_free) { Standing::Free } else { Standing::Nobody }
}

/// Leads that the reps of a pool owe an answer.
#[must_use]
pub fn open_in(desk: Desk<'_>, pool: &str) -> i64 {
    desk.book.reps_of(pool).into_iter().map(|rep| desk.team.open_of(rep)).sum()
}

/// The first cap that is reached. `hours` tell the zone of its periods.
fn reached(
    desk: Desk<'_>,
    caps: &[Cap],
    taken: Periods,
    hours: Option<&str>,
    open: impl Fn() -> i64,
) -> Option<Cap> {
    let is_reached = |cap: &&Cap| {
        let since = || period(desk, hours, cap.per);
        let taken = match cap.per {
            Per::Open => return open() >= i64::from(cap.leads),
            Per::Hour => current(taken.hour, since()),
            Per::Day => current(taken.day, since()),
            Per::Week => current(taken.week, since()),
        };
        taken >= cap.leads
    };
    caps.iter().find(is_reached).copied()
}

/// The leads of a count if it is of the period that began at `since`, none otherwise.
#[must_use]
pub fn current(count: Count, since: Time) -> u32 {
    if count.since == since { count.leads } else { 0 }
}

/// When the present hour, day or week began in the zone of these hours, or in UTC.
#[must_use]
pub fn period(desk: Desk<'_>, hours: Option<&str>, per: Per) -> Time {
    let hours = hours.and_then(|id| desk.book.hours.get(id));
    let (start, _) = match (hours, per) {
        (Some(hours), Per::Hour) => hours.local_hour(desk.now),
        (Some(hours), Per::Week) => hours.local_week(desk.now),
        (Some(hours), Per::Day | Per::Open) => hours.local_day(desk.now),
        (None, per) => utc_period(desk.now, per),
    };
    start
}

/// Periods of a rep without hours are those of UTC; weeks begin on Monday (1970-01-05 was one).
fn utc_period(now: Time, per: Per) -> (Time, Time) {
    let (length, offset) = match per {
        Per::Hour => (Span::hours(1), Span::ZERO),
        Per::Day | Per::Open => (Span::days(1), Span::ZERO),
        Per::Week => (Span::days(7), Span::days(4)),
    };
    let start = Time((now.0 - offset.0).div_euclid(length.0) * length.0 + offset.0);
    (start, start.plus(length))
}

/// The end of the rep's own day: when "out today" ends.
#[must_use]
pub fn day_end(desk: Desk<'_>, rep: &Rep) -> Time {
    let hours = rep.hours.as_ref().and_then(|id| desk.book.hours.get(id));
    let (_, end) = hours.map_or_else(|| utc_period(desk.now, Per::Day), |h| h.local_day(desk.now));
    end
}
