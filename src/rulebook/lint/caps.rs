//! Caps that contradict each other.
//!
//! | code | what it says |
//! |---|---|
//! | `cap.zero` | A cap of nothing gives no lead. (Compiling finds it.) |
//! | `cap.contradiction` | Of two caps one can never be reached. |
//! | `cap.above-pool` | The cap of a member is above that of the pool. |
//!
//! Guarantees: periods that do not lie within each other (a week and open leads) are not compared.
//! Does not know: how many leads come.

use super::{
    super::{Cap, Per, Rulebook},
    places::Places,
    team,
};
use crate::model::finding::Finding;

pub fn lint(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for pool in book.pools.values() {
        let whole = team::pool_caps(pool);
        for (lower, upper) in never_reached(whole) {
            let at = places.at("pool", &pool.id, "cap");
            found.push(contradiction(places, &at, lower, upper));
        }
        for (name, caps) in team::caps(pool) {
            let at = places.member(&pool.id, name);
            for (lower, upper) in never_reached(caps) {
                found.push(contradiction(places, &at, lower, upper));
            }
            for (own, of_pool) in above(caps, whole) {
                let message = format!(
                    "the cap of {name} ({}) is above that of the pool {:?} ({}), so it is never \
                     reached",
                    said(own),
                    pool.id,
                    said(of_pool)
                );
                let mend = "lower it, leave it out, or raise that of the pool";
                found.push(places.warning(&at, "cap.above-pool", message, mend));
            }
        }
    }
    found
}

fn contradiction(
    places: &Places<'_>,
    at: &std::ops::Range<usize>,
    idle: Cap,
    reached: Cap,
) -> Finding {
    let message = format!(
        "the cap of {} is never reached, since that of {} is reached first",
        said(idle),
        said(reached)
    );
    let mend = format!("lower {}, or leave it out", said(idle));
    places.warning(at, "cap.contradiction", message, mend)
}

fn said(cap: Cap) -> String {
    let Cap { leads, per } = cap;
    match per {
        Per::Hour => format!("{leads} per hour"),
        Per::Day => format!("{leads} per day"),
        Per::Week => format!("{leads} per week"),
        Per::Open => format!("{leads} open"),
    }
}

/// How long a period is; open leads have none.
const fn rank(per: Per) -> Option<u8> {
    match per {
        Per::Hour => Some(0),
        Per::Day => Some(1),
        Per::Week => Some(2),
        Per::Open => None,
    }
}

/// Caps of a shorter period that are not below one of a longer: who has had that many in a day has
/// had them in the week too. The idle one first.
fn never_reached(caps: &[Cap]) -> Vec<(Cap, Cap)> {
    let mut found = Vec::new();
    for short in caps {
        for long in caps {
            let (Some(first), Some(second)) = (rank(short.per), rank(long.per)) else { continue };
            if first < second && short.leads >= long.leads {
                found.push((*short, *long));
            }
        }
    }
    found
}

/// Caps of a member that are above one of the pool for the same or a longer period. The member's
/// first.
fn above(member: &[Cap], pool: &[Cap]) -> Vec<(Cap, Cap)> {
    let pairs = member.iter().flat_map(|own| pool.iter().map(move |whole| (*own, *whole)));
    let is_within = |own: Per, whole: Per| match (rank(own), rank(whole)) {
        (Some(own), Some(whole)) => own <= whole,
        _ => own == whole,
    };
    let is_above =
        |(own, whole): &(Cap, Cap)| is_within(own.per, whole.per) && own.leads > whole.leads;
    pairs.filter(is_above).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cap(leads: u32, per: Per) -> Cap {
        Cap { leads, per }
    }

    #[test]
    fn a_week_below_a_day_contradicts_and_a_week_above_does_not() {
        for (caps, expected) in [
            (&[cap(20, Per::Day), cap(10, Per::Week)][..], 1),
            (&[cap(20, Per::Day), cap(20, Per::Week)], 1),
            (&[cap(20, Per::Day), cap(21, Per::Week)], 0),
            (&[cap(5, Per::Hour), cap(4, Per::Day), cap(3, Per::Week)], 3),
            (&[cap(20, Per::Day), cap(1, Per::Open)], 0),
        ] {
            assert_eq!(never_reached(caps).len(), expected, "{caps:?}");
        }
    }

    #[test]
    fn a_members_cap_is_compared_with_those_of_the_pool_for_as_long_or_longer() {
        let pool = [cap(10, Per::Day), cap(40, Per::Week)];
        for (member, expected) in [
            (cap(11, Per::Day), 1),
            (cap(10, Per::Day), 0),
            (cap(11, Per::Week), 0),
            (cap(11, Per::Hour), 1),
            (cap(50, Per::Day), 2),
            (cap(50, Per::Open), 0),
        ] {
            assert_eq!(above(&[member], &pool).len(), expected, "{member:?}");
        }
    }
}
