//! What to write instead of what is not part of conditions.
//!
//! Guarantees: every construct of CEL outside the subset is met by name, with the way to mend it.
//! Does not know: where it stands.

use std::ops::Range;

use super::finding::did_you_mean;
use super::lexer::{Spanned, Token};
use super::syntax::{MAX_DEPTH, Method};

pub(super) fn too_deep() -> String {
    format!("this is nested more than {MAX_DEPTH} levels deep; split the rule")
}

/// Where reading a condition stopped, and why: from the token before on.
pub(super) fn stopped(tokens: &[Spanned]) -> (Range<usize>, String) {
    match tokens {
        // Before what it negates, and so read as a name.
        [(Token::Word(word), span), ..] if word.eq_ignore_ascii_case("not") => {
            (span.clone(), misplaced(&Token::Word(word.clone())))
        }
        [(Token::Number(_), whole), (Token::Sign(","), _), (Token::Number(_), part), ..] => (
            whole.start..part.end,
            "a number has no comma; write 0.5 for a half, and 10000 for ten thousand".to_owned(),
        ),
        [_, (token, span), ..] => (span.clone(), misplaced(token)),
        _ => (0..0, "the condition cannot be read".to_owned()),
    }
}

pub(super) fn misplaced(token: &Token) -> String {
    match token {
        Token::Word(word) => match word.to_lowercase().as_str() {
            "and" => "and joins nothing in CEL; write &&".to_owned(),
            "or" => "or joins nothing in CEL; write ||".to_owned(),
            "not" => "not negates nothing in CEL; write ! before a condition".to_owned(),
            "is" | "equals" => format!("{word} compares nothing in CEL; write =="),
            _ => format!(
                "{word} is not expected here; an operator such as == or && is missing before it"
            ),
        },
        Token::Text(_) | Token::Number(_) => {
            "a value is not expected here; an operator such as == or && is missing before it"
                .to_owned()
        }
        Token::Sign(".") => "a dot is not expected here; names begin with a letter".to_owned(),
        Token::Sign(sign) => format!(
            "{sign} is not expected here; a field or a value is missing, or it is one too many"
        ),
    }
}

/// A field that there is not, and none with a name near it.
pub(super) fn nothing_near(name: &str) -> String {
    match name.strip_prefix("lead.") {
        None if !name.contains('.') => {
            format!("unknown field {name}; if it is meant as text, write \"{name}\"")
        }
        Some(own) if !own.contains('.') => format!(
            "unknown field {name}; one of your own is lead.custom.{own}, from a [[mapping]]"
        ),
        _ => format!("unknown field {name}; the rulebook declares which fields a lead has"),
    }
}

pub(super) fn unknown_function(name: &str) -> String {
    match name {
        "exists" | "all" | "exists_one" | "existsOne" | "map" | "filter" => format!(
            "{name}() is not part of conditions; ask \"x\" in lead.tags for each value, joined with ||"
        ),
        "matches" => "write matches() behind the field: lead.email.matches(\"…\")".to_owned(),
        "int" | "uint" | "double" | "string" | "bytes" | "bool" | "dyn" | "type" => format!(
            "conversions ({name}()) are not part of conditions; the field has its type from the rulebook's mapping"
        ),
        "timestamp" | "duration" | "getHours" | "getDayOfWeek" | "getFullYear" | "getMonth" | "getDate" => format!(
            "times ({name}()) are not part of conditions; opening hours belong to the calendar"
        ),
        "upperAscii" => "upperAscii() is not part of conditions; use lowerAscii() and write the text in lower case".to_owned(),
        _ => {
            let known = Method::ALL.iter().map(|(known, _)| *known).chain(["has"]);
            match did_you_mean(name, known).as_str() {
                "" => format!("unknown function {name}(); there are has, size, startsWith, endsWith, contains, matches and lowerAscii"),
                advice => format!("unknown function {name}(){advice}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_near_to_none_is_text_without_quotes_or_a_field_of_ones_own() {
        for (name, expected) in [
            ("DE", "unknown field DE; if it is meant as text, write \"DE\""),
            (
                "lead.zzz",
                "unknown field lead.zzz; one of your own is lead.custom.zzz, from a [[mapping]]",
            ),
            ("deal.size", "unknown field deal.size; the rulebook declares which fields a lead has"),
        ] {
            assert_eq!(nothing_near(name), expected);
        }
    }
}
