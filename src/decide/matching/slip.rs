//! Slips of the pen between two words, and what each weighs.
//!
//! Letters that changed places and letters that are doubled or not are what fingers do; another
//! letter in the place of one is as often another name (`Brandon` and `Branson`).
//!
//! Guarantees: pure, symmetric, zero for equal words only.
//! Does not know: what a word means.

/// Two letters changed places, or a letter is doubled.
const SMALL: f64 = 0.5;
/// A letter too many or too few.
const MISSING: f64 = 1.1;
/// One letter for another.
const OTHER: f64 = 1.5;

/// What the slips between two words weigh together.
#[must_use]
pub fn slips(one: &str, other: &str) -> f64 {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let at = |letters: &[char], place: usize| letters.get(place).copied();
    // The rows of the usual table: the one before the last, the last, and this.
    let mut before: Vec<f64> = Vec::new();
    let mut last: Vec<f64> = vec![0.0; other.len() + 1];
    for to in 1..last.len() {
        set(&mut last, to, MISSING * to as f64);
    }
    for from in 1..=one.len() {
        let mut this = vec![MISSING * from as f64; other.len() + 1];
        let (letter, ahead) = (at(&one, from - 1), from.checked_sub(2).and_then(|p| at(&one, p)));
        for to in 1..=other.len() {
            let (theirs, their_ahead) =
                (at(&other, to - 1), to.checked_sub(2).and_then(|p| at(&other, p)));
            let less = if letter == ahead { SMALL } else { MISSING };
            let more = if theirs == their_ahead { SMALL } else { MISSING };
            let change = if letter == theirs { 0.0 } else { OTHER };
            let mut best = (get(&last, to) + less)
                .min(get(&this, to - 1) + more)
                .min(get(&last, to - 1) + change);
            if from > 1 && to > 1 && letter == their_ahead && ahead == theirs && letter != theirs {
                best = best.min(get(&before, to - 2) + SMALL);
            }
            set(&mut this, to, best);
        }
        before = std::mem::replace(&mut last, this);
    }
    get(&last, other.len())
}

fn get(row: &[f64], place: usize) -> f64 {
    row.get(place).copied().unwrap_or(f64::MAX)
}

fn set(row: &mut [f64], place: usize, value: f64) {
    if let Some(slot) = row.get_mut(place) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fingers_do_weighs_less_than_another_letter() {
        for (one, other, expected) in [
            ("linden", "linden", 0.0),
            ("linden", "lindne", SMALL),
            ("tessaro", "tesaro", SMALL),
            ("linden", "lidnden", MISSING),
            ("brandon", "branson", OTHER),
            ("", "ab", 2.0 * MISSING),
        ] {
            assert!((slips(one, other) - expected).abs() < 1e-9, "{one} {other}");
            assert!((slips(one, other) - slips(other, one)).abs() < 1e-9, "{one} {other}");
        }
    }
}
