//! Texts of which only the small letters are known, and what can be said of their parts.
//!
//! Guarantees: a text is said to fail only when every text that reads so fails.
//! Does not know: how long texts and those of other alphabets can be spelled; of them only their
//! beginnings, ends and parts are looked at, in small letters.

use super::super::{
    pred::{Part, Test},
    schema::fold,
};
use super::Hidden;

/// So many spellings are tried.
const SPELLINGS_MAX: usize = 512;
/// A letter that nobody types and that is a small k when it is put in lower case.
const KELVIN: char = '\u{212a}';

/// Whether a text that is `small` in small letters may pass all of these.
pub(super) fn may_pass(small: &str, asked: &[Hidden<'_>]) -> bool {
    let folded = fold(small);
    let fails = |hidden: &Hidden<'_>| match hidden.test {
        // What is part of a text is part of it in small letters, too.
        Test::Part { part, needle, .. } if hidden.holds => {
            let needle = fold(needle);
            !match part {
                Part::Starts => folded.starts_with(&needle),
                Part::Ends => folded.ends_with(&needle),
                Part::Contains => folded.contains(&needle),
            }
        }
        _ => false,
    };
    if asked.iter().any(fails) {
        return false;
    }
    let passes =
        |text: &String| asked.iter().all(|one| one.test.holds_for_text(text) == Some(one.holds));
    spellings(small).is_none_or(|all| all.iter().any(passes))
}

/// All texts that are `small` in small letters; nothing when they are too many, or not known.
fn spellings(small: &str) -> Option<Vec<String>> {
    if !small.is_ascii() {
        return None;
    }
    let mut all = vec![String::new()];
    for letter in small.chars() {
        let mut ways = vec![letter];
        if letter.is_ascii_lowercase() {
            ways.push(letter.to_ascii_uppercase());
        }
        if letter == 'k' {
            ways.push(KELVIN);
        }
        if all.len() * ways.len() > SPELLINGS_MAX {
            return None;
        }
        all = all
            .iter()
            .flat_map(|front| ways.iter().map(move |way| format!("{front}{way}")))
            .collect();
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_is_missed_that_is_a_small_one_of_ours_in_lower_case() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| !c.is_ascii()) {
            let small = fold(&c.to_string());
            assert!(!small.is_ascii() || (c == KELVIN && small == "k"), "{c:?} is {small:?}");
        }
        let all = spellings("ok-1").unwrap();
        assert_eq!(all.len(), 6);
        assert!(all.iter().all(|one| fold(one) == "ok-1"), "{all:?}");
        assert_eq!(spellings("a long title indeed"), None);
    }
}
