//! Whether a rep can take a lead now, and if not, why.
//!
//! Guarantees: every refusal has exactly one reason, the first of: left, away, off hours, capped.
//! Does not know: pools' order or credits.

use serde::{Deserialize, Serialize};

use super::Desk;
use crate::{
    model::{
        news::Absence,
        team::{Count, Turn},
        time::{Span, Time},
    },
    rulebook::{Cap, Member, Per, Rep},
};

/// How a candidate stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum Standing {
    /// Can take it.
    Free,
    /// Is not with us any more.
    Left,
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
    /// Had this lead before.
    HadIt,
}

impl Standing {
    /// Whether the rep can take it.
    #[must_use]
    pub fn is_free(&self) -> bool {
        *self == Self::Free
    }
}

/// Looks at left and away only: what counts for a rep whom a rule names.
#[must_use]
pub fn of_named(desk: Desk<'_>, rep: &Rep) -> Standing {
    if rep.has_left {
        return Standing::Left;
    }
    desk.team
        .away
        .get(&rep.id)
        .and_then(|all| all.iter().find(|away| away.holds(desk.now)))
        .map_or(Standing::Free, |away| Standing::Away { absence: away.absence, until: away.until })
}

/// Looks at hours and caps too: what counts for a member of a pool.
#[must_use]
pub fn of_member(desk: Desk<'_>, member: &Member, turn: Option<&Turn>) -> Standing {
    let Some(rep) = desk.book.reps.get(&member.rep) else { return Standing::Left };
    let standing = of_named(desk, rep);
    if !standing.is_free() {
        return standing;
    }
    if let Some(hours) = rep.hours.as_ref().and_then(|id| desk.book.hours.get(id))
        && !hours.is_open(desk.now)
    {
        return Standing::OffHours { opens: hours.next_open(desk.now) };
    }
    match member.cap {
        Some(cap) if is_reached(desk, rep, cap, turn) => {
            Standing::Capped { leads: cap.leads, per: cap.per }
        }
        _ => Standing::Free,
    }
}

fn is_reached(desk: Desk<'_>, rep: &Rep, cap: Cap, turn: Option<&Turn>) -> bool {
    let turn = turn.copied().unwrap_or_default();
    let taken = match cap.per {
        Per::Open => {
            return desk.team.open.get(&rep.id).copied().unwrap_or(0) >= i64::from(cap.leads);
        }
        Per::Hour => current(turn.hour, period(desk, rep, Per::Hour)),
        Per::Day => current(turn.day, period(desk, rep, Per::Day)),
        Per::Week => current(turn.week, period(desk, rep, Per::Week)),
    };
    taken >= cap.leads
}

/// The leads of a count if it is of the period that began at `since`, none otherwise.
#[must_use]
pub fn current(count: Count, since: Time) -> u32 {
    if count.since == since { count.leads } else { 0 }
}

/// When the rep's present hour, day or week began, in the rep's own zone.
#[must_use]
pub fn period(desk: Desk<'_>, rep: &Rep, per: Per) -> Time {
    let hours = rep.hours.as_ref().and_then(|id| desk.book.hours.get(id));
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
