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

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{IfNobody, Pool, RotationKind, Rulebook},
    places::Places,
    team, week,
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
    // The pools that were asked before a pool overflows, by each way to it.
    let mut ways: BTreeMap<&str, Vec<Vec<&Pool>>> = BTreeMap::new();
    let given: BTreeSet<&str> = week::given(book).into_keys().collect();
    let chains = given.iter().map(|pool| team::chain(book, pool).pools);
    for chain in chains {
        for (at, pool) in chain.iter().enumerate() {
            let asked = chain.get(..=at).unwrap_or_default().to_vec();
            ways.entry(&pool.id).or_default().push(asked);
        }
    }
    let mut found = Vec::new();
    for pool in book.pools.values() {
        let overflow = team::overflow(pool).and_then(|pool| book.pools.get(pool));
        let Some(overflow) = overflow else { continue };
        let ways = ways.remove(pool.id.as_str()).unwrap_or_else(|| vec![vec![pool]]);
        let other = team::reps(book, overflow);
        let asked: Vec<BTreeSet<&str>> = ways
            .iter()
            .map(|way| way.iter().flat_map(|pool| team::reps(book, pool)).collect())
            .collect();
        let is_again = asked.iter().all(|asked| other.is_subset(asked))
            && !ways.iter().flatten().any(|pool| has_reason(book, pool));
        if other.is_empty() || !is_again {
            continue;
        }
        let way = ways.first().map_or(&[][..], Vec::as_slice);
        let names: Vec<String> = way.iter().map(|pool| format!("{:?}", pool.id)).collect();
        let names = super::super::finding::all(&names);
        let message = format!(
            "when nobody of {names} is there, nobody of {:?} is: everybody in it is in {names} too",
            overflow.id
        );
        let mend = "name a pool with other people, \"wait\" with max_wait, or \"assign anyway\"";
        let at = places.at("pool", &pool.id, "if_nobody");
        // One of several who gets what nobody is there for may be meant.
        let is_choice = matches!(overflow.if_nobody, IfNobody::AssignAnyway)
            && asked.iter().all(|asked| asked.len() > other.len());
        found.push(if is_choice {
            places.note(
                &at,
                "pool.same-people",
                message,
                format!("nothing, if that is meant; or {mend}"),
            )
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
