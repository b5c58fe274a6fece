//! Numbers and yes-or-no answers as people write them into forms.
//!
//! Guarantees: what is read is what any reader would say; dates, telephone numbers and addresses
//! are not numbers. Does not know: units; a budget in dollars and one in euros are alike.

use crate::model::text::fold;

/// Longer texts hold more than one number.
const LONGEST: usize = 64;

/// A whole number from `1,000`, `1.000`, `1 000`, `500+`, `about 500 employees`, `1k`, `1.5m`,
/// `$10,000`.
///
/// A range is its lower bound, since rules ask "500 or more": `51-200` is 51, `up to 50` and `<50`
/// are 0. `5-10k` is 5,000, but `500-1k` is 500. A separator before exactly three digits parts
/// thousands, in any country; otherwise it is a decimal point, and what follows is dropped.
#[must_use]
pub fn number(text: &str) -> Option<i64> {
    if text.len() > LONGEST * 4 || text.chars().count() > LONGEST {
        return None;
    }
    let folded = fold(text);
    let (bare, bounded_above) = undress(&folded);
    let bare = bare.replace(['–', '—', '−', '‑'], "-").replace(" to ", "-").replace(" bis ", "-");
    // A sign in front belongs to the number, a dash between two numbers makes a range.
    let (sign, bare) = match bare.strip_prefix('-') {
        Some(rest) => (-1, rest.trim_start()),
        None => (1, bare.as_str()),
    };
    let Some((low, high)) = bare.split_once('-') else {
        let (value, factor) = amount(bare)?;
        let whole = i64::try_from(value.checked_mul(factor.unwrap_or(1))? / 1000).ok()?;
        return Some(if bounded_above { 0 } else { sign * whole });
    };
    let ((low, low_factor), (high, high_factor)) = (amount(low)?, amount(high)?);
    let shared = if low <= high { high_factor } else { None };
    let high = high.checked_mul(high_factor.unwrap_or(1))?;
    let low = low.checked_mul(low_factor.or(shared).unwrap_or(1))?;
    let rising = low <= high && sign == 1 && !bounded_above;
    rising.then(|| i64::try_from(low / 1000).ok()).flatten()
}

/// Takes off what people put around a number; says whether it is only an upper bound.
fn undress(text: &str) -> (&str, bool) {
    const BEFORE: [&str; 12] = [
        "more than ",
        "over ",
        "at least ",
        "about ",
        "approx. ",
        "approx ",
        "ca. ",
        "ca ",
        "circa ",
        "around ",
        "uber ",
        "mehr als ",
    ];
    const BELOW: [&str; 6] = ["less than ", "up to ", "under ", "fewer than ", "bis zu ", "unter "];
    const AFTER: [&str; 15] = [
        "employees",
        "employee",
        "people",
        "persons",
        "staff",
        "ppl",
        "fte",
        "ftes",
        "users",
        "seats",
        "mitarbeiter",
        "mitarbeitende",
        "beschaftigte",
        "or more",
        "and more",
    ];
    const MONEY: [&str; 6] = ["$", "€", "£", "eur", "usd", "gbp"];
    let mut text = text.trim();
    let mut below = false;
    loop {
        let before = text;
        for word in BELOW.iter().chain(&["<=", "<", "≤"]) {
            if let Some(rest) = text.strip_prefix(word) {
                (text, below) = (rest, true);
            }
        }
        for word in BEFORE.iter().chain(&MONEY).chain(&[">=", ">", "≥", "~", "+"]) {
            text = text.strip_prefix(word).unwrap_or(text);
        }
        for word in AFTER.iter().chain(&MONEY).chain(&["+"]) {
            text = text.strip_suffix(word).unwrap_or(text);
        }
        text = text.trim();
        if text == before {
            return (text, below);
        }
    }
}

