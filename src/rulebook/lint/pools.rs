//! Pools and what they overflow into.
//!
//! | code | what it says |
//! |---|---|
//! | `pool.circle` | Pools overflow into each other in a circle. (Compiling finds it.) |
//! | `pool.same-people` | A pool overflows into one in which nobody else is. |
//! | `pool.too-far` | A chain of pools is longer than it is followed. |
//! | `unused` | Nothing refers to it. (Compiling finds it.) |
//!
//! Guarantees: a pool with caps or hours, or whose leads are claimed, is never said to overflow into
//! people who were asked before: those are reasons to. Does not know: when hours are; see `week`.

use super::{
    super::{IfNobody, Pool, RotationKind, Rulebook},
    places::Places,
    team,
};
use crate::model::finding::Finding;

pub fn lint(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for pool in book.pools.values() {
        let at = places.at("pool", &pool.id, "if_nobody");
        let chain = team::chain(book, &pool.id);
        if !chain.ends && chain.pools.len() > 1 {
            let message = format!(
                "the chain of pools behind {:?} is longer than the {} that are followed; leads that \
                 come so far go on with the next rule",
                pool.id,
                chain.pools.len()
            );
            let mend = "let one of them wait (\"wait\" with max_wait) or \"assign anyway\"";
            found.push(places.warning(&at, "pool.too-far", message, mend));
        }
    }
    found.extend(again(book, places));
    found
}

/// Pools that overflow into people who have just been asked.
fn again(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for pool in book.pools.values() {
        let overflow = team::overflow(pool).and_then(|pool| book.pools.get(pool));
        let Some(overflow) = overflow else { continue };
        let (own, other) = (team::reps(book, pool), team::reps(book, overflow));
        if other.is_empty() || !other.is_subset(&own) || has_reason(book, pool) {
            continue;
        }
        let message = format!(
            "when nobody of {:?} is there, nobody of {:?} is: everybody in it is in {:?} too",
            pool.id, overflow.id, pool.id
        );
        let mend = "name a pool with other people, \"wait\" with max_wait, or \"assign anyway\"";
        let at = places.at("pool", &pool.id, "if_nobody");
        // That some of them get what nobody is there for may be meant.
        let is_choice =
            matches!(overflow.if_nobody, IfNobody::AssignAnyway) && own.len() > other.len();
        found.push(if is_choice {
            let mend = format!("nothing, if these are to get it all the same; or {mend}");
            places.note(&at, "pool.same-people", message, mend)
        } else {
            places.warning(&at, "pool.same-people", message, mend)
        });
    }
    found
}

/// Why a pool may overflow into people who are in it: caps, hours of its own, or an offer that
/// nobody took.
fn has_reason(book: &Rulebook, pool: &Pool) -> bool {
    pool.hours.is_some()
        || pool.rotation == RotationKind::Claim
        || !team::pool_caps(pool).is_empty()
        || team::members(book, pool).iter().any(|(_, caps)| !caps.is_empty())
        || team::inner(book, pool).iter().any(|inner| has_reason(book, inner))
        || pool.members.iter().any(|member| !member.caps.is_empty())
}
