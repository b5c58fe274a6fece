//! Chains of references that must end: overflow of pools, backups, managers.
//!
//! Guarantees: every circle is found once, at one of its references.
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
