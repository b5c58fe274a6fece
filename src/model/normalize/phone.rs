//! Telephone numbers in E.164, the form in which CRMs and dialers agree.
//!
//! Guarantees: `+` and at most 15 digits; the number is valid in its country's numbering plan.
//! Does not know: whether anybody answers. An extension is dropped, E.164 has none.

use std::str::FromStr;

use phonenumber::{
    Mode,
    country::{self, Source},
};

use crate::model::text::fold;

/// Longer texts are no numbers; the library's patterns are not tried on them.
const LONGEST: usize = 64;

/// The E.164 form of a number. Without a `+` or `00` it is read as of `default_country`
/// (alpha-2). `None` if it is not a valid number, or of no known country.
#[must_use]
pub fn phone(text: &str, default_country: Option<&str>) -> Option<String> {
    if text.len() > 4 * LONGEST {
        return None;
    }
    // Full-width digits become plain ones.
    let folded = fold(text);
    let text = folded.trim();
    if text.len() > LONGEST || text.bytes().filter(u8::is_ascii_digit).count() < 5 {
        return None;
    }
    let home =
        default_country.and_then(|code| country::Id::from_str(&code.to_ascii_uppercase()).ok());
    // What begins with a + is of no home: the library would take the home's trunk zero off it, and
    // Italy's numbers begin with a zero that belongs to them.
    let is_whole = text.trim_start_matches("tel:").starts_with('+');
    let home = home.filter(|_| !is_whole);
    // The trunk zero that people put into brackets is not dialled from abroad.
    let text = text.replace("(0)", " ");
    // "00" is how most of the world dials abroad; without a home there is nobody else to ask.
    let abroad = text.strip_prefix("00").map(|rest| format!("+{rest}"));
    let number = match (home, &abroad) {
        (None, Some(abroad)) => phonenumber::parse(None, abroad),
        _ => phonenumber::parse(home, &text),
    };
    let number = number.ok()?;
    // Dialled from home as from abroad: the same, and again without the home's trunk zero.
    let again = abroad.filter(|_| number.code().source() == Source::Idd);
    let again = again.and_then(|abroad| phonenumber::parse(None, abroad).ok());
    let again = again.filter(|again| again.code().value() == number.code().value());
    let number = Some(again.unwrap_or(number)).filter(phonenumber::is_valid)?;
    let e164 = number.format().mode(Mode::E164).to_string();
    let digits = e164.strip_prefix('+')?;
    let fits = digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(e164)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_e164() {
        for (text, home, want) in [
            ("+49 30 901820", None, Some("+4930901820")),
            ("+49 (0)30 / 90 18 20", None, Some("+4930901820")),
            ("030 901820", Some("DE"), Some("+4930901820")),
            ("030 901820", Some("de"), Some("+4930901820")),
            ("0049 30 901820", Some("DE"), Some("+4930901820")),
            ("0049 30 901820", None, Some("+4930901820")),
            ("(212) 736-5000", Some("US"), Some("+12127365000")),
            ("+1 212 736 5000", Some("DE"), Some("+12127365000")),
            ("011 44 20 7946 0018", Some("US"), Some("+442079460018")),
            ("020 7946 0018 ext. 12", Some("GB"), Some("+442079460018")),
            ("tel:+44-20-7946-0018", None, Some("+442079460018")),
            ("+39 06 69812345", None, Some("+390669812345")),
            ("+39 06 69812345", Some("DE"), Some("+390669812345")),
            ("tel:+39-06-69812345", Some("FR"), Some("+390669812345")),
            ("0039 06 69812345", Some("GB"), Some("+390669812345")),
            ("06 69812345", Some("IT"), Some("+390669812345")),
            ("0011 44 20 7946 0018", Some("AU"), Some("+442079460018")),
            ("＋４９ ３０ ９０１８２０", None, Some("+4930901820")),
        ] {
            assert_eq!(phone(text, home).as_deref(), want, "{text} {home:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "n/a", "12345", "030 901820", "+", "+999 123456789", "call me", "+49 1"] {
            assert_eq!(phone(text, None), None, "{text}");
        }
        assert_eq!(phone("030 901820", Some("XX")), None);
        assert_eq!(phone("+49 30 901820", Some("XX")).as_deref(), Some("+4930901820"));
        assert_eq!(phone(&"1".repeat(65), Some("US")), None);
        assert_eq!(phone(&"1".repeat(1_000_000), Some("US")), None);
    }
}
