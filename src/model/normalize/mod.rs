//! From what somebody typed into a form to canonical facts that rules can compare.
//!
//! Guarantees: total and pure; no input panics, however long or strange; the same text gives the
//! same fact for ever under one engine number. What cannot be read is `None` or a reason, never a
//! guess. Does not know: which field of a lead a text came from.

mod company;
mod email;
mod number;
mod person;
mod phone;
mod web;

pub use company::company_key;
pub use email::Email;
pub use number::{bool, number};
pub use person::{name, split_name};
pub use phone::phone;
pub use web::{is_free_mail, registrable_domain, website};

/// Reads an e-mail address; see [`Email::parse`].
///
/// # Errors
/// The reason as a sentence that does not repeat the text.
pub fn email(text: &str) -> Result<Email, &'static str> {
    Email::parse(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts that resemble what the readers look for, cut and joined at will.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "[0-9+() .,;ext/-]{0,80}",
            "[a-z0-9.@-]{0,300}",
            prop::sample::select(vec![
                "@",
                "tel:",
                ";phone-context=",
                ";ext=",
                "+",
                "00",
                "http://",
                "[::1]",
                "%00",
                "xn--",
                "\u{0}",
                "１",
                "٣",
                "𝟙",
                "k",
                "-",
                " bis ",
                "GmbH",
                " & ",
                "Dr. ",
                ", ",
                "\u{202e}",
                "ß",
                "İ",
                "🇩🇪",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn no_text_panics_and_facts_are_canonical(text in hostile(), country in "[A-Za-z]{0,3}") {
            if let Ok(found) = email(&text) {
                prop_assert_eq!(email(found.address()), Ok(found.clone()));
                prop_assert!(found.address().ends_with(found.domain()));
            }
            for default in [None, Some("DE"), Some("US"), Some(country.as_str())] {
                if let Some(found) = phone(&text, default) {
                    prop_assert!(found.starts_with('+') && found.len() <= 16, "{}", found);
                    prop_assert_eq!(phone(&found, None), Some(found));
                }
            }
            if let Some(found) = website(&text) {
                prop_assert_eq!(website(&found), Some(found.clone()));
                prop_assert_eq!(registrable_domain(&found), Some(found));
            }
            if let Some(found) = name(&text) {
                prop_assert_eq!(name(&found), Some(found.clone()));
                let (first, last) = split_name(&found);
                prop_assert!(first.len() + last.len() <= found.len());
            }
            if let Some(found) = company_key(&text) {
                prop_assert!(!found.is_empty() && found.trim() == found);
            }
            let _ = (number(&text), bool(&text), is_free_mail(&text), registrable_domain(&text));
        }
    }
}
