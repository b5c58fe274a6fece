//! What rules ask of one number: thresholds, ranges, values.
//!
//! The constants of all rules cut the line of numbers into regions in which no answer changes. The
//! answers of one region are those of the region before it with a few rules changed; every so
//! many changes they are kept whole, so that looking a number up is one search, one copy and a
//! bounded number of changes.
//!
//! Guarantees: exact, with equal numbers equal (0 is -0). Does not know: which field it is of.

use super::super::pred::Test;
use super::bits::{Bits, Posting};
use super::normal::Literal;

/// So many changes between two sets that are kept whole.
const STRIDE: usize = 128;

/// The answers of many rules about one number.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    /// Every constant, sorted, each once.
    breaks: Box<[f64]>,
    /// Region and rule, by region: in this region the rule's answer is another than before.
    changes: Box<[(u32, u32)]>,
    /// The answers after every so many changes.
    kept: Box<[Bits]>,
    /// Who asks.
    pub(super) asks: Posting,
}

impl Numbers {
    /// The answers to these literals; of those of one rule one has to hold.
    pub(super) fn new(asked: &[(u32, Vec<Literal<'_>>)], size: usize) -> Self {
        let mut breaks: Vec<f64> = asked.iter().flat_map(|(_, one)| constants(one)).collect();
        sort(&mut breaks);
        let mut changes: Vec<(u32, u32)> = Vec::new();
        let mut state = Bits::none(size);
        for (rule, literals) in asked {
            let mut was = false;
            for (region, holds) in regions(literals, &breaks) {
                if region == 0 && holds {
                    state.put(*rule);
                } else if holds != was {
                    changes.push((region, *rule));
                }
                was = holds;
            }
        }
        changes.sort_unstable();
        let mut kept = vec![state.clone()];
        for many in changes.chunks_exact(STRIDE) {
            for (_, rule) in many {
                state.flip(*rule);
            }
            kept.push(state.clone());
        }
        let asks = Posting::new(asked.iter().map(|(rule, _)| *rule).collect(), size);
        Self { breaks: breaks.into(), changes: changes.into(), kept: kept.into(), asks }
    }

    /// Puts in the rules for which this number will do.
    pub(super) fn mark(&self, number: f64, scratch: &mut Bits, bits: &mut Bits) {
        let at = self.breaks.partition_point(|known| *known < number);
        let is_at = self.breaks.get(at) == Some(&number);
        let region = region(at, is_at);
        let done = self.changes.partition_point(|(of, _)| *of <= region);
        let Some(kept) = self.kept.get(done / STRIDE) else { return };
        scratch.copy(kept);
        let rest = self.changes.get(done / STRIDE * STRIDE..done).unwrap_or_default();
        for (_, rule) in rest {
            scratch.flip(*rule);
        }
        bits.join(scratch);
    }
}

/// The number of the region at a constant, or of the one that ends there.
fn region(at: usize, is_at: bool) -> u32 {
    u32::try_from(2 * at + usize::from(is_at)).unwrap_or(u32::MAX)
}

/// Each region in which an answer of these literals may begin, from left to right, and the answer.
fn regions(literals: &[Literal<'_>], breaks: &[f64]) -> Vec<(u32, bool)> {
    let holds = |number: f64| literals.iter().any(|one| one.test.holds_for(number) != one.negated);
    let mut own: Vec<f64> = constants(literals).collect();
    sort(&mut own);
    let mut found = vec![(0, holds(own.first().map_or(0.0, |first| first.next_down())))];
    for constant in own {
        let at = breaks.partition_point(|known| *known < constant);
        found.push((region(at, true), holds(constant)));
        found.push((region(at + 1, false), holds(constant.next_up())));
    }
    found
}

fn sort(numbers: &mut Vec<f64>) {
    numbers.sort_by(f64::total_cmp);
    numbers.dedup(); // 0 and -0 stand side by side and are equal
}

/// The constants that a number is held against.
fn constants<'t>(literals: &'t [Literal<'t>]) -> impl Iterator<Item = f64> + 't {
    literals.iter().flat_map(|literal| match literal.test {
        Test::Number { value, .. } => vec![*value],
        Test::Between { low, high, .. } => vec![*low, *high],
        Test::NumberIn { values, .. } => values.to_vec(),
        _ => Vec::new(),
    })
}
