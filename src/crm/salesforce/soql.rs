//! Text inside SOQL: there are no bound parameters, so every value passes here.
//!
//! Guarantees: a value, whatever it holds, stays one literal. Ids and field names are taken only
//! if they are plain.
//! Does not know: any query.
//! Source: developer.salesforce.com, SOQL and SOSL reference, "Quoted String Escape Sequences" and
//! "Reserved Characters".

use crate::model::time::Time;

/// A quoted literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", escaped(text, false))
}

/// A quoted pattern for `LIKE` that finds the text anywhere.
pub(super) fn containing(text: &str) -> String {
    format!("'%{}%'", escaped(text, true))
}

/// A list of literals for `IN`.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let literals: Vec<String> = texts.into_iter().map(literal).collect();
    format!("({})", literals.join(","))
}

/// An instant, which SOQL writes without quotes.
pub(super) fn instant(at: Time) -> String {
    at.rfc3339()
}

/// Whether this is a record's id: 15 or 18 letters and digits.
pub(super) fn is_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether two ids name one record: the last three of 18 characters only repeat the case.
pub(super) fn is_same_id(a: &str, b: &str) -> bool {
    let head = |id: &str| id.get(..15).unwrap_or(id).to_owned();
    head(a) == head(b)
}

/// Whether this can stand in a query as the name of a field.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn escaped(text: &str, is_pattern: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for char in text.chars() {
        match char {
            '\\' | '\'' | '"' => out.extend(['\\', char]),
            '%' | '_' if is_pattern => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // No address, name or domain of a person holds another control character.
            char if char.is_control() => {}
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a literal as SOQL does: its text, and what follows it.
    fn read(soql: &str) -> Option<(String, &str)> {
        let mut chars = soql.strip_prefix('\'')?.char_indices();
        let mut text = String::new();
        while let Some((at, char)) = chars.next() {
            match char {
                '\'' => return Some((text, &soql[at + 2..])),
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    plain @ ('\\' | '\'' | '"' | '%' | '_') => text.push(plain),
                    _ => return None,
                },
                char => text.push(char),
            }
        }
        None
    }

    #[test]
    fn quotes_and_backslashes_cannot_end_a_literal() {
        for (text, wanted) in [
            ("eva@linden.example", "'eva@linden.example'"),
            ("o'brien@x.example", r"'o\'brien@x.example'"),
            (r"a\' OR Id != '", r"'a\\\' OR Id != \''"),
            ("a\nb", r"'a\nb'"),
            ("", "''"),
        ] {
            assert_eq!(literal(text), wanted);
        }
        assert_eq!(containing("a_b%c"), r"'%a\_b\%c%'");
        assert_eq!(list(["a", "b'"]), r"('a','b\'')");
        assert_eq!(instant(Time(1_795_428_000_123)), "2026-11-23T10:00:00.123Z");
    }

    #[test]
    fn ids_and_names_are_plain() {
        assert!(is_id("00Q000000000001AAA") && is_id("00Q000000000001"));
        assert!(!is_id("00Q00000000000'") && !is_id("00Q") && !is_id("00Q0000000000012"));
        assert!(is_same_id("00Q000000000001AAA", "00Q000000000001"));
        assert!(!is_same_id("00Q000000000001AAA", "00Q00000000000a"));
        assert!(is_name("Handoff_Id__c") && !is_name("a b") && !is_name("1a") && !is_name(""));
    }

    proptest! {
        #[test]
        fn any_text_stays_one_literal(text in any::<String>()) {
            let clean: String =
                text.chars().filter(|c| !c.is_control() || "\n\r\t".contains(*c)).collect();
            let soql = format!("{} AND x", literal(&text));
            prop_assert_eq!(read(&soql), Some((clean.clone(), " AND x")));
            let soql = format!("{} AND x", containing(&text));
            prop_assert_eq!(read(&soql), Some((format!("%{clean}%"), " AND x")));
        }
    }
}
