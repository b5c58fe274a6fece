//! Numbers and ranges as people type them: `500 or more`, `50 to 200`, `under 50`, `10k`.
//!
//! Guarantees: what has two readings (`1.000`, `1,5`) is refused with both of them named.
//! Does not know: what is counted.

use super::pred::Order;

/// Which numbers are meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Quantity {
    Compare(Order, f64),
    /// Both ends belong to it.
    Between(f64, f64),
}

const BEFORE: [(&str, Order); 21] = [
    ("at least ", Order::AtLeast),
    (">=", Order::AtLeast),
    ("≥", Order::AtLeast),
    ("more than ", Order::More),
    ("greater than ", Order::More),
    ("over ", Order::More),
    ("above ", Order::More),
    (">", Order::More),
    ("at most ", Order::AtMost),
    ("no more than ", Order::AtMost),
    ("up to ", Order::AtMost),
    ("<=", Order::AtMost),
    ("≤", Order::AtMost),
    ("less than ", Order::Less),
    ("fewer than ", Order::Less),
    ("under ", Order::Less),
    ("below ", Order::Less),
    ("<", Order::Less),
    ("exactly ", Order::Equal),
    ("==", Order::Equal),
    ("=", Order::Equal),
];

const BEHIND: [(&str, Order); 9] = [
    (" or more", Order::AtLeast),
    (" or above", Order::AtLeast),
    (" or over", Order::AtLeast),
    (" and more", Order::AtLeast),
    (" and up", Order::AtLeast),
    ("+", Order::AtLeast),
    (" or less", Order::AtMost),
    (" or fewer", Order::AtMost),
    (" or below", Order::AtMost),
];

/// An end of a range: the number, and whether it belongs to it.
pub type End = (f64, bool);

/// The ends of a number or a range as people type it; one that is missing is open.
///
/// # Errors
/// A sentence that says what to write.
pub fn number_range(written: &str) -> Result<(Option<End>, Option<End>), String> {
    Ok(match quantity(written)? {
        Quantity::Between(low, high) => (Some((low, true)), Some((high, true))),
        Quantity::Compare(Order::Equal, value) => (Some((value, true)), Some((value, true))),
        Quantity::Compare(Order::AtLeast, value) => (Some((value, true)), None),
        Quantity::Compare(Order::More, value) => (Some((value, false)), None),
        Quantity::Compare(Order::AtMost, value) => (None, Some((value, true))),
        Quantity::Compare(Order::Less, value) => (None, Some((value, false))),
    })
}

/// Reads a number or a range.
///
/// # Errors
/// A sentence that says what to write.
pub(super) fn quantity(written: &str) -> Result<Quantity, String> {
    let lower = written.to_lowercase();
    let text = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    for (word, order) in BEFORE {
        if let Some(rest) = text.strip_prefix(word) {
            return Ok(Quantity::Compare(order, number(rest)?));
        }
    }
    for (word, order) in BEHIND {
        if let Some(rest) = text.strip_suffix(word) {
            return Ok(Quantity::Compare(order, number(rest)?));
        }
    }
    match ends(&text) {
        Some((low, high)) => {
            let (low, high) = (number(low)?, number(high)?);
            if low > high {
                return Err(format!(
                    "the range {written:?} is empty; write the smaller number first"
                ));
            }
            Ok(Quantity::Between(low, high))
        }
        None => number(&text).map(|value| Quantity::Compare(Order::Equal, value)),
    }
}

