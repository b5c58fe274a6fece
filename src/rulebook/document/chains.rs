//! Chains of references that must end: overflow of pools, backups, managers.
//!
//! Guarantees: every circle is found once, at one of its references; pools within pools are trees
//! that end soon.
//! Does not know: what a chain is for.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::tree::Log;

/// Who leads to whom, and where that is written. Everybody leads to one at most.
#[derive(Debug, Default)]
pub struct Chain {
    next: BTreeMap<String, (String, Range<usize>)>,
}

impl Chain {
    pub fn add(&mut self, from: &str, to: &str, at: Range<usize>) {
        self.next.entry(from.to_owned()).or_insert((to.to_owned(), at));
    }

    /// Reports every circle.
    pub fn check(&self, log: &Log<'_>, what: &str, mend: &str) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for start in self.next.keys() {
            let mut path: Vec<&str> = Vec::new();
            let mut at = start.as_str();
            let circle = loop {
                if let Some(begin) = path.iter().position(|name| *name == at) {
                    break path.get(begin..).unwrap_or_default();
                }
                if !seen.insert(at) {
                    break &[];
                }
                path.push(at);
                match self.next.get(at) {
                    Some((next, _)) => at = next,
                    None => break &[],
                }
            };
            let Some((_, place)) = circle.first().and_then(|first| self.next.get(*first)) else {
                continue;
            };
            let way: Vec<&str> = circle.iter().chain(circle.first()).copied().collect();
            let way = way.join(" → ");
            let code = match what {
                "backup" => "rep.backup-circle",
                "manager" => "rep.manager-circle",
                _ => "pool.circle",
            };
            let message = format!("the chain of {what} goes in a circle: {way}");
            log.wrong_as(code, place, message, mend);
        }
    }
}

/// What is inside what, and where that is written: pools within pools.
#[derive(Debug, Default)]
pub struct Nests {
    inside: BTreeMap<String, Vec<(String, Range<usize>)>>,
}

impl Nests {
    pub fn add(&mut self, outer: &str, inner: &str, at: Range<usize>) {
        self.inside.entry(outer.to_owned()).or_default().push((inner.to_owned(), at));
    }

    /// Reports every pool that is inside itself, or twice inside another, and what is deeper than
    /// `max`: so each pool is a tree, and walking it ends soon.
    pub fn check(&self, log: &Log<'_>, max: usize) {
        let inner: BTreeSet<&str> =
            self.inside.values().flatten().map(|(inner, _)| inner.as_str()).collect();
        let mut done: BTreeSet<&str> = BTreeSet::new();
        let outermost = |name: &&String| !inner.contains(name.as_str());
        // What no walk from outside has come to goes in a circle.
        let starts = self.inside.keys().filter(outermost).chain(self.inside.keys());
        for start in starts {
            if done.contains(start.as_str()) {
                continue;
            }
            let mut seen: BTreeSet<&str> = [start.as_str()].into();
            self.walk(log, max, &mut vec![start], &mut seen);
            done.extend(seen);
        }
    }

    fn walk<'a>(
        &'a self,
        log: &Log<'_>,
        max: usize,
        path: &mut Vec<&'a str>,
        seen: &mut BTreeSet<&'a str>,
    ) {
        let Some(at) = path.last() else { return };
        for (inner, place) in self.inside.get(*at).into_iter().flatten() {
            let outer = path.first().copied().unwrap_or_default();
            if let Some(begin) = path.iter().position(|name| name == inner) {
                let circle = path.get(begin..).unwrap_or_default();
                let way: Vec<&str> = circle.iter().copied().chain([inner.as_str()]).collect();
                let way = way.join(" → ");
                log.wrong(place, format!("a pool is inside itself: {way}"), "take one of them out");
            } else if !seen.insert(inner) {
                let message = format!("{inner:?} is inside {outer:?} twice");
                log.wrong(place, message, "take one of them out");
            } else if path.len() >= max {
                let message = format!("pools are more than {max} deep within {outer:?}");
                log.wrong(place, message, "name the reps themselves");
            } else {
                path.push(inner);
                self.walk(log, max, path, seen);
                path.pop();
            }
        }
    }
}
