//! Countries: the 249 of ISO 3166-1, and the many ways in which people write them.
//!
//! Guarantees: a country is its alpha-2 code in upper case; reading ignores case, diacritics,
//! spaces and punctuation; nothing is guessed (guesses are [`suggest`]'s, for a person to judge).
//! Does not know: regions inside a country. "Georgia" is the country.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::text::fold;

/// Our own table; the file explains its columns.
const FILE: &str = include_str!("country.tsv");
/// No country's name is longer; whatever is longer is something else.
const LONGEST: usize = 100;

struct Table {
    /// In order of the code: code, English name.
    names: Vec<(&'static str, &'static str)>,
    /// From [`key`] to code.
    codes: HashMap<String, &'static str>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { names: Vec::new(), codes: HashMap::new() };
    for line in FILE.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(code), Some(alpha3), Some(name)) = (cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        table.names.push((code, name));
        let aliases = cells.next().unwrap_or_default().split(';');
        for text in [code, alpha3, name].into_iter().chain(aliases).filter(|text| !text.is_empty())
        {
            table.codes.insert(key(text), code);
        }
    }
    table
});

/// The alpha-2 code of what somebody typed: a code of two or three letters, a name in English or
/// in a language of the country, or a usual alias ("UK", "Holland", "Deutschland", "U.S.A.").
/// `Germany (DE)` is understood too.
#[must_use]
pub fn parse(text: &str) -> Option<&'static str> {
    if text.chars().nth(LONGEST).is_some() {
        return None;
    }
    let find = |text: &str| TABLE.codes.get(&key(text)).copied();
    find(text).or_else(|| {
        let (before, inside) = text.split_once('(')?;
        find(before).or_else(|| find(inside))
    })
}

/// The English name of an alpha-2 code, in upper or lower case.
#[must_use]
pub fn name(alpha2: &str) -> Option<&'static str> {
    let code = alpha2.to_ascii_uppercase();
    let at = TABLE.names.binary_search_by(|(known, _)| (*known).cmp(code.as_str())).ok()?;
    TABLE.names.get(at).map(|(_, name)| *name)
}

/// The English name of the country that `text` may have meant: "did you mean Germany?"
#[must_use]
pub fn suggest(text: &str) -> Option<&'static str> {
    if text.chars().nth(LONGEST).is_some() {
        return None;
    }
    let wanted = key(text);
    TABLE
        .codes
        .iter()
        // Codes are too short to be alike.
        .filter(|(known, _)| known.chars().nth(3).is_some())
        .map(|(known, code)| (strsim::jaro_winkler(known, &wanted), *code))
        .filter(|(likeness, _)| *likeness > 0.88)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .and_then(|(_, code)| name(code))
}

/// What two ways of writing a country have in common.
fn key(text: &str) -> String {
    let folded = fold(text).replace('&', "and");
    let bare = folded.trim();
    let bare = bare.strip_prefix("the ").unwrap_or(bare);
    bare.chars().filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_in_order_and_free_of_contradictions() {
        assert_eq!(TABLE.names.len(), 249);
        assert!(TABLE.names.is_sorted());
        let mut seen: HashMap<String, &str> = HashMap::new();
        for line in FILE.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [code, alpha3, name, aliases] = cells[..] else { panic!("{line:?}") };
            assert!(code.len() == 2 && alpha3.len() == 3 && !name.is_empty(), "{line}");
            for text in [code, alpha3, name].into_iter().chain(aliases.split(';')) {
                if text.is_empty() {
                    continue;
                }
                let other = seen.insert(key(text), code);
                assert!(other.is_none_or(|other| other == code), "{text}: {code} or {other:?}");
                assert_eq!(parse(text), Some(code), "{text}");
            }
        }
    }

    #[test]
    fn what_people_type_is_understood() {
        for (text, code) in [
            ("de", "DE"),
            ("DEU", "DE"),
            (" Deutschland ", "DE"),
            ("Germany (DE)", "DE"),
            ("USA", "US"),
            ("U.S.", "US"),
            ("u.s.a", "US"),
            ("The United States of America", "US"),
            ("UK", "GB"),
            ("great britain", "GB"),
            ("England", "GB"),
            ("SCHWEIZ", "CH"),
            ("Holland", "NL"),
            ("the netherlands", "NL"),
            ("osterreich", "AT"),
            ("Österreich", "AT"),
            ("O\u{308}sterreich", "AT"),
            ("Espana", "ES"),
            ("Czech Republic", "CZ"),
            ("south-korea", "KR"),
            ("Korea, Republic of", "KR"),
            ("Cote d’Ivoire", "CI"),
            ("Trinidad & Tobago", "TT"),
            ("TÜRKİYE", "TR"),
            ("Türkiye", "TR"),
            ("Россия", "RU"),
            ("日本", "JP"),
            ("ＪＡＰＡＮ", "JP"),
        ] {
            assert_eq!(parse(text), Some(code), "{text}");
        }
    }

    #[test]
    fn what_is_no_country_is_none() {
        for text in ["", " ", "the", "Atlantis", "D", "Europe", "EMEA", "(", "()", "12", "XX", "🦀"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"de ".repeat(10_000)), None);
    }

    #[test]
    fn names_are_english_and_misspellings_get_one() {
        assert_eq!(name("de"), Some("Germany"));
        assert_eq!(name("ZW"), Some("Zimbabwe"));
        assert_eq!(name("XX"), None);
        for (text, want) in [
            ("Germny", Some("Germany")),
            ("Untied States", Some("United States")),
            ("Deutshland", Some("Germany")),
            ("Phillippines", Some("Philippines")),
            ("qwertz", None),
            ("", None),
        ] {
            assert_eq!(suggest(text), want, "{text}");
        }
    }
}
