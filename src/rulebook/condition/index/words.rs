//! What rules ask of one text, or of the items of one list: to be, to begin with, to end with, to
//! contain.
//!
//! Guarantees: one look-up for what a text is, one for each length of a beginning or an end that
//! is asked for, and one pass over the text for everything that it may contain.
//! Does not know: how the text is read; it gets it in the form in which it is compared.

use std::collections::HashMap;
use std::fmt;

use aho_corasick::AhoCorasick;

use super::super::pred::{Part, Test};
use super::bits::{Bits, Posting};
use super::normal::Literal;

/// The rules that a text or a part of one makes hold, and those that it keeps from holding.
#[derive(Clone, Debug)]
struct Hit {
    holds: Posting,
    fails: Posting,
}

/// The same while rules are still added.
type Named = HashMap<Box<[u8]>, (Vec<u32>, Vec<u32>)>;

/// Beginnings or ends, by their lengths.
#[derive(Clone, Debug, Default)]
struct Ends {
    lengths: Box<[usize]>,
    hits: HashMap<Box<[u8]>, Hit>,
}

/// The answers of many rules about one text or list.
#[derive(Clone)]
pub(super) struct Words {
    whole: HashMap<Box<[u8]>, Hit>,
    starts: Ends,
    ends: Ends,
    inside: Option<AhoCorasick>,
    inside_hits: Box<[Hit]>,
    /// Rules that hold unless something is met.
    unless: Posting,
    /// Who asks.
    pub(super) asks: Posting,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("asks", &self.asks).finish_non_exhaustive()
    }
}

impl Words {
    /// The answers to these literals; of those of one rule one has to hold, and at most one is
    /// negated.
    pub(super) fn new(asked: &[(u32, Vec<Literal<'_>>)], size: usize) -> Self {
        let (mut whole, mut starts, mut ends) = (Named::new(), Named::new(), Named::new());
        let (mut inside, mut unless) = (Named::new(), Vec::new());
        for (rule, literals) in asked {
            for literal in literals {
                if literal.negated {
                    unless.push(*rule);
                }
                let (named, keys): (&mut Named, Vec<&[u8]>) = match literal.test {
                    Test::Text { values, .. } | Test::ListHas { values, .. } => {
                        (&mut whole, values.sorted.iter().map(|text| text.as_bytes()).collect())
                    }
                    Test::Part { part, needle, .. } => {
                        let named = match part {
                            Part::Starts => &mut starts,
                            Part::Ends => &mut ends,
                            Part::Contains => &mut inside,
                        };
                        (named, vec![needle.as_bytes()])
                    }
                    _ => continue,
                };
                for key in keys {
                    let (holds, fails) = named.entry(key.into()).or_default();
                    if literal.negated { fails.push(*rule) } else { holds.push(*rule) }
                }
            }
        }
        let (needles, hits): (Vec<Box<[u8]>>, Vec<_>) = inside.into_iter().unzip();
        // A rulebook's four megabytes make no automaton that is too large.
        let inside = (!needles.is_empty()).then(|| AhoCorasick::new(&needles).ok()).flatten();
        Self {
            whole: hits_of(whole, size),
            starts: Ends::new(starts, size),
            ends: Ends::new(ends, size),
            inside,
            inside_hits: hits.into_iter().map(|named| Hit::new(named, size)).collect(),
            unless: Posting::new(unless, size),
            asks: Posting::new(asked.iter().map(|(rule, _)| *rule).collect(), size),
        }
    }

    /// Puts in the rules for which this text will do; the parts of it that are sought may stand
    /// in `haystack` only.
    pub(super) fn mark(&self, text: &str, haystack: &str, scratch: &mut Bits, bits: &mut Bits) {
        self.marked(scratch, bits, |tell| self.visit(text.as_bytes(), haystack.as_bytes(), tell));
    }

    /// Puts in the rules for which a list of these items will do.
    pub(super) fn mark_items<'i>(
        &self,
        items: &(impl Iterator<Item = &'i str> + Clone),
        scratch: &mut Bits,
        bits: &mut Bits,
    ) {
        self.marked(scratch, bits, |tell| {
            items.clone().filter_map(|item| self.whole.get(item.as_bytes())).for_each(tell);
        });
    }

    /// `visit` tells of every hit.
    fn marked(&self, scratch: &mut Bits, bits: &mut Bits, visit: impl Fn(&mut dyn FnMut(&Hit))) {
        if self.unless.is_empty() {
            return visit(&mut |hit| hit.holds.put(bits));
        }
        // A hit counts against a rule only where the rule says "not".
        scratch.empty();
        self.unless.put(scratch);
        visit(&mut |hit| hit.fails.take(scratch));
        visit(&mut |hit| hit.holds.put(scratch));
        bits.join(scratch);
    }

    fn visit(&self, text: &[u8], haystack: &[u8], tell: &mut dyn FnMut(&Hit)) {
        self.whole.get(text).into_iter().for_each(&mut *tell);
        for length in &self.starts.lengths {
            let start = text.get(..*length);
            start.and_then(|start| self.starts.hits.get(start)).into_iter().for_each(&mut *tell);
        }
        for length in &self.ends.lengths {
            let from = text.len().checked_sub(*length);
            let end = from.and_then(|from| text.get(from..));
            end.and_then(|end| self.ends.hits.get(end)).into_iter().for_each(&mut *tell);
        }
        let found =
            self.inside.iter().filter_map(|all| all.try_find_overlapping_iter(haystack).ok());
        for hit in found.flatten() {
            self.inside_hits.get(hit.pattern().as_usize()).into_iter().for_each(&mut *tell);
        }
    }
}

fn hits_of(named: Named, size: usize) -> HashMap<Box<[u8]>, Hit> {
    named.into_iter().map(|(key, named)| (key, Hit::new(named, size))).collect()
}

impl Hit {
    fn new((holds, fails): (Vec<u32>, Vec<u32>), size: usize) -> Self {
        Self { holds: Posting::new(holds, size), fails: Posting::new(fails, size) }
    }
}

impl Ends {
    fn new(named: Named, size: usize) -> Self {
        let mut lengths: Vec<usize> = named.keys().map(|key| key.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { lengths: lengths.into(), hits: hits_of(named, size) }
    }
}