/// A number without a sign, in thousandths, and the factor that its unit stands for.
fn amount(text: &str) -> Option<(u128, Option<u128>)> {
    const UNITS: [(&str, u128); 10] = [
        ("thousand", 1_000),
        ("tausend", 1_000),
        ("tsd", 1_000),
        ("k", 1_000),
        ("million", 1_000_000),
        ("mio", 1_000_000),
        ("mn", 1_000_000),
        ("m", 1_000_000),
        ("billion", 1_000_000_000),
        ("bn", 1_000_000_000),
    ];
    let text = text.trim().trim_end_matches('.').trim_end_matches('+');
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let digits = unit.map_or(text, |(unit, _)| text.trim_end_matches(unit)).trim_end();
    let separator =
        |letter: char| matches!(letter, '.' | ',' | '\'' | '’') || letter.is_whitespace();
    let mut parts: Vec<&str> = digits.split(separator).collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !parts.iter().all(numeric) {
        return None;
    }
    // The last part is decimals unless it has three digits; of a comma, two at the most.
    let decimals = match (digits.chars().rev().find(|letter| separator(*letter)), parts.last()) {
        (Some('.'), Some(last)) if last.len() != 3 => parts.pop(),
        (Some(','), Some(last)) if last.len() <= 2 => parts.pop(),
        _ => None,
    };
    let (first, groups) = parts.split_first()?;
    let grouped = groups.is_empty() || ((1..=3).contains(&first.len()) && !first.starts_with('0'));
    let leading_zero = first.len() > 1 && first.starts_with('0');
    if !grouped || leading_zero || groups.iter().any(|group| group.len() != 3) {
        return None;
    }
    let whole: u128 = parts.concat().parse::<u64>().ok()?.into();
    let thousandths = decimals.map_or(Some(0), |text| {
        text.chars().chain("000".chars()).take(3).collect::<String>().parse::<u128>().ok()
    })?;
    Some((whole * 1000 + thousandths, unit.map(|(_, factor)| *factor)))
}

/// Yes or no: a ticked box, `true`, `1`, and the words of a few languages.
#[must_use]
pub fn bool(text: &str) -> Option<bool> {
    if text.len() > LONGEST {
        return None;
    }
    match fold(text).trim().trim_end_matches(['.', '!']) {
        "true" | "t" | "yes" | "y" | "1" | "on" | "checked" | "x" | "✓" | "✔" | "ja" | "j"
        | "oui" | "si" | "sim" | "tak" | "agree" | "agreed" | "accepted" | "opted in" | "wahr" => {
            Some(true)
        }
        "false" | "f" | "no" | "n" | "0" | "off" | "unchecked" | "nein" | "nee" | "non" | "nao"
        | "nej" | "nie" | "none" | "declined" | "opted out" | "falsch" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, want) in [
            ("500", 500),
            (" 1,000 ", 1_000),
            ("1.000", 1_000),
            ("1 000", 1_000),
            ("1\u{a0}000", 1_000),
            ("1'000", 1_000),
            ("1,234,567", 1_234_567),
            ("1.234.567,89", 1_234_567),
            ("1,234.56", 1_234),
            ("12.5", 12),
            ("12,5", 12),
            ("0.9", 0),
            ("500+", 500),
            ("10,000+ employees", 10_000),
            ("> 500", 500),
            ("≥500", 500),
            ("~500", 500),
            ("about 500", 500),
            ("500 or more", 500),
            ("500 Mitarbeiter", 500),
            ("51-200", 51),
            ("51 - 200", 51),
            ("51–200 employees", 51),
            ("51 to 200", 51),
            ("1,001-5,000", 1_001),
            ("<50", 0),
            ("up to 50", 0),
            ("1k", 1_000),
            ("1.5k", 1_500),
            ("2.5M", 2_500_000),
            ("1 million", 1_000_000),
            ("10k-50k", 10_000),
            ("5-10k", 5_000),
            ("500-1k", 500),
            ("$10,000", 10_000),
            ("10.000 €", 10_000),
            ("-5", -5),
            ("１２", 12),
            ("0", 0),
        ] {
            assert_eq!(number(text), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            " ",
            "many",
            "-",
            "--5",
            "k",
            "+",
            "2026-12-25",
            "555-0100",
            "200-51",
            "1,00,000",
            "1,0000",
            "10.0.0.1",
            "500 Main Street",
            "1e5",
            "0049",
            "1.2.3",
            "99999999999999999999999",
            "NaN",
            "٣",
            "50% off",
            "-5-10",
        ] {
            assert_eq!(number(text), None, "{text:?}");
        }
        assert_eq!(number(&"9".repeat(1_000_000)), None);
        assert_eq!(number("9223372036854775807k"), None);
        assert_eq!(number("9223372036854775807"), Some(i64::MAX));
    }

    #[test]
    fn answers_are_yes_no_or_neither() {
        for (text, want) in [
            ("Yes", Some(true)),
            (" TRUE ", Some(true)),
            ("on", Some(true)),
            ("Sí", Some(true)),
            ("ja!", Some(true)),
            ("1", Some(true)),
            ("No.", Some(false)),
            ("não", Some(false)),
            ("0", Some(false)),
            ("", None),
            ("maybe", None),
            ("2", None),
        ] {
            assert_eq!(bool(text), want, "{text:?}");
        }
    }
}
