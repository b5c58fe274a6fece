//! Who is in a pool and where it overflows to, as far as the rulebook says it.
//!
//! Guarantees: ends, whatever leads to what.
//! Does not know: who is away today, or at a cap.

use std::collections::BTreeSet;

use super::super::{Cap, HOPS_MAX, IfNobody, Pool, Rep, Rulebook, Who};

/// A pool and those it overflows into.
pub struct Chain<'b> {
    pub pools: Vec<&'b Pool>,
    /// It ends in somebody within the pools that are followed.
    pub ends: bool,
}

/// The pools that are looked at for a lead, one after the other.
pub fn chain<'b>(book: &'b Rulebook, pool: &str) -> Chain<'b> {
    let mut pools: Vec<&Pool> = Vec::new();
    let mut next = book.pools.get(pool);
    while let Some(pool) = next.filter(|_| pools.len() < HOPS_MAX) {
        pools.push(pool);
        next = overflow(pool).and_then(|pool| book.pools.get(pool));
    }
    let last = pools.last().copied();
    let ends = next.is_none() && last.is_some_and(|last| !reps(book, last).is_empty());
    Chain { pools, ends }
}

/// The pool that takes over when nobody of this one is there.
pub fn overflow(pool: &Pool) -> Option<&str> {
    match &pool.if_nobody {
        IfNobody::Pool(pool) => Some(pool),
        _ => None,
    }
}

/// The members of a pool who have not left, with their caps in it, or in the pool within it that
/// they are in.
pub fn members<'b>(book: &'b Rulebook, pool: &'b Pool) -> Vec<(&'b Rep, &'b [Cap])> {
    let mut found = Vec::new();
    gather(book, pool, 0, &mut found);
    found
}

fn gather<'b>(
    book: &'b Rulebook,
    pool: &'b Pool,
    hop: usize,
    found: &mut Vec<(&'b Rep, &'b [Cap])>,
) {
    for member in &pool.members {
        match &member.who {
            Who::Rep(rep) => {
                let rep = book.reps.get(rep).filter(|rep| !rep.has_left);
                found.extend(rep.map(|rep| (rep, member.caps.as_slice())));
            }
            Who::Pool(inner) => {
                if let Some(inner) = book.pools.get(inner).filter(|_| hop < HOPS_MAX) {
                    gather(book, inner, hop + 1, found);
                }
            }
        }
    }
}

/// The reps of a pool who have not left.
pub fn reps<'b>(book: &'b Rulebook, pool: &'b Pool) -> BTreeSet<&'b str> {
    members(book, pool).into_iter().map(|(rep, _)| rep.id.as_str()).collect()
}

/// The pools within a pool.
pub fn inner<'b>(book: &'b Rulebook, pool: &'b Pool) -> Vec<&'b Pool> {
    let inner = pool.members.iter().filter(|member| member.rep().is_none());
    inner.filter_map(|member| book.pools.get(member.id())).collect()
}

/// Every cap that is written in a pool: whose it is, and what it says.
pub fn caps(pool: &Pool) -> impl Iterator<Item = (&str, &[Cap])> {
    pool.members.iter().map(|member| (member.id(), member.caps.as_slice()))
}

/// The caps of the pool as a whole.
pub fn pool_caps(pool: &Pool) -> &[Cap] {
    &pool.caps
}

/// The rep or whoever stands in, as far as somebody is there.
pub fn stands_in<'b>(book: &'b Rulebook, rep: &'b Rep) -> Vec<&'b Rep> {
    let mut found: Vec<&Rep> = Vec::new();
    let mut next = Some(rep);
    while let Some(rep) = next.filter(|_| found.len() < HOPS_MAX) {
        found.push(rep);
        next = rep.backup.as_ref().and_then(|backup| book.reps.get(backup));
    }
    found.retain(|rep| !rep.has_left);
    found
}