/// The two ends of a range.
fn ends(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("between ") {
        return rest.split_once(" and ");
    }
    let text = text.strip_prefix("from ").unwrap_or(text);
    if let Some(ends) = text.split_once(" to ") {
        return Some(ends);
    }
    if let Some(ends) = text.split_once(['–', '—']).or_else(|| text.split_once("...")) {
        return Some(ends);
    }
    // The first minus may be the sign of the lower end.
    let (at, _) = text.char_indices().skip(1).find(|(_, c)| *c == '-')?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Reads one number: `500`, `-5`, `0.5`, `1,000`, `1 000`, `10k`, `2m`.
fn number(written: &str) -> Result<f64, String> {
    let text = written.trim();
    let wrong = || {
        format!(
            "{text:?} is not a number; write one such as 500, or a range such as \"500 or more\", \"50 to 200\" or \"under 50\""
        )
    };
    let (text_, sign) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (rest, -1.0),
        None => (text, 1.0),
    };
    let (digits, factor) = if let Some(rest) = text_.strip_suffix('k') {
        (rest, 1e3)
    } else if let Some(rest) = text_.strip_suffix('m') {
        (rest, 1e6)
    } else {
        (text_, 1.0)
    };
    let digits = digits.trim_end();
    let grouped = |separators: &[char]| {
        let mut groups = digits.split(separators);
        let first = groups.next().unwrap_or_default().len();
        let mut more = groups.peekable();
        more.peek().is_some() && (1..=3).contains(&first) && more.all(|group| group.len() == 3)
    };
    let plain: String = if grouped(&['.']) && !digits.starts_with('0') {
        let thousand = digits.replace('.', "");
        // Two points can only part thousands.
        if digits.matches('.').count() == 1 {
            return Err(format!(
                "{text:?} has two readings; write {thousand}, or {digits}0 for the smaller one"
            ));
        }
        thousand
    } else if grouped(&[',', ' ', '_', '\'']) {
        digits.chars().filter(char::is_ascii_digit).collect()
    } else if digits.contains(',') {
        return Err(format!(
            "{text:?} has two readings; write {} with a point",
            digits.replacen(',', ".", 1)
        ));
    } else {
        digits.to_owned()
    };
    let decimal = |c: char| c.is_ascii_digit() || c == '.';
    if !plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !plain.chars().all(decimal) {
        return Err(wrong());
    }
    let value = plain.parse::<f64>().map_err(|_| wrong())? * factor;
    match value {
        _ if !value.is_finite() => Err(wrong()),
        0.0 => Ok(0.0),
        _ => Ok(sign * value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_people_type_them() {
        use Order::{AtLeast, AtMost, Equal, Less, More};
        use Quantity::{Between, Compare};
        for (written, expected) in [
            ("500 or more", Compare(AtLeast, 500.0)),
            ("500+", Compare(AtLeast, 500.0)),
            ("At least 1,000", Compare(AtLeast, 1000.0)),
            (">= 10k", Compare(AtLeast, 10_000.0)),
            ("more than 10", Compare(More, 10.0)),
            ("over 1.5m", Compare(More, 1_500_000.0)),
            ("under 50", Compare(Less, 50.0)),
            ("<50", Compare(Less, 50.0)),
            ("50 or fewer", Compare(AtMost, 50.0)),
            ("up to 50", Compare(AtMost, 50.0)),
            ("50 to 200", Between(50.0, 200.0)),
            ("10-50", Between(10.0, 50.0)),
            ("10 – 50", Between(10.0, 50.0)),
            ("-5 - -1", Between(-5.0, -1.0)),
            ("-5 to 5", Between(-5.0, 5.0)),
            ("between 1 000 and 2 000", Between(1000.0, 2000.0)),
            ("0.125", Compare(Equal, 0.125)),
            ("-0", Compare(Equal, 0.0)),
            ("  12 ", Compare(Equal, 12.0)),
        ] {
            assert_eq!(quantity(written), Ok(expected), "{written}");
        }
    }

    #[test]
    fn what_is_no_number_or_two_is_refused_with_advice() {
        for (written, part) in [
            ("many", "\"500 or more\""),
            ("", "is not a number"),
            ("or more", "is not a number"),
            ("50 to", "is not a number"),
            ("1.000", "write 1000"),
            ("1,5", "write 1.5"),
            ("12,34,567", "has two readings"),
            ("200 to 50", "smaller number first"),
            ("1e400", "is not a number"),
            ("inf", "is not a number"),
            ("nan", "is not a number"),
            ("--5", "is not a number"),
            ("1.2.3", "is not a number"),
        ] {
            let error = quantity(written).unwrap_err();
            assert!(error.contains(part), "{written}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(written in ".{0,40}") {
            let _ = quantity(&written);
        }
    }
}
