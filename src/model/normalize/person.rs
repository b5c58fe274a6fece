//! Names of people, tidied but never judged.
//!
//! Guarantees: single blanks, nothing invisible, bounded length. Does not know: which part of a
//! name is which in the person's own culture; [`split_name`] is a convention for CRMs.

use crate::model::text::Untrusted;

/// The longest name kept, in characters: a CRM's fields hold 40 to 80 each.
const LONGEST: usize = 120;

const TITLES: [&str; 16] = [
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "herr", "frau", "hr", "fr", "dipl",
    "ing", "mme", "mlle",
];

/// Words that begin a family name of several words when they are written in lower case.
const PARTICLES: [&str; 30] = [
    "van", "von", "vom", "zu", "zur", "zum", "de", "der", "den", "het", "ten", "ter", "te", "da",
    "das", "do", "dos", "di", "del", "della", "dello", "du", "des", "la", "le", "af", "av", "bin",
    "ibn", "al",
];

const SUFFIXES: [&str; 8] = ["jr", "sr", "ii", "iii", "iv", "phd", "mba", "md"];

/// The name with blanks collapsed and invisible characters gone, cut at 120 characters. `None`
/// if nothing with a letter is left.
#[must_use]
pub fn name(text: &str) -> Option<String> {
    if is_tidy(text) {
        return text.contains(char::is_alphabetic).then(|| text.to_owned());
    }
    // Cut before tidying, so that a body of megabytes costs no more than a name.
    let start: String = text.chars().take(LONGEST * 8).collect();
    let line = Untrusted::from(start).one_line(usize::MAX);
    let cut: String = line.as_str_for_logic().chars().take(LONGEST).collect();
    let cut = cut.trim();
    cut.contains(char::is_alphabetic).then(|| cut.to_owned())
}

/// Most names: short, in ASCII, with single blanks between words.
fn is_tidy(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    text.len() <= LONGEST
        && text.bytes().all(is_plain)
        && !text.contains("  ")
        && !text.starts_with(' ')
        && !text.ends_with(' ')
}

/// Splits a full name into first and last name as CRMs want them.
///
/// `Byron, Ada` is turned round. Titles in front are dropped; `van`, `de`, `von der` in lower case
/// begin the last name; `Jr.` or `III` stay with it. A single word is the first name, and the last
/// name is empty.
#[must_use]
pub fn split_name(full: &str) -> (String, String) {
    let Some(full) = name(full) else { return Default::default() };
    if let Some((last, first)) = full.split_once(',')
        && !is_one_of(first, &SUFFIXES)
        && let (Some(first), Some(last)) = (name(first), name(last))
    {
        return (without_titles(&first).join(" "), last);
    }
    let words = without_titles(&full);
    let bare: Vec<&str> = words.iter().map(|word| word.trim_end_matches(',')).collect();
    let suffixes = bare.iter().rev().take_while(|word| is_one_of(word, &SUFFIXES)).count();
    // At least a first and a last name stay in front of the suffixes.
    let names = bare.len().saturating_sub(suffixes).max(bare.len().min(2));
    let family = bare
        .iter()
        .enumerate()
        .take(names)
        .skip(1)
        .find(|(_, word)| PARTICLES.contains(word))
        .map_or_else(|| names.saturating_sub(1).max(1), |(at, _)| at);
    let join = |words: &[&str]| words.join(" ");
    (
        bare.get(..family).map_or_else(|| join(&bare), join),
        bare.get(family..).map(join).unwrap_or_default(),
    )
}

/// The words of a name after its titles; all of them if it has no others.
fn without_titles(full: &str) -> Vec<&str> {
    let words: Vec<&str> = full.split(' ').filter(|word| !word.is_empty()).collect();
    let titles = words.iter().take_while(|word| is_one_of(word, &TITLES)).count();
    match words.get(titles..) {
        Some([]) | None => words,
        Some(rest) => rest.to_vec(),
    }
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    let bare: String = word.chars().filter(|letter| letter.is_alphanumeric()).collect();
    known.contains(&bare.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tidied_and_bounded() {
        for (text, want) in [
            ("  Ada \t Byron\n", Some("Ada Byron")),
            ("Ada\u{202e}Byron", Some("AdaByron")),
            ("Ada\0Byron", Some("Ada Byron")),
            ("李", Some("李")),
            ("", None),
            ("--", None),
            ("12 34", None),
            (" \u{200b} ", None),
        ] {
            assert_eq!(name(text).as_deref(), want, "{text:?}");
        }
        assert_eq!(name(&"é".repeat(1_000_000)).unwrap().chars().count(), 120);
        assert_eq!(name(&"é".repeat(120)).unwrap().chars().count(), 120);
    }

    #[test]
    fn full_names_are_split_as_crms_want_them() {
        for (full, first, last) in [
            ("Ada Byron", "Ada", "Byron"),
            ("Byron, Ada", "Ada", "Byron"),
            ("Ada", "Ada", ""),
            ("Mary Jane Watson", "Mary Jane", "Watson"),
            ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
            ("Ursula von der Leyen", "Ursula", "von der Leyen"),
            ("Van Morrison", "Van", "Morrison"),
            ("Dr. Ada Byron", "Ada", "Byron"),
            ("Prof. Dr. Grace Hopper", "Grace", "Hopper"),
            ("Frau Dr.", "Frau", "Dr."),
            ("Sammy Davis Jr.", "Sammy", "Davis Jr."),
            ("Sammy Davis, Jr.", "Sammy", "Davis Jr."),
            ("Ada III", "Ada", "III"),
            ("Byron, Dr. Ada", "Ada", "Byron"),
            (",", "", ""),
            ("Byron,", "Byron", ""),
            ("", "", ""),
        ] {
            assert_eq!(split_name(full), (first.to_owned(), last.to_owned()), "{full:?}");
        }
    }
}
