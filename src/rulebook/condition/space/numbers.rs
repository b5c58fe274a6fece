//! Sets of numbers as intervals with open or closed ends.
//!
//! Guarantees: exact: a set and its complement never share a number and together are all of them.
//! Does not know: which numbers come in whole ones; between 49 and 50 there are numbers, unless a
//! caller asks for the whole ones alone.

use super::super::pred::Order;

/// Every whole number up to this is one that a fact can hold.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A place on the line of numbers just below or just above one of them.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Cut {
    at: f64,
    is_above: bool,
}

impl Cut {
    const START: Self = Self { at: f64::NEG_INFINITY, is_above: false };
    const END: Self = Self { at: f64::INFINITY, is_above: true };

    fn below(at: f64) -> Self {
        // Adding zero makes -0 the 0 that it equals.
        Self { at: at + 0.0, is_above: false }
    }

    fn above(at: f64) -> Self {
        Self { at: at + 0.0, is_above: true }
    }
}

/// A set of numbers: stretches between two cuts, in order, apart from each other.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Numbers(Vec<(Cut, Cut)>);

impl Numbers {
    pub fn compared(order: Order, value: f64) -> Self {
        Self(vec![match order {
            Order::Equal => (Cut::below(value), Cut::above(value)),
            Order::Less => (Cut::START, Cut::below(value)),
            Order::AtMost => (Cut::START, Cut::above(value)),
            Order::More => (Cut::above(value), Cut::END),
            Order::AtLeast => (Cut::below(value), Cut::END),
        }])
        .tidy()
    }

    /// Both ends belong to it.
    pub fn between(low: f64, high: f64) -> Self {
        Self(vec![(Cut::below(low), Cut::above(high))]).tidy()
    }

    pub fn one_of(values: &[f64]) -> Self {
        Self(values.iter().map(|value| (Cut::below(*value), Cut::above(*value))).collect()).tidy()
    }

    /// Puts stretches in order, drops empty ones and joins those that touch.
    fn tidy(mut self) -> Self {
        self.0.retain(|(low, high)| low < high);
        self.0.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
        let mut joined: Vec<(Cut, Cut)> = Vec::with_capacity(self.0.len());
        for (low, high) in self.0 {
            match joined.last_mut() {
                Some((_, end)) if low <= *end => {
                    if high > *end {
                        *end = high;
                    }
                }
                _ => joined.push((low, high)),
            }
        }
        Self(joined)
    }

    pub fn and(&self, other: &Self) -> Self {
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some((low, high)), Some((from, to))) = (one.peek(), two.peek()) {
            let low = if low > from { *low } else { *from };
            let end = if high < to { *high } else { *to };
            if low < end {
                both.push((low, end));
            }
            if high < to {
                one.next();
            } else {
                two.next();
            }
        }
        Self(both)
    }

    pub fn not(&self) -> Self {
        let mut rest = Vec::with_capacity(self.0.len() + 1);
        let mut from = Cut::START;
        for (low, high) in &self.0 {
            if from < *low {
                rest.push((from, *low));
            }
            from = *high;
        }
        if from < Cut::END {
            rest.push((from, Cut::END));
        }
        Self(rest)
    }

    /// The whole ones among them, as stretches from one whole number to another.
    pub fn whole(&self) -> Self {
        let is_small = |cut: &Cut| cut.at.abs() < WHOLE_MAX;
        let first = |cut: Cut| match cut.is_above {
            _ if !is_small(&cut) => cut,
            true => Cut::below(cut.at.floor() + 1.0),
            false => Cut::below(cut.at.ceil()),
        };
        let last = |cut: Cut| match cut.is_above {
            _ if !is_small(&cut) => cut,
            true => Cut::above(cut.at.floor()),
            false => Cut::above(cut.at.ceil() - 1.0),
        };
        let stretches = self.0.iter().map(|(low, high)| (first(*low), last(*high)));
        Self(stretches.filter(|(low, high)| low < high).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, number: f64) -> bool {
        let (below, above) = (Cut::below(number), Cut::above(number));
        self.0.iter().any(|(low, high)| *low <= below && above <= *high)
    }

    /// One of them, as simple as can be: a whole one at the lower end if there is one.
    pub fn some(&self) -> Option<f64> {
        let (low, high) = self.0.first()?;
        let middle = low.at / 2.0 + high.at / 2.0;
        let tries = [low.at, low.at.floor() + 1.0, high.at, high.at.ceil() - 1.0, 0.0, middle];
        tries.into_iter().find(|number| number.is_finite() && self.has(*number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: [f64; 7] = [f64::NEG_INFINITY, -1.5, -0.0, 0.0, 2.0, 3.0, f64::INFINITY];

    fn set() -> impl Strategy<Value = Numbers> {
        let value = || proptest::sample::select(VALUES.as_slice());
        let order = proptest::sample::select(vec![
            Order::Equal,
            Order::Less,
            Order::AtMost,
            Order::More,
            Order::AtLeast,
        ]);
        let one = prop_oneof![
            (order, value()).prop_map(|(order, value)| Numbers::compared(order, value)),
            (value(), value()).prop_map(|(low, high)| Numbers::between(low, high)),
            proptest::collection::vec(value(), 0..4).prop_map(|values| Numbers::one_of(&values)),
        ];
        (one.clone(), one.clone(), one)
            .prop_map(|(a, b, c)| a.and(&b.not()).not().and(&c.not()).not())
    }

    proptest! {
        #[test]
        fn sets_of_numbers_mean_what_they_say(a in set(), b in set()) {
            let probes = VALUES.into_iter().chain([-9.0, -1.0, 1.0, 2.5, 9.0]);
            for number in probes {
                prop_assert_eq!(a.and(&b).has(number), a.has(number) && b.has(number));
                prop_assert_eq!(a.not().has(number), !a.has(number));
            }
            for number in [-9.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 9.0, -1.5, 0.5, 2.5] {
                let is_whole = f64::fract(number) == 0.0;
                prop_assert_eq!(a.whole().has(number) && is_whole, a.has(number) && is_whole);
                prop_assert!(!a.whole().has(number) || a.has(number));
            }
            prop_assert!(a.and(&a.not()).is_empty());
            prop_assert_eq!(a.not().not(), a.clone());
            if let Some(number) = a.some() {
                prop_assert!(a.has(number));
            }
        }
    }

    #[test]
    fn ends_belong_to_it_or_do_not() {
        let set =
            Numbers::compared(Order::AtLeast, 50.0).and(&Numbers::compared(Order::Less, 200.0));
        for (number, expected) in [(49.999, false), (50.0, true), (199.0, true), (200.0, false)] {
            assert_eq!(set.has(number), expected, "{number}");
        }
        assert_eq!(set.some(), Some(50.0));
        assert!(Numbers::between(2.0, 1.0).is_empty());
        assert!(Numbers::compared(Order::Less, f64::NEG_INFINITY).is_empty());
        let open = Numbers::compared(Order::More, 1.0).and(&Numbers::compared(Order::Less, 2.0));
        assert_eq!(open.some(), Some(1.5));
        assert!(open.whole().is_empty());
        let between =
            Numbers::compared(Order::More, 49.0).and(&Numbers::compared(Order::Less, 50.5));
        assert_eq!(between.whole(), Numbers::one_of(&[50.0]));
    }
}
