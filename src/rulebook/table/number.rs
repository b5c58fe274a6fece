//! Numbers as spreadsheets write them.
//!
//! Guarantees: what could be two numbers is read as the table's own delimiter says.
//! Does not know: ranges; see `cell`.

/// A number as spreadsheets of any country write it. `delimiter` is that of the table, if it comes
/// from one: where cells are parted by `;`, a comma is a decimal comma.
pub fn number(text: &str, delimiter: Option<char>) -> Option<f64> {
    let bare: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '\u{2019}' | '\u{202f}'))
        .collect();
    let body = bare.strip_prefix(['-', '+']).unwrap_or(&bare);
    let only = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    if !body.starts_with(|c: char| c.is_ascii_digit()) || !body.chars().all(only) {
        return None;
    }
    // Groups of three behind one to three digits part thousands.
    let is_grouped = |sign: char| {
        let mut groups = body.split(sign);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && first != "0")
            && groups.all(|group| group.len() == 3 && group.bytes().all(|c| c.is_ascii_digit()))
    };
    let decimal = match (body.rfind('.'), body.rfind(',')) {
        (Some(dot), Some(comma)) => Some(if dot > comma { '.' } else { ',' }),
        // Cells are parted by a comma where the dot is decimal; elsewhere three digits are a group.
        (Some(_), None) => (delimiter == Some(',') || !is_grouped('.')).then_some('.'),
        (None, Some(_)) => (delimiter == Some(';') || !is_grouped(',')).then_some(','),
        (None, None) => None,
    };
    // Several dots can only part thousands.
    let decimal = decimal.filter(|sign| body.matches(*sign).count() == 1);
    let (whole, fraction) = decimal.and_then(|sign| body.split_once(sign)).unwrap_or((body, ""));
    if fraction.contains(['.', ',']) {
        return None;
    }
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    let well_grouped =
        |(at, group): (usize, &&str)| group.len() == 3 || (at == 0 && group.len() < 4);
    if groups.len() > 1 && !groups.iter().enumerate().all(well_grouped) {
        return None;
    }
    let sign = if bare.starts_with('-') { "-" } else { "" };
    let plain = format!("{sign}{}.{fraction}0", groups.concat());
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_the_way_of_the_country() {
        for (text, delimiter, expected) in [
            ("12", None, Some(12.0)),
            ("-1.5", None, Some(-1.5)),
            ("1,5", None, Some(1.5)),
            ("1,234", None, Some(1234.0)),
            ("1,234", Some(';'), Some(1.234)),
            ("1.234", Some(';'), Some(1234.0)),
            ("1.234", Some(','), Some(1.234)),
            ("1.234", None, Some(1234.0)),
            ("0.750", None, Some(0.75)),
            ("1.234,56", None, Some(1234.56)),
            ("1,234.56", None, Some(1234.56)),
            ("1.234.567", None, Some(1_234_567.0)),
            ("1 234 567", None, Some(1_234_567.0)),
            ("1'234", None, Some(1234.0)),
            ("12,34.5", None, None),
            ("1.2.3", None, None),
            ("", None, None),
            ("12 EUR", None, None),
            ("1e5", None, None),
            (".5", None, None),
        ] {
            assert_eq!(number(text, delimiter), expected, "{text} {delimiter:?}");
        }
    }
}
